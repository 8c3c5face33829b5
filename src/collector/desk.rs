//! One account's means to carry out calls, and its numbers about them.

use std::sync::Arc;

use crate::collector::health::Health;
use crate::model::{Reading, Timestamp, Username};
use crate::schedule::{AccountPlan, Bill, Call, Errand};
use crate::self_metrics::{AccountMetrics, BudgetPeriod, ErrorReason};
use crate::store::Watched;
use crate::watchlist;
use crate::x_api::{Answered, ApiError, Lookup, Session, who_am_i};

/// One account's means to carry out calls.
pub struct Desk {
    /// Its way to X.
    pub session: Arc<Session>,
    /// Its lookup.
    pub lookup: Arc<Lookup>,
    /// Position of the lookup among its sources: its precedence.
    pub lookup_source: u8,
    /// Its own metrics.
    pub metrics: AccountMetrics,
    /// What stands in its way.
    pub health: Health,
}

/// What a call brought.
pub(super) enum Answer {
    Tweets(Answered<Reading>),
    Name(Answered<(u64, Username)>),
}

impl Desk {
    /// The work of a call, to be run apart from everything else. `now` is the moment of sending.
    pub(super) fn carry_out(&self, call: &Call, now: Timestamp) -> impl Future<Output = Answer> + Send + 'static {
        let (session, lookup, call) = (self.session.clone(), self.lookup.clone(), call.clone());
        async move {
            match &call.errand {
                Errand::Lookup { ask, tweets } => Answer::Tweets(lookup.read(&session, *ask, call.credential, tweets, now).await),
                Errand::WhoAmI => Answer::Name(who_am_i(&session, call.credential, now).await),
            }
        }
    }

    /// Counts and logs how it went.
    pub(super) fn observe(&mut self, call: &Call, error: Option<&ApiError>, now: Timestamp) {
        let api = call.errand.api();
        match error {
            None => self.metrics.credential_ok(call.credential, true),
            Some(error) => {
                self.metrics.error(api, error.reason);
                if error.reason == ErrorReason::CredentialRefused {
                    self.metrics.credential_ok(call.credential, false);
                }
            }
        }
        self.health.observe(api, call.credential, error, now);
    }

    /// Counts what X charges.
    pub(super) fn charge(&self, bill: &Bill) {
        self.metrics.tweets_read(bill.class, bill.returned);
        self.metrics.billed(bill.class, bill.charged, bill.usd);
    }

    /// Shows where the plan stands.
    pub(super) fn show(&self, plan: &AccountPlan, oldest_due: Option<Timestamp>) {
        self.metrics.oldest_due(oldest_due);
        for (period, budget) in [BudgetPeriod::Day, BudgetPeriod::Month].into_iter().zip(plan.budgets()) {
            if let Some((usd, remaining)) = budget {
                self.metrics.budget(period, usd, remaining);
            }
        }
    }
}

/// The store imports no watch list; here the two meet.
impl From<watchlist::Watched> for Watched {
    fn from(tweet: watchlist::Watched) -> Self {
        Self { id: tweet.tweet, username: tweet.username, labels: tweet.labels }
    }
}
