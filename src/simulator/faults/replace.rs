//! Faults that answer in X's stead: refusals, error pages, nothing.

use std::time::Duration;

use serde_json::{Value, json};

use crate::model::{CredentialKind, Timestamp};
use crate::simulator::answer::{Answer, Delivery};
use crate::simulator::call::Call;
use crate::simulator::faults::kinds::{Fault, Shape, Wording};
use crate::simulator::reply::PROBLEMS;
use crate::simulator::systems::client_not_enrolled;

impl Fault {
    /// The answer that comes instead of the normal one; nothing for a fault that lets the endpoint answer.
    pub(crate) fn replacement(&self, call: &Call, kind: Option<CredentialKind>, now: Timestamp) -> Option<Answer> {
        if let Some(reply) = self.refusal(call) {
            return Some(Answer::from_reply(reply));
        }
        Some(match self {
            Self::RateLimited { reset_in_seconds, shape } => rate_limited(*shape, later(now, *reset_in_seconds)),
            Self::RateLimited24h { reset_in_seconds } => rate_limited_24h(kind, now, later(now, *reset_in_seconds)),
            Self::Status { status, body, content_type, headers } => {
                let answer = Answer::text(*status, content_type.as_deref().unwrap_or("application/json"), text(body.as_ref()));
                headers.iter().fold(answer, |answer, (name, value)| answer.with(name, value))
            }
            Self::Unavailable {} => blank(503, "Service Unavailable"),
            Self::Html { status } => html(*status),
            Self::Empty { status } => Answer::text(*status, "", String::new()),
            Self::Dropped {} => Answer { delivery: Delivery::Dropped, ..Answer::text(200, "", String::new()) },
            Self::CreditsDepleted { wording } => problem(402, credits_depleted(*wording)),
            Self::SpendCap { reset_date } => problem(403, spend_cap(reset_date)),
            Self::UsageCapped {} => rate_headers(problem(429, usage_capped()), 3_499, later(now, 900)),
            Self::Unauthorized {} => blank(401, "Unauthorized"),
            Self::ClientNotEnrolled {} => problem(403, client_not_enrolled()),
            Self::Redirect { location } => Answer::text(302, "", String::new()).with("location", location),
            _ => return None,
        })
    }
}

fn later(now: Timestamp, seconds: u32) -> i64 {
    (now + Duration::from_secs(seconds.into())).millis().div_euclid(1000)
}

fn problem(status: u16, body: Value) -> Answer {
    Answer::text(status, "application/problem+json; charset=utf-8", body.to_string())
}

fn blank(status: u16, title: &str) -> Answer {
    problem(status, json!({ "title": title, "detail": title, "type": "about:blank", "status": status }))
}

/// A text is sent as it is, anything else as JSON.
fn text(body: Option<&Value>) -> String {
    match body {
        None => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    }
}

fn html(status: u16) -> Answer {
    let page = format!(
        "<!DOCTYPE html>\n<html><head><title>Error</title></head><body><h1>{status}</h1>Something went wrong.</body></html>\n"
    );
    Answer::text(status, "text/html; charset=utf-8", page)
}

fn rate_headers(answer: Answer, remaining: u32, reset: i64) -> Answer {
    answer
        .with("x-rate-limit-limit", "3500")
        .with("x-rate-limit-remaining", &remaining.to_string())
        .with("x-rate-limit-reset", &reset.to_string())
}

fn rate_limited(shape: Shape, reset: i64) -> Answer {
    let answer = match shape {
        Shape::Problem => blank(429, "Too Many Requests"),
        Shape::V1 => Answer::json(429, &json!({ "errors": [{ "code": 88, "message": "Rate limit exceeded" }] })),
    };
    rate_headers(answer, 0, reset)
}

/// The window of 15 minutes still has budget; the day has none.
fn rate_limited_24h(kind: Option<CredentialKind>, now: Timestamp, reset: i64) -> Answer {
    let pool = if kind.is_some_and(CredentialKind::is_user) { "user" } else { "app" };
    rate_headers(blank(429, "Too Many Requests"), 3_499, later(now, 900))
        .with(&format!("x-{pool}-limit-24hour-limit"), "10000")
        .with(&format!("x-{pool}-limit-24hour-remaining"), "0")
        .with(&format!("x-{pool}-limit-24hour-reset"), &reset.to_string())
}

fn credits_depleted(wording: Wording) -> Value {
    match wording {
        Wording::Old => json!({
            "title": "CreditsDepleted", "type": format!("{PROBLEMS}/credits"),
            "detail": "Your enrolled account [1500000000000000001] does not have any credits to fulfill this request.",
            "account_id": 1_500_000_000_000_000_001_u64,
        }),
        Wording::New => json!({
            "title": "Payment Required", "detail": "credits depleted",
            "type": "https://api.x.com/2/problems/credits-depleted", "status": 402,
        }),
    }
}

fn spend_cap(reset_date: &str) -> Value {
    json!({
        "title": "SpendCapReached", "type": format!("{PROBLEMS}/credits"), "account_id": 1_500_000_000_000_000_001_u64,
        "detail": "Your enrolled account [1500000000000000001] has reached its billing cycle spend cap.", "reset_date": reset_date,
    })
}

fn usage_capped() -> Value {
    json!({
        "title": "UsageCapExceeded", "detail": "Usage cap exceeded: Monthly product cap",
        "type": format!("{PROBLEMS}/usage-capped"), "period": "Monthly", "scope": "Product", "account_id": 1_500_000_000_000_000_001_u64,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::simulator::trial::{Trial, header};

    fn sent(fault: Value) -> Answer {
        let fault: Fault = serde_json::from_value(fault).expect("a fault");
        fault
            .replacement(
                &Trial::new().call(hyper::Method::GET, "/2/tweets"),
                Some(CredentialKind::Bearer),
                Timestamp::from_seconds(1_000),
            )
            .expect("an answer of its own")
    }

    #[test]
    fn pages_and_made_up_answers_are_sent_as_they_are_given() {
        let page = sent(json!({ "kind": "html", "status": 502 }));
        assert_eq!((page.status, header(&page, "content-type")), (502, Some("text/html; charset=utf-8")));
        assert!(sent(json!({ "kind": "empty", "status": 404 })).body.is_empty());
        let made_up = json!({ "kind": "status", "status": 418, "body": "{tea", "content_type": "text/plain", "headers": { "retry-after": "9" } });
        let answer = sent(made_up);
        assert_eq!((answer.status, &answer.body[..], header(&answer, "retry-after")), (418, &b"{tea"[..], Some("9")));
        assert_eq!(header(&sent(json!({ "kind": "redirect", "location": "/x" })), "location"), Some("/x"));
    }

    #[test]
    fn a_day_without_budget_shows_a_window_that_has_some() {
        let answer = sent(json!({ "kind": "rate_limited_24h", "reset_in_seconds": 5_000 }));
        assert_eq!(header(&answer, "x-app-limit-24hour-remaining"), Some("0"));
        assert_eq!(header(&answer, "x-app-limit-24hour-reset"), Some("6000"));
        assert_ne!(header(&answer, "x-rate-limit-remaining"), Some("0"));
    }
}
