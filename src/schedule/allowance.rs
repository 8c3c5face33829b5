//! Who may be bought when money does not suffice for all: fast tiers before slow ones, young tweets before old ones. What is paid today
//! costs nothing and is always read.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use crate::model::{Ask, PriceClass, Timestamp, TweetId};
use crate::schedule::Ladder;
use crate::schedule::account::AccountPlan;
use crate::schedule::adaptive::{Candidate, intervals, rates};
use crate::schedule::tweet::TweetPlan;

/// By price class, where money is short: which unpaid resources it suffices for.
pub(super) type Allowance = BTreeMap<PriceClass, HashSet<u64>>;

impl AccountPlan {
    /// Whom the money suffices for, all watched tweets considered, not only those that are due: what young ones will need later today is
    /// not spent on old ones now.
    pub(super) fn allowance(&self, ladder: &Ladder, now: Timestamp) -> Allowance {
        if !self.ledger.is_bounded() {
            return Allowance::new();
        }
        let mut wanted: BTreeMap<PriceClass, BTreeMap<u64, Rank>> = BTreeMap::new();
        for tweet in &self.tweets {
            for (slot, terms) in self.slots.iter().enumerate() {
                let Some(class) = terms.class(self.timeline.identity.is_own()) else { continue };
                let resource = terms.resource(tweet.id.number());
                let waits = !tweet.on_demand || tweet.tracks[slot].due.is_some();
                if self.ledger.is_free(class, resource) || !waits {
                    continue;
                }
                let Some((_, _, every)) = self.lane(tweet, slot, ladder, now) else { continue };
                let rank = rank(tweet, slot, every, ladder, now);
                let best = wanted.entry(class).or_default().entry(resource).or_insert(rank);
                *best = rank.min(*best);
            }
        }
        // Where nobody chose the pace, the month's money is spread over its days.
        let affordable = |class| match ladder.is_adaptive() {
            true => self.ledger.affordable(class).min(self.ledger.daily_share(class, now)),
            false => self.ledger.affordable(class),
        };
        let short = wanted.into_iter().filter(|(class, wanted)| wanted.len() as u64 > affordable(*class));
        short.map(|(class, wanted)| (class, first(wanted, affordable(class)))).collect()
    }

    /// Chooses how often each tweet is read, once a minute and when one heats up.
    pub(super) fn adapt(&mut self, ladder: &Ladder, now: Timestamp) {
        if self.adapted.is_some_and(|adapted| adapted <= now && now.since(adapted) < Duration::from_secs(60)) {
            return;
        }
        self.adapted = Some(now);
        let live = |tweet: &TweetPlan| !tweet.on_demand && ladder.interval(tweet.id, now).is_some();
        let positions: Vec<usize> = (0..self.tweets.len()).filter(|position| live(&self.tweets[*position])).collect();
        let candidate = |position: &usize| {
            let tweet = &self.tweets[*position];
            Candidate { created: tweet.id.created().unwrap_or(now), pulse: tweet.pulse }
        };
        let candidates: Vec<Candidate> = positions.iter().map(candidate).collect();
        let rates = rates(&candidates, now);
        let intervals = intervals(&rates, self.reads_per_second());
        for ((position, rate), every) in positions.into_iter().zip(rates).zip(intervals) {
            self.tweets[position].pace = Some((every, rate));
        }
    }

    /// Half of what X allows, so that a restart or another program finds some left; what its smallest paid plan allows until it says.
    fn reads_per_second(&self) -> f64 {
        const SMALLEST_PLAN: f64 = 15.0 / 900.0;
        let Some(slot) = self.slots.first() else { return SMALLEST_PLAN };
        let kinds = self.candidates(slot.api, Ask::Private).chain(self.candidates(slot.api, Ask::Public));
        let allowed = kinds.filter_map(|kind| self.gates.capacity(kind, slot.api)).max_by(f64::total_cmp);
        allowed.unwrap_or(SMALLEST_PLAN) / 2.0 * slot.api.batch() as f64
    }

    /// Leaves out, and marks, what the budget does not cover, or covers only at the cost of others that need it more.
    pub(super) fn within_budget(&mut self, slot: usize, mut due: Vec<usize>) -> Vec<usize> {
        let terms = self.slots[slot].clone();
        let Some(class) = terms.class(self.timeline.identity.is_own()) else { return due };
        let mut affordable = self.ledger.affordable(class);
        due.retain(|position| {
            let tweet = &mut self.tweets[*position];
            let resource = terms.resource(tweet.id.number());
            let is_free = self.ledger.is_free(class, resource);
            let may = self.allowance.get(&class).is_none_or(|allowed| allowed.contains(&resource));
            let fits = is_free || may && affordable > 0;
            affordable -= u64::from(fits && !is_free);
            tweet.tracks[slot].held = !fits;
            fits
        });
        due
    }
}

/// The smaller, the more it is worth to read the tweet.
type Rank = (u64, std::cmp::Reverse<TweetId>);

/// Fast tiers first, and young tweets; or those of which the most is expected to be wrong if they are not read today.
fn rank(tweet: &TweetPlan, slot: usize, every: Duration, ladder: &Ladder, now: Timestamp) -> Rank {
    let young = std::cmp::Reverse(tweet.id);
    match tweet.pace.filter(|_| ladder.is_adaptive()) {
        None => (u64::try_from(every.as_millis()).unwrap_or(u64::MAX), young),
        Some((_, rate)) => {
            let unseen = tweet.tracks[slot].asked.map_or(Duration::from_secs(86_400), |asked| now.since(asked));
            let rest_of_day =
                Duration::from_secs(86_400).mul_f64(1.0 - now.millis().rem_euclid(86_400_000) as f64 / 86_400_000.0);
            let wrong = rate * (unseen + rest_of_day / 2).as_secs_f64() * 1e6;
            (u64::MAX - wrong as u64, young)
        }
    }
}

/// So many of the best.
fn first<R: Ord>(wanted: BTreeMap<u64, R>, count: u64) -> HashSet<u64> {
    let mut ranked: Vec<(R, u64)> = wanted.into_iter().map(|(resource, rank)| (rank, resource)).collect();
    ranked.sort();
    ranked.into_iter().map(|(_, resource)| resource).take(usize::try_from(count).unwrap_or(usize::MAX)).collect()
}
