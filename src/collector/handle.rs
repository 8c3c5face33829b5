//! What the rest of the program sees of the collector: the newest snapshot, and a way to ask for a newer one.

use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use crate::exposition::Page;
use crate::model::{CredentialKind, TweetState};
use crate::watchlist::Watchlist;

/// What the collector last published; never changed afterwards.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// The tweets' part of the page.
    pub page: Page,
    /// Whether every account has data or a final refusal.
    pub ready: bool,
    /// For the landing page, in the order of the configuration.
    pub accounts: Vec<AccountSummary>,
}

/// One account at a glance.
#[derive(Clone, Debug)]
pub struct AccountSummary {
    /// Value of the `account` label.
    pub name: String,
    /// How many tweets are in each state; states with none are left out.
    pub tweets: Vec<(TweetState, usize)>,
    /// What stands in its way right now, for people.
    pub problem: Option<String>,
}

/// A scrape that waits for fresh numbers. The collector drops the sender once it has published what there is to publish.
#[derive(Debug)]
pub struct Waiting {
    /// Answered, or dropped, when the pass is over.
    pub done: oneshot::Sender<()>,
}

/// What reaches the collector from outside.
#[derive(Debug)]
pub enum Order {
    /// A scrape waits.
    Scrape(Waiting),
    /// A credential of this account changed.
    Trust(usize, CredentialKind),
    /// The watch list changed.
    Watch(Watchlist),
    /// Somebody wants to know whether the loop still turns, which is answered by the loop itself.
    Beat(oneshot::Sender<()>),
}

/// A way to the collector; clones share it.
#[derive(Clone, Debug)]
pub struct Handle {
    snapshot: Arc<ArcSwap<Snapshot>>,
    asks: Option<mpsc::Sender<Order>>,
}

impl Handle {
    /// A handle whose scrapes take what is published. The collector publishes into `snapshot`.
    pub fn background(snapshot: Arc<ArcSwap<Snapshot>>) -> Self {
        Self { snapshot, asks: None }
    }

    /// A handle whose scrapes ask for fresh numbers first.
    pub fn on_scrape(snapshot: Arc<ArcSwap<Snapshot>>, asks: mpsc::Sender<Order>) -> Self {
        Self { snapshot, asks: Some(asks) }
    }

    /// The newest snapshot, at once.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// The snapshot for a scrape: when scrapes cause reads, waits for the read until `deadline`, then takes what there is.
    pub async fn scrape(&self, deadline: Instant) -> Arc<Snapshot> {
        if let Some(asks) = &self.asks {
            let (done, finished) = oneshot::channel();
            let read = async {
                if asks.send(Order::Scrape(Waiting { done })).await.is_ok() {
                    // An error only says that the collector dropped the sender: the pass is over.
                    let _ = finished.await;
                }
            };
            // Too late is no failure: the last page is true, with its true age.
            let _ = timeout_at(deadline, read).await;
        }
        self.snapshot()
    }

    /// Whether a scrape may wait for X.
    pub fn reads_on_scrape(&self) -> bool {
        self.asks.is_some()
    }
}
