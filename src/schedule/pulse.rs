//! How a tweet's numbers move, as far as its readings tell.
//!
//! The usual tweet has half of its life's attention after 80 minutes, and the rest comes slower and slower: t / (t + 80 min). A tweet's
//! mood is how much faster than this it has grown lately. What is shown of it is then wrong by 1 − e^−(mood × usual growth since).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{Api, Metric, Sample, Scope, Timestamp, TweetReading};

/// What is known of how a tweet's numbers move: one lifetime total of one source, as sums of several would jump.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Pulse {
    source: Api,
    metric: Metric,
    /// When it was last read.
    at: Timestamp,
    value: u64,
    /// Counts that came lately.
    seen: f64,
    /// Counts that would have come to the usual tweet.
    usual: f64,
}

/// Half-life of attention, in seconds.
const HALF_LIFE: f64 = 80.0 * 60.0;
/// Nobody reads a tweet in the second in which it is written.
const FIRST_LOOK: f64 = 60.0;
/// One in ten tweets has a second wave within a month: growth a second that nothing foretells.
const SECOND_WAVES: f64 = 0.003 / DAY;
const DAY: f64 = 86_400.0;
/// So few counts prove nothing.
const DOUBT: f64 = 0.3;
/// So many are no chance.
const PROOF: f64 = 5.0;
/// Readings closer to each other than this tell more of chance than of speed.
const SHORTEST: Duration = Duration::from_secs(20);
/// A source that has been silent for so long gives way to another.
const SILENCE: Duration = Duration::from_secs(86_400);

impl Pulse {
    /// What a reading shows, after an earlier one or as the first. A reading without a lifetime total shows nothing.
    pub(super) fn take(
        before: Option<Self>,
        source: Api,
        reading: &TweetReading,
        created: Timestamp,
        at: Timestamp,
    ) -> Option<Self> {
        // They give the same numbers.
        let source = if source == Api::Timeline { Api::Lookup } else { source };
        let totals = || reading.samples.iter().filter(|sample| sample.media.is_none() && sample.scope == Scope::Total);
        let first = totals().min_by_key(|sample| sample.metric);
        let anew = |sample: &Sample| Self { source, metric: sample.metric, at, value: sample.value, seen: 0.0, usual: 0.0 };
        let Some(before) = before else { return first.map(anew) };
        if before.source != source {
            let gives_way = source == Api::Lookup || at.since(before.at) > SILENCE;
            return first.filter(|_| gives_way).map(anew).or(Some(before));
        }
        match totals().find(|sample| sample.metric == before.metric) {
            Some(same) if at.since(before.at) >= SHORTEST => Some(before.grow(same.value, created, at)),
            Some(_) => Some(before),
            None => first.map(anew).or(Some(before)),
        }
    }

    /// What came is weighed against what usually comes to a tweet of its age and size; what came long ago is forgotten.
    fn grow(self, value: u64, created: Timestamp, at: Timestamp) -> Self {
        let (from, to) = (age(created, self.at), age(created, at));
        let (old, new) = (self.value.max(1) as f64, value.max(1) as f64);
        let memory = (to / 8.0).clamp(600.0, 4.0 * 3_600.0);
        let kept = (-(to - from) / memory).exp2();
        // A fall is a movement, too: what is shown was as wrong before it.
        let seen = old.max(new) * (new / old).ln().abs();
        let usual = old.max(new) * growth(from, to);
        Self { at, value, seen: kept * self.seen + seen, usual: kept * self.usual + usual, ..self }
    }

    /// How much faster than usual it grows.
    fn mood(&self) -> f64 {
        (DOUBT + self.seen) / (DOUBT + self.usual)
    }

    /// Whether the numbers move so much faster than before that the tweet should not wait for its old turn.
    pub(super) fn is_hotter(&self, before: Option<Self>) -> bool {
        self.seen > PROOF && self.mood() > 2.0 * before.map_or(1.0, |before| before.mood())
    }

    /// What it is worth to pay for the tweet now, for the rest of the day, rather than tomorrow.
    pub(super) fn urgency(&self, created: Timestamp, now: Timestamp, rest_of_day: Duration) -> f64 {
        worth(self.mood(), age(created, self.at), age(created, now) + rest_of_day.as_secs_f64() / 2.0)
    }
}

/// What it is worth to read a tweet again when it was not for so long; if it was never read, as if it were now.
pub(super) fn worth_after(pulse: Option<Pulse>, created: Timestamp, now: Timestamp, pause: Duration) -> f64 {
    let from = age(created, pulse.map_or(now, |pulse| pulse.at));
    worth(pulse.map_or(1.0, |pulse| pulse.mood()), from, from + pause.as_secs_f64())
}

/// What it is worth to read a tweet of this mood between two of its ages, in seconds: in days of an error of 1.
///
/// Whoever is read every u days is wrong by the mean of e over them. That falls below the price of a read where u·e(u) − ∫e does: the
/// index by which reads are shared out if e only depends on u. As growth fades with age, the next read can wait longer after a late
/// one; in the logarithm of the age all is as it was, so the index grows by that proportion.
fn worth(mood: f64, from: f64, to: f64) -> f64 {
    let error = |to: f64| 1.0 - (-mood * growth(from, to)).exp();
    let unseen = (to - from).max(0.0) / DAY;
    // Simpson's rule, for the integral.
    let (half, whole) = (error((from + to) / 2.0), error(to));
    let fading = unseen * (whole - (4.0 * half + whole) / 6.0) * (to / from).max(1.0);
    fading + SECOND_WAVES * DAY * unseen * unseen / 2.0
}

/// By which part a tweet's numbers are expected to grow in a second, at this moment.
pub(super) fn rate(pulse: Option<Pulse>, created: Timestamp, now: Timestamp) -> f64 {
    let age = age(created, now);
    pulse.map_or(1.0, |pulse| pulse.mood()) * HALF_LIFE / (age * (age + HALF_LIFE)) + SECOND_WAVES
}

/// Seconds.
fn age(created: Timestamp, at: Timestamp) -> f64 {
    at.since(created).as_secs_f64() + FIRST_LOOK
}

/// By how much the logarithm of the usual tweet's numbers grows between two ages.
fn growth(from: f64, to: f64) -> f64 {
    ((to / (to + HALF_LIFE)) / (from / (from + HALF_LIFE))).ln().max(0.0)
}
