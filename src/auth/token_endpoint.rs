//! `POST /2/oauth2/token` and `POST /oauth2/token` (x-api.md 3.2, 3.3): a form in, a token out.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use serde_json::Value;
use tokio::time::Instant;

use crate::auth::error::{AuthError, reason};
use crate::auth::oauth1::percent_encode;
use crate::auth::token_file::Tokens;
use crate::config::{Oauth2, Secret};
use crate::model::{Api, Timestamp};
use crate::net::{Answer, Client, Method, Request};
use crate::self_metrics::{AccountMetrics, ErrorReason};

/// A place that gives tokens, and who asks there.
#[derive(Clone, Debug)]
pub(super) struct FormPost {
    pub(super) client: Client,
    pub(super) url: String,
    /// `key:secret` in Base64 for the `Authorization` header; a public client has none.
    pub(super) basic: Option<Secret>,
    /// Where requests are counted; a login counts none.
    pub(super) metrics: Option<AccountMetrics>,
}

impl FormPost {
    /// Sends once and counts it.
    pub(super) async fn send(&self, form: &[(&str, &str)]) -> Result<Answer, AuthError> {
        let pairs = form.iter().map(|(name, value)| format!("{name}={}", percent_encode(value)));
        let mut headers = vec![
            (ACCEPT, HeaderValue::from_static("application/json")),
            (CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded")),
        ];
        if let Some(basic) = &self.basic {
            let mut value = HeaderValue::try_from(format!("Basic {}", basic.expose())).expect("Base64 fits into a header");
            value.set_sensitive(true);
            headers.push((AUTHORIZATION, value));
        }
        let body = Some(pairs.collect::<Vec<_>>().join("&"));
        let started = Instant::now();
        let sent = self.client.send(Request { method: Method::Post, url: self.url.clone(), headers, body }).await;
        if let Some(metrics) = &self.metrics {
            let status = sent.as_ref().map_or_else(|error| error.status, |answer| Some(answer.status));
            metrics.request(Api::Oauth2, status, started.elapsed());
        }
        sent.map_err(|error| AuthError::transient(reason(error.fault), error.detail))
    }

    /// Counts what came to nothing.
    pub(super) fn count(&self, error: &AuthError) {
        if let Some(metrics) = &self.metrics {
            metrics.error(Api::Oauth2, error.reason());
        }
    }
}

/// Both parts percent-encoded first, as RFC 6749, section 2.3.1, and X's page on app-only tokens want it.
pub(super) fn basic(key: &str, secret: &Secret) -> Secret {
    Secret::new(STANDARD.encode(format!("{}:{}", percent_encode(key), percent_encode(secret.expose()))))
}

/// Where an app gets the tokens of its users.
#[derive(Clone, Debug)]
pub struct TokenEndpoint {
    post: FormPost,
    client_id: String,
    client_secret: Option<Secret>,
}

/// X's tokens live that long where it does not say.
const USUAL_LIFE: u64 = 7_200;
/// Whatever X says: a moment further off cannot be written down.
const LONGEST_LIFE: u64 = 366 * 86_400;

impl TokenEndpoint {
    /// The endpoint below `api.url`, for this client. Without metrics nothing is counted.
    pub fn new(client: Client, api_url: &str, oauth2: &Oauth2, metrics: Option<AccountMetrics>) -> Self {
        let basic = oauth2.client_secret.as_ref().map(|secret| basic(&oauth2.client_id, secret));
        let post = FormPost { client, url: format!("{api_url}/2/oauth2/token"), basic, metrics };
        Self { post, client_id: oauth2.client_id.clone(), client_secret: oauth2.client_secret.clone() }
    }

    /// Turns the code of a redirect into tokens. X's codes live 30 seconds.
    pub async fn exchange(
        &self,
        code: &Secret,
        verifier: &Secret,
        redirect_uri: &str,
        now: Timestamp,
    ) -> Result<Tokens, AuthError> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.expose()),
            ("redirect_uri", redirect_uri),
            ("code_verifier", verifier.expose()),
        ];
        self.ask(&form, &[code, verifier], now).await
    }

    /// Buys the next pair of tokens. X takes each refresh token once; the tokens given back hold the next one.
    pub(super) async fn refresh(&self, tokens: &Tokens, now: Timestamp) -> Result<Tokens, AuthError> {
        let Some(refresh) = &tokens.refresh else { return Err(AuthError::Refused("there is no refresh token".to_owned())) };
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.expose())];
        let next = self.ask(&form, &[refresh, &tokens.access], now).await?;
        let scope = if next.scope.is_empty() { tokens.scope.clone() } else { next.scope };
        Ok(Tokens { refresh: next.refresh.or_else(|| tokens.refresh.clone()), scope, ..next })
    }

    async fn ask(&self, form: &[(&str, &str)], secrets: &[&Secret], now: Timestamp) -> Result<Tokens, AuthError> {
        let public = self.client_secret.is_none().then_some(("client_id", self.client_id.as_str()));
        let form: Vec<_> = form.iter().copied().chain(public).collect();
        let asked = self.post.send(&form).await;
        let outcome = asked.and_then(|answer| judge(&answer, now, |text| self.redact(text, secrets)));
        outcome.inspect_err(|error| self.post.count(error))
    }

    fn redact(&self, text: String, secrets: &[&Secret]) -> String {
        redact(text, secrets.iter().copied().chain(self.secrets()))
    }

    /// What must not be seen of the client.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.client_secret.iter().chain(&self.post.basic)
    }
}

/// Takes secrets out of a text, as they are and as a form carries them: a server may echo what it was sent.
pub(super) fn redact<'a>(text: String, secrets: impl IntoIterator<Item = &'a Secret>) -> String {
    let secrets = secrets.into_iter().map(Secret::expose).filter(|secret| !secret.is_empty());
    secrets.fold(text, |text, secret| text.replace(secret, "[redacted]").replace(&*percent_encode(secret), "[redacted]"))
}

/// What the answer means. These four refusals are for good, whatever the pause (x-api.md 3.3).
fn judge(answer: &Answer, now: Timestamp, redact: impl Fn(String) -> String) -> Result<Tokens, AuthError> {
    const FINAL: [&str; 4] = ["invalid_request", "invalid_grant", "invalid_client", "unauthorized_client"];
    if answer.status == 200 {
        return tokens(&answer.body, now);
    }
    let (error, detail) = said(answer);
    let detail = redact(detail);
    match answer.status {
        400 | 401 | 403 if FINAL.contains(&error.as_str()) => Err(AuthError::Refused(detail)),
        status => Err(AuthError::transient(unusual(status), format!("X gives no token: {detail}"))),
    }
}

/// The reason of an answer that is no clear refusal.
pub(super) fn unusual(status: u16) -> ErrorReason {
    match status {
        429 => ErrorReason::RateLimited,
        300..=399 => ErrorReason::Redirect,
        408 | 500..=599 => ErrorReason::ServerError,
        400..=499 => ErrorReason::InvalidRequest,
        _ => ErrorReason::Malformed,
    }
}

/// The old tokens are gone when this answer comes: nothing in it but a missing token is reason enough to refuse it.
fn tokens(body: &[u8], now: Timestamp) -> Result<Tokens, AuthError> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let token = |name: &str| {
        let is_token = |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        Some(text(name)).filter(is_token).map(|text| Secret::new(text.to_owned()))
    };
    let unusable = || AuthError::transient(ErrorReason::Malformed, "X's answer holds no token");
    let life = body.get("expires_in").and_then(|life| life.as_u64().or_else(|| life.as_str()?.parse().ok()));
    Ok(Tokens {
        access: token("access_token").ok_or_else(unusable)?,
        refresh: token("refresh_token"),
        expires_at: now + Duration::from_secs(life.unwrap_or(USUAL_LIFE).min(LONGEST_LIFE)),
        scope: plain(text("scope")),
    })
}

/// X's error code, and one line for people.
pub(super) fn said(answer: &Answer) -> (String, String) {
    let json: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let text = |name: &str| json.get(name).and_then(|value| value.as_str()).unwrap_or_default();
    let first = json.pointer("/errors/0/message").and_then(|value| value.as_str()).unwrap_or_default();
    let words = [text("error"), text("error_description"), text("detail"), first];
    let words: Vec<&str> = words.into_iter().filter(|part| !part.is_empty()).collect();
    let words = if words.is_empty() { "no reason given".to_owned() } else { words.join(": ") };
    (text("error").to_owned(), format!("status {}: {}", answer.status, plain(&words)))
}

/// It came over the network and goes to a terminal.
fn plain(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(1_000).collect()
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    fn judged(status: u16, body: &str) -> Result<Tokens, AuthError> {
        judge(&Answer { status, headers: HeaderMap::new(), body: body.into() }, NOW, |text| text)
    }

    #[test]
    fn a_refusal_is_final_only_with_one_of_four_codes() {
        let body = |code: &str| format!(r#"{{"error":"{code}","error_description":"Value passed for the token was invalid."}}"#);
        for (status, code, is_final) in [
            (400, "invalid_request", true),
            (400, "invalid_grant", true),
            (401, "invalid_client", true),
            (401, "unauthorized_client", true),
            (403, "invalid_request", true),
            (400, "temporarily_unavailable", false),
            (429, "invalid_request", false),
            (500, "invalid_request", false),
            (503, "", false),
        ] {
            let error = judged(status, &body(code)).expect_err("no token");
            assert_eq!(matches!(error, AuthError::Refused(_)), is_final, "{status} {code}");
        }
        let error = judged(403, "<html>").expect_err("no token");
        assert_eq!(error.reason(), ErrorReason::InvalidRequest);
    }

    #[test]
    fn tokens_come_with_a_life_or_live_two_hours() {
        let tokens = judged(200, r#"{"token_type":"bearer","access_token":"at"}"#).expect("a token");
        assert_eq!((tokens.expires_at.since(NOW).as_secs(), tokens.refresh.is_none()), (7_200, true));
        let body = r#"{"access_token":"at","refresh_token":"rt","expires_in":60,"scope":"tweet.read"}"#;
        let tokens = judged(200, body).expect("a token");
        assert_eq!((tokens.expires_at.since(NOW).as_secs(), tokens.scope.as_str()), (60, "tweet.read"));
        for (life, seconds) in [("\"60\"", 60), ("null", 7_200), ("-1", 7_200), ("18446744073709551615", 366 * 86_400)] {
            let body = format!(r#"{{"access_token":"at","refresh_token":"rt","expires_in":{life},"scope":["x"]}}"#);
            let tokens = judged(200, &body).expect("a token is precious");
            assert_eq!((tokens.expires_at.since(NOW).as_secs(), tokens.refresh.is_some()), (seconds, true), "{life}");
        }
        for body in ["", "{}", r#"{"access_token":""}"#, r#"{"access_token":"a b"}"#, r#"{"refresh_token":"rt"}"#] {
            assert_eq!(judged(200, body).expect_err(body).reason(), ErrorReason::Malformed);
        }
    }

    #[test]
    fn secrets_are_taken_out_in_both_spellings() {
        let secret = Secret::new("a/b".to_owned());
        assert_eq!(redact("a/b and a%2Fb".to_owned(), [&secret]), "[redacted] and [redacted]");
        assert_eq!(basic("i:d", &Secret::new("s cret".to_owned())).expose(), STANDARD.encode("i%3Ad:s%20cret"));
    }
}
