//! The families: name, help and labels, once.

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeMetric;
use prometheus_client::metrics::TypedMetric;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry};

use crate::self_metrics::dollars::Dollars;
use crate::self_metrics::table::Table;

/// A gauge of whole numbers.
pub(super) type Whole = Gauge<u64, AtomicU64>;
/// A gauge of dollars or moments.
type Float = Gauge<f64, AtomicU64>;

/// One field for each family.
pub(super) struct Families {
    pub(super) build_info: Table<3, Whole>,
    pub(super) requests: Table<3, Counter>,
    pub(super) request_duration: Table<1, Histogram>,
    pub(super) errors: Table<3, Counter>,
    pub(super) rate_limit: Table<4, Whole>,
    pub(super) rate_remaining: Table<4, Whole>,
    pub(super) rate_reset: Table<4, Float>,
    pub(super) tweets_read: Table<2, Counter>,
    pub(super) billable_reads: Table<2, Counter>,
    pub(super) spend: Table<1, Dollars>,
    pub(super) budget: Table<2, Float>,
    pub(super) budget_remaining: Table<2, Float>,
    pub(super) payment_refused: Table<1, Whole>,
    pub(super) watched: Table<2, Whole>,
    pub(super) credential_ok: Table<2, Whole>,
    pub(super) token_expiry: Table<2, Float>,
    pub(super) project_usage: Table<1, Whole>,
    pub(super) project_cap: Table<1, Whole>,
    pub(super) decreases: Table<2, Counter>,
    pub(super) unknown_fields: Table<1, Counter>,
    pub(super) bad_values: Table<1, Counter>,
    pub(super) config_successful: Whole,
    pub(super) config_success_time: Float,
    pub(super) config_hash: Whole,
    pub(super) shards: Table<1, Whole>,
    pub(super) series: Whole,
    pub(super) state_ok: Table<0, Whole>,
    pub(super) refused_by_limit: Table<1, Whole>,
}

/// From a quick answer to X's slowest honest one.
const REQUEST_SECONDS: [f64; 9] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

impl Families {
    /// Registers every family, in the order of the page. The registry puts the full stop after the help and `_total` after a counter.
    pub(super) fn register(to: &mut Registry) -> Self {
        const WINDOW: [&str; 4] = ["account", "credential", "api", "window"];
        Self {
            build_info: table(to, "build_info", "What this program was built from", ["version", "revision", "rustversion"]),
            requests: table(to, "api_requests", "Calls to X by status; none where no answer came", ["account", "api", "code"]),
            request_duration: histograms(to, "api_request_duration_seconds", "Time from asking X to its whole answer", ["api"]),
            errors: table(to, "api_errors", "Calls to X that came to nothing", ["account", "api", "reason"]),
            rate_limit: table(to, "api_rate_limit_limit", "Requests that X allows in a window, as it last said", WINDOW),
            rate_remaining: table(to, "api_rate_limit_remaining", "Requests left in the window, as X last said", WINDOW),
            rate_reset: table(to, "api_rate_limit_reset_timestamp_seconds", "When the window ends, as X last said", WINDOW),
            tweets_read: table(to, "tweets_read", "Resources that X returned", ["account", "class"]),
            billable_reads: table(to, "billable_reads", "Resources that X charges for, by our ledger", ["account", "class"]),
            spend: table(
                to,
                "spend_usd",
                "What the reads cost in US dollars, by our ledger and the configured prices",
                ["account"],
            ),
            budget: table(to, "budget_usd", "Configured budget in US dollars", ["account", "period"]),
            budget_remaining: table(
                to,
                "budget_remaining_usd",
                "What is left of the budget in US dollars",
                ["account", "period"],
            ),
            payment_refused: table(
                to,
                "payment_refused",
                "Whether X wants money before it answers again: credits, spend cap or usage cap",
                ["account"],
            ),
            watched: table(to, "watched_tweets", "Tweets on the watch list by state", ["account", "state"]),
            credential_ok: table(
                to,
                "credential_ok",
                "Whether X accepted the credential when last used",
                ["account", "credential"],
            ),
            token_expiry: table(to, "token_expiry_timestamp_seconds", "When the access token expires", ["account", "credential"]),
            project_usage: table(
                to,
                "project_usage",
                "Tweets that the project read in this billing cycle, as X last said",
                ["account"],
            ),
            project_cap: table(
                to,
                "project_cap",
                "Tweets that the project may read in a billing cycle, as X last said",
                ["account"],
            ),
            decreases: table(to, "decreases", "Lifetime numbers that fell between two reads", ["account", "metric"]),
            unknown_fields: table(to, "unknown_fields", "Fields in answers of X that this version does not know", ["api"]),
            bad_values: table(to, "bad_values", "Values in answers of X that are not what it documents", ["api"]),
            config_successful: single(to, "config_last_reload_successful", "Whether the last configuration was accepted"),
            config_success_time: single(
                to,
                "config_last_reload_success_timestamp_seconds",
                "When a configuration was last accepted",
            ),
            config_hash: single(to, "config_hash", "Hash of the configuration in use"),
            shards: table(to, "shards", "Exporters that share the watch list, and which of them this is, from 0", ["shard"]),
            series: single(to, "series", "Series of tweets on the page"),
            state_ok: table(to, "state_ok", "Whether what must survive a restart is on disk", []),
            refused_by_limit: table(to, "refused_by_limit", "Tweets or series left out because a limit is reached", ["limit"]),
        }
    }

    /// Drops the account from every family that has it as the first label.
    pub(super) fn forget_account(&self, name: &str) {
        self.requests.remove_first(name);
        self.errors.remove_first(name);
        self.rate_limit.remove_first(name);
        self.rate_remaining.remove_first(name);
        self.rate_reset.remove_first(name);
        self.tweets_read.remove_first(name);
        self.billable_reads.remove_first(name);
        self.spend.remove_first(name);
        self.budget.remove_first(name);
        self.budget_remaining.remove_first(name);
        self.payment_refused.remove_first(name);
        self.watched.remove_first(name);
        self.credential_ok.remove_first(name);
        self.token_expiry.remove_first(name);
        self.project_usage.remove_first(name);
        self.project_cap.remove_first(name);
        self.decreases.remove_first(name);
    }
}

fn table<const N: usize, M>(registry: &mut Registry, name: &str, help: &str, labels: [&'static str; N]) -> Table<N, M>
where
    M: Metric + TypedMetric + EncodeMetric + Clone + Default,
{
    let table = Table::new(labels, M::default);
    registry.register(name, help, table.clone());
    table
}

fn single<M: Metric + Clone + Default>(registry: &mut Registry, name: &str, help: &str) -> M {
    let metric = M::default();
    registry.register(name, help, metric.clone());
    metric
}

fn histograms<const N: usize>(registry: &mut Registry, name: &str, help: &str, labels: [&'static str; N]) -> Table<N, Histogram> {
    let table = Table::new(labels, || Histogram::new(REQUEST_SECONDS));
    registry.register(name, help, table.clone());
    table
}
