//! What stands in the way of an account: logged once when it comes, once when it goes.

use std::collections::{BTreeMap, VecDeque};

use crate::model::{Api, CredentialKind, Failure, Timestamp};
use crate::schedule::Call;
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
    /// One that is made from them for systems that accept no other; it reads no tweets.
    derived: Option<CredentialKind>,
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
    /// Waiting does not help.
    pub needs_a_person: bool,
    /// When a call succeeded again, or failed for another reason.
    pub ended: Option<Timestamp>,
}

/// Whose credential reads in the place of one that may not.
enum Substitute {
    /// The owner's other one: all that could be read before, or more.
    User,
    /// The app's: public numbers only, and those replace the whole reading. Old private numbers under its time would be wrong.
    App,
}

/// So much of the past is remembered.
const PAST: usize = 5;

impl Health {
    /// Nothing is known to be wrong with an account that calls these systems with these credentials, and the one derived from them.
    pub fn new(account: String, apis: Vec<Api>, credentials: Vec<CredentialKind>, derived: Option<CredentialKind>) -> Self {
        Self { account, apis, credentials, derived, troubles: BTreeMap::new(), past: VecDeque::new() }
    }

    /// Takes the place of another one of the same account. What was wrong with systems and credentials that the account has no more
    /// concerns nobody.
    pub(super) fn succeed(&mut self, old: &Self) {
        let Self { apis, credentials, derived, .. } = self;
        let has = |kind: CredentialKind| credentials.contains(&kind) || *derived == Some(kind);
        let concerns = |trouble: &Trouble| apis.contains(&trouble.api) && trouble.credential.is_none_or(has);
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

    /// Takes in how a call went, and whether it may be made again now, for all that X refuses.
    pub(super) fn observe(&mut self, call: &Call, error: Option<&ApiError>, is_shut: bool, now: Timestamp) {
        let (api, credential) = (call.errand.api(), call.credential);
        match error {
            None => {
                for scope in [None, Some(credential)] {
                    self.recover(api, scope, now);
                }
            }
            Some(error) => self.fail(api, credential, (error, needs_a_person(error, is_shut)), now),
        }
    }

    fn fail(&mut self, api: Api, credential: CredentialKind, (error, needs_a_person): (&ApiError, bool), now: Timestamp) {
        let scope = is_the_credentials(error.reason).then_some(credential);
        let known = self.troubles.get_mut(&(api, scope));
        if let Some(trouble) = known.filter(|trouble| trouble.reason == error.reason) {
            trouble.failures += 1;
            trouble.last = now;
            trouble.detail.clone_from(&error.detail);
            if needs_a_person && !std::mem::replace(&mut trouble.needs_a_person, true) {
                self.tell(api, credential, error, needs_a_person);
            }
            return;
        }
        self.tell(api, credential, error, needs_a_person);
        let (reason, detail) = (error.reason, error.detail.clone());
        let trouble =
            Trouble { api, credential: scope, reason, detail, since: now, last: now, failures: 1, needs_a_person, ended: None };
        if let Some(before) = self.troubles.insert((api, scope), trouble) {
            self.bury(before, now);
        }
    }

    fn tell(&self, api: Api, credential: CredentialKind, error: &ApiError, needs_a_person: bool) {
        let (account, reason, detail) = (&self.account, error.reason.name(), &error.detail);
        let what = match (error.reason, self.substitute(api, credential, &error.failure)) {
            (ErrorReason::CredentialUnusable, None) => "the credential cannot be used; the last numbers stay",
            (ErrorReason::CredentialUnusable, Some(Substitute::User)) => {
                "the credential cannot be used; another one reads in its place"
            }
            (ErrorReason::CredentialUnusable, Some(Substitute::App)) => {
                "the credential cannot be used; private numbers are left out until it works again"
            }
            (_, Some(Substitute::User)) => "X refuses the credential; another one reads in its place",
            (_, Some(Substitute::App)) => "X refuses the credential; private numbers are left out until it works again",
            (_, None) if needs_a_person => "X refuses the account; its last numbers stay",
            (_, None) => "cannot read from X; the last numbers stay",
        };
        let (api, credential) = (api.name(), credential.name());
        if needs_a_person {
            tracing::error!(account, api, credential, reason, detail, "{what}");
        } else {
            tracing::warn!(account, api, credential, reason, detail, "{what}");
        }
    }

    /// Who reads tweets while this credential may not. Other systems accept no app, and what may be gone soon is waited for.
    fn substitute(&self, api: Api, credential: CredentialKind, failure: &Failure) -> Option<Substitute> {
        let is_final = matches!(failure, Failure::CredentialRefused | Failure::Forbidden);
        if !is_final || !matches!(api, Api::Lookup | Api::Timeline) {
            return None;
        }
        let is_well = |kind: &CredentialKind| {
            let trouble = self.troubles.get(&(api, Some(*kind)));
            *kind != credential && trouble.is_none_or(|trouble| !trouble.needs_a_person)
        };
        let mut others = self.credentials.iter().filter(|kind| is_well(kind));
        let is_user = |kind: CredentialKind| kind != CredentialKind::Bearer;
        match others.clone().any(|kind| is_user(*kind)) {
            true => Some(Substitute::User),
            false => others.next().map(|_| Substitute::App),
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
    use ErrorReason::{CredentialRefused, CredentialUnusable, Forbidden, RateLimited};
    matches!(reason, CredentialRefused | CredentialUnusable | Forbidden | RateLimited)
}

/// Whether waiting does not help. What X forbids because of a tweet, as long as it may be that, concerns nobody else.
fn needs_a_person(error: &ApiError, is_shut: bool) -> bool {
    use ErrorReason::{CredentialRefused, CredentialUnusable, Forbidden, PaymentRefused};
    let is_a_tweets = matches!(error.failure, Failure::Invalid { .. } | Failure::Doubtful) && !is_shut;
    matches!(error.reason, CredentialRefused | CredentialUnusable | Forbidden | PaymentRefused) && !is_a_tweets
}
