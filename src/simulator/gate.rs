//! Who is calling. Signatures and tokens are really checked, and against the real clock.

use std::collections::BTreeSet;

use crate::model::{CredentialKind, Timestamp};
use crate::simulator::call::Call;
use crate::simulator::oauth1::{Header, Signed};
use crate::simulator::world::World;

/// A known credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    /// Index of the account.
    pub(crate) account: usize,
    /// How it identifies itself.
    pub(crate) kind: CredentialKind,
    /// The user it speaks for; none for an app-only token.
    pub(crate) user: Option<u64>,
    /// What the user has granted.
    pub(crate) scopes: Scopes,
}

/// What an OAuth 2.0 token may read; other credentials may read everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scopes {
    pub(crate) tweet_read: bool,
    pub(crate) users_read: bool,
}

impl Scopes {
    /// Everything.
    pub(crate) const ALL: Self = Self { tweet_read: true, users_read: true };

    /// What a list of scopes, with spaces between, allows.
    pub(crate) fn of(scope: &str) -> Self {
        let has = |name| scope.split(' ').any(|part| part == name);
        Self { tweet_read: has("tweet.read"), users_read: has("users.read") }
    }
}

/// What the `Authorization` header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    /// It holds.
    Known(Caller),
    /// It does not; what it would have been, if that can be seen.
    Refused(Option<CredentialKind>),
}

/// Remembers what must not come twice.
#[derive(Default)]
pub(crate) struct Gate {
    /// Moment of signing and nonce.
    nonces: BTreeSet<(i64, String)>,
}

/// How far a signature's clock may be off.
const TOLERANCE_SECONDS: i64 = 300;
/// More nonces than this are not remembered; the oldest go first.
const MOST_NONCES: usize = 200_000;

impl Identity {
    /// How the caller identifies itself, or tries to.
    pub(crate) fn kind(self) -> Option<CredentialKind> {
        match self {
            Self::Known(caller) => Some(caller.kind),
            Self::Refused(kind) => kind,
        }
    }

    /// The caller, if the credential holds.
    pub(crate) fn caller(self) -> Option<Caller> {
        match self {
            Self::Known(caller) => Some(caller),
            Self::Refused(_) => None,
        }
    }
}

impl Gate {
    /// Finds out who is calling at the real moment `now`.
    pub(crate) fn identify(&mut self, world: &World, call: &Call, now: Timestamp) -> Identity {
        let Some((scheme, rest)) = call.authorization.as_deref().and_then(|text| text.split_once(' ')) else {
            return Identity::Refused(None);
        };
        let (kind, caller) = if scheme.eq_ignore_ascii_case("bearer") {
            bearer(world, rest, now)
        } else if scheme.eq_ignore_ascii_case("oauth") {
            (CredentialKind::Oauth1, self.oauth1(world, call, rest, now))
        } else {
            return Identity::Refused(None);
        };
        caller.map_or(Identity::Refused(Some(kind)), Identity::Known)
    }

    fn oauth1(&mut self, world: &World, call: &Call, text: &str, now: Timestamp) -> Option<Caller> {
        let header = Header::parse(text)?;
        let signed_at = header.timestamp()?;
        let now = now.millis().div_euclid(1000);
        if !(now - TOLERANCE_SECONDS..=now + TOLERANCE_SECONDS).contains(&signed_at) {
            return None;
        }
        let (account, keys) = world.accounts.iter().enumerate().find_map(|(account, known)| {
            let keys = known.oauth1.as_ref()?;
            let matches = header.value("oauth_consumer_key") == Some(&keys.consumer_key)
                && header.value("oauth_token") == Some(&keys.access_token);
            matches.then_some((account, keys))
        })?;
        let url = call.signed_url();
        let parameters = call.query.iter().chain(&call.form).map(|(key, value)| (key.as_str(), value.as_str())).collect();
        let signed = Signed { method: call.method.as_str(), url: &url, parameters };
        let holds = header.verifies(&signed, &keys.consumer_secret, &keys.access_token_secret);
        let fresh = holds && self.is_first((signed_at, header.value("oauth_nonce")?.to_owned()), now);
        let user = Some(world.accounts[account].user);
        fresh.then_some(Caller { account, kind: CredentialKind::Oauth1, user, scopes: Scopes::ALL })
    }

    /// Whether a nonce comes for the first time. Those whose timestamp is stale anyway are forgotten.
    fn is_first(&mut self, nonce: (i64, String), now: i64) -> bool {
        self.nonces = self.nonces.split_off(&(now - TOLERANCE_SECONDS, String::new()));
        if self.nonces.len() >= MOST_NONCES {
            self.nonces.pop_first();
        }
        self.nonces.insert(nonce)
    }
}

/// A token is an app's or a user's. An app's token is given out with `%2F` and `%3D` in it, and X wants it back like that; a token that
/// nobody knows is taken for an app's if it looks like one.
fn bearer(world: &World, token: &str, now: Timestamp) -> (CredentialKind, Option<Caller>) {
    let app = world.accounts.iter().position(|account| account.bearer == token);
    if let Some(account) = app {
        let caller = Caller { account, kind: CredentialKind::Bearer, user: None, scopes: Scopes::ALL };
        return (CredentialKind::Bearer, Some(caller));
    }
    let granted = world.accounts.iter().enumerate().find_map(|(number, account)| {
        let scope = account.oauth2.scope_of(token, now)?;
        let user = Some(account.user);
        Some(Caller { account: number, kind: CredentialKind::Oauth2, user, scopes: Scopes::of(scope) })
    });
    let was_issued = granted.is_some() || world.accounts.iter().any(|account| account.oauth2.looks_like_ours(token));
    (if was_issued { CredentialKind::Oauth2 } else { CredentialKind::Bearer }, granted)
}
