//! X's systems as callers meet them: who may call which, how each refuses, and what each account is let into.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::model::CredentialKind;
use crate::simulator::gate::Caller;
use crate::simulator::reply::{PROBLEMS, Reply};

/// A family of endpoints with rules of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum System {
    /// Lookup, timelines, users.
    V2,
    /// `GET /2/usage/tweets`
    Usage,
    /// `GET /2/tweets/analytics`
    Analytics,
    /// `GET /2/media/analytics`
    MediaAnalytics,
    /// `GET /2/insights/…`
    Insights,
    /// `GET /labs/1/…`
    Labs,
    /// `POST /insights/engagement/…`
    Engagement,
}

/// What an account is let into: what `PUT /_simulator/systems` turns.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Systems {
    pub(crate) analytics: Enrolment,
    pub(crate) insights: Insights,
    pub(crate) labs: Labs,
    pub(crate) engagement: Listing,
    /// Requests to the Engagement API that its contract gives a credential in a minute.
    pub(crate) engagement_per_minute: u32,
}

/// Both analytics endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Enrolment {
    /// Enterprise.
    Enrolled,
    /// 403 `client-not-enrolled`.
    NotEnrolled,
}

/// Both insights endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Insights {
    /// They answer.
    Alive,
    /// 404 with an empty body.
    Gone,
    /// 403 `client-not-enrolled`.
    NotEnrolled,
}

/// The Labs endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Labs {
    /// It answers as until October 2020.
    Alive,
    /// 404 with a page.
    Retired,
}

/// The Engagement API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Listing {
    /// X has put the app's id on its list.
    Listed,
    /// 403 for every request.
    NotListed,
}

impl Systems {
    /// A contract for everything.
    pub(crate) const ENTERPRISE: Self = Self {
        analytics: Enrolment::Enrolled,
        insights: Insights::Alive,
        labs: Labs::Retired,
        engagement: Listing::Listed,
        engagement_per_minute: 60,
    };
    /// No contract.
    pub(crate) const PAY_PER_USE: Self = Self {
        analytics: Enrolment::NotEnrolled,
        insights: Insights::NotEnrolled,
        engagement: Listing::NotListed,
        ..Self::ENTERPRISE
    };

    /// The refusal of a system that the account is not let into.
    pub(crate) fn closed(&self, system: System) -> Option<Reply> {
        match system {
            System::V2 | System::Usage => None,
            System::Analytics | System::MediaAnalytics => (self.analytics == Enrolment::NotEnrolled).then(not_enrolled),
            System::Insights => match self.insights {
                Insights::Alive => None,
                Insights::Gone => Some(Reply::refused(404, Value::Null)),
                Insights::NotEnrolled => Some(not_enrolled()),
            },
            System::Labs => (self.labs == Labs::Retired).then(retired),
            System::Engagement => (self.engagement == Listing::NotListed).then(not_listed),
        }
    }
}

fn not_enrolled() -> Reply {
    Reply::refused(403, client_not_enrolled())
}

/// The problem of an app without access.
pub(crate) fn client_not_enrolled() -> Value {
    json!({
        "title": "Client Forbidden", "type": format!("{PROBLEMS}/client-forbidden"), "reason": "client-not-enrolled",
        "detail": "When authenticating requests to the Twitter API v2 endpoints, you must use keys and tokens from a Twitter \
            developer App that is attached to a Project.",
        "client_id": "29000000", "required_enrollment": "Appropriate Level of API Access",
        "registration_url": "https://developer.twitter.com/en/docs/projects/overview",
    })
}

/// What the edge says of a path that is no more: a page.
pub(crate) fn retired() -> Reply {
    let page =
        "<!DOCTYPE html>\n<html><head><title>404</title></head><body><h1>Sorry, that page does not exist.</h1></body></html>\n";
    Reply::refused(404, Value::from(page))
}

/// The Engagement API's refusal of an app that is not on X's list.
pub(crate) fn not_listed() -> Reply {
    Reply::texts(403, &["Your application id 29000000 is not authorized to access this API."])
}

impl System {
    /// Whether a kind of credential is accepted at all, besides what the endpoint's allowance says.
    pub(crate) fn admits(self, caller: Caller) -> bool {
        match self {
            Self::Labs => caller.kind == CredentialKind::Oauth1,
            Self::Engagement => caller.kind != CredentialKind::Oauth2,
            _ => true,
        }
    }

    /// Whether the scopes of an OAuth 2.0 token are enough.
    pub(crate) fn is_in_scope(self, caller: Caller) -> bool {
        let needs_users = !matches!(self, Self::Insights | Self::MediaAnalytics);
        caller.scopes.tweet_read && (caller.scopes.users_read || !needs_users)
    }

    /// The refusal of no credential, or of one that does not hold.
    pub(crate) fn unauthenticated(self) -> Reply {
        match self {
            Self::Engagement => could_not_authenticate("bad or missing keys or tokens"),
            _ => Reply::blank(401, "Unauthorized"),
        }
    }

    /// The refusal of a credential of the wrong kind.
    pub(crate) fn wrong_kind(self, caller: Caller) -> Reply {
        match self {
            Self::Engagement if caller.kind == CredentialKind::Bearer => could_not_authenticate("missing access token"),
            Self::Engagement => could_not_authenticate("unknown authentication type"),
            Self::Usage => Reply::app_only(),
            _ => Reply::user_only(),
        }
    }

    /// The refusal of one request too many.
    pub(crate) fn exceeded(self) -> Reply {
        match self {
            Self::Engagement => Reply::texts(429, &["You have exceeded your rate limit of requests per minute."]),
            _ => Reply::blank(429, "Too Many Requests"),
        }
    }
}

fn could_not_authenticate(reason: &str) -> Reply {
    Reply::texts(401, &[&format!("Your account could not be authenticated. Reason: {reason}")])
}
