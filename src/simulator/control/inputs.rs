//! Bodies that the control API takes. An unknown key is an error.

use serde::Deserialize;

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
}

/// Of `PUT /_simulator/tweets/<id>`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StateInput {
    pub(crate) state: State,
}
