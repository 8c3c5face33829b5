//! What a failed call means for whoever plans the next one.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{Refusal, Timestamp, TweetId};

/// Why a call brought nothing, in terms of what to do next. X's many error shapes are mapped to these few in `x_api`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// A window of requests is used up; it opens again then, if X said so.
    RateLimited {
        /// End of the window.
        until: Option<Timestamp>,
    },
    /// Credits, spending cap or usage cap: only money or a new billing cycle helps.
    PaymentRefused {
        /// When X says that the cap ends.
        until: Option<Timestamp>,
    },
    /// The token is wrong, expired or revoked; no call with it can succeed.
    CredentialRefused,
    /// There is no token to call with right now, for a reason that may be gone soon: this credential's calls wait.
    Tokenless {
        /// For so long.
        retry_after: Option<Duration>,
    },
    /// The call never left: what it may cost could not be kept on disk. Nothing that may cost leaves.
    Unbooked {
        /// For so long.
        retry_after: Duration,
    },
    /// This credential may not use this system.
    Forbidden,
    /// X refuses the request whole because of ids in it; none are named if X does not say which.
    Invalid {
        /// Ids of the request that X named, and what it holds against each.
        culprits: Vec<(TweetId, Refusal)>,
    },
    /// X forbids the request whole and does not say for whose sake: the caller's, or that of an id in it.
    Doubtful,
    /// The system is closed to this app, or to everybody: it is not asked again before the configuration is loaded anew.
    Closed,
    /// A fault of X or of the network: the same call may succeed later.
    Transient {
        /// X's own wish, from `retry-after`.
        retry_after: Option<Duration>,
    },
}

/// Whether X charges for a call that brought nothing. It bills no answer but a 200 (x-api.md 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Billed {
    /// It was refused, or never left.
    No,
    /// It left, and no answer came: it counts as paid, once.
    Perhaps,
    /// X answered with 200, and it could not be read.
    Yes,
}

/// Which window of requests a limit is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateWindow {
    /// `x-rate-limit-*`
    FifteenMinutes,
    /// `x-app-limit-24hour-*` or `x-user-limit-24hour-*`
    Day,
    /// `x-per-minute-*`
    Minute,
}

impl RateWindow {
    /// Every window.
    pub const ALL: [Self; 3] = [Self::FifteenMinutes, Self::Day, Self::Minute];

    /// Value of the `window` label.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FifteenMinutes => "15m",
            Self::Day => "24h",
            Self::Minute => "1m",
        }
    }

    /// How long a whole window is.
    pub const fn length(self) -> Duration {
        Duration::from_secs(match self {
            Self::FifteenMinutes => 900,
            Self::Day => 86_400,
            Self::Minute => 60,
        })
    }
}

/// What X's headers say about one window of one credential and system (X's "Rate Limits").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateLimit {
    /// Which window.
    pub window: RateWindow,
    /// Requests in a whole window.
    pub limit: Option<u64>,
    /// Requests left.
    pub remaining: Option<u64>,
    /// When the window ends.
    pub reset: Option<Timestamp>,
}
