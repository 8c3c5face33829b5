//! `rate_limit`: one request an interval, so many at once. Its interval is a duration of Go, not of Prometheus.

use std::time::Duration;

use crate::config::node::{Kind, Value};
use crate::config::schema;
use crate::config::section::{Field, shown};

/// A bucket of tokens, one of which each request takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// A token is added so often.
    pub interval: Duration,
    /// So many are kept.
    pub burst: u32,
}

/// Reads the section; an interval of 0 means no limit.
pub(super) fn read(field: &Field<'_>) -> Option<Option<RateLimit>> {
    let section = field.section(&schema::WEB_RATE)?;
    let interval = section.or("interval", Duration::ZERO, interval);
    let burst = section.or("burst", 0, |field| field.count(0, u64::from(u32::MAX)));
    let (interval, burst) = (interval?, burst?);
    if interval.is_zero() {
        return Some(None);
    }
    const WITHOUT: &str = "no request is answered; write how many may come at once, such as 20";
    match (u32::try_from(burst), section.field("burst")) {
        (Ok(burst @ 1..), _) => Some(Some(RateLimit { interval, burst })),
        (_, Some(field)) => field.refuse(format!("must be at least 1, got {burst}: with none {WITHOUT}")),
        (_, None) => section.missing("burst", &format!("without it {WITHOUT}")),
    }
}

fn interval(field: &Field<'_>) -> Option<Duration> {
    field.untagged()?;
    let advice = "write one such as 1s, 100ms or 1.5m, or 0 for no limit";
    match &field.node.value {
        Value::Scalar(Kind::Number, text) if text == "0" => Some(Duration::ZERO),
        Value::Scalar(Kind::Number, text) => field.refuse(format!("{} has no unit; {advice}", shown(text))),
        Value::Scalar(Kind::Text, text) => {
            go_duration(text).or_else(|| field.refuse(format!("{} is no duration; {advice}", shown(text))))
        }
        _ => field.refuse(format!("expected a duration, found {}; {advice}", field.found())),
    }
}

/// Numbers with units, largest first or not: `1h30m`, `1.5s`, `100ms`. No sign: time does not go backwards.
fn go_duration(text: &str) -> Option<Duration> {
    const UNITS: [(&str, f64); 8] =
        [("ns", 1e-9), ("us", 1e-6), ("µs", 1e-6), ("μs", 1e-6), ("ms", 1e-3), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];
    let (mut rest, mut seconds) = (text, 0.0);
    while !rest.is_empty() {
        let end = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let number: f64 = rest[..end].parse().ok()?;
        rest = &rest[end..];
        let unit = rest.find(|letter: char| letter.is_ascii_digit() || letter == '.').unwrap_or(rest.len());
        seconds += number * UNITS.iter().find(|(name, _)| *name == &rest[..unit])?.1;
        rest = &rest[unit..];
    }
    if text.is_empty() { None } else { Duration::try_from_secs_f64(seconds).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_those_of_go() {
        for (text, expected) in [
            ("1s", Some(1_000)),
            ("100ms", Some(100)),
            ("1.5m", Some(90_000)),
            ("1h30m", Some(5_400_000)),
            (".5s", Some(500)),
            ("2000us", Some(2)),
            ("", None),
            ("1", None),
            ("s", None),
            ("-1s", None),
            ("1d", None),
            ("1 s", None),
            ("1..5s", None),
            ("1e400h", None),
        ] {
            assert_eq!(go_duration(text), expected.map(Duration::from_millis), "{text}");
        }
    }
}
