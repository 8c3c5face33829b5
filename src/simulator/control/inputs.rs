//! Bodies that the control API takes. An unknown key is an error.

use serde::Deserialize;

use crate::simulator::systems::{Enrolment, Insights, Labs, Listing};
use crate::simulator::tweet::State;

/// Of `PUT /_simulator/clock`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClockInput {
    pub(crate) speed: Option<f64>,
    pub(crate) advance_seconds: Option<f64>,
}

/// Of `POST /_simulator/tweets`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TweetsInput {
    pub(crate) account: String,
    pub(crate) count: usize,
    pub(crate) age_seconds: u64,
    #[serde(default)]
    pub(crate) kind: Kind,
}

/// Of which kind a new tweet is.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    #[default]
    Plain,
    Reply,
    Retweet,
    Video,
}

/// Of `PUT /_simulator/systems`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SystemsInput {
    pub(crate) account: Option<String>,
    pub(crate) analytics: Option<Enrolment>,
    pub(crate) insights: Option<Insights>,
    pub(crate) labs: Option<Labs>,
    pub(crate) engagement: Option<Listing>,
    pub(crate) engagement_per_minute: Option<u32>,
}

/// Of `PUT /_simulator/oauth2`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Oauth2Input {
    pub(crate) account: Option<String>,
    pub(crate) lifetime_seconds: Option<u32>,
    pub(crate) redirect_uri: Option<String>,
}

/// Of `POST /_simulator/oauth2/expire` and `…/revoke`; the body may be empty.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WhoInput {
    pub(crate) account: Option<String>,
}

/// Of `PUT /_simulator/tweets/<id>`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StateInput {
    pub(crate) state: State,
}
