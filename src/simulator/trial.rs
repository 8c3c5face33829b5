//! A simulator without sockets, and calls to it, for the tests of this room.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::Method;
use serde_json::{Value, json};

use crate::model::{Timestamp, TweetId};
use crate::simulator::answer::Answer;
use crate::simulator::call::{Call, pairs};
use crate::simulator::oauth1;
use crate::simulator::service::Service;
use crate::simulator::world::Account;

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
    /// The same, with an OAuth 2.0 token.
    Oauth2,
    /// `globex`'s app-only token.
    GlobexApp,
    /// `globex`'s user, with an OAuth 2.0 token.
    Globex,
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
        let call = self.call(Method::GET, target);
        self.signed(caller, call)
    }

    fn signed(&mut self, caller: As, mut call: Call) -> Call {
        let [acme, globex] = &self.service.world.accounts[..] else { panic!("two accounts") };
        let bearer = |token: &str| Some(format!("Bearer {token}"));
        let newest = |account: &Account| bearer(account.oauth2.newest().map_or("", |(token, _)| token));
        call.authorization = match caller {
            As::Nobody => None,
            As::App => bearer(&acme.bearer),
            As::GlobexApp => bearer(&globex.bearer),
            As::Oauth2 => newest(acme),
            As::Globex => newest(globex),
            As::User => {
                self.nonce += 1;
                let keys = acme.oauth1.as_ref().expect("acme has keys");
                Some(oauth1::signed_for_tests(&call, keys, self.now, self.nonce))
            }
        };
        call
    }

    /// Status and JSON of a `POST` of JSON.
    pub(crate) fn post(&mut self, caller: As, target: &str, body: &Value) -> (u16, Value) {
        let mut call = self.call(Method::POST, target);
        call.body = body.to_string().into();
        let call = self.signed(caller, call);
        let answer = self.serve(&call);
        (answer.status, json(&answer))
    }

    /// Status and JSON of a `POST` of a form, with a `Basic` header for a name and a password.
    pub(crate) fn form(&mut self, target: &str, basic: Option<(&str, &str)>, form: &str) -> (u16, Value) {
        let mut call = self.call(Method::POST, target);
        call.body = Bytes::copy_from_slice(form.as_bytes());
        call.form = pairs(form);
        call.authorization = basic.map(|(name, password)| format!("Basic {}", STANDARD.encode(format!("{name}:{password}"))));
        let answer = self.serve(&call);
        (answer.status, json(&answer))
    }

    /// Turns the dial of faults.
    pub(crate) fn faults(&mut self, rules: Value) {
        let (status, answer) = self.control(Method::PUT, "faults", &rules.to_string());
        assert_eq!(status, 200, "{answer}");
    }

    /// Adds one tweet to `acme`'s and says its id.
    pub(crate) fn added(&mut self, kind: &str, age_seconds: u64) -> String {
        let input = json!({ "account": "acme", "count": 1, "age_seconds": age_seconds, "kind": kind });
        let (status, answer) = self.control(Method::POST, "tweets", &input.to_string());
        assert_eq!(status, 200, "{answer}");
        answer["ids"][0].as_str().expect("an id").to_owned()
    }

    /// The id of `acme`'s user.
    pub(crate) fn me(&self) -> u64 {
        self.service.world.accounts[0].user
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
