//! The dial: what goes wrong, for which calls, how often.

mod kind;
mod spoil;

use std::time::Duration;

use serde::Deserialize;

use crate::model::{CredentialKind, Timestamp};
use crate::simulator::call::Call;
use crate::simulator::desk::Answer;
use crate::simulator::reply::Reply;

use kind::Kind;

/// The faults that are dialled.
#[derive(Default)]
pub(crate) struct Dial {
    rules: Vec<Rule>,
}

/// A fault and when it happens.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    /// Beginning of the path; every path of X's, if absent.
    #[serde(default)]
    path: String,
    /// Only calls with this kind of credential.
    credential: Option<Credential>,
    /// So often, then never again; until the dial is turned, if absent.
    times: Option<u64>,
    /// So many matching calls are let through first.
    #[serde(default)]
    skip: u64,
    fault: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Credential {
    Bearer,
    Oauth1,
}

/// A fault that happens to the call at hand.
pub(crate) struct Fault(Kind);

impl Dial {
    /// Turns to these faults, a JSON list; says what is wrong with it.
    pub(crate) fn set(&mut self, json: &[u8]) -> Result<(), String> {
        self.rules = serde_json::from_slice(json).map_err(|error| format!("the list of faults cannot be read: {error}"))?;
        Ok(())
    }

    /// Nothing goes wrong from now on.
    pub(crate) fn clear(&mut self) {
        self.rules.clear();
    }

    /// The faults that happen to this call, and counts them.
    pub(crate) fn turn(&mut self, call: &Call, credential: Option<CredentialKind>) -> Vec<Fault> {
        let matching = self.rules.iter_mut().filter(|rule| rule.matches(call, credential));
        matching.filter_map(Rule::happen).collect()
    }
}

impl Rule {
    fn matches(&self, call: &Call, credential: Option<CredentialKind>) -> bool {
        let wanted = self.credential.map(|credential| match credential {
            Credential::Bearer => CredentialKind::Bearer,
            Credential::Oauth1 => CredentialKind::Oauth1,
        });
        call.path.starts_with(&self.path) && (wanted.is_none() || wanted == credential)
    }

    fn happen(&mut self) -> Option<Fault> {
        if self.skip > 0 {
            self.skip -= 1;
            return None;
        }
        if let Some(times) = &mut self.times {
            *times = times.checked_sub(1)?;
        }
        Some(Fault(self.fault.clone()))
    }
}

impl Fault {
    /// Its name on the dial.
    pub(crate) fn name(&self) -> &'static str {
        self.0.name()
    }

    /// The answer that takes the place of the endpoint's.
    pub(crate) fn replaces(&self, now: Timestamp) -> Option<Answer> {
        self.0.answer(now)
    }

    /// The only one of `tweet.fields` and `post.fields` that is known.
    pub(crate) fn only_parameter(&self) -> Option<&str> {
        match &self.0 {
            Kind::FieldsParameter { only } => Some(only),
            _ => None,
        }
    }

    /// Changes what the endpoint says.
    pub(crate) fn changes(&self, reply: &mut Reply) {
        spoil::change(&self.0, reply);
    }

    /// Changes how it is sent.
    pub(crate) fn spoils(&self, answer: &mut Answer) {
        match &self.0 {
            Kind::Slow { millis } => answer.delay += Duration::from_millis(*millis),
            Kind::Dropped => answer.dropped = true,
            Kind::Truncated => answer.end = crate::simulator::body::End::Broken,
            Kind::Stall => answer.end = crate::simulator::body::End::Silent,
            Kind::TruncatedJson => answer.body = answer.body.slice(..answer.body.len() / 2),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(path: &str) -> Call {
        let (method, host) = (hyper::Method::GET, String::new());
        let (query, form, body) = (Vec::new(), Vec::new(), bytes::Bytes::new());
        Call { method, path: path.to_owned(), query, host, authorization: None, accepts_gzip: false, form, body }
    }

    #[test]
    fn a_fault_happens_where_when_and_as_often_as_dialled() {
        let mut dial = Dial::default();
        let list = br#"[{"path":"/2/tweets","credential":"bearer","skip":1,"times":2,"fault":{"kind":"unavailable"}}]"#;
        dial.set(list).expect("a list");
        let mut turn = |path: &str, kind| dial.turn(&call(path), kind).len();
        let bearer = Some(CredentialKind::Bearer);
        assert_eq!(turn("/2/users/me", bearer), 0);
        assert_eq!(turn("/2/tweets", Some(CredentialKind::Oauth1)), 0);
        assert_eq!([(); 5].map(|()| turn("/2/tweets", bearer)), [0, 1, 1, 0, 0]);
    }

    #[test]
    fn a_list_that_cannot_be_read_is_refused_with_a_sentence() {
        let mut dial = Dial::default();
        for list in ["", "{}", r#"[{"fault":{"kind":"earthquake"}}]"#, r#"[{"fault":{"kind":"slow"}}]"#, r#"[{"fautl":1}]"#] {
            assert!(dial.set(list.as_bytes()).expect_err(list).contains("cannot be read"));
        }
    }
}
