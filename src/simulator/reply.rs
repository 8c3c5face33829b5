//! What an endpoint says, before it becomes bytes; and X's problem shapes (x-api.md, sections 4.1 and 4.2).

use serde_json::{Value, json};

use crate::model::PriceClass;

/// An answer of an endpoint.
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// `null`: no body; a text: a page, sent as it is.
    pub(crate) body: Value,
    /// What X charges for: class and id of every resource returned.
    pub(crate) billed: Vec<(PriceClass, u64)>,
    pub(crate) headers: Vec<(&'static str, String)>,
}

/// A parameter that X refuses.
pub(crate) struct Invalid {
    pub(crate) parameter: String,
    pub(crate) value: String,
    pub(crate) message: String,
}

/// Base of the problem types.
pub(crate) const PROBLEMS: &str = "https://api.twitter.com/2/problems";

impl Reply {
    /// An answer with data.
    pub(crate) fn ok(body: Value, billed: Vec<(PriceClass, u64)>) -> Self {
        Self { status: 200, body, billed, headers: Vec::new() }
    }

    /// A refusal of the whole request.
    pub(crate) fn refused(status: u16, body: Value) -> Self {
        Self { status, body, billed: Vec::new(), headers: Vec::new() }
    }

    /// A refusal that only says its status.
    pub(crate) fn blank(status: u16, title: &str) -> Self {
        Self::refused(status, json!({ "title": title, "detail": title, "type": "about:blank", "status": status }))
    }

    /// 400 that names every wrong parameter.
    pub(crate) fn invalid(wrong: &[Invalid]) -> Self {
        let error = |wrong: &Invalid| {
            let parameter = wrong.parameter.as_str();
            json!({ "parameters": { parameter: [wrong.value] }, "message": wrong.message })
        };
        let body = json!({
            "errors": wrong.iter().map(error).collect::<Vec<_>>(),
            "title": "Invalid Request",
            "detail": "One or more parameters to your request was invalid.",
            "type": format!("{PROBLEMS}/invalid-request"),
        });
        Self::refused(400, body)
    }

    /// A refusal in the Engagement API's shape: sentences.
    pub(crate) fn texts(status: u16, errors: &[&str]) -> Self {
        Self::refused(status, json!({ "errors": errors }))
    }

    /// A refusal in OAuth 2.0's shape.
    pub(crate) fn oauth2(status: u16, error: &str, description: &str) -> Self {
        Self::refused(status, json!({ "error": error, "error_description": description }))
    }

    /// 403 for a user where an app-only token must call.
    pub(crate) fn app_only() -> Self {
        Self::unsupported(
            "Authenticating with a user context is forbidden for this endpoint. \
            Supported authentication types are [OAuth 2.0 Application-Only].",
        )
    }

    /// 403 for an app-only token where a user must call.
    pub(crate) fn user_only() -> Self {
        Self::unsupported(
            "Authenticating with OAuth 2.0 Application-Only is forbidden for this endpoint. \
            Supported authentication types are [OAuth 1.0a User Context, OAuth 2.0 User Context].",
        )
    }

    fn unsupported(detail: &str) -> Self {
        let body = json!({
            "title": "Unsupported Authentication",
            "detail": detail,
            "type": format!("{PROBLEMS}/unsupported-authentication"),
            "status": 403,
        });
        Self::refused(403, body)
    }
}

/// Why X does not give one resource of many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// Deleted, or it never existed.
    NotFound,
    /// Protected.
    NotAuthorized,
    /// Withheld.
    Unavailable,
}

/// An entry of `errors[]` for a resource that is not given. `kind` is X's word for it, `value` how it was asked for.
pub(crate) fn missing(why: Missing, kind: &str, parameter: &str, value: &str) -> Value {
    let (title, segment, detail) = match why {
        Missing::NotFound => {
            ("Not Found Error", "resource-not-found", format!("Could not find {kind} with {parameter}: [{value}]."))
        }
        Missing::NotAuthorized => (
            "Authorization Error",
            "not-authorized-for-resource",
            format!("Sorry, you are not authorized to see the {kind} with {parameter}: [{value}]."),
        ),
        Missing::Unavailable => (
            "Resource Unavailable Error",
            "resource-unavailable",
            format!("The {kind} with {parameter}: [{value}] is not available."),
        ),
    };
    json!({
        "resource_type": kind, "resource_id": value, "parameter": parameter, "value": value,
        "title": title, "detail": detail, "type": format!("{PROBLEMS}/{segment}"),
    })
}

/// An entry of `errors[]` for one refused sub-field of a tweet's own, such as `non_public_metrics.impression_count`.
pub(crate) fn refused_field(parameter: &str, tweet: &str, field: &str) -> Value {
    json!({
        "resource_type": "tweet", "resource_id": tweet, "parameter": parameter, "value": tweet,
        "section": "data", "field": field, "title": "Field Authorization Error",
        "detail": format!("Sorry, you are not authorized to access '{field}' on the Tweet with {parameter} : [{tweet}]."),
        "type": format!("{PROBLEMS}/not-authorized-for-field"),
    })
}

/// The same for a medium that hangs on a tweet.
pub(crate) fn refused_media_field(media_key: &str, field: &str) -> Value {
    json!({
        "resource_type": "media", "resource_id": media_key, "parameter": "attachments.media_keys", "value": media_key,
        "section": "includes", "field": field, "title": "Field Authorization Error",
        "detail": format!("Sorry, you are not authorized to access '{field}' on the Media with media_keys : [{media_key}]."),
        "type": format!("{PROBLEMS}/not-authorized-for-field"),
    })
}
