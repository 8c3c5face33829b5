//! The many shapes of X's refusals (x-api.md 4.1 to 4.3), mapped to what the caller must do.

use serde_json::Value;

use crate::model::{Billed, Failure, Refusal, Timestamp, TweetId};
use crate::net::Answer;
use crate::self_metrics::ErrorReason;
use crate::x_api::error::ApiError;
use crate::x_api::limits::{closed_until, rate_limits, retry_after};

/// No refusal of X is longer; what is longer is not parsed.
const MAX_PROBLEM: usize = 256 << 10;

/// Parameters that name tweets or what hangs on them.
const IDS: [&str; 4] = ["id", "ids", "tweet_ids", "media_keys"];

/// What is known of a refusal, whatever shape it came in. Texts are empty where the body has none.
#[derive(Debug, Default)]
pub(super) struct Problem {
    /// Last path segment of `type`, in lower case: the hosts before it differ.
    pub(super) segment: String,
    title: String,
    detail: String,
    /// Codes of the v1 shape `{"errors":[{"code":88,"message":"…"}]}`.
    codes: Vec<i64>,
    /// `period` of a usage cap.
    period: String,
    /// `client-not-enrolled` and its kin.
    pub(super) reason: String,
    /// `reset_date` of a spending cap.
    reset_date: String,
    /// Names of the parameters that X calls invalid.
    pub(super) parameters: Vec<String>,
    /// Ids that X names as invalid.
    culprits: Vec<TweetId>,
}

impl Problem {
    /// Reads a body of any shape; one that is no JSON gives an empty problem.
    pub(super) fn read(body: &[u8]) -> Self {
        if body.len() > MAX_PROBLEM {
            return Self::default();
        }
        let json: Value = serde_json::from_slice(body).unwrap_or_default();
        let mut problem = Self {
            segment: last_segment(text(&json, "type")),
            title: text(&json, "title").to_owned(),
            detail: text(&json, "detail").to_owned(),
            period: text(&json, "period").to_owned(),
            reason: text(&json, "reason").to_ascii_lowercase(),
            reset_date: text(&json, "reset_date").to_owned(),
            ..Self::default()
        };
        if problem.detail.is_empty() {
            // The OAuth 2 shape.
            problem.detail = [text(&json, "error"), text(&json, "error_description")].join(" ").trim().to_owned();
        }
        for error in json.get("errors").and_then(Value::as_array).into_iter().flatten() {
            problem.add(error);
        }
        problem
    }

    fn add(&mut self, error: &Value) {
        let message = [error.as_str().unwrap_or_default(), text(error, "message"), text(error, "detail")].join(" ");
        let message = message.trim();
        if !message.is_empty() && !self.detail.contains(message) && self.detail.len() < 1_000 {
            self.detail = [&self.detail, message]
                .iter()
                .map(|part| part.as_ref())
                .filter(|part: &&str| !part.is_empty())
                .collect::<Vec<_>>()
                .join("; ");
        }
        if self.segment.is_empty() {
            self.segment = last_segment(text(error, "type"));
        }
        if self.title.is_empty() {
            self.title = text(error, "title").to_owned();
        }
        self.codes.extend(error.get("code").and_then(Value::as_i64));
        for (name, values) in error.get("parameters").and_then(Value::as_object).into_iter().flatten() {
            self.parameters.push(name.clone());
            let values = values.as_array().into_iter().flatten().filter_map(Value::as_str);
            let listed: Vec<TweetId> =
                values.flat_map(|value| value.split(',')).filter_map(|id| id.trim().parse().ok()).collect();
            // X echoes the whole parameter and names the culprit in brackets in the message.
            let bracketed = bracketed(message);
            self.culprits.extend(if bracketed.is_empty() { listed } else { bracketed });
        }
    }

    /// `invalid-request`, and this parameter is to blame.
    pub(super) fn blames(&self, parameter: &str) -> bool {
        self.parameters.iter().any(|name| name == parameter) || self.detail.contains(&format!("[{parameter}]"))
    }

    /// The credential or the app's permissions are to blame, whatever is asked for (x-api.md 4.2; code 220: "credentials do not allow
    /// access").
    pub(super) fn is_about_credential(&self) -> bool {
        matches!(self.segment.as_str(), "unsupported-authentication" | "oauth1-permissions") || self.codes.contains(&220)
    }

    /// X keeps the system closed to the app, whatever is asked for (x-api.md 1b, 1c).
    pub(super) fn is_about_enrolment(&self) -> bool {
        self.reason == "client-not-enrolled" || self.segment == "client-forbidden"
    }

    fn accused(&self) -> Vec<(TweetId, Refusal)> {
        self.culprits.iter().map(|id| (*id, Refusal::Invalid)).collect()
    }

    fn blames_no_id(&self) -> bool {
        !self.parameters.is_empty() && !self.parameters.iter().any(|name| IDS.contains(&name.as_str()))
    }

    /// Whether it is about money: these come under several statuses, and waiting a quarter of an hour heals none.
    fn is_about_money(&self, status: u16) -> bool {
        let words = [&self.segment, &self.title, &self.detail].map(|text| text.to_ascii_lowercase()).join(" ");
        let told = ["credits", "creditsdepleted", "spend cap", "spendcap", "usagecap", "usage cap", "usage-capped"];
        status == 402 || told.iter().any(|word| words.contains(word))
    }

    fn paid_again(&self, now: Timestamp) -> Option<Timestamp> {
        let date = format!("{}T00:00:00Z", self.reset_date);
        let named = date.parse().ok().filter(|until| *until > now);
        let midnight = || Timestamp::from_seconds((now.utc_day() + 1) * 86_400);
        named.or_else(|| self.period.eq_ignore_ascii_case("daily").then(midnight))
    }

    /// One line for people.
    fn says(&self, status: u16) -> String {
        let words: Vec<&str> = [self.title.as_str(), self.detail.as_str()].into_iter().filter(|part| !part.is_empty()).collect();
        let said = if words.is_empty() { "no reason given".to_owned() } else { words.join(": ") };
        format!("status {status}: {said}")
    }
}

/// What a 200 means whose errors name nobody: X says of some refusals only in the body what they are.
pub(super) fn in_a_200(body: &[u8], now: Timestamp) -> ApiError {
    let problem = Problem::read(body);
    let is = |segment: &str, code: i64| problem.segment == segment || problem.codes.contains(&code);
    let (failure, reason) = if problem.is_about_money(200) {
        (Failure::PaymentRefused { until: problem.paid_again(now) }, ErrorReason::PaymentRefused)
    } else if is("rate-limit-exceeded", 88) {
        (Failure::RateLimited { until: None }, ErrorReason::RateLimited)
    } else {
        let stumbled = is("internal-error", 130) || problem.segment == "about:blank";
        let reason = if stumbled { ErrorReason::ServerError } else { ErrorReason::Malformed };
        (Failure::Transient { retry_after: None }, reason)
    };
    // It may have held tweets that could not be read.
    let billed = if reason == ErrorReason::Malformed { Billed::Yes } else { Billed::No };
    ApiError { failure, reason, detail: problem.says(200), billed }
}

/// The same of a request for one user or for what is theirs: X names them in errors, and asking again does not help.
pub(super) fn of_one_resource(body: &[u8], now: Timestamp) -> ApiError {
    let problem = Problem::read(body);
    let reason = match problem.segment.as_str() {
        "resource-not-found" => ErrorReason::InvalidRequest,
        "not-authorized-for-resource" | "resource-unavailable" | "disallowed-resource" => ErrorReason::Forbidden,
        _ => return in_a_200(body, now),
    };
    ApiError { failure: Failure::Forbidden, reason, detail: problem.says(200), billed: Billed::No }
}

/// What an answer other than 200 means. Money first, because its refusals look like others (x-api.md 4.3).
pub(super) fn refusal(answer: &Answer, now: Timestamp) -> (ApiError, Problem) {
    let problem = Problem::read(&answer.body);
    let (failure, reason) = judge(answer, &problem, now);
    let detail = problem.says(answer.status);
    (ApiError { failure, reason, detail, billed: Billed::No }, problem)
}

fn judge(answer: &Answer, problem: &Problem, now: Timestamp) -> (Failure, ErrorReason) {
    let transient = || Failure::Transient { retry_after: retry_after(&answer.headers, now) };
    match answer.status {
        400..=499 if problem.is_about_money(answer.status) => {
            (Failure::PaymentRefused { until: problem.paid_again(now) }, ErrorReason::PaymentRefused)
        }
        429 => {
            let limits = rate_limits(&answer.headers, now);
            (Failure::RateLimited { until: closed_until(&answer.headers, &limits, now) }, ErrorReason::RateLimited)
        }
        // v1 codes: 32, 89, 99, 215 are bad or revoked keys.
        400..=403 if problem.codes.iter().any(|code| [32, 89, 99, 215].contains(code)) => {
            (Failure::CredentialRefused, ErrorReason::CredentialRefused)
        }
        401 => (Failure::CredentialRefused, ErrorReason::CredentialRefused),
        // Some tweet is to blame, not the caller; a bare 403 is about permissions (x-api.md 4.3).
        403 if problem.segment == "not-authorized-for-resource" => {
            let culprits = bracketed(&problem.detail).into_iter().map(|id| (id, Refusal::NotAuthorized)).collect();
            (Failure::Invalid { culprits }, ErrorReason::Forbidden)
        }
        403 => (Failure::Forbidden, ErrorReason::Forbidden),
        // Another parameter than the ids is to blame: no id can help it.
        400 if problem.blames_no_id() => (Failure::Forbidden, ErrorReason::InvalidRequest),
        400 => (Failure::Invalid { culprits: problem.accused() }, ErrorReason::InvalidRequest),
        300..=399 => (transient(), ErrorReason::Redirect),
        // The edge answers 404 and 408 with an empty body or HTML on a bad day.
        404 | 408 | 500..=599 => (transient(), ErrorReason::ServerError),
        405..=499 => (Failure::Forbidden, ErrorReason::InvalidRequest),
        _ => (transient(), ErrorReason::Malformed),
    }
}

/// The last path segment of a problem's `type`: the hosts before it differ, and so does the case.
pub(super) fn last_segment(kind: &str) -> String {
    kind.rsplit('/').next().unwrap_or_default().to_ascii_lowercase()
}

/// The string member of that name, or an empty text.
pub(super) fn text<'a>(json: &'a Value, name: &str) -> &'a str {
    json.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn bracketed(message: &str) -> Vec<TweetId> {
    let inside = message.split('[').skip(1).filter_map(|rest| rest.split(']').next());
    inside.flat_map(|list| list.split(',')).filter_map(|id| id.trim().parse().ok()).collect()
}

/// At most 300 characters, none of them a control character: it came over the network and goes into a log.
pub(super) fn one_line(text: &str) -> String {
    let clean: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(300).collect();
    clean.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use reqwest::header::HeaderMap;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_767_225_600);

    fn judged(status: u16, body: &str) -> (Failure, ErrorReason) {
        let answer = Answer { status, headers: HeaderMap::new(), body: body.as_bytes().to_vec() };
        let (error, _) = refusal(&answer, NOW);
        (error.failure, error.reason)
    }

    #[test]
    fn every_shape_of_refusal_is_mapped_to_what_must_be_done() {
        let transient = || Failure::Transient { retry_after: None };
        let paid = |until: Option<&str>| Failure::PaymentRefused { until: until.map(|text| text.parse().expect("RFC 3339")) };
        for (status, body, failure, reason) in [
            (402, "", paid(None), ErrorReason::PaymentRefused),
            (
                402,
                r#"{"title":"CreditsDepleted","type":"https://api.twitter.com/2/problems/credits"}"#,
                paid(None),
                ErrorReason::PaymentRefused,
            ),
            (
                402,
                r#"{"title":"Payment Required","detail":"credits depleted","type":"https://api.x.com/2/problems/credits-depleted"}"#,
                paid(None),
                ErrorReason::PaymentRefused,
            ),
            (
                403,
                r#"{"title":"SpendCapReached","type":"https://api.x.com/2/problems/credits","account_id":1,"reset_date":"2026-02-01"}"#,
                paid(Some("2026-02-01T00:00:00Z")),
                ErrorReason::PaymentRefused,
            ),
            (400, r#"{"detail":"Your monthly spend cap has been reached."}"#, paid(None), ErrorReason::PaymentRefused),
            (
                429,
                r#"{"title":"UsageCapExceeded","detail":"Usage cap exceeded: Monthly product cap","period":"Monthly","type":"https://api.twitter.com/2/problems/usage-capped"}"#,
                paid(None),
                ErrorReason::PaymentRefused,
            ),
            (
                429,
                r#"{"title":"UsageCapExceeded","period":"Daily","type":"https://api.X.com/2/problems/usage-capped"}"#,
                paid(Some("2026-01-02T00:00:00Z")),
                ErrorReason::PaymentRefused,
            ),
            (
                429,
                r#"{"errors":[{"code":88,"message":"Rate limit exceeded"}]}"#,
                Failure::RateLimited { until: None },
                ErrorReason::RateLimited,
            ),
            (429, "", Failure::RateLimited { until: None }, ErrorReason::RateLimited),
            (
                401,
                r#"{"title":"Unauthorized","type":"about:blank","status":"401"}"#,
                Failure::CredentialRefused,
                ErrorReason::CredentialRefused,
            ),
            (
                403,
                r#"{"errors":[{"code":99,"message":"Unable to verify your credentials"}]}"#,
                Failure::CredentialRefused,
                ErrorReason::CredentialRefused,
            ),
            (
                403,
                r#"{"errors":[{"code":220,"message":"Your credentials do not allow access"}]}"#,
                Failure::Forbidden,
                ErrorReason::Forbidden,
            ),
            (
                403,
                r#"{"title":"Client Forbidden","reason":"client-not-enrolled","type":"https://api.twitter.com/2/problems/client-forbidden"}"#,
                Failure::Forbidden,
                ErrorReason::Forbidden,
            ),
            (403, "<html>", Failure::Forbidden, ErrorReason::Forbidden),
            (302, "", transient(), ErrorReason::Redirect),
            (404, "<html>not found</html>", transient(), ErrorReason::ServerError),
            (503, r#"{"title":"Service Unavailable","type":"about:blank"}"#, transient(), ErrorReason::ServerError),
            (500, "\u{0}\n", transient(), ErrorReason::ServerError),
            (204, "", transient(), ErrorReason::Malformed),
            (414, "", Failure::Forbidden, ErrorReason::InvalidRequest),
        ] {
            assert_eq!(judged(status, body), (failure, reason), "{status} {body}");
        }
    }

    #[test]
    fn the_ids_that_x_calls_invalid_are_found() {
        let culprit: TweetId = "12".parse().expect("an id");
        for body in [
            r#"{"errors":[{"parameters":{"ids":["11,12,13"]},"message":"The `ids` query parameter value [12] is not valid"}],"title":"Invalid Request","type":"https://api.x.com/2/problems/invalid-request"}"#,
            r#"{"errors":[{"parameters":{"ids":["12"]},"message":"no"}]}"#,
        ] {
            assert_eq!(judged(400, body).0, Failure::Invalid { culprits: vec![(culprit, Refusal::Invalid)] }, "{body}");
        }
        assert_eq!(judged(400, "{}").0, Failure::Invalid { culprits: vec![] });
        let named = r#"{"detail":"not permitted: [12].","type":"https://api.x.com/2/problems/not-authorized-for-resource"}"#;
        let failure = Failure::Invalid { culprits: vec![(culprit, Refusal::NotAuthorized)] };
        assert_eq!(judged(403, named), (failure, ErrorReason::Forbidden));
        let other = r#"{"errors":[{"parameters":{"media.fields":["x"]},"message":"no"}]}"#;
        assert_eq!(judged(400, other), (Failure::Forbidden, ErrorReason::InvalidRequest));
    }

    #[test]
    fn a_wish_to_wait_is_heard() {
        let headers = [("retry-after".parse().expect("a name"), "7".parse().expect("a value"))].into_iter().collect();
        let answer = Answer { status: 503, headers, body: Vec::new() };
        let failure = Failure::Transient { retry_after: Some(Duration::from_secs(7)) };
        assert_eq!(refusal(&answer, NOW).0.failure, failure);
    }
}
