//! Batches that X refuses whole because of some of their ids: those are found, put aside, and cost only themselves.

use crate::model::{Ask, Failure, Refusal, Timestamp, TweetId};
use crate::schedule::Call;
use crate::schedule::account::AccountPlan;
use crate::schedule::call::TweetsAsk;
use crate::schedule::suspects::{Finding, Suspects};
use crate::schedule::tweet::{FOREIGN_PAUSE, RECHECK};

impl AccountPlan {
    /// A batch brought nothing.
    pub(super) fn fail_batch(&mut self, call: &Call, ask: &TweetsAsk, failure: &Failure) {
        let Some(slot) = self.slot_of(ask.source, ask.request) else { return };
        let is_theirs = !matches!(failure, Failure::RateLimited { .. } | Failure::PaymentRefused { .. } | Failure::Closed);
        match failure {
            Failure::Invalid { .. } | Failure::Doubtful if call.probe.is_some() => return self.learn(call, slot, Some(failure)),
            Failure::Invalid { culprits } => return self.sort_out(call, slot, ask, (culprits, failure)),
            Failure::Doubtful => return self.sort_out(call, slot, ask, (&[], failure)),
            _ if call.probe.is_some() => {
                if let Some(front) = self.suspects[slot].front_mut().filter(|front| Some(front.number) == call.probe) {
                    front.probing = false;
                }
            }
            _ => self.free(slot, &ask.tweets),
        }
        for id in &ask.tweets {
            self.tweet(*id, |tweet| tweet.tracks[slot].failed |= is_theirs);
        }
    }

    /// X refused a batch whole: those that it named cost only themselves; if it named none, a search begins.
    fn sort_out(&mut self, call: &Call, slot: usize, asked: &TweetsAsk, (culprits, failure): (&[(TweetId, Refusal)], &Failure)) {
        let tweets = &asked.tweets;
        if asked.ask == Ask::Promoted {
            // An extra that X dislikes is not worth a search; it is asked for again at its next turn.
            return tweets.iter().for_each(|id| self.tweet(*id, |tweet| tweet.tracks[slot].answered(call.at)));
        }
        let named: Vec<(TweetId, Refusal)> = culprits.iter().copied().filter(|(id, _)| tweets.contains(id)).collect();
        let names_all = tweets.iter().all(|id| named.iter().any(|(culprit, _)| culprit == id));
        // `invalid-request` repeats the whole parameter where it names no culprit; other refusals mean whom they name.
        let is_clear = !named.is_empty() && (!names_all || named.iter().all(|(_, refusal)| *refusal != Refusal::Invalid));
        if tweets.len() > 1 && !is_clear {
            self.searches += 1;
            let suspects = Suspects::new(asked.ask, self.searches, tweets.clone());
            self.suspects[slot].push_back(suspects);
            return;
        }
        let is_second = tweets.iter().any(|id| self.tweets.find(*id).is_some_and(|tweet| tweet.tracks[slot].resent));
        self.free(slot, tweets);
        let has_answered = self.tweets.iter().any(|tweet| tweet.tracks[slot].read);
        match tweets.as_slice() {
            _ if is_clear => {
                tweets.iter().for_each(|id| self.resend(*id, slot, is_second, call.at));
                self.condemn(slot, &named, call.at);
            }
            [alone] if has_answered => self.condemn(slot, &[(*alone, Refusal::Invalid)], call.at),
            _ => self.despair(call, slot, tweets, failure),
        }
    }

    /// Those that were not named are sent once more; if others spoil that, too, they wait for their next turn.
    fn resend(&mut self, id: TweetId, slot: usize, is_second: bool, at: Timestamp) {
        self.tweet(id, |tweet| {
            let track = &mut tweet.tracks[slot];
            track.resent = true;
            if is_second {
                track.answered(at);
                track.failed = true;
            }
        });
    }

    /// A step of the search is done: it was answered, or refused like this.
    pub(super) fn learn(&mut self, call: &Call, slot: usize, refused: Option<&Failure>) {
        let Some(front) = self.suspects[slot].front_mut().filter(|front| Some(front.number) == call.probe) else { return };
        match front.learn(refused.is_some()) {
            Finding::Open => {}
            Finding::Guilty(guilty) => {
                self.end_search(slot);
                let guilty: Vec<_> = guilty.into_iter().map(|id| (id, Refusal::Invalid)).collect();
                self.condemn(slot, &guilty, call.at);
            }
            Finding::Hopeless => {
                let tweets = self.end_search(slot);
                self.despair(call, slot, &tweets, refused.unwrap_or(&Failure::Forbidden));
            }
        }
    }

    /// Those that waited for the end of the search are free again.
    pub(super) fn end_search(&mut self, slot: usize) -> Vec<TweetId> {
        let Some(suspects) = self.suspects[slot].pop_front() else { return Vec::new() };
        self.queue.disturb();
        let tweets = suspects.all();
        self.free(slot, &tweets);
        tweets
    }

    /// These spoil every batch that they are in: put aside, then asked for again slowly and alone.
    fn condemn(&mut self, slot: usize, guilty: &[(TweetId, Refusal)], at: Timestamp) {
        let judges = self.slots[slot].judges();
        for (id, refusal) in guilty {
            self.tweet(*id, |tweet| tweet.tracks[slot].spoils = true);
            match refusal {
                _ if judges => self.tweet(*id, |tweet| tweet.refuse(slot, *refusal, at)),
                // Whose tweet it is holds for every system.
                Refusal::NotAuthorized => {
                    self.bar(*id, slot, *refusal, at, FOREIGN_PAUSE);
                    self.tweet(*id, |tweet| tweet.foreign_until = Some(at + FOREIGN_PAUSE));
                }
                _ => self.bar(*id, slot, *refusal, at, RECHECK),
            }
        }
    }

    /// X dislikes the request whatever is in it: it rests, and nobody is to blame. Later one tweet is enough to find out more. What X
    /// has forbidden from the first call on is closed to the app (x-api.md section 8, contradictions 10 and 14).
    fn despair(&mut self, call: &Call, slot: usize, tweets: &[TweetId], failure: &Failure) {
        let api = call.errand.api();
        let is_closed = *failure == Failure::Doubtful && !self.gates.is_proven(api);
        self.gates.fail(call.credential, api, if is_closed { &Failure::Closed } else { &Failure::Forbidden }, call.at);
        self.hopeless[slot] = true;
        tweets.iter().for_each(|id| self.tweet(*id, |tweet| tweet.tracks[slot].failed = true));
    }

    fn free(&mut self, slot: usize, tweets: &[TweetId]) {
        tweets.iter().for_each(|id| self.tweet(*id, |tweet| tweet.tracks[slot].away = false));
    }
}
