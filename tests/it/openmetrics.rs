//! A strict reader of both text formats, written from the specifications (OpenMetrics 1.0, "Text format"; Prometheus "Exposition
//! formats") and not from our writer. Stricter than they are where a page of ours has no business: every family has a type, counters
//! end in `_total` in both formats, one space separates, and there are no comments, exemplars, empty lines or trailing spaces.

use std::collections::{BTreeMap, HashMap, HashSet};

/// One sample of a page.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Series {
    /// Name as Prometheus stores it.
    pub(crate) name: String,
    /// Label names and values.
    pub(crate) labels: BTreeMap<String, String>,
    /// The number.
    pub(crate) value: f64,
    /// Its own time, as written: seconds in OpenMetrics, milliseconds in text.
    pub(crate) timestamp: Option<f64>,
}

/// Reads an OpenMetrics 1.0 page.
pub(crate) fn read_openmetrics(text: &str) -> Result<Vec<Series>, String> {
    let page = text.strip_suffix("# EOF\n").ok_or("no `# EOF` at the end")?;
    read(page, true)
}

/// Reads a page of Prometheus text 0.0.4.
pub(crate) fn read_text(text: &str) -> Result<Vec<Series>, String> {
    read(text, false)
}

fn read(page: &str, openmetrics: bool) -> Result<Vec<Series>, String> {
    if !page.is_empty() && !page.ends_with('\n') {
        return Err("the last line has no end".to_owned());
    }
    let mut reader = Reader { openmetrics, ..Reader::default() };
    for (number, line) in page.split_terminator('\n').enumerate() {
        reader.line(line).map_err(|error| format!("line {}: {error}: {line}", number + 1))?;
    }
    reader.end_family()?;
    Ok(reader.series)
}

#[derive(Default)]
struct Reader {
    openmetrics: bool,
    series: Vec<Series>,
    family: Option<Family>,
    /// Family and sample names that are spoken for.
    names: HashSet<String>,
}

struct Family {
    name: String,
    kind: Option<String>,
    metadata: HashSet<String>,
    samples: Vec<Series>,
    /// Position of the last sample of each series.
    seen: HashMap<String, usize>,
    /// Label sets that were left again.
    left: HashSet<String>,
}

impl Reader {
    fn line(&mut self, line: &str) -> Result<(), String> {
        if line.is_empty() || line.ends_with([' ', '\r', '\t']) {
            return Err("empty, or space at the end".to_owned());
        }
        match line.strip_prefix('#') {
            Some(rest) => self.metadata(rest.strip_prefix(' ').ok_or("one space belongs after #")?),
            None => self.sample(line),
        }
    }

    fn metadata(&mut self, text: &str) -> Result<(), String> {
        let mut parts = text.splitn(3, ' ');
        let mut next = || parts.next().ok_or("incomplete metadata");
        let (keyword, name, value) = (next()?, next()?, next()?);
        if !is_name(name, true) {
            return Err("not a metric name".to_owned());
        }
        if self.family.as_ref().is_none_or(|family| family.name != name) {
            self.end_family()?;
            self.family = Some(Family::new(name));
        }
        let (family, openmetrics) = (self.family.as_mut().ok_or("no family")?, self.openmetrics);
        if !family.samples.is_empty() {
            return Err("metadata after samples, or a family twice".to_owned());
        }
        if !family.metadata.insert(keyword.to_owned()) {
            return Err(format!("{keyword} twice"));
        }
        match keyword {
            "HELP" => unescape(value, if openmetrics { "n\"\\" } else { "n\\" }, openmetrics).map(drop),
            "TYPE" if suffixes(openmetrics, value).is_some() => {
                family.kind = Some(value.to_owned());
                Ok(())
            }
            "TYPE" => Err("unknown type".to_owned()),
            "UNIT" if openmetrics && name.ends_with(&format!("_{value}")) => Ok(()),
            "UNIT" if openmetrics => Err("the unit does not end the name".to_owned()),
            _ => Err("a comment".to_owned()),
        }
    }

    fn sample(&mut self, line: &str) -> Result<(), String> {
        let (sample, openmetrics) = (parse_sample(line, self.openmetrics)?, self.openmetrics);
        let family = self.family.as_mut().ok_or("a sample without a family")?;
        let kind = family.kind.as_deref().ok_or("a sample without a type")?;
        let suffix = sample.name.strip_prefix(&family.name).ok_or("a sample of another family")?;
        if !suffixes(openmetrics, kind).is_some_and(|suffixes| suffixes.contains(&suffix)) {
            return Err(format!("{kind} has no such sample"));
        }
        if kind == "counter" && !sample.name.ends_with("_total") && !sample.name.ends_with("_created") {
            return Err("a counter that does not end in _total".to_owned());
        }
        check_value(kind, suffix, &sample)?;
        family.add(sample)
    }

    fn end_family(&mut self) -> Result<(), String> {
        let Some(family) = self.family.take() else { return Ok(()) };
        let within = |error: &str| format!("family {}: {error}", family.name);
        let kind = family.kind.as_deref().ok_or_else(|| within("no type"))?;
        if kind == "histogram" {
            check_histogram(&family.samples).map_err(|error| within(&error))?;
        }
        let suffixes = suffixes(self.openmetrics, kind).unwrap_or_default();
        let names = suffixes.iter().map(|suffix| format!("{}{suffix}", family.name)).chain([family.name.clone()]);
        for name in names.collect::<HashSet<_>>() {
            if !self.names.insert(name.clone()) {
                return Err(within(&format!("{name} twice, or split")));
            }
        }
        self.series.extend(family.samples);
        Ok(())
    }
}

impl Family {
    fn new(name: &str) -> Self {
        let (metadata, samples) = (HashSet::new(), Vec::new());
        Self { name: name.to_owned(), kind: None, metadata, samples, seen: HashMap::new(), left: HashSet::new() }
    }

    fn add(&mut self, sample: Series) -> Result<(), String> {
        let here = self.samples.len();
        if let Some(before) = self.seen.insert(format!("{} {:?}", sample.name, sample.labels), here) {
            let ascends = self.samples[before].timestamp < sample.timestamp && self.samples[before].timestamp.is_some();
            if before + 1 != here || !ascends {
                return Err("a series twice".to_owned());
            }
        }
        if let Some(last) = self.samples.last().map(group).filter(|last| *last != group(&sample)) {
            self.left.insert(last);
        }
        if self.left.contains(&group(&sample)) {
            return Err("samples of one label set are not together".to_owned());
        }
        self.samples.push(sample);
        Ok(())
    }
}

/// The labels without those that tell the samples of one metric apart.
fn group(sample: &Series) -> String {
    let own = |name: &&String| !matches!(name.as_str(), "le" | "quantile");
    format!("{:?}", sample.labels.iter().filter(|(name, _)| own(name)).collect::<Vec<_>>())
}

/// The endings of the sample names of this type.
fn suffixes(openmetrics: bool, kind: &str) -> Option<&'static [&'static str]> {
    Some(match (kind, openmetrics) {
        ("gauge", _) | ("unknown" | "stateset", true) | ("untyped" | "counter", false) => &[""],
        ("counter", true) => &["_total", "_created"],
        ("histogram", true) => &["_bucket", "_count", "_sum", "_created"],
        ("histogram", false) => &["_bucket", "_count", "_sum"],
        ("summary", true) => &["", "_count", "_sum", "_created"],
        ("summary", false) => &["", "_count", "_sum"],
        ("gaugehistogram", true) => &["_bucket", "_gcount", "_gsum"],
        ("info", true) => &["_info"],
        _ => return None,
    })
}

fn check_value(kind: &str, suffix: &str, sample: &Series) -> Result<(), String> {
    let (value, le) = (sample.value, sample.labels.contains_key("le"));
    let fits = match kind {
        "counter" => value >= 0.0,
        "info" => value == 1.0,
        "stateset" => value == 0.0 || value == 1.0,
        "histogram" if suffix == "_sum" => !le,
        "histogram" => value >= 0.0 && value.fract() == 0.0 && le == (suffix == "_bucket"),
        _ => !le,
    };
    if fits { Ok(()) } else { Err(format!("not a value or label of a {kind}")) }
}

/// Buckets ascend, are cumulative and end with `+Inf`, which is the count.
fn check_histogram(samples: &[Series]) -> Result<(), String> {
    for metric in samples.chunk_by(|a, b| group(a) == group(b)) {
        let mut last = (f64::NEG_INFINITY, 0.0);
        for bucket in metric.iter().filter(|sample| sample.name.ends_with("_bucket")) {
            let le = number(&bucket.labels["le"])?;
            if le <= last.0 || bucket.value < last.1 {
                return Err("buckets do not ascend".to_owned());
            }
            last = (le, bucket.value);
        }
        let of = |suffix: &str| metric.iter().find(|sample| sample.name.ends_with(suffix)).map(|sample| sample.value);
        if last.0 != f64::INFINITY || of("_count") != Some(last.1) || of("_sum").is_none() {
            return Err("no +Inf bucket, or it is not the count, or no sum".to_owned());
        }
    }
    Ok(())
}

fn parse_sample(line: &str, openmetrics: bool) -> Result<Series, String> {
    let end = line.find(['{', ' ']).ok_or("no value")?;
    let (name, rest) = line.split_at(end);
    if !is_name(name, true) {
        return Err("not a metric name".to_owned());
    }
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(rest) => parse_labels(rest)?,
        None => (BTreeMap::new(), rest),
    };
    let mut parts = rest.strip_prefix(' ').ok_or("one space belongs before the value")?.split(' ');
    let value = number(parts.next().unwrap_or_default())?;
    let timestamp = parts.next().map(|text| if openmetrics { finite(text) } else { whole(text) }).transpose()?;
    if parts.next().is_some() {
        return Err("more than a value and a time".to_owned());
    }
    Ok(Series { name: name.to_owned(), labels, value, timestamp })
}

/// What stands between the braces, and what follows them.
fn parse_labels(mut rest: &str) -> Result<(BTreeMap<String, String>, &str), String> {
    let mut labels = BTreeMap::new();
    if let Some(after) = rest.strip_prefix('}') {
        return Ok((labels, after));
    }
    loop {
        let (name, after) = rest.split_once("=\"").ok_or("a label without a quoted value")?;
        if !is_name(name, false) || name.starts_with("__") {
            return Err(format!("not a label name: {name}"));
        }
        let end = closing_quote(after).ok_or("a label value without an end")?;
        if labels.insert(name.to_owned(), unescape(&after[..end], "n\"\\", true)?).is_some() {
            return Err(format!("label {name} twice"));
        }
        rest = &after[end + 1..];
        match rest.split_at_checked(1) {
            Some((",", after)) => rest = after,
            Some(("}", after)) => return Ok((labels, after)),
            _ => return Err("labels without an end".to_owned()),
        }
    }
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    })
}

fn unescape(text: &str, known: &str, quotes_escaped: bool) -> Result<String, String> {
    let (mut plain, mut chars) = (String::new(), text.chars());
    while let Some(char) = chars.next() {
        match char {
            '\\' => match chars.next().filter(|next| known.contains(*next)) {
                Some('n') => plain.push('\n'),
                Some(next) => plain.push(next),
                None => return Err("an unknown escape".to_owned()),
            },
            '"' if quotes_escaped => return Err("a bare quote".to_owned()),
            char => plain.push(char),
        }
    }
    Ok(plain)
}

fn is_name(text: &str, metric: bool) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || (metric && byte == b':');
    text.bytes().all(fits) && text.bytes().next().is_some_and(|first| !first.is_ascii_digit())
}

fn number(text: &str) -> Result<f64, String> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text).to_ascii_lowercase();
    match unsigned.as_str() {
        "inf" | "infinity" => {}
        "nan" if unsigned.len() == text.len() => {}
        digits if digits.starts_with(|first: char| first.is_ascii_digit() || first == '.') => {}
        _ => return Err(format!("not a number: {text}")),
    }
    text.parse().map_err(|_| format!("not a number: {text}"))
}

fn finite(text: &str) -> Result<f64, String> {
    number(text).and_then(|time| if time.is_finite() { Ok(time) } else { Err("not a time".to_owned()) })
}

fn whole(text: &str) -> Result<f64, String> {
    text.parse::<i64>().map(|millis| millis as f64).map_err(|_| "not a time in milliseconds".to_owned())
}

const GOOD: &str = "# HELP a_seconds Some \\\"help\\\", with \\\\ and \\n.\n# TYPE a_seconds gauge\n# UNIT a_seconds seconds\n\
    a_seconds{x=\"1\",y=\"q\\\"b\\\\n\\n}# {\"} +1.5e-3\na_seconds{x=\"2\"} NaN\na_seconds -Inf\n\
    # TYPE b counter\nb_total{x=\"1\"} 0\nb_total{x=\"2\"} 18446744073709551615\n\
    # TYPE c histogram\nc_sum 1.0\nc_count 3\nc_bucket{le=\"0.1\"} 1\nc_bucket{le=\"+Inf\"} 3\n\
    # TYPE d info\nd_info{v=\"1\"} 1\n# TYPE e gauge\ne 1 1.5\ne 2 2.5\n# TYPE nothing gauge\n# EOF\n";

#[test]
fn a_good_openmetrics_page_is_read() {
    let series = read_openmetrics(GOOD).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(series.len(), 12);
    assert_eq!(series[0].labels["y"], "q\"b\\n\n}# {");
    assert_eq!((series[0].value, series[11].timestamp), (0.0015, Some(2.5)));
    assert_eq!(read_openmetrics("# EOF\n"), Ok(vec![]));
}

#[test]
fn a_good_text_page_is_read() {
    let text = "# HELP b_total A \"b\".\n# TYPE b_total counter\nb_total{x=\"1\"} 0 1700000000000\n# TYPE u untyped\nu 1\n\
        # TYPE c histogram\nc_bucket{le=\"+Inf\"} 3\nc_sum 1\nc_count 3\n";
    assert_eq!(read_text(text).map(|series| series.len()), Ok(5));
    assert_eq!(read_text(""), Ok(vec![]));
}

#[test]
fn bad_pages_of_either_format_are_refused() {
    let gauge = |samples: &str| format!("# TYPE a gauge\n{samples}");
    let histogram = |samples: &str| format!("# TYPE c histogram\n{samples}");
    for page in [
        "\n".to_owned(),
        "a 1\n".to_owned(),
        "# a comment here\n".to_owned(),
        "#TYPE a gauge\n".to_owned(),
        "# HELP a Only help.\na 1\n".to_owned(),
        "# TYPE a gauge\n# TYPE a gauge\n".to_owned(),
        "# TYPE a thing\na 1\n".to_owned(),
        "# TYPE b-c gauge\n".to_owned(),
        "# TYPE a gauge\n# HELP a A \\x.\n".to_owned(),
        gauge("a  1\n"),
        gauge("a 1 \n"),
        gauge("a 1\r\n"),
        gauge("a\t1\n"),
        gauge("a 1\n\na{x=\"1\"} 1\n"),
        gauge("a 1\n# HELP a Late.\n"),
        gauge("a 1\na 1\n"),
        gauge("a{x=\"1\",y=\"2\"} 1\na{y=\"2\",x=\"1\"} 1\n"),
        gauge("a{x=\"1\",x=\"2\"} 1\n"),
        gauge("a{1x=\"1\"} 1\n"),
        gauge("a{x:y=\"1\"} 1\n"),
        gauge("a{__x=\"1\"} 1\n"),
        gauge("a{x=\"1\",} 1\n"),
        gauge("a{x=\"1\"y=\"2\"} 1\n"),
        gauge("a{x=1} 1\n"),
        gauge("a{x=\"\\t\"} 1\n"),
        gauge("a{x=\"1} 1\n"),
        gauge("a{x=\"1\"}1\n"),
        gauge("a{le=\"1\"} 1\n"),
        gauge("a 0x1\n"),
        gauge("a 1_000\n"),
        gauge("a one\n"),
        gauge("a 1 x\n"),
        gauge("a 1 2 3\n"),
        gauge("a_total 1\n"),
        gauge("a 1\n# TYPE b gauge\nb 1\na{x=\"1\"} 1\n"),
        gauge("a 1\n# TYPE b gauge\nb 1\n# TYPE a gauge\n"),
        "# TYPE b counter\nb 1\n".to_owned(),
        histogram("c_bucket{le=\"1\"} 1\nc_count 1\nc_sum 1\n"),
        histogram("c_bucket{le=\"1\"} 2\nc_bucket{le=\"+Inf\"} 1\nc_count 1\nc_sum 1\n"),
        histogram("c_bucket{le=\"2\"} 1\nc_bucket{le=\"1\"} 1\nc_bucket{le=\"+Inf\"} 1\nc_count 1\nc_sum 1\n"),
        histogram("c_bucket{le=\"+Inf\"} 1\nc_count 2\nc_sum 1\n"),
        histogram("c_bucket{le=\"+Inf\"} 1\nc_count 1\n"),
        histogram("c_bucket 1\nc_count 1\nc_sum 1\n"),
        histogram("c 1\n"),
        histogram("c_sum{x=\"1\"} 1\nc_sum{x=\"2\"} 1\nc_count{x=\"1\"} 0\n"),
        gauge("a 1"),
    ] {
        assert!(read_text(&page).is_err(), "text took: {page}");
        assert!(read_openmetrics(&format!("{page}# EOF\n")).is_err(), "openmetrics took: {page}");
    }
}

#[test]
fn what_only_one_format_knows_is_refused_in_the_other() {
    for text in ["# TYPE d info\nd_info 1\n", "# TYPE b counter\nb_total 1\n", "# TYPE a unknown\na 1\n", "# EOF\n"] {
        assert!(read_text(text).is_err(), "text took: {text}");
    }
    let b = "# TYPE b counter\nb_total";
    for page in [
        "# TYPE b_total counter\nb_total 1\n# EOF\n".to_owned(),
        "# TYPE u untyped\nu 1\n# EOF\n".to_owned(),
        "# TYPE a gauge\n# UNIT a seconds\n# EOF\n".to_owned(),
        "# TYPE a gauge\n# HELP a A \"bare\" quote.\n# EOF\n".to_owned(),
        format!("{b} -1\n# EOF\n"),
        format!("{b} NaN\n# EOF\n"),
        format!("{b} 1 # {{}} 1\n# EOF\n"),
        format!("{b} 1\n# TYPE b_total gauge\nb_total 1\n# EOF\n"),
        format!("{b} 1\n"),
        format!("{b} 1\n# EOF"),
        format!("{b} 1\n# EOF\n\n"),
        format!("{b} 1\n# EOF\n# EOF\n"),
        "# TYPE e gauge\ne 1 2\ne 2 1\n# EOF\n".to_owned(),
        "# TYPE e gauge\ne 1 2\ne 2\n# EOF\n".to_owned(),
    ] {
        assert!(read_openmetrics(&page).is_err(), "openmetrics took: {page}");
    }
}
