//! The homeward half of an account's plan: what an answer, or none, changes.

use crate::model::{Failure, LookupAsk, PriceClass, RateLimit, Reading, Refusal, Timestamp, TweetId};
use crate::schedule::account::{AccountPlan, LOOKUP};
use crate::schedule::ledger::Bill;
use crate::schedule::suspects::Suspects;
use crate::schedule::tweet::TweetPlan;
use crate::schedule::{Call, Errand, Outcome};

impl AccountPlan {
    /// How a call went. Returns what X charges for it.
    pub(super) fn finish(&mut self, call: &Call, limits: &[RateLimit], outcome: Outcome<'_>, now: Timestamp) -> Option<Bill> {
        let api = call.errand.api();
        self.gates.arrive(call.credential, api, limits, now);
        self.ledger.turn(now);
        self.ledger.release(call.errand.class(), call.worst);
        match outcome {
            Outcome::Failed(failure) => self.gates.fail(call.credential, api, failure, now),
            Outcome::Read(_) | Outcome::Known => self.gates.succeed(call.credential, api),
        }
        match (&call.errand, outcome) {
            (Errand::WhoAmI, Outcome::Known) => return Some(self.ledger.book(PriceClass::User, std::iter::once(0))),
            (Errand::WhoAmI, _) => self.name_wanted = true,
            (Errand::Lookup { ask, tweets }, Outcome::Read(reading)) => {
                self.culprits_in_a_row = 0;
                self.take(*ask, tweets, reading, call.at);
                self.learn(call, false);
                return Some(self.ledger.book(LOOKUP, reading.tweets.iter().map(|(id, _)| id.number())));
            }
            (Errand::Lookup { ask, tweets }, Outcome::Failed(failure)) => self.fail(call, *ask, tweets, failure),
            (Errand::Lookup { .. }, Outcome::Known) => {}
        }
        None
    }

    /// What X said of each tweet of a batch.
    fn take(&mut self, ask: LookupAsk, tweets: &[TweetId], reading: &Reading, at: Timestamp) {
        // What is not named below was passed over in silence: asked again at its next turn.
        for id in tweets {
            self.tweet(*id, |tweet| tweet.track_mut(ask).answered(at));
        }
        for (id, _) in &reading.tweets {
            self.tweet(*id, |tweet| {
                tweet.track_mut(ask).read = true;
                if ask != LookupAsk::Promoted {
                    tweet.refusal = None;
                }
            });
        }
        for id in &reading.field_refused {
            self.tweet(*id, |tweet| {
                tweet.foreign = true;
                // Asked again at once, for public numbers.
                tweet.main.due = Some(at).filter(|_| ask == LookupAsk::Private);
            });
        }
        if ask == LookupAsk::Promoted {
            return;
        }
        for (id, refusal) in &reading.refused {
            self.tweet(*id, |tweet| tweet.refuse(*refusal, at));
        }
        for id in &reading.failed {
            self.tweet(*id, |tweet| tweet.main.failed = true);
        }
    }

    fn fail(&mut self, call: &Call, ask: LookupAsk, tweets: &[TweetId], failure: &Failure) {
        let is_theirs = !matches!(failure, Failure::RateLimited { .. } | Failure::PaymentRefused { .. });
        match failure {
            Failure::Invalid { .. } if call.probe => return self.learn(call, true),
            Failure::Invalid { culprits } => return self.sort_out(call, ask, tweets, culprits),
            _ if call.probe => {
                if let Some(front) = self.suspects.front_mut() {
                    front.probing = false;
                }
            }
            _ => tweets.iter().for_each(|id| self.tweet(*id, |tweet| tweet.track_mut(ask).away = false)),
        }
        for id in tweets {
            self.tweet(*id, |tweet| tweet.track_mut(ask).failed |= is_theirs);
        }
    }

    /// X refused a batch whole: those that it named cost only themselves; if it named none, a search begins.
    fn sort_out(&mut self, call: &Call, ask: LookupAsk, tweets: &[TweetId], culprits: &[TweetId]) {
        let named: Vec<TweetId> = tweets.iter().copied().filter(|id| culprits.contains(id)).collect();
        if tweets.len() > 1 && (named.is_empty() || named.len() == tweets.len()) {
            self.suspects.push_back(Suspects::new(ask, tweets.to_vec()));
            return;
        }
        tweets.iter().for_each(|id| self.tweet(*id, |tweet| tweet.track_mut(ask).away = false));
        let guilty = if tweets.len() == 1 { tweets } else { &named };
        self.condemn(call, ask, guilty);
    }

    /// A step of the search is done.
    fn learn(&mut self, call: &Call, refused: bool) {
        if !call.probe {
            return;
        }
        let Some(front) = self.suspects.front_mut() else { return };
        let ask = front.ask;
        if let Some(culprit) = front.learn(refused) {
            self.end_search();
            self.condemn(call, ask, &[culprit]);
        }
    }

    /// Those that waited for the end of the search are free again.
    fn end_search(&mut self) {
        let Some(suspects) = self.suspects.pop_front() else { return };
        let ask = suspects.ask;
        suspects.into_tweets().iter().for_each(|id| self.tweet(*id, |tweet| tweet.track_mut(ask).away = false));
    }

    fn condemn(&mut self, call: &Call, ask: LookupAsk, guilty: &[TweetId]) {
        self.culprits_in_a_row += 1;
        for id in guilty {
            self.tweet(*id, |tweet| match ask {
                LookupAsk::Promoted => tweet.promoted.answered(call.at),
                _ => tweet.refuse(Refusal::Invalid, call.at),
            });
        }
        if self.culprits_in_a_row >= 3 {
            self.culprits_in_a_row = 0;
            self.gates.fail(call.credential, call.errand.api(), &Failure::Forbidden, call.at);
            while !self.suspects.is_empty() {
                self.end_search();
            }
        }
    }

    fn tweet(&mut self, id: TweetId, change: impl FnOnce(&mut TweetPlan)) {
        if let Some(position) = self.index.get(&id) {
            change(&mut self.tweets[*position]);
        }
    }
}
