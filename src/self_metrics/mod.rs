//! The exporter's own metrics: what it asks of X, what that costs and how it fares itself. They only grow or follow the present;
//! none is ever reset.

mod account;
mod dollars;
mod families;
mod labels;
mod live;
mod process;
mod table;

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::registry::Registry;

pub use account::AccountMetrics;
pub use labels::{BudgetPeriod, ErrorReason, Limit};

use crate::model::{Api, Shard, Timestamp};
use crate::self_metrics::families::Families;
use crate::self_metrics::live::Live;
use crate::self_metrics::process::Process;

/// Version of this program.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Git revision it was built from, where the build said so.
pub const REVISION: &str = match option_env!("TWEET_EXPORTER_REVISION") {
    Some(revision) => revision,
    None => "unknown",
};

/// Version of the compiler that built it.
pub const RUST_VERSION: &str = env!("TWEET_EXPORTER_RUSTVERSION");

/// All own metrics of the process.
pub struct SelfMetrics {
    registry: Registry,
    live_registry: Registry,
    process: Registry,
    families: Families,
    live: Live,
    /// How often something in `registry` may have changed.
    revision: AtomicU64,
}

/// Access to the families of one who changes them: the revision moves once that is done.
struct Changing<'a>(&'a SelfMetrics);

impl Deref for Changing<'_> {
    type Target = Families;

    fn deref(&self) -> &Families {
        &self.0.families
    }
}

impl Drop for Changing<'_> {
    fn drop(&mut self) {
        self.0.revision.fetch_add(1, Ordering::Release);
    }
}

impl SelfMetrics {
    /// The metrics of a process that has done nothing yet.
    pub fn new() -> Arc<Self> {
        const PREFIX: &str = "tweet_exporter";
        let (mut registry, mut process) = (Registry::with_prefix(PREFIX), Registry::default());
        let (mut live_registry, live) = (Registry::with_prefix(PREFIX), Live::default());
        process.register_collector(Box::new(Process));
        live_registry.register_collector(Box::new(live.clone()));
        let families = Families::register(&mut registry);
        families.build_info.at([VERSION, REVISION, RUST_VERSION]).set(1);
        for limit in Limit::ALL {
            families.refused_by_limit.at([limit.name()]);
        }
        Arc::new(Self { registry, live_registry, process, families, live, revision: AtomicU64::new(0) })
    }

    /// The metrics of one account that calls these systems; what can happen to it is there with 0 from now on.
    pub fn account(self: &Arc<Self>, name: &str, apis: &[Api]) -> AccountMetrics {
        AccountMetrics::new(name, apis, self.clone())
    }

    /// Drops every series of an account that left the configuration. Its tasks must have ended: a later call would revive a series.
    pub fn forget_account(&self, name: &str) {
        self.changing().forget_account(name);
        self.live.forget(name);
    }

    /// X sent fields that we do not know.
    pub fn unknown_fields(&self, api: Api, count: u64) {
        self.changing().unknown_fields.at([api.name()]).inc_by(count);
    }

    /// X sent values that are not what its documents promise.
    pub fn bad_values(&self, api: Api, count: u64) {
        self.changing().bad_values.at([api.name()]).inc_by(count);
    }

    /// A configuration took effect. The page shows the low 48 bits of the hash, which a float carries exactly.
    pub fn config_loaded(&self, hash: u64, at: Timestamp) {
        self.changing().config_hash.set(hash & 0xFFFF_FFFF_FFFF);
        self.changing().config_success_time.set(at.seconds());
        self.changing().config_successful.set(1);
    }

    /// Which part of the watch list this process has.
    pub fn shard(&self, shard: Shard) {
        self.changing().shards.at([&shard.index().to_string()]).set(u64::from(shard.count()));
    }

    /// A configuration was bad, and the one before stays.
    pub fn config_refused(&self) {
        self.changing().config_successful.set(0);
    }

    /// A scrape got the page, or was turned away.
    pub fn scraped(&self, served: bool, took: Duration) {
        self.live.scraped(served, took);
    }

    /// How many series of tweets the page holds.
    pub fn series(&self, count: usize) {
        self.changing().series.set(count as u64);
    }

    /// Whether the state could be written; nobody says so where none is kept.
    pub fn state_ok(&self, ok: bool) {
        self.changing().state_ok.at([]).set(u64::from(ok));
    }

    /// Whether the last configuration was accepted, and when one was. For people.
    pub fn config_standing(&self) -> (bool, Timestamp) {
        let at = Timestamp::from_millis((self.families.config_success_time.get() * 1_000.0) as i64);
        (self.families.config_successful.get() == 1, at)
    }

    /// Whether the state could be written; nothing where none is kept. For people.
    pub fn state_standing(&self) -> Option<bool> {
        self.families.state_ok.known([]).map(|ok| ok.get() == 1)
    }

    /// How many series of tweets the page holds. For people.
    pub fn series_shown(&self) -> u64 {
        self.families.series.get()
    }

    /// How much is left out right now because a limit is reached.
    pub fn refused_by_limit(&self, limit: Limit, count: usize) {
        self.changing().refused_by_limit.at([limit.name()]).set(count as u64);
    }

    /// Those that change when something happens; their text holds as long as `revision` stays.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Those that change with every scrape, or with time alone.
    pub fn live_registry(&self) -> &Registry {
        &self.live_registry
    }

    /// Appends the text of the same to a page; `total` is what the names of counters end in where the format has it in their headers.
    pub fn write_live(&self, text: &mut String, total: &str) {
        self.live.write(text, total);
    }

    /// Those of the process, read from the system when they are written.
    pub fn process_registry(&self) -> &Registry {
        &self.process
    }

    /// Moves after every change of what is in `registry`.
    pub fn revision(&self) -> u64 {
        self.revision.load(Ordering::Acquire)
    }

    fn changing(&self) -> Changing<'_> {
        Changing(self)
    }
}

/// The numbers are on the page; a log has no use for them.
impl fmt::Debug for SelfMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SelfMetrics").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text::encode_registry;

    use super::*;
    use crate::model::{CredentialKind, Metric, PriceClass, RateLimit, RateWindow, TweetState};

    fn page(metrics: &SelfMetrics) -> String {
        let mut text = String::new();
        for registry in [metrics.registry(), metrics.live_registry(), metrics.process_registry()] {
            encode_registry(&mut text, registry).expect("a String takes everything");
        }
        text
    }

    fn has(page: &str, line: &str) {
        let line = format!("tweet_exporter_{line}");
        assert!(page.lines().any(|found| found == line), "no line {line}\n{page}");
    }

    #[test]
    fn what_alerts_watch_is_there_from_the_start() {
        let metrics = SelfMetrics::new();
        metrics.account("acme", &[Api::Lookup]);
        let page = page(&metrics);
        for code in [401, 402, 403, 429, 500, 502, 503, 504] {
            has(&page, &format!("api_requests_total{{account=\"acme\",api=\"lookup\",code=\"{code}\"}} 0"));
        }
        for reason in ErrorReason::ALL {
            let reason = reason.name();
            has(&page, &format!("api_errors_total{{account=\"acme\",api=\"lookup\",reason=\"{reason}\"}} 0"));
        }
        has(&page, "tweets_read_total{account=\"acme\",class=\"owned_tweet\"} 0");
        has(&page, "billable_reads_total{account=\"acme\",class=\"tweet\"} 0");
        has(&page, "spend_usd_total{account=\"acme\"} 0.0");
        has(&page, "payment_refused{account=\"acme\"} 0");
        has(&page, "watched_tweets{account=\"acme\",state=\"over_budget\"} 0");
        has(&page, "refresh_lag_seconds{account=\"acme\"} 0.0");
        has(&page, "unknown_fields_total{api=\"lookup\"} 0");
        has(&page, "api_request_duration_seconds_count{api=\"lookup\"} 0");
        has(&page, "scrapes_total{code=\"503\"} 0");
        has(&page, "refused_by_limit{limit=\"max_series\"} 0");
        assert!(page.contains(&format!("build_info{{version=\"{VERSION}\",revision=\"{REVISION}\",rustversion=\"1.")));
        assert!(page.contains("\nprocess_resident_memory_bytes "));
        assert!(!page.contains("budget_usd{"), "a budget that nobody set");
    }

    #[test]
    fn what_happens_is_counted() {
        let metrics = SelfMetrics::new();
        let acme = metrics.account("acme", &[Api::Lookup]);
        acme.request(Api::Lookup, Some(200), Duration::from_millis(80));
        acme.request(Api::Lookup, Some(418), Duration::from_millis(80));
        acme.error(Api::Lookup, ErrorReason::Malformed);
        acme.tweets_read(PriceClass::Tweet, 100);
        acme.billed(PriceClass::Tweet, 20, 0.1);
        acme.budget(BudgetPeriod::Day, 5.0, 4.9);
        acme.watched(&[(TweetState::Ok, 7)]);
        acme.watched(&[(TweetState::Pending, 2)]);
        acme.credential_ok(CredentialKind::Oauth1, true);
        acme.decreases(Metric::Likes, 3);
        let reset = Timestamp::from_seconds(1_800_000_000);
        let window = RateWindow::FifteenMinutes;
        let said = RateLimit { window, limit: Some(900), remaining: Some(17), reset: Some(reset) };
        acme.rate_limit(Api::Lookup, CredentialKind::Bearer, &said);
        metrics.config_loaded(u64::MAX, reset);
        metrics.scraped(true, Duration::from_millis(2));
        metrics.series(30);
        let page = page(&metrics);
        for line in [
            "api_requests_total{account=\"acme\",api=\"lookup\",code=\"200\"} 1",
            "api_requests_total{account=\"acme\",api=\"lookup\",code=\"418\"} 1",
            "api_request_duration_seconds_bucket{le=\"0.1\",api=\"lookup\"} 2",
            "api_errors_total{account=\"acme\",api=\"lookup\",reason=\"malformed\"} 1",
            "tweets_read_total{account=\"acme\",class=\"tweet\"} 100",
            "billable_reads_total{account=\"acme\",class=\"tweet\"} 20",
            "spend_usd_total{account=\"acme\"} 0.1",
            "budget_usd{account=\"acme\",period=\"day\"} 5.0",
            "budget_remaining_usd{account=\"acme\",period=\"day\"} 4.9",
            "watched_tweets{account=\"acme\",state=\"ok\"} 0",
            "watched_tweets{account=\"acme\",state=\"pending\"} 2",
            "credential_ok{account=\"acme\",credential=\"oauth1\"} 1",
            "decreases_total{account=\"acme\",metric=\"likes\"} 3",
            "api_rate_limit_limit{account=\"acme\",credential=\"bearer\",api=\"lookup\",window=\"15m\"} 900",
            "api_rate_limit_remaining{account=\"acme\",credential=\"bearer\",api=\"lookup\",window=\"15m\"} 17",
            "api_rate_limit_reset_timestamp_seconds{account=\"acme\",credential=\"bearer\",api=\"lookup\",window=\"15m\"} 1800000000.0",
            "config_hash 281474976710655",
            "config_last_reload_successful 1",
            "config_last_reload_success_timestamp_seconds 1800000000.0",
            "scrapes_total{code=\"200\"} 1",
            "series 30",
        ] {
            has(&page, line);
        }
    }

    #[test]
    fn lag_grows_while_a_read_is_overdue() {
        let metrics = SelfMetrics::new();
        let acme = metrics.account("acme", &[Api::Lookup]);
        acme.oldest_due(Some(Timestamp::from_seconds(0)));
        assert!(!page(&metrics).contains("refresh_lag_seconds{account=\"acme\"} 0.0"));
        for none in [Some(Timestamp::MAX), None] {
            acme.oldest_due(none);
            has(&page(&metrics), "refresh_lag_seconds{account=\"acme\"} 0.0");
        }
    }

    #[test]
    fn a_forgotten_account_leaves_without_the_others() {
        let metrics = SelfMetrics::new();
        let acme = metrics.account("acme", &[Api::Lookup]);
        acme.budget(BudgetPeriod::Month, 5.0, 5.0);
        acme.without_budget(BudgetPeriod::Month);
        assert!(!page(&metrics).contains("budget_usd"), "the family would be empty");
        metrics.account("acme-2", &[Api::Lookup]);
        metrics.forget_account("acme");
        let page = page(&metrics);
        assert!(!page.contains("account=\"acme\""), "{page}");
        assert!(page.contains("account=\"acme-2\""));
    }

    #[test]
    fn the_page_is_in_the_order_of_names_whatever_the_order_of_events() {
        let page_of = |names: [&str; 3]| {
            let metrics = SelfMetrics::new();
            for name in names {
                metrics.account(name, &[Api::Timeline, Api::Lookup]).credential_ok(CredentialKind::Bearer, true);
            }
            let own = page(&metrics);
            own.lines().filter(|line| !line.contains("process_")).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(page_of(["a", "b", "c"]), page_of(["c", "a", "b"]));
    }

    #[test]
    fn money_never_runs_backwards() {
        let metrics = SelfMetrics::new();
        let acme = metrics.account("acme", &[]);
        for usd in [0.5, -1.0, f64::NAN, f64::INFINITY] {
            acme.billed(PriceClass::User, 1, usd);
        }
        has(&page(&metrics), "spend_usd_total{account=\"acme\"} 0.5");
    }

    #[test]
    fn small_prices_add_up_without_noise() {
        let metrics = SelfMetrics::new();
        let acme = metrics.account("acme", &[]);
        for sum in ["0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8"] {
            acme.billed(PriceClass::Tweet, 20, 0.1);
            has(&page(&metrics), &format!("spend_usd_total{{account=\"acme\"}} {sum}"));
        }
    }

    #[test]
    fn without_labels_there_are_no_braces() {
        let metrics = SelfMetrics::new();
        metrics.state_ok(true);
        has(&page(&metrics), "state_ok 1");
        assert!(!page(&metrics).contains("{}"));
    }

    #[test]
    fn help_is_one_line_that_needs_no_escape() {
        for line in page(&SelfMetrics::new()).lines().filter(|line| line.starts_with("# HELP")) {
            assert!(line.ends_with('.') && !line.ends_with("..") && !line.contains('\\'), "{line}");
        }
    }
}
