//! The HTTP client. One per process: its connections are reused, HTTP/2 where offered. It follows no redirect and repeats nothing,
//! because a read may cost money, and it never reads more than 16 MiB.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::tls::Certificate;
use reqwest::{Proxy, redirect, retry};

/// No answer of X comes near it: 100 tweets with every field are some 300 kB. Counted after decompression.
const MAX_BODY: usize = 16 << 20;

/// How the client reaches the world.
#[derive(Clone, Debug)]
pub struct ClientSettings<'a> {
    /// From connecting to the last byte.
    pub timeout: Duration,
    /// For every request; without it the environment's `HTTPS_PROXY` and its kin hold.
    pub proxy: Option<&'a str>,
    /// PEM bundle that is trusted besides the system's.
    pub ca_pem: Option<&'a [u8]>,
    /// Ignore the environment's proxies: the server is on this machine.
    pub direct: bool,
}

/// An HTTP client.
#[derive(Clone, Debug)]
pub struct Client(reqwest::Client);

/// The client cannot be made: a bad CA bundle, no CA bundle at all, a bad proxy URL.
#[derive(Debug)]
pub struct ClientError(String);

/// The two methods that X's reads use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `GET`
    Get,
    /// `POST`
    Post,
}

impl Method {
    /// As it stands in the request line and in an OAuth 1.0a base string.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// A request. Its URL is sent as it is: encode it before.
#[derive(Debug)]
pub struct Request {
    /// What to do.
    pub method: Method,
    /// Where, with the query.
    pub url: String,
    /// Besides those of HTTP itself.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// What it carries, if anything; `headers` says of which type it is.
    pub body: Option<String>,
}

/// An answer, read to the end.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body, decompressed.
    pub body: Vec<u8>,
}

/// No whole answer came.
#[derive(Debug)]
pub struct SendError {
    /// What kind of fault.
    pub fault: SendFault,
    /// The cause, for people; holds no URL and no header.
    pub detail: String,
    /// The status, where the fault came after the head of an answer.
    pub status: Option<u16>,
    /// There was a connection: the request may have reached the other side.
    pub has_left: bool,
}

/// Where on the way it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendFault {
    /// No answer in time.
    Timeout,
    /// No connection.
    Connect,
    /// A connection, but no trust.
    Tls,
    /// The proxy refused.
    Proxy,
    /// The connection broke.
    Network,
    /// More bytes than any answer of X has: 16 MiB.
    TooLarge,
}

impl Client {
    /// Makes the client; loads the system's certificate authorities.
    pub fn new(settings: &ClientSettings<'_>) -> Result<Self, ClientError> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("tweet_exporter/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .timeout(settings.timeout)
            .connect_timeout(settings.timeout)
            .pool_idle_timeout(Duration::from_secs(90))
            .tcp_keepalive(Duration::from_secs(60))
            .http2_keep_alive_interval(Duration::from_secs(30))
            .http2_keep_alive_timeout(settings.timeout)
            .tls_version_min(reqwest::tls::Version::TLS_1_2);
        if let Some(pem) = settings.ca_pem {
            let bundle = Certificate::from_pem_bundle(pem).map_err(|error| ClientError::new("the CA file is not PEM", &error))?;
            if bundle.is_empty() {
                return Err(ClientError("the CA file holds no certificate; write PEM blocks of CERTIFICATE into it".to_owned()));
            }
            builder = builder.tls_certs_merge(bundle);
        }
        builder = match settings.proxy {
            Some(url) => {
                builder.proxy(Proxy::all(url).map_err(|error| ClientError::new("the proxy URL cannot be used", &error))?)
            }
            None if settings.direct => builder.no_proxy(),
            None => builder,
        };
        let advice = "no HTTPS client; install the package ca-certificates or set api.ca_file";
        builder.build().map(Self).map_err(|error| ClientError::new(advice, &error))
    }

    /// Sends one request, once, and reads the whole answer.
    pub async fn send(&self, request: Request) -> Result<Answer, SendError> {
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
        };
        let mut builder = self.0.request(method, request.url);
        for (name, value) in request.headers {
            builder = builder.header(name, value);
        }
        if let Some(body) = request.body {
            builder = builder.body(body);
        }
        let mut response = builder.send().await.map_err(|error| SendError::new(error, None))?;
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| SendError::new(error, Some(status)))? {
            if body.len() + chunk.len() > MAX_BODY {
                let detail = format!("the answer is larger than {MAX_BODY} bytes");
                return Err(SendError { fault: SendFault::TooLarge, detail, status: Some(status), has_left: true });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, headers, body })
    }
}

impl ClientError {
    fn new(what: &str, error: &reqwest::Error) -> Self {
        Self(format!("{what}: {}", causes(error)))
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for ClientError {}

impl SendError {
    fn new(error: reqwest::Error, status: Option<u16>) -> Self {
        let error = error.without_url();
        let detail = causes(&error);
        let fault = classify(&error, &detail);
        let has_left = !error.is_connect() && matches!(fault, SendFault::Timeout | SendFault::Network);
        Self { fault, detail, status, has_left: has_left || status.is_some() }
    }
}

/// reqwest tells apart only some of these; rustls hides behind an I/O error of invalid data, and the tunnel shows in the text alone.
fn classify(error: &reqwest::Error, detail: &str) -> SendFault {
    let lower = detail.to_ascii_lowercase();
    if error.is_timeout() {
        SendFault::Timeout
    } else if ["proxy", "tunnel", "socks"].iter().any(|word| lower.contains(word)) {
        SendFault::Proxy
    } else if error.is_connect() && chain(error).filter_map(<dyn Error>::downcast_ref).any(is_invalid) {
        SendFault::Tls
    } else if error.is_connect() {
        SendFault::Connect
    } else {
        SendFault::Network
    }
}

/// I/O errors wrap one another without being each other's source.
fn is_invalid(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<io::Error>());
    error.kind() == io::ErrorKind::InvalidData || inner.is_some_and(is_invalid)
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// The whole chain of causes, each said once.
fn causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    for cause in chain(error).skip(1).map(ToString::to_string) {
        if !text.ends_with(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    text
}
