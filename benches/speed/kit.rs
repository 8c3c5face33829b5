//! What the benches share: accounts of any size, a clock that takes turns, and a scraper.
//!
//! The machine is small and busy, so that no time means anything by itself. Peers are run in turn, and what is told is the median of
//! their ratios.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tweet_exporter::model::{Context, Metric, Sample, Scope, Timestamp, TweetId, TweetReading, TweetState};
use tweet_exporter::store::{AccountStore, Part, Watched};

/// Series of a tweet, its info, its two moments and its state included.
pub(crate) const SERIES: usize = 30;

/// The id of the tweet at this position: two minutes apart, from 2023 on.
pub(crate) fn id(position: usize) -> TweetId {
    let position = u64::try_from(position).expect("small");
    TweetId::new(1_700_000_000_000_000_000 + position * ((120_000 << 22) + 3)).expect("an id")
}

/// An account of so many tweets, all of them read.
pub(crate) fn account(tweets: usize) -> AccountStore {
    let watched = |position| Watched { id: id(position), mention: Arc::default() };
    let username = Some("acme".parse().expect("a name"));
    let mut store = AccountStore::new("acme".to_owned(), username, (0..tweets).map(watched).collect());
    (0..tweets).for_each(|position| read(&mut store, position, 0));
    store
}

/// A tweet is read once more: its numbers have grown.
pub(crate) fn read(store: &mut AccountStore, position: usize, round: u64) {
    let totals = Metric::ALL[..16].iter().map(|metric| (*metric, Scope::Total));
    let organic = Metric::ALL[..10].iter().map(|metric| (*metric, Scope::Context(Context::Organic)));
    let seed = u64::try_from(position).expect("small").wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let sample = |(place, (metric, scope)): (u32, (Metric, Scope))| {
        let value = (seed.rotate_left(place * 5) % 100_000) / (1 + u64::from(place) * 40) + round * u64::from(30 / (place + 1));
        Sample { media: None, metric, scope, value }
    };
    let samples = (0..).zip(totals.chain(organic)).map(sample).collect();
    let reading = TweetReading { samples, author: Some(9_001), private: true, ..TweetReading::default() };
    let at = Timestamp::from_millis(1_770_000_000_123 + (round * 60_000).cast_signed() + (position / 100) as i64 * 977);
    store.take(id(position), Part { source: 0, request: 0 }, reading, at);
    store.enter(position, TweetState::Ok);
}

/// The middle one.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// How long the processor worked at this: what others do on the machine does not count.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let (start, before) = (Instant::now(), worked());
    let value = work();
    let worked = before.and_then(|before| worked()?.checked_sub(before));
    (worked.unwrap_or_else(|| start.elapsed()), value)
}

/// For how long the processor has run this thread, where the system says it.
fn worked() -> Option<Duration> {
    // Without it the figure is as old as the last tick.
    std::thread::yield_now();
    let schedstat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    schedstat.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

/// Resident memory of this process in MB.
pub(crate) fn resident_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or_default() / 1024.0
}

/// A scraper on one connection.
pub(crate) struct Scraper {
    stream: TcpStream,
    request: String,
    buffer: Vec<u8>,
}

impl Scraper {
    /// Connects.
    pub(crate) fn new(address: SocketAddr, gzip: bool) -> Self {
        let stream = TcpStream::connect(address).expect("it listens");
        stream.set_nodelay(true).expect("a TCP stream");
        let encoding = if gzip { "gzip" } else { "identity" };
        let request = format!(
            "GET /metrics HTTP/1.1\r\nHost: bench\r\nAccept: application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5\r\n\
             Accept-Encoding: {encoding}\r\nX-Prometheus-Scrape-Timeout-Seconds: 10\r\n\r\n"
        );
        Self { stream, request, buffer: vec![0; 256 << 10] }
    }

    /// Asks and reads the whole answer away. Returns how long its body was.
    pub(crate) fn scrape(&mut self) -> usize {
        self.read(|_| {})
    }

    /// The body of an answer.
    pub(crate) fn body(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        self.read(|bytes| body.extend_from_slice(bytes));
        body
    }

    /// Asks, and reads nothing.
    pub(crate) fn ask(&mut self) {
        self.stream.write_all(self.request.as_bytes()).expect("open");
    }

    fn read(&mut self, mut take: impl FnMut(&[u8])) -> usize {
        self.ask();
        let mut head = Vec::new();
        let (length, mut got) = loop {
            let count = self.stream.read(&mut self.buffer).expect("open");
            assert!(count > 0, "the server closed the connection");
            head.extend_from_slice(&self.buffer[..count]);
            if let Some(end) = head.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                let text = String::from_utf8_lossy(&head[..end]).to_ascii_lowercase();
                assert!(text.starts_with("http/1.1 200"), "{text}");
                let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
                take(&head[end + 4..]);
                break (length.parse::<usize>().expect("a number"), head.len() - end - 4);
            }
        };
        while got < length {
            let count = self.stream.read(&mut self.buffer).expect("open");
            assert!(count > 0, "the server closed the connection");
            take(&self.buffer[..count]);
            got += count;
        }
        length
    }
}
