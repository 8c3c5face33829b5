//! The fault dial: what goes wrong, for whom, and how often.

mod distort;
mod kinds;
mod refuse;
mod replace;
mod shapes;

use serde::Deserialize;

use crate::model::CredentialKind;
use crate::simulator::call::Call;

pub(crate) use kinds::{Encoding, Fault, Layout};

/// Faults that are on, in the order in which they are tried.
#[derive(Default)]
pub(crate) struct Dial {
    rules: Vec<Rule>,
}

/// A fault, and the requests it hits.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    /// Start of the path; absent: every path of X.
    path: Option<String>,
    credential: Option<Credential>,
    /// Requests it still hits; absent: all.
    times: Option<u64>,
    /// Matching requests that it still lets through.
    #[serde(default)]
    skip: u64,
    fault: Fault,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Credential {
    Bearer,
    Oauth1,
    Oauth2,
}

/// More rules than this are refused.
const MOST_RULES: usize = 1_000;

impl Dial {
    /// Replaces all rules.
    pub(crate) fn turn(&mut self, rules: Vec<Rule>) -> Result<usize, String> {
        if rules.len() > MOST_RULES {
            return Err(format!("there can be {MOST_RULES} faults at most, got {}", rules.len()));
        }
        rules.iter().enumerate().try_for_each(|(number, rule)| rule.check().map_err(|why| format!("faults[{number}]: {why}")))?;
        self.rules = rules;
        Ok(self.rules.len())
    }

    /// The fault that hits a request: that of the first rule which matches, has skipped enough and is not used up.
    pub(crate) fn pick(&mut self, call: &Call, kind: Option<CredentialKind>) -> Option<Fault> {
        let concerns = |rule: &&mut Rule| rule.matches(&call.path, kind) && rule.fault.concerns(call);
        self.rules.iter_mut().filter(concerns).find_map(Rule::strike)
    }
}

impl Rule {
    fn check(&self) -> Result<(), String> {
        if let Some(path) = self.path.as_ref().filter(|path| !path.starts_with('/')) {
            return Err(format!("path must start with a slash, got {path:?}"));
        }
        self.fault.check()
    }

    fn matches(&self, path: &str, kind: Option<CredentialKind>) -> bool {
        let credential = self.credential.is_none_or(|wanted| {
            kind == Some(match wanted {
                Credential::Bearer => CredentialKind::Bearer,
                Credential::Oauth1 => CredentialKind::Oauth1,
                Credential::Oauth2 => CredentialKind::Oauth2,
            })
        });
        credential && self.times != Some(0) && self.path.as_ref().is_none_or(|prefix| path.starts_with(prefix))
    }

    fn strike(&mut self) -> Option<Fault> {
        if self.skip > 0 {
            self.skip -= 1;
            return None;
        }
        self.times = self.times.map(|times| times - 1);
        Some(self.fault.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::trial::Trial;

    fn dial(rules: serde_json::Value) -> Dial {
        let mut dial = Dial::default();
        dial.turn(serde_json::from_value(rules).expect("rules")).expect("valid rules");
        dial
    }

    #[test]
    fn a_fault_skips_strikes_and_is_used_up() {
        let mut dial = dial(serde_json::json!([
            { "path": "/2/tweets", "credential": "bearer", "skip": 1, "times": 2, "fault": { "kind": "unavailable" } },
        ]));
        let call = |path: &str| Call { path: path.to_owned(), ..Trial::new().call(hyper::Method::GET, "/") };
        let bearer = Some(CredentialKind::Bearer);
        assert!(dial.pick(&call("/2/users/me"), bearer).is_none());
        assert!(dial.pick(&call("/2/tweets"), Some(CredentialKind::Oauth1)).is_none());
        let hits = [(); 4].map(|()| dial.pick(&call("/2/tweets/1"), bearer).is_some());
        assert_eq!(hits, [false, true, true, false]);
    }

    #[test]
    fn wrong_rules_are_refused() {
        for rules in [
            r#"[{"fault":{"kind":"nonsense"}}]"#,
            r#"[{"fault":{"kind":"slow","millis":1},"tims":1}]"#,
            r#"[{"fault":{"kind":"slow","millis":1,"seconds":2}}]"#,
            r#"[{"fault":{"kind":"unavailable","status":1}}]"#,
            r#"[{"fault":{"kind":"status","status":99}}]"#,
            r#"[{"fault":{"kind":"huge","bytes":99999999999}}]"#,
            r#"[{"path":"2/tweets","fault":{"kind":"dropped"}}]"#,
            r#"[{"fault":{"kind":"poison","tweets":["1"],"status":404}}]"#,
            r#"[{"fault":{"kind":"insights"}}]"#,
            r#"[{"fault":{"kind":"reissue","error":"bad_luck"}}]"#,
            r#"[{"fault":{"kind":"redirect","location":"a\nb"}}]"#,
        ] {
            let refused = serde_json::from_str::<Vec<Rule>>(rules)
                .map_err(drop)
                .and_then(|rules| Dial::default().turn(rules).map_err(drop));
            assert!(refused.is_err(), "{rules}");
        }
    }
}
