//! The exporter's own metrics as text. The library writes OpenMetrics only; the older format is a translation of its headers.

use prometheus_client::encoding::text::encode_registry;

use crate::exposition::Format;
use crate::self_metrics::SelfMetrics;

/// The own metrics in this format, without an end mark.
pub(super) fn own_text(metrics: &SelfMetrics, format: Format) -> String {
    let mut text = String::with_capacity(16 << 10);
    encode_registry(&mut text, metrics.registry()).expect("writing to memory cannot fail");
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
    use crate::model::Api;

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
    fn hostile_account_names_stay_inside_their_quotes() {
        let metrics = SelfMetrics::new();
        metrics.account("a\"b\\c\nd} 1\n# EOF\n\u{1F600}", &[Api::Lookup]);
        for format in [Format::Text, Format::OpenMetrics] {
            let text = own_text(&metrics, format);
            assert!(text.contains("spend_usd_total{account=\"a\\\"b\\\\c\\nd} 1\\n# EOF\\n\u{1F600}\"} 0.0\n"), "{text}");
            assert!(text.lines().all(|line| !line.is_empty() && line != "# EOF"));
            assert!(text.ends_with('\n'));
        }
    }
}
