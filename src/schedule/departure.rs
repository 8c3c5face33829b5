//! The outward half of an account's plan: which tweets are due, in which batches they leave, with which credential.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::{Api, CredentialKind, LookupAsk, PriceClass, Timestamp, TweetId};
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
        calls.extend(self.ask_name(account, now));
        calls.extend(self.probe(account, now));
        for ask in ASKS {
            self.depart(account, ask, ladder, now, &mut calls);
        }
        calls
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

    fn ask_name(&mut self, account: usize, now: Timestamp) -> Option<Call> {
        if !self.name_wanted || self.ledger.affordable(PriceClass::User) == 0 {
            return None;
        }
        let users = self.terms.credentials.iter().copied().filter(|kind| kind.is_user());
        let credential = users.into_iter().find(|kind| self.gates.passage(*kind, Api::Users, now) == Passage::Open)?;
        self.name_wanted = false;
        Some(self.call(account, credential, Errand::WhoAmI, 1, now))
    }

    /// The next step in the search for an id that X refuses.
    fn probe(&mut self, account: usize, now: Timestamp) -> Option<Call> {
        let front = self.suspects.front().filter(|suspects| !suspects.probing)?;
        let (ask, tweets) = (front.ask, front.probe().to_vec());
        let credential = self.credential(ask, now)?;
        let unpaid = tweets.iter().filter(|id| !self.ledger.is_free(LOOKUP, id.number())).count() as u64;
        if unpaid > self.ledger.affordable(LOOKUP) {
            return None;
        }
        self.suspects.front_mut()?.probing = true;
        let call = self.call(account, credential, Errand::Lookup { ask, tweets }, unpaid, now);
        Some(Call { probe: true, ..call })
    }

    /// Sends what is due, in as few batches as possible.
    fn depart(&mut self, account: usize, ask: LookupAsk, ladder: &Ladder, now: Timestamp, calls: &mut Vec<Call>) {
        let is_due = |tweet: &TweetPlan| {
            let track = tweet.track(ask);
            track.due.is_some() && !track.away && self.lane(tweet, ask, ladder, now).is_some()
        };
        let due: Vec<usize> = (0..self.tweets.len()).filter(|position| is_due(&self.tweets[*position])).collect();
        if due.is_empty() {
            return;
        }
        let due = self.within_budget(ask, due);
        for (sent, batch) in due.chunks(Errand::LOOKUP_BATCH).enumerate() {
            let Some(credential) = self.credential(ask, now) else {
                let rest = &due[sent * Errand::LOOKUP_BATCH..];
                return self.give_up_if_refused(ask, rest, now);
            };
            for position in batch {
                self.tweets[*position].track_mut(ask).away = true;
            }
            let tweets: Vec<TweetId> = batch.iter().map(|position| self.tweets[*position].id).collect();
            let unpaid = tweets.iter().filter(|id| !self.ledger.is_free(LOOKUP, id.number())).count() as u64;
            calls.push(self.call(account, credential, Errand::Lookup { ask, tweets }, unpaid, now));
        }
    }

    /// Leaves out, and marks, what the budget does not cover. What is paid for today already goes first.
    fn within_budget(&mut self, ask: LookupAsk, due: Vec<usize>) -> Vec<usize> {
        let (mut free, unpaid): (Vec<_>, Vec<_>) =
            due.into_iter().partition(|position| self.ledger.is_free(LOOKUP, self.tweets[*position].id.number()));
        let affordable = usize::try_from(self.ledger.affordable(LOOKUP)).unwrap_or(usize::MAX).min(unpaid.len());
        // Promoted numbers are free once the main reading is paid for: their waiting says nothing about the tweet.
        if ask != LookupAsk::Promoted {
            free.iter().for_each(|position| self.tweets[*position].held = false);
            for (rank, position) in unpaid.iter().enumerate() {
                self.tweets[*position].held = rank >= affordable;
            }
        }
        free.extend_from_slice(&unpaid[..affordable]);
        free
    }

    /// The preferred credential that may make such a call now.
    fn credential(&self, ask: LookupAsk, now: Timestamp) -> Option<CredentialKind> {
        self.candidates(ask).find(|kind| self.gates.passage(*kind, Api::Lookup, now) == Passage::Open)
    }

    fn candidates(&self, ask: LookupAsk) -> impl Iterator<Item = CredentialKind> {
        self.terms.credentials.iter().copied().filter(move |kind| kind.is_user() || !ask.is_private())
    }

    /// Tweets that no credential can read are in trouble, not merely waiting.
    fn give_up_if_refused(&mut self, ask: LookupAsk, due: &[usize], now: Timestamp) {
        let refused = |kind| matches!(self.gates.passage(kind, Api::Lookup, now), Passage::Refused(_));
        if self.candidates(ask).all(refused) {
            due.iter().for_each(|position| self.tweets[*position].track_mut(ask).failed = true);
        }
    }

    fn call(&mut self, account: usize, credential: CredentialKind, errand: Errand, worst: u64, at: Timestamp) -> Call {
        self.gates.depart(credential, errand.api());
        self.ledger.reserve(errand.class(), worst);
        Call { account, credential, errand, at, worst, probe: false }
    }
}
