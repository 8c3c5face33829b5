//! `tiers: adaptive`: reads go where the numbers are expected to move.
//!
//! A tweet whose numbers move r times a second and that is read every T seconds is shown wrong by r·T/2 on average. With a bound on the
//! reads in all, Σ 1/T, the sum of these errors is smallest when T is proportional to 1/√r. What r will be is told by the last two
//! readings, fading with age as attention does; of a tweet that was read only once, by what its fellows did at its age.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{Scope, Timestamp, TweetReading};

/// What is known of how a tweet's numbers move.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Pulse {
    /// When it was last read.
    at: Timestamp,
    /// All its lifetime totals together.
    sum: u64,
    /// Counts a second at that moment, once it was read twice.
    rate: Option<f64>,
}

/// Intervals between which nobody would tell a difference: few, so that tweets can be read together.
const STEPS: [u64; 11] = [60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400];
/// Of a tweet of which nobody knows anything: so many counts in the time that it has lived.
const UNKNOWN: f64 = 10.0;
/// Readings closer to each other than this tell more of chance than of speed.
const SHORTEST: Duration = Duration::from_secs(20);

impl Pulse {
    /// What a reading shows, after an earlier one or as the first.
    pub(super) fn take(before: Option<Self>, reading: &TweetReading, at: Timestamp) -> Option<Self> {
        let totals = reading.samples.iter().filter(|sample| sample.media.is_none() && sample.scope == Scope::Total);
        let sum = totals.fold(0u64, |sum, sample| sum.saturating_add(sample.value));
        let Some(before) = before else { return Some(Self { at, sum, rate: None }) };
        let seconds = at.since(before.at);
        if seconds < SHORTEST {
            return Some(before);
        }
        // A fall is a movement, too: what is shown was as wrong before it.
        let seen = sum.abs_diff(before.sum) as f64 / seconds.as_secs_f64();
        // What heats up is believed at once; what cools down may only rest.
        let rate = before.rate.map_or(seen, |rate| if seen > rate { seen } else { (seen + rate) / 2.0 });
        Some(Self { at, sum, rate: Some(rate) })
    }

    /// Whether the numbers move so much faster than before that the tweet should not wait for its old turn.
    pub(super) fn is_hotter(&self, before: Option<Self>) -> bool {
        let known = before.and_then(|before| before.rate);
        self.rate.is_some_and(|rate| known.is_none_or(|known| rate > 2.0 * known))
    }

    /// Counts a second that are expected at a later moment: attention fades with age.
    fn expected(&self, created: Timestamp, now: Timestamp) -> Option<f64> {
        let age = |moment: Timestamp| moment.since(created).as_secs_f64() + 60.0;
        self.rate.map(|rate| rate * age(self.at) / age(now).max(1.0))
    }

    /// Counts within a tweet's age: what its fellows are judged by.
    fn weight(&self, created: Timestamp) -> Option<f64> {
        self.rate.map(|rate| rate * (self.at.since(created).as_secs_f64() + 60.0))
    }
}

/// How one tweet stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) created: Timestamp,
    pub(super) pulse: Option<Pulse>,
}

/// How fast each tweet's numbers are expected to move now, in counts a second; more than nothing, for nobody knows.
pub(super) fn rates(candidates: &[Candidate], now: Timestamp) -> Vec<f64> {
    let weights: Vec<f64> = candidates.iter().filter_map(|tweet| tweet.pulse?.weight(tweet.created)).collect();
    let typical = if weights.is_empty() { UNKNOWN } else { weights.iter().sum::<f64>() / weights.len() as f64 };
    let rate = |tweet: &Candidate| {
        let age = now.since(tweet.created).as_secs_f64() + 60.0;
        let expected = tweet.pulse.and_then(|pulse| pulse.expected(tweet.created, now));
        // One count in ten ages is no rest.
        expected.unwrap_or(typical.max(1.0) / age).max(0.1 / age)
    };
    candidates.iter().map(rate).collect()
}

/// How often to read each tweet, when so many readings a second are to be had.
pub(super) fn intervals(rates: &[f64], reads_per_second: f64) -> Vec<Duration> {
    let load = |scale: f64| rates.iter().map(|rate| 1.0 / step(scale / rate.sqrt()) as f64).sum::<f64>();
    // The smallest scale that the readings suffice for; load falls with it.
    let (mut low, mut high) = (0.0, 1e9);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if load(middle) <= reads_per_second { high = middle } else { low = middle }
    }
    rates.iter().map(|rate| Duration::from_secs(step(high / rate.sqrt()))).collect()
}

/// The next longer of the steps.
fn step(seconds: f64) -> u64 {
    STEPS.into_iter().find(|step| *step as f64 >= seconds).unwrap_or(STEPS[STEPS.len() - 1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Metric, Sample};

    const NOW: Timestamp = Timestamp::from_seconds(1_795_000_000);

    fn reading(value: u64) -> TweetReading {
        let samples = vec![Sample { media: None, metric: Metric::Impressions, scope: Scope::Total, value }];
        TweetReading { samples, ..TweetReading::default() }
    }

    fn pulse(values: &[(u64, u64)]) -> Option<Pulse> {
        let at = |second: u64| NOW + Duration::from_secs(second);
        values.iter().fold(None, |pulse, (second, value)| Pulse::take(pulse, &reading(*value), at(*second)))
    }

    #[test]
    fn heat_is_believed_at_once_and_cooling_by_halves() {
        let rate = |values| pulse(values).expect("read").rate;
        assert_eq!(rate(&[(0, 100)]), None);
        assert_eq!(rate(&[(0, 100), (100, 200)]), Some(1.0));
        assert_eq!(rate(&[(0, 100), (100, 200), (200, 1_200)]), Some(10.0));
        assert_eq!(rate(&[(0, 100), (100, 200), (200, 200)]), Some(0.5));
        assert_eq!(rate(&[(0, 100), (100, 0)]), Some(1.0), "a fall is a movement");
        assert_eq!(rate(&[(0, 100), (5, 900)]), None, "too soon to tell");
        let (cold, hot) = (pulse(&[(0, 0), (100, 100)]), pulse(&[(0, 0), (100, 100), (200, 5_000)]));
        assert!(hot.expect("read").is_hotter(cold) && !cold.expect("read").is_hotter(cold));
    }

    #[test]
    fn the_readings_suffice_and_go_where_numbers_move() {
        let rates = [100.0, 1.0, 0.01, 0.0001];
        let plenty = intervals(&rates, 10.0);
        assert_eq!(plenty, [Duration::from_secs(60); 4], "nothing is gained by saving");
        let scarce = intervals(&rates, 1.0 / 50.0);
        assert!(scarce.windows(2).all(|pair| pair[0] <= pair[1]) && scarce[0] < scarce[3], "{scarce:?}");
        assert!(scarce.iter().map(|every| 1.0 / every.as_secs_f64()).sum::<f64>() <= 1.0 / 50.0);
    }

    /// A hundred tweets of all ages whose views come as attention fades, one of which heats up again; the mean error of what is shown
    /// over a day, for intervals by a rule.
    fn error(mut every: impl FnMut(&[Candidate], Timestamp) -> Vec<Duration>) -> (f64, usize) {
        let created: Vec<Timestamp> = (0..100).map(|number| NOW - Duration::from_secs(1_800 * number)).collect();
        let fame = |number: usize| 50.0 * 1.3f64.powi((number * 37 % 23) as i32);
        let truth = |number: usize, at: Timestamp| {
            let age = at.since(created[number]).as_secs_f64();
            let wave = if number == 80 { (at.since(NOW).as_secs_f64() - 30_000.0).max(0.0) } else { 0.0 };
            (fame(number) * (1.0 + age / 600.0).ln() + wave) as u64
        };
        let mut candidates: Vec<Candidate> = created.iter().map(|created| Candidate { created: *created, pulse: None }).collect();
        let mut shown: Vec<(Timestamp, u64)> = (0..100).map(|number| (NOW, truth(number, NOW))).collect();
        let (mut total, mut reads, mut steps) = (0.0, 0, 0);
        let mut plan = vec![Duration::ZERO; 100];
        for minute in 0..1_440 {
            let now = NOW + Duration::from_secs(60 * minute);
            if minute % 10 == 0 {
                plan = every(&candidates, now);
            }
            for number in 0..100 {
                if now.since(shown[number].0) >= plan[number] || minute == 0 {
                    reads += 1;
                    shown[number] = (now, truth(number, now));
                    candidates[number].pulse = Pulse::take(candidates[number].pulse, &reading(shown[number].1), now);
                }
                total += shown[number].1.abs_diff(truth(number, now)) as f64;
                steps += 1;
            }
        }
        (total / f64::from(steps), reads)
    }

    #[test]
    fn with_as_many_readings_the_error_is_smaller_than_with_fixed_tiers() {
        let tiers = |candidates: &[Candidate], now: Timestamp| {
            let every = |tweet: &Candidate| match now.since(tweet.created).as_secs() {
                0..3_600 => Duration::from_secs(60),
                3_600..86_400 => Duration::from_secs(300),
                _ => Duration::from_secs(3_600),
            };
            candidates.iter().map(every).collect()
        };
        let (fixed, reads) = error(tiers);
        let budget = reads as f64 / 86_400.0;
        let (adaptive, spent) = error(|candidates, now| intervals(&rates(candidates, now), budget));
        assert!(spent <= reads, "{spent} readings instead of {reads}");
        assert!(adaptive < 0.7 * fixed, "mean error {adaptive:.1} instead of {fixed:.1}, {spent} readings instead of {reads}");
    }
}
