//! The kinds of faults, as the control API takes them.

use std::collections::BTreeMap;
use std::time::Duration;

use hyper::header::{HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::Value;

use crate::simulator::answer::{Answer, Delivery};
use crate::simulator::call::Call;
use crate::simulator::endpoints::engagement;
use crate::simulator::journal::asked_ids;

/// What goes wrong. The names and fields are described in the simulator's module page.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Fault {
    RateLimited {
        reset_in_seconds: u32,
        #[serde(default)]
        shape: Shape,
    },
    #[serde(rename = "rate_limited_24h")]
    RateLimited24h {
        #[serde(default = "one_day")]
        reset_in_seconds: u32,
    },
    Status {
        status: u16,
        body: Option<Value>,
        content_type: Option<String>,
        #[serde(default)]
        headers: BTreeMap<String, String>,
    },
    Unavailable {},
    Html {
        status: u16,
    },
    Empty {
        status: u16,
    },
    Slow {
        millis: u64,
    },
    Dropped {},
    Truncated {},
    TruncatedJson {},
    Stall {},
    Huge {
        bytes: u64,
    },
    MalformedValue {
        tweet: Option<String>,
    },
    UnknownFields {},
    PartialErrors {
        tweets: Vec<String>,
        problem: Problem,
    },
    Omit {
        tweets: Vec<String>,
    },
    CreditsDepleted {
        #[serde(default)]
        wording: Wording,
    },
    SpendCap {
        reset_date: String,
    },
    UsageCapped {},
    Unauthorized {},
    ClientNotEnrolled {},
    Redirect {
        location: String,
    },
    Names {
        style: Style,
    },
    FieldsParameter {
        only: FieldsName,
    },
    Poison {
        tweets: Vec<String>,
        #[serde(default = "forbidden")]
        status: u16,
        #[serde(default)]
        named: bool,
        #[serde(default)]
        bare: bool,
    },
    EmptyPage {},
    AnalyticsShape {
        shape: DataShape,
    },
    Integers {},
    ForbiddenPerAuthor {},
    Insights {
        layout: Option<Layout>,
        encoding: Option<Encoding>,
    },
    Reissue {
        error: TokenError,
    },
}

/// Shape of `data` in an analytics answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DataShape {
    /// One item, the first, as itself.
    Object,
    /// The usual one.
    Array,
    /// `data.data`.
    Nested,
    /// Metrics on the item, an item for each bucket.
    Flat,
}

/// What a measurement of the insights consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Layout {
    /// `metrics_total`
    Total,
    /// `metrics_time_series`
    Series,
    /// Both.
    Both,
}

/// How the insights want their lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Encoding {
    /// One parameter with commas.
    Comma,
    /// A parameter for each value.
    Repeated,
}

/// How a token endpoint refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TokenError {
    /// 503
    Unavailable,
    /// 400
    InvalidGrant,
    /// 400
    InvalidRequest,
    /// 401
    UnauthorizedClient,
}

fn forbidden() -> u16 {
    403
}

/// Body of a 429.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Shape {
    /// A problem object.
    #[default]
    Problem,
    /// `{"errors":[{"code":88,…}]}`
    V1,
}

/// Two wordings of "no credits" have been seen.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Wording {
    /// Until June 2026.
    Old,
    /// From July 2026 on.
    #[default]
    New,
}

/// Why a tweet is among the errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Problem {
    NotFound,
    NotAuthorized,
    Unavailable,
    Field,
}

/// Whose spelling the answer has.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Style {
    /// That of the specification from 2.167 on.
    Post,
    /// The usual one.
    Tweet,
}

/// Name of the parameter that selects fields.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) enum FieldsName {
    /// The usual one.
    #[serde(rename = "tweet.fields")]
    Tweet,
    /// That of the specification from 2.167 on.
    #[serde(rename = "post.fields")]
    Post,
}

fn one_day() -> u32 {
    86_400
}

/// Longest answer that `huge` can send.
const MOST_BYTES: u64 = 512 * 1024 * 1024;
/// Longest wait that `slow` can cause.
const MOST_MILLIS: u64 = 600_000;

impl Fault {
    /// Why it cannot be sent, if so.
    pub(crate) fn check(&self) -> Result<(), String> {
        match self {
            Self::Status { status, content_type, headers, .. } => {
                check_status(*status)?;
                content_type.iter().try_for_each(|value| check_header("content-type", value))?;
                headers.iter().try_for_each(|(name, value)| check_header(name, value))
            }
            Self::Html { status } | Self::Empty { status } => check_status(*status),
            Self::Slow { millis } if *millis > MOST_MILLIS => Err(format!("millis must be at most {MOST_MILLIS}, got {millis}")),
            Self::Huge { bytes } if *bytes > MOST_BYTES => Err(format!("bytes must be at most {MOST_BYTES}, got {bytes}")),
            Self::Redirect { location } => check_header("location", location),
            Self::Poison { status, .. } if ![400, 403].contains(status) => {
                Err(format!("status must be 400 or 403, got {status}"))
            }
            Self::Insights { layout: None, encoding: None } => Err("give layout, encoding or both".to_owned()),
            _ => Ok(()),
        }
    }

    /// Its name in the control API.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::RateLimited { .. } => "rate_limited",
            Self::RateLimited24h { .. } => "rate_limited_24h",
            Self::Status { .. } => "status",
            Self::Unavailable {} => "unavailable",
            Self::Html { .. } => "html",
            Self::Empty { .. } => "empty",
            Self::Slow { .. } => "slow",
            Self::Dropped {} => "dropped",
            Self::Truncated {} => "truncated",
            Self::TruncatedJson {} => "truncated_json",
            Self::Stall {} => "stall",
            Self::Huge { .. } => "huge",
            Self::MalformedValue { .. } => "malformed_value",
            Self::UnknownFields {} => "unknown_fields",
            Self::PartialErrors { .. } => "partial_errors",
            Self::Omit { .. } => "omit",
            Self::CreditsDepleted { .. } => "credits_depleted",
            Self::SpendCap { .. } => "spend_cap",
            Self::UsageCapped {} => "usage_capped",
            Self::Unauthorized {} => "unauthorized",
            Self::ClientNotEnrolled {} => "client_not_enrolled",
            Self::Redirect { .. } => "redirect",
            Self::Names { .. } => "names",
            Self::FieldsParameter { .. } => "fields_parameter",
            Self::Poison { .. } => "poison",
            Self::EmptyPage {} => "empty_page",
            Self::AnalyticsShape { .. } => "analytics_shape",
            Self::Integers {} => "integers",
            Self::ForbiddenPerAuthor {} => "forbidden_per_author",
            Self::Insights { .. } => "insights",
            Self::Reissue { .. } => "reissue",
        }
    }

    /// Whether it can strike a call at all; kinds that belong to one system let the others pass.
    pub(crate) fn concerns(&self, call: &Call) -> bool {
        match self {
            Self::Poison { tweets, .. } => asked_ids(call).iter().any(|id| tweets.contains(id)),
            Self::EmptyPage {} => call.path.starts_with("/2/users/") && call.path.ends_with("/tweets"),
            Self::AnalyticsShape { .. } => call.path.ends_with("/analytics"),
            Self::Integers {} | Self::ForbiddenPerAuthor {} => engagement::is_called(call),
            Self::Insights { .. } => call.path.starts_with("/2/insights/"),
            Self::Reissue { .. } => call.path.ends_with("/oauth2/token"),
            _ => true,
        }
    }

    /// What a measurement shall consist of.
    pub(crate) fn layout(&self) -> Option<Layout> {
        if let Self::Insights { layout, .. } = self { *layout } else { None }
    }

    /// How lists shall be written.
    pub(crate) fn encoding(&self) -> Option<Encoding> {
        if let Self::Insights { encoding, .. } = self { *encoding } else { None }
    }

    /// Changes how a normal answer is sent.
    pub(crate) fn deliver(&self, answer: &mut Answer) {
        match self {
            Self::Slow { millis } => answer.delay = Duration::from_millis(*millis),
            Self::Truncated {} => answer.delivery = Delivery::Cut,
            Self::Stall {} => answer.delivery = Delivery::Stalled,
            Self::Huge { bytes } => answer.delivery = Delivery::Padded(*bytes),
            Self::TruncatedJson {} => answer.body.truncate(answer.body.len() / 2),
            _ => {}
        }
    }
}

fn check_status(status: u16) -> Result<(), String> {
    if (200..=599).contains(&status) { Ok(()) } else { Err(format!("status must be from 200 to 599, got {status}")) }
}

fn check_header(name: &str, value: &str) -> Result<(), String> {
    let known = HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("{name:?} is no name of a header"))?;
    HeaderValue::from_str(value).map_err(|_| format!("{value:?} is no value of a header"))?;
    match ["content-length", "transfer-encoding", "connection", "content-encoding"].contains(&known.as_str()) {
        true => Err(format!("the header {known} belongs to the server")),
        false => Ok(()),
    }
}
