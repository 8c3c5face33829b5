//! The last requests, for tests to look at. It holds no secret: of a request it keeps the names it knows and the numbers of ids.

use std::collections::VecDeque;

use serde_json::{Map, Value, json};

use crate::model::{CredentialKind, Timestamp};
use crate::simulator::call::Call;
use crate::simulator::endpoints::selection;

/// A request, reduced to what is harmless.
pub(crate) struct Entry {
    at: Timestamp,
    method: String,
    path: String,
    ids_count: usize,
    ids: Vec<u64>,
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
const MOST_IDS: usize = 100;
/// Characters that are kept of a path.
const LONGEST_PATH: usize = 100;
/// Longer segments of a path are left out.
const LONGEST_SEGMENT: usize = 24;

impl Journal {
    /// Notes a request.
    pub(crate) fn note(&mut self, call: &Call, outcome: Outcome, at: Timestamp) {
        if self.entries.len() >= MOST_ENTRIES {
            self.entries.pop_front();
        }
        self.entries.push_back(Entry {
            at,
            method: call.method.as_str().chars().take(10).collect(),
            path: path(&call.path),
            ids_count: asked(call).count(),
            ids: asked(call).filter_map(|id| id.parse().ok()).take(MOST_IDS).collect(),
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

/// Tweet ids that were asked for, in the query or at the end of the path.
fn asked(call: &Call) -> impl Iterator<Item = &str> {
    let in_path = call.path.strip_prefix("/2/tweets/").filter(|id| id.bytes().all(|byte| byte.is_ascii_digit()));
    in_path.into_iter().chain(call.items("ids"))
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
            "fields": fields,
            "credential": self.credential.map(|(kind, account)| json!({ "kind": kind.name(), "account": account })),
            "status": self.status,
            "fault": self.fault,
        })
    }
}
