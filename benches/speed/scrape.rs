//! What a scrape costs against a hyper server that returns the same bytes ready-made, alone, during refreshes and 64 at once.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;
use tweet_exporter::collector::{Handle, Snapshot};
use tweet_exporter::door::Door;
use tweet_exporter::exposition::Printer;
use tweet_exporter::model::Api;
use tweet_exporter::self_metrics::SelfMetrics;
use tweet_exporter::server::{Options, serve};

use crate::kit::{SERIES, Scraper, account, median, read};

pub(crate) fn run() {
    println!("\na scrape against a hyper server with the same bytes ready-made (medians, in turn)\n");
    println!("| series | plain: us, ratio | gzip: us, ratio |");
    println!("|---|---|---|");
    for tweets in [33, 334, 3_334, 33_334] {
        let bench = Bench::new(tweets);
        let cells = [false, true].map(|gzip| {
            let (ours, ratio) = bench.compare(gzip);
            format!("{:.0}, {ratio:.2}", ours * 1e6)
        });
        println!("| {} | {} | {} |", tweets * SERIES, cells[0], cells[1]);
        if tweets == 33_334 {
            bench.during_refreshes();
            bench.many_at_once();
        }
    }
}

/// Our server and the other one with one page.
pub(crate) struct Bench {
    runtime: Runtime,
    ours: SocketAddr,
    snapshot: Arc<ArcSwap<Snapshot>>,
    tweets: usize,
}

impl Bench {
    pub(crate) fn new(tweets: usize) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads");
        let page = Printer::default().print(&[account(tweets)], usize::MAX).page;
        let snapshot = Arc::new(ArcSwap::from_pointee(Snapshot { page, ready: true, ..Snapshot::default() }));
        let metrics = SelfMetrics::new();
        metrics.account("acme", &[Api::Lookup]);
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a free port");
        let ours = listener.local_addr().expect("bound");
        let handle = Handle::background(snapshot.clone());
        runtime.spawn(serve(
            vec![listener.into()],
            Arc::new(Door::open()),
            handle,
            metrics,
            Options::default(),
            CancellationToken::new(),
        ));
        Self { runtime, ours, snapshot, tweets }
    }

    /// A scraper of our server.
    pub(crate) fn scraper(&self, gzip: bool) -> Scraper {
        Scraper::new(self.ours, gzip)
    }

    /// Seconds of our scrape, and how many times the other's that is.
    fn compare(&self, gzip: bool) -> (f64, f64) {
        let mut ours = Scraper::new(self.ours, gzip);
        let body = Bytes::from(ours.body());
        let mut limit = Scraper::new(self.ready_made(body, gzip), gzip);
        let per_round = (200_000 / self.tweets).clamp(2, 1_000);
        let until = Instant::now() + Duration::from_secs(if self.tweets > 10_000 { 12 } else { 5 });
        let (mut times, mut ratios) = (Vec::new(), Vec::new());
        while Instant::now() < until || ratios.len() < 5 {
            let ours = median((0..per_round).map(|_| seconds(&mut ours)).collect());
            let limit = median((0..per_round).map(|_| seconds(&mut limit)).collect());
            times.push(ours);
            ratios.push(ours / limit);
        }
        (median(times), median(ratios))
    }

    /// The limit: a server that does nothing but send these bytes.
    fn ready_made(&self, body: Bytes, gzip: bool) -> SocketAddr {
        let listener = self.runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a free port");
        let address = listener.local_addr().expect("bound");
        self.runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let body = body.clone();
                stream.set_nodelay(true).expect("a TCP stream");
                let answer = move |_: Request<hyper::body::Incoming>| {
                    let mut response = Response::new(Full::new(body.clone()));
                    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
                    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
                    if gzip {
                        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                    }
                    async move { Ok::<_, Infallible>(response) }
                };
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)));
            }
        });
        address
    }

    /// The slowest scrapes while 1 % of the tweets change again and again, as often as the collector would make a page of it.
    fn during_refreshes(&self) {
        let tail = |gzip: bool| {
            let mut scraper = Scraper::new(self.ours, gzip);
            let until = Instant::now() + Duration::from_secs(8);
            let mut times = Vec::new();
            while Instant::now() < until {
                times.push(seconds(&mut scraper));
                thread::sleep(Duration::from_millis(1));
            }
            times.sort_by(f64::total_cmp);
            (times[times.len() / 2], times[times.len() * 99 / 100])
        };
        let stop = AtomicBool::new(false);
        for gzip in [true, false] {
            stop.store(false, Ordering::Relaxed);
            let quiet = tail(gzip);
            let (busy, pages) = thread::scope(|scope| {
                let refreshing = scope.spawn(|| self.refresh_until(&stop));
                let busy = tail(gzip);
                stop.store(true, Ordering::Relaxed);
                (busy, refreshing.join().expect("it only counts"))
            });
            println!(
                "\nduring refreshes ({pages} pages, {}): median {:.2} and p99 {:.2} times the quiet one ({:.1} ms, p99 {:.1} ms)",
                if gzip { "gzip" } else { "plain" },
                busy.0 / quiet.0,
                busy.1 / quiet.1,
                quiet.0 * 1e3,
                quiet.1 * 1e3
            );
        }
    }

    fn refresh_until(&self, stop: &AtomicBool) -> usize {
        let mut store = [account(self.tweets)];
        let mut printer = Printer::default();
        printer.print(&store, usize::MAX);
        let part = self.tweets / 100;
        for round in 1.. {
            if stop.load(Ordering::Relaxed) {
                return round;
            }
            let first = round * part % (self.tweets - part);
            let start = Instant::now();
            (first..first + part).for_each(|position| read(&mut store[0], position, round as u64));
            let page = printer.print(&store, usize::MAX).page;
            self.snapshot.store(Arc::new(Snapshot { page, ready: true, ..Snapshot::default() }));
            thread::sleep(10 * start.elapsed());
        }
        unreachable!("it is told to stop")
    }

    /// 64 scrapers at once, besides one that asks and does not read.
    fn many_at_once(&self) {
        for gzip in [true, false] {
            let body = Bytes::from(Scraper::new(self.ours, gzip).body());
            let limit = self.ready_made(body, gzip);
            let together = |address: SocketAddr| {
                let mut scrapers: Vec<Scraper> = (0..64).map(|_| Scraper::new(address, gzip)).collect();
                let mut deaf = Scraper::new(address, gzip);
                deaf.ask();
                let start = Instant::now();
                thread::scope(|scope| scrapers.iter_mut().for_each(|scraper| drop(scope.spawn(move || scraper.scrape()))));
                start.elapsed().as_secs_f64()
            };
            let rounds: Vec<(f64, f64)> = (0..3).map(|_| (together(self.ours), together(limit))).collect();
            let ratio = median(rounds.iter().map(|(ours, limit)| ours / limit).collect());
            let seconds = median(rounds.iter().map(|(ours, _)| *ours).collect());
            let encoding = if gzip { "gzip" } else { "plain" };
            println!("\n64 scrapers at once and one that does not read, {encoding}: {seconds:.2} s in all, ratio {ratio:.2}");
        }
    }
}

pub(crate) fn seconds(scraper: &mut Scraper) -> f64 {
    let start = Instant::now();
    scraper.scrape();
    start.elapsed().as_secs_f64()
}
