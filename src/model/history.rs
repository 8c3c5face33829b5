//! History: what X counted in each hour or day of the past.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{Metric, Reading, Timestamp, TweetId};

/// How long a bucket is. Hours and days are those of the UTC clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// From one full hour to the next.
    Hour,
    /// From midnight to midnight.
    Day,
}

impl Step {
    /// Its length.
    pub const fn length(self) -> Duration {
        Duration::from_secs(match self {
            Self::Hour => 3_600,
            Self::Day => 86_400,
        })
    }

    /// Value of the `step` label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Hour => "1h",
            Self::Day => "1d",
        }
    }

    /// What people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    /// The start of the bucket that holds this moment.
    pub const fn floor(self, moment: Timestamp) -> Timestamp {
        let length = self.length().as_millis() as i64;
        Timestamp::from_millis(moment.millis().div_euclid(length).saturating_mul(length))
    }

    /// The first start of a bucket that is not before this moment.
    pub fn ceil(self, moment: Timestamp) -> Timestamp {
        let start = self.floor(moment);
        if start < moment { start + self.length() } else { start }
    }
}

/// Whole buckets from one moment to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// Start of the first bucket.
    pub start: Timestamp,
    /// End of the last one.
    pub end: Timestamp,
    /// Their length.
    pub step: Step,
}

impl Stretch {
    /// How many buckets there are.
    pub fn buckets(&self) -> usize {
        (self.end.since(self.start).as_millis() / self.step.length().as_millis()) as usize
    }

    /// The position of the bucket that starts here; nothing if none does.
    pub fn position(&self, start: Timestamp) -> Option<usize> {
        let is_one = start >= self.start && start < self.end && self.step.floor(start) == start;
        is_one.then(|| (start.since(self.start).as_millis() / self.step.length().as_millis()) as usize)
    }

    /// Parts of at most this length.
    pub fn cut(&self, longest: Duration) -> Vec<Self> {
        let mut parts = Vec::new();
        let mut start = self.start;
        while start < self.end {
            let end = (start + longest).min(self.end);
            parts.push(Self { start, end, ..*self });
            start = end;
        }
        parts
    }
}

/// What was counted in one bucket. Absent is not zero.
pub type Counts = Vec<(Metric, u64)>;

/// What one call said of the past of all tweets it asked for.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// What became of each tweet; no numbers.
    pub reading: Reading,
    /// The counts by the start of their bucket, whatever starts X sent.
    pub buckets: BTreeMap<TweetId, BTreeMap<Timestamp, Counts>>,
    /// How many values of a tweet could not be read: where they belong there is no number.
    pub unreadable: BTreeMap<TweetId, u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("RFC 3339")
    }

    #[test]
    fn buckets_start_with_the_clocks_hours_and_days() {
        let moment = at("2026-11-20T22:30:00Z");
        assert_eq!((Step::Hour.floor(moment), Step::Hour.ceil(moment)), (at("2026-11-20T22:00:00Z"), at("2026-11-20T23:00:00Z")));
        assert_eq!((Step::Day.floor(moment), Step::Day.ceil(moment)), (at("2026-11-20T00:00:00Z"), at("2026-11-21T00:00:00Z")));
        assert_eq!(Step::Day.ceil(at("2026-11-20T00:00:00Z")), at("2026-11-20T00:00:00Z"));
    }

    #[test]
    fn a_long_stretch_is_cut_without_gaps_and_positions_hold() {
        let stretch = Stretch { start: at("2026-01-01T00:00:00Z"), end: at("2026-03-01T00:00:00Z"), step: Step::Day };
        let parts = stretch.cut(Duration::from_secs(28 * 86_400));
        assert_eq!(parts.iter().map(Stretch::buckets).collect::<Vec<_>>(), [28, 28, 3]);
        assert!(parts.windows(2).all(|pair| pair[0].end == pair[1].start) && parts[2].end == stretch.end);
        assert_eq!(stretch.position(at("2026-01-02T00:00:00Z")), Some(1));
        for outside in ["2025-12-31T00:00:00Z", "2026-03-01T00:00:00Z", "2026-01-02T01:00:00Z"] {
            assert_eq!(stretch.position(at(outside)), None, "{outside}");
        }
    }
}
