//! X's rate limits: fixed windows of 15 minutes, a pool for each credential and endpoint (x-api.md, sections 4.4 and 4.5).

use std::collections::HashMap;
use std::time::Duration;

use crate::model::{CredentialKind, Timestamp};
use crate::simulator::gate::Caller;
use crate::simulator::systems::{System, Systems};

/// Requests in a window; `None`: that kind of credential cannot call.
#[derive(Clone, Copy)]
pub(crate) struct Allowance {
    /// With an app-only token.
    pub(crate) app: Option<u32>,
    /// In a user's context.
    pub(crate) user: Option<u32>,
}

/// A limit as it holds for one caller.
#[derive(Clone, Copy)]
pub(crate) struct Quota {
    pub(crate) limit: u32,
    pub(crate) window: Duration,
}

/// What is left after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) limit: u32,
    pub(crate) remaining: u32,
    pub(crate) reset: Timestamp,
    /// Whether this very request was one too many.
    pub(crate) exceeded: bool,
    /// Length of the window.
    pub(crate) window: Duration,
}

/// Open windows. There are as many as credentials times endpoints.
#[derive(Default)]
pub(crate) struct Limits {
    windows: HashMap<(usize, CredentialKind, &'static str), (Timestamp, u32)>,
}

/// Length of a window of v2.
pub(crate) const WINDOW: Duration = Duration::from_secs(15 * 60);
/// Length of a window of the Engagement API.
const MINUTE: Duration = Duration::from_secs(60);

impl Allowance {
    /// What holds for a kind of credential.
    pub(crate) fn of(self, kind: CredentialKind) -> Option<u32> {
        if kind.is_user() { self.user } else { self.app }
    }
}

impl Quota {
    /// What holds for `kind` in a system; nothing, if it cannot call.
    pub(crate) fn of(allowance: Allowance, kind: CredentialKind, system: System, systems: &Systems) -> Option<Self> {
        let limit = allowance.of(kind)?;
        Some(match system {
            System::Engagement => Self { limit: systems.engagement_per_minute, window: MINUTE },
            _ => Self { limit, window: WINDOW },
        })
    }
}

impl Limits {
    /// Counts a request at the real moment `now`.
    pub(crate) fn count(&mut self, caller: Caller, endpoint: &'static str, quota: Quota, now: Timestamp) -> Standing {
        let Quota { limit, window: length } = quota;
        let window = self.windows.entry((caller.account, caller.kind, endpoint)).or_insert((now + length, 0));
        if now >= window.0 {
            *window = (now + length, 0);
        }
        let exceeded = window.1 >= limit;
        window.1 += u32::from(!exceeded);
        Standing { limit, remaining: limit.saturating_sub(window.1), reset: window.0, exceeded, window: length }
    }
}

impl Standing {
    /// The headers that every answer carries.
    pub(crate) fn headers(self) -> Vec<(&'static str, String)> {
        if self.window == MINUTE {
            return vec![("x-per-minute-limit", self.limit.to_string()), ("x-per-minute-remaining", self.remaining.to_string())];
        }
        vec![
            ("x-rate-limit-limit", self.limit.to_string()),
            ("x-rate-limit-remaining", self.remaining.to_string()),
            ("x-rate-limit-reset", self.reset.millis().div_euclid(1000).to_string()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::gate::Scopes;

    #[test]
    fn a_window_is_used_up_and_opens_again() {
        let caller = Caller { account: 0, kind: CredentialKind::Bearer, user: None, scopes: Scopes::ALL };
        let now = Timestamp::from_seconds(1_000_000);
        let mut limits = Limits::default();
        let quota = Quota { limit: 2, window: WINDOW };
        let count = |limits: &mut Limits, now| limits.count(caller, "a", quota, now);
        assert_eq!([0; 3].map(|_| count(&mut limits, now).exceeded), [false, false, true]);
        assert!(!limits.count(caller, "b", quota, now).exceeded, "each endpoint has its own window");
        let later = count(&mut limits, now + WINDOW);
        assert_eq!((later.exceeded, later.remaining, later.reset), (false, 1, now + WINDOW + WINDOW));
    }
}
