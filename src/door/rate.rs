//! A bucket of tokens: each request takes one, and one is added every interval.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::config::RateLimit;

/// The bucket, full at the beginning.
pub(super) struct Bucket {
    limit: RateLimit,
    state: Mutex<(f64, Instant)>,
}

impl Bucket {
    pub(super) fn new(limit: RateLimit, now: Instant) -> Self {
        Self { limit, state: Mutex::new((f64::from(limit.burst), now)) }
    }

    pub(super) fn limit(&self) -> RateLimit {
        self.limit
    }

    /// Another with as many tokens.
    pub(super) fn copy(&self) -> Self {
        let state = *self.state.lock().unwrap_or_else(PoisonError::into_inner);
        Self { limit: self.limit, state: Mutex::new(state) }
    }

    /// Takes a token if there is one.
    pub(super) fn take(&self, now: Instant) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (tokens, at) = *state;
        let added = now.saturating_duration_since(at).as_secs_f64() / self.limit.interval.as_secs_f64();
        let tokens = (tokens + added).min(f64::from(self.limit.burst));
        let is_there = tokens >= 1.0;
        *state = (tokens - f64::from(u8::from(is_there)), now.max(at));
        is_there
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_passes_then_one_an_interval() {
        let start = Instant::now();
        let bucket = Bucket::new(RateLimit { interval: Duration::from_secs(2), burst: 3 }, start);
        let at = |seconds| bucket.take(start + Duration::from_secs(seconds));
        let taken: Vec<bool> = [0, 0, 0, 0, 1, 2, 2, 3, 4, 100, 100, 100, 100, 99].into_iter().map(at).collect();
        let expected = [true, true, true, false, false, true, false, false, true, true, true, true, false, false];
        assert_eq!(taken, expected);
    }
}
