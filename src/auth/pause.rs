//! How long to leave a token endpoint alone that failed.

use std::time::Duration;

use crate::model::Timestamp;

/// Doubling pauses: 5 s, 10 s, 20 s …
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pause {
    times: u32,
    length: Duration,
    until: Option<Timestamp>,
}

const FIRST: Duration = Duration::from_secs(5);

impl Pause {
    /// What is left of it; nothing when an attempt may be made.
    pub(super) fn left(&self, now: Timestamp) -> Option<Duration> {
        let left = self.until?.since(now);
        // More than the whole is the mark of a clock that was set back.
        (!left.is_zero() && left <= self.length).then_some(left)
    }

    /// An attempt failed: the next one waits twice as long, but no longer than this.
    pub(super) fn fail(&mut self, longest: Duration, now: Timestamp) {
        self.length = FIRST.saturating_mul(1 << self.times.min(16)).min(longest);
        self.until = Some(now + self.length);
        self.times += 1;
    }

    /// An attempt succeeded.
    pub(super) fn end(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_begin_anew_after_a_success() {
        let (mut pause, mut now) = (Pause::default(), Timestamp::from_seconds(1_000));
        assert_eq!(pause.left(now), None);
        for seconds in [5, 10, 20, 40, 60, 60] {
            pause.fail(Duration::from_secs(60), now);
            assert_eq!(pause.left(now), Some(Duration::from_secs(seconds)));
            assert_eq!(pause.left(now - Duration::from_secs(1)), None, "the clock was set back");
            now = now + Duration::from_secs(seconds);
            assert_eq!(pause.left(now), None);
        }
        pause.end();
        pause.fail(Duration::from_secs(60), now);
        assert_eq!(pause.left(now), Some(FIRST));
    }
}
