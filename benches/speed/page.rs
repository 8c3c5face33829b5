//! What making the page costs: anew against `prometheus-client`, and again after 1 % of the tweets changed against anew.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode_registry;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use tweet_exporter::exposition::{Printer, texts_of};
use tweet_exporter::model::{Scope, Timestamp};
use tweet_exporter::store::AccountStore;

use crate::kit::{SERIES, account, median, read, timed};

const ROUNDS: usize = 5;

pub(crate) fn run() {
    println!("making the page ({SERIES} series a tweet, medians of {ROUNDS} rounds)\n");
    println!(
        "| tweets | anew, ms | ns a series | text alone: ns a series, / prometheus-client | 1 % together / anew | in a tier apart | scattered |"
    );
    println!("|---|---|---|---|---|---|---|");
    for tweets in [334, 3_334, 33_334] {
        row(tweets);
    }
    sizes();
}

fn row(tweets: usize) {
    let mut store = [account(tweets)];
    let peer = peer(&store[0]);
    let (mut anew_ms, mut text_ns, mut texts) = (vec![], vec![], vec![]);
    let (mut together, mut apart, mut scattered) = (vec![], vec![], vec![]);
    let rounds = ROUNDS.max(4_000 / tweets).min(25);
    let mut printer = Printer::default();
    printer.print(&store, usize::MAX);
    let mut of_a_tier = Printer::default();
    of_a_tier.print(&store, usize::MAX);
    let mut of_chance = Printer::default();
    of_chance.print(&store, usize::MAX);
    let part = (tweets / 100).max(1);
    let mut chance = 7_u64;
    let mut encoded = String::new();
    encode_registry(&mut encoded, &peer).expect("a String takes everything");
    for round in 1..=rounds {
        let (anew, built) = timed(|| Printer::default().print(&store, usize::MAX));
        // By groups, as the printer does it. Both sides write into memory that is there: what the system takes for new pages is
        // more than either takes for writing, and it is the same for both.
        let groups = store[0].records().chunks(24);
        let write = |group: &[_]| texts_of(&store[0], group.iter()).iter().map(String::len).sum::<usize>();
        let (writing, written) = timed(|| groups.map(write).sum::<usize>());
        let (encoding, _) = timed(|| {
            encoded.clear();
            encode_registry(&mut encoded, &peer).expect("a String takes everything");
        });
        assert!(written >= built.page.bytes().0, "the whole page, and heads for each group");
        drop(built);
        anew_ms.push(anew.as_secs_f64() * 1e3);
        text_ns.push(writing.as_secs_f64() * 1e9 / (tweets * SERIES) as f64);
        texts.push(writing.as_secs_f64() / encoding.as_secs_f64());
        let again = |printer: &mut Printer, store: &mut [AccountStore; 1], positions: &mut dyn Iterator<Item = usize>| {
            // Others may have changed more since its last page.
            printer.print(store, usize::MAX);
            positions.for_each(|position| read(&mut store[0], position, round as u64));
            timed(|| printer.print(store, usize::MAX)).0.as_secs_f64() / anew.as_secs_f64()
        };
        let first = round * 7 * part % (tweets - part + 1);
        together.push(again(&mut printer, &mut store, &mut (first..first + part)));
        // Every tenth tweet is of a tier, whose batches stay the same.
        let batch = (round % 2) * 10 * part;
        let apart_now = again(&mut of_a_tier, &mut store, &mut (0..part).map(|place| (batch + place * 10) % tweets));
        if round > 2 {
            apart.push(apart_now);
        }
        let mut random = std::iter::repeat_with(|| {
            chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (chance >> 33) as usize % tweets
        });
        scattered.push(again(&mut of_chance, &mut store, &mut random.by_ref().take(part)));
    }
    let anew = median(anew_ms);
    let series = (tweets * SERIES) as f64;
    println!(
        "| {tweets} | {anew:.1} | {:.0} | {:.0}, {:.2} | {:.3} | {:.3} | {:.3} |",
        anew * 1e6 / series,
        median(text_ns),
        median(texts),
        median(together),
        median(apart),
        median(scattered)
    );
}

/// How long the page is, and in how many pieces it is sent.
fn sizes() {
    let page = Printer::default().print(&[account(33_334)], usize::MAX).page;
    let (plain, deflated) = page.bytes();
    let series = page.series as f64;
    println!(
        "\n33334 tweets: {:.1} bytes a series plain in {} pieces, {:.1} compressed in {} pieces",
        plain as f64 / series,
        page.plain().len(),
        deflated as f64 / series,
        page.deflated().len()
    );
}

/// The same samples behind the library's own door.
#[derive(Debug)]
struct Peer(Vec<(String, f64, Numbers)>);

/// Metric, whether it is of the split family, and value.
type Numbers = Vec<(&'static str, bool, u64)>;

fn peer(store: &AccountStore) -> Registry {
    let tweet = |record: &tweet_exporter::store::TweetRecord| {
        let number =
            |number: tweet_exporter::store::Number<'_>| (number.metric.name(), *number.scope != Scope::Total, number.value);
        let at = record.last_success().map_or(0.0, Timestamp::seconds);
        (record.id.to_string(), at, record.numbers().map(number).collect())
    };
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Peer(store.records().iter().map(tweet).collect())));
    registry
}

impl Collector for Peer {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        const ACCOUNT: (&str, &str) = ("account", "acme");
        for (name, split) in [("tweet_engagement", false), ("tweet_engagement_by_context", true)] {
            let mut family = encoder.encode_descriptor(name, "Lifetime numbers", None, MetricType::Gauge)?;
            for (id, _, numbers) in &self.0 {
                for (metric, _, value) in numbers.iter().filter(|(_, of, _)| *of == split) {
                    let labels = [ACCOUNT, ("tweet_id", id.as_str()), ("metric", metric), ("context", "organic")];
                    let labels = &labels[..if split { 4 } else { 3 }];
                    ConstGauge::new(*value).encode(family.encode_family(&labels)?)?;
                }
            }
        }
        let facts = [("tweet_info", Some(("username", "acme")), true), ("tweet_created_timestamp_seconds", None, false)];
        for (name, more, is_one) in facts
            .into_iter()
            .chain([("tweet_last_success_timestamp_seconds", None, false), ("tweet_state", Some(("state", "ok")), true)])
        {
            let mut family = encoder.encode_descriptor(name, "A fact", None, MetricType::Gauge)?;
            for (id, at, _) in &self.0 {
                let labels = [ACCOUNT, ("tweet_id", id.as_str()), more.unwrap_or(ACCOUNT)];
                let labels = &labels[..if more.is_some() { 3 } else { 2 }];
                ConstGauge::new(if is_one { 1.0 } else { *at }).encode(family.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}
