//! The exporter's own metrics as text. The library writes OpenMetrics only; the older format is a translation of its headers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use prometheus_client::encoding::text::encode_registry;
use prometheus_client::registry::Registry;

use crate::exposition::Format;
use crate::exposition::gzip::{Checksum, Deflated, Deflater};
use crate::self_metrics::SelfMetrics;

/// The own metrics as text. Most change when X is read, not when Prometheus scrapes: their text is kept until one of them does.
#[derive(Debug)]
pub struct OwnMetrics {
    metrics: Arc<SelfMetrics>,
    text: Written,
    openmetrics: Written,
}

/// What was written in one format.
#[derive(Debug, Default)]
struct Written {
    kept: ArcSwapOption<Kept>,
    /// The metrics of the process, and when they were asked for.
    process: ArcSwapOption<(Instant, String)>,
}

/// The text of the metrics that change seldom.
#[derive(Debug)]
pub(super) struct Kept {
    /// Of the metrics when it was written.
    revision: u64,
    pub(super) plain: Bytes,
    pub(super) deflated: Deflated,
    /// The checksum of the last page, and that of the page with this text behind it.
    behind: ArcSwapOption<(Checksum, Checksum)>,
}

/// The system is asked for the state of the process at most this often: its answer costs as much as a small page.
const FRESH: Duration = Duration::from_secs(1);

/// Room for what is written for each scrape, with some accounts and the end mark.
const LIVE: usize = 4 << 10;

impl OwnMetrics {
    /// The text of these metrics.
    pub fn new(metrics: Arc<SelfMetrics>) -> Self {
        Self { metrics, text: Written::default(), openmetrics: Written::default() }
    }

    /// Those that change seldom.
    pub(super) fn kept(&self, format: Format) -> Arc<Kept> {
        let place = &self.written(format).kept;
        // Asked before writing: what changes meanwhile makes the text an old one.
        let revision = self.metrics.revision();
        if let Some(kept) = place.load_full().filter(|kept| kept.revision == revision) {
            return kept;
        }
        let plain = Bytes::from(own_text(self.metrics.registry(), format));
        let deflated = Deflater::default().deflate(&plain);
        let kept = Arc::new(Kept { revision, plain, deflated, behind: ArcSwapOption::empty() });
        place.store(Some(kept.clone()));
        kept
    }

    /// Those that change with every scrape, or with time.
    pub(super) fn live(&self, format: Format) -> String {
        let place = &self.written(format).process;
        let process = place.load_full().filter(|process| process.0.elapsed() < FRESH).unwrap_or_else(|| {
            let process = Arc::new((Instant::now(), own_text(self.metrics.process_registry(), format)));
            place.store(Some(process.clone()));
            process
        });
        let mut text = String::with_capacity(LIVE + process.1.len());
        self.metrics.write_live(&mut text, if format == Format::Text { "_total" } else { "" });
        text.push_str(&process.1);
        text
    }

    fn written(&self, format: Format) -> &Written {
        match format {
            Format::Text => &self.text,
            Format::OpenMetrics => &self.openmetrics,
        }
    }
}

impl Kept {
    /// The checksum of a page with this text behind it. Scrapes of one page ask for the same.
    pub(super) fn behind(&self, page: Checksum) -> Checksum {
        if let Some(known) = self.behind.load().as_ref().filter(|known| known.0 == page) {
            return known.1;
        }
        let mut both = page;
        both.append(&self.deflated.checksum);
        self.behind.store(Some(Arc::new((page, both))));
        both
    }
}

/// These metrics in this format, without an end mark.
fn own_text(registry: &Registry, format: Format) -> String {
    let mut text = String::with_capacity(8 << 10);
    encode_registry(&mut text, registry).expect("writing to memory cannot fail");
    match format {
        Format::OpenMetrics => text,
        Format::Text => to_text(&text),
    }
}

/// Prometheus text 0.0.4 from what `prometheus_client` writes. Samples are the same in both; a header names the family there and the
/// sample here, and some types do not exist. Units and the end mark are comments without meaning here and are left out.
fn to_text(openmetrics: &str) -> String {
    let mut text = String::with_capacity(openmetrics.len() + openmetrics.len() / 16);
    // The library writes HELP before TYPE, but only the type tells the name in the help.
    let mut help = None;
    for line in openmetrics.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            help = rest.split_once(' ').map(|(_, help)| help);
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap_or((rest, "unknown"));
            let (suffix, kind) = match kind {
                "counter" => ("_total", "counter"),
                "info" => ("_info", "gauge"),
                "unknown" => ("", "untyped"),
                same => ("", same),
            };
            if let Some(help) = help.take() {
                push_line(&mut text, &["# HELP ", name, suffix, " ", help]);
            }
            push_line(&mut text, &["# TYPE ", name, suffix, " ", kind]);
        } else if !line.starts_with('#') {
            push_line(&mut text, &[line]);
        }
    }
    text
}

fn push_line(text: &mut String, parts: &[&str]) {
    parts.iter().for_each(|part| text.push_str(part));
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    use crate::model::{Api, PriceClass};

    #[test]
    fn headers_are_translated_and_samples_copied() {
        let openmetrics = "# HELP hits Hits.\n# TYPE hits counter\nhits_total{a=\"# TYPE x counter\"} 1\n\
            # HELP size_bytes Size.\n# TYPE size_bytes gauge\n# UNIT size_bytes bytes\nsize_bytes 2.0\n\
            # HELP build What.\n# TYPE build info\nbuild_info{v=\"1\"} 1\n\
            # TYPE odd unknown\nodd 3\n\
            # HELP took_seconds Took.\n# TYPE took_seconds histogram\ntook_seconds_bucket{le=\"+Inf\"} 0\n# EOF\n";
        let text = "# HELP hits_total Hits.\n# TYPE hits_total counter\nhits_total{a=\"# TYPE x counter\"} 1\n\
            # HELP size_bytes Size.\n# TYPE size_bytes gauge\nsize_bytes 2.0\n\
            # HELP build_info What.\n# TYPE build_info gauge\nbuild_info{v=\"1\"} 1\n\
            # TYPE odd untyped\nodd 3\n\
            # HELP took_seconds Took.\n# TYPE took_seconds histogram\ntook_seconds_bucket{le=\"+Inf\"} 0\n";
        assert_eq!(to_text(openmetrics), text);
    }

    #[test]
    fn what_changes_is_on_the_next_page() {
        let metrics = SelfMetrics::new();
        let own = OwnMetrics::new(metrics.clone());
        let acme = metrics.account("acme", &[Api::Lookup]);
        for format in [Format::Text, Format::OpenMetrics] {
            let before = own.kept(format);
            assert!(Arc::ptr_eq(&before, &own.kept(format)), "nothing has changed");
            metrics.scraped(true, Duration::from_millis(1));
            assert!(Arc::ptr_eq(&before, &own.kept(format)), "a scrape changes only what is written for each");
            acme.tweets_read(PriceClass::Tweet, 1);
            assert!(own.kept(format).plain != before.plain);
        }
        assert!(own.live(Format::Text).contains("scrapes_total{code=\"200\"} 2\n"));
        metrics.series(3);
        assert!(own.kept(Format::Text).plain.windows(9).any(|text| text == b"series 3\n"));
    }

    #[test]
    fn hostile_account_names_stay_inside_their_quotes() {
        let metrics = SelfMetrics::new();
        metrics.account("a\"b\\c\nd} 1\n# EOF\n\u{1F600}", &[Api::Lookup]);
        for format in [Format::Text, Format::OpenMetrics] {
            let text = own_text(metrics.registry(), format);
            assert!(text.contains("spend_usd_total{account=\"a\\\"b\\\\c\\nd} 1\\n# EOF\\n\u{1F600}\"} 0.0\n"), "{text}");
            assert!(text.lines().all(|line| !line.is_empty() && line != "# EOF"));
            assert!(text.ends_with('\n'));
        }
    }
}
