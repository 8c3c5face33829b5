//! The kinds of faults, and the answers that some of them give (x-api.md 4.1 to 4.4).

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::model::Timestamp;
use crate::simulator::desk::Answer;
use crate::simulator::reply::PROBLEMS;

/// A fault, as the dial writes it: `{"kind":"slow","millis":300}`.
#[derive(Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Kind {
    /// 429 with the window's end, as a problem or in the v1 shape.
    RateLimited {
        reset_in_seconds: i64,
        #[serde(default)]
        shape: Shape,
    },
    /// 429 by a day's window, while the quarter of an hour has requests left.
    #[serde(rename = "rate_limited_24h")]
    RateLimited24h { reset_in_seconds: i64 },
    /// Any answer.
    Status {
        status: u16,
        body: Option<String>,
        content_type: Option<String>,
        #[serde(default)]
        headers: BTreeMap<String, String>,
    },
    /// 503 as a problem.
    Unavailable,
    /// A page of the edge.
    Html { status: u16 },
    /// A status and nothing else.
    Empty { status: u16 },
    /// The right answer, late.
    Slow { millis: u64 },
    /// The connection is closed without an answer.
    Dropped,
    /// Half of the body, then the connection breaks.
    Truncated,
    /// Half of the JSON as a whole body.
    TruncatedJson,
    /// The numbers of the first tweet have wrong types.
    MalformedValue,
    /// Metrics that nobody knows.
    UnknownFields,
    /// These tweets are not given, with an error.
    PartialErrors { tweets: Vec<String>, problem: Problem },
    /// These tweets are not given, without a word.
    Omit { tweets: Vec<String> },
    /// 402: no credits.
    CreditsDepleted,
    /// 403: the spending limit of the billing cycle.
    SpendCap { reset_date: String },
    /// 429: the monthly cap of posts.
    UsageCapped,
    /// 401.
    Unauthorized,
    /// 403: the plan lacks this system.
    ClientNotEnrolled,
    /// 302.
    Redirect { location: String },
    /// 200 with so many bytes of JSON.
    Huge { bytes: usize },
    /// Headers and half of the body, then silence.
    Stall,
    /// The names of the OpenAPI from 2.167 on.
    Names { style: Style },
    /// Only one of `tweet.fields` and `post.fields` is known.
    FieldsParameter { only: String },
}

/// Shape of a refusal.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Shape {
    #[default]
    Problem,
    V1,
}

/// Whose names X uses.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Style {
    Tweet,
    Post,
}

/// Why a tweet is not given.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Problem {
    NotFound,
    NotAuthorized,
    Unavailable,
    Field,
}

impl Kind {
    /// Its name on the dial.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::RateLimited { .. } => "rate_limited",
            Self::RateLimited24h { .. } => "rate_limited_24h",
            Self::Status { .. } => "status",
            Self::Unavailable => "unavailable",
            Self::Html { .. } => "html",
            Self::Empty { .. } => "empty",
            Self::Slow { .. } => "slow",
            Self::Dropped => "dropped",
            Self::Truncated => "truncated",
            Self::TruncatedJson => "truncated_json",
            Self::MalformedValue => "malformed_value",
            Self::UnknownFields => "unknown_fields",
            Self::PartialErrors { .. } => "partial_errors",
            Self::Omit { .. } => "omit",
            Self::CreditsDepleted => "credits_depleted",
            Self::SpendCap { .. } => "spend_cap",
            Self::UsageCapped => "usage_capped",
            Self::Unauthorized => "unauthorized",
            Self::ClientNotEnrolled => "client_not_enrolled",
            Self::Redirect { .. } => "redirect",
            Self::Huge { .. } => "huge",
            Self::Stall => "stall",
            Self::Names { .. } => "names",
            Self::FieldsParameter { .. } => "fields_parameter",
        }
    }

    /// The answer that takes the place of the endpoint's, for those kinds that have one.
    pub(crate) fn answer(&self, now: Timestamp) -> Option<Answer> {
        let answer = match self {
            Self::RateLimited { reset_in_seconds, shape } => rate_limited(now, *reset_in_seconds, *shape),
            Self::RateLimited24h { reset_in_seconds } => rate_limited_24h(now, *reset_in_seconds),
            Self::Status { status, body, content_type, headers } => {
                let headers = headers.iter().map(|(name, value)| (name.clone(), value.clone()));
                let kind = content_type.as_deref().unwrap_or("application/json");
                with(raw(*status, kind, body.clone().unwrap_or_default()), headers)
            }
            Self::Unavailable => problem(503, "Service Unavailable", "about:blank", json!({})),
            Self::Html { status } => {
                raw(*status, "text/html", "<html><body><h1>Something went wrong</h1></body></html>".to_owned())
            }
            Self::Empty { status } => raw(*status, "text/plain", String::new()),
            Self::CreditsDepleted => problem(
                402,
                "CreditsDepleted",
                "credits",
                json!({ "detail": "Your enrolled account [1] does not have any credits." }),
            ),
            Self::SpendCap { reset_date } => {
                problem(403, "SpendCapReached", "credits", json!({ "account_id": 1, "reset_date": reset_date }))
            }
            Self::UsageCapped => {
                let more =
                    json!({ "detail": "Usage cap exceeded: Monthly product cap", "period": "Monthly", "scope": "Product" });
                problem(429, "UsageCapExceeded", "usage-capped", more)
            }
            Self::Unauthorized => problem(401, "Unauthorized", "about:blank", json!({})),
            Self::ClientNotEnrolled => {
                let more = json!({ "reason": "client-not-enrolled", "required_enrollment": "Appropriate Level of API Access" });
                problem(403, "Client Forbidden", "client-forbidden", more)
            }
            Self::Redirect { location } => {
                with(raw(302, "text/plain", String::new()), [("location".to_owned(), location.clone())].into_iter())
            }
            Self::Huge { bytes } => {
                raw(200, "application/json", format!("{{\"data\":[\"{}\"]}}", "x".repeat((*bytes).min(1 << 30))))
            }
            _ => return None,
        };
        Some(answer)
    }
}

fn raw(status: u16, content_type: &str, body: String) -> Answer {
    let headers = vec![("content-type".to_owned(), content_type.to_owned())];
    Answer { headers, body: body.into(), ..Answer::json(status, &Value::Null) }
}

fn with(mut answer: Answer, headers: impl Iterator<Item = (String, String)>) -> Answer {
    answer.headers.extend(headers);
    answer
}

fn problem(status: u16, title: &str, segment: &str, more: Value) -> Answer {
    let kind = if segment == "about:blank" { segment.to_owned() } else { format!("{PROBLEMS}/{segment}") };
    let mut body = json!({ "title": title, "detail": title, "type": kind, "status": status });
    if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
        body.extend(more);
    }
    Answer::json(status, &body)
}

fn window(prefix: &str, limit: u32, remaining: u32, reset: i64) -> [(String, String); 3] {
    [("limit", i64::from(limit)), ("remaining", i64::from(remaining)), ("reset", reset)]
        .map(|(name, value)| (format!("{prefix}-{name}"), value.to_string()))
}

fn after(now: Timestamp, seconds: i64) -> i64 {
    now.millis().div_euclid(1000) + seconds
}

fn rate_limited(now: Timestamp, seconds: i64, shape: Shape) -> Answer {
    let answer = match shape {
        Shape::Problem => problem(429, "Too Many Requests", "about:blank", json!({})),
        Shape::V1 => Answer::json(429, &json!({ "errors": [{ "code": 88, "message": "Rate limit exceeded" }] })),
    };
    with(answer, window("x-rate-limit", 3_500, 0, after(now, seconds)).into_iter())
}

fn rate_limited_24h(now: Timestamp, seconds: i64) -> Answer {
    let quarter = after(now + Duration::from_secs(900), 0);
    let windows =
        window("x-rate-limit", 15, 9, quarter).into_iter().chain(window("x-app-limit-24hour", 100, 0, after(now, seconds)));
    with(problem(429, "Too Many Requests", "about:blank", json!({})), windows)
}
