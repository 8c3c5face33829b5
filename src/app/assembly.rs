//! From a checked configuration to what the collector can work by. Everything that may fail fails here, before anything changes.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;

use crate::app::AppError;
use crate::app::account::{desk, session, terms};
use crate::auth::{Credential, is_same_user};
use crate::collector::{AccountParts, Blueprint, named};
use crate::config::{Account, ApiConfig, Config, Loaded, Tiers, is_loopback};
use crate::model::Room;
use crate::net::{Client, ClientSettings};
use crate::schedule::Ladder;
use crate::self_metrics::SelfMetrics;
use crate::store::Watched;
use crate::watchlist::{Fingerprint, Watchlist};

/// The configuration at work, as far as the next one wants to know.
pub(super) struct Current {
    pub(super) loaded: Loaded,
    /// Of the texts of the watch files.
    pub(super) watch_hash: u64,
    /// The tweets that it names.
    pub(super) tweets: usize,
    pub(super) fingerprint: Fingerprint,
    /// Each with the index of its account.
    pub(super) credentials: Vec<(usize, Credential)>,
    reach: Reach,
}

/// A configuration that nothing keeps from being at work.
pub(super) struct Prepared {
    pub(super) blueprint: Blueprint,
    pub(super) current: Current,
}

/// The way to X, and what it was made of.
struct Reach {
    client: Client,
    ca_pem: Option<Vec<u8>>,
}

impl Prepared {
    /// Prepares this configuration; from here on its token files are this process's. On an error everything is as before. Blocks.
    pub(super) fn new(
        loaded: Loaded,
        watchlist: Watchlist,
        metrics: &Arc<SelfMetrics>,
        before: Option<&Current>,
    ) -> Result<Self, AppError> {
        let reach = Reach::new(&loaded.config.api, before)?;
        let (mut accounts, mut credentials) = (Vec::new(), Vec::new());
        let config = &loaded.config;
        let ground = Ground { config, client: &reach.client, metrics, before };
        let tweets = watchlist.accounts.iter().map(Vec::len).sum();
        let (refused, watch_hash) = (watchlist.surplus, watchlist.hash);
        for ((account, watched), room) in config.accounts.iter().zip(watchlist.accounts).zip(watchlist.rooms) {
            match ground.account(account, named(watched), room) {
                Ok((parts, own)) => {
                    credentials.extend(own.into_iter().map(|credential| (accounts.len(), credential)));
                    accounts.push(parts);
                }
                Err(error) => {
                    ground.forget_new_accounts();
                    return Err(error);
                }
            }
        }
        let blueprint = Blueprint {
            accounts,
            ladder: ladder(&config.tiers),
            mode: config.mode,
            max_series: config.limits.max_series,
            refused,
            probes: config.probe_accounts.clone(),
            // A refused token is renewed and the call made once more.
            patience: config.api.timeout.saturating_mul(2).max(Duration::from_secs(2)),
        };
        let fingerprint = watchlist.fingerprint;
        Ok(Self { blueprint, current: Current { loaded, watch_hash, tweets, fingerprint, credentials, reach } })
    }
}

/// What all accounts of a configuration stand on.
struct Ground<'a> {
    config: &'a Config,
    client: &'a Client,
    metrics: &'a Arc<SelfMetrics>,
    before: Option<&'a Current>,
}

impl Ground<'_> {
    fn account(&self, account: &Account, watched: Vec<Watched>, room: Room) -> Result<(AccountParts, Vec<Credential>), AppError> {
        let others = self.before.into_iter().flat_map(|before| &before.credentials);
        let others: Vec<Credential> = others.map(|(_, credential)| credential.clone()).collect();
        let settings = session(self.config, account, self.client, self.metrics, &others)?;
        let credentials = settings.credentials.clone();
        let known = self.known(&account.name);
        let parts = AccountParts {
            name: account.name.clone(),
            key: account_key(self.config, account),
            username: account.username.clone(),
            terms: terms(self.config, account, room),
            desk: desk(account, settings),
            watched,
            may_be_probed: self.config.probe_accounts.contains(&account.name),
            is_same_user: known.is_none_or(|known| is_same_user(&known.credentials, &account.credentials)),
        };
        Ok((parts, credentials))
    }

    fn known(&self, name: &str) -> Option<&Account> {
        self.before?.loaded.config.accounts.iter().find(|known| known.name == name)
    }

    /// The configuration is refused: what it alone names must not show.
    fn forget_new_accounts(&self) {
        let new = self.config.accounts.iter().filter(|account| self.known(&account.name).is_none());
        new.for_each(|account| self.metrics.forget_account(&account.name));
    }
}

impl Reach {
    /// A client for this way; the one there is, with its open connections, if nothing differs.
    fn new(api: &ApiConfig, before: Option<&Current>) -> Result<Self, AppError> {
        let ca_pem = ca_pem(api)?;
        let way = |api: &ApiConfig| {
            (api.url.clone(), api.timeout, api.proxy_url.as_ref().map(|url| url.expose().to_owned()), api.ca_file.clone())
        };
        let same = before.filter(|before| before.reach.ca_pem == ca_pem && way(&before.loaded.config.api) == way(api));
        let client = match same {
            Some(before) => before.reach.client.clone(),
            None => client(api, ca_pem.as_deref())?,
        };
        Ok(Self { client, ca_pem })
    }
}

/// The HTTP client towards X.
pub fn connect(api: &ApiConfig) -> Result<Client, AppError> {
    client(api, ca_pem(api)?.as_deref())
}

fn ca_pem(api: &ApiConfig) -> Result<Option<Vec<u8>>, AppError> {
    api.ca_file.as_ref().map(std::fs::read).transpose().map_err(AppError::CaFile)
}

fn client(api: &ApiConfig, ca_pem: Option<&[u8]>) -> Result<Client, AppError> {
    let settings = ClientSettings {
        timeout: api.timeout,
        proxy: api.proxy_url.as_ref().map(|url| url.expose()),
        ca_pem,
        direct: Url::parse(&api.url).is_ok_and(|url| is_loopback(&url)),
    };
    Client::new(&settings).map_err(AppError::Client)
}

fn ladder(tiers: &Tiers) -> Ladder {
    if *tiers == Tiers::Adaptive { Ladder::adaptive(tiers.steps()) } else { Ladder::new(tiers.steps()) }
}

/// Another X, such as a test's, has other tweets and other bills: it is another account.
pub fn account_key(config: &Config, account: &Account) -> String {
    format!("{} {}", account.name, config.api.url)
}
