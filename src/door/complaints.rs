//! Says in the log that requests are turned away: at most once a minute, with their number and never with a name, since a password
//! typed into the wrong field is a name, too.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::door::Refusal;
use crate::net::Peer;

const EVERY: Duration = Duration::from_secs(60);

/// When it was last said, and how many came since.
#[derive(Default)]
pub(super) struct Complaints(Mutex<(Option<Instant>, u64)>);

impl Complaints {
    /// One more was turned away.
    pub(super) fn note(&self, refusal: Refusal, peer: Peer, now: Instant) {
        if let Some(count) = self.due(now) {
            let why = match refusal {
                Refusal::WhoAreYou => "wrong user or password",
                Refusal::TooMany => "more than rate_limit allows",
                Refusal::Busy => "too many passwords are being checked",
            };
            tracing::warn!(requests = count, last_peer = %peer, last_reason = why, "requests are turned away");
        }
    }

    /// How many there are to speak of, if it is time to speak.
    fn due(&self, now: Instant) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (said, count) = *state;
        let is_due = said.is_none_or(|said| now.saturating_duration_since(said) >= EVERY);
        *state = if is_due { (Some(now), 0) } else { (said, count + 1) };
        is_due.then_some(count + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_said_at_once_and_the_others_once_a_minute() {
        let (complaints, start) = (Complaints::default(), Instant::now());
        let said = [0, 1, 59, 60, 61, 200].map(|seconds| complaints.due(start + Duration::from_secs(seconds)));
        assert_eq!(said, [Some(1), None, None, Some(3), None, Some(2)]);
    }
}
