//! The simulated clock: it drives growth and events, nothing else. Ages, signatures and rate-limit windows know the real one only.

use std::time::Duration;

use crate::model::Timestamp;

/// Runs `speed` simulated seconds in a real one.
pub(crate) struct Clock {
    real: Timestamp,
    simulated: Timestamp,
    speed: f64,
}

impl Clock {
    /// Faster than this the demo shows nothing.
    pub(crate) const FASTEST: f64 = 1_000_000.0;
    /// Farther than this nothing grows any more.
    pub(crate) const LONGEST_JUMP: f64 = 10.0 * 365.0 * 86_400.0;

    /// A clock that shows `simulated` at the real moment `real`.
    pub(crate) fn new(real: Timestamp, simulated: Timestamp, speed: f64) -> Self {
        Self { real, simulated, speed }
    }

    /// What it shows at the real moment `now`.
    pub(crate) fn at(&self, now: Timestamp) -> Timestamp {
        self.simulated + seconds(now.since(self.real).as_secs_f64() * self.speed)
    }

    /// Simulated seconds in a real one.
    pub(crate) fn speed(&self) -> f64 {
        self.speed
    }

    /// Runs at another speed from `now` on.
    pub(crate) fn run_at(&mut self, speed: f64, now: Timestamp) {
        *self = Self::new(now, self.at(now), speed);
    }

    /// Jumps ahead.
    pub(crate) fn advance(&mut self, by: f64) {
        self.simulated = self.simulated + seconds(by);
    }

    /// Why `speed` is no speed.
    pub(crate) fn check_speed(speed: f64) -> Result<(), String> {
        match (0.0..=Self::FASTEST).contains(&speed) {
            true => Ok(()),
            false => Err(format!("speed must be from 0 to {}, got {speed}", Self::FASTEST)),
        }
    }
}

fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fast_clock_runs_fast_and_a_frozen_one_stands() {
        let start = Timestamp::from_seconds(1_000);
        let mut clock = Clock::new(start, start, 60.0);
        let later = start + Duration::from_secs(10);
        assert_eq!(clock.at(later), start + Duration::from_secs(600));
        clock.run_at(0.0, later);
        assert_eq!(clock.at(later + Duration::from_secs(99)), start + Duration::from_secs(600));
        clock.advance(5.0);
        assert_eq!(clock.at(later), start + Duration::from_secs(605));
        assert!(Clock::check_speed(f64::NAN).is_err() && Clock::check_speed(-1.0).is_err());
    }
}
