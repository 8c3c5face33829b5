//! What stands in the way of an account: logged once when it comes, once when it goes.

use std::collections::{BTreeMap, VecDeque};

use crate::model::{Api, CredentialKind, Timestamp};
use crate::self_metrics::ErrorReason;
use crate::x_api::ApiError;

/// The troubles of one account.
#[derive(Debug)]
pub struct Health {
    account: String,
    /// Systems that the account calls.
    apis: Vec<Api>,
    /// Its credentials.
    credentials: Vec<CredentialKind>,
    troubles: BTreeMap<(Api, Option<CredentialKind>), Trouble>,
    /// The last ones that are over, the newest last.
    past: VecDeque<Trouble>,
}

/// Calls that came to nothing, one after the other, for one reason.
#[derive(Clone, Debug)]
pub struct Trouble {
    /// Which system was called.
    pub api: Api,
    /// With which credential, if the reason is about it.
    pub credential: Option<CredentialKind>,
    /// Why.
    pub reason: ErrorReason,
    /// The same for people, as it was last said.
    pub detail: String,
    /// When the first of them failed.
    pub since: Timestamp,
    /// When the last one did.
    pub last: Timestamp,
    /// How many there were.
    pub failures: u64,
    /// When a call succeeded again, or failed for another reason.
    pub ended: Option<Timestamp>,
}

/// So much of the past is remembered.
const PAST: usize = 5;

impl Health {
    /// Nothing is known to be wrong with an account that calls these systems with these credentials.
    pub fn new(account: String, apis: Vec<Api>, credentials: Vec<CredentialKind>) -> Self {
        Self { account, apis, credentials, troubles: BTreeMap::new(), past: VecDeque::new() }
    }

    /// Takes the place of another one of the same account. What was wrong with systems and credentials that the account has no more
    /// concerns nobody.
    pub(super) fn succeed(&mut self, old: &Self) {
        let Self { apis, credentials, .. } = self;
        let concerns = |trouble: &Trouble| {
            apis.contains(&trouble.api) && trouble.credential.is_none_or(|credential| credentials.contains(&credential))
        };
        let troubles = old.troubles.iter().filter(|(_, trouble)| concerns(trouble));
        self.troubles = troubles.map(|(key, trouble)| (*key, trouble.clone())).collect();
        self.past = old.past.iter().filter(|trouble| concerns(trouble)).cloned().collect();
    }

    /// Systems that the account calls.
    pub(super) fn apis(&self) -> &[Api] {
        &self.apis
    }

    /// For people: what is wrong right now, then what was.
    pub fn troubles(&self) -> Vec<Trouble> {
        self.troubles.values().chain(self.past.iter().rev()).cloned().collect()
    }

    /// Takes in how a call went.
    pub(super) fn observe(&mut self, api: Api, credential: CredentialKind, error: Option<&ApiError>, now: Timestamp) {
        match error {
            None => {
                for scope in [None, Some(credential)] {
                    self.recover(api, scope, now);
                }
            }
            Some(error) => self.fail(api, credential, error, now),
        }
    }

    fn fail(&mut self, api: Api, credential: CredentialKind, error: &ApiError, now: Timestamp) {
        let scope = is_the_credentials(error.reason).then_some(credential);
        let known = self.troubles.get_mut(&(api, scope));
        if let Some(trouble) = known.filter(|trouble| trouble.reason == error.reason) {
            trouble.failures += 1;
            trouble.last = now;
            trouble.detail.clone_from(&error.detail);
            return;
        }
        let (account, reason) = (&self.account, error.reason.name());
        let (api_name, credential, detail) = (api.name(), credential.name(), &error.detail);
        if needs_a_person(error.reason) {
            tracing::error!(account, api = api_name, credential, reason, detail, "X refuses the account; its last numbers stay");
        } else {
            tracing::warn!(account, api = api_name, credential, reason, detail, "cannot read from X; the last numbers stay");
        }
        let (reason, detail) = (error.reason, error.detail.clone());
        let trouble = Trouble { api, credential: scope, reason, detail, since: now, last: now, failures: 1, ended: None };
        if let Some(before) = self.troubles.insert((api, scope), trouble) {
            self.bury(before, now);
        }
    }

    fn recover(&mut self, api: Api, scope: Option<CredentialKind>, now: Timestamp) {
        let Some(trouble) = self.troubles.remove(&(api, scope)) else { return };
        let (account, reason, failures) = (&self.account, trouble.reason.name(), trouble.failures);
        let seconds = now.since(trouble.since).as_secs();
        tracing::info!(account, api = api.name(), reason, failures, after_seconds = seconds, "X answers again");
        self.bury(trouble, now);
    }

    fn bury(&mut self, trouble: Trouble, now: Timestamp) {
        self.past.push_back(Trouble { ended: Some(now), ..trouble });
        while self.past.len() > PAST {
            self.past.pop_front();
        }
    }
}

/// Whether it concerns the credential that was used, not the way to X.
fn is_the_credentials(reason: ErrorReason) -> bool {
    matches!(reason, ErrorReason::CredentialRefused | ErrorReason::Forbidden | ErrorReason::RateLimited)
}

/// Whether waiting does not help.
fn needs_a_person(reason: ErrorReason) -> bool {
    matches!(reason, ErrorReason::CredentialRefused | ErrorReason::Forbidden | ErrorReason::PaymentRefused)
}
