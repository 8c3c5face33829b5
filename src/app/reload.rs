//! Reads the configuration again when somebody asks for it, or when a file with a secret has changed. One reload after the other; a bad
//! configuration changes nothing.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinSet, block_in_place, spawn_blocking};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::app::assembly::{Current, Prepared};
use crate::app::secret_files::follow_secret_files;
use crate::app::token_files::follow_token_files;
use crate::app::watch_files::{Verdict, follow_watch_files};
use crate::auth::Credential;
use crate::collector::{Order, Reload, ReloadAsk};
use crate::config::{self, ConfigErrors, Loaded};
use crate::model::{Shard, Timestamp};
use crate::self_metrics::SelfMetrics;
use crate::watchlist::{self, Watchlist};

/// Where the configuration comes from.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The file.
    pub path: PathBuf,
    /// Variables by name.
    pub environment: fn(&str) -> Option<String>,
    /// Which part of it is this exporter's.
    pub shard: Shard,
}

/// Keeps the configuration at work, and all that follows files for it.
pub(super) struct Reloader {
    pub(super) current: Current,
    pub(super) origin: Option<Origin>,
    pub(super) orders: mpsc::Sender<Order>,
    pub(super) metrics: Arc<SelfMetrics>,
    pub(super) asks: mpsc::Receiver<ReloadAsk>,
    /// The configuration file was good when it was last read.
    pub(super) file_is_good: Arc<AtomicBool>,
    /// What was last said about secrets that cannot be used.
    pub(super) said: Option<String>,
}

/// What is to be read again.
enum Wish {
    /// The file, and all that it names.
    File(Vec<ReloadAsk>),
    /// What the file at work names; the file itself may be half written.
    Secrets,
}

/// Why a reload changed nothing.
struct Refusal {
    /// All that is wrong.
    why: String,
    /// Something could not be looked at for want of descriptors: that is no verdict on the files.
    is_passing: bool,
}

impl From<String> for Refusal {
    fn from(why: String) -> Self {
        Self { why, is_passing: false }
    }
}

impl Refusal {
    fn of(what: &str, errors: &ConfigErrors) -> Self {
        Self { why: format!("bad {what}\n{errors}"), is_passing: errors.is_passing() }
    }
}

/// Secrets that could not be used are tried again: what was wrong may have been another file.
const RETRY: Duration = Duration::from_secs(10);

impl Reloader {
    /// Reloads until it is told to stop; no token is renewed any more when it returns, and those that were are on disk.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        let mut followers = Followers::start(&self, &stop);
        let mut retry: Option<Instant> = None;
        loop {
            let wish = tokio::select! {
                () = stop.cancelled() => break,
                Some(ask) = self.asks.recv() => Wish::File(self.all_asks(ask)),
                Some(()) = followers.secrets.recv() => Wish::Secrets,
                () = sleep_until(retry.unwrap_or_else(Instant::now)), if retry.is_some() => Wish::Secrets,
            };
            let is_file = matches!(wish, Wish::File(_));
            let prepared = self.prepare(is_file).await;
            let outcome = match prepared {
                Ok(prepared) => {
                    followers.stop().await;
                    let Some(done) = self.exchange(prepared, is_file).await else { break };
                    followers = Followers::start(&self, &stop);
                    Ok(done)
                }
                Err(why) => Err(why),
            };
            retry = match (is_file, outcome.is_ok()) {
                (_, true) => None,
                (true, false) => retry,
                (false, false) => Some(Instant::now() + RETRY),
            };
            self.tell(wish, outcome);
        }
        followers.stop().await;
        settle(self.current.credentials.iter().map(|(_, credential)| credential)).await;
    }

    /// One reload serves everybody who asked before it began.
    fn all_asks(&mut self, first: ReloadAsk) -> Vec<ReloadAsk> {
        let mut asks = vec![first];
        while let Ok(ask) = self.asks.try_recv() {
            asks.push(ask);
        }
        asks
    }

    /// Reads and checks everything.
    async fn prepare(&self, is_file: bool) -> Result<Prepared, Refusal> {
        let Some(origin) = self.origin.clone() else { return Err("there is no configuration file".to_owned().into()) };
        let known = self.current.loaded.clone();
        let read = move || if is_file { load(&origin) } else { load_again(&known, &origin) };
        let (loaded, list) =
            spawn_blocking(read).await.unwrap_or_else(|error| Err(format!("reading broke down: {error}").into()))?;
        loaded.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
        list.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
        let prepared = block_in_place(|| Prepared::new(loaded, list, &self.metrics, Some(&self.current)));
        prepared.map_err(|error| error.to_string().into())
    }

    /// Puts it to work, and says so; nothing if the exporter is stopping.
    async fn exchange(&mut self, prepared: Prepared, is_file: bool) -> Option<String> {
        let Prepared { blueprint, current } = prepared;
        let (done, holds) = oneshot::channel();
        let sent = self.orders.send(Order::Reload(Box::new(Reload { blueprint, done }))).await;
        if sent.is_err() || holds.await.is_err() {
            settle(current.credentials.iter().map(|(_, credential)| credential)).await;
            return None;
        }
        let old = std::mem::replace(&mut self.current, current);
        let current = &self.current;
        let stays = |known: &Credential| current.credentials.iter().any(|(_, credential)| credential.shares_tokens(known));
        settle(old.credentials.iter().map(|(_, credential)| credential).filter(|known| !stays(known))).await;
        for (_, credential) in &current.credentials {
            credential.reopen().await;
        }
        let accounts = &current.loaded.config.accounts;
        let left = old.loaded.config.accounts.iter().filter(|old| accounts.iter().all(|account| account.name != old.name));
        left.for_each(|account| self.metrics.forget_account(&account.name));
        self.file_is_good.fetch_or(is_file, Ordering::Relaxed);
        self.verdict().good(current.watch_hash);
        Some(format!("reloaded: {} accounts, {} named tweets", accounts.len(), current.tweets))
    }

    fn tell(&mut self, wish: Wish, outcome: Result<String, Refusal>) {
        match (&wish, &outcome) {
            (_, Ok(_)) => {
                let (accounts, tweets) = (self.current.loaded.config.accounts.len(), self.current.tweets);
                let what = if matches!(wish, Wish::File(_)) { "configuration" } else { "secrets" };
                tracing::info!(what, accounts, tweets, "reloaded");
                self.said = None;
            }
            (Wish::File(_), Err(Refusal { why: errors, .. })) => {
                self.file_is_good.store(false, Ordering::Relaxed);
                self.metrics.config_refused();
                tracing::error!(errors, "the configuration cannot be used; the one before stays");
            }
            (Wish::Secrets, Err(Refusal { why: errors, is_passing })) => {
                if !is_passing {
                    self.metrics.config_refused();
                }
                match self.said.replace(errors.clone()) {
                    Some(said) if said == *errors => {}
                    _ if *is_passing => tracing::warn!(errors, "changed secrets cannot be read now; they are tried again"),
                    _ => tracing::error!(errors, "changed secrets cannot be used; those before stay"),
                }
            }
        }
        if let Wish::File(asks) = wish {
            let outcome = outcome.map_err(|refusal| refusal.why);
            asks.into_iter().for_each(|ask| drop(ask.done.send(outcome.clone())));
        }
    }

    fn verdict(&self) -> Verdict {
        let hash = self.current.loaded.hash;
        Verdict { metrics: self.metrics.clone(), file_is_good: self.file_is_good.clone(), hash }
    }
}

/// The file and its watch files; the error is all that is wrong with them.
fn load(origin: &Origin) -> Result<(Loaded, Watchlist), Refusal> {
    let loaded = config::load(&origin.path, &origin.environment);
    let loaded = loaded.map_err(|errors| Refusal::of("configuration", &watchlist::also_check(errors)))?;
    with_list(loaded.for_shard(origin.shard))
}

/// The files that the text at work names.
fn load_again(loaded: &Loaded, origin: &Origin) -> Result<(Loaded, Watchlist), Refusal> {
    let loaded = loaded.again(&origin.path, &origin.environment);
    let loaded = loaded.map_err(|errors| Refusal::of("configuration", &watchlist::also_check(errors)))?;
    with_list(loaded.for_shard(origin.shard))
}

fn with_list(loaded: Loaded) -> Result<(Loaded, Watchlist), Refusal> {
    let list = watchlist::load(&loaded.config).map_err(|errors| Refusal::of("watch list", &errors))?;
    Ok((loaded, list))
}

/// No renewal is under way any more, and none begins.
async fn settle(credentials: impl Iterator<Item = &Credential>) {
    for credential in credentials {
        credential.settle(Timestamp::from(SystemTime::now())).await;
    }
}

/// Those who look after the files of one configuration.
struct Followers {
    tasks: JoinSet<()>,
    end: CancellationToken,
    secrets: mpsc::Receiver<()>,
}

impl Followers {
    fn start(reloader: &Reloader, stop: &CancellationToken) -> Self {
        let (end, mut tasks) = (stop.child_token(), JoinSet::new());
        let (changed, secrets) = mpsc::channel(1);
        let Current { loaded, fingerprint, credentials, .. } = &reloader.current;
        let orders = || reloader.orders.clone();
        tasks.spawn(follow_token_files(credentials.clone(), orders(), end.clone()));
        tasks.spawn(follow_watch_files(loaded.config.clone(), fingerprint.clone(), reloader.verdict(), orders(), end.clone()));
        tasks.spawn(follow_secret_files(loaded.files.clone(), changed, end.clone()));
        Self { tasks, end, secrets }
    }

    /// What they have to say is said, or will never be.
    async fn stop(&mut self) {
        self.end.cancel();
        self.secrets.close();
        while self.tasks.join_next().await.is_some() {}
    }
}
