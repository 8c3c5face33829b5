//! The homeward half of an account's plan: what an answer, or none, changes.

use crate::model::{Failure, LookupAsk, PriceClass, RateLimit, Reading, Refusal, Timestamp, TweetId};
use crate::schedule::account::{AccountPlan, LOOKUP};
use crate::schedule::ledger::Bill;
use crate::schedule::suspects::{Finding, Suspects};
use crate::schedule::tweet::{REFUSED_FIELDS_PAUSE, SILENCE_PAUSE, TweetPlan};
use crate::schedule::{Call, Errand, Outcome};

impl AccountPlan {
    /// How a call went. Returns what X charges for it.
    pub(super) fn finish(&mut self, call: &Call, limits: &[RateLimit], outcome: Outcome<'_>, now: Timestamp) -> Option<Bill> {
        let api = call.errand.api();
        self.gates.arrive(call.credential, api, limits, now);
        self.ledger.turn(now);
        self.ledger.release(call.errand.class(), call.worst);
        match (outcome, &call.errand) {
            // Only ids can be halved; a request without any that X dislikes is forbidden as it is.
            (Outcome::Failed { failure: Failure::Invalid { .. }, .. }, Errand::WhoAmI) => {
                self.gates.fail(call.credential, api, &Failure::Forbidden, now);
            }
            (Outcome::Failed { failure, .. }, _) => self.gates.fail(call.credential, api, failure, now),
            (Outcome::Read(_) | Outcome::Known, _) => self.gates.succeed(call.credential, api),
        }
        match (&call.errand, outcome) {
            (Errand::WhoAmI, Outcome::Known) => return Some(self.ledger.book(PriceClass::User, std::iter::once(0))),
            (Errand::WhoAmI, _) => self.name_wanted = true,
            (Errand::Lookup { ask, tweets }, Outcome::Read(reading)) => {
                self.take(*ask, tweets, reading, call.at);
                self.learn(call, false);
                return Some(self.ledger.book(LOOKUP, reading.returned.iter().map(|id| id.number())));
            }
            (Errand::Lookup { ask, tweets }, Outcome::Failed { failure, .. }) => self.fail(call, *ask, tweets, failure),
            (Errand::Lookup { .. }, Outcome::Known) => {}
        }
        self.charge_unread(call, outcome)
    }

    /// A 200 that could not be read is paid for all the same, at worst in full.
    fn charge_unread(&mut self, call: &Call, outcome: Outcome<'_>) -> Option<Bill> {
        let Outcome::Failed { charged: true, .. } = outcome else { return None };
        Some(match &call.errand {
            Errand::WhoAmI => self.ledger.book(PriceClass::User, std::iter::once(0)),
            Errand::Lookup { tweets, .. } => self.ledger.book(LOOKUP, tweets.iter().map(|id| id.number())),
        })
    }

    /// What X said of each tweet of a batch.
    fn take(&mut self, ask: LookupAsk, tweets: &[TweetId], reading: &Reading, at: Timestamp) {
        // What is not named below was never promoted: asked again at its next turn.
        for id in tweets {
            self.tweet(*id, |tweet| tweet.track_mut(ask).answered(at));
        }
        for (id, _) in &reading.tweets {
            self.tweet(*id, |tweet| tweet.track_mut(ask).read = true);
        }
        if ask == LookupAsk::Promoted {
            reading.field_refused.iter().for_each(|id| self.tweet(*id, |tweet| tweet.unpromoted = true));
            return;
        }
        for (id, _) in &reading.tweets {
            self.tweet(*id, |tweet| tweet.refusal = None);
        }
        for (ids, pause) in [(&reading.field_refused, REFUSED_FIELDS_PAUSE), (&reading.passed_over, SILENCE_PAUSE)] {
            for id in ids {
                self.tweet(*id, |tweet| {
                    tweet.public_until = Some(at + pause);
                    // Asked again at once, for public numbers.
                    tweet.main.due = Some(at);
                });
            }
        }
        for (id, refusal) in &reading.refused {
            self.tweet(*id, |tweet| tweet.refuse(*refusal, at));
        }
        for id in &reading.failed {
            self.tweet(*id, |tweet| tweet.main.stumbled(at));
        }
    }

    fn fail(&mut self, call: &Call, ask: LookupAsk, tweets: &[TweetId], failure: &Failure) {
        let is_theirs = !matches!(failure, Failure::RateLimited { .. } | Failure::PaymentRefused { .. });
        match failure {
            Failure::Invalid { .. } if call.probe.is_some() => return self.learn(call, true),
            Failure::Invalid { culprits } => return self.sort_out(call, ask, tweets, culprits),
            _ if call.probe.is_some() => {
                if let Some(front) = self.suspects.front_mut().filter(|front| Some(front.number) == call.probe) {
                    front.probing = false;
                }
            }
            _ => self.free(ask, tweets),
        }
        for id in tweets {
            self.tweet(*id, |tweet| tweet.track_mut(ask).failed |= is_theirs);
        }
    }

    /// X refused a batch whole: those that it named cost only themselves; if it named none, a search begins.
    fn sort_out(&mut self, call: &Call, ask: LookupAsk, tweets: &[TweetId], culprits: &[TweetId]) {
        if ask == LookupAsk::Promoted {
            // An extra that X dislikes is not worth a search; it is asked for again at its next turn.
            return tweets.iter().for_each(|id| self.tweet(*id, |tweet| tweet.promoted.answered(call.at)));
        }
        let named: Vec<TweetId> = tweets.iter().copied().filter(|id| culprits.contains(id)).collect();
        let is_clear = !named.is_empty() && named.len() < tweets.len();
        if tweets.len() > 1 && !is_clear {
            self.searches += 1;
            self.suspects.push_back(Suspects::new(ask, self.searches, tweets.to_vec()));
            return;
        }
        self.free(ask, tweets);
        let has_answered = self.tweets.iter().any(|tweet| tweet.main.read);
        match tweets {
            _ if is_clear => self.condemn(&named, call.at),
            [alone] if has_answered => self.condemn(&[*alone], call.at),
            _ => self.despair(call, tweets),
        }
    }

    /// A step of the search is done.
    fn learn(&mut self, call: &Call, refused: bool) {
        let Some(front) = self.suspects.front_mut().filter(|front| Some(front.number) == call.probe) else { return };
        match front.learn(refused) {
            Finding::Open => {}
            Finding::Guilty(guilty) => {
                self.end_search();
                self.condemn(&guilty, call.at);
            }
            Finding::Hopeless => {
                let tweets = self.end_search();
                self.despair(call, &tweets);
            }
        }
    }

    /// Those that waited for the end of the search are free again.
    pub(super) fn end_search(&mut self) -> Vec<TweetId> {
        let Some(suspects) = self.suspects.pop_front() else { return Vec::new() };
        let ask = suspects.ask;
        let tweets = suspects.into_tweets();
        self.free(ask, &tweets);
        tweets
    }

    fn condemn(&mut self, guilty: &[TweetId], at: Timestamp) {
        guilty.iter().for_each(|id| self.tweet(*id, |tweet| tweet.refuse(Refusal::Invalid, at)));
    }

    /// X dislikes the request whatever is in it: it rests, and nobody is to blame.
    fn despair(&mut self, call: &Call, tweets: &[TweetId]) {
        self.gates.fail(call.credential, call.errand.api(), &Failure::Forbidden, call.at);
        tweets.iter().for_each(|id| self.tweet(*id, |tweet| tweet.main.failed = true));
    }

    fn free(&mut self, ask: LookupAsk, tweets: &[TweetId]) {
        tweets.iter().for_each(|id| self.tweet(*id, |tweet| tweet.track_mut(ask).away = false));
    }

    fn tweet(&mut self, id: TweetId, change: impl FnOnce(&mut TweetPlan)) {
        if let Some(position) = self.index.get(&id) {
            change(&mut self.tweets[*position]);
        }
    }
}
