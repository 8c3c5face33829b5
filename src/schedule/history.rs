//! Calls for history: beside the plan's own, and never at the same time. They are paid from the same books and pass the same gates; what
//! they bring is no reading of the plan's tweets, so that none of these is due later for it.

use crate::model::{Ask, CredentialKind, RateLimit, Timestamp, TweetId};
use crate::schedule::account::{AccountPlan, Books};
use crate::schedule::gates::Passage;
use crate::schedule::ledger::Bill;
use crate::schedule::quota::Demand;
use crate::schedule::{Call, Errand, Outcome};

/// Whether a call for history may leave now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leave {
    /// This one, of as many of the tweets as the budget covers.
    Call(Box<Call>),
    /// Not before then.
    Wait(Timestamp),
    /// X refuses the credentials, or the system to them.
    Refused,
    /// X wants money; it is tried again then.
    Unpaid(Timestamp),
    /// The budget covers not even one tweet.
    OverBudget,
}

impl AccountPlan {
    /// A call for the past of these tweets from the source at this position; `queued` more are to come, it included.
    pub fn history_call(&mut self, source: usize, tweets: &[TweetId], queued: u64, now: Timestamp) -> Leave {
        self.ledger.turn(now);
        let Some(slot) = self.slot_of(source, 0) else { return Leave::Refused };
        let api = self.slots[slot].api;
        let credential = match self.history_credential(slot, now) {
            Ok(credential) => credential,
            Err(leave) => return leave,
        };
        let demand = Demand { queued, per_second: 0.0 };
        if let Some(until) = self.gates.ahead(credential, api, demand, now) {
            return Leave::Wait(until);
        }
        let tweets = self.affordable(slot, tweets);
        if tweets.is_empty() {
            return Leave::OverBudget;
        }
        let worst = self.worst(slot, &tweets);
        let errand = self.errand((slot, Ask::Private), tweets);
        Leave::Call(Box::new(self.call(0, credential, errand, worst, now)))
    }

    /// How it went. Returns what X charges for it.
    pub fn finish_history(&mut self, call: &Call, limits: &[RateLimit], outcome: Outcome<'_>, now: Timestamp) -> Option<Bill> {
        let api = call.errand.api();
        self.gates.arrive(call.credential, api, limits, now);
        self.ledger.turn(now);
        if let Some((class, count)) = call.worst {
            self.ledger.release(class, count);
            self.under_way.remove(&call.number);
        }
        match (outcome, &call.errand) {
            (Outcome::Read(reading), Errand::Read(ask)) => {
                self.gates.succeed(call.credential, api, now);
                let slot = self.slots[self.slot_of(ask.source, ask.request)?].clone();
                let (class, _) = call.worst?;
                let returned = reading.returned.iter().map(|id| slot.resource(id.number()));
                Some(self.ledger.book(class, returned, call.at.utc_day()))
            }
            (Outcome::Failed { failure, billed }, _) => {
                self.gates.fail(call.credential, api, failure, now);
                self.charge_unread(call, billed)
            }
            _ => None,
        }
    }

    /// The call by which books that were lost are opened; nothing if they are open, or X cannot be asked right now.
    pub fn books_call(&mut self, now: Timestamp) -> Option<Call> {
        if self.books == Books::Open { None } else { self.ask_books(0, now) }
    }

    /// Whether it is known what was spent, as well as can be.
    pub fn has_books(&self) -> bool {
        self.books == Books::Open
    }

    fn history_credential(&self, slot: usize, now: Timestamp) -> Result<CredentialKind, Leave> {
        let api = self.slots[slot].api;
        let mut best = Leave::Refused;
        for kind in self.candidates(api, Ask::Private) {
            match self.gates.passage(kind, api, now) {
                Passage::Open => return Ok(kind),
                Passage::AfterProbe => best = Leave::Wait(now),
                Passage::Wait(until) => best = Leave::Wait(until),
                Passage::Unpaid(until) if best == Leave::Refused => best = Leave::Unpaid(until),
                Passage::Unpaid(_) | Passage::Refused(_) => {}
            }
        }
        Err(best)
    }

    /// The tweets that cost nothing today, and of the others as many as the budget covers; in their order.
    fn affordable(&self, slot: usize, tweets: &[TweetId]) -> Vec<TweetId> {
        let terms = &self.slots[slot];
        let Some(class) = terms.class(true) else { return tweets.to_vec() };
        let mut left = self.ledger.affordable(class);
        let mut covered = |id: &&TweetId| {
            let is_free = self.ledger.is_free(class, terms.resource(id.number()));
            let may = is_free || left > 0;
            left -= u64::from(!is_free && may);
            may
        };
        tweets.iter().filter(|id| covered(id)).copied().collect()
    }
}
