//! What the rest of the program sees of the collector: the newest snapshot, and a way to ask for a newer one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use crate::collector::{Probe, Probed, Reload, Targets};
use crate::config::Mode;
use crate::exposition::Page;
use crate::model::{CredentialKind, TweetId, TweetState};
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
    /// For service discovery: what there is to probe.
    pub targets: Arc<[Targets]>,
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
    /// The configuration changed.
    Reload(Box<Reload>),
    /// Somebody wants to know whether the loop still turns, which is answered by the loop itself.
    Beat(oneshot::Sender<()>),
    /// Somebody asks for one tweet.
    Probe(Probe),
}

/// Somebody wants the configuration to be read again.
#[derive(Debug)]
pub struct ReloadAsk {
    /// Told what there is now, or why everything stays as it was; both for people.
    pub done: oneshot::Sender<Result<String, String>>,
}

/// The collector's end of the way: where it publishes.
#[derive(Clone, Debug)]
pub struct Publisher {
    snapshot: Arc<ArcSwap<Snapshot>>,
    on_scrape: Arc<AtomicBool>,
}

impl Publisher {
    /// Everybody sees this from now on.
    pub(super) fn publish(&self, snapshot: Snapshot) {
        self.snapshot.store(Arc::new(snapshot));
    }

    /// Scrapes wait for reads, or do not.
    pub(super) fn follow(&self, mode: Mode) {
        self.on_scrape.store(mode != Mode::Background, Ordering::Relaxed);
    }
}

/// A way to the collector; clones share it.
#[derive(Clone, Debug)]
pub struct Handle {
    snapshot: Arc<ArcSwap<Snapshot>>,
    asks: Option<mpsc::Sender<Order>>,
    on_scrape: Arc<AtomicBool>,
    reloads: Option<mpsc::Sender<ReloadAsk>>,
}

impl Handle {
    /// A handle whose scrapes take what is published. The collector publishes into `snapshot`.
    pub fn background(snapshot: Arc<ArcSwap<Snapshot>>) -> Self {
        Self { snapshot, asks: None, on_scrape: Arc::default(), reloads: None }
    }

    /// A handle whose scrapes ask for fresh numbers first.
    pub fn on_scrape(snapshot: Arc<ArcSwap<Snapshot>>, asks: mpsc::Sender<Order>) -> Self {
        Self { snapshot, asks: Some(asks), on_scrape: Arc::new(true.into()), reloads: None }
    }

    /// A handle whose scrapes do as the configuration says, and the end for the collector.
    pub fn pair(asks: mpsc::Sender<Order>) -> (Self, Publisher) {
        let (snapshot, on_scrape) = (Arc::new(ArcSwap::from_pointee(Snapshot::default())), Arc::<AtomicBool>::default());
        let publisher = Publisher { snapshot: snapshot.clone(), on_scrape: on_scrape.clone() };
        (Self { snapshot, asks: Some(asks), on_scrape, reloads: None }, publisher)
    }

    /// The same handle, over which the configuration can be read again.
    pub fn with_reloads(self, reloads: mpsc::Sender<ReloadAsk>) -> Self {
        Self { reloads: Some(reloads), ..self }
    }

    /// Has the configuration read again: what there is now, or why everything stays as it was. Nothing where nobody reads it.
    pub async fn reload(&self) -> Option<Result<String, String>> {
        let (done, answer) = oneshot::channel();
        self.reloads.as_ref()?.send(ReloadAsk { done }).await.ok()?;
        answer.await.ok()
    }

    /// The newest snapshot, at once.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// The snapshot for a scrape: when scrapes cause reads, waits for the read until `deadline`, then takes what there is.
    pub async fn scrape(&self, deadline: Instant) -> Arc<Snapshot> {
        if let Some(asks) = self.asks.as_ref().filter(|_| self.reads_on_scrape()) {
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

    /// The page of one tweet, with what is known of it at the deadline at the latest; nothing if nobody answers.
    pub async fn probe(&self, account: String, tweet: TweetId, deadline: Instant) -> Option<Probed> {
        /// The collector may be busy with a large page, or its disk; late is better than never, and who asks knows how long to wait.
        const MERCY: Duration = Duration::from_secs(5);
        let (done, answer) = oneshot::channel();
        let probe = Order::Probe(Probe { account, tweet, deadline, done });
        let asked = async {
            self.asks.as_ref()?.send(probe).await.ok()?;
            answer.await.ok()
        };
        timeout_at(deadline + MERCY, asked).await.ok().flatten()
    }

    /// Whether a scrape may wait for X.
    pub fn reads_on_scrape(&self) -> bool {
        self.on_scrape.load(Ordering::Relaxed)
    }
}
