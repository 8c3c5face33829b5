//! How a call identifies itself: the `Authorization` header for each kind of credential. Only this room sees a secret's text.

mod oauth1;

use reqwest::Url;
use reqwest::header::HeaderValue;

use crate::config::{Credentials, Oauth1, Secret};
use crate::model::{CredentialKind, Timestamp};
use crate::net::Method;

pub use oauth1::percent_encode;

/// A credential that can authorise calls.
#[derive(Clone, Debug)]
pub enum Credential {
    /// App-only bearer token, sent verbatim (x-api.md 3.2).
    Bearer(Secret),
    /// OAuth 1.0a user context: each call is signed (x-api.md 3.1).
    Oauth1(Oauth1),
}

/// The operating system gave no random bytes, or the token has characters that no header can carry.
#[derive(Debug)]
pub struct AuthError(&'static str);

impl Credential {
    /// Those of an account, in order of preference.
    pub fn of(credentials: &Credentials) -> Vec<Self> {
        let bearer = credentials.bearer.clone().map(Self::Bearer);
        let oauth1 = credentials.oauth1.clone().map(Self::Oauth1);
        bearer.into_iter().chain(oauth1).collect()
    }

    /// Which kind it is.
    pub fn kind(&self) -> CredentialKind {
        match self {
            Self::Bearer(_) => CredentialKind::Bearer,
            Self::Oauth1(_) => CredentialKind::Oauth1,
        }
    }

    /// The value of the `Authorization` header for one call. `url` is without the query, whose unencoded pairs are `query`; `now` must
    /// be within some minutes of X's clock, or a signature is refused as stale.
    pub fn authorize(&self, method: Method, url: &Url, query: &[(&str, &str)], now: Timestamp) -> Result<HeaderValue, AuthError> {
        let text = match self {
            Self::Bearer(token) => format!("Bearer {}", token.expose()),
            Self::Oauth1(keys) => {
                let once = oauth1::Once { nonce: nonce()?, seconds: now.millis().div_euclid(1000) };
                oauth1::authorization(keys, method, url, query, &once)
            }
        };
        let mut value =
            HeaderValue::try_from(text).map_err(|_| AuthError("the token has characters that no HTTP header can carry"))?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// Takes the credential's texts out of one that goes to people: a server may echo what it was sent.
    pub fn redact(&self, text: String) -> String {
        parts(self)
            .into_iter()
            .map(Secret::expose)
            .filter(|secret| !secret.is_empty())
            .fold(text, |text, secret| text.replace(secret, "[redacted]"))
    }
}

/// The parts of a credential that must not be seen.
fn parts(credential: &Credential) -> Vec<&Secret> {
    match credential {
        Credential::Bearer(token) => vec![token],
        Credential::Oauth1(keys) => {
            vec![&keys.consumer_key, &keys.consumer_secret, &keys.access_token, &keys.access_token_secret]
        }
    }
}

fn nonce() -> Result<String, AuthError> {
    let mut random = [0u8; 16];
    getrandom::fill(&mut random).map_err(|_| AuthError("the operating system gives no random bytes"))?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}

impl std::fmt::Display for AuthError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for AuthError {}
