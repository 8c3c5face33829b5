//! Who may be bought when money does not suffice for all: fast tiers before slow ones, young tweets before old ones; with
//! `tiers: adaptive`, those that would be shown most wrong. What is paid today costs nothing and is always read.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use crate::config::Charge;
use crate::model::{PriceClass, Timestamp, TweetId};
use crate::schedule::Ladder;
use crate::schedule::account::AccountPlan;
use crate::schedule::adaptive::rest_of_day;
use crate::schedule::slot::DAY;
use crate::schedule::tweet::TweetPlan;

/// Whom scarce money is for.
#[derive(Debug, Default)]
pub(super) struct Allowance {
    /// By price class, where money is short: which unpaid resources it is for.
    chosen: BTreeMap<PriceClass, HashSet<u64>>,
    /// When they were chosen; nothing: they must be chosen anew.
    at: Option<Timestamp>,
    /// New tweets that are expected today.
    pub(super) births: u64,
    /// How often all tweets were compared: it is the dearest thing that a plan does.
    pub(super) rounds: u64,
}

impl Allowance {
    /// Other tweets are watched than before.
    pub(super) fn forget(&mut self) {
        self.at = None;
    }

    /// Chosen tweets stay the right ones while they are bought one after the other: neither money nor need changes for the others.
    fn is_fresh(&self, lasts: Duration, now: Timestamp) -> bool {
        self.at.is_some_and(|at| at <= now && now.since(at) < lasts && at.utc_day() == now.utc_day())
    }
}

impl AccountPlan {
    /// Decides whom the money is for, all watched tweets considered, not only those that are due: what young ones will need later today
    /// is not spent on old ones now.
    pub(super) fn allot(&mut self, ladder: &Ladder, now: Timestamp) {
        // Where each read is paid, money becomes short faster, unless paces go by it.
        let is_hasty = !ladder.is_adaptive() && self.terms.ledger.charge == Charge::EveryRead;
        let lasts = Duration::from_secs(if is_hasty { 10 } else { 300 });
        if !self.ledger.is_bounded() || self.allowance.is_fresh(lasts, now) {
            return;
        }
        self.allowance.at = Some(now);
        let mut wanted: BTreeMap<PriceClass, Vec<(u64, Rank)>> = BTreeMap::new();
        // Paces that go by each paid read need no choice.
        let compared = if self.is_paced() { &[][..] } else { &self.tweets[..] };
        self.allowance.rounds += 1;
        for tweet in compared {
            for (slot, terms) in self.slots.iter().enumerate() {
                let Some(class) = terms.class(self.timeline.identity.is_own()) else { continue };
                let resource = terms.resource(tweet.id.number());
                let waits = !tweet.on_demand || tweet.tracks[slot].due.is_some();
                if self.ledger.is_free(class, resource) || !waits {
                    continue;
                }
                let Some((_, _, every)) = self.lane(tweet, slot, ladder, now) else { continue };
                wanted.entry(class).or_default().push((resource, rank(tweet, every, ladder, now)));
            }
        }
        let births = self.births_to_come(now);
        self.allowance.births = births;
        self.allowance.chosen.clear();
        for (class, mut wanted) in wanted {
            wanted.sort_unstable();
            wanted.dedup_by_key(|(resource, _)| *resource);
            let affordable = if ladder.is_adaptive() { self.share(class, now) } else { self.ledger.affordable(class) };
            let most = usize::try_from(affordable.saturating_sub(births)).unwrap_or(usize::MAX);
            if wanted.len() > most {
                self.allowance.chosen.insert(class, first(wanted, most));
            }
        }
    }

    /// What the money of today covers of a price class: where nobody chose the pace, the month's is spread over its days.
    pub(super) fn share(&self, class: PriceClass, now: Timestamp) -> u64 {
        self.ledger.affordable(class).min(self.ledger.daily_share(class, now))
    }

    /// How many tweets will be written in the rest of the day: as many as in the same hours of the last two days, and some more, for
    /// chance. What is kept for them in vain is free again when those hours are over.
    fn births_to_come(&self, now: Timestamp) -> u64 {
        let rest = rest_of_day(now);
        let is_such = |tweet: &&TweetPlan| {
            let created = tweet.id.created().filter(|_| tweet.newborn || tweet.found);
            created.is_some_and(|created| created <= now && created + 2 * DAY > now && rest_of_day(created) <= rest)
        };
        let mean = self.tweets.iter().filter(is_such).count() as f64 / 2.0;
        (mean + mean.sqrt()).round() as u64
    }

    /// Whether money is for this resource; what was written today may have what is kept for such.
    fn is_meant(&self, tweet: &TweetPlan, class: PriceClass, resource: u64) -> bool {
        self.allowance.chosen.get(&class).is_none_or(|chosen| chosen.contains(&resource) || self.is_born_today(tweet))
    }

    fn is_born_today(&self, tweet: &TweetPlan) -> bool {
        let day = self.allowance.at.map(Timestamp::utc_day);
        (tweet.newborn || tweet.found) && tweet.id.created().map(Timestamp::utc_day) >= day
    }

    /// Whether any of its numbers are paid for today, or may be bought.
    pub(super) fn is_covered(&self, tweet: &TweetPlan) -> bool {
        self.slots.iter().any(|terms| {
            let resource = terms.resource(tweet.id.number());
            let class = terms.class(self.timeline.identity.is_own());
            class.is_none_or(|class| self.ledger.is_free(class, resource) || self.is_meant(tweet, class, resource))
        })
    }

    /// How much of this money is not for what was written before today: with paces that go by each paid read, what later days and births
    /// need. Elsewhere the chosen ones are few enough.
    fn kept(&self, class: PriceClass, affordable: u64, now: Timestamp) -> u64 {
        if self.is_paced() { affordable - self.share(class, now).saturating_sub(self.allowance.births) } else { 0 }
    }

    /// Paces go by each read that is paid.
    fn is_paced(&self) -> bool {
        self.adapted.is_some() && self.terms.ledger.charge == Charge::EveryRead
    }

    /// Leaves out, and marks, what the budget does not cover, or covers only at the cost of others that need it more.
    pub(super) fn within_budget(&mut self, slot: usize, mut due: Vec<usize>, now: Timestamp) -> Vec<usize> {
        let terms = self.slots[slot].clone();
        let Some(class) = terms.class(self.timeline.identity.is_own()) else { return due };
        let mut affordable = self.ledger.affordable(class);
        let kept = self.kept(class, affordable, now);
        due.retain(|position| {
            let tweet = &self.tweets[*position];
            let resource = terms.resource(tweet.id.number());
            let is_free = self.ledger.is_free(class, resource);
            let is_new = self.is_born_today(tweet) && !tweet.tracks[slot].read;
            let least = if is_new { 0 } else { kept };
            let fits = is_free || affordable > least && self.is_meant(tweet, class, resource);
            affordable -= u64::from(fits && !is_free);
            self.tweets[*position].tracks[slot].held = !fits;
            fits
        });
        due
    }
}

/// The smaller, the more it is worth to read the tweet.
type Rank = (u64, Reverse<TweetId>);

/// Fast tiers first, and young tweets; or those of which the most is expected to be wrong if they are not read today.
fn rank(tweet: &TweetPlan, every: Duration, ladder: &Ladder, now: Timestamp) -> Rank {
    let young = Reverse(tweet.id);
    if !ladder.is_adaptive() {
        return (u64::try_from(every.as_millis()).unwrap_or(u64::MAX), young);
    }
    // X charges nothing for what it does not give: there is always time for that.
    if tweet.refusal.is_some() {
        return (u64::MAX, young);
    }
    let Some(pulse) = tweet.pulse else { return (0, young) };
    let created = tweet.id.created().unwrap_or(now);
    let urgency = pulse.urgency(created, now, rest_of_day(now));
    (u64::MAX - 1 - (urgency * 1e12) as u64, young)
}

/// So many of the best.
fn first(mut wanted: Vec<(u64, Rank)>, count: usize) -> HashSet<u64> {
    if 0 < count && count < wanted.len() {
        wanted.select_nth_unstable_by_key(count - 1, |(_, rank)| *rank);
    }
    wanted.into_iter().take(count).map(|(resource, _)| resource).collect()
}
