//! Moments, spans and amounts as people read them.

use std::time::Duration;

use crate::model::{Timestamp, format_duration};
use crate::server::status::html::Html;

/// A span in its two largest units.
pub(super) fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let unit = match seconds {
        0..3_600 => 1,
        3_600..86_400 => 60,
        _ => 3_600,
    };
    format_duration(Duration::from_secs(seconds / unit * unit))
}

/// How far a moment is from now, with the moment itself for whoever points at it, and for machines.
pub(super) fn moment(html: &mut Html, at: Timestamp, now: Timestamp) {
    html.raw("<time datetime=\"").text(at).raw("\" title=\"").text(at).raw("\">");
    let is_now = at.since(now).max(now.since(at)) < Duration::from_secs(1);
    if is_now {
        html.raw("now");
    } else if at > now {
        html.raw("in ").text(span(at.since(now)));
    } else {
        html.text(span(now.since(at))).raw(" ago");
    }
    html.raw("</time>");
}

/// The same, or a dash.
pub(super) fn moment_or_dash(html: &mut Html, at: Option<Timestamp>, now: Timestamp) {
    match at {
        Some(at) => moment(html, at, now),
        None => drop(html.raw("–")),
    }
}

/// A count with its thousands apart.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// US dollars, to the tenth of a cent: what the cheapest read costs.
pub(super) fn usd(amount: f64) -> String {
    format!("${amount:.3}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_people() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567"), (123_456, "123,456")] {
            assert_eq!(count(number), text);
        }
        for (seconds, text) in [(0, "0s"), (61, "1m1s"), (3_661, "1h1m"), (90_061, "1d1h"), (86_400, "1d")] {
            assert_eq!(span(Duration::from_secs(seconds)), text);
        }
        assert_eq!(usd(12.3456), "$12.346");
    }

    #[test]
    fn moments_are_told_from_now() {
        let now = Timestamp::from_seconds(1_767_225_600);
        let mut html = Html::default();
        moment(&mut html, now + Duration::from_secs(90), now);
        moment(&mut html, now, now);
        let html = html.done();
        assert!(
            html.contains("<time datetime=\"2026-01-01T00:01:30Z\" title=\"2026-01-01T00:01:30Z\">in 1m30s</time>"),
            "{html}"
        );
        assert!(html.ends_with(">now</time>"), "{html}");
    }
}
