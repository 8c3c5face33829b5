//! A moment, to the millisecond.

use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z. Arithmetic saturates, so that no input can make it panic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// A moment that lies before every other.
    pub const MIN: Self = Self(i64::MIN);
    /// A moment that lies after every other.
    pub const MAX: Self = Self(i64::MAX);

    /// From milliseconds since 1970.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// From whole seconds since 1970, as X's `…-reset` headers carry them.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since 1970.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Seconds since 1970 with a fraction: what Prometheus wants.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// How long this is after `earlier`; zero when it is not.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0).max(0) as u64)
    }

    /// The same moment without its milliseconds.
    pub const fn whole_second(self) -> Self {
        Self(self.0.div_euclid(1000).saturating_mul(1000))
    }

    /// Number of the UTC day, counted from 1970-01-01: X charges by UTC calendar days ("Usage and Billing").
    pub const fn utc_day(self) -> i64 {
        self.0.div_euclid(86_400_000)
    }

    /// Days of the UTC calendar month that are not over, today included.
    pub fn days_left_in_month(self) -> u64 {
        let moment = jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let date = moment.to_zoned(jiff::tz::TimeZone::UTC).date();
        u64::from((date.days_in_month() - date.day() + 1).unsigned_abs())
    }

    /// Number of the UTC calendar month: year × 12 + month − 1.
    pub fn utc_month(self) -> i64 {
        let moment = jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let date = moment.to_zoned(jiff::tz::TimeZone::UTC).date();
        i64::from(date.year()) * 12 + i64::from(date.month()) - 1
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => Self(0) + after,
            Err(before) => Self(0) - before.duration(),
        }
    }
}

impl FromStr for Timestamp {
    type Err = jiff::Error;

    /// Reads RFC 3339, as X writes `created_at`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse::<jiff::Timestamp>().map(|moment| Self(moment.as_millisecond()))
    }
}

/// RFC 3339 in UTC with whole seconds, as X's `start_time` wants it.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_second(self.0.div_euclid(1000)) {
            Ok(moment) => moment.fmt(f),
            Err(_) => write!(f, "{} ms since 1970", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_change_at_midnight_utc() {
        for (text, day) in [("1970-01-01T23:59:59Z", 0), ("1970-01-02T00:00:00Z", 1), ("1969-12-31T23:59:59Z", -1)] {
            assert_eq!(text.parse::<Timestamp>().expect("RFC 3339").utc_day(), day, "{text}");
        }
    }

    #[test]
    fn months_change_on_the_first_at_midnight_utc() {
        for (text, month) in [("2026-01-31T23:59:59Z", 0), ("2026-02-01T00:00:00Z", 1), ("2027-01-01T00:00:00Z", 12)] {
            assert_eq!(text.parse::<Timestamp>().expect("RFC 3339").utc_month(), 2026 * 12 + month, "{text}");
        }
    }

    #[test]
    fn arithmetic_never_overflows() {
        assert_eq!(Timestamp::MAX + Duration::MAX, Timestamp::MAX);
        assert_eq!(Timestamp::MIN - Duration::MAX, Timestamp::MIN);
        assert_eq!(Timestamp::MIN.since(Timestamp::MAX), Duration::ZERO);
    }

    #[test]
    fn is_written_as_rfc_3339() {
        assert_eq!(Timestamp::from_seconds(1_767_225_600).to_string(), "2026-01-01T00:00:00Z");
    }
}
