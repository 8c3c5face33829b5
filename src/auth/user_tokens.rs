//! OAuth 2.0 user tokens at work: read from the token file, renewed in time, on disk before they are used. One rule above all: the
//! only valid refresh token is never lost, whoever gives up waiting and whatever the disk says.

use std::fmt;
use std::sync::Arc;
use std::sync::Mutex as Records;
use std::time::Duration;

use tokio::sync::Mutex;

use crate::auth::error::AuthError;
use crate::auth::held::{Held, Step};
use crate::auth::token_endpoint::{TokenEndpoint, redact};
use crate::auth::token_file::{Draft, TokenFile, Tokens};
use crate::auth::token_lock::{LockError, TokenLock};
use crate::config::Secret;
use crate::model::{CredentialKind, Timestamp};
use crate::self_metrics::{AccountMetrics, ErrorReason};

/// The tokens of one user; clones share them.
#[derive(Clone)]
pub struct UserTokens {
    shared: Arc<Shared>,
    held: Arc<Mutex<Held>>,
}

struct Shared {
    account: String,
    file: TokenFile,
    endpoint: TokenEndpoint,
    metrics: AccountMetrics,
    /// What was held of late: it must not be seen.
    seen: Arc<Records<Vec<Secret>>>,
}

/// Promise 8: faults are retried at most a minute apart.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Answers that fit nothing are not worth that.
const LONGEST_ODD_PAUSE: Duration = Duration::from_secs(15 * 60);
/// Two pairs and their predecessors.
const SEEN: usize = 8;

impl UserTokens {
    /// Reads the file, if it is there.
    pub(super) fn new(account: &str, file: TokenFile, endpoint: TokenEndpoint, metrics: AccountMetrics, now: Timestamp) -> Self {
        let shared = Shared { account: account.to_owned(), file, endpoint, metrics, seen: Arc::default() };
        let mut held = Held::new(account);
        shared.look(&mut held, now);
        Self { shared: Arc::new(shared), held: Arc::new(Mutex::new(held)) }
    }

    /// The same file's tokens as the other holds them, lock included; itself if the other has another file.
    pub(super) fn succeed(self, other: &Self) -> Self {
        if self.shared.file.lock_path() != other.shared.file.lock_path() {
            return self;
        }
        let Shared { account, file, endpoint, metrics, .. } = &*self.shared;
        let seen = other.shared.seen.clone();
        let (account, file) = (account.clone(), file.clone());
        let shared = Shared { account, file, endpoint: endpoint.clone(), metrics: metrics.clone(), seen };
        Self { shared: Arc::new(shared), held: other.held.clone() }
    }

    /// Whether the two hold the same tokens.
    pub(super) fn shares(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.held, &other.held)
    }

    /// Another configuration speaks for these tokens now: what was refused may be over.
    pub(super) async fn reopen(&self) {
        let mut held = self.held.lock().await;
        held.reopen(&self.shared.account);
        self.shared.show(&held);
    }

    /// Takes the token file for this process. Fails if another exporter has it; if no lock can be made at all, it is the
    /// credential that fails, and each call tries again.
    pub(super) fn lock(&self) -> Result<(), String> {
        // Only tokens that are in use already can be busy, and those are locked.
        let Ok(mut held) = self.held.try_lock() else { return Ok(()) };
        if held.lock.is_some() {
            return Ok(());
        }
        match TokenLock::take(&self.shared.file) {
            Ok(lock) => held.lock = Some(lock),
            Err(LockError::Impossible(why)) => {
                tracing::error!(account = self.shared.account, "credentials.oauth2 cannot be used: {why}");
            }
            Err(LockError::Held(why)) => return Err(why),
        }
        Ok(())
    }

    /// The access token to use now; with `refused` another than that one. Renews it when its time comes. A caller may give up at
    /// any moment: a renewal goes on in a task of its own.
    pub(super) async fn token(&self, refused: Option<&str>, now: Timestamp) -> Result<Secret, AuthError> {
        let mut held = self.held.clone().lock_owned().await;
        if held.lock.is_none() {
            let taken = TokenLock::take(&self.shared.file);
            // A full disk may have room again.
            let failed = |error| match error {
                LockError::Held(why) => AuthError::Unusable(why),
                LockError::Impossible(why) => AuthError::local(why),
            };
            held.lock = Some(taken.map_err(failed)?);
        }
        let is_fresh = |held: &Held| matches!(held.step(refused, now), Step::Use(_)) && held.was_looked_at(now);
        if !is_fresh(&held) {
            self.shared.look(&mut held, now);
        }
        match held.step(refused, now) {
            Step::Use(token) => return Ok(token),
            Step::Fail(error) => return Err(error),
            Step::Save | Step::Renew => {}
        }
        let (shared, refused) = (self.shared.clone(), refused.map(str::to_owned));
        let task = tokio::spawn(async move { shared.bring_up_to_date(&mut held, refused.as_deref(), now).await });
        task.await.unwrap_or_else(|_| Err(AuthError::local("renewing the token was cut short")))
    }

    /// Waits for a renewal under way; none begins any more. Called before the process ends.
    pub(super) async fn settle(&self, now: Timestamp) {
        let mut held = self.held.lock().await;
        held.is_closed = true;
        if held.unsaved.is_some() {
            self.shared.save(&mut held, None, now).await;
        }
        if held.unsaved.is_some() {
            let (account, file) = (&self.shared.account, self.shared.file.display());
            tracing::error!(account, token_file = %file, "the renewed token could not be kept; a login will be needed");
        }
    }

    /// Somebody else has changed the file since it was last looked at. What this process writes itself is no news.
    pub(super) fn has_news(&self) -> bool {
        self.held.try_lock().is_ok_and(|held| held.stamp != self.shared.file.stamp())
    }

    pub(super) fn redact(&self, text: String) -> String {
        let seen = self.shared.seen.lock().expect("nobody panics with it");
        redact(text, seen.iter().chain(self.shared.endpoint.secrets()))
    }
}

impl Shared {
    /// Looks whether the file has changed and takes what is new.
    fn look(&self, held: &mut Held, now: Timestamp) {
        let stamp = self.file.stamp();
        let has_changed = held.looked.is_none() || held.stamp != stamp;
        held.looked = Some(now);
        if !has_changed {
            return;
        }
        held.stamp = stamp;
        let account = &self.account;
        if let Some(mode) = self.file.open_mode().filter(|_| !std::mem::replace(&mut held.has_warned, true)) {
            let (file, mode) = (self.file.display(), format!("{mode:03o}"));
            tracing::warn!(account, token_file = %file, mode, "other users of this computer may use the token file; chmod 600 it");
        }
        match self.file.read() {
            Ok(tokens) => {
                self.remember(&tokens);
                held.take(tokens);
                self.show(held);
            }
            Err(why) => {
                if held.tokens.is_some() {
                    tracing::warn!(account, why, "the token file cannot be read any more; the tokens in memory stay in use");
                }
                held.problem = why;
            }
        }
    }

    /// Saves and renews as needed, each once.
    async fn bring_up_to_date(&self, held: &mut Held, refused: Option<&str>, now: Timestamp) -> Result<Secret, AuthError> {
        let mut renewals = 0;
        loop {
            match held.step(refused, now) {
                Step::Use(token) => return Ok(token),
                Step::Fail(error) => return Err(error),
                Step::Save => self.save(held, None, now).await,
                Step::Renew if renewals == 0 => {
                    renewals += 1;
                    self.renew(held, now).await;
                }
                Step::Renew if held.is_good_once(refused, now) => {}
                Step::Renew => {
                    let error = AuthError::transient(ErrorReason::Malformed, "X gave a token that cannot be used even once");
                    held.stumble(error, LONGEST_ODD_PAUSE, now);
                }
            }
        }
    }

    /// What could keep the next pair from being written is found out first; then X is asked.
    async fn renew(&self, held: &mut Held, now: Timestamp) {
        let draft = match self.draft().await {
            Ok(draft) => draft,
            Err(why) => return held.stumble(AuthError::local(format!("{why}; the token is not renewed")), LONGEST_PAUSE, now),
        };
        let Some(old) = held.tokens.clone() else { return };
        match self.endpoint.refresh(&old, now).await {
            Ok(new) => {
                self.remember(&new);
                held.unsaved = Some(new);
                // Somebody may have logged in meanwhile: then it is the file that counts.
                self.look(held, now);
                self.save(held, Some(draft), now).await;
            }
            Err(AuthError::Refused(detail)) => held.refused = old.refresh.map(|refresh| (refresh, detail)),
            Err(error) => {
                let odd = [ErrorReason::InvalidRequest, ErrorReason::Redirect, ErrorReason::Malformed];
                let longest = if odd.contains(&error.reason()) { LONGEST_ODD_PAUSE } else { LONGEST_PAUSE };
                held.stumble(error, longest, now);
            }
        }
    }

    async fn draft(&self) -> Result<Draft, String> {
        let file = self.file.clone();
        tokio::task::spawn_blocking(move || file.draft()).await.unwrap_or_else(|error| Err(error.to_string()))
    }

    /// Brings the new pair to disk; until then it is not used.
    async fn save(&self, held: &mut Held, draft: Option<Draft>, now: Timestamp) {
        let Some(tokens) = held.unsaved.clone() else { return };
        let draft = match draft {
            Some(draft) => Ok(draft),
            None => self.draft().await,
        };
        let written = match draft {
            Ok(draft) => {
                let put = tokio::task::spawn_blocking(move || draft.put(&tokens));
                put.await.unwrap_or_else(|error| Err(error.to_string()))
            }
            Err(why) => Err(why),
        };
        let account = &self.account;
        match written {
            Ok(stamp) => {
                held.saved(stamp);
                self.show(held);
                tracing::info!(account, "the OAuth 2.0 token was renewed");
            }
            Err(why) => {
                let detail = format!("{why}; the renewed token is kept in memory and not used before it is written");
                if !std::mem::replace(&mut held.has_complained, true) {
                    tracing::error!(
                        account,
                        "{detail}; do not stop the exporter before this is mended, or a login will be needed"
                    );
                }
                held.stumble(AuthError::local(detail), LONGEST_PAUSE, now);
            }
        }
    }

    fn show(&self, held: &Held) {
        if let Some(tokens) = &held.tokens {
            self.metrics.token_expiry(CredentialKind::Oauth2, tokens.expires_at);
        }
    }

    fn remember(&self, tokens: &Tokens) {
        let mut seen = self.seen.lock().expect("nobody panics with it");
        for secret in [Some(&tokens.access), tokens.refresh.as_ref()].into_iter().flatten() {
            seen.retain(|known| known.expose() != secret.expose());
            seen.push(secret.clone());
        }
        let surplus = seen.len().saturating_sub(SEEN);
        seen.drain(..surplus);
    }
}

impl fmt::Debug for UserTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserTokens").field("account", &self.shared.account).finish_non_exhaustive()
    }
}
