//! How a call identifies itself: the `Authorization` header for each kind of credential, and how the tokens for it are had. Only this
//! room sees a secret's text.

mod app_only;
mod error;
mod held;
mod oauth1;
mod pause;
mod pkce;
mod token_endpoint;
mod token_file;
mod token_lock;
mod user_tokens;

use reqwest::Url;
use reqwest::header::HeaderValue;

use sha2::{Digest, Sha256};

use crate::config::{Credentials, Oauth1, Secret};
use crate::model::{CredentialKind, Timestamp};
use crate::net::{Client, Method};
use crate::self_metrics::AccountMetrics;

pub use app_only::AppOnly;
pub use error::AuthError;
pub use oauth1::percent_encode;
pub use pkce::{Authorization, RedirectError};
pub use token_endpoint::TokenEndpoint;
pub use token_file::{Draft, TokenFile, Tokens};
pub use user_tokens::UserTokens;

/// A credential that can authorise calls; clones share their tokens.
#[derive(Clone, Debug)]
pub enum Credential {
    /// App-only bearer token, sent verbatim (x-api.md 3.2).
    Bearer(Secret),
    /// App-only bearer token that X gives for the keys of OAuth 1.0a.
    AppOnly(AppOnly),
    /// OAuth 1.0a user context: each call is signed (x-api.md 3.1).
    Oauth1(Oauth1),
    /// OAuth 2.0 user context: a token that is renewed (x-api.md 3.3).
    Oauth2(UserTokens),
}

/// What credentials are made of.
pub struct CredentialContext<'a> {
    /// What the configuration says.
    pub credentials: &'a Credentials,
    /// Value of the `account` label.
    pub account: &'a str,
    /// For tokens.
    pub client: &'a Client,
    /// `api.url`.
    pub api_url: &'a str,
    /// Of the account.
    pub metrics: &'a AccountMetrics,
    /// Now.
    pub now: Timestamp,
}

/// The kinds that an account configures, in order of preference; a token that would be derived is not among them.
pub fn configured_kinds(credentials: &Credentials) -> Vec<CredentialKind> {
    let kinds = [
        credentials.bearer.as_ref().map(|_| CredentialKind::Bearer),
        credentials.oauth1.as_ref().map(|_| CredentialKind::Oauth1),
        credentials.oauth2.as_ref().map(|_| CredentialKind::Oauth2),
    ];
    kinds.into_iter().flatten().collect()
}

/// Whether nothing suggests that the users' tokens of the one are another user's than those of the other.
pub fn is_same_user(one: &Credentials, other: &Credentials) -> bool {
    let oauth1 = |credentials: &Credentials| credentials.oauth1.as_ref().map(|keys| keys.access_token.clone());
    let oauth2 = |credentials: &Credentials| credentials.oauth2.as_ref().map(|oauth2| oauth2.token_file.clone());
    match (oauth1(one), oauth1(other), oauth2(one), oauth2(other)) {
        (Some(one), Some(other), _, _) => user_of(one.expose()) == user_of(other.expose()),
        (_, _, Some(one), Some(other)) => one == other,
        (None, _, None, _) | (_, None, _, None) => true,
        _ => false,
    }
}

/// Tells the users for whom these tokens speak from others, and tells nothing of them: 64 bits of a hash. The token file stands for its
/// user.
pub fn speaker(credentials: &Credentials) -> u64 {
    let user = credentials.oauth1.as_ref().map(|keys| user_of(keys.access_token.expose()).to_owned());
    let file = credentials.oauth2.as_ref().filter(|_| user.is_none()).map(|client| client.token_file.clone());
    let file = file.map(|file| std::fs::canonicalize(&file).unwrap_or(file));
    let hash = Sha256::digest(format!("{user:?} {file:?}"));
    hash.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// X writes the user's id in front of an access token of OAuth 1.0a; anything else stands for itself.
fn user_of(token: &str) -> &str {
    let id = token.split_once('-').map(|(id, _)| id);
    id.filter(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())).unwrap_or(token)
}

impl Credential {
    /// Those of an account, at most one of each kind, in order of preference.
    pub fn of(context: &CredentialContext<'_>) -> Vec<Self> {
        let CredentialContext { credentials, client, api_url, metrics, .. } = context;
        let derived = |keys: Oauth1| Self::AppOnly(AppOnly::new((*client).clone(), api_url, keys, (*metrics).clone()));
        let bearer = credentials.bearer.clone().map(Self::Bearer);
        let bearer = bearer.or_else(|| credentials.oauth1.clone().map(derived));
        let oauth1 = credentials.oauth1.clone().map(Self::Oauth1);
        let oauth2 = credentials.oauth2.as_ref().map(|oauth2| {
            let endpoint = TokenEndpoint::new((*client).clone(), api_url, oauth2, Some((*metrics).clone()));
            let file = TokenFile::new(&oauth2.token_file);
            Self::Oauth2(UserTokens::new(context.account, file, endpoint, (*metrics).clone(), context.now))
        });
        bearer.into_iter().chain(oauth1).chain(oauth2).collect()
    }

    /// The same credential with the tokens that one of these holds for it, so that each file of tokens has one owner in this process,
    /// whoever configures it: nobody refreshes twice, and no lock stands in our own way.
    pub fn succeed(self, others: &[Self]) -> Self {
        match self {
            Self::Oauth2(tokens) => Self::Oauth2(others.iter().fold(tokens, |tokens, other| match other {
                Self::Oauth2(other) => tokens.succeed(other),
                _ => tokens,
            })),
            Self::AppOnly(app) => Self::AppOnly(others.iter().fold(app, |app, other| match other {
                Self::AppOnly(other) => app.succeed(other),
                _ => app,
            })),
            other => other,
        }
    }

    /// Whether the two share a file of tokens.
    pub fn shares_tokens(&self, other: &Self) -> bool {
        matches!((self, other), (Self::Oauth2(tokens), Self::Oauth2(others)) if tokens.shares(others))
    }

    /// Forgets why X refused to renew its token: the app, or what X thinks of it, may be another now. Waits for a renewal under way.
    pub async fn reopen(&self) {
        if let Self::Oauth2(tokens) = self {
            tokens.reopen().await;
        }
    }

    /// Which kind it is.
    pub fn kind(&self) -> CredentialKind {
        match self {
            Self::Bearer(_) | Self::AppOnly(_) => CredentialKind::Bearer,
            Self::Oauth1(_) => CredentialKind::Oauth1,
            Self::Oauth2(_) => CredentialKind::Oauth2,
        }
    }

    /// Whether its token is obtained with another credential of the account.
    pub fn is_derived(&self) -> bool {
        matches!(self, Self::AppOnly(_))
    }

    /// Takes what only one process may use at a time; the error says who has it. Called once, before the first call.
    pub fn lock(&self) -> Result<(), String> {
        match self {
            Self::Oauth2(tokens) => tokens.lock(),
            _ => Ok(()),
        }
    }

    /// It may be another one than when it was last used: somebody logged in.
    pub fn has_news(&self) -> bool {
        matches!(self, Self::Oauth2(tokens) if tokens.has_news())
    }

    /// Waits for what must not be cut short by the end of the process; it can be used no more.
    pub async fn settle(&self, now: Timestamp) {
        if let Self::Oauth2(tokens) = self {
            tokens.settle(now).await;
        }
    }

    /// The value of the `Authorization` header for one call. `url` is without the query, whose unencoded pairs are `query`; `now` must
    /// be within some minutes of X's clock, or a signature is refused as stale.
    pub async fn authorize(
        &self,
        method: Method,
        url: &Url,
        query: &[(&str, &str)],
        now: Timestamp,
    ) -> Result<HeaderValue, AuthError> {
        let text = match self {
            Self::Bearer(token) => bearer(token),
            Self::AppOnly(app) => bearer(&app.token(None, now).await?),
            Self::Oauth2(tokens) => bearer(&tokens.token(None, now).await?),
            Self::Oauth1(keys) => {
                let once = oauth1::Once { nonce: nonce()?, seconds: now.millis().div_euclid(1000) };
                oauth1::authorization(keys, method, url, query, &once)
            }
        };
        header(text)
    }

    /// Another header after X refused this one, if there can be another.
    pub async fn reauthorize(&self, refused: &HeaderValue, now: Timestamp) -> Option<Result<HeaderValue, AuthError>> {
        let refused = refused.to_str().ok()?.strip_prefix("Bearer ")?;
        let token = match self {
            Self::AppOnly(app) => app.token(Some(refused), now).await,
            Self::Oauth2(tokens) => tokens.token(Some(refused), now).await,
            Self::Bearer(_) | Self::Oauth1(_) => return None,
        };
        Some(token.and_then(|token| header(bearer(&token))))
    }

    /// Takes the credential's texts out of one that goes to people: a server may echo what it was sent.
    pub fn redact(&self, text: String) -> String {
        match self {
            Self::Bearer(token) => token_endpoint::redact(text, [token]),
            Self::AppOnly(app) => app.redact(text),
            Self::Oauth2(tokens) => tokens.redact(text),
            Self::Oauth1(keys) => {
                let parts = [&keys.consumer_key, &keys.consumer_secret, &keys.access_token, &keys.access_token_secret];
                token_endpoint::redact(text, parts)
            }
        }
    }
}

fn bearer(token: &Secret) -> String {
    format!("Bearer {}", token.expose())
}

fn header(text: String) -> Result<HeaderValue, AuthError> {
    let unfit = |_| AuthError::local("the token has characters that no HTTP header can carry");
    let mut value = HeaderValue::try_from(text).map_err(unfit)?;
    value.set_sensitive(true);
    Ok(value)
}

fn nonce() -> Result<String, AuthError> {
    let mut random = [0u8; 16];
    getrandom::fill(&mut random).map_err(|_| AuthError::local("the operating system gives no random bytes"))?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}
