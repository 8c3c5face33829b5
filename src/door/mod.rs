//! Who gets in: TLS, client certificates, users and the rate of requests, as the web configuration says. It is read again when its
//! files change; what is bad then changes nothing.

mod certificate_names;
mod client_certificates;
mod complaints;
mod follow;
mod line;
mod rate;
mod tls;
mod users;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwap;
use hyper::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use rustls::ServerConfig;

use crate::config::{ConfigErrors, ConfigWarning, Files, WebConfig, load_web};
use crate::net::Peer;

use complaints::Complaints;
use line::Line;
use rate::Bucket;
use users::{Login, Users};

/// The door. One for all listeners: a limit holds for the process.
pub struct Door {
    /// Absent: everybody gets in.
    file: Option<PathBuf>,
    rules: ArcSwap<Rules>,
    line: Line,
    complaints: Complaints,
}

/// Why a request is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No user, an unknown one, or a wrong password.
    WhoAreYou,
    /// More requests than the rate limit allows.
    TooMany,
    /// Too many passwords are being checked.
    Busy,
}

/// One reading of the web configuration.
struct Rules {
    tls: Option<Arc<ServerConfig>>,
    http2: bool,
    headers: HeaderMap,
    users: Users,
    bucket: Option<Bucket>,
    files: Files,
}

impl Door {
    /// A door that stands open: plain HTTP, no users.
    pub fn open() -> Self {
        let rules = Rules {
            tls: None,
            http2: false,
            headers: HeaderMap::new(),
            users: Users::default(),
            bucket: None,
            files: Files::new(),
        };
        Self::new(None, rules)
    }

    /// A door by this web configuration, and what its author should know.
    pub fn load(file: &Path) -> Result<(Self, Vec<ConfigWarning>), ConfigErrors> {
        let (rules, warnings) = Rules::load(file)?;
        Ok((Self::new(Some(file.to_path_buf()), rules), warnings))
    }

    fn new(file: Option<PathBuf>, rules: Rules) -> Self {
        let rules = ArcSwap::from_pointee(rules);
        Self { file, rules, line: Line::new(), complaints: Complaints::default() }
    }

    /// Under which certificate, versions and suites a connection that comes now is served; none: plain HTTP.
    pub fn tls(&self) -> Option<Arc<ServerConfig>> {
        self.rules.load().tls.clone()
    }

    /// Whether clients may choose HTTP/2; only under TLS.
    pub fn offers_http2(&self) -> bool {
        let rules = self.rules.load();
        rules.tls.is_some() && rules.http2
    }

    /// Whether somebody with these headers may ask.
    pub async fn admit(&self, headers: &HeaderMap, peer: Peer) -> Result<(), Refusal> {
        let verdict = self.verdict(headers, peer).await;
        // Browsers ask without a password first.
        if let Some(refusal) = verdict.err().filter(|why| *why != Refusal::WhoAreYou || headers.contains_key(AUTHORIZATION)) {
            self.complaints.note(refusal, peer, Instant::now());
        }
        verdict
    }

    async fn verdict(&self, headers: &HeaderMap, peer: Peer) -> Result<(), Refusal> {
        let rules = self.rules.load_full();
        if rules.bucket.as_ref().is_some_and(|bucket| !bucket.take(Instant::now())) {
            return Err(Refusal::TooMany);
        }
        if rules.users.is_empty() {
            return Ok(());
        }
        let login = headers.get(AUTHORIZATION).and_then(Login::read).ok_or(Refusal::WhoAreYou)?;
        let is_right = match rules.users.known_verdict(&login) {
            Some(verdict) => verdict,
            None => self.line.check(&rules.users, login, peer).await.ok_or(Refusal::Busy)?,
        };
        if is_right { Ok(()) } else { Err(Refusal::WhoAreYou) }
    }

    /// Adds the configured headers to an answer. They win over the page's own: the operator knows what stands before the exporter.
    pub fn dress(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.rules.load().headers {
            headers.insert(name, value.clone());
        }
    }
}

impl Rules {
    fn load(file: &Path) -> Result<(Self, Vec<ConfigWarning>), ConfigErrors> {
        let loaded = load_web(file)?;
        let WebConfig { tls, http2, headers, users, rate_limit } = &loaded.config;
        let tls = tls.as_ref().map(|tls| tls::server_config(tls, *http2)).transpose();
        let tls = tls.map_err(|faults| loaded.refuse(faults))?;
        let headers = headers.iter().map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("ours are names");
            (name, HeaderValue::from_str(value).expect("checked when read"))
        });
        let rules = Self {
            tls,
            http2: *http2,
            headers: headers.collect(),
            users: Users::new(users.clone()),
            bucket: rate_limit.map(|limit| Bucket::new(limit, Instant::now())),
            files: loaded.files,
        };
        Ok((rules, loaded.warnings))
    }
}
