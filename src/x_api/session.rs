//! One account's way to X: the only function that sends.

use std::sync::Arc;

use reqwest::Url;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use tokio::time::Instant;

use crate::auth::{Credential, percent_encode};
use crate::model::{Api, CredentialKind, RateLimit, Timestamp};
use crate::net::{Client, Method, Request, SendError};
use crate::self_metrics::{AccountMetrics, ErrorReason, SelfMetrics};
use crate::x_api::error::ApiError;
use crate::x_api::limits::rate_limits;
use crate::x_api::problem::{Problem, one_line, refusal};

/// What a session is made of.
pub struct SessionSettings {
    /// Shared by all accounts.
    pub client: Client,
    /// `api.url`.
    pub url: String,
    /// Of this account.
    pub credentials: Vec<Credential>,
    /// The account's own metrics.
    pub account: AccountMetrics,
    /// The exporter's own metrics.
    pub metrics: Arc<SelfMetrics>,
}

/// One account's way to X.
pub struct Session {
    settings: SessionSettings,
}

/// What came of a call: its result, and what the headers said of the limits either way.
#[derive(Debug)]
pub struct Answered<T> {
    /// The windows that X spoke of.
    pub limits: Vec<RateLimit>,
    /// The result.
    pub result: Result<T, ApiError>,
}

/// One GET.
pub(super) struct Get<'a> {
    pub(super) api: Api,
    pub(super) credential: CredentialKind,
    pub(super) path: &'a str,
    /// Names and values, not encoded.
    pub(super) query: Vec<(&'a str, &'a str)>,
    pub(super) now: Timestamp,
}

/// A refusal with what X said of it, for the caller that can do something about it.
pub(super) struct Refused {
    pub(super) error: ApiError,
    pub(super) problem: Problem,
}

impl Session {
    /// A session of one account.
    pub fn new(settings: SessionSettings) -> Self {
        Self { settings }
    }

    /// The exporter's own metrics.
    pub(super) fn metrics(&self) -> &SelfMetrics {
        &self.settings.metrics
    }

    /// Sends once and counts it. Only a 200 is a success; its body comes back unread.
    pub(super) async fn get(&self, get: &Get<'_>) -> GetAnswered {
        let request = match self.request(get) {
            Ok(request) => request,
            Err(error) => return GetAnswered::failed(error),
        };
        let started = Instant::now();
        let sent = self.settings.client.send(request).await;
        let status = match &sent {
            Ok(answer) => Some(answer.status),
            Err(SendError { status, .. }) => *status,
        };
        self.settings.account.request(get.api, status, started.elapsed());
        let answer = match sent {
            Ok(answer) => answer,
            Err(error) => return GetAnswered::failed(self.tame(error.into())),
        };
        let limits = rate_limits(&answer.headers, get.now);
        for limit in &limits {
            self.settings.account.rate_limit(get.api, get.credential, limit);
        }
        if answer.status == 200 {
            return GetAnswered { limits, result: Ok(answer.body) };
        }
        let (error, problem) = refusal(&answer, get.now);
        GetAnswered { limits, result: Err(Refused { error: self.tame(error), problem }) }
    }

    fn request(&self, get: &Get<'_>) -> Result<Request, ApiError> {
        let fault = |detail: String| ApiError::transient(ErrorReason::CredentialRefused, detail);
        let credential = self.settings.credentials.iter().find(|credential| credential.kind() == get.credential);
        let credential = credential.ok_or_else(|| fault(format!("no {} credential is configured", get.credential.name())))?;
        let address = format!("{}{}", self.settings.url, get.path);
        let base = Url::parse(&address).map_err(|error| fault(format!("api.url cannot be used: {error}")))?;
        let header = credential.authorize(Method::Get, &base, &get.query, get.now).map_err(|error| fault(error.to_string()))?;
        let query: Vec<String> =
            get.query.iter().map(|(name, value)| format!("{}={}", percent_encode(name), percent_encode(value))).collect();
        let url = if query.is_empty() { base.into() } else { format!("{base}?{}", query.join("&")) };
        let headers = vec![(AUTHORIZATION, header), (ACCEPT, HeaderValue::from_static("application/json"))];
        Ok(Request { method: Method::Get, url, headers })
    }

    /// A server that echoes a request must not bring its secrets, nor its line feeds, into our log. Redacted first, then cut: half a
    /// secret is one, too.
    pub(super) fn tame(&self, error: ApiError) -> ApiError {
        let detail = self.settings.credentials.iter().fold(error.detail, |text, credential| credential.redact(text));
        ApiError { detail: one_line(&detail), ..error }
    }
}

/// What came of a GET, with X's own words on a refusal.
pub(super) struct GetAnswered {
    pub(super) limits: Vec<RateLimit>,
    pub(super) result: Result<Vec<u8>, Refused>,
}

impl GetAnswered {
    fn failed(error: ApiError) -> Self {
        Self { limits: Vec::new(), result: Err(Refused { error, problem: Problem::default() }) }
    }
}
