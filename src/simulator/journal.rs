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

impl Journal {
    /// Notes a request.
    pub(crate) fn note(&mut self, call: &Call, outcome: Outcome, at: Timestamp) {
        if self.entries.len() >= MOST_ENTRIES {
            self.entries.pop_front();
        }
        self.entries.push_back(Entry {
            at,
            method: call.method.as_str().chars().take(10).collect(),
            path: call.path.chars().take(LONGEST_PATH).collect(),
            ids: ids(call),
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

/// Tweet ids that were asked for, in the query or at the end of the path.
fn ids(call: &Call) -> Vec<u64> {
    let in_path = call.path.strip_prefix("/2/tweets/").into_iter();
    in_path.chain(call.items("ids")).filter_map(|id| id.parse().ok()).take(MOST_IDS).collect()
}

impl Entry {
    fn json(&self) -> Value {
        let fields: Map<String, Value> = self.fields.iter().map(|(name, values)| ((*name).to_owned(), json!(values))).collect();
        json!({
            "at_millis": self.at.millis(),
            "method": self.method,
            "path": self.path,
            "ids_count": self.ids.len(),
            "ids": self.ids.iter().map(u64::to_string).collect::<Vec<_>>(),
            "fields": fields,
            "credential": self.credential.map(|(kind, account)| json!({ "kind": kind.name(), "account": account })),
            "status": self.status,
            "fault": self.fault,
        })
    }
}
