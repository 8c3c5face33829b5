//! The metrics that change with every scrape, or with time alone. A scrape writes them by hand: the library's encoder would take as
//! long for them as a small page takes to be sent. The registry has them all the same, and a test holds both together.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::model::Timestamp;

/// The metrics; clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Live(Arc<Numbers>);

#[derive(Debug, Default)]
struct Numbers {
    /// Scrapes that got the page, and those that were turned away.
    scrapes: [AtomicU64; 2],
    /// Scrapes by how long they took: up to each of `BUCKETS`, and longer.
    took: [AtomicU64; BUCKETS.len() + 1],
    nanoseconds: AtomicU64,
    /// When the oldest overdue read of each account was due.
    due: Mutex<BTreeMap<String, Option<Timestamp>>>,
}

/// From a ready page to a scrape that waited for X: nanoseconds, and as Prometheus writes the seconds.
const BUCKETS: [(u64, &str); 9] = [
    (1_000_000, "0.001"),
    (2_500_000, "0.0025"),
    (10_000_000, "0.01"),
    (50_000_000, "0.05"),
    (100_000_000, "0.1"),
    (500_000_000, "0.5"),
    (1_000_000_000, "1.0"),
    (5_000_000_000, "5.0"),
    (10_000_000_000, "10.0"),
];

const CODES: [&str; 2] = ["200", "503"];

const LAG: (&str, &str) = ("refresh_lag_seconds", "For how long the oldest overdue read has been due.");
const SCRAPES: (&str, &str) = ("scrapes", "Scrapes answered by status.");
const DURATION: (&str, &str) = ("scrape_duration_seconds", "Time from a scrape's request to its answer.");

impl Live {
    /// A scrape got the page, or was turned away.
    pub(super) fn scraped(&self, served: bool, took: Duration) {
        let nanoseconds = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let bucket = BUCKETS.partition_point(|(end, _)| *end < nanoseconds);
        self.0.scrapes[usize::from(!served)].fetch_add(1, Ordering::Relaxed);
        self.0.took[bucket].fetch_add(1, Ordering::Relaxed);
        self.0.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    /// When the read of this account that waits longest was due; the page shows how long ago that is.
    pub(super) fn due(&self, account: &str, due: Option<Timestamp>) {
        self.with_due(|accounts| match accounts.get_mut(account) {
            Some(known) => *known = due,
            None => _ = accounts.insert(account.to_owned(), due),
        });
    }

    /// The account has left.
    pub(super) fn forget(&self, account: &str) {
        self.with_due(|accounts| accounts.remove(account));
    }

    /// Appends the text. In OpenMetrics a header names the family, in the older format the sample, whose name ends in `total`.
    pub(super) fn write(&self, text: &mut String, total: &str) {
        let now = Timestamp::from(SystemTime::now());
        self.with_due(|accounts| {
            if !accounts.is_empty() {
                push(text, &["# HELP ", PREFIX, LAG.0, " ", LAG.1, "\n# TYPE ", PREFIX, LAG.0, " gauge\n"]);
            }
            for (account, due) in accounts {
                push(text, &[PREFIX, LAG.0, "{account=\""]);
                push_escaped(text, account);
                text.push_str("\"} ");
                push_decimal(text, due.map_or(Duration::ZERO, |due| now.since(due)));
            }
        });
        let name = [PREFIX, SCRAPES.0, total];
        push(text, &["# HELP ", name[0], name[1], name[2], " ", SCRAPES.1, "\n# TYPE ", name[0], name[1], name[2], " counter\n"]);
        for (code, count) in CODES.iter().zip(&self.0.scrapes) {
            push(text, &[PREFIX, SCRAPES.0, "_total{code=\"", code, "\"} "]);
            push_count(text, count.load(Ordering::Relaxed));
        }
        self.write_durations(text);
    }

    fn write_durations(&self, text: &mut String) {
        let (counts, took) = self.durations();
        let count = counts.iter().sum();
        push(text, &["# HELP ", PREFIX, DURATION.0, " ", DURATION.1, "\n# TYPE ", PREFIX, DURATION.0, " histogram\n"]);
        push(text, &[PREFIX, DURATION.0, "_sum "]);
        push_decimal(text, took);
        push(text, &[PREFIX, DURATION.0, "_count "]);
        push_count(text, count);
        let mut so_far = 0;
        for (end, count) in BUCKETS.iter().map(|bucket| bucket.1).chain(["+Inf"]).zip(counts) {
            so_far += count;
            push(text, &[PREFIX, DURATION.0, "_bucket{le=\"", end, "\"} "]);
            push_count(text, so_far);
        }
    }

    /// How many scrapes fell into each bucket, and how long all of them took.
    fn durations(&self) -> ([u64; BUCKETS.len() + 1], Duration) {
        let counts = self.0.took.each_ref().map(|count| count.load(Ordering::Relaxed));
        (counts, Duration::from_nanos(self.0.nanoseconds.load(Ordering::Relaxed)))
    }

    /// Moments cannot be left half changed, so a panic elsewhere does not spoil them.
    fn with_due<R>(&self, work: impl FnOnce(&mut BTreeMap<String, Option<Timestamp>>) -> R) -> R {
        work(&mut self.0.due.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Collector for Live {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let due = self.with_due(|accounts| accounts.clone());
        let now = Timestamp::from(SystemTime::now());
        if !due.is_empty() {
            let mut family = encoder.encode_descriptor(LAG.0, LAG.1, None, MetricType::Gauge)?;
            for (account, due) in due {
                let lag = ConstGauge::new(due.map_or(0.0, |due| now.since(due).as_secs_f64()));
                lag.encode(family.encode_family(&[("account", account)])?)?;
            }
        }
        let mut family = encoder.encode_descriptor(SCRAPES.0, SCRAPES.1, None, MetricType::Counter)?;
        for (code, count) in CODES.iter().zip(&self.0.scrapes) {
            ConstCounter::new(count.load(Ordering::Relaxed)).encode(family.encode_family(&[("code", *code)])?)?;
        }
        let (counts, took) = self.durations();
        let ends = BUCKETS.iter().map(|(nanoseconds, _)| *nanoseconds as f64 / 1e9).chain([f64::INFINITY]);
        let buckets: Vec<(f64, u64)> = ends.zip(counts).collect();
        let mut family = encoder.encode_descriptor(DURATION.0, DURATION.1, None, MetricType::Histogram)?;
        family.encode_histogram::<[(&str, &str); 0]>(took.as_secs_f64(), counts.iter().sum(), &buckets, None)
    }
}

const PREFIX: &str = "tweet_exporter_";

fn push(text: &mut String, parts: &[&str]) {
    parts.iter().for_each(|part| text.push_str(part));
}

fn push_count(text: &mut String, count: u64) {
    text.push_str(itoa::Buffer::new().format(count));
    text.push('\n');
}

/// Seconds, to the nanosecond.
fn push_decimal(text: &mut String, time: Duration) {
    text.push_str(itoa::Buffer::new().format(time.as_secs()));
    // The leading one keeps the zeros behind the point.
    push(text, &[".", &itoa::Buffer::new().format(1_000_000_000 + time.subsec_nanos())[1..], "\n"]);
}

fn push_escaped(text: &mut String, value: &str) {
    for letter in value.chars() {
        match letter {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            letter => text.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text::encode_registry;
    use prometheus_client::registry::Registry;

    use super::*;

    #[test]
    fn by_hand_is_what_the_library_writes() {
        let live = Live::default();
        let mut registry = Registry::with_prefix("tweet_exporter");
        registry.register_collector(Box::new(live.clone()));
        let check = || {
            let (mut by_hand, mut library) = (String::new(), String::new());
            live.write(&mut by_hand, "");
            encode_registry(&mut library, &registry).expect("a String takes everything");
            assert_eq!(by_hand.lines().count(), library.lines().count(), "{by_hand}\n{library}");
            for (ours, theirs) in by_hand.lines().zip(library.lines()) {
                if ours.starts_with('#') {
                    assert_eq!(ours, theirs);
                    continue;
                }
                let [ours, theirs] = [ours, theirs].map(|line| line.rsplit_once(' ').expect("a value"));
                let [our, their] = [ours.1, theirs.1].map(|value| value.parse::<f64>().expect("a number"));
                // The clock has gone on between the two.
                let is_same = if ours.0.contains("lag") { (our - their).abs() < 60.0 } else { our == their };
                assert!(ours.0 == theirs.0 && is_same, "{ours:?} {theirs:?}");
            }
        };
        check();
        for millis in [0, 1, 2, 3, 11, 60, 101, 600, 4_000, 9_999, 10_000, 10_001] {
            live.scraped(millis != 60, Duration::from_millis(millis) + Duration::from_nanos(u64::from(millis == 3)));
        }
        live.due("acme", None);
        live.due("a\"b\\c\nd} 1\n# EOF\n\u{1F600}", Some(Timestamp::from_seconds(0)));
        check();
        live.forget("acme");
        check();
    }

    #[test]
    fn seconds_keep_their_zeros() {
        for (nanoseconds, written) in [(0, "0.000000000\n"), (1, "0.000000001\n"), (12_100_000_000, "12.100000000\n")] {
            let mut text = String::new();
            push_decimal(&mut text, Duration::from_nanos(nanoseconds));
            assert_eq!(text, written);
        }
    }
}
