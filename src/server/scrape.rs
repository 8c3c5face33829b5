//! The page for Prometheus.

use std::borrow::Cow;
use std::time::Duration;

use hyper::StatusCode;
use hyper::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, HeaderMap, HeaderName, VARY};
use tokio::time::Instant;

use crate::exposition::{Pieces, accepts_gzip, negotiate};
use crate::server::Server;
use crate::server::reply::{Reply, holding, reply, text, with};

/// Answers a scrape with the newest numbers; the scrape's time left bounds how long it waits for them.
pub(super) async fn metrics(server: &Server, headers: &HeaderMap) -> Reply {
    let start = Instant::now();
    let reply = page(server, headers, start).await;
    server.metrics.scraped(reply.status() == StatusCode::OK, start.elapsed());
    reply
}

async fn page(server: &Server, headers: &HeaderMap, start: Instant) -> Reply {
    let Ok(place) = server.scrapes.clone().try_acquire_owned() else {
        return text(StatusCode::SERVICE_UNAVAILABLE, "too many scrapes at a time");
    };
    let snapshot = server.handle.scrape(start + patience(headers)).await;
    let negotiated = negotiate(list(headers, ACCEPT).as_deref());
    let gzip = accepts_gzip(list(headers, ACCEPT_ENCODING).as_deref());
    let pieces = Pieces::of_page(&snapshot.page, &server.own, negotiated.format, gzip);
    let reply = reply(StatusCode::OK, negotiated.content_type, pieces);
    let reply = if gzip { with(reply, CONTENT_ENCODING, "gzip") } else { reply };
    holding(with(reply, VARY, "Accept, Accept-Encoding"), place)
}

/// A header that is a list may come in several lines.
pub(super) fn list(headers: &HeaderMap, name: HeaderName) -> Option<Cow<'_, str>> {
    let mut lines = headers.get_all(name).iter().filter_map(|line| line.to_str().ok());
    let first = Cow::Borrowed(lines.next()?);
    Some(lines.fold(first, |all, line| Cow::Owned(format!("{all},{line}"))))
}

/// How long this scrape may wait for X: what Prometheus grants, less half a second for the way.
pub(super) fn patience(headers: &HeaderMap) -> Duration {
    /// Prometheus' default `scrape_timeout`.
    const USUAL: f64 = 10.0;
    const WAY: f64 = 0.5;
    /// Nobody who says more holds a place for longer.
    const MOST: f64 = 300.0;
    let granted = headers.get("x-prometheus-scrape-timeout-seconds").and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let granted = granted.filter(|seconds: &f64| *seconds > 0.0).unwrap_or(USUAL);
    Duration::from_secs_f64((granted - WAY).clamp(0.0, MOST))
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    #[test]
    fn a_scrape_waits_half_a_second_less_than_it_was_granted() {
        for (header, seconds) in [
            ("10", 9.5),
            ("2.5", 2.0),
            (" 60.000000 ", 59.5),
            ("0.5", 0.0),
            ("0.001", 0.0),
            ("0", 9.5),
            ("-3", 9.5),
            ("NaN", 9.5),
            ("soon", 9.5),
            ("", 9.5),
            ("inf", 300.0),
            ("1e308", 300.0),
        ] {
            let header = HeaderValue::from_str(header).expect("printable");
            let headers =
                HeaderMap::from_iter([(HeaderName::from_static("x-prometheus-scrape-timeout-seconds"), header.clone())]);
            assert_eq!(patience(&headers), Duration::from_secs_f64(seconds), "{header:?}");
        }
        assert_eq!(patience(&HeaderMap::new()), Duration::from_secs_f64(9.5));
    }
}
