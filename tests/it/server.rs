//! The HTTP side over real sockets, with a collector made by hand.

use std::io::Read;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use base64::Engine;
use bytes::Bytes;
use flate2::read::GzDecoder;
use sha2::Digest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tweet_exporter::collector::{Handle, Order, Snapshot, Status};
use tweet_exporter::door::Door;
use tweet_exporter::exposition::Page;
use tweet_exporter::model::Api;
use tweet_exporter::net::Limits;
use tweet_exporter::self_metrics::SelfMetrics;
use tweet_exporter::server::{self, Options};

use crate::openmetrics::{Series, read_openmetrics, read_text};

const PROMETHEUS: &str = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
const SHORT: Duration = Duration::from_millis(50);

struct Exporter {
    address: SocketAddr,
    snapshot: Arc<ArcSwap<Snapshot>>,
    metrics: Arc<SelfMetrics>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Exporter {
    async fn background(options: Options) -> Self {
        let snapshot = Arc::new(ArcSwap::from_pointee(a_snapshot()));
        Self::start(Handle::background(snapshot.clone()), snapshot, options).await
    }

    async fn on_scrape(options: Options) -> (Self, mpsc::Receiver<Order>) {
        let (asks, asked) = mpsc::channel(8);
        let snapshot = Arc::new(ArcSwap::from_pointee(Snapshot { ready: false, ..a_snapshot() }));
        (Self::start(Handle::on_scrape(snapshot.clone(), asks), snapshot, options).await, asked)
    }

    async fn start(handle: Handle, snapshot: Arc<ArcSwap<Snapshot>>, options: Options) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let other = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let (metrics, stop) = (SelfMetrics::new(), CancellationToken::new());
        metrics.account("ac\"me", &[Api::Lookup]);
        let listeners = vec![other.into(), listener.into()];
        let door = Arc::new(Door::open());
        let task = tokio::spawn(server::serve(listeners, door, handle, metrics.clone(), options, stop.clone()));
        Self { address, snapshot, metrics, stop, task }
    }

    async fn client(&self) -> Client {
        Client { stream: TcpStream::connect(self.address).await.expect("accepted"), read: Vec::new() }
    }

    async fn request(&self, head: &str) -> Answer {
        self.client().await.ask(head).await
    }
}

fn a_snapshot() -> Snapshot {
    let text =
        "# HELP tweet_state State.\n# TYPE tweet_state gauge\ntweet_state{account=\"acme\",tweet_id=\"1\",state=\"ok\"} 1\n";
    let rest = "tweet_state{account=\"acme\",tweet_id=\"2\",state=\"ok\"} 1\n";
    let pieces = [text, rest].map(|text| Bytes::from_static(text.as_bytes()));
    Snapshot { page: Page::new(pieces.into(), 2), ready: true, ..Snapshot::default() }
}

struct Client {
    stream: TcpStream,
    read: Vec<u8>,
}

struct Answer {
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn status(&self) -> &str {
        &self.head[9..12]
    }

    fn header(&self, name: &str) -> Option<&str> {
        let found = self.head.lines().filter_map(|line| line.split_once(": ")).find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value)
    }

    fn text(self) -> String {
        String::from_utf8(self.body).expect("UTF-8")
    }
}

impl Client {
    async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.expect("still open");
    }

    /// Sends this request line with further header lines, and reads the answer.
    async fn ask(&mut self, head: &str) -> Answer {
        self.send(format!("{head}\r\nHost: exporter\r\n\r\n")).await;
        self.answer(head.starts_with("HEAD")).await.expect("an answer")
    }

    /// The next answer; nothing at the end of the connection.
    async fn answer(&mut self, head_only: bool) -> Option<Answer> {
        let end = loop {
            match self.read.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                Some(end) => break end + 4,
                None => self.more().await?,
            }
        };
        let head = String::from_utf8(self.read.drain(..end).collect()).expect("ASCII");
        let mut answer = Answer { head, body: Vec::new() };
        let length = answer.header("Content-Length").map_or(0, |length| length.parse().expect("a number"));
        let length: usize = if head_only { 0 } else { length };
        while self.read.len() < length {
            self.more().await.expect("the whole body");
        }
        answer.body = self.read.drain(..length).collect();
        Some(answer)
    }

    async fn more(&mut self) -> Option<()> {
        let read = self.stream.read_buf(&mut self.read).await.unwrap_or(0);
        (read > 0).then_some(())
    }

    /// Waits until the other side has closed.
    async fn closed(mut self) {
        while self.more().await.is_some() {}
    }
}

fn limits(change: impl FnOnce(&mut Limits)) -> Options {
    let mut options = Options::default();
    change(&mut options.limits);
    options
}

fn gunzip(bytes: &[u8]) -> String {
    let mut text = String::new();
    GzDecoder::new(bytes).read_to_string(&mut text).expect("valid gzip");
    text
}

fn value(series: &[Series], name: &str, label: (&str, &str)) -> Option<f64> {
    let fits = |one: &&Series| one.name == name && one.labels.get(label.0).is_some_and(|value| value == label.1);
    series.iter().find(fits).map(|one| one.value)
}

#[tokio::test]
async fn both_formats_show_the_same_series() {
    let exporter = Exporter::background(Options::default()).await;
    let text = exporter.request("GET /metrics HTTP/1.1").await;
    assert_eq!(text.header("Content-Type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    assert_eq!(text.header("Vary"), Some("Accept, Accept-Encoding"));
    assert_eq!(text.header("Transfer-Encoding"), None);
    let text = read_text(&text.text()).unwrap_or_else(|error| panic!("{error}"));
    let openmetrics = exporter.request(&format!("GET /metrics?x=%00 HTTP/1.1\r\nAccept: {PROMETHEUS}")).await;
    assert_eq!(openmetrics.header("Content-Type"), Some("application/openmetrics-text; version=1.0.0; charset=utf-8"));
    let openmetrics = read_openmetrics(&openmetrics.text()).unwrap_or_else(|error| panic!("{error}"));
    let names = |series: &[Series]| series.iter().map(|one| (one.name.clone(), one.labels.clone())).collect::<Vec<_>>();
    assert_eq!(names(&text), names(&openmetrics));
    assert_eq!(value(&openmetrics, "tweet_state", ("tweet_id", "2")), Some(1.0));
    assert_eq!(value(&openmetrics, "tweet_exporter_spend_usd_total", ("account", "ac\"me")), Some(0.0));
    assert_eq!(value(&openmetrics, "tweet_exporter_scrapes_total", ("code", "200")), Some(1.0));
}

#[tokio::test]
async fn gzip_is_sent_to_those_who_ask() {
    let exporter = Exporter::background(Options::default()).await;
    let answer = exporter.request(&format!("GET /metrics HTTP/1.1\r\nAccept: {PROMETHEUS}\r\nAccept-Encoding: gzip")).await;
    assert_eq!(answer.header("Content-Encoding"), Some("gzip"));
    let series = read_openmetrics(&gunzip(&answer.body)).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(value(&series, "tweet_state", ("tweet_id", "1")), Some(1.0));
    let plain = exporter.request("GET /metrics HTTP/1.1\r\nAccept-Encoding: identity").await;
    assert_eq!(plain.header("Content-Encoding"), None);
    assert!(read_text(&plain.text()).is_ok());
}

#[tokio::test]
async fn head_is_get_without_a_body() {
    let exporter = Exporter::background(Options::default()).await;
    let mut client = exporter.client().await;
    for path in ["/", "/-/healthy", "/-/ready", "/nowhere"] {
        let head = client.ask(&format!("HEAD {path} HTTP/1.1")).await;
        let get = client.ask(&format!("GET {path} HTTP/1.1")).await;
        assert_eq!(head.status(), get.status(), "{path}");
        assert_eq!(head.header("Content-Length"), Some(get.body.len().to_string().as_str()), "{path}");
        assert!(!get.body.is_empty());
    }
    // Its own metrics move between two scrapes.
    let head = client.ask("HEAD /metrics HTTP/1.1").await;
    let length: usize = head.header("Content-Length").and_then(|length| length.parse().ok()).expect("a length");
    assert!(length > 1000, "{length}");
    assert_eq!(client.ask("GET /-/healthy HTTP/1.1").await.text(), "Healthy\n");
}

#[tokio::test]
async fn what_is_not_served_is_refused_in_good_form() {
    let exporter = Exporter::background(Options::default()).await;
    for (request, status) in [
        ("GET /nowhere HTTP/1.1", "404"),
        ("GET /metrics/ HTTP/1.1", "404"),
        ("GET //metrics HTTP/1.1", "404"),
        ("GET /%zz%/..%2f%00 HTTP/1.1", "404"),
        ("GET /\u{FC}\u{1F600} HTTP/1.1", "404"),
        ("OPTIONS * HTTP/1.1", "404"),
        ("POST /metrics HTTP/1.1", "405"),
        ("DELETE / HTTP/1.1", "405"),
        ("BREW /-/ready HTTP/1.1", "405"),
        ("GET /metrics HTTP/1.1\r\nContent-Length: 65537", "413"),
        ("GET http://exporter/-/healthy?a=b HTTP/1.1", "200"),
    ] {
        let answer = exporter.request(request).await;
        assert_eq!(answer.status(), status, "{request}");
        assert_eq!(answer.header("Allow"), (status == "405").then_some("GET, HEAD"), "{request}");
        assert_eq!(answer.header("X-Content-Type-Options"), Some("nosniff"), "{request}");
    }
    let many = "X-A: b\r\n".repeat(101);
    let large = format!("X-A: {}\r\n", "b".repeat(70_000));
    for headers in [many, large] {
        let mut client = exporter.client().await;
        // The answer may come before the request is sent whole.
        let _ = client.stream.write_all(format!("GET / HTTP/1.1\r\n{headers}\r\n").as_bytes()).await;
        assert_eq!(client.answer(false).await.expect("an answer").status(), "431");
    }
    for bytes in [&b"GET /\xff\xfe HTTP/1.1\r\n\r\n"[..], b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"GET\r\n\r\n"]
    {
        let mut client = exporter.client().await;
        client.send(bytes).await;
        assert_eq!(client.answer(false).await.expect("an answer").status(), "400");
    }
}

#[tokio::test]
async fn small_request_bodies_are_ignored_and_endless_ones_refused() {
    let exporter = Exporter::background(Options::default()).await;
    let mut client = exporter.client().await;
    client.send("GET /-/healthy HTTP/1.1\r\nHost: e\r\nContent-Length: 5\r\n\r\nhello").await;
    assert_eq!(client.answer(false).await.expect("an answer").status(), "200");
    client.send("GET /-/healthy HTTP/1.1\r\nHost: e\r\nTransfer-Encoding: chunked\r\n\r\n11000\r\n").await;
    let _ = client.stream.write_all(&[b'x'; 0x11000]).await;
    assert_eq!(client.answer(false).await.expect("an answer").status(), "413");
    client.closed().await;
}

#[tokio::test]
async fn the_status_page_is_html_that_runs_nothing_and_loads_nothing() {
    let exporter = Exporter::background(Options { telemetry_path: "/probe-me".to_owned(), ..Options::default() }).await;
    let answer = exporter.request("GET / HTTP/1.1").await;
    assert_eq!(answer.header("Content-Type"), Some("text/html; charset=utf-8"));
    let policy = answer.header("Content-Security-Policy").expect("a policy").to_owned();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(answer.header("Referrer-Policy"), Some("no-referrer"));
    let html = answer.text();
    assert!(html.contains("href=\"/probe-me\"") && html.contains("There is no account"), "{html}");
    let style = html.split("<style>").nth(1).and_then(|rest| rest.split("</style>").next()).expect("a style");
    let hash = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(style));
    assert!(policy.contains(&format!("style-src 'sha256-{hash}'")), "a browser would drop the style: {policy}");
    assert!(["<script", "<img", "<link", "url(", "@import", " style="].iter().all(|word| !html.contains(word)), "{html}");
    assert_eq!(exporter.request("GET /probe-me HTTP/1.1").await.status(), "200");
    assert_eq!(exporter.request("GET /metrics HTTP/1.1").await.status(), "404");
}

#[tokio::test]
async fn the_status_page_waits_for_the_collector_and_is_asked_once() {
    let (exporter, mut asked) = Exporter::on_scrape(Options::default()).await;
    let mut client = exporter.client().await;
    client.send("GET /?account=a%26b+c&state=error&page=2 HTTP/1.1\r\nHost: e\r\n\r\n").await;
    let Some(Order::Status(ask, answer)) = asked.recv().await else { panic!("another order") };
    assert_eq!((ask.account.as_deref(), ask.state.map(|state| state.name()), ask.skip), (Some("a&b c"), Some("error"), 1));
    answer.send(Arc::new(Status::default())).expect("waited for");
    let answer = client.answer(false).await.expect("an answer");
    assert_eq!(answer.status(), "404", "there is no such account");
    assert!(answer.text().contains("a&amp;b c"));
    for query in ["state=fine", "page=0", "page=x", "refresh=1"] {
        assert_eq!(client.ask(&format!("GET /?{query} HTTP/1.1")).await.status(), "400", "{query}");
    }
    assert!(asked.try_recv().is_err(), "nobody asks for what cannot be");
    client.send("GET / HTTP/1.1\r\nHost: e\r\n\r\n").await;
    drop(asked.recv().await.expect("asked"));
    assert_eq!(client.answer(false).await.expect("an answer").status(), "503", "the collector is gone");
}

#[tokio::test]
async fn readiness_follows_the_snapshot_unless_scrapes_cause_the_reads() {
    let exporter = Exporter::background(Options::default()).await;
    assert_eq!(exporter.request("GET /-/ready HTTP/1.1").await.status(), "200");
    exporter.snapshot.store(Arc::new(Snapshot::default()));
    assert_eq!(exporter.request("GET /-/ready HTTP/1.1").await.status(), "503");
    assert_eq!(exporter.request("GET /-/healthy HTTP/1.1").await.status(), "200");
    let (exporter, _asked) = Exporter::on_scrape(Options::default()).await;
    assert_eq!(exporter.request("GET /-/ready HTTP/1.1").await.status(), "200");
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let exporter = Exporter::background(Options::default()).await;
    let mut client = exporter.client().await;
    let request = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: e\r\n\r\n");
    client.send(["/-/healthy", "/nowhere", "/metrics"].map(request).concat()).await;
    for status in ["200", "404", "200"] {
        assert_eq!(client.answer(false).await.expect("an answer").status(), status);
    }
}

#[tokio::test]
async fn silent_and_slow_clients_are_cut() {
    let exporter = Exporter::background(limits(|limits| limits.first_byte = SHORT)).await;
    exporter.client().await.closed().await;
    let exporter = Exporter::background(limits(|limits| limits.head = SHORT)).await;
    let mut half = exporter.client().await;
    half.send("GET /metrics HTTP/1.1\r\nHo").await;
    half.closed().await;
    let mut idle = exporter.client().await;
    assert_eq!(idle.ask("GET /-/healthy HTTP/1.1").await.status(), "200");
    idle.closed().await;
}

#[tokio::test]
async fn silent_clients_cannot_use_up_the_places() {
    let options = limits(|limits| (limits.connections, limits.first_byte) = (2, SHORT));
    let exporter = Exporter::background(options).await;
    let silent = [exporter.client().await, exporter.client().await, exporter.client().await];
    assert_eq!(exporter.request("GET /-/healthy HTTP/1.1").await.status(), "200");
    for client in silent {
        client.closed().await;
    }
}

#[tokio::test]
async fn a_client_that_does_not_read_is_cut() {
    let options = limits(|limits| (limits.connections, limits.stalled_write) = (1, SHORT));
    let exporter = Exporter::background(options).await;
    // More than the buffers of a loopback connection take.
    let piece = Bytes::from(format!("# {}\n", "x".repeat(1 << 20)));
    let page = Page::new(vec![piece; 64], 0);
    exporter.snapshot.store(Arc::new(Snapshot { page, ..Snapshot::default() }));
    let mut deaf = exporter.client().await;
    deaf.send("GET /metrics HTTP/1.1\r\nHost: e\r\n\r\n").await;
    // The only place is free again.
    assert_eq!(exporter.request("GET /-/healthy HTTP/1.1").await.status(), "200");
    let mut sent = 0;
    while deaf.more().await.is_some() {
        sent += deaf.read.len();
        deaf.read.clear();
    }
    assert!(sent < 64 << 20, "the page came whole");
}

#[tokio::test]
async fn a_scrape_waits_for_the_collector_but_not_past_its_time() {
    let (exporter, mut asked) = Exporter::on_scrape(Options::default()).await;
    let mut client = exporter.client().await;
    client.send("GET /metrics HTTP/1.1\r\nHost: e\r\n\r\n").await;
    let ask = asked.recv().await.expect("asked");
    exporter.snapshot.store(Arc::new(Snapshot::default()));
    drop(ask);
    let series = read_text(&client.answer(false).await.expect("an answer").text()).unwrap_or_else(|error| panic!("{error}"));
    assert!(series.iter().all(|one| one.name != "tweet_state"), "the page before the pass");
    let late = client.ask("GET /metrics HTTP/1.1\r\nX-Prometheus-Scrape-Timeout-Seconds: 0.55").await;
    assert_eq!(late.status(), "200");
    assert!(asked.recv().await.is_some());
}

#[tokio::test]
async fn scrapes_beyond_the_cap_are_turned_away() {
    let (exporter, mut asked) = Exporter::on_scrape(Options { scrapes: 1, ..Options::default() }).await;
    let mut first = exporter.client().await;
    first.send("GET /metrics HTTP/1.1\r\nHost: e\r\n\r\n").await;
    let ask = asked.recv().await.expect("asked");
    assert_eq!(exporter.request("GET /metrics HTTP/1.1").await.status(), "503");
    drop(ask);
    let series = read_text(&first.answer(false).await.expect("an answer").text()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(value(&series, "tweet_exporter_scrapes_total", ("code", "503")), Some(1.0));
    // Its place is free again.
    first.send("GET /metrics HTTP/1.1\r\nHost: e\r\n\r\n").await;
    drop(asked.recv().await.expect("asked"));
    assert_eq!(first.answer(false).await.expect("an answer").status(), "200");
}

#[tokio::test]
async fn a_stop_answers_what_is_in_flight() {
    let (exporter, mut asked) = Exporter::on_scrape(Options::default()).await;
    let (mut scraper, silent, mut idle) = (exporter.client().await, exporter.client().await, exporter.client().await);
    assert_eq!(idle.ask("GET /-/healthy HTTP/1.1").await.status(), "200");
    scraper.send("GET /metrics HTTP/1.1\r\nHost: e\r\n\r\n").await;
    let ask = asked.recv().await.expect("asked");
    exporter.stop.cancel();
    silent.closed().await;
    idle.closed().await;
    assert!(!exporter.task.is_finished());
    drop(ask);
    assert_eq!(scraper.answer(false).await.expect("an answer").status(), "200");
    exporter.task.await.expect("no panic");
    assert!(TcpStream::connect(exporter.address).await.is_err(), "still listening");
}

#[tokio::test]
async fn a_stop_does_not_wait_for_ever() {
    let (exporter, mut asked) = Exporter::on_scrape(limits(|limits| limits.drain = SHORT)).await;
    let mut scraper = exporter.client().await;
    scraper.send("GET /metrics HTTP/1.1\r\nHost: e\r\n\r\n").await;
    let _ask = asked.recv().await.expect("asked");
    exporter.stop.cancel();
    exporter.task.await.expect("no panic");
    assert!(scraper.answer(false).await.is_none());
    drop(exporter.metrics);
}

#[tokio::test]
async fn a_client_that_has_said_all_it_wants_to_say_is_answered() {
    let exporter = Exporter::background(Options::default()).await;
    for _ in 0..20 {
        let mut client = exporter.client().await;
        client.send("GET /-/healthy HTTP/1.1\r\nHost: exporter\r\n\r\n").await;
        client.stream.shutdown().await.expect("still open");
        assert_eq!(client.answer(false).await.expect("an answer").status(), "200");
    }
}

#[tokio::test]
async fn a_request_names_its_host_once() {
    let exporter = Exporter::background(Options::default()).await;
    for (hosts, status) in [("", "400"), ("Host: a\r\nHost: b\r\n", "400"), ("Host: a\r\n", "200")] {
        let mut client = exporter.client().await;
        client.send(format!("GET /-/healthy HTTP/1.1\r\n{hosts}\r\n")).await;
        assert_eq!(client.answer(false).await.expect("an answer").status(), status, "{hosts:?}");
    }
}
