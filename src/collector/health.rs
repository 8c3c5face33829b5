//! What stands in the way of an account: logged once when it comes, once when it goes.

use std::collections::BTreeMap;

use crate::model::{Api, CredentialKind, Timestamp};
use crate::self_metrics::ErrorReason;
use crate::x_api::ApiError;

/// The troubles of one account.
#[derive(Debug)]
pub struct Health {
    account: String,
    troubles: BTreeMap<(Api, Option<CredentialKind>), Trouble>,
}

#[derive(Debug)]
struct Trouble {
    reason: ErrorReason,
    detail: String,
    since: Timestamp,
    failures: u64,
}

impl Health {
    /// Nothing is known to be wrong.
    pub fn new(account: String) -> Self {
        Self { account, troubles: BTreeMap::new() }
    }

    /// For people: what is wrong right now.
    pub fn problem(&self) -> Option<String> {
        let trouble = |((api, _), trouble): (&(Api, _), &Trouble)| {
            format!("{}: {} since {}, {}", api.name(), trouble.reason.name(), trouble.since, trouble.detail)
        };
        let all: Vec<String> = self.troubles.iter().map(trouble).collect();
        (!all.is_empty()).then(|| all.join("; "))
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
        let trouble = Trouble { reason: error.reason, detail: error.detail.clone(), since: now, failures: 1 };
        self.troubles.insert((api, scope), trouble);
    }

    fn recover(&mut self, api: Api, scope: Option<CredentialKind>, now: Timestamp) {
        let Some(trouble) = self.troubles.remove(&(api, scope)) else { return };
        let (account, reason, failures) = (&self.account, trouble.reason.name(), trouble.failures);
        let seconds = now.since(trouble.since).as_secs();
        tracing::info!(account, api = api.name(), reason, failures, after_seconds = seconds, "X answers again");
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
