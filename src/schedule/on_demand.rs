//! Tweets that nobody watches but that somebody asks for now and then, one by one. They are read when they are asked for and their
//! reading is older than a watched one would be; they cost the same money, and the last of them are remembered.

use std::time::Duration;

use crate::config::Charge;
use crate::model::{Timestamp, TweetId, TweetState};
use crate::schedule::Ladder;
use crate::schedule::account::AccountPlan;
use crate::schedule::lane::is_due_by_day;
use crate::schedule::tweet::{Track, TweetPlan};

/// So many are remembered; a forgotten one that is asked for again is read anew, for nothing if it was paid today. Some 20 MB of readings.
pub(super) const MOST: usize = 10_000;

impl AccountPlan {
    /// Somebody asks for a tweet, watched or not: it is due where its reading is older than its interval and than this. False: there is no
    /// room for it without forgetting another one that would have to be bought again before its time.
    pub(super) fn order(&mut self, id: TweetId, ladder: &Ladder, min_age: Duration, now: Timestamp) -> bool {
        let is_known = self.tweets.contains(id);
        if !is_known && self.on_demand.len() >= MOST && !self.forget_eldest(ladder, now) {
            return false;
        }
        self.ordered.insert(id);
        let is_watched = self.tweets.find(id).is_some_and(|tweet| !tweet.on_demand);
        if !is_watched {
            if is_known {
                self.on_demand.retain(|known| *known != id);
            }
            self.on_demand.push(id);
        }
        if !is_known {
            self.take_in(id, now);
        }
        let position = self.tweets.position(id).expect("it was taken in");
        if self.mark_older(position, ladder, min_age, now) && !is_watched {
            // It was not among those that were compared.
            self.allowance.forget();
        }
        self.queue.disturb();
        true
    }

    /// Nobody waits for it any more. What has not left yet stays at home.
    pub(super) fn forgo(&mut self, id: TweetId) {
        self.ordered.remove(&id);
        let Some(position) = self.tweets.position(id).filter(|position| self.tweets[*position].on_demand) else { return };
        self.tweets[position].tracks.iter_mut().filter(|track| !track.away).for_each(|track| track.due = None);
    }

    /// Whether it is wanted right now, if it is due.
    pub(super) fn is_wanted(&self, tweet: &TweetPlan) -> bool {
        self.ordered.contains(&tweet.id) || !self.only_ordered && !tweet.on_demand
    }

    /// Whether a reading of it is under way, or leaves when another call comes back, or when nothing holds all calls up any more. Asked
    /// after a launch.
    pub(super) fn is_awaited(&self, id: TweetId, ladder: &Ladder, is_held_up: bool, now: Timestamp) -> bool {
        let Some(tweet) = self.tweets.find(id) else { return false };
        let leaves = |(slot, track): (usize, &Track)| {
            let is_next = || track.is_due(now) && !track.held && (is_held_up || self.gates.is_busy());
            track.away || is_next() && self.lane(tweet, slot, ladder, now).is_some()
        };
        tweet.tracks.iter().enumerate().any(leaves)
    }

    /// The state of one tweet; nothing if it is not known.
    pub(super) fn state_of_tweet(&self, id: TweetId, ladder: &Ladder, now: Timestamp) -> Option<TweetState> {
        self.tweets.find(id).map(|tweet| self.state(tweet, ladder, now))
    }

    /// The tweets that were asked for and that nobody watches, in the order of the states.
    pub fn on_demand(&self) -> impl Iterator<Item = TweetId> {
        self.tweets.iter().filter(|tweet| tweet.on_demand).map(|tweet| tweet.id)
    }

    /// Remembers those that another plan was asked for.
    pub fn keep_on_demand(&mut self, old: &Self) {
        self.ordered.clone_from(&old.ordered);
        self.on_demand.clone_from(&old.on_demand);
    }

    /// Each reading of the tweet is due that is older than its interval and than this. Whether any was not due before.
    pub(super) fn mark_older(&mut self, position: usize, ladder: &Ladder, min_age: Duration, now: Timestamp) -> bool {
        let mut is_news = false;
        for slot in 0..self.slots.len() {
            let tweet = &self.tweets[position];
            let Some((_, _, every)) = self.lane(tweet, slot, ladder, now) else { continue };
            let track = &tweet.tracks[slot];
            if self.is_older(track, every.max(min_age), now) && track.due.is_none() && !track.away {
                self.tweets[position].tracks[slot].due = Some(now);
                is_news = true;
            }
        }
        is_news
    }

    /// A reading of this age is due again.
    fn is_older(&self, track: &Track, age: Duration, now: Timestamp) -> bool {
        // Scrapes come a few milliseconds early or late; without this slack every other one would find nothing due.
        let slack = (age / 20).min(Duration::from_secs(1));
        let by_day = |asked| is_due_by_day(asked, age, self.midnight(), now);
        let by_age = |asked| asked > now || now.since(asked) + slack >= age;
        track.asked.is_none_or(|asked| by_day(asked).unwrap_or_else(|| by_age(asked)))
    }

    /// It stands behind all others, which stay where they are.
    fn take_in(&mut self, id: TweetId, now: Timestamp) {
        self.tweets.push(TweetPlan { on_demand: true, ..TweetPlan::new(id, self.slots.len(), now) });
        (self.list_changed, self.adapted) = (true, None);
    }

    /// Makes room for one more, if that wastes no money. Who is asked for right now stands at the end.
    fn forget_eldest(&mut self, ladder: &Ladder, now: Timestamp) -> bool {
        let may_go = |id: &TweetId| {
            let tweet = self.tweets.find(*id);
            tweet.is_none_or(|tweet| {
                !tweet.tracks.iter().any(|track| track.away) && self.costs_nothing_to_forget(tweet, ladder, now)
            })
        };
        let Some(eldest) = self.on_demand.iter().position(may_go) else { return false };
        self.on_demand.remove(eldest);
        let named = self.named();
        self.watch(&named, now);
        true
    }

    /// What is paid for the day is read again for nothing. Where every read is paid, only what would be due anyway is.
    fn costs_nothing_to_forget(&self, tweet: &TweetPlan, ladder: &Ladder, now: Timestamp) -> bool {
        let is_due = |(slot, track): (usize, &Track)| {
            let every = self.lane(tweet, slot, ladder, now).map(|(_, _, every)| every);
            !track.read || every.is_none_or(|every| self.is_older(track, every, now))
        };
        self.terms.ledger.charge == Charge::UtcDay || tweet.tracks.iter().enumerate().all(is_due)
    }
}
