//! One account's means to carry out calls, and its numbers about them.

use std::sync::Arc;

use crate::collector::health::Health;
use crate::model::{Api, ProjectUsage, RateLimit, Reading, TimelinePage, Timestamp, TweetId, Username};
use crate::schedule::{AccountPlan, Bill, Call, Errand, PauseCause, TweetsAsk, WindowView};
use crate::self_metrics::{AccountMetrics, BudgetPeriod, ErrorReason};
use crate::store::{Mention, Part, Watched};
use crate::watchlist;
use crate::x_api::{Answered, ApiError, Backend, Batch, Session, Timeline, find_user, project_usage, who_am_i};

/// One account's means to carry out calls.
pub struct Desk {
    /// Its way to X.
    pub session: Arc<Session>,
    /// Its sources, in order of precedence; the timeline has no backend.
    pub backends: Vec<Option<Arc<Backend>>>,
    /// Its timeline.
    pub timeline: Arc<Timeline>,
    /// Whose numbers win: by source. Lookup and timeline share a place, for they give the same ones.
    pub precedence: Vec<u8>,
    /// What the places are called in the state file, by place: another configuration may have them in another order.
    pub places: Vec<String>,
    /// The user's own labels for tweets found on the timeline.
    pub found: Arc<Mention>,
    /// Its own metrics.
    pub metrics: AccountMetrics,
    /// What stands in its way.
    pub health: Health,
}

/// What a call brought.
pub(super) enum Answer {
    Tweets(Answered<Reading>),
    Page(Answered<TimelinePage>),
    User(Answered<(u64, Username)>),
    Usage(Answered<ProjectUsage>),
}

impl Answer {
    /// What the headers said of X's limits.
    pub(super) fn limits(&self) -> &[RateLimit] {
        match self {
            Self::Tweets(answered) => &answered.limits,
            Self::Page(answered) => &answered.limits,
            Self::User(answered) => &answered.limits,
            Self::Usage(answered) => &answered.limits,
        }
    }
}

impl Desk {
    /// The work of a call, to be run apart from everything else. `now` is the moment of sending.
    pub(super) fn carry_out(&self, call: &Call, now: Timestamp) -> impl Future<Output = Answer> + Send + 'static {
        let (session, timeline, call) = (self.session.clone(), self.timeline.clone(), call.clone());
        let backend = match &call.errand {
            Errand::Read(TweetsAsk { source, .. }) => self.backends.get(*source).cloned().flatten(),
            _ => None,
        };
        async move {
            let credential = call.credential;
            match (&call.errand, backend) {
                (Errand::Read(TweetsAsk { ask, tweets, videos, .. }), Some(backend)) => {
                    let batch = Batch { ask: *ask, credential, tweets, videos, now };
                    Answer::Tweets(backend.read(&session, &batch).await)
                }
                (Errand::Read(_), None) => unreachable!("only timelines have no backend, and they are read by pages"),
                (Errand::Page { page, .. }, _) => Answer::Page(timeline.page(&session, credential, page, now).await),
                (Errand::WhoAmI, _) => Answer::User(who_am_i(&session, credential, now).await),
                (Errand::FindUser(name), _) => Answer::User(find_user(&session, credential, name, now).await),
                (Errand::Usage, _) => Answer::Usage(project_usage(&session, now).await),
            }
        }
    }

    /// Where a source's numbers stand among those of the others.
    pub(super) fn part(&self, source: usize, request: u8) -> Part {
        Part { source: self.precedence.get(source).copied().unwrap_or(u8::MAX), request }
    }

    /// Systems that were found to want their requests in another form than their documents have.
    pub(super) fn other_forms(&self) -> Vec<Api> {
        let backends = self.backends.iter().flatten().filter_map(|backend| backend.other_form());
        let mut apis: Vec<Api> = backends.chain(self.timeline.other_form()).collect();
        apis.sort();
        apis.dedup();
        apis
    }

    /// This was found out before, by another desk or before the program ended.
    pub(super) fn recall_forms(&self, other: &[Api]) {
        self.backends.iter().flatten().for_each(|backend| backend.recall_forms(other));
        self.timeline.recall_forms(other);
    }

    /// A tweet that was found on the timeline, as the store wants it.
    pub fn found(&self, id: TweetId) -> Watched {
        Watched { id, mention: self.found.clone() }
    }

    /// Counts and logs how it went. What X says of its own counting says nothing of the credential's worth elsewhere.
    /// `is_shut`: the plan makes no such call now, because X refuses it.
    pub(super) fn observe(&mut self, call: &Call, error: Option<&ApiError>, is_shut: bool, now: Timestamp) {
        let api = call.errand.api();
        let is_usage = call.errand == Errand::Usage;
        match error {
            None if is_usage => {}
            None => self.metrics.credential_ok(call.credential, true),
            Some(error) => {
                self.metrics.error(api, error.reason);
                let is_useless = matches!(error.reason, ErrorReason::CredentialRefused | ErrorReason::CredentialUnusable);
                if is_useless && !is_usage {
                    self.metrics.credential_ok(call.credential, false);
                }
            }
        }
        self.health.observe(call, error, is_shut, now);
    }

    /// Counts what X charges.
    pub(super) fn charge(&self, bill: &Bill) {
        self.metrics.tweets_read(bill.class, bill.returned);
        self.metrics.billed(bill.class, bill.charged, bill.usd);
    }

    /// What X had said before the program ended counts still: its windows are shown, and its refusals said once more.
    pub(super) fn remind(&self, account: &str, plan: &AccountPlan, now: Timestamp) {
        let view = plan.view(now);
        for WindowView { credential, api, limit } in &view.windows {
            self.metrics.rate_limit(*api, *credential, limit);
        }
        for pause in view.pauses.iter().filter(|pause| pause.until > now) {
            let (until, api) = (pause.until, pause.api.map_or("all", |api| api.name()));
            match pause.cause {
                PauseCause::PaymentRefused => {
                    tracing::warn!(account, %until, "X's refusal of payment still holds; the last numbers stay");
                }
                PauseCause::RateLimited => {
                    tracing::warn!(account, api, %until, "X's refusal of more requests still holds; the last numbers stay");
                }
                _ => {}
            }
        }
    }

    /// Shows where the plan stands.
    pub(super) fn show(&self, plan: &AccountPlan, oldest_due: Option<Timestamp>, now: Timestamp) {
        self.metrics.oldest_due(oldest_due);
        let pauses = plan.view(now).pauses;
        self.metrics.payment_refused(pauses.iter().any(|pause| pause.cause == PauseCause::PaymentRefused));
        for (period, budget) in [BudgetPeriod::Day, BudgetPeriod::Month].into_iter().zip(plan.budgets()) {
            match budget {
                Some((usd, remaining)) => self.metrics.budget(period, usd, remaining),
                None => self.metrics.without_budget(period),
            }
        }
    }
}

/// A watch list as the store wants it. Neither of the two imports the other.
pub fn named(watched: Vec<watchlist::Watched>) -> Vec<Watched> {
    let mut last = Arc::default();
    let tweet = |watchlist::Watched { tweet: id, username, labels }| {
        // Many say the same, and they are written one after the other.
        let mention = Mention { username, labels };
        if *last != mention {
            last = Arc::new(mention);
        }
        Watched { id, mention: last.clone() }
    };
    watched.into_iter().map(tweet).collect()
}
