//! The listener: connections in, answers out. Everything it decides is how many connections there can be and how long a head may take.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HOST, HeaderName, HeaderValue, VARY};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};

use crate::model::Timestamp;
use crate::simulator::answer::{Answer, Delivery};
use crate::simulator::call::{Call, pairs};
use crate::simulator::cast::{PLAIN, Role};
use crate::simulator::clock::Clock;
use crate::simulator::directory::Directory;
use crate::simulator::parcel::{CutOff, Parcel};
use crate::simulator::service::Service;

/// How the world is made.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Decides ids, tokens and numbers.
    pub seed: u64,
    /// Simulated seconds in a real one; 0 stops the simulated clock.
    pub speed: f64,
    /// Moment that the tweets' ages count from, and that the simulated clock starts at; now, if absent.
    pub epoch: Option<Timestamp>,
    /// Plain tweets that the first account has besides the usual ones.
    pub extra_tweets: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { seed: 42, speed: 1.0, epoch: None, extra_tweets: 0 }
    }
}

/// A small X.
pub struct Simulator;

/// A simulator at work. Dropping it stops it, and cuts the connections.
pub struct Running {
    address: SocketAddr,
    directory: Directory,
    listening: JoinHandle<()>,
}

/// Connections at a time; more wait.
const MOST_CONNECTIONS: usize = 1_024;
/// Longest body of a request.
const LONGEST_BODY: usize = 8 * 1024 * 1024;
/// How long the head of a request may take, and a connection may rest: longer than clients keep theirs, usually 90 s.
const HEAD_TIMEOUT: Duration = Duration::from_secs(180);

impl Simulator {
    /// Starts to answer on a listener.
    pub async fn start(listener: TcpListener, settings: Settings) -> io::Result<Running> {
        let address = listener.local_addr()?;
        Clock::check_speed(settings.speed).map_err(|why| io::Error::new(io::ErrorKind::InvalidInput, why))?;
        let now = Timestamp::from(SystemTime::now());
        let epoch = settings.epoch.unwrap_or(now);
        let mut service = Service::new(settings.seed, settings.speed, epoch, now);
        service.world.add_own(0, &EXTRA, settings.extra_tweets, FIRST_EXTRA_AGE, true, (epoch, epoch));
        let directory = Directory::of(&service.world);
        let listening = tokio::spawn(listen(listener, Arc::new(Mutex::new(service))));
        Ok(Running { address, directory, listening })
    }
}

/// What the extra tweets are.
const EXTRA: Role = Role { about: "one of many, has a link", ..PLAIN };
/// Age of the youngest extra tweet.
const FIRST_EXTRA_AGE: Duration = Duration::from_secs(15 * 60);

impl Running {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Accounts, credentials and tweets as they were at the start.
    pub fn world(&self) -> &Directory {
        &self.directory
    }

    /// Stops and waits until the port is free.
    pub async fn stop(mut self) {
        self.listening.abort();
        // The only error is the one of having been aborted.
        let _ = (&mut self.listening).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn listen(listener: TcpListener, service: Arc<Mutex<Service>>) {
    let room = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok(seat) = Arc::clone(&room).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let service = Arc::clone(&service);
                connections.spawn(async move {
                    converse(stream, service).await;
                    drop(seat);
                });
            }
            // Too many open files, for example: wait until some are closed.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn converse(stream: TcpStream, service: Arc<Mutex<Service>>) {
    // Without it, answers in several pieces wait for each other.
    let _ = stream.set_nodelay(true);
    let respond = service_fn(move |request| respond(Arc::clone(&service), request));
    let mut server = http1::Builder::new();
    let server = server.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    // An error is a connection that was closed, by the client or on purpose.
    let _ = server.serve_connection(TokioIo::new(stream), respond).await;
}

async fn respond(service: Arc<Mutex<Service>>, request: Request<Incoming>) -> Result<Response<Parcel>, CutOff> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, LONGEST_BODY).collect().await else {
        let answer = Answer::text(413, "text/plain", "the body is too long".to_owned());
        return Ok(response(answer, false));
    };
    let call = call(&head, body.to_bytes());
    let now = Timestamp::from(SystemTime::now());
    let answer = service.lock().unwrap_or_else(PoisonError::into_inner).serve(&call, now);
    tokio::time::sleep(answer.delay).await;
    match answer.delivery {
        Delivery::Dropped => Err(CutOff),
        // Compressing half a gigabyte takes a while.
        Delivery::Padded(_) => tokio::task::spawn_blocking(move || response(answer, call.accepts_gzip)).await.map_err(|_| CutOff),
        _ => Ok(response(answer, call.accepts_gzip)),
    }
}

fn call(head: &hyper::http::request::Parts, body: bytes::Bytes) -> Call {
    let header = |name: HeaderName| head.headers.get(name).and_then(|value| value.to_str().ok());
    let is_form = header(CONTENT_TYPE).is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    Call {
        method: head.method.clone(),
        path: head.uri.path().to_owned(),
        query: pairs(head.uri.query().unwrap_or_default()),
        host: header(HOST).unwrap_or_default().to_owned(),
        authorization: header(AUTHORIZATION).map(str::to_owned),
        accepts_gzip: header(ACCEPT_ENCODING).is_some_and(accepts_gzip),
        form: if is_form { pairs(&String::from_utf8_lossy(&body)) } else { Vec::new() },
        body,
    }
}

fn accepts_gzip(header: &str) -> bool {
    header.split(',').any(|item| {
        let (name, weight) = item.split_once(';').unwrap_or((item, "q=1"));
        let refused = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse().ok()) == Some(0.0);
        name.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}

fn response(answer: Answer, accepts_gzip: bool) -> Response<Parcel> {
    let has_body = !answer.body.is_empty() || matches!(answer.delivery, Delivery::Padded(_) | Delivery::Stalled);
    let gzip = accepts_gzip && has_body && answer.delivery != Delivery::Stalled;
    let mut response = Response::new(Parcel::pack(answer.body, answer.delivery, gzip));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers: &mut HeaderMap = response.headers_mut();
    for (name, value) in &answer.headers {
        // What cannot be a header was refused when the fault was set.
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
            headers.insert(name, value);
        }
    }
    if gzip {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    }
    response
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use reqwest::Client;
    use serde_json::{Value, json};

    use super::*;

    async fn started() -> (Running, Client, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let running = Simulator::start(listener, Settings { extra_tweets: 3, ..Settings::default() }).await.expect("a start");
        let client = Client::builder().no_gzip().no_proxy().timeout(Duration::from_secs(20)).build().expect("a client");
        let base = format!("http://{}", running.address());
        (running, client, base)
    }

    fn users(running: &Running, client: &Client, base: &str) -> reqwest::RequestBuilder {
        client.get(format!("{base}/2/users/by?usernames=acme,nobody")).bearer_auth(&running.world().accounts[0].bearer_token)
    }

    async fn turn(client: &Client, base: &str, fault: Value) {
        let body = json!([{ "fault": fault }]).to_string();
        let answer = client.put(format!("{base}/_simulator/faults")).body(body).send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
    }

    #[tokio::test]
    async fn answers_over_http_and_compresses_when_asked() {
        let (running, client, base) = started().await;
        assert_eq!(running.world().accounts[0].tweets.len(), 11 + 3);
        assert_eq!(running.world().accounts[1].tweets.len(), 4);
        let plain = users(&running, &client, &base).send().await.expect("an answer");
        assert_eq!(plain.headers()["content-type"], "application/json; charset=utf-8");
        assert!(plain.headers().contains_key("api-version") && plain.headers().contains_key("x-rate-limit-reset"));
        let plain = plain.text().await.expect("a text");
        let request = users(&running, &client, &base).header("accept-encoding", "gzip, br");
        let squeezed = request.send().await.expect("an answer");
        assert_eq!(squeezed.headers()["content-encoding"], "gzip");
        let mut text = String::new();
        let bytes = squeezed.bytes().await.expect("bytes");
        flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut text).expect("gzip");
        assert_eq!(text, plain);
        running.stop().await;
        assert!(client.get(base).send().await.is_err());
    }

    #[tokio::test]
    async fn bodies_arrive_and_their_answers_are_compressed_too() {
        let (running, client, base) = started().await;
        let acme = running.world().accounts[0].clone();
        let post = |path: &str| client.post(format!("{base}{path}"));
        let request = post("/oauth2/token").basic_auth(&acme.app.consumer_key, Some(&acme.app.consumer_secret));
        let request = request.header("content-type", "application/x-www-form-urlencoded").body("grant_type=client_credentials");
        let token = request.send().await.expect("an answer").text().await.expect("a text");
        assert!(token.contains(&acme.bearer_token), "{token}");
        let group = json!({ "g": { "group_by": ["tweet.id", "engagement.type"] } });
        let body = json!({ "tweet_ids": [acme.tweets[0].id.to_string()], "engagement_types": ["favorites"], "groupings": group });
        let request = post("/insights/engagement/totals").bearer_auth(&acme.bearer_token).header("accept-encoding", "gzip");
        let answer = request.header("content-type", "application/json").body(body.to_string()).send().await.expect("an answer");
        assert_eq!((answer.status().as_u16(), &answer.headers()["content-encoding"]), (200, &HeaderValue::from_static("gzip")));
        let mut text = String::new();
        let bytes = answer.bytes().await.expect("bytes");
        flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut text).expect("gzip");
        assert!(text.contains("favorites"), "{text}");
        let me = client.get(format!("{base}/2/users/me")).bearer_auth(&acme.oauth2.access_token).send().await.expect("an answer");
        assert_eq!(me.status(), 200);
    }

    #[tokio::test]
    async fn answers_can_fail_on_their_way() {
        let (running, client, base) = started().await;
        let get = || users(&running, &client, &base).send();
        turn(&client, &base, json!({ "kind": "dropped" })).await;
        assert!(get().await.is_err());
        turn(&client, &base, json!({ "kind": "truncated" })).await;
        let mut cut = get().await.expect("the head");
        assert!(cut.chunk().await.expect("the first half").is_some_and(|half| !half.is_empty()));
        assert!(cut.chunk().await.is_err());
        turn(&client, &base, json!({ "kind": "truncated_json" })).await;
        let half = get().await.expect("an answer").text().await.expect("a whole body");
        assert!(half.starts_with('{') && serde_json::from_str::<Value>(&half).is_err());
        turn(&client, &base, json!({ "kind": "huge", "bytes": 300_000 })).await;
        let huge = get().await.expect("an answer").text().await.expect("a whole body");
        assert!(huge.len() > 300_000 && serde_json::from_str::<Value>(&huge).is_ok());
        turn(&client, &base, json!({ "kind": "redirect", "location": "http://127.0.0.1:1/" })).await;
        assert!(get().await.is_err(), "the client follows it");
        turn(&client, &base, json!({ "kind": "stall" })).await;
        let stalled = get().await.expect("the head");
        assert_eq!(stalled.status(), 200);
        let silence = tokio::time::timeout(Duration::from_millis(50), stalled.bytes()).await;
        assert!(silence.is_err());
    }
}
