//! What an account asks X besides numbers: whose token it is, whose timeline, and what X has counted.

use std::time::Duration;

use crate::model::{Api, Ask, CredentialKind, Failure, PriceClass, Timestamp};
use crate::schedule::account::{AccountPlan, Books};
use crate::schedule::gates::Passage;
use crate::schedule::{Call, Errand, Ladder, Trigger};

/// The usage call is free; X allows 50 in a quarter of an hour (x-api.md 2.4).
pub(super) const USAGE_PAUSE: Duration = Duration::from_secs(15 * 60);
/// With the pauses between them, some five minutes: nobody who starts anew waits longer for a count that never comes.
const MOST_ATTEMPTS: u32 = 10;
/// Numbers of tweets come first.
const USAGE_PATIENCE: Duration = Duration::from_secs(3);

impl AccountPlan {
    /// A user costs money, so X is asked only for a name that will stand on a page or an id that a timeline needs, and once.
    pub(super) fn ask_users(&mut self, account: usize, ladder: &Ladder, now: Timestamp) -> Option<Call> {
        let errand = self.users_errand(ladder, now)?;
        if self.timeline.identity.asking || self.ledger.affordable(PriceClass::User) == 0 {
            return None;
        }
        let ask = if errand == Errand::WhoAmI { Ask::Private } else { Ask::Public };
        let credential =
            self.candidates(Api::Users, ask).find(|kind| self.gates.passage(*kind, Api::Users, now) == Passage::Open)?;
        self.timeline.identity.asking = true;
        Some(self.call(account, credential, errand, Some((PriceClass::User, 1)), now))
    }

    fn users_errand(&self, ladder: &Ladder, now: Timestamp) -> Option<Errand> {
        let identity = &self.timeline.identity;
        let is_shown = || self.tweets.iter().any(|tweet| ladder.interval(tweet.id, now).is_some());
        let is_needed = identity.is_needed && (self.timeline.discovery.is_some() || is_shown());
        let name_wanted = identity.username.is_none() && is_shown();
        let refused = |kind| matches!(self.gates.passage(kind, Api::Users, now), Passage::Refused(_));
        let may_speak = identity.has_user && !self.candidates(Api::Users, Ask::Private).all(refused);
        let is_news = identity.owner.is_none() && (name_wanted || is_needed && identity.target.is_none());
        if may_speak && (is_news || is_needed && identity.doubted) {
            return Some(Errand::WhoAmI);
        }
        // The token is somebody else's, or nobody's.
        let is_unknown = is_needed && identity.target.is_none();
        identity.username.clone().filter(|_| is_unknown).map(Errand::FindUser)
    }

    /// Books that were lost are opened with what X has counted, before anything is bought. Where nobody can ask, they begin empty.
    pub(super) fn ask_books(&mut self, account: usize, now: Timestamp) -> Option<Call> {
        let credential = self.candidates(Api::Usage, Ask::Public).next().filter(|_| self.ledger.is_bounded());
        let Some(credential) = credential else {
            self.books = Books::Open;
            return None;
        };
        let Books::Lost { attempts } = self.books else { return None };
        // Who has nothing to buy needs no books yet.
        let is_idle = self.tweets.is_empty() && self.timeline.discovery.is_none();
        if is_idle || self.gates.passage(credential, Api::Usage, now) != Passage::Open {
            return None;
        }
        self.books = Books::Asked { attempts };
        self.usage_due = now + USAGE_PAUSE;
        Some(self.call(account, credential, Errand::Usage, None, now))
    }

    /// What X refuses to count says nothing about the rest. Books that were lost wait a while for it: a fault passes, a refusal does not.
    pub(super) fn fail_usage(&mut self, call: &Call, failure: &Failure, now: Timestamp) {
        let may_pass = matches!(failure, Failure::Transient { .. } | Failure::RateLimited { .. } | Failure::Tokenless { .. });
        if may_pass {
            self.gates.fail(call.credential, Api::Usage, failure, now);
        }
        if let Books::Asked { attempts } = self.books {
            let goes_on = may_pass && attempts + 1 < MOST_ATTEMPTS;
            self.books = if goes_on { Books::Lost { attempts: attempts + 1 } } else { Books::Open };
        }
    }

    /// X counts reads, too; asked now and then where an app-only token allows it, and after X has answered anything at all.
    pub(super) fn ask_usage(&mut self, account: usize, trigger: Trigger, now: Timestamp) -> Option<Call> {
        let credential: CredentialKind = self.candidates(Api::Usage, Ask::Public).next()?;
        let is_due = self.usage_due <= now || self.usage_due > now + USAGE_PAUSE;
        let is_early = self.gates.first_success().is_none_or(|first| now < first + USAGE_PATIENCE);
        // A refused payment is tried again when this free call says so (promise 8).
        let is_early = is_early && !self.gates.is_unpaid();
        let is_closed = self.gates.passage(credential, Api::Usage, now) != Passage::Open;
        let is_refused = is_closed || self.gates.is_refused(credential, Api::Usage) || is_early;
        if matches!(trigger, Trigger::Continue | Trigger::Probe) || !is_due || is_refused {
            return None;
        }
        self.usage_due = now + USAGE_PAUSE;
        Some(self.call(account, credential, Errand::Usage, None, now))
    }
}
