//! What a tweet takes in memory, and whether refreshing makes that grow.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use arc_swap::ArcSwap;
use tweet_exporter::exposition::{Page, Printer};

use crate::kit::{SERIES, account, read, resident_mb};
use crate::program::Exporter;
use crate::x::{NUMBERS, X};

/// The real program: all of it, with plan, ledger, state file and connections.
pub(crate) fn whole() {
    let tweets = 100_000;
    let x = X::start();
    let exporter = Exporter::start(&x, tweets, "60s");
    let say = |when: &str| {
        let (now, most) = exporter.memory();
        println!("{when}: {now:.0} MB resident, {most:.0} at most");
    };
    println!(
        "\nthe whole program, {tweets} tweets of {} series, read over TLS every 60 s, scraped every 5 s, state file \
         included",
        NUMBERS + 4
    );
    say("before the first reading");
    for round in 1..=4 {
        // Scraped as Prometheus does it, if oftener than most: a page that is being sent is in memory besides the one after it.
        while x.seen.requests.load(Ordering::Relaxed) < (round * tweets / 100) as u64 {
            thread::sleep(Duration::from_secs(5));
            exporter.scraper(true).scrape();
        }
        // The page follows the reads by up to a second.
        thread::sleep(Duration::from_secs(2));
        let standing = exporter.look();
        assert_eq!(standing.series, (tweets * (NUMBERS + 4)) as f64);
        let mb = |bytes: usize| bytes >> 20;
        let (plain, gzip) = (exporter.scraper(false).scrape(), exporter.scraper(true).scrape());
        say(&format!("after {round} refreshes of all, with {} MB of text and {} MB of gzip", mb(plain), mb(gzip)));
    }
}

pub(crate) fn run() {
    let empty = resident_mb();
    let tweets = 100_000;
    let mut store = [account(tweets)];
    let stored = resident_mb();
    let mut printer = Printer::default();
    let published = ArcSwap::from_pointee(printer.print(&store, usize::MAX).page);
    let printed = resident_mb();
    let (plain, deflated) = published.load().bytes();
    let per_tweet = |mb: f64| mb * 1024.0 * 1024.0 / tweets as f64;
    println!("\n{tweets} tweets of {SERIES} series: {printed:.0} MB without plan and ledger");
    println!("readings {:.0} bytes a tweet, page {:.0}", per_tweet(stored - empty), per_tweet(printed - stored));
    println!("of these {:.0} are text and {:.0} compressed text", plain as f64 / tweets as f64, deflated as f64 / tweets as f64);
    let refresh = |store: &mut _, printer: &mut Printer, round: usize| {
        let store: &mut [_; 1] = store;
        let first = round * 37 % (tweets - 100);
        (first..first + 100).for_each(|position| read(&mut store[0], position, round as u64));
        let page: Page = printer.print(&*store, usize::MAX).page;
        published.store(Arc::new(page));
    };
    for round in 1..=10_000 {
        refresh(&mut store, &mut printer, round);
        if [1, 100, 1_000, 5_000, 10_000].contains(&round) {
            println!("after {round} refreshes of 100 tweets: {:.0} MB", resident_mb());
        }
    }
}
