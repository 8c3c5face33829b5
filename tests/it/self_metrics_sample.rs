//! Makes everything happen once, so that every family of the exporter's own is on the page.

use std::sync::Arc;
use std::time::Duration;

use tweet_exporter::model::{Api, CredentialKind, Metric, PriceClass, ProjectUsage, RateLimit, RateWindow, Shard, Timestamp};
use tweet_exporter::self_metrics::{BudgetPeriod, SelfMetrics};

/// One account to which everything happens.
pub(crate) fn touch_everything(metrics: &Arc<SelfMetrics>) {
    let account = metrics.account("acme", &[Api::Lookup]);
    account.request(Api::Lookup, Some(200), Duration::from_millis(80));
    let now = Timestamp::from_seconds(1_800_000_000);
    let limit = RateLimit { window: RateWindow::FifteenMinutes, limit: Some(900), remaining: Some(17), reset: Some(now) };
    account.rate_limit(Api::Lookup, CredentialKind::Bearer, &limit);
    account.billed(PriceClass::Tweet, 1, 0.005);
    account.budget(BudgetPeriod::Day, 5.0, 4.9);
    account.credential_ok(CredentialKind::Bearer, true);
    account.decreases(Metric::Likes, 1);
    account.oldest_due(Some(now));
    account.token_expiry(CredentialKind::Oauth2, now);
    account.project_usage(&ProjectUsage { used: Some(57), cap: Some(3_000_000), ..ProjectUsage::default() });
    metrics.state_ok(true);
    metrics.config_loaded(1, now);
    metrics.shard(Shard::WHOLE);
    metrics.scraped(true, Duration::from_millis(2));
    metrics.series(30);
}
