//! X's rate limits: fixed windows of 15 minutes, a pool for each credential and endpoint (x-api.md, sections 4.4 and 4.5).

use std::collections::HashMap;
use std::time::Duration;

use crate::model::{CredentialKind, Timestamp};
use crate::simulator::gate::Caller;

/// Requests in a window; `None`: that kind of credential cannot call.
#[derive(Clone, Copy)]
pub(crate) struct Allowance {
    /// With an app-only token.
    pub(crate) app: Option<u32>,
    /// In a user's context.
    pub(crate) user: Option<u32>,
}

/// What is left after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) limit: u32,
    pub(crate) remaining: u32,
    pub(crate) reset: Timestamp,
    /// Whether this very request was one too many.
    pub(crate) exceeded: bool,
}

/// Open windows. There are as many as credentials times endpoints.
#[derive(Default)]
pub(crate) struct Limits {
    windows: HashMap<(usize, CredentialKind, &'static str), (Timestamp, u32)>,
}

/// Length of a window.
pub(crate) const WINDOW: Duration = Duration::from_secs(15 * 60);

impl Allowance {
    /// What holds for a kind of credential.
    pub(crate) fn of(self, kind: CredentialKind) -> Option<u32> {
        if kind.is_user() { self.user } else { self.app }
    }
}

impl Limits {
    /// Counts a request at the real moment `now`.
    pub(crate) fn count(&mut self, caller: Caller, endpoint: &'static str, limit: u32, now: Timestamp) -> Standing {
        let window = self.windows.entry((caller.account, caller.kind, endpoint)).or_insert((now + WINDOW, 0));
        if now >= window.0 {
            *window = (now + WINDOW, 0);
        }
        let exceeded = window.1 >= limit;
        window.1 += u32::from(!exceeded);
        Standing { limit, remaining: limit - window.1, reset: window.0, exceeded }
    }
}

impl Standing {
    /// The headers that every answer carries.
    pub(crate) fn headers(self) -> Vec<(&'static str, String)> {
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

    #[test]
    fn a_window_is_used_up_and_opens_again() {
        let caller = Caller { account: 0, kind: CredentialKind::Bearer, user: None };
        let now = Timestamp::from_seconds(1_000_000);
        let mut limits = Limits::default();
        let count = |limits: &mut Limits, now| limits.count(caller, "a", 2, now);
        assert_eq!([0; 3].map(|_| count(&mut limits, now).exceeded), [false, false, true]);
        assert!(!limits.count(caller, "b", 2, now).exceeded, "each endpoint has its own window");
        let later = count(&mut limits, now + WINDOW);
        assert_eq!((later.exceeded, later.remaining, later.reset), (false, 1, now + WINDOW + WINDOW));
    }
}
