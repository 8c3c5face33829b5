//! What strangers may try: to be many, slow, large or ambiguous. The numbers stay, and nobody waits for them.

use std::fs;
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tweet_exporter::net::Limits;

use crate::harness::{Account, PATIENCE, Page, Process, Simulator, Site, client, until, watching};
use crate::web_http2::tls;

/// An exporter of its own process, so that its descriptors and its processor time can be counted.
struct Target {
    process: Process,
    address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Target {
    fn start(before: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let text = "api: { url: \"http://127.0.0.1:9\", engagement_url: \"http://127.0.0.1:9\" }\naccounts:\n  - name: acme\n    \
                    credentials: { bearer_token: \"${TOKEN}\" }\n    watch: { tweets: [20] }\n";
        fs::write(folder.path().join("c.yml"), text).expect("written");
        let flag = |flag: &str, name: &str| format!("--{flag}={}", folder.path().join(name).display());
        let arguments =
            [flag("config.file", "c.yml"), flag("state.path", "state"), "--web.listen-address=127.0.0.1:0".to_owned()];
        let token = [("TOKEN".to_owned(), "AAAA".to_owned())];
        let process = Process::start_under(before, Stdio::null(), &arguments, &token);
        let line = process.line("its address", |line| line.contains("msg=listening"));
        let address = line.rsplit("address=").next().expect("an address").trim().parse().expect("an address");
        Self { process, address, _folder: folder }
    }

    async fn scrape(&self) -> bool {
        let answer = client().get(format!("http://{}/metrics", self.address)).send().await;
        match answer {
            Ok(answer) => answer.text().await.is_ok_and(|text| text.contains("tweet_state{account=\"acme\"")),
            Err(_) => false,
        }
    }

    fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.process.id())).expect("it runs").count()
    }

    /// Processor time so far, in hundredths of a second.
    fn processor(&self) -> u64 {
        let text = fs::read_to_string(format!("/proc/{}/stat", self.process.id())).expect("it runs");
        let fields: Vec<&str> = text.rsplit(')').next().expect("fields").split_whitespace().collect();
        fields[11..13].iter().map(|field| field.parse::<u64>().expect("a number")).sum()
    }
}

#[tokio::test]
async fn ten_thousand_idle_connections_keep_no_scrape_waiting() {
    // Each is a descriptor of this process. With fewer allowed there are fewer, and more than the exporter has places for.
    let allowed = rlimit::increase_nofile_limit(u64::MAX).expect("a limit");
    let count = usize::try_from(allowed.saturating_sub(600)).expect("fits").min(10_000);
    assert!(count > 600, "only {allowed} descriptors are allowed here: ulimit -n");
    let target = Target::start("true");
    let mut idle = Vec::with_capacity(count);
    for number in 0..count {
        idle.push(TcpStream::connect(target.address).await.expect("accepted"));
        if number % 2_000 == 1_999 {
            assert!(target.scrape().await, "after {number}");
        }
    }
    assert!(target.scrape().await);
    let held = target.descriptors();
    assert!(held < 600, "{held} descriptors");
    drop(idle);
    assert!(target.scrape().await);
}

#[tokio::test]
async fn connections_at_rest_give_way_after_their_answers_too() {
    let site = Site::within(crate::harness::TLS, Limits { connections: 2, ..Limits::default() }).await;
    // Each keeps its connection, by one protocol or the other; six at a time want two places.
    let clients: Vec<reqwest::Client> = (0..6)
        .map(|number| if number % 2 == 0 { site.client() } else { site.client().http1_only() })
        .map(|client| client.build().expect("a client"))
        .collect();
    for round in 0..3 {
        for client in &clients {
            let answer = client.get(site.url("/metrics")).send().await.unwrap_or_else(|error| panic!("{round}: {error:?}"));
            assert_eq!(answer.status(), 200);
            assert!(answer.text().await.expect("the whole page").contains("tweet_exporter_build_info"));
        }
    }
    site.end().await;
}

#[tokio::test]
async fn slow_heads_keep_no_scrape_waiting() {
    let target = Target::start("true");
    let mut slow = Vec::new();
    for _ in 0..600 {
        let mut stream = TcpStream::connect(target.address).await.expect("accepted");
        stream.write_all(b"GET /metrics HTTP/1.1\r\nX-Slow: ").await.expect("open");
        slow.push(stream);
    }
    assert!(target.scrape().await);
    for _ in 0..3 {
        for stream in &mut slow {
            // Some have been closed by now.
            let _ = stream.write_all(b"z").await;
        }
        assert!(target.scrape().await);
    }
}

/// With room for 64 descriptors half are for connections, so that files and X never lack one.
#[tokio::test]
async fn few_descriptors_are_enough_to_serve_during_a_flood() {
    let target = Target::start("ulimit -n 64");
    let mut flood = Vec::new();
    for _ in 0..300 {
        flood.push(TcpStream::connect(target.address).await.expect("the kernel accepts"));
    }
    assert!(target.scrape().await);
    assert!(target.descriptors() < 60, "{}", target.descriptors());
    assert!(!target.process.output().contains("cannot accept"), "{}", target.process.output());
    drop(flood);
    assert!(target.scrape().await);
}

/// When there is none left all the same, it says so once, does not spin, and goes on afterwards.
#[tokio::test]
async fn without_descriptors_it_waits_and_then_goes_on() {
    let target = Target::start("true");
    assert!(target.scrape().await);
    let held = target.descriptors();
    set_most_descriptors(&target, held);
    let mut flood = Vec::new();
    for _ in 0..200 {
        flood.push(TcpStream::connect(target.address).await.expect("the kernel accepts"));
    }
    target.process.line("what is wrong", |line| line.contains("cannot accept connections"));
    let (begun, before) = (Instant::now(), target.processor());
    until("two seconds", async || (begun.elapsed() > Duration::from_secs(2)).then_some(())).await;
    let (spent, passed) = (target.processor() - before, begun.elapsed().as_millis() / 10);
    assert!(u128::from(spent) < passed / 2, "{spent} of {passed} hundredths were spent on doing nothing");
    drop(flood);
    set_most_descriptors(&target, 1_024);
    until("a scrape", async || target.scrape().await.then_some(())).await;
    let warnings = target.process.output().lines().filter(|line| line.contains("cannot accept")).count();
    assert_eq!(warnings, 1, "said once");
}

/// From now on the process may have so many.
fn set_most_descriptors(target: &Target, most: usize) {
    let (pid, limit) = (target.process.id().to_string(), format!("--nofile={most}:"));
    let set = std::process::Command::new("prlimit").args(["--pid", &pid, &limit]).status().expect("prlimit is there");
    assert!(set.success());
}

/// What a plain site says to these bytes until it closes. Our half stays open: hyper takes its end for a client that has left.
async fn said_to(site: &Site, bytes: &[u8]) -> String {
    let mut stream = site.connect().await;
    let _ = stream.write_all(bytes).await;
    let mut said = Vec::new();
    // A reset is an end, too.
    let closed = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut said)).await;
    let said = String::from_utf8(said).expect("text");
    assert!(closed.is_ok(), "still open after\n{said}");
    said
}

fn statuses(said: &str) -> Vec<&str> {
    said.split("HTTP/1.1 ").skip(1).map(|rest| &rest[..3]).collect()
}

#[tokio::test]
async fn a_request_inside_another_is_never_answered() {
    let site = Site::start("{}").await;
    let inner = "GET /-/healthy HTTP/1.1\r\nHost: e\r\nConnection: close\r\n\r\n";
    let chunked = "GET / HTTP/1.1\r\nHost: e\r\n";
    for (what, outer, expected) in [
        ("length before encoding", "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", &["200"][..]),
        ("encoding before length", "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n", &["200"]),
        ("chunks alone", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", &["200"]),
        ("chunk extensions", "Transfer-Encoding: chunked\r\n\r\n3;a=b;c\r\nabc\r\n0;x\r\n\r\n", &["200"]),
        ("trailers", "Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 9\r\n\r\n", &["200"]),
        ("equal lengths", "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", &["200"]),
        ("two lengths", "Content-Length: 3\r\nContent-Length: 0\r\n\r\nabc", &["400"]),
        ("list of lengths", "Content-Length: 3, 0\r\n\r\nabc", &["400"]),
        ("signed length", "Content-Length: +3\r\n\r\nabc", &["400"]),
        ("negative length", "Content-Length: -1\r\n\r\n", &["400"]),
        ("strange encoding", "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", &["400"]),
        ("encoding, then another", "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", &["400"]),
        ("space before the colon", "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", &["400"]),
        ("folded line", "X: a\r\n b\r\n\r\n", &["400"]),
        ("folded encoding", "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", &["400"]),
        ("bare return in a line", "X: a\rTransfer-Encoding: chunked\r\n\r\n", &["400"]),
        ("zero byte", "X: a\0b\r\n\r\n", &["400"]),
        ("no name", ": a\r\n\r\n", &["400"]),
    ] {
        let said = said_to(&site, format!("{chunked}{outer}{inner}").as_bytes()).await;
        // Only equal lengths, taken as one and read as such, may be followed by another request.
        let found = statuses(&said);
        let is_fine = found == expected || (what == "equal lengths" && found == ["200", "200"]);
        assert!(is_fine, "{what}: {found:?}\n{said}");
    }
    // A bare line feed ends a line, as RFC 9112 allows: one reading, two requests.
    let said = said_to(&site, b"GET /-/healthy HTTP/1.1\nHost: e\n\nGET /x HTTP/1.1\nHost: e\nConnection: close\n\n").await;
    assert_eq!(statuses(&said), ["200", "404"]);
    site.end().await;
}

#[tokio::test]
async fn strange_bytes_in_path_query_and_head_are_refused_or_not_found() {
    let site = Site::start("{}").await;
    for target in ["/\u{fc}", "/%ff%fe", "/%00", "/..%2f..%2fetc/passwd", "//metrics", "/metrics%20", "/-/healthy/", "/;/metrics"]
    {
        let said = said_to(&site, format!("GET {target} HTTP/1.1\r\nHost: e\r\nConnection: close\r\n\r\n").as_bytes()).await;
        assert_eq!(statuses(&said), ["404"], "{target}");
    }
    for query in ["?", "?a=%ff", "?%zz", "?\u{1f600}", "?a=b&a=b", "?target=%00", &format!("?{}", "x".repeat(30_000))] {
        let request = format!("GET /-/healthy{query} HTTP/1.1\r\nHost: e\r\nConnection: close\r\n\r\n");
        assert_eq!(statuses(&said_to(&site, request.as_bytes()).await), ["200"], "{query:.20}");
    }
    for bytes in [&b"GET /\xff HTTP/1.1\r\nHost: e\r\n\r\n"[..], b"GET /?\xc3\x28 HTTP/1.1\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"] {
        let said = said_to(&site, bytes).await;
        assert!(matches!(statuses(&said)[..], ["400"]) || said.starts_with("HTTP/1.1 400"), "{said}");
    }
    let mut all = b"GET /-/healthy HTTP/1.1\r\nHost: e\r\nConnection: close\r\nX-Bytes: ".to_vec();
    all.extend((0x80..=0xff).chain(*b"\r\n\r\n"));
    assert_eq!(statuses(&said_to(&site, &all).await), ["200"], "a header may hold any bytes");
    site.end().await;
}

#[tokio::test]
async fn large_heads_are_refused_under_both_protocols() {
    let site = Site::tls().await;
    for client in [site.client().build(), site.client().http1_only().build()] {
        let client = client.expect("a client");
        let large = client.get(site.url("/metrics")).header("x-large", "x".repeat(100_000)).send().await;
        assert!(large.is_err() || large.is_ok_and(|answer| answer.status() == 431));
        let mut many = client.get(site.url("/metrics"));
        for number in 0..2_000 {
            many = many.header(format!("x-{number}"), "x".repeat(40));
        }
        let many = many.send().await;
        assert!(many.is_err() || many.is_ok_and(|answer| answer.status() == 431));
        assert_eq!(client.get(site.url("/metrics")).send().await.expect("an answer").status(), 200);
    }
    site.end().await;
}

#[tokio::test]
async fn a_thousand_pipelined_requests_are_answered_in_order() {
    let site = Site::start("{}").await;
    let requests: String = (0..1_000)
        .map(|number| {
            let path = if number % 2 == 0 { "/-/healthy" } else { "/x" };
            let last = if number == 999 { "Connection: close\r\n" } else { "" };
            format!("GET {path} HTTP/1.1\r\nHost: e\r\n{last}\r\n")
        })
        .collect();
    let mut stream = site.connect().await;
    let (mut reader, mut writer) = stream.split();
    let mut said = Vec::new();
    let (read, written) = tokio::join!(reader.read_to_end(&mut said), writer.write_all(requests.as_bytes()));
    written.and(read.map(drop)).expect("open");
    let said = String::from_utf8(said).expect("text");
    let found = statuses(&said);
    assert_eq!(found.len(), 1_000);
    assert!(found.chunks(2).all(|pair| pair == ["200", "404"]));
    site.end().await;
}

#[tokio::test]
async fn silent_clients_under_tls_are_cut_at_every_stage() {
    let limits = Limits {
        first_byte: Duration::from_millis(300),
        head: Duration::from_millis(300),
        stalled_write: Duration::from_millis(300),
        ..Limits::default()
    };
    let site = Site::within(crate::harness::TLS, limits).await;
    // Nothing; half a hello.
    for bytes in [&b""[..], b"\x16\x03\x01\x02\x00\x01\x00"] {
        let mut stream = site.connect().await;
        stream.write_all(bytes).await.expect("open");
        let mut said = Vec::new();
        let _ = stream.read_to_end(&mut said).await;
    }
    // Both protocols agreed upon, and then silence; or one request, and then silence.
    for protocol in ["h2", "http/1.1"] {
        let mut stream = tls(&site, protocol).await;
        let mut said = Vec::new();
        let _ = stream.read_to_end(&mut said).await;
    }
    let client = site.client().build().expect("a client");
    assert_eq!(client.get(site.url("/-/healthy")).send().await.expect("an answer").status(), 200);
    site.end().await;
}

#[tokio::test]
async fn numbers_hold_and_nothing_is_read_twice_during_a_flood() {
    let simulator = Simulator::start();
    let tweet = simulator.tweet("acme", "steady").await;
    let tiers = "tiers: [{ younger_than: 30d, every: 1h }]";
    let text = simulator.acme_under(tiers, Account::PUBLIC, "[{ api: lookup }]", &watching(&[&tweet]));
    let exporter = crate::harness::Exporter::start(&text, &simulator.secrets());
    let first = until("numbers", async || {
        let page = exporter.scrape().await;
        page.value("tweet_engagement", &[("tweet_id", &tweet), ("metric", "likes")])
    })
    .await;
    let reads = async || simulator.requests().await.iter().filter(|read| read["path"] == "/2/tweets").count();
    assert_eq!(reads().await, 1);
    let address = exporter.url.trim_start_matches("http://");
    let mut flood = Vec::new();
    for number in 0..1_500 {
        let mut stream = TcpStream::connect(address).await.expect("accepted");
        let _ = stream.write_all(if number % 2 == 0 { b"GET /metrics HTTP/1.1\r\nX" } else { b"\xff\xfe\r\n" }).await;
        flood.push(stream);
    }
    // By a connection of its own: the one from before is the longest idle, and may be given up while it is asked again.
    let answer = client().get(format!("{}/metrics", exporter.url)).send().await.expect("an answer");
    let page = Page::read(&answer.text().await.expect("text"));
    assert_eq!(page.value("tweet_engagement", &[("tweet_id", &tweet), ("metric", "likes")]), Some(first));
    assert_eq!(reads().await, 1);
}
