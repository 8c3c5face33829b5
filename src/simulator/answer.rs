//! An answer as it goes out: status, headers, bytes, and how they are sent.

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use crate::simulator::reply::Reply;

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
    pub(crate) delivery: Delivery,
    /// Waiting time before the first byte.
    pub(crate) delay: Duration,
}

/// How an answer is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// As it is.
    Whole,
    /// Not at all: the connection is closed.
    Dropped,
    /// Half of it, then the connection is closed.
    Cut,
    /// The headers, then nothing.
    Stalled,
    /// A JSON text of about so many bytes instead of the body.
    Padded(u64),
}

/// The version that the `api-version` header names.
const API_VERSION: &str = "2.168";

impl Answer {
    /// A JSON answer.
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::text(status, "application/json; charset=utf-8", body.to_string())
    }

    /// Any answer.
    pub(crate) fn text(status: u16, content_type: &str, body: String) -> Self {
        let headers =
            if content_type.is_empty() { Vec::new() } else { vec![("content-type".to_owned(), content_type.to_owned())] };
        Self { status, headers, body: body.into(), delivery: Delivery::Whole, delay: Duration::ZERO }
    }

    /// What an endpoint said, with the headers that X sends.
    pub(crate) fn from_reply(reply: Reply) -> Self {
        let answer = match &reply.body {
            Value::Null => Self::text(reply.status, "application/problem+json; charset=utf-8", String::new()),
            Value::String(page) => Self::text(reply.status, "text/html; charset=utf-8", page.clone()),
            body if body.get("type").is_some() => {
                Self::text(reply.status, "application/problem+json; charset=utf-8", body.to_string())
            }
            body => Self::json(reply.status, body),
        };
        reply.headers.into_iter().fold(answer, |answer, (name, value)| answer.with(name, &value))
    }

    /// The same with one more header.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same with the headers that all of X's servers send.
    pub(crate) fn stamped(self, transaction: u64) -> Self {
        let transaction = format!("{transaction:016x}");
        self.with("api-version", API_VERSION).with("x-access-level", "read").with("x-transaction-id", &transaction)
    }
}
