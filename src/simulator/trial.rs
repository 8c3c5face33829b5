//! A simulator without sockets, and calls to it, for the tests of this room.

use std::time::Duration;

use bytes::Bytes;
use hyper::Method;
use serde_json::Value;

use crate::model::{Timestamp, TweetId};
use crate::simulator::answer::Answer;
use crate::simulator::call::{Call, pairs};
use crate::simulator::oauth1;
use crate::simulator::service::Service;

/// A frozen world and a real clock that the test moves.
pub(crate) struct Trial {
    pub(crate) service: Service,
    pub(crate) now: Timestamp,
    nonce: u64,
}

/// Who calls.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum As {
    Nobody,
    /// `acme`'s app-only token.
    App,
    /// `acme`'s user.
    User,
}

impl Trial {
    pub(crate) fn new() -> Self {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().expect("RFC 3339");
        Self { service: Service::new(42, 0.0, now, now), now, nonce: 0 }
    }

    /// The id of `acme`'s tweet of a kind.
    pub(crate) fn tweet(&self, kind: &str) -> TweetId {
        let watched = &self.service.world.accounts[0].watched;
        *watched.iter().find(|id| self.service.world.tweets[*id].kind == kind).expect("a tweet of this kind")
    }

    pub(crate) fn call(&self, method: Method, target: &str) -> Call {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Call {
            method,
            path: path.to_owned(),
            query: pairs(query),
            host: "127.0.0.1:4000".to_owned(),
            authorization: None,
            accepts_gzip: false,
            form: Vec::new(),
            body: Bytes::new(),
        }
    }

    /// A `GET` with the right credential.
    pub(crate) fn call_as(&mut self, caller: As, target: &str) -> Call {
        let mut call = self.call(Method::GET, target);
        let account = &self.service.world.accounts[0];
        call.authorization = match caller {
            As::Nobody => None,
            As::App => Some(format!("Bearer {}", account.bearer)),
            As::User => {
                self.nonce += 1;
                let keys = account.oauth1.as_ref().expect("acme has keys");
                Some(oauth1::signed_for_tests(&call, keys, self.now, self.nonce))
            }
        };
        call
    }

    pub(crate) fn serve(&mut self, call: &Call) -> Answer {
        self.service.serve(call, self.now)
    }

    /// Status and JSON of a `GET`.
    pub(crate) fn ask(&mut self, caller: As, target: &str) -> (u16, Value) {
        let call = self.call_as(caller, target);
        let answer = self.serve(&call);
        (answer.status, json(&answer))
    }

    /// Status and JSON of a control call.
    pub(crate) fn control(&mut self, method: Method, path: &str, body: &str) -> (u16, Value) {
        let mut call = self.call(method, &format!("/_simulator/{path}"));
        call.body = Bytes::copy_from_slice(body.as_bytes());
        let answer = self.serve(&call);
        (answer.status, json(&answer))
    }

    pub(crate) fn pass(&mut self, seconds: u64) {
        self.now = self.now + Duration::from_secs(seconds);
    }
}

/// The body of an answer; null if it is none.
pub(crate) fn json(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or(Value::Null)
}

/// The header of an answer.
pub(crate) fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}
