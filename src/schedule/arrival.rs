//! The homeward half of an account's plan: what an answer, or none, changes.

use std::time::Duration;

use crate::model::{
    Api, Ask, Billed, Failure, MediaKey, PriceClass, ProjectUsage, RateLimit, Reading, Refusal, Timestamp, TweetId, TweetReading,
};
use crate::schedule::account::{AccountPlan, Books};
use crate::schedule::call::TweetsAsk;
use crate::schedule::errands::USAGE_PAUSE;
use crate::schedule::ledger::Bill;
use crate::schedule::pulse::Pulse;
use crate::schedule::slot::SlotKind;
use crate::schedule::tweet::{FOREIGN_PAUSE, RECHECK, SILENCE_PAUSE};
use crate::schedule::{Call, Errand, Ladder, Outcome};

impl AccountPlan {
    /// How a call went. Returns what X charges for it.
    pub(super) fn finish(
        &mut self,
        call: &Call,
        ladder: &Ladder,
        limits: &[RateLimit],
        outcome: Outcome<'_>,
        now: Timestamp,
    ) -> Option<Bill> {
        self.gates.arrive(call.credential, call.errand.api(), limits, now);
        self.ledger.turn(now);
        if let Some((class, count)) = call.worst {
            self.ledger.release(class, count);
            self.under_way.remove(&call.number);
        }
        if !is_plain(&outcome) {
            self.queue.disturb();
        }
        match outcome {
            Outcome::Counted(usage) => {
                self.count(usage, now);
                None
            }
            // What X refuses to count says nothing about the rest.
            Outcome::Failed { failure, .. } if call.errand == Errand::Usage => {
                self.fail_usage(call, failure, now);
                None
            }
            Outcome::Failed { failure, billed } => {
                self.fail(call, failure, now);
                self.charge_unread(call, billed)
            }
            Outcome::Read(reading) => {
                self.gates.succeed(call.credential, call.errand.api(), now);
                self.take_batch(call, reading)
            }
            Outcome::Page(page) => {
                self.gates.succeed(call.credential, call.errand.api(), now);
                self.take_page(call, ladder, page)
            }
            Outcome::User(id, name) => {
                self.gates.succeed(call.credential, call.errand.api(), now);
                let identity = &mut self.timeline.identity;
                identity.asking = false;
                match call.errand {
                    Errand::WhoAmI if identity.learn_owner(id, name) => {
                        self.timeline.begin_anew();
                        let named = self.named();
                        self.watch(&named, now);
                    }
                    Errand::WhoAmI => {}
                    _ => identity.target = Some(id),
                }
                Some(self.ledger.book(PriceClass::User, std::iter::once(id), call.at.utc_day()))
            }
        }
    }

    fn fail(&mut self, call: &Call, failure: &Failure, now: Timestamp) {
        let api = call.errand.api();
        // Only ids can be halved; a request without any that X dislikes is forbidden as it is.
        let is_barren = !matches!(call.errand, Errand::Read(_)) && matches!(failure, Failure::Invalid { .. } | Failure::Doubtful);
        self.gates.fail(call.credential, api, if is_barren { &Failure::Forbidden } else { failure }, now);
        if matches!(failure, Failure::PaymentRefused { .. }) {
            self.usage_due = now + USAGE_PAUSE;
        }
        if *failure == Failure::Closed {
            self.forget_numbers(api);
        }
        match &call.errand {
            Errand::Read(ask) => self.fail_batch(call, ask, failure),
            Errand::Page { .. } => self.fail_page(failure),
            Errand::WhoAmI | Errand::FindUser(_) => self.timeline.identity.asking = false,
            Errand::Usage => {}
        }
    }

    /// X will give no more of them: the last ones would grow old under the fresh readings of other sources.
    pub(super) fn forget_numbers(&mut self, api: Api) {
        for slot in self.slots.iter().filter(|slot| slot.api == api) {
            self.dropped.extend(self.tweets.iter().map(|tweet| (tweet.id, slot.source, slot.request)));
            self.touched.extend(self.tweets.iter().map(|tweet| tweet.id));
        }
    }

    /// A 200 that could not be read is paid for all the same, at worst in full. So is a call that left and was never answered, but what
    /// nobody knows by name is then counted once a day: a bad network must not use up the budget.
    pub(super) fn charge_unread(&mut self, call: &Call, billed: Billed) -> Option<Bill> {
        let (class, worst) = call.worst.filter(|_| billed != Billed::No)?;
        let (known, others): (Vec<u64>, usize) = match &call.errand {
            Errand::Read(ask) => {
                let terms = &self.slots[self.slot_of(ask.source, ask.request)?];
                (ask.tweets.iter().map(|id| terms.resource(id.number())).collect(), 0)
            }
            Errand::Page { page, .. } => self.unread_page(page),
            Errand::WhoAmI | Errand::FindUser(_) | Errand::Usage => (Vec::new(), 1),
        };
        let day = call.at.utc_day();
        // No more than what the budget was asked for: of a stretch that was walked before, everything is known.
        let unpaid = known.iter().filter(|resource| !self.ledger.is_free(class, **resource)).count();
        let others = others.min(usize::try_from(worst).unwrap_or(usize::MAX).saturating_sub(unpaid));
        if billed == Billed::Perhaps {
            // Numbers that no tweet and no user has stand for those that nobody knows.
            return Some(self.ledger.book(class, known.into_iter().chain((1..).take(others)), day));
        }
        let (known, others) = (self.ledger.book(class, known.into_iter(), day), self.ledger.book_unknown(class, others as u64));
        Some(known.and(others))
    }

    fn take_batch(&mut self, call: &Call, reading: &Reading) -> Option<Bill> {
        let Errand::Read(TweetsAsk { source, request, ask, tweets, .. }) = &call.errand else { return None };
        let slot = self.slot_of(*source, *request)?;
        self.take(slot, *ask, tweets, reading, call.at);
        self.hopeless[slot] = false;
        self.learn(call, slot, None);
        let (class, _) = call.worst?;
        let terms = self.slots[slot].clone();
        Some(self.ledger.book(class, reading.returned.iter().map(|id| terms.resource(id.number())), call.at.utc_day()))
    }

    /// What X said of each tweet.
    pub(super) fn take(&mut self, slot: usize, ask: Ask, asked: &[TweetId], reading: &Reading, at: Timestamp) {
        let judges = self.slots[slot].judges() && ask != Ask::Promoted;
        // What is not named below was never promoted: asked again at its next turn.
        for id in asked {
            self.tweet(*id, |tweet| tweet.tracks[slot].answered(at));
        }
        for (id, given) in &reading.tweets {
            self.tweet(*id, |tweet| {
                tweet.tracks[slot].answered(at);
                tweet.tracks[slot].given();
                tweet.refusal = tweet.refusal.filter(|_| !judges);
            });
            if judges {
                self.learn_videos(*id, &given.videos);
            }
            if ask != Ask::Promoted {
                self.learn_pulse(*id, slot, given, at);
            }
        }
        if ask == Ask::Promoted {
            return reading.field_refused.iter().for_each(|id| self.bar(*id, slot, Refusal::NotAuthorized, at, Duration::MAX));
        }
        for id in &reading.field_refused {
            self.tweet(*id, |tweet| {
                tweet.tracks[slot].answered(at);
                tweet.foreign_until = Some(at + FOREIGN_PAUSE);
                // Asked again at once, for public numbers.
                tweet.tracks[slot].due = Some(at);
            });
        }
        for id in &reading.passed_over {
            self.tweet(*id, |tweet| {
                tweet.tracks[slot].silent_until = Some(at + SILENCE_PAUSE);
                tweet.tracks[slot].due = Some(at);
            });
        }
        for (id, refusal) in &reading.refused {
            match judges {
                true => self.tweet(*id, |tweet| tweet.refuse(slot, *refusal, at)),
                false => self.bar(*id, slot, *refusal, at, RECHECK),
            }
        }
        for id in &reading.failed {
            self.tweet(*id, |tweet| tweet.tracks[slot].stumbled(at));
        }
    }

    /// X has told what it counted: with it, books that were lost are opened, and a refused payment may be worth another attempt.
    fn count(&mut self, usage: &ProjectUsage, now: Timestamp) {
        self.gates.recover(Api::Usage);
        if std::mem::replace(&mut self.books, Books::Open) != Books::Open {
            // Where X gives no sums by the day, all that was used may have been used today.
            let used = usage.used.unwrap_or_default();
            // X counts what all shards read: an even part is taken for this one's, so that a shard more does not begin with empty pockets.
            let part = |whole: u64| whole.div_ceil(u64::from(self.terms.shards.max(1)));
            self.ledger.assume(part(usage.today.unwrap_or(used)), part(usage.this_month.unwrap_or(used)));
        }
        let is_capped = usage.used.zip(usage.cap).is_some_and(|(used, cap)| used >= cap);
        if self.gates.is_unpaid() && !is_capped {
            self.gates.try_payment(now);
        }
    }

    /// How the tweet's numbers move. One that heats up does not wait for its old turn.
    fn learn_pulse(&mut self, id: TweetId, slot: usize, reading: &TweetReading, at: Timestamp) {
        let Some(position) = self.tweets.position(id) else { return };
        let (api, tweet) = (self.slots[slot].api, &mut self.tweets[position]);
        let before = tweet.pulse;
        tweet.pulse = Pulse::take(before, api, reading, id.created().unwrap_or(at), at);
        let is_slow = tweet.pace.is_some_and(|pace| pace > Duration::ZERO);
        if is_slow && tweet.pulse.is_some_and(|pulse| pulse.is_hotter(before)) {
            tweet.pace = Some(Duration::ZERO);
            self.queue.disturb();
        }
    }

    /// Videos that were not known before are due where a source goes by them.
    fn learn_videos(&mut self, id: TweetId, videos: &[MediaKey]) {
        let Some(position) = self.tweets.position(id) else { return };
        if self.tweets[position].videos.as_deref() != Some(videos) {
            self.tweets[position].videos = Some(videos.into());
            if self.slots.iter().any(|slot| slot.kind == SlotKind::Videos) {
                self.queue.disturb();
            }
        }
    }
}

/// All tweets were given, and nothing was learned of them: none of them is due again.
fn is_plain(outcome: &Outcome<'_>) -> bool {
    let Outcome::Read(reading) = outcome else { return matches!(outcome, Outcome::Counted(_)) };
    let others = [&reading.field_refused, &reading.passed_over, &reading.failed];
    reading.refused.is_empty() && others.iter().all(|list| list.is_empty())
}
