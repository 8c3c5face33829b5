//! Why a call failed: for the planner, for the metrics and for people.

use std::fmt;

use crate::model::{Billed, Failure};
use crate::net::{SendError, SendFault};
use crate::self_metrics::ErrorReason;

/// A failed call.
#[derive(Clone, Debug)]
pub struct ApiError {
    /// What to do next.
    pub failure: Failure,
    /// Value of the `reason` label.
    pub reason: ErrorReason,
    /// What happened, for people: one line, no secret.
    pub detail: String,
    /// Whether X charges for it all the same.
    pub billed: Billed,
}

impl ApiError {
    /// The answer was longer than what is read of one: whoever asks for less may get one.
    pub fn is_too_large(&self) -> bool {
        self.reason == ErrorReason::TooLarge
    }

    /// A fault that may be gone next time.
    pub(super) fn transient(reason: ErrorReason, detail: impl Into<String>) -> Self {
        Self { failure: Failure::Transient { retry_after: None }, reason, detail: detail.into(), billed: Billed::No }
    }

    /// A 200 whose body is not what X documents.
    pub(super) fn malformed(detail: impl Into<String>) -> Self {
        Self { billed: Billed::Yes, ..Self::transient(ErrorReason::Malformed, detail) }
    }
}

impl From<SendError> for ApiError {
    fn from(error: SendError) -> Self {
        let reason = match error.fault {
            SendFault::Timeout => ErrorReason::Timeout,
            SendFault::Connect => ErrorReason::Connect,
            SendFault::Tls => ErrorReason::Tls,
            SendFault::Proxy => ErrorReason::Proxy,
            SendFault::Network => ErrorReason::Network,
            SendFault::TooLarge => ErrorReason::TooLarge,
        };
        let billed = match error.status {
            Some(200) => Billed::Yes,
            None if error.has_left => Billed::Perhaps,
            _ => Billed::No,
        };
        Self { billed, ..Self::transient(reason, error.detail) }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for ApiError {}
