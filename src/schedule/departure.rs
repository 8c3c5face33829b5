//! The outward half of an account's plan: which tweets are due, in which batches they leave, with which credential.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::{Api, CredentialKind, LookupAsk, PriceClass, Refusal, Timestamp, TweetId};
use crate::schedule::account::{ASKS, AccountPlan, LOOKUP};
use crate::schedule::gates::Passage;
use crate::schedule::lane::{Lane, Pace, Waiting};
use crate::schedule::tweet::TweetPlan;
use crate::schedule::{Call, Errand, Ladder, Trigger};

impl AccountPlan {
    /// The calls to make now.
    pub(super) fn launch(&mut self, account: usize, ladder: &Ladder, trigger: Trigger, now: Timestamp) -> Vec<Call> {
        self.ledger.turn(now);
        match trigger {
            Trigger::Interval => self.mark_by_slot(ladder, now),
            Trigger::Scrape { min_age } => self.mark_by_age(ladder, min_age, now),
            Trigger::Continue => {}
        }
        let mut calls = Vec::new();
        calls.extend(self.ask_name(account, ladder, now));
        calls.extend(self.probe(account, now));
        let mut due = ASKS.map(|ask| (ask, self.due(ask, ladder, now)));
        // Who waited longest goes first, whatever is asked: where X allows little, nobody starves.
        due.sort_by_key(|(ask, due)| due.first().map(|position| self.tweets[*position].track(*ask).tried));
        for (ask, due) in due {
            self.depart(account, ask, due, now, &mut calls);
        }
        calls
    }

    /// What is to be read in this way now, those first that no call was made for the longest time.
    fn due(&self, ask: LookupAsk, ladder: &Ladder, now: Timestamp) -> Vec<usize> {
        let is_due = |tweet: &TweetPlan| tweet.track(ask).is_due(now) && self.lane(tweet, ask, ladder, now).is_some();
        let mut due: Vec<usize> = (0..self.tweets.len()).filter(|position| is_due(&self.tweets[*position])).collect();
        due.sort_by_key(|position| self.tweets[*position].track(ask).tried);
        due
    }

    fn mark_by_slot(&mut self, ladder: &Ladder, now: Timestamp) {
        let mut lanes: BTreeMap<_, (usize, Vec<Waiting>)> = BTreeMap::new();
        for (position, tweet) in self.tweets.iter().enumerate() {
            for ask in ASKS {
                let Some(key) = self.lane(tweet, ask, ladder, now) else { continue };
                let (members, waiting) = lanes.entry(key).or_default();
                *members += 1;
                let track = tweet.track(ask);
                if track.due.is_none() && !track.away {
                    waiting.push(Waiting { position, asked: track.asked.unwrap_or(Timestamp::MIN) });
                }
            }
        }
        self.lanes.retain(|key, _| lanes.contains_key(key));
        self.next_slot = None;
        for ((ask, every), (members, waiting)) in lanes {
            let pace = Pace { every, members, patience: self.terms.patience };
            // A lane that tweets have moved to goes on from where they were.
            let since = waiting.iter().map(|tweet| tweet.asked).min().filter(|asked| *asked > Timestamp::MIN).unwrap_or(now);
            let lane = self.lanes.entry((ask, every)).or_insert_with(|| Lane::new(since.min(now)));
            for position in lane.fire(pace, waiting, now) {
                self.tweets[position].track_mut(ask).due = Some(now);
            }
            let next = lane.next_slot(pace);
            self.next_slot = Some(self.next_slot.map_or(next, |known| known.min(next)));
        }
    }

    fn mark_by_age(&mut self, ladder: &Ladder, min_age: Duration, now: Timestamp) {
        for position in 0..self.tweets.len() {
            for ask in ASKS {
                let tweet = &self.tweets[position];
                let Some((_, every)) = self.lane(tweet, ask, ladder, now) else { continue };
                let track = tweet.track(ask);
                let age = every.max(min_age);
                // Scrapes come a few milliseconds early or late; without this slack every other one would find nothing due.
                let slack = (age / 20).min(Duration::from_secs(1));
                let is_old = track.asked.is_none_or(|asked| asked > now || now.since(asked) + slack >= age);
                if is_old && track.due.is_none() && !track.away {
                    self.tweets[position].track_mut(ask).due = Some(now);
                }
            }
        }
    }

    /// A name costs money, so it is asked for only where it will stand on a page.
    fn ask_name(&mut self, account: usize, ladder: &Ladder, now: Timestamp) -> Option<Call> {
        let is_shown = |tweet: &TweetPlan| self.every(tweet, ladder, now).is_some();
        if !self.name_wanted || self.ledger.affordable(PriceClass::User) == 0 || !self.tweets.iter().any(is_shown) {
            return None;
        }
        let users = self.terms.credentials.iter().copied().filter(|kind| kind.is_user());
        let credential = users.into_iter().find(|kind| self.gates.passage(*kind, Api::Users, now) == Passage::Open)?;
        self.name_wanted = false;
        Some(self.call(account, credential, Errand::WhoAmI, 1, now))
    }

    /// The next step in the search for an id that X refuses.
    fn probe(&mut self, account: usize, now: Timestamp) -> Option<Call> {
        let front = self.suspects.front_mut().filter(|suspects| !suspects.probing)?;
        front.retain(|id| self.index.contains_key(id));
        let (ask, number, tweets) = (front.ask, front.number, front.probe().to_vec());
        if tweets.is_empty() || self.is_refused(ask, now) {
            // Nobody is left, or nobody may ask: they are read like all others.
            self.end_search();
            return None;
        }
        let credential = self.credential(ask, now)?;
        let unpaid = self.unpaid(&tweets);
        if unpaid > self.ledger.affordable(LOOKUP) {
            return None;
        }
        self.suspects.front_mut()?.probing = true;
        let call = self.call(account, credential, Errand::Lookup { ask, tweets }, unpaid, now);
        Some(Call { probe: Some(number), ..call })
    }

    /// Sends what is due, in as few batches as possible.
    fn depart(&mut self, account: usize, ask: LookupAsk, due: Vec<usize>, now: Timestamp, calls: &mut Vec<Call>) {
        let due = self.within_budget(ask, due);
        // An id that X called invalid would spoil a batch: it goes alone.
        let spoils = |position: &usize| self.tweets[*position].refusal == Some(Refusal::Invalid);
        let (alone, together): (Vec<usize>, Vec<usize>) = due.into_iter().partition(spoils);
        let batches: Vec<&[usize]> = together.chunks(Errand::LOOKUP_BATCH).chain(alone.chunks(1)).collect();
        for (sent, batch) in batches.iter().enumerate() {
            let Some(credential) = self.credential(ask, now) else {
                return self.give_up_if_refused(ask, &batches[sent..].concat(), now);
            };
            for position in *batch {
                let track = self.tweets[*position].track_mut(ask);
                (track.away, track.tried) = (true, Some(now));
            }
            let tweets: Vec<TweetId> = batch.iter().map(|position| self.tweets[*position].id).collect();
            let unpaid = self.unpaid(&tweets);
            calls.push(self.call(account, credential, Errand::Lookup { ask, tweets }, unpaid, now));
        }
    }

    /// How many of them X would charge for.
    fn unpaid(&self, tweets: &[TweetId]) -> u64 {
        tweets.iter().filter(|id| !self.ledger.is_free(LOOKUP, id.number())).count() as u64
    }

    /// Leaves out, and marks, what the budget does not cover.
    fn within_budget(&mut self, ask: LookupAsk, mut due: Vec<usize>) -> Vec<usize> {
        let mut affordable = self.ledger.affordable(LOOKUP);
        due.retain(|position| {
            let tweet = &mut self.tweets[*position];
            let is_free = self.ledger.is_free(LOOKUP, tweet.id.number());
            let fits = is_free || affordable > 0;
            affordable -= u64::from(fits && !is_free);
            // Promoted numbers are free once the main reading is paid for: their waiting says nothing about the tweet.
            if ask != LookupAsk::Promoted {
                tweet.held = !fits;
            }
            fits
        });
        due
    }

    /// The preferred credential that may make such a call now.
    fn credential(&self, ask: LookupAsk, now: Timestamp) -> Option<CredentialKind> {
        self.candidates(ask).find(|kind| self.gates.passage(*kind, Api::Lookup, now) == Passage::Open)
    }

    fn candidates(&self, ask: LookupAsk) -> impl Iterator<Item = CredentialKind> {
        self.terms.credentials.iter().copied().filter(move |kind| kind.is_user() || !ask.is_private())
    }

    /// Whether X refuses every credential that could ask this.
    fn is_refused(&self, ask: LookupAsk, now: Timestamp) -> bool {
        self.candidates(ask).all(|kind| matches!(self.gates.passage(kind, Api::Lookup, now), Passage::Refused(_)))
    }

    /// Tweets that no credential can read are in trouble, not merely waiting.
    fn give_up_if_refused(&mut self, ask: LookupAsk, due: &[usize], now: Timestamp) {
        if self.is_refused(ask, now) {
            due.iter().for_each(|position| self.tweets[*position].track_mut(ask).failed = true);
        }
    }

    fn call(&mut self, account: usize, credential: CredentialKind, errand: Errand, worst: u64, at: Timestamp) -> Call {
        self.gates.depart(credential, errand.api());
        self.ledger.reserve(errand.class(), worst);
        Call { account, credential, errand, at, worst, probe: None }
    }
}
