//! Puts the rooms together.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use arc_swap::ArcSwap;
use reqwest::Url;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::app::watch_files::follow_watch_files;
use crate::auth::Credential;
use crate::collector::{Collector, CollectorParts, Desk, Handle, Health, Order, Snapshot};
use crate::config::{Account, ApiConfig, Charge, Config, Groups, Loaded, Mode, SourceKind, is_loopback};
use crate::model::{Api, CredentialKind, Timestamp, TweetId};
use crate::net::{Client, ClientError, ClientSettings};
use crate::schedule::{AccountPlan, AccountTerms, Ladder, LedgerTerms, LookupTerms, Plan};
use crate::self_metrics::{Limit, SelfMetrics};
use crate::server::{Options, serve};
use crate::store::AccountStore;
use crate::watchlist::{Fingerprint, Watchlist};
use crate::x_api::{Lookup, Session, SessionSettings};

/// A wired exporter that has not started yet.
pub struct App {
    collector: Collector,
    handle: Handle,
    orders: (mpsc::Sender<Order>, mpsc::Receiver<Order>),
    metrics: Arc<SelfMetrics>,
    config: Config,
    fingerprint: Fingerprint,
}

/// What keeps it from starting.
#[derive(Debug)]
pub enum AppError {
    /// X cannot be reached this way at all.
    Client(ClientError),
    /// `api.ca_file` cannot be read.
    CaFile(std::io::Error),
    /// A fault of the exporter ended its reading half.
    Broken(tokio::task::JoinError),
}

impl App {
    /// Wires an exporter for this configuration and watch list.
    pub fn new(loaded: &Loaded, watchlist: Watchlist) -> Result<Self, AppError> {
        let config = &loaded.config;
        let client = client(&config.api)?;
        let metrics = SelfMetrics::new();
        let now = Timestamp::from(SystemTime::now());
        metrics.config_loaded(loaded.hash, now);
        metrics.refused_by_limit(Limit::MaxTweets, watchlist.surplus);
        let fingerprint = watchlist.fingerprint.clone();
        let (mut plans, mut desks, mut stores) = (Vec::new(), Vec::new(), Vec::new());
        for (account, watched) in config.accounts.iter().zip(watchlist.accounts) {
            let tweets: Vec<TweetId> = watched.iter().map(|tweet| tweet.tweet).collect();
            plans.push(AccountPlan::new(terms(config, account), &tweets, now));
            desks.push(desk(config, account, &client, &metrics));
            stores.push(AccountStore::new(
                account.name.clone(),
                account.username.clone(),
                watched.into_iter().map(Into::into).collect(),
            ));
        }
        let snapshot = Arc::new(ArcSwap::from_pointee(Snapshot::default()));
        let (sender, receiver) = mpsc::channel(256);
        let handle = match config.mode {
            Mode::Background => Handle::background(snapshot.clone()),
            Mode::OnScrape { .. } => Handle::on_scrape(snapshot.clone(), sender.clone()),
        };
        let parts = CollectorParts {
            plan: Plan::new(Ladder::new(config.tiers.steps()), plans),
            desks,
            stores,
            mode: config.mode,
            max_series: config.limits.max_series,
            snapshot,
            metrics: metrics.clone(),
        };
        let config = loaded.config.clone();
        Ok(Self { collector: Collector::new(parts), handle, orders: (sender, receiver), metrics, config, fingerprint })
    }

    /// Reads and serves until it is told to stop; requests under way are then answered. Fails if the reading half breaks down: a
    /// supervisor should start it anew rather than serve old numbers for ever.
    pub async fn run(self, listeners: Vec<TcpListener>, options: Options, stop: CancellationToken) -> Result<(), AppError> {
        let (sender, receiver) = self.orders;
        tokio::spawn(follow_watch_files(self.config, self.fingerprint, sender, stop.clone()));
        let told = stop.clone();
        let reading = tokio::spawn(async move {
            // However it ends, the server must not outlive it.
            let _guard = told.clone().drop_guard();
            self.collector.run(receiver, told).await;
        });
        serve(listeners, self.handle, self.metrics, options, stop).await;
        reading.await.map_err(AppError::Broken)
    }
}

/// Makes what a connection to X needs and throws it away: a bad CA file or proxy is found before anything starts.
pub fn check_reach(api: &ApiConfig) -> Result<(), AppError> {
    client(api).map(|_| ())
}

fn client(api: &ApiConfig) -> Result<Client, AppError> {
    let ca_pem = api.ca_file.as_ref().map(std::fs::read).transpose().map_err(AppError::CaFile)?;
    let settings = ClientSettings {
        timeout: api.timeout,
        proxy: api.proxy_url.as_ref().map(|url| url.expose()),
        ca_pem: ca_pem.as_deref(),
        direct: Url::parse(&api.url).is_ok_and(|url| is_loopback(&url)),
    };
    Client::new(&settings).map_err(AppError::Client)
}

fn terms(config: &Config, account: &Account) -> AccountTerms {
    let (kinds, charge) = (kinds(account), config.billing.charge);
    AccountTerms {
        lookup: lookup(account).map(|(_, groups, every)| LookupTerms { groups, every }),
        wants_username: account.username.is_none(),
        credentials: kinds,
        ledger: LedgerTerms { charge, prices: config.billing.usd, budget: account.budget },
        // One early read parts the batches of a start; a legacy plan would pay for it.
        patience: if charge == Charge::UtcDay { 0.5 } else { 0.95 },
        seed: account.name.bytes().fold(u64::from(std::process::id()), |seed, byte| seed.wrapping_mul(31) + u64::from(byte)),
    }
}

fn kinds(account: &Account) -> Vec<CredentialKind> {
    Credential::of(&account.credentials).iter().map(Credential::kind).collect()
}

/// The account's lookup: its precedence, its groups, its own interval.
fn lookup(account: &Account) -> Option<(u8, Groups, Option<std::time::Duration>)> {
    account.sources.iter().enumerate().find_map(|(position, source)| match source.kind {
        SourceKind::Lookup(groups) => Some((u8::try_from(position).unwrap_or(u8::MAX), groups, source.every)),
        _ => None,
    })
}

fn desk(config: &Config, account: &Account, client: &Client, metrics: &Arc<SelfMetrics>) -> Desk {
    let lookup = lookup(account);
    let mut apis: Vec<Api> = lookup.iter().map(|_| Api::Lookup).collect();
    if account.username.is_none() && kinds(account).iter().any(|kind| kind.is_user()) {
        apis.push(Api::Users);
    }
    let own = metrics.account(&account.name, &apis);
    kinds(account).into_iter().for_each(|kind| own.credential_ok(kind, true));
    let settings = SessionSettings {
        client: client.clone(),
        url: config.api.url.clone(),
        credentials: Credential::of(&account.credentials),
        account: own.clone(),
        metrics: metrics.clone(),
    };
    let nothing = Groups { public: false, non_public: false, organic: false, promoted: false };
    let (lookup_source, groups) = lookup.map_or((0, nothing), |(source, groups, _)| (source, groups));
    Desk {
        session: Arc::new(Session::new(settings)),
        lookup: Arc::new(Lookup::new(groups)),
        lookup_source,
        metrics: own,
        health: Health::new(account.name.clone()),
    }
}

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(error) => error.fmt(f),
            Self::Broken(error) => write!(f, "a fault of the exporter, please report it: {error}"),
            Self::CaFile(error) => write!(f, "api.ca_file cannot be read: {error}"),
        }
    }
}

impl std::error::Error for AppError {}
