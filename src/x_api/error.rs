//! Why a call failed: for the planner, for the metrics and for people.

use std::fmt;

use crate::model::Failure;
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
    /// X answered with 200: it may charge for what could not be read.
    pub charged: bool,
}

impl ApiError {
    /// A fault that may be gone next time.
    pub(super) fn transient(reason: ErrorReason, detail: impl Into<String>) -> Self {
        Self { failure: Failure::Transient { retry_after: None }, reason, detail: detail.into(), charged: false }
    }

    /// A 200 whose body is not what X documents.
    pub(super) fn malformed(detail: impl Into<String>) -> Self {
        Self { charged: true, ..Self::transient(ErrorReason::Malformed, detail) }
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
        Self { charged: error.status == Some(200), ..Self::transient(reason, error.detail) }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for ApiError {}
