//! Puts the rooms together.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use arc_swap::ArcSwap;
use reqwest::Url;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::app::account::{desk, session, terms};
use crate::app::token_files::follow_token_files;
use crate::app::watch_files::follow_watch_files;
use crate::auth::Credential;
use crate::collector::{Collector, CollectorParts, Desk, Handle, Memory, Order, Snapshot, known, recall};
use crate::config::{Account, ApiConfig, Config, Loaded, Mode, Tiers, is_loopback};
use crate::model::{Timestamp, TweetId};
use crate::net::{Client, ClientError, ClientSettings};
use crate::schedule::{AccountPlan, Known, Ladder, Plan};
use crate::self_metrics::{Limit, SelfMetrics};
use crate::server::{Options, serve};
use crate::state::{Change, Recalled, State, StateError, peek};
use crate::store::{AccountStore, Watched};
use crate::watchlist::{Fingerprint, Watchlist};

/// A wired exporter that has not started yet.
pub struct App {
    collector: Collector,
    handle: Handle,
    orders: (mpsc::Sender<Order>, mpsc::Receiver<Order>),
    metrics: Arc<SelfMetrics>,
    config: Config,
    fingerprint: Fingerprint,
    /// To be waited for at the end.
    credentials: Vec<(usize, Credential)>,
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
    /// A fault of the exporter ended its reading half.
    Broken(tokio::task::JoinError),
}

impl App {
    /// Wires an exporter for this configuration and watch list; what it knows is kept in this folder, if one is named. From here on
    /// its token files are its own.
    pub fn new(loaded: &Loaded, watchlist: Watchlist, state: Option<&Path>) -> Result<Self, AppError> {
        let config = &loaded.config;
        let client = connect(&config.api)?;
        let metrics = SelfMetrics::new();
        let now = Timestamp::from(SystemTime::now());
        metrics.config_loaded(loaded.hash, now);
        metrics.shard(config.shard);
        metrics.refused_by_limit(Limit::MaxTweets, watchlist.surplus);
        let names = account_names(config);
        let mut lost = HashSet::new();
        let (mut memory, mut recalled) = memory(state, &names, &mut lost, &metrics)?;
        let fingerprint = watchlist.fingerprint.clone();
        let refused = watchlist.surplus;
        let (mut plans, mut desks, mut stores, mut named, mut credentials) = (vec![], vec![], vec![], vec![], vec![]);
        for (((account, watched), room), name) in config.accounts.iter().zip(watchlist.accounts).zip(watchlist.rooms).zip(&names)
        {
            let tweets: Vec<TweetId> = watched.iter().map(|tweet| tweet.tweet).collect();
            let settings = session(config, account, &client, &metrics)?;
            let index = plans.len();
            credentials.extend(settings.credentials.iter().map(|credential| (index, credential.clone())));
            let desk = desk(account, settings);
            let watched: Vec<Watched> = watched.into_iter().map(Into::into).collect();
            let plan = AccountPlan::new(terms(config, account, room), &tweets, now);
            let known = recalled.remove(name);
            let (mut plan, store, unwatched) = take_up(known, plan, &desk, account, &watched, now);
            memory.iter_mut().for_each(|memory| memory.forget(index, &unwatched));
            if lost.contains(name) {
                plan.lose_books();
            }
            plans.push(plan);
            desks.push(desk);
            stores.push(store);
            named.push(watched);
        }
        let snapshot = Arc::new(ArcSwap::from_pointee(Snapshot::default()));
        let (sender, receiver) = mpsc::channel(256);
        let handle = match config.mode {
            Mode::Background => Handle::background(snapshot.clone()),
            Mode::OnScrape { .. } => Handle::on_scrape(snapshot.clone(), sender.clone()),
        };
        let parts = CollectorParts {
            plan: Plan::new(ladder(&config.tiers), plans),
            desks,
            stores,
            named,
            refused,
            mode: config.mode,
            max_series: config.limits.max_series,
            snapshot,
            metrics: metrics.clone(),
            memory,
        };
        let config = loaded.config.clone();
        let orders = (sender, receiver);
        Ok(Self { collector: Collector::new(parts), handle, orders, metrics, config, fingerprint, credentials })
    }

    /// Reads and serves until it is told to stop; requests under way are then answered. Fails if the reading half breaks down: a
    /// supervisor should start it anew rather than serve old numbers for ever.
    pub async fn run(self, listeners: Vec<TcpListener>, options: Options, stop: CancellationToken) -> Result<(), AppError> {
        let (sender, receiver) = self.orders;
        tokio::spawn(follow_token_files(self.credentials.clone(), sender.clone(), stop.clone()));
        tokio::spawn(follow_watch_files(self.config, self.fingerprint, sender, stop.clone()));
        let told = stop.clone();
        let reading = tokio::spawn(async move {
            // However it ends, the server must not outlive it.
            let _guard = told.clone().drop_guard();
            self.collector.run(receiver, told).await;
        });
        // A renewed token is on disk before the process ends; none is renewed any more.
        let settled = async {
            stop.cancelled().await;
            for (_, credential) in self.credentials {
                credential.settle(Timestamp::from(SystemTime::now())).await;
            }
        };
        tokio::join!(serve(listeners, self.handle, self.metrics, options, stop.clone()), settled);
        reading.await.map_err(AppError::Broken)
    }
}

/// Makes what a connection to X needs and throws it away: a bad CA file or proxy is found before anything starts.
pub fn check_reach(api: &ApiConfig) -> Result<(), AppError> {
    connect(api).map(|_| ())
}

/// The HTTP client towards X.
pub fn connect(api: &ApiConfig) -> Result<Client, AppError> {
    let ca_pem = api.ca_file.as_ref().map(std::fs::read).transpose().map_err(AppError::CaFile)?;
    let settings = ClientSettings {
        timeout: api.timeout,
        proxy: api.proxy_url.as_ref().map(|url| url.expose()),
        ca_pem: ca_pem.as_deref(),
        direct: Url::parse(&api.url).is_ok_and(|url| is_loopback(&url)),
    };
    Client::new(&settings).map_err(AppError::Client)
}

fn ladder(tiers: &Tiers) -> Ladder {
    if *tiers == Tiers::Adaptive { Ladder::adaptive(tiers.steps()) } else { Ladder::new(tiers.steps()) }
}

/// Another X, such as a test's, has other tweets and other bills: it is another account.
fn account_names(config: &Config) -> Vec<String> {
    config.accounts.iter().map(|account| format!("{} {}", account.name, config.api.url)).collect()
}

/// What the state in this folder says of each account, for a forecast; nothing where nothing is known. The exporter may be running.
pub fn known_state(config: &Config, folder: &Path, now: Timestamp) -> Option<Vec<Known>> {
    let recalled = peek(folder)?;
    let of = |name: &String| known(recalled.iter().find(|recalled| recalled.account == *name)?, now);
    Some(account_names(config).iter().map(|name| of(name).unwrap_or_default()).collect())
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
    let headers = opened.recalled.iter().map(untouched).collect::<Vec<_>>();
    let is_kept = state.commit(&headers).inspect_err(|error| tracing::error!(%error, "the state cannot be written")).is_ok();
    metrics.state_ok(is_kept);
    if !is_kept {
        lost.extend(names.iter().cloned());
    }
    let recalled = opened.recalled.into_iter().map(|recalled| (recalled.account.clone(), recalled)).collect();
    Ok((Some(Memory::new(state, names.to_vec())), recalled))
}

/// A change that changes nothing: whether anything can be written.
fn untouched(recalled: &Recalled) -> Change {
    let Recalled { account, header, paid_day, .. } = recalled.clone();
    Change { account, header, tweets: Vec::new(), paid_day, paid: Vec::new() }
}

/// Takes up what is known of the account, and tells which tweets in it are watched no more. Where nothing is known, nobody knows what was
/// spent before.
fn take_up(
    known: Option<Recalled>,
    mut plan: AccountPlan,
    desk: &Desk,
    account: &Account,
    watched: &[Watched],
    now: Timestamp,
) -> (AccountPlan, AccountStore, Vec<TweetId>) {
    let readings = known.and_then(|known| recall(known, &mut plan, now));
    let found = plan.watched().filter(|(_, found)| *found).map(|(id, _)| desk.found(id));
    let watched = watched.iter().cloned().chain(found).collect();
    let mut store = AccountStore::new(account.name.clone(), account.username.clone(), watched);
    let mut unwatched = Vec::new();
    match readings {
        Some(readings) => {
            let unreadable = readings.unreadable;
            if unreadable > 0 {
                tracing::warn!(account = account.name, unreadable, "some tweets in the state cannot be read; they are read anew");
            }
            unwatched.clone_from(&readings.unwatched);
            readings.restore(&mut store, desk, &plan);
        }
        None => plan.lose_books(),
    }
    (plan, store, unwatched)
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
