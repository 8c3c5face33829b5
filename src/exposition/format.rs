//! Which format and encoding a scraper is given, from what it says it takes (RFC 9110, section 12; Prometheus' "Scrape protocol
//! content negotiation"). Weights are read, never whole headers compared: they differ from version to version.

/// The two text formats that every Prometheus reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Prometheus text 0.0.4.
    Text,
    /// OpenMetrics 1.0.
    OpenMetrics,
}

/// What an answer is written in and says it is. Prometheus 3 refuses a page without a known content type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Negotiated {
    /// The format.
    pub format: Format,
    /// The `Content-Type` header.
    pub content_type: &'static str,
}

/// The best format for this `Accept` header: the one with the highest weight that we write. Without a header, or with nothing known
/// in it, and for wildcards, it is text 0.0.4, as exporters have always done.
pub fn negotiate(accept: Option<&str>) -> Negotiated {
    let accept = accept.unwrap_or_default();
    let refused = |format| items(accept).any(|item| item.weight <= 0.0 && offer(&item).is_some_and(|offer| offer.0 == format));
    let mut best: Option<(f32, Negotiated)> = None;
    for item in items(accept).filter(|item| item.weight > 0.0) {
        // Among equals the scraper's order holds.
        if best.is_none_or(|(weight, _)| item.weight > weight) {
            best = chosen(&item, refused).map(|chosen| (item.weight, chosen)).or(best);
        }
    }
    best.map_or_else(|| negotiated(Format::Text, "0.0.4", None), |(_, chosen)| chosen)
}

/// Whether the answer may be gzip: `Accept-Encoding` names it, or a wildcard, and does not prefer the plain text.
pub fn accepts_gzip(accept_encoding: Option<&str>) -> bool {
    let weight = |names: &[&str]| {
        let is_named = |item: &Item<'_>| names.iter().any(|name| item.name.eq_ignore_ascii_case(name));
        items(accept_encoding.unwrap_or_default()).find(is_named).map(|item| item.weight)
    };
    let gzip = weight(&["gzip", "x-gzip"]).or_else(|| weight(&["*"])).unwrap_or(0.0);
    gzip > 0.0 && gzip >= weight(&["identity"]).unwrap_or(0.0)
}

fn chosen(item: &Item<'_>, refused: impl Fn(Format) -> bool) -> Option<Negotiated> {
    if item.name == "*/*" || item.name.eq_ignore_ascii_case("text/*") {
        let openmetrics_instead = item.name == "*/*" && refused(Format::Text);
        return match openmetrics_instead {
            false => Some(negotiated(Format::Text, "0.0.4", None)),
            true if refused(Format::OpenMetrics) => None,
            true => Some(negotiated(Format::OpenMetrics, "1.0.0", None)),
        };
    }
    let (format, version) = offer(item)?;
    // Escaping is a matter of formats from 1.0.0 on. Our names are classic, so that every scheme yields the same bytes.
    let escaping = item.parameter("escaping").filter(|_| version == "1.0.0");
    Some(negotiated(format, version, escaping))
}

/// The format that an item names, and the version that we answer with.
fn offer(item: &Item<'_>) -> Option<(Format, &'static str)> {
    let version = item.parameter("version");
    if item.name.eq_ignore_ascii_case("application/openmetrics-text") {
        return match version {
            Some("1.0.0") => Some((Format::OpenMetrics, "1.0.0")),
            Some("0.0.1") | None => Some((Format::OpenMetrics, "0.0.1")),
            Some(_) => None,
        };
    }
    if item.name.eq_ignore_ascii_case("text/plain") {
        return match version {
            Some("1.0.0") => Some((Format::Text, "1.0.0")),
            Some("0.0.4") | None => Some((Format::Text, "0.0.4")),
            Some(_) => None,
        };
    }
    None
}

/// The content type as it is, and with each of `ESCAPINGS`.
macro_rules! content_types {
    ($plain:literal) => {
        [
            $plain,
            concat!($plain, "; escaping=underscores"),
            concat!($plain, "; escaping=allow-utf-8"),
            concat!($plain, "; escaping=dots"),
            concat!($plain, "; escaping=values"),
        ]
    };
}
fn negotiated(format: Format, version: &'static str, escaping: Option<&str>) -> Negotiated {
    let [plain, escaped @ ..] = match (format, version) {
        (Format::Text, "1.0.0") => content_types!("text/plain; version=1.0.0; charset=utf-8"),
        (Format::Text, _) => content_types!("text/plain; version=0.0.4; charset=utf-8"),
        (Format::OpenMetrics, "1.0.0") => content_types!("application/openmetrics-text; version=1.0.0; charset=utf-8"),
        (Format::OpenMetrics, _) => content_types!("application/openmetrics-text; version=0.0.1; charset=utf-8"),
    };
    let content_type = escaping.map_or(plain, |asked| {
        let place = ESCAPINGS.iter().position(|scheme| *scheme == asked);
        escaped[place.unwrap_or(0)]
    });
    Negotiated { format, content_type }
}

/// The scheme for whoever asks for an unknown one comes first.
const ESCAPINGS: [&str; 4] = ["underscores", "allow-utf-8", "dots", "values"];

/// One element of a list with weights.
struct Item<'a> {
    name: &'a str,
    /// What stands behind the name.
    parameters: &'a str,
    weight: f32,
}

impl<'a> Item<'a> {
    fn parameter(&self, name: &str) -> Option<&'a str> {
        pairs(self.parameters).find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// The elements of the header; those with a weight that is none are left out.
fn items(header: &str) -> impl Iterator<Item = Item<'_>> {
    header.split(',').filter_map(item).take(MOST_ITEMS)
}

/// A header of 64 KiB may hold thousands.
const MOST_ITEMS: usize = 64;

fn item(text: &str) -> Option<Item<'_>> {
    let (name, parameters) = text.split_once(';').unwrap_or((text, ""));
    let mut item = Item { name: name.trim(), parameters, weight: 1.0 };
    for (_, weight) in pairs(parameters).filter(|(key, _)| key.eq_ignore_ascii_case("q")) {
        item.weight = weight.parse().ok().filter(|weight| (0.0..=1.0).contains(weight))?;
    }
    Some(item).filter(|item| !item.name.is_empty())
}

fn pairs(parameters: &str) -> impl Iterator<Item = (&str, &str)> {
    let pairs = parameters.split(';').filter_map(|part| part.split_once('='));
    pairs.map(|(key, value)| (key.trim(), value.trim().trim_matches('"')))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROMETHEUS_2: &str = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
        text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
    const PROMETHEUS_3: &str = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
        application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,\
        text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
    const PROTOBUF: &str = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,";

    const OM: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    const OM_OLD: &str = "application/openmetrics-text; version=0.0.1; charset=utf-8";
    const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

    #[test]
    fn the_highest_weight_that_we_write_wins() {
        let with_protobuf = format!("{PROTOBUF}{}", PROMETHEUS_2.replace("1.0.0", "1.0.0;q=0.5").replace("0.75", "0.4"));
        for (accept, content_type) in [
            (PROMETHEUS_2, OM.to_owned()),
            (PROMETHEUS_3, format!("{OM}; escaping=allow-utf-8")),
            (with_protobuf.as_str(), OM.to_owned()),
            (PROTOBUF, TEXT.to_owned()),
            ("application/openmetrics-text", OM_OLD.to_owned()),
            ("application/openmetrics-text;version=\"1.0.0\"", OM.to_owned()),
            ("Application/OpenMetrics-Text; Version=1.0.0 ; Q=0.3 , text/plain;q=0.2", OM.to_owned()),
            ("application/openmetrics-text;version=2.0.0,text/plain;q=0.1", TEXT.to_owned()),
            ("application/openmetrics-text;version=2.0.0", TEXT.to_owned()),
            ("text/plain;version=1.0.0;escaping=dots", "text/plain; version=1.0.0; charset=utf-8; escaping=dots".to_owned()),
            (
                "text/plain;version=1.0.0;escaping=x\"y",
                "text/plain; version=1.0.0; charset=utf-8; escaping=underscores".to_owned(),
            ),
            ("text/plain;version=0.0.4;escaping=dots", TEXT.to_owned()),
            ("text/plain;q=0.5,application/openmetrics-text;version=1.0.0;q=0.5", TEXT.to_owned()),
            ("application/openmetrics-text;version=1.0.0;q=0,text/plain;q=0.1", TEXT.to_owned()),
            ("application/openmetrics-text;version=1.0.0;q=0", TEXT.to_owned()),
            ("text/plain;q=0,*/*;q=0.1", OM.to_owned()),
            ("text/plain;q=0,application/openmetrics-text;q=0,*/*", TEXT.to_owned()),
            ("*/*", TEXT.to_owned()),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", TEXT.to_owned()),
            ("text/*;q=0.9", TEXT.to_owned()),
            ("", TEXT.to_owned()),
            (",;,;q=,q=1;;=,\"", TEXT.to_owned()),
            ("application/openmetrics-text;version=1.0.0;q=NaN", TEXT.to_owned()),
            ("application/openmetrics-text;version=1.0.0;q=7", TEXT.to_owned()),
            ("application/openmetrics-text;version=1.0.0;q=-1", TEXT.to_owned()),
        ] {
            assert_eq!(negotiate(Some(accept)).content_type, content_type, "{accept}");
        }
        assert_eq!(negotiate(None), Negotiated { format: Format::Text, content_type: TEXT });
        assert_eq!(negotiate(Some(PROMETHEUS_3)).format, Format::OpenMetrics);
    }

    #[test]
    fn gzip_is_sent_to_those_who_want_it() {
        for (accept_encoding, gzip) in [
            ("gzip", true),
            ("GZIP;Q=0.5", true),
            ("x-gzip", true),
            ("gzip, deflate, br, zstd", true),
            ("gzip;q=1.0, identity; q=0.5, *;q=0", true),
            ("*", true),
            ("identity", false),
            ("gzip;q=0", false),
            ("gzip;q=0, *", false),
            ("gzip;q=0.2, identity", false),
            ("deflate", false),
            ("gzip;q=x", false),
            ("", false),
        ] {
            assert_eq!(accepts_gzip(Some(accept_encoding)), gzip, "{accept_encoding}");
        }
        assert!(!accepts_gzip(None));
    }

    #[test]
    fn hostile_headers_are_read_in_no_time() {
        let long = "a;b=c,".repeat(20_000);
        assert_eq!(negotiate(Some(&long)).format, Format::Text);
        assert!(!accepts_gzip(Some(&long)));
    }
}
