//! Durations as Prometheus users write them: `30s`, `5m`, `6h`, `7d`, `1h30m`.

use std::fmt;
use std::time::Duration;

/// Why a text is not a duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DurationError;

/// The units, largest first, in milliseconds. No `y` and no `M`: neither has a fixed length.
const UNITS: [(&str, u64); 6] = [("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Reads a duration in Prometheus' grammar: whole numbers with units, each unit at most once, largest first.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let mut rest = text;
    let mut units = UNITS.iter();
    let mut millis: u64 = 0;
    while !rest.is_empty() || millis == 0 && rest == text {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = rest[..digits].parse().map_err(|_| DurationError)?;
        rest = &rest[digits..];
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (_, size) = units.find(|(unit, _)| *unit == &rest[..letters]).ok_or(DurationError)?;
        rest = &rest[letters..];
        millis = number.checked_mul(*size).and_then(|part| millis.checked_add(part)).ok_or(DurationError)?;
    }
    Ok(Duration::from_millis(millis))
}

/// Writes a duration the way [`parse_duration`] reads it; parts below a millisecond are cut.
pub fn format_duration(duration: Duration) -> String {
    let mut rest = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let mut text = String::new();
    for (unit, size) in UNITS.iter().skip(1) {
        if rest >= *size {
            text.push_str(&format!("{}{unit}", rest / size));
            rest %= size;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

impl fmt::Display for DurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a duration; write a number with a unit, such as 30s, 5m, 6h or 7d")
    }
}

impl std::error::Error for DurationError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prometheus_durations_are_read_and_written_back() {
        for (text, seconds) in [("30s", 30), ("5m", 300), ("6h", 21_600), ("7d", 604_800), ("1h30m", 5_400), ("0s", 0)] {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)), "{text}");
            assert_eq!(format_duration(Duration::from_secs(seconds)), text);
        }
        assert_eq!(parse_duration("1w"), parse_duration("7d"));
        assert_eq!(parse_duration("1500ms"), Ok(Duration::from_millis(1500)));
    }

    #[test]
    fn everything_else_is_refused() {
        for text in
            ["", "5", "m", "1M", "5 m", " 5m", "5m ", "-5m", "1.5h", "30m1h", "1m1m", "5 minutes", "99999999999999999999d", "1y"]
        {
            assert_eq!(parse_duration(text), Err(DurationError), "{text}");
        }
    }
}
