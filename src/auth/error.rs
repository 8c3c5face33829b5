//! Why a call cannot identify itself, and for whom that is a task.

use std::fmt;
use std::time::Duration;

use crate::net::SendFault;
use crate::self_metrics::ErrorReason;

/// No `Authorization` header, or no token, could be had.
#[derive(Clone, Debug)]
pub enum AuthError {
    /// Only a person can help: the text says what to do.
    Refused(String),
    /// Likewise, but X was not even asked: it is this computer where something is amiss.
    Unusable(String),
    /// It may be gone next time.
    Transient {
        /// What went wrong.
        reason: ErrorReason,
        /// For people.
        detail: String,
        /// When the next attempt is made; before it, asking again is of no use.
        retry_after: Option<Duration>,
    },
}

impl AuthError {
    pub(super) fn transient(reason: ErrorReason, detail: impl Into<String>) -> Self {
        Self::Transient { reason, detail: detail.into(), retry_after: None }
    }

    /// A fault on this computer: no request was made for it.
    pub(super) fn local(detail: impl Into<String>) -> Self {
        Self::transient(ErrorReason::CredentialUnusable, detail)
    }

    /// The same, to be tried again after this pause.
    pub(super) fn after(self, pause: Option<Duration>) -> Self {
        match self {
            Self::Transient { reason, detail, .. } => Self::Transient { reason, detail, retry_after: pause },
            final_one @ (Self::Refused(_) | Self::Unusable(_)) => final_one,
        }
    }

    /// Value of the `reason` label.
    pub fn reason(&self) -> ErrorReason {
        match self {
            Self::Refused(_) => ErrorReason::CredentialRefused,
            Self::Unusable(_) => ErrorReason::CredentialUnusable,
            Self::Transient { reason, .. } => *reason,
        }
    }
}

/// Where on the way it failed, as the metrics call it.
pub(super) fn reason(fault: SendFault) -> ErrorReason {
    match fault {
        SendFault::Timeout => ErrorReason::Timeout,
        SendFault::Connect => ErrorReason::Connect,
        SendFault::Tls => ErrorReason::Tls,
        SendFault::Proxy => ErrorReason::Proxy,
        SendFault::Network => ErrorReason::Network,
        SendFault::TooLarge => ErrorReason::TooLarge,
    }
}

impl fmt::Display for AuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(detail) | Self::Unusable(detail) | Self::Transient { detail, .. } => f.write_str(detail),
        }
    }
}

impl std::error::Error for AuthError {}
