//! Follows the files of the watch list.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

use crate::collector::Order;
use crate::config::{Config, ConfigErrors, Followed, Looks};
use crate::model::Timestamp;
use crate::self_metrics::SelfMetrics;
use crate::watchlist::{self, Fingerprint};

const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Shows how it went with the configuration and the files that it names.
#[derive(Clone)]
pub(super) struct Verdict {
    pub(super) metrics: Arc<SelfMetrics>,
    /// The configuration file was good when it was last read.
    pub(super) file_is_good: Arc<AtomicBool>,
    /// Of the configuration at work, without its watch files.
    pub(super) hash: u64,
}

impl Verdict {
    /// Something new is at work, the watch files with this hash; that does not mend a configuration file that is bad.
    pub(super) fn good(&self, watch_files: u64) {
        self.metrics.config_loaded(self.hash ^ watch_files, Timestamp::from(SystemTime::now()));
        if !self.file_is_good.load(Ordering::Relaxed) {
            self.metrics.config_refused();
        }
    }
}

/// Sends the collector another watch list whenever the files have changed. A bad file changes nothing and is logged once.
pub(super) async fn follow_watch_files(
    config: Config,
    known: Fingerprint,
    verdict: Verdict,
    orders: mpsc::Sender<Order>,
    stop: CancellationToken,
) {
    if config.accounts.iter().all(|account| account.watch.files.is_empty()) {
        return;
    }
    let config = Arc::new(config);
    let mut files = Followed::new(known);
    let mut is_blind = false;
    let mut looks = Looks::new(LOOK_EVERY, stop);
    while looks.next().await {
        let found = match look(&config).await {
            Some(Ok(found)) => found,
            Some(Err(errors)) => {
                wait(&mut is_blind, &errors);
                continue;
            }
            None => continue,
        };
        if !files.is_news(&found) {
            continue;
        }
        let read = config.clone();
        let read = spawn_blocking(move || watchlist::load(&read)).await;
        if let Ok(Err(errors)) = &read
            && errors.is_passing()
        {
            wait(&mut is_blind, errors);
            continue;
        }
        files.read(found);
        is_blind = false;
        match read {
            Ok(Ok(list)) => {
                list.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
                let tweets: usize = list.accounts.iter().map(Vec::len).sum();
                tracing::info!(tweets, "the watch list has changed");
                verdict.good(list.hash);
                if orders.send(Order::Watch(list)).await.is_err() {
                    return;
                }
            }
            Ok(Err(errors)) => {
                tracing::error!(%errors, "the watch list cannot be used as it is now; the one before stays");
                verdict.metrics.config_refused();
            }
            Err(error) => tracing::error!(%error, "reading the watch list broke down"),
        }
    }
}

/// Nobody knows whether anything has changed: that is no verdict, and said once until something could be read again.
fn wait(is_blind: &mut bool, errors: &ConfigErrors) {
    if !std::mem::replace(is_blind, true) {
        tracing::warn!(%errors, "the watch list cannot be looked at now; it is tried again");
    }
}

async fn look(config: &Arc<Config>) -> Option<Result<Fingerprint, ConfigErrors>> {
    let config = config.clone();
    spawn_blocking(move || Fingerprint::take(&config)).await.ok()
}
