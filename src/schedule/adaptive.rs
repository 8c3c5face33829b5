//! `tiers: adaptive`: reads go where the numbers are expected to move.
//!
//! A tweet whose numbers grow by the part r each second and that is read every T seconds is shown wrong by r·T/2 on average. With a
//! bound on the reads in all, Σ 1/T, the sum of these errors is smallest when T is proportional to 1/√r. Who may be read at all when
//! money is short is the allowance's to say; its tweets and those that are paid already share the requests.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::config::Charge;
use crate::model::{Ask, Timestamp};
use crate::schedule::Ladder;
use crate::schedule::account::AccountPlan;
use crate::schedule::pulse::{Pulse, rate, worth_after};
use crate::schedule::slot::DAY;

/// Intervals in seconds between which nobody would tell a difference: few, so that tweets can be read together.
const STEPS: [u64; 15] =
    [60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400, 172_800, 345_600, 691_200, 1_382_400];
/// Paces are chosen anew so often; where each read is paid this takes more thought.
const PAUSE: Duration = Duration::from_secs(60);
const LONG_PAUSE: Duration = Duration::from_secs(900);

impl AccountPlan {
    /// Chooses now and then how often each tweet is read.
    pub(super) fn adapt(&mut self, ladder: &Ladder, now: Timestamp) {
        let money = self.money_per_second(now);
        let pause = if money.is_some() { LONG_PAUSE } else { PAUSE };
        if self.adapted.is_some_and(|adapted| adapted <= now && now.since(adapted) < pause) {
            return;
        }
        self.adapted = Some(now);
        self.allot(ladder, now);
        let mut positions = Vec::new();
        for position in 0..self.tweets.len() {
            let tweet = &self.tweets[position];
            let is_read = !tweet.on_demand && ladder.interval(tweet.id, now).is_some() && self.is_covered(tweet);
            self.tweets[position].pace = Some(DAY);
            positions.extend(is_read.then_some(position));
        }
        let subject = |position: &usize| {
            let tweet = &self.tweets[*position];
            (tweet.pulse, tweet.id.created().unwrap_or(now))
        };
        let requests = self.requests_per_second();
        let paces = match money {
            Some(money) => thrifty_intervals(positions.iter().map(subject), money.min(requests), ladder.fastest(), now),
            None => {
                let rate = |(pulse, created)| rate(pulse, created, now);
                let rates: Vec<f64> = positions.iter().map(subject).map(rate).collect();
                intervals(&rates, requests, ladder.fastest())
            }
        };
        positions.into_iter().zip(paces).for_each(|(position, pace)| self.tweets[position].pace = Some(pace));
    }

    /// Half of what X allows, so that a restart or another program finds some left; what its smallest paid plan allows until it says. In
    /// tweets.
    fn requests_per_second(&self) -> f64 {
        const SMALLEST_PLAN: f64 = 15.0 / 900.0;
        let Some(slot) = self.slots.first() else { return SMALLEST_PLAN };
        let kinds = self.candidates(slot.api, Ask::Private).chain(self.candidates(slot.api, Ask::Public));
        let allowed = kinds.filter_map(|kind| self.gates.capacity(kind, slot.api)).max_by(f64::total_cmp);
        allowed.unwrap_or(SMALLEST_PLAN) / 2.0 * slot.api.batch() as f64
    }

    /// Where each read is paid: how many the day's money covers, those left out that new tweets will need.
    fn money_per_second(&self, now: Timestamp) -> Option<f64> {
        let is_dear = self.terms.ledger.charge == Charge::EveryRead && self.ledger.is_bounded();
        let class = self.slots.first().filter(|_| is_dear)?.class(self.timeline.identity.is_own())?;
        let reads = self.share(class, now).saturating_sub(self.allowance.births);
        Some(reads as f64 / rest_of_day(now).as_secs_f64().max(3_600.0))
    }
}

/// How long the UTC day still lasts.
pub(super) fn rest_of_day(now: Timestamp) -> Duration {
    DAY.saturating_sub(Duration::from_millis(now.millis().rem_euclid(86_400_000).unsigned_abs()))
}

/// How often to read each tweet, when so many readings a second are to be had, and none more often than this.
fn intervals(rates: &[f64], reads_per_second: f64, fastest: Duration) -> Vec<Duration> {
    if rates.len() as f64 <= reads_per_second * fastest.as_secs_f64() {
        return vec![fastest; rates.len()];
    }
    // Tweets that move nearly alike are reckoned together, all as the fastest of them.
    let bin = |rate: &f64| (rate.max(1e-15).log2() * 8.0).ceil() as i32;
    let slowness = |bin: i32| (f64::from(bin) / -16.0).exp2();
    let mut bins: BTreeMap<i32, u32> = BTreeMap::new();
    rates.iter().for_each(|rate| *bins.entry(bin(rate)).or_default() += 1);
    let pace = |scale: f64, bin: i32| step(scale * slowness(bin), fastest);
    let load = |scale: f64| bins.iter().map(|(bin, count)| f64::from(*count) / pace(scale, *bin).as_secs_f64()).sum::<f64>();
    // The smallest scale that the readings suffice for; load falls with it.
    let (mut low, mut high) = (0.0, 1e9);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if load(middle) <= reads_per_second { high = middle } else { low = middle }
    }
    rates.iter().map(|rate| pace(high, bin(rate))).collect()
}

/// How often to read each tweet, given its pulse and birth, when so many paid readings a second are to be had: when it is worth as much
/// as any other.
fn thrifty_intervals(
    tweets: impl Iterator<Item = (Option<Pulse>, Timestamp)>,
    reads_per_second: f64,
    fastest: Duration,
    now: Timestamp,
) -> Vec<Duration> {
    let steps = STEPS.map(|step| Duration::from_secs(step).max(fastest));
    let worths: Vec<[f64; STEPS.len()]> =
        tweets.map(|(pulse, created)| steps.map(|step| worth_after(pulse, created, now, step))).collect();
    let pace =
        |price: f64, worths: &[f64; STEPS.len()]| steps[worths.partition_point(|worth| *worth < price).min(STEPS.len() - 1)];
    let load = |price: f64| worths.iter().map(|worths| 1.0 / pace(price, worths).as_secs_f64()).sum::<f64>();
    // The lowest price, in powers of two, at which the money lasts.
    let (mut low, mut high) = (-60.0, 20.0);
    for _ in 0..30 {
        let middle = (low + high) / 2.0;
        if load(f64::exp2(middle)) <= reads_per_second { high = middle } else { low = middle }
    }
    worths.iter().map(|worths| pace(high.exp2(), worths)).collect()
}

/// The next longer of the steps.
fn step(seconds: f64, fastest: Duration) -> Duration {
    let step = STEPS.into_iter().find(|step| *step as f64 >= seconds).unwrap_or(STEPS[STEPS.len() - 1]);
    Duration::from_secs(step).max(fastest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Api, Metric, Sample, Scope, TweetReading};

    const MINUTE: Duration = Duration::from_secs(60);
    const NOW: Timestamp = Timestamp::from_seconds(1_795_000_000);

    fn load(paces: &[Duration]) -> f64 {
        paces.iter().map(|every| 1.0 / every.as_secs_f64()).sum()
    }

    #[test]
    fn readings_go_by_the_root_of_the_rate() {
        let rates = [1e-3, 1e-4, 1e-5, 1e-6];
        assert_eq!(intervals(&rates, 1.0, MINUTE), [MINUTE; 4], "nothing is gained by saving");
        let scarce = intervals(&rates, 1.0 / 50.0, MINUTE);
        assert!(scarce.windows(2).all(|pair| pair[0] <= pair[1]) && scarce[0] < scarce[3], "{scarce:?}");
        assert!(load(&scarce) <= 1.0 / 50.0);
        assert!(intervals(&rates, 0.0, MINUTE).iter().all(|every| *every > 15 * DAY), "no number is too small");
    }

    #[test]
    fn where_each_read_is_paid_old_tweets_wait_longest_and_the_money_lasts() {
        let tweet = |days: u32| {
            let samples = vec![Sample { media: None, metric: Metric::Impressions, scope: Scope::Total, value: 1_000 }];
            let reading = TweetReading { samples, ..TweetReading::default() };
            let born = NOW - DAY * days;
            (Pulse::take(None, Api::Lookup, &reading, born, NOW), born)
        };
        let ages = [1, 2, 4, 8, 16];
        let paces = thrifty_intervals(ages.into_iter().map(tweet), 1.0 / 86_400.0, MINUTE, NOW);
        assert!(paces.windows(2).all(|pair| pair[0] <= pair[1]) && paces[0] < paces[4], "{paces:?}");
        assert!(load(&paces) <= 1.0 / 86_400.0, "{paces:?}");
    }
}
