//! App-only tokens that are not configured but obtained with the app's own keys (x-api.md 3.2). X gives the same token again and
//! again, so it is kept in memory alone.

use std::sync::Arc;
use std::sync::Mutex as Records;
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::Mutex;

use crate::auth::error::AuthError;
use crate::auth::pause::Pause;
use crate::auth::token_endpoint::{FormPost, basic, redact, said, unusual};
use crate::config::{Oauth1, Secret};
use crate::model::Timestamp;
use crate::net::{Answer, Client};
use crate::self_metrics::{AccountMetrics, ErrorReason};

/// The app-only token of an account that has keys but no token; clones share it.
#[derive(Clone, Debug)]
pub struct AppOnly {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    post: FormPost,
    keys: Oauth1,
    held: Mutex<Held>,
    /// What was ever held: it must not be seen.
    seen: Records<Vec<Secret>>,
}

#[derive(Debug, Default)]
struct Held {
    token: Option<Secret>,
    pause: Pause,
    trouble: Option<AuthError>,
}

/// Bad keys stay bad: they are tried again as rarely as any refused credential.
const LONGEST_PAUSE: Duration = Duration::from_secs(15 * 60);

impl AppOnly {
    pub(super) fn new(client: Client, api_url: &str, keys: Oauth1, metrics: AccountMetrics) -> Self {
        let basic = basic(keys.consumer_key.expose(), &keys.consumer_secret);
        let post = FormPost { client, url: format!("{api_url}/oauth2/token"), basic: Some(basic), metrics: Some(metrics) };
        Self { shared: Arc::new(Shared { post, keys, held: Mutex::default(), seen: Records::default() }) }
    }

    /// With the token of the other one, if it was given for the same keys.
    pub(super) fn succeed(self, other: &Self) -> Self {
        let (own, known) = (&self.shared, &other.shared);
        let keys = |shared: &Shared| [shared.keys.consumer_key.clone(), shared.keys.consumer_secret.clone()];
        let is_same = keys(own).iter().zip(&keys(known)).all(|(one, other)| one.expose() == other.expose());
        let token = known.held.try_lock().ok().and_then(|held| held.token.clone());
        let Some(token) = token.filter(|_| is_same && own.post.url == known.post.url) else { return self };
        self.remember(token.clone());
        if let Ok(mut held) = self.shared.held.try_lock() {
            held.token = Some(token);
        }
        self
    }

    /// The token; fetched by the first who asks while the others wait. With `refused` the token is another than that one. A caller
    /// that gives up loses nothing: asking again gives the same token.
    pub(super) async fn token(&self, refused: Option<&str>, now: Timestamp) -> Result<Secret, AuthError> {
        let mut held = self.shared.held.lock().await;
        if refused.is_some() && held.token.as_ref().map(Secret::expose) == refused {
            held.token = None;
        }
        if let Some(token) = &held.token {
            return Ok(token.clone());
        }
        if let (Some(left), Some(trouble)) = (held.pause.left(now), &held.trouble) {
            return Err(trouble.clone().after(Some(left)));
        }
        match self.fetch().await {
            Ok(token) => {
                self.remember(token.clone());
                held.token = Some(token.clone());
                held.pause.end();
                Ok(token)
            }
            Err(error) => {
                held.pause.fail(LONGEST_PAUSE, now);
                held.trouble = Some(error.clone());
                Err(error.after(held.pause.left(now)))
            }
        }
    }

    async fn fetch(&self) -> Result<Secret, AuthError> {
        let asked = self.shared.post.send(&[("grant_type", "client_credentials")]).await;
        let outcome = asked.and_then(|answer| judge(&answer, |text| self.redact(text)));
        outcome.inspect_err(|error| self.shared.post.count(error))
    }

    fn remember(&self, token: Secret) {
        let mut seen = self.shared.seen.lock().expect("nobody panics with it");
        if !seen.iter().any(|known| known.expose() == token.expose()) {
            seen.push(token);
        }
    }

    pub(super) fn redact(&self, text: String) -> String {
        let seen = self.shared.seen.lock().expect("nobody panics with it");
        let own = [&self.shared.keys.consumer_key, &self.shared.keys.consumer_secret];
        redact(text, seen.iter().chain(own).chain(&self.shared.post.basic))
    }
}

#[derive(Deserialize)]
struct Body {
    token_type: String,
    access_token: String,
}

fn judge(answer: &Answer, redact: impl Fn(String) -> String) -> Result<Secret, AuthError> {
    if answer.status == 200 {
        let body =
            serde_json::from_slice::<Body>(&answer.body).ok().filter(|body| body.token_type.eq_ignore_ascii_case("bearer"));
        let token = body.map(|body| body.access_token).filter(|text| !text.is_empty());
        let token = token.filter(|text| text.bytes().all(|byte| byte.is_ascii_graphic()));
        let unusable = || AuthError::transient(ErrorReason::Malformed, "X's answer holds no app-only token");
        return token.map(Secret::new).ok_or_else(unusable);
    }
    let json: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let codes = json.get("errors").and_then(|errors| errors.as_array()).into_iter().flatten();
    let is_bad_key = codes.filter_map(|error| error.get("code")?.as_i64()).any(|code| code == 99);
    let detail = redact(said(answer).1);
    if answer.status == 401 || is_bad_key {
        return Err(AuthError::Refused(format!("X gives no app-only token for the keys of oauth1; check them: {detail}")));
    }
    Err(AuthError::transient(unusual(answer.status), format!("X gives no app-only token: {detail}")))
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;

    use super::*;

    #[test]
    fn only_a_bearer_is_taken_and_bad_keys_are_the_persons() {
        let judged = |status, body: &str| judge(&Answer { status, headers: HeaderMap::new(), body: body.into() }, |text| text);
        let token = judged(200, r#"{"token_type":"bearer","access_token":"A%2FB%3D"}"#).expect("a token");
        assert_eq!(token.expose(), "A%2FB%3D");
        for (status, body, reason) in [
            (200, r#"{"token_type":"mac","access_token":"A"}"#, ErrorReason::Malformed),
            (200, r#"{"token_type":"bearer","access_token":""}"#, ErrorReason::Malformed),
            (403, r#"{"errors":[{"code":99,"message":"Unable to verify your credentials"}]}"#, ErrorReason::CredentialRefused),
            (401, "", ErrorReason::CredentialRefused),
            (403, "<html>", ErrorReason::InvalidRequest),
            (404, "", ErrorReason::InvalidRequest),
            (503, "", ErrorReason::ServerError),
        ] {
            assert_eq!(judged(status, body).expect_err("no token").reason(), reason, "{status} {body}");
        }
    }
}
