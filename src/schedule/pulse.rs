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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Context;

    const BORN: Timestamp = Timestamp::from_seconds(1_795_000_000);
    const HOUR: Duration = Duration::from_secs(3_600);

    fn reading(samples: &[(Metric, Scope, u64)]) -> TweetReading {
        let sample = |(metric, scope, value): &(Metric, Scope, u64)| Sample {
            media: None,
            metric: *metric,
            scope: scope.clone(),
            value: *value,
        };
        TweetReading { samples: samples.iter().map(sample).collect(), ..TweetReading::default() }
    }

    fn views(value: u64) -> TweetReading {
        reading(&[(Metric::Likes, Scope::Total, value / 10), (Metric::Impressions, Scope::Total, value)])
    }

    /// Impressions after so many hours, read by lookup.
    fn pulse(values: &[(u32, u64)]) -> Option<Pulse> {
        let take = |pulse, (hour, value): &(u32, u64)| Pulse::take(pulse, Api::Lookup, &views(*value), BORN, BORN + HOUR * *hour);
        values.iter().fold(None, take)
    }

    #[test]
    fn other_sources_and_readings_without_totals_do_not_move_the_pulse() {
        let quiet = pulse(&[(10, 1_000), (11, 1_000)]);
        let take = |api, reading: &TweetReading| Pulse::take(quiet, api, reading, BORN, BORN + HOUR * 12);
        assert_eq!(take(Api::Analytics, &views(9_000)), quiet, "another source counts another thing");
        let split = reading(&[(Metric::Impressions, Scope::Context(Context::Organic), 9_000)]);
        assert_eq!(take(Api::Lookup, &split), quiet, "no lifetime total");
        let more = reading(&[(Metric::Impressions, Scope::Total, 1_000), (Metric::Bookmarks, Scope::Total, 500)]);
        let next = take(Api::Timeline, &more);
        assert!(next != quiet && !next.expect("read").is_hotter(quiet), "another metric besides is no movement: {next:?}");
    }

    #[test]
    fn a_source_that_has_fallen_silent_gives_way() {
        let known = Pulse::take(None, Api::Analytics, &views(5), BORN, BORN);
        let take = |hours: u32| Pulse::take(known, Api::LabsPrivate, &views(7), BORN, BORN + HOUR * hours).expect("read").source;
        assert_eq!((take(23), take(25)), (Api::Analytics, Api::LabsPrivate));
        assert_eq!(Pulse::take(known, Api::Lookup, &views(7), BORN, BORN + HOUR).expect("read").source, Api::Lookup);
    }

    #[test]
    fn heat_is_believed_at_once_and_forgotten_within_a_day() {
        let quiet = pulse(&[(100, 1_000), (101, 1_000)]);
        let hot = pulse(&[(100, 1_000), (101, 1_000), (102, 1_500)]);
        assert!(hot.expect("read").is_hotter(quiet) && !quiet.expect("read").is_hotter(quiet));
        assert!(pulse(&[(100, 1_000), (101, 500)]).expect("read").mood() > 10.0, "a fall is a movement");
        let day: Vec<(u32, u64)> = [(100, 1_000), (102, 1_500)].into_iter().chain((103..126).map(|hour| (hour, 1_500))).collect();
        let (hot, cold) = (hot.expect("read").mood(), pulse(&day).expect("read").mood());
        assert!(hot > 50.0 && cold < hot / 10.0, "{hot} then {cold}");
    }

    #[test]
    fn the_longer_unseen_and_the_livelier_the_more_urgent() {
        let urgency = |values: &[(u32, u64)], hour: u32| pulse(values).expect("read").urgency(BORN, BORN + HOUR * hour, HOUR);
        let (quiet, lively) = ([(20, 10_000), (24, 10_000)], [(20, 10_000), (24, 12_000)]);
        assert!(urgency(&lively, 48) > 5.0 * urgency(&quiet, 48));
        assert!(urgency(&quiet, 96) > 2.0 * urgency(&quiet, 48), "twice as long, more than twice as urgent");
        assert!(urgency(&lively, 25) < urgency(&lively, 48));
    }
}
