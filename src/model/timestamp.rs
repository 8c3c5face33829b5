//! A moment, to the millisecond.

use std::fmt;
use std::num::NonZeroU64;
use std::ops::{Add, Sub};
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z. Arithmetic saturates, so that no input can make it panic.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "i64", into = "i64")]
pub struct Timestamp(
    /// Counted from the first moment, which is 1: so an `Option` takes no more room, and a tweet has many of them.
    NonZeroU64,
);

impl Timestamp {
    /// A moment that lies before every other.
    pub const MIN: Self = Self(NonZeroU64::MIN);
    /// A moment that lies after every other.
    pub const MAX: Self = Self(NonZeroU64::MAX);

    /// Of 1970.
    const ZERO: u64 = 1 << 63;

    /// From milliseconds since 1970.
    pub const fn from_millis(millis: i64) -> Self {
        match NonZeroU64::new(millis.cast_unsigned() ^ Self::ZERO) {
            Some(place) => Self(place),
            None => Self::MIN,
        }
    }

    /// From whole seconds since 1970, as X's `…-reset` headers carry them.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self::from_millis(seconds.saturating_mul(1000))
    }

    /// Milliseconds since 1970.
    pub const fn millis(self) -> i64 {
        (self.0.get() ^ Self::ZERO).cast_signed()
    }

    /// Seconds since 1970 with a fraction: what Prometheus wants.
    pub fn seconds(self) -> f64 {
        self.millis() as f64 / 1000.0
    }

    /// How long this is after `earlier`; zero when it is not.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.get().saturating_sub(earlier.0.get()))
    }

    /// The same moment without its milliseconds.
    pub const fn whole_second(self) -> Self {
        Self::from_seconds(self.millis().div_euclid(1000))
    }

    /// Number of the UTC day, counted from 1970-01-01: X charges by UTC calendar days ("Usage and Billing").
    pub const fn utc_day(self) -> i64 {
        self.millis().div_euclid(86_400_000)
    }

    /// Days of the UTC calendar month that are not over, today included.
    pub fn days_left_in_month(self) -> u64 {
        let moment = jiff::Timestamp::from_millisecond(self.millis()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let date = moment.to_zoned(jiff::tz::TimeZone::UTC).date();
        u64::from((date.days_in_month() - date.day() + 1).unsigned_abs())
    }

    /// Number of the UTC calendar month: year × 12 + month − 1.
    pub fn utc_month(self) -> i64 {
        let moment = jiff::Timestamp::from_millisecond(self.millis()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let date = moment.to_zoned(jiff::tz::TimeZone::UTC).date();
        i64::from(date.year()) * 12 + i64::from(date.month()) - 1
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        let before = self.0.get().saturating_sub(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX));
        NonZeroU64::new(before).map_or(Self::MIN, Self)
    }
}

impl From<i64> for Timestamp {
    fn from(millis: i64) -> Self {
        Self::from_millis(millis)
    }
}

impl From<Timestamp> for i64 {
    fn from(moment: Timestamp) -> Self {
        moment.millis()
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => Self::from_millis(0) + after,
            Err(before) => Self::from_millis(0) - before.duration(),
        }
    }
}

impl FromStr for Timestamp {
    type Err = jiff::Error;

    /// Reads RFC 3339, as X writes `created_at`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse::<jiff::Timestamp>().map(|moment| Self::from_millis(moment.as_millisecond()))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Timestamp").field(&self.millis()).finish()
    }
}

/// RFC 3339 in UTC with whole seconds, as X's `start_time` wants it.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_second(self.millis().div_euclid(1000)) {
            Ok(moment) => moment.fmt(f),
            Err(_) => write!(f, "{} ms since 1970", self.millis()),
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
    fn order_and_distance_are_those_of_the_milliseconds() {
        let millis = [i64::MIN, i64::MIN + 1, -2, -1, 0, 1, 1_767_225_600_123, i64::MAX];
        let moments = millis.map(Timestamp::from_millis);
        assert!(moments.is_sorted() && moments[1..].windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(moments.map(Timestamp::millis)[1..], millis[1..]);
        assert_eq!(moments[5].since(moments[2]), Duration::from_millis(3));
        assert_eq!(moments[2] + Duration::from_millis(3), moments[5]);
        assert_eq!(moments[5] - Duration::from_millis(3), moments[2]);
        let written = serde_json::to_string(&moments[6]).expect("a number");
        assert_eq!((written.as_str(), serde_json::from_str(&written).ok()), ("1767225600123", Some(moments[6])));
    }

    #[test]
    fn none_takes_no_room() {
        assert_eq!(size_of::<Option<Timestamp>>(), size_of::<u64>());
    }

    #[test]
    fn is_written_as_rfc_3339() {
        assert_eq!(Timestamp::from_seconds(1_767_225_600).to_string(), "2026-01-01T00:00:00Z");
    }
}
