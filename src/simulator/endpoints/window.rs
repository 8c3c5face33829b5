//! Windows of simulated time, and the buckets that they fall into.

use std::time::Duration;

use crate::model::Timestamp;

/// From one moment to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
}

/// A part of a window: where its hour or day starts, and what of it lies in the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bucket {
    pub(crate) starts: Timestamp,
    pub(crate) part: Window,
}

pub(crate) const HOUR: Duration = Duration::from_secs(3_600);
pub(crate) const DAY: Duration = Duration::from_secs(86_400);
pub(crate) const WEEK: Duration = Duration::from_secs(7 * 86_400);

impl Window {
    /// The last 28 hours.
    pub(crate) fn trailing(now: Timestamp) -> Self {
        Self { from: now - 28 * HOUR, to: now }
    }

    /// Parts of `length`, or the whole. Hours and days start where the UTC clock's do, weeks on the day on which the window starts.
    pub(crate) fn buckets(self, length: Option<Duration>) -> Vec<Bucket> {
        let Some(length) = length else { return vec![Bucket { starts: self.from, part: self }] };
        let mut starts = floor(self.from, length.min(DAY));
        let mut buckets = Vec::new();
        while starts < self.to {
            let ends = starts + length;
            buckets.push(Bucket { starts, part: Self { from: starts.max(self.from), to: ends.min(self.to) } });
            starts = ends;
        }
        buckets
    }

    /// How many buckets there are at most.
    pub(crate) fn count(self, length: Option<Duration>) -> u128 {
        length.map_or(1, |length| self.to.since(self.from).as_millis() / length.as_millis().max(1) + 2)
    }

    /// The same, rounded outward to whole hours.
    pub(crate) fn whole_hours(self) -> Self {
        let up = floor(self.to, HOUR);
        Self { from: floor(self.from, HOUR), to: if up < self.to { up + HOUR } else { up } }
    }
}

fn floor(moment: Timestamp, length: Duration) -> Timestamp {
    let length = (length.as_millis() as i64).max(1);
    Timestamp::from_millis(moment.millis().div_euclid(length).saturating_mul(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("RFC 3339")
    }

    #[test]
    fn buckets_start_where_the_clocks_hours_do_and_leave_no_gap() {
        let window = Window { from: at("2026-11-20T22:30:00Z"), to: at("2026-11-21T01:10:00Z") };
        let starts: Vec<String> = window.buckets(Some(HOUR)).iter().map(|bucket| bucket.starts.to_string()).collect();
        assert_eq!(starts, ["2026-11-20T22:00:00Z", "2026-11-20T23:00:00Z", "2026-11-21T00:00:00Z", "2026-11-21T01:00:00Z"]);
        let parts = window.buckets(Some(DAY));
        assert_eq!((parts[0].part.from, parts[0].part.to), (window.from, parts[1].part.from));
        assert_eq!(parts[1].part.to, window.to);
        let hours = window.whole_hours();
        assert_eq!((hours.from, hours.to), (at("2026-11-20T22:00:00Z"), at("2026-11-21T02:00:00Z")));
    }
}
