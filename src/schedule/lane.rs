//! Spreads the reads of equal tweets evenly over their interval.
//!
//! A lane is the set of tweets that are read alike: same request, same interval. With n tweets and batches of b, it has
//! k = ceil(n/b) slots an interval, one every interval/k; each slot takes its k-th part of the tweets, those that were asked for
//! longest ago. So every tweet is read once an interval, with the fewest possible requests, and never in a burst. Slots that would follow each
//! other faster than the queue can look through all tweets are put together.

use std::time::Duration;

use crate::model::Timestamp;

/// Where a lane stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lane {
    last_slot: Timestamp,
    /// Slots so far: where n/k is no whole number, some take one tweet more than others.
    slot: usize,
}

/// A tweet of the lane that is neither due nor under way, and when it was last asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    pub(super) position: usize,
    pub(super) asked: Timestamp,
}

/// What is the same for all tweets of the lane.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// How often each is read.
    pub(super) every: Duration,
    /// How many tweets the lane has, those under way included.
    pub(super) members: usize,
    /// How many tweets one request takes.
    pub(super) batch: usize,
    /// A slot passes over tweets that were asked for less than this part of an interval ago: after a start all were read at once,
    /// and the slots must part them.
    pub(super) patience: f64,
    /// So long after midnight tweets are read whose interval is a day or more, where X charges by the UTC day: what is read right
    /// after midnight is paid for the whole day. Nothing: they are read like all others.
    pub(super) midnight: Option<Duration>,
    /// No slot follows another sooner.
    pub(super) least: Duration,
}

const DAY: Duration = Duration::from_secs(86_400);

/// Whether a tweet that was asked for then is due again by the days of the calendar; nothing if its interval does not go by days.
pub(super) fn is_due_by_day(asked: Timestamp, every: Duration, midnight: Option<Duration>, now: Timestamp) -> Option<bool> {
    let after = midnight.filter(|_| every >= DAY)?;
    let days = i64::try_from(every.as_secs() / DAY.as_secs()).unwrap_or(i64::MAX);
    // What was read since midnight, though before this exporter's moment, was read today.
    Some((now - after).utc_day() >= asked.utc_day().saturating_add(days) || asked > now + DAY)
}

impl Lane {
    /// Slots begin to count now.
    pub(super) fn new(now: Timestamp) -> Self {
        Self { last_slot: now, slot: 0 }
    }

    /// When the next slot is.
    pub(super) fn next_slot(&self, pace: Pace, now: Timestamp) -> Timestamp {
        pace.by_day(now).unwrap_or(self.last_slot + pace.cadence())
    }

    /// The tweets whose turn it is.
    pub(super) fn fire(&mut self, pace: Pace, mut waiting: Vec<Waiting>, now: Timestamp) -> Vec<usize> {
        if pace.by_day(now).is_some() {
            let turn = |tweet: &Waiting| is_due_by_day(tweet.asked, pace.every, pace.midnight, now).unwrap_or(true);
            return waiting.into_iter().filter(turn).map(|tweet| tweet.position).collect();
        }
        // A clock that was set back must not stop the reads.
        self.last_slot = self.last_slot.min(now);
        let is_late = |tweet: &Waiting| now.since(tweet.asked) >= 2 * pace.every || tweet.asked > now + Duration::from_secs(60);
        if now < self.next_slot(pace, now) {
            return waiting.into_iter().filter(is_late).map(|tweet| tweet.position).collect();
        }
        let missed = now.since(self.next_slot(pace, now)) >= pace.cadence();
        self.last_slot = if missed { now } else { self.next_slot(pace, now) };
        waiting.sort_by_key(|tweet| (tweet.asked, tweet.position));
        let patience = pace.every.mul_f64(pace.patience);
        let share = pace.share(self.slot);
        self.slot = self.slot.wrapping_add(1);
        let turn = |(rank, tweet): &(usize, Waiting)| is_late(tweet) || *rank < share && now.since(tweet.asked) >= patience;
        waiting.into_iter().enumerate().filter(turn).map(|(_, tweet)| tweet.position).collect()
    }
}

impl Pace {
    /// The next moment after midnight, if the lane goes by days.
    fn by_day(self, now: Timestamp) -> Option<Timestamp> {
        let after = self.midnight.filter(|_| self.every >= DAY)?;
        Some(Timestamp::from_seconds(((now - after).utc_day() + 1) * 86_400) + after)
    }

    fn slots(self) -> usize {
        let most = self.every.as_millis().checked_div(self.least.as_millis()).unwrap_or(u128::MAX);
        self.members.div_ceil(self.batch).min(usize::try_from(most).unwrap_or(usize::MAX)).max(1)
    }

    /// How many tweets this slot takes: n over k slots in a row.
    fn share(self, slot: usize) -> usize {
        let before = |slot: usize| (slot * self.members).div_ceil(self.slots());
        let slot = slot % self.slots();
        before(slot + 1) - before(slot)
    }

    fn cadence(self) -> Duration {
        self.every / u32::try_from(self.slots()).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: Duration = Duration::from_secs(300);

    /// Runs a lane of `members` tweets, all read at 0, for `seconds`; returns the moment and size of each batch, and per tweet the
    /// moments of its reads.
    fn run(members: usize, seconds: i64, patience: f64) -> (Vec<(i64, usize)>, Vec<Vec<i64>>) {
        let mut lane = Lane::new(Timestamp::from_seconds(0));
        let pace = Pace { every: EVERY, members, batch: 100, patience, midnight: None, least: Duration::ZERO };
        let mut reads = vec![vec![0]; members];
        let mut batches = Vec::new();
        for second in 0..=seconds {
            let waiting = reads.iter().enumerate();
            let waiting =
                waiting.map(|(position, reads)| Waiting { position, asked: Timestamp::from_seconds(reads[reads.len() - 1]) });
            let fired = lane.fire(pace, waiting.collect(), Timestamp::from_seconds(second));
            if !fired.is_empty() {
                batches.push((second, fired.len()));
            }
            fired.into_iter().for_each(|position| reads[position].push(second));
        }
        (batches, reads)
    }

    #[test]
    fn one_batch_keeps_the_interval_exactly() {
        for members in [1, 99, 100] {
            let (batches, _) = run(members, 900, 0.5);
            assert_eq!(batches, [(300, members), (600, members), (900, members)]);
        }
    }

    #[test]
    fn many_batches_part_and_then_keep_the_interval() {
        let (batches, reads) = run(250, 3_000, 0.5);
        assert!(batches.iter().all(|(_, size)| *size <= 84), "{batches:?}");
        assert!(batches.windows(2).all(|pair| pair[1].0 - pair[0].0 >= 99), "no burst: {batches:?}");
        for reads in &reads {
            let pauses: Vec<i64> = reads.windows(2).map(|pair| pair[1] - pair[0]).collect();
            assert!((150..=450).contains(&pauses[0]), "the first pause may be off by half: {pauses:?}");
            assert!(pauses[1..].iter().all(|pause| (299..=301).contains(pause)), "{pauses:?}");
        }
    }

    #[test]
    fn slots_that_are_too_close_are_put_together_and_the_interval_is_kept() {
        let mut lane = Lane::new(Timestamp::from_seconds(0));
        let least = Duration::from_secs(10);
        let pace = Pace { every: Duration::from_secs(60), members: 6_000, batch: 100, patience: 0.5, midnight: None, least };
        let mut asked = vec![Timestamp::from_seconds(0); pace.members];
        let mut batches = Vec::new();
        for second in 60..=240 {
            let now = Timestamp::from_seconds(second);
            let waiting = asked.iter().enumerate().map(|(position, asked)| Waiting { position, asked: *asked });
            let fired = lane.fire(pace, waiting.collect(), now);
            fired.iter().for_each(|position| asked[*position] = now);
            batches.extend((!fired.is_empty()).then_some((second, fired.len())));
        }
        assert!(batches[6..].iter().all(|(second, size)| second % 10 == 0 && *size == 1_000), "{batches:?}");
        assert!(asked.iter().all(|asked| *asked > Timestamp::from_seconds(180)), "{batches:?}");
    }

    #[test]
    fn a_plan_that_charges_every_read_never_reads_early() {
        let (_, reads) = run(250, 3_000, 0.95);
        assert!(reads.iter().all(|reads| reads.windows(2).all(|pair| pair[1] - pair[0] >= 285)));
    }

    #[test]
    fn a_long_outage_makes_all_late_tweets_due_at_once() {
        let mut lane = Lane::new(Timestamp::from_seconds(0));
        let pace = Pace { every: EVERY, members: 250, batch: 100, patience: 0.5, midnight: None, least: Duration::ZERO };
        let waiting: Vec<_> = (0..250).map(|position| Waiting { position, asked: Timestamp::from_seconds(0) }).collect();
        assert_eq!(lane.fire(pace, waiting, Timestamp::from_seconds(3_600)).len(), 250);
    }

    #[test]
    fn what_is_read_once_a_day_is_read_after_midnight() {
        let at = |text: &str| text.parse::<Timestamp>().expect("RFC 3339");
        let midnight = Some(Duration::from_secs(90));
        let mut lane = Lane::new(at("2026-01-31T12:00:00Z"));
        let pace = Pace { every: DAY, members: 1, batch: 100, patience: 0.5, midnight, least: Duration::ZERO };
        let mut fire = |asked: &str, now: &str| lane.fire(pace, vec![Waiting { position: 0, asked: at(asked) }], at(now)).len();
        assert_eq!(fire("2026-01-31T12:00:00Z", "2026-01-31T23:59:59Z"), 0);
        assert_eq!(fire("2026-01-31T12:00:00Z", "2026-02-01T00:01:29Z"), 0);
        assert_eq!(fire("2026-01-31T12:00:00Z", "2026-02-01T00:01:30Z"), 1);
        assert_eq!(fire("2026-02-01T00:00:10Z", "2026-02-01T00:01:30Z"), 0, "read today already");
        assert_eq!(lane.next_slot(pace, at("2026-02-01T00:01:30Z")), at("2026-02-02T00:01:30Z"));
        let two = Pace { every: 2 * DAY, ..pace };
        let waiting = || vec![Waiting { position: 0, asked: at("2026-02-01T00:01:30Z") }];
        assert_eq!(lane.fire(two, waiting(), at("2026-02-02T12:00:00Z")).len(), 0);
        assert_eq!(lane.fire(two, waiting(), at("2026-02-03T00:01:30Z")).len(), 1);
    }

    #[test]
    fn a_clock_set_back_does_not_stop_the_reads() {
        let mut lane = Lane::new(Timestamp::from_seconds(100_000));
        let pace = Pace { every: EVERY, members: 1, batch: 100, patience: 0.5, midnight: None, least: Duration::ZERO };
        let waiting = vec![Waiting { position: 0, asked: Timestamp::from_seconds(100_000) }];
        assert_eq!(lane.fire(pace, waiting, Timestamp::from_seconds(10)), [0]);
    }
}
