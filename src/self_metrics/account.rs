//! What concerns one account.

use std::sync::Arc;
use std::time::Duration;

use crate::model::{Api, CredentialKind, Metric, PriceClass, ProjectUsage, RateLimit, Timestamp, TweetState};
use crate::self_metrics::families::Whole;
use crate::self_metrics::table::Table;
use crate::self_metrics::{BudgetPeriod, Changing, ErrorReason, SelfMetrics};

/// The metrics of one account; clones share them.
#[derive(Clone, Debug)]
pub struct AccountMetrics {
    name: Arc<str>,
    metrics: Arc<SelfMetrics>,
}

/// Answers that exist at 0 from the start: success, and what alerts watch.
const CODES: [&str; 9] = ["200", "401", "402", "403", "429", "500", "502", "503", "504"];

impl AccountMetrics {
    pub(super) fn new(name: &str, apis: &[Api], metrics: Arc<SelfMetrics>) -> Self {
        let account = Self { name: name.into(), metrics };
        account.start(apis);
        account
    }

    /// Rates and alerts need the 0 before the first event.
    fn start(&self, apis: &[Api]) {
        let families = self.families();
        for api in apis.iter().map(|api| api.name()) {
            for code in CODES {
                families.requests.at([&self.name, api, code]);
            }
            for reason in ErrorReason::ALL {
                families.errors.at([&self.name, api, reason.name()]);
            }
            families.request_duration.at([api]);
            families.unknown_fields.at([api]);
            families.bad_values.at([api]);
        }
        for class in PriceClass::ALL {
            families.tweets_read.at([&self.name, class.name()]);
            families.billable_reads.at([&self.name, class.name()]);
        }
        for state in TweetState::ALL {
            families.watched.at([&self.name, state.name()]);
        }
        families.spend.at([&self.name]);
        families.payment_refused.at([&self.name]);
        self.metrics.live.due(&self.name, None);
    }

    /// A call was made; without a code when no answer came.
    pub fn request(&self, api: Api, code: Option<u16>, took: Duration) {
        let code = code.map_or("none".to_owned(), |code| code.to_string());
        self.families().requests.at([&self.name, api.name(), &code]).inc();
        self.families().request_duration.at([api.name()]).observe(took.as_secs_f64());
    }

    /// A call came to nothing.
    pub fn error(&self, api: Api, reason: ErrorReason) {
        self.families().errors.at([&self.name, api.name(), reason.name()]).inc();
    }

    /// What X said about the window; what it did not say stays as it was.
    pub fn rate_limit(&self, api: Api, credential: CredentialKind, said: &RateLimit) {
        let labels = [&*self.name, credential.name(), api.name(), said.window.name()];
        if let Some(limit) = said.limit {
            self.families().rate_limit.at(labels).set(limit);
        }
        if let Some(remaining) = said.remaining {
            self.families().rate_remaining.at(labels).set(remaining);
        }
        if let Some(reset) = said.reset {
            self.families().rate_reset.at(labels).set(reset.seconds());
        }
    }

    /// X returned so many resources of this class.
    pub fn tweets_read(&self, class: PriceClass, count: u64) {
        self.families().tweets_read.at([&self.name, class.name()]).inc_by(count);
    }

    /// X charges for so many resources of this class, so many US dollars in all.
    pub fn billed(&self, class: PriceClass, count: u64, usd: f64) {
        self.families().billable_reads.at([&self.name, class.name()]).inc_by(count);
        self.families().spend.at([&self.name]).add(usd);
    }

    /// A budget in US dollars and what is left of it.
    pub fn budget(&self, period: BudgetPeriod, usd: f64, remaining: f64) {
        self.families().budget.at([&self.name, period.name()]).set(usd);
        self.families().budget_remaining.at([&self.name, period.name()]).set(remaining);
    }

    /// There is no such budget any more.
    pub fn without_budget(&self, period: BudgetPeriod) {
        self.families().budget.remove([&self.name, period.name()]);
        self.families().budget_remaining.remove([&self.name, period.name()]);
    }

    /// Whether X refused to be paid and has answered nothing that costs since.
    pub fn payment_refused(&self, refused: bool) {
        self.families().payment_refused.at([&self.name]).set(u64::from(refused));
    }

    /// How many tweets are in each state; a state that is not named has none.
    pub fn watched(&self, tweets: &[(TweetState, usize)]) {
        for state in TweetState::ALL {
            let count: usize = tweets.iter().filter(|(of, _)| *of == state).map(|(_, count)| count).sum();
            self.families().watched.at([&self.name, state.name()]).set(count as u64);
        }
    }

    /// When the read that waits longest was due; the page shows how long ago that is.
    pub fn oldest_due(&self, due: Option<Timestamp>) {
        self.metrics.live.due(&self.name, due);
    }

    /// Whether X accepted the credential.
    pub fn credential_ok(&self, credential: CredentialKind, ok: bool) {
        self.families().credential_ok.at([&self.name, credential.name()]).set(u64::from(ok));
    }

    /// The account has these credentials, and no others any more; each is good until X says otherwise. `derived`: another one's token,
    /// of which nothing is said before it is used.
    pub fn credentials(&self, kinds: &[CredentialKind], derived: Option<CredentialKind>) {
        let families = self.families();
        for kind in kinds.iter().filter(|kind| !families.credential_ok.has([&self.name, kind.name()])) {
            self.credential_ok(*kind, true);
        }
        let stays = |account: &str, credential: &str| {
            account != &*self.name || kinds.iter().chain(&derived).any(|kind| kind.name() == credential)
        };
        families.credential_ok.retain(|[account, kind]| stays(account, kind));
        families.token_expiry.retain(|[account, kind]| stays(account, kind));
        for table in [&families.rate_limit, &families.rate_remaining] {
            table.retain(|[account, kind, ..]| stays(account, kind));
        }
        families.rate_reset.retain(|[account, kind, ..]| stays(account, kind));
    }

    /// The account calls these systems, and no others any more: windows of others say nothing.
    pub fn systems(&self, apis: &[Api]) {
        let families = self.families();
        let stays = |account: &str, api: &str| account != &*self.name || apis.iter().any(|known| known.name() == api);
        for table in [&families.rate_limit, &families.rate_remaining] {
            table.retain(|[account, _, api, _]| stays(account, api));
        }
        families.rate_reset.retain(|[account, _, api, _]| stays(account, api));
    }

    /// When the access token expires.
    pub fn token_expiry(&self, credential: CredentialKind, at: Timestamp) {
        self.families().token_expiry.at([&self.name, credential.name()]).set(at.seconds());
    }

    /// What X says of the project's reads; what it does not say stays as it was.
    pub fn project_usage(&self, usage: &ProjectUsage) {
        if let Some(used) = usage.used {
            self.families().project_usage.at([&self.name]).set(used);
        }
        if let Some(cap) = usage.cap {
            self.families().project_cap.at([&self.name]).set(cap);
        }
    }

    /// Whether X accepts the credential and when its token expires, as far as anybody has said so. For people.
    pub fn credential(&self, kind: CredentialKind) -> (Option<bool>, Option<Timestamp>) {
        let (families, labels) = (self.families(), [&*self.name, kind.name()]);
        let ok = families.credential_ok.known(labels).map(|ok| ok.get() == 1);
        let expiry = families.token_expiry.known(labels).map(|at| Timestamp::from_millis((at.get() * 1_000.0) as i64));
        (ok, expiry)
    }

    /// The project's reads that X has counted, and their cap, as far as it has said so. For people.
    pub fn project(&self) -> (Option<u64>, Option<u64>) {
        let families = self.families();
        let value = |table: &Table<1, Whole>| table.known([&*self.name]).map(|value| value.get());
        (value(&families.project_usage), value(&families.project_cap))
    }

    /// So many lifetime numbers of this metric fell.
    pub fn decreases(&self, metric: Metric, count: u64) {
        self.families().decreases.at([&self.name, metric.name()]).inc_by(count);
    }

    /// To change them: every access counts as a change.
    fn families(&self) -> Changing<'_> {
        self.metrics.changing()
    }
}
