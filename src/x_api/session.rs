//! One account's way to X: the only function that sends.

use std::sync::Arc;

use reqwest::Url;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use tokio::time::Instant;

use crate::auth::{AuthError, Credential, percent_encode};
use crate::model::{Api, Billed, CredentialKind, Failure, Host, RateLimit, Timestamp};
use crate::net::{Client, Method, Request, SendError};
use crate::self_metrics::{AccountMetrics, ErrorReason, SelfMetrics};
use crate::x_api::answer::Decoded;
use crate::x_api::error::ApiError;
use crate::x_api::limits::rate_limits;
use crate::x_api::problem::{Problem, one_line, refusal};

/// What a session is made of.
pub struct SessionSettings {
    /// Shared by all accounts.
    pub client: Client,
    /// `api.url`.
    pub url: String,
    /// `api.engagement_url`.
    pub engagement_url: String,
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

/// One request.
#[derive(Clone)]
pub(super) struct Inquiry<'a> {
    pub(super) api: Api,
    pub(super) credential: CredentialKind,
    pub(super) path: &'a str,
    /// Names and values, not encoded.
    pub(super) query: Vec<(&'a str, &'a str)>,
    /// A JSON text to POST; a GET without one.
    pub(super) json: Option<String>,
    pub(super) now: Timestamp,
}

/// A refusal with what X said of it, for the backend that knows better what it means there.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) error: ApiError,
    pub(super) problem: Problem,
    /// Status of the answer; nothing if none came.
    pub(super) status: Option<u16>,
    /// Its body, as it came.
    pub(super) body: Vec<u8>,
}

impl Refused {
    /// X says in so many words that what the path names is not there: asking again does not help, as it does on a bad day of the edge.
    pub(super) fn without_resource(&self) -> Option<ApiError> {
        let is_told = self.status == Some(404) && self.problem.segment == "resource-not-found";
        let error = || ApiError { failure: Failure::Forbidden, reason: ErrorReason::InvalidRequest, ..self.error.clone() };
        is_told.then(error)
    }
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

    /// Sends and counts it. Only a 200 is a success; its body comes back unread. A token that X refuses is renewed and the request
    /// sent once more; whatever comes then is final.
    pub(super) async fn send(&self, inquiry: &Inquiry<'_>) -> Sent {
        let refused = |error| Sent::failed(self.tame(error), None);
        let (credential, base) = match self.way(inquiry) {
            Ok(way) => way,
            Err(error) => return refused(error),
        };
        let method = if inquiry.json.is_some() { Method::Post } else { Method::Get };
        let header = match credential.authorize(method, &base, &inquiry.query, inquiry.now).await {
            Ok(header) => header,
            Err(error) => return refused(unauthorised(error)),
        };
        let sent = self.send_once(inquiry, &base, header.clone()).await;
        if !matches!(&sent.result, Err(Refused { status: Some(401), .. })) {
            return sent;
        }
        match credential.reauthorize(&header, inquiry.now).await {
            None => sent,
            Some(Ok(header)) => self.send_once(inquiry, &base, header).await,
            Some(Err(error)) => Sent { limits: sent.limits, ..Sent::failed(self.tame(unauthorised(error)), Some(401)) },
        }
    }

    async fn send_once(&self, inquiry: &Inquiry<'_>, base: &Url, header: HeaderValue) -> Sent {
        let started = Instant::now();
        let sent = self.settings.client.send(request(inquiry, base, header)).await;
        let status = match &sent {
            Ok(answer) => Some(answer.status),
            Err(SendError { status, .. }) => *status,
        };
        self.settings.account.request(inquiry.api, status, started.elapsed());
        let answer = match sent {
            Ok(answer) => answer,
            Err(error) => return Sent::failed(self.tame(error.into()), status),
        };
        let limits = rate_limits(&answer.headers, inquiry.now);
        for limit in &limits {
            self.settings.account.rate_limit(inquiry.api, inquiry.credential, limit);
        }
        if answer.status == 200 {
            return Sent { limits, result: Ok(answer.body) };
        }
        let (error, problem) = refusal(&answer, inquiry.now);
        let refused = Refused { error: self.tame(error), problem, status, body: answer.body };
        Sent { limits, result: Err(refused) }
    }

    /// With which credential, and whereto.
    fn way(&self, inquiry: &Inquiry<'_>) -> Result<(&Credential, Url), ApiError> {
        let fault = |detail: String| ApiError::transient(ErrorReason::CredentialRefused, detail);
        let credential = self.settings.credentials.iter().find(|credential| credential.kind() == inquiry.credential);
        let credential = credential.ok_or_else(|| fault(format!("no {} credential is configured", inquiry.credential.name())))?;
        let base = match inquiry.api.host() {
            Host::V2 | Host::Labs => &self.settings.url,
            Host::Engagement => &self.settings.engagement_url,
        };
        let base = Url::parse(&format!("{base}{}", inquiry.path)).map_err(|error| fault(format!("not an address: {error}")))?;
        Ok((credential, base))
    }

    /// A server that echoes a request must not bring its secrets, nor its line feeds, into our log. Redacted first, then cut: half a
    /// secret is one, too.
    pub(super) fn tame(&self, error: ApiError) -> ApiError {
        let detail = self.settings.credentials.iter().fold(error.detail, |text, credential| credential.redact(text));
        ApiError { detail: one_line(&detail), ..error }
    }
}

fn request(inquiry: &Inquiry<'_>, base: &Url, header: HeaderValue) -> Request {
    let method = if inquiry.json.is_some() { Method::Post } else { Method::Get };
    let pairs = inquiry.query.iter().map(|(name, value)| format!("{}={}", percent_encode(name), percent_encode(value)));
    let query: Vec<String> = pairs.collect();
    let url = if query.is_empty() { base.to_string() } else { format!("{base}?{}", query.join("&")) };
    let json = HeaderValue::from_static("application/json");
    let mut headers = vec![(AUTHORIZATION, header), (ACCEPT, json.clone())];
    headers.extend(inquiry.json.as_ref().map(|_| (CONTENT_TYPE, json)));
    Request { method, url, headers, body: inquiry.json.clone() }
}

/// No call was made, because it could not identify itself.
fn unauthorised(error: AuthError) -> ApiError {
    let (reason, detail) = (error.reason(), error.to_string());
    let failure = match error {
        AuthError::Refused(_) | AuthError::Unusable(_) => Failure::CredentialRefused,
        AuthError::Transient { retry_after, .. } => Failure::Tokenless { retry_after },
    };
    ApiError { failure, reason, detail, billed: Billed::No }
}

/// What came of a request, with X's own words on a refusal.
pub(super) struct Sent {
    pub(super) limits: Vec<RateLimit>,
    pub(super) result: Result<Vec<u8>, Refused>,
}

impl Sent {
    /// Reads the body of a 200 and counts what is strange about it.
    pub(super) fn read<T>(
        self,
        session: &Session,
        api: Api,
        decode: impl FnOnce(&[u8]) -> Result<Decoded<T>, ApiError>,
    ) -> Answered<T> {
        let result = self.result.map_err(|refused| refused.error);
        let result = result.and_then(|body| decode(&body).map_err(|error| session.tame(error)));
        Answered { limits: self.limits, result: result.map(|decoded| decoded.counted(session, api)) }
    }

    /// Replaces the generic judgement of a refusal where the backend knows better what it means there.
    pub(super) fn judged(mut self, session: &Session, judge: impl FnOnce(&Refused) -> Option<ApiError>) -> Self {
        if let Err(refused) = &mut self.result
            && let Some(error) = judge(refused)
        {
            refused.error = session.tame(error);
        }
        self
    }

    fn failed(error: ApiError, status: Option<u16>) -> Self {
        Self { limits: Vec::new(), result: Err(Refused { error, problem: Problem::default(), status, body: Vec::new() }) }
    }
}
