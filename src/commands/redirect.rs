//! How the browser's answer comes back: to a listener on this computer, or pasted by hand.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, REFERRER_POLICY};
use hyper::{Method, Request, Response, StatusCode};
use reqwest::Url;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::auth::RedirectError;
use crate::config::is_loopback;
use crate::net::{Limits, serve};

/// What came back.
pub(super) enum Returned {
    /// An address, or its query: with a code in it, or with something else.
    Redirect {
        /// As it came.
        text: String,
        /// Where to say what it was good for.
        origin: Origin,
    },
    /// Standard input is at its end.
    NoMorePastes,
}

/// Who brought it.
pub(super) enum Origin {
    /// A browser, which waits for a page.
    Browser(oneshot::Sender<Result<(), RedirectError>>),
    /// A person at the terminal.
    Paste,
}

impl Origin {
    /// Lets the browser show what it was good for.
    pub(super) fn answer(self, judged: Result<(), RedirectError>) {
        if let Self::Browser(page) = self {
            // A browser that is gone needs no page.
            let _ = page.send(judged);
        }
    }
}

/// The listener, or why there is none.
pub(super) enum Listening {
    /// X can send the browser here.
    Open {
        /// Ends it.
        stop: CancellationToken,
        /// The listener at work.
        task: JoinHandle<()>,
    },
    /// Only a paste can bring the code.
    Closed(String),
}

impl Listening {
    /// What to do now, for people.
    pub(super) fn invitation(&self) -> String {
        const PASTE: &str = "paste here the whole address of the page that you end up at, even if the browser cannot show it";
        match self {
            Self::Open { .. } => format!("Waiting for the browser. If it runs on another computer, {PASTE}."),
            Self::Closed(why) => format!("{why}: after allowing the app, {PASTE}."),
        }
    }

    /// Whether a browser can come back by itself.
    pub(super) fn is_open(&self) -> bool {
        matches!(self, Self::Open { .. })
    }

    /// Ends it once the browser has its page.
    pub(super) async fn close(self) {
        if let Self::Open { stop, task } = self {
            stop.cancel();
            // It has its own time limit and cannot fail otherwise.
            let _ = task.await;
        }
    }
}

/// Listens exactly where X sends the browser, if that is this computer.
pub(super) async fn listen(redirect_uri: &str, sender: mpsc::Sender<Returned>) -> Listening {
    let Some(url) = Url::parse(redirect_uri).ok().filter(|url| url.scheme() == "http" && is_loopback(url)) else {
        return Listening::Closed("X sends the browser to another place than this computer".to_owned());
    };
    let listeners = match bind(&url).await {
        Ok(listeners) => listeners,
        Err(error) => return Listening::Closed(format!("Nothing can listen at {redirect_uri} ({error})")),
    };
    let (stop, path) = (CancellationToken::new(), url.path().to_owned());
    let limits = Limits { connections: 16, drain: Duration::from_secs(2), ..Limits::default() };
    let answer = move |request| page(request, path.clone(), sender.clone());
    let listeners = listeners.into_iter().map(Into::into).collect();
    let task = tokio::spawn(serve(listeners, limits, stop.clone(), || None, answer));
    Listening::Open { stop, task }
}

/// The name `localhost` has two addresses, and browsers differ in which they take first.
async fn bind(url: &Url) -> io::Result<Vec<TcpListener>> {
    let port = url.port_or_known_default().unwrap_or(80);
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let hosts = if host == "localhost" { vec!["127.0.0.1", "::1"] } else { vec![host] };
    let addresses: Vec<SocketAddr> = hosts.iter().filter_map(|host| Some(SocketAddr::new(host.parse().ok()?, port))).collect();
    let mut listeners = Vec::new();
    let mut fault = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        match TcpListener::bind(address).await {
            Ok(listener) => listeners.push(listener),
            // Another program has it: half a name would send the browser there.
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(error),
            Err(error) => fault = error,
        }
    }
    if listeners.is_empty() { Err(fault) } else { Ok(listeners) }
}

/// Reads addresses from standard input for as long as the process lives.
pub(super) fn read_pastes(sender: mpsc::Sender<Returned>) {
    std::thread::spawn(move || {
        let lines = io::stdin().lines().map_while(Result::ok).map(|line| line.trim().to_owned());
        for text in lines.filter(|line| !line.is_empty()) {
            if sender.blocking_send(Returned::Redirect { text, origin: Origin::Paste }).is_err() {
                return;
            }
        }
        // Nobody listens any more: then nobody needs to know.
        let _ = sender.blocking_send(Returned::NoMorePastes);
    });
}

async fn page(request: Request<Incoming>, path: String, sender: mpsc::Sender<Returned>) -> Response<Full<Bytes>> {
    if request.uri().path() != path {
        return html(StatusCode::NOT_FOUND, "There is nothing here.");
    }
    if request.method() != Method::GET {
        return html(StatusCode::METHOD_NOT_ALLOWED, "Only GET works here.");
    }
    let (answer, judged) = oneshot::channel();
    let text = format!("?{}", request.uri().query().unwrap_or_default());
    if sender.send(Returned::Redirect { text, origin: Origin::Browser(answer) }).await.is_err() {
        return html(StatusCode::GONE, "This login is over.");
    }
    match judged.await {
        Ok(Ok(())) => html(StatusCode::OK, "tweet_exporter has what it needs: see its terminal. You can close this page."),
        Ok(Err(RedirectError::Denied(_))) => html(StatusCode::OK, "The app was not allowed. You can close this page."),
        Ok(Err(_)) => html(StatusCode::BAD_REQUEST, "This is not the answer to the login that waits here."),
        Err(_) => html(StatusCode::GONE, "This login is over."),
    }
}

fn html(status: StatusCode, sentence: &'static str) -> Response<Full<Bytes>> {
    let page =
        format!("<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><title>tweet_exporter</title><p>{sentence}</p>\n");
    let mut response = Response::new(Full::new(Bytes::from(page)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // The code stands in this page's address.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
