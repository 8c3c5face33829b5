//! What a refresh costs: the real program reads all its tweets again and again over TLS, and its own metrics say how much of the
//! processor it took, page and state file included.

use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use crate::program::Exporter;
use crate::x::{NUMBERS, X};

const TWEETS: usize = 5_000;

pub(crate) fn run() {
    let x = X::start();
    let exporter = Exporter::start(&x, TWEETS, "10s");
    exporter.wait(TWEETS as f64);
    let before = exporter.look();
    thread::sleep(Duration::from_secs(25));
    let after = exporter.look();
    // The page follows the reads by up to a second.
    assert_eq!(after.series, (TWEETS * (NUMBERS + 4)) as f64, "every number came");
    let (cpu, tweets) = (after.cpu_seconds - before.cpu_seconds, after.reads - before.reads);
    println!(
        "\nrefreshing {TWEETS} tweets of {} series every 10 s over TLS: {tweets} reads in {} requests, {:.0} us of processor a tweet \
         ({:.1} ms for 1,000), decoding, state file and page included",
        NUMBERS + 4,
        after.requests - before.requests,
        cpu * 1e6 / tweets,
        cpu * 1e6 / tweets
    );
    let [connections, requests, over_http2] =
        [&x.seen.connections, &x.seen.requests, &x.seen.over_http2].map(|count| count.load(Ordering::Relaxed));
    println!("{connections} connections for {requests} requests since its start, {over_http2} of them by HTTP/2");
}
