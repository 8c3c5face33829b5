//! Puts the rooms together.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use tokio::sync::mpsc;
use tokio::task::LocalSet;
use tokio_util::sync::CancellationToken;

use crate::app::assembly::{Prepared, account_key, connect};
use crate::app::reload::{Origin, Reloader};
use crate::app::signals::reload_on_hangup;
use crate::app::supervisor::keep_informed;
use crate::collector::{Collector, CollectorParts, Handle, Memory, Order, ReloadAsk, known};
use crate::config::{ApiConfig, Config, Loaded};
use crate::door::Door;
use crate::model::Timestamp;
use crate::net::{ClientError, Listener};
use crate::schedule::Known;
use crate::self_metrics::{Limit, SelfMetrics};
use crate::server::{Options, serve};
use crate::state::{Change, Recalled, State, StateError, peek};
use crate::watchlist::Watchlist;

/// A wired exporter that has not started yet.
pub struct App {
    collector: Collector,
    handle: Handle,
    orders: mpsc::Receiver<Order>,
    metrics: Arc<SelfMetrics>,
    reloader: Reloader,
    reloads: mpsc::Sender<ReloadAsk>,
}

/// What keeps it from starting.
#[derive(Debug)]
pub enum AppError {
    /// X cannot be reached this way at all.
    Client(ClientError),
    /// `api.ca_file` cannot be read.
    CaFile(std::io::Error),
    /// Another exporter has a token file; says which and what to do.
    TokenFile(String),
    /// Another exporter has the state; says where and what to do.
    State(StateError),
    /// A fault of the exporter ended one of its halves.
    Broken(tokio::task::JoinError),
}

/// Reloads that wait; those that come when a reload begins are one.
const RELOADS: usize = 64;

impl App {
    /// Wires an exporter for this configuration and watch list; what it knows is kept in this folder, if one is named. From here on
    /// its token files are its own.
    pub fn new(loaded: &Loaded, watchlist: Watchlist, state: Option<&Path>) -> Result<Self, AppError> {
        let metrics = SelfMetrics::new();
        let now = Timestamp::from(SystemTime::now());
        metrics.config_loaded(loaded.hash ^ watchlist.hash, now);
        metrics.shard(loaded.config.shard);
        metrics.refused_by_limit(Limit::MaxTweets, watchlist.surplus);
        let Prepared { blueprint, current } = Prepared::new(loaded.clone(), watchlist, &metrics, None)?;
        let mut lost = HashSet::new();
        let (memory, recalled) = memory(state, &account_keys(&loaded.config), &mut lost, &metrics)?;
        let (sender, orders) = mpsc::channel(256);
        let (handle, publisher) = Handle::pair(sender.clone());
        let parts = CollectorParts { handle: publisher, metrics: metrics.clone(), memory };
        let collector = Collector::new(parts, blueprint, recalled, &lost);
        let (reloads, asks) = mpsc::channel(RELOADS);
        let reloader = Reloader {
            current,
            origin: None,
            orders: sender,
            metrics: metrics.clone(),
            asks,
            file_is_good: Arc::new(true.into()),
            said: None,
        };
        Ok(Self { collector, handle, orders, metrics, reloader, reloads })
    }

    /// The same, reading its configuration again from there when the process gets SIGHUP or somebody asks over HTTP. Fails if the
    /// signal's handler cannot be set.
    pub fn reloading(mut self, origin: Origin, stop: &CancellationToken) -> io::Result<Self> {
        reload_on_hangup(self.reloads.clone(), stop.clone())?;
        self.handle = self.handle.with_reloads(self.reloads.clone());
        self.reloader.origin = Some(origin);
        Ok(self)
    }

    /// Reads and serves until it is told to stop; requests under way are then answered. Fails if a half breaks down: a
    /// supervisor should start it anew rather than serve old numbers for ever.
    pub async fn run(
        self,
        listeners: Vec<Listener>,
        door: Door,
        options: Options,
        stop: CancellationToken,
    ) -> Result<(), AppError> {
        let door = Arc::new(door);
        tokio::spawn(door.clone().follow(stop.clone()));
        let Self { collector, handle, orders, metrics, reloader, reloads } = self;
        // However one half ends, the other must not outlive it.
        let (guard, told) = (stop.clone().drop_guard(), stop.clone());
        let serving = tokio::spawn(async move {
            let _guard = stop.clone().drop_guard();
            // Somebody who asks must not wait for ever, so an end is kept open.
            let _reloads = reloads;
            // The first page is published and the listeners listen.
            let supervisor = keep_informed(reloader.orders.clone(), stop.clone());
            // A renewed token is on disk before the process ends; none is renewed any more.
            let settled = reloader.run(stop.clone());
            tokio::join!(supervisor, serve(listeners, door, handle, metrics, options, stop), settled)
        });
        // On the thread on which the configuration was read, from beginning to end: glibc's allocator has an arena for each, and what is
        // free in one is of no use to another (docs/performance.md).
        let here = LocalSet::new();
        let reading = here.spawn_local(async move {
            let _guard = guard;
            collector.run(orders, told).await;
        });
        let (read, served) = (here.run_until(reading).await, serving.await);
        read.and(served.map(|_| ())).map_err(AppError::Broken)
    }
}

/// Makes what a connection to X needs and throws it away: a bad CA file or proxy is found before anything starts.
pub fn check_reach(api: &ApiConfig) -> Result<(), AppError> {
    connect(api).map(|_| ())
}

fn account_keys(config: &Config) -> Vec<String> {
    config.accounts.iter().map(|account| account_key(config, account)).collect()
}

/// What the state in this folder says of each account, for a forecast; nothing where nothing is known. The exporter may be running.
pub fn known_state(config: &Config, folder: &Path, now: Timestamp) -> Option<Vec<Known>> {
    let recalled = peek(folder)?;
    let of = |name: &String| known(recalled.iter().find(|recalled| recalled.account == *name)?, now);
    Some(account_keys(config).iter().map(|name| of(name).unwrap_or_default()).collect())
}

/// Opens the state. Without one the exporter goes on, loudly; but two must not share one.
fn memory(
    folder: Option<&Path>,
    names: &[String],
    lost: &mut HashSet<String>,
    metrics: &SelfMetrics,
) -> Result<(Option<Memory>, HashMap<String, Recalled>), AppError> {
    let Some(folder) = folder else { return Ok((None, HashMap::new())) };
    let opened = match State::open(folder) {
        Ok(opened) => opened,
        Err(error @ StateError::InUse(_)) => return Err(AppError::State(error)),
        Err(error) => {
            tracing::error!(%error, "the state cannot be used; the exporter goes on without: a restart forgets what it knows");
            metrics.state_ok(false);
            return Ok((None, HashMap::new()));
        }
    };
    if let Some(aside) = &opened.set_aside {
        let (copy, why) = (aside.copy.display(), &aside.why);
        tracing::error!(%copy, why, "the state cannot be read; it is put aside and a new one begun");
    }
    let mut state = opened.state;
    // Books that could not be kept up to date are no books.
    let headers = opened.recalled.iter().map(untouched);
    let is_kept = state.commit(headers).inspect_err(|error| tracing::error!(%error, "the state cannot be written")).is_ok();
    metrics.state_ok(is_kept);
    if !is_kept {
        lost.extend(names.iter().cloned());
    }
    let recalled = opened.recalled.into_iter().map(|recalled| (recalled.account.clone(), recalled)).collect();
    Ok((Some(Memory::new(state, names.to_vec())), recalled))
}

/// A change that changes nothing: whether anything can be written.
pub(super) fn untouched(recalled: &Recalled) -> Change {
    let Recalled { account, header, paid_day, .. } = recalled;
    Change { account: account.clone(), header: header.clone(), tweets: Vec::new(), paid_day: *paid_day, paid: Vec::new() }
}

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(error) => error.fmt(f),
            Self::Broken(error) => write!(f, "a fault of the exporter, please report it: {error}"),
            Self::State(error) => error.fmt(f),
            Self::TokenFile(why) => f.write_str(why),
            Self::CaFile(error) => write!(f, "api.ca_file cannot be read: {error}"),
        }
    }
}

impl std::error::Error for AppError {}
