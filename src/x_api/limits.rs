//! Rate-limit headers (X's "Rate Limits"; x-api.md 4.4).

use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};

use crate::model::{RateLimit, RateWindow, Timestamp};

/// The header families: prefix, and the window that they are about. The Engagement API names no end of its minute.
const FAMILIES: [(&str, RateWindow); 4] = [
    ("x-rate-limit", RateWindow::FifteenMinutes),
    ("x-app-limit-24hour", RateWindow::Day),
    ("x-user-limit-24hour", RateWindow::Day),
    ("x-per-minute", RateWindow::Minute),
];

/// What the headers of an answer say, a window each; the tighter one where X sends two for a day.
pub(super) fn rate_limits(headers: &HeaderMap, now: Timestamp) -> Vec<RateLimit> {
    let mut limits: Vec<RateLimit> = Vec::new();
    for (prefix, window) in FAMILIES {
        let Some(limit) = family(headers, prefix, window, now) else { continue };
        match limits.iter_mut().find(|known| known.window == window) {
            Some(known) if limit.remaining < known.remaining => *known = limit,
            Some(_) => {}
            None => limits.push(limit),
        }
    }
    limits
}

fn family(headers: &HeaderMap, prefix: &str, window: RateWindow, now: Timestamp) -> Option<RateLimit> {
    let number = |suffix: &str| -> Option<u64> { headers.get(format!("{prefix}-{suffix}"))?.to_str().ok()?.trim().parse().ok() };
    let (limit, remaining) = (number("limit"), number("remaining"));
    limit.or(remaining)?;
    let reset = match number("reset") {
        Some(seconds) => Some(Timestamp::from_seconds(i64::try_from(seconds).ok()?)),
        None => (window == RateWindow::Minute).then(|| now + window.length()),
    };
    Some(RateLimit { window, limit, remaining, reset })
}

/// When a 429 ends: the latest of the windows that are used up and of `retry-after`. Nothing if no header says it.
pub(super) fn closed_until(headers: &HeaderMap, limits: &[RateLimit], now: Timestamp) -> Option<Timestamp> {
    let used_up = limits.iter().filter(|limit| limit.remaining == Some(0)).filter_map(|limit| limit.reset).max();
    // A 15-minute window that claims to have requests left is still the best guess when no window admits to being used up.
    let window = used_up.or_else(|| limits.iter().find_map(|limit| limit.reset));
    let asked = retry_after(headers, now).map(|pause| now + pause);
    window.max(asked)
}

/// `retry-after`: seconds or an HTTP date (RFC 9110, 10.2.3). Undocumented for X, honoured if present.
pub(super) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    match text.parse::<u64>() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => {
            let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
            Some(Timestamp::from_millis(date.as_millisecond()).since(now))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| ((*name).parse().expect("a name"), value.parse().expect("a value"))).collect()
    }

    #[test]
    fn a_day_that_is_used_up_outlasts_a_quarter_hour_with_requests_left() {
        let now = Timestamp::from_seconds(1_000);
        let headers = headers(&[
            ("x-rate-limit-limit", "15"),
            ("x-rate-limit-remaining", "9"),
            ("x-rate-limit-reset", "1900"),
            ("x-user-limit-24hour-limit", "100"),
            ("x-user-limit-24hour-remaining", "0"),
            ("x-user-limit-24hour-reset", "87000"),
        ]);
        let limits = rate_limits(&headers, now);
        assert_eq!(limits.len(), 2);
        assert_eq!(closed_until(&headers, &limits, now), Some(Timestamp::from_seconds(87_000)));
    }

    #[test]
    fn retry_after_wins_when_it_is_later() {
        let now = Timestamp::from_seconds(1_767_225_600);
        for (text, seconds) in [("120", 120), ("Thu, 01 Jan 2026 00:02:00 GMT", 120)] {
            let headers =
                headers(&[("retry-after", text), ("x-rate-limit-remaining", "0"), ("x-rate-limit-reset", "1767225610")]);
            let limits = rate_limits(&headers, now);
            assert_eq!(closed_until(&headers, &limits, now), Some(now + Duration::from_secs(seconds)), "{text}");
        }
    }

    #[test]
    fn headers_that_say_nothing_give_nothing() {
        let now = Timestamp::from_seconds(0);
        assert_eq!(rate_limits(&headers(&[("x-rate-limit-reset", "5")]), now), []);
        assert_eq!(rate_limits(&headers(&[("x-rate-limit-remaining", "many")]), now), []);
        assert_eq!(closed_until(&headers(&[]), &[], now), None);
    }
}
