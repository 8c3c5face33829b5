//! The last requests, for tests to look at. It holds no secret: of a request it keeps the names it knows and the numbers of ids.

use std::collections::VecDeque;

use serde_json::{Map, Value, json};

use crate::model::{CredentialKind, Timestamp};
use crate::simulator::call::Call;
use crate::simulator::endpoints::{engagement, selection};

/// A request, reduced to what is harmless.
pub(crate) struct Entry {
    at: Timestamp,
    method: String,
    path: String,
    ids_count: usize,
    ids: Vec<u64>,
    query: Vec<(String, String)>,
    fields: Vec<(&'static str, Vec<&'static str>)>,
    credential: Option<(CredentialKind, Option<&'static str>)>,
    /// `None`: the connection was closed without an answer.
    status: Option<u16>,
    fault: Option<&'static str>,
}

/// What became of a request.
pub(crate) struct Outcome {
    pub(crate) credential: Option<(CredentialKind, Option<&'static str>)>,
    pub(crate) status: Option<u16>,
    pub(crate) fault: Option<&'static str>,
}

/// The last requests, oldest first.
#[derive(Default)]
pub(crate) struct Journal {
    entries: VecDeque<Entry>,
}

/// Requests that are kept.
const MOST_ENTRIES: usize = 100_000;
/// Ids that are kept of one request.
const MOST_IDS: usize = 250;
/// Characters that are kept of a path.
const LONGEST_PATH: usize = 100;
/// Longer segments of a path are left out.
const LONGEST_SEGMENT: usize = 24;

/// Parameters whose values are kept: none has a secret for a value.
const KEPT: [&str; 17] = [
    "analytics.fields",
    "days",
    "end_time",
    "engagement.fields",
    "exclude",
    "granularity",
    "max_results",
    "media_analytics.fields",
    "media_keys",
    "pagination_token",
    "requested_metrics",
    "since_id",
    "start_time",
    "until_id",
    "usage.fields",
    "usernames",
    "code_challenge_method",
];
/// Longer values are left out.
const LONGEST_VALUE: usize = 2_500;

impl Journal {
    /// Notes a request.
    pub(crate) fn note(&mut self, call: &Call, outcome: Outcome, at: Timestamp) {
        if self.entries.len() >= MOST_ENTRIES {
            self.entries.pop_front();
        }
        let ids = asked_ids(call);
        self.entries.push_back(Entry {
            at,
            method: call.method.as_str().chars().take(10).collect(),
            path: path(&call.path),
            ids_count: ids.len(),
            ids: ids.iter().filter_map(|id| id.parse().ok()).take(MOST_IDS).collect(),
            query: query(call),
            fields: selection::known_names(call),
            credential: outcome.credential,
            status: outcome.status,
            fault: outcome.fault,
        });
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }

    /// The newest `last` entries as `GET /_simulator/requests` sends them, oldest first.
    pub(crate) fn json(&self, last: usize) -> Value {
        self.entries.iter().skip(self.entries.len().saturating_sub(last)).map(Entry::json).collect()
    }
}

/// A path without what could be a secret: segments that are longer than a name or an id.
fn path(path: &str) -> String {
    let segment = |segment| if str::len(segment) > LONGEST_SEGMENT { "…" } else { segment };
    path.split('/').map(segment).collect::<Vec<_>>().join("/").chars().take(LONGEST_PATH).collect()
}

/// Tweet ids that were asked for: at the end of the path, in the query, in the body. Whatever else was meant as one is among them.
pub(crate) fn asked_ids(call: &Call) -> Vec<String> {
    let is_number = |id: &&str| id.bytes().all(|byte| byte.is_ascii_digit());
    let in_path = call.path.strip_prefix("/2/tweets/").filter(is_number);
    let in_query = call.query.iter().filter(|(name, _)| ["ids", "tweet_ids"].contains(&name.as_str()));
    let in_query = in_query.flat_map(|(_, value)| value.split(','));
    let in_body = if engagement::is_called(call) { engagement::tweet_ids(&call.body) } else { Vec::new() };
    in_path.into_iter().chain(in_query).map(str::to_owned).chain(in_body).collect()
}

/// The query without ids, which are noted for themselves, and without what could be a secret: names and fields that X does not know.
fn query(call: &Call) -> Vec<(String, String)> {
    let is_known = |name: &str| KEPT.contains(&name);
    let is_harmless = |value: &str| value.len() <= LONGEST_VALUE;
    let kept = call.query.iter().filter(|(name, value)| is_known(name) && is_harmless(value)).cloned();
    kept.chain(selection::known_names(call).iter().map(|(name, values)| ((*name).to_owned(), values.join(",")))).collect()
}

impl Entry {
    fn json(&self) -> Value {
        let fields: Map<String, Value> = self.fields.iter().map(|(name, values)| ((*name).to_owned(), json!(values))).collect();
        json!({
            "at_millis": self.at.millis(),
            "method": self.method,
            "path": self.path,
            "ids_count": self.ids_count,
            "ids": self.ids.iter().map(u64::to_string).collect::<Vec<_>>(),
            "query": self.query.iter().cloned().map(|(name, value)| (name, Value::from(value))).collect::<Map<_, _>>(),
            "fields": fields,
            "credential": self.credential.map(|(kind, account)| json!({ "kind": kind.name(), "account": account })),
            "status": self.status,
            "fault": self.fault,
        })
    }
}
