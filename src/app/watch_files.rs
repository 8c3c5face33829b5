//! Follows the files of the watch list.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::collector::Order;
use crate::config::Config;
use crate::watchlist::{self, Fingerprint};

/// Looking costs one `stat` a file; notifications of the system miss network and container mounts.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Sends the collector another watch list whenever the files have changed. A bad file changes nothing and is logged once.
pub(super) async fn follow_watch_files(config: Config, orders: mpsc::Sender<Order>, stop: CancellationToken) {
    if config.accounts.iter().all(|account| account.watch.files.is_empty()) {
        return;
    }
    let config = Arc::new(config);
    let mut known = look(&config).await;
    let mut tick = interval(LOOK_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        let found = look(&config).await;
        if found == known {
            continue;
        }
        known = found;
        let read = config.clone();
        match spawn_blocking(move || watchlist::load(&read)).await {
            Ok(Ok(list)) => {
                list.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
                let tweets: usize = list.accounts.iter().map(Vec::len).sum();
                tracing::info!(tweets, "the watch list has changed");
                if orders.send(Order::Watch(list)).await.is_err() {
                    return;
                }
            }
            Ok(Err(errors)) => tracing::error!(%errors, "the watch list has changed but cannot be used; the one before stays"),
            Err(error) => tracing::error!(%error, "reading the watch list broke down"),
        }
    }
}

async fn look(config: &Arc<Config>) -> Option<Fingerprint> {
    let config = config.clone();
    spawn_blocking(move || Fingerprint::take(&config)).await.ok()
}
