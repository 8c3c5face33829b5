//! `GET /2/tweets/analytics` and `GET /2/media/analytics` (x-api.md 1b): numbers inside a window, of own tweets and of their videos,
//! for apps that are enrolled.

mod decode;
mod fields;
mod media;
mod refusal;
mod tweets;

use std::time::Duration;

pub(super) use media::MediaAnalytics;
pub(super) use tweets::TweetAnalytics;

use crate::config::Span;
use crate::model::{Api, Scope, Step, Stretch, Timestamp, TweetId};
use crate::x_api::backend::Batch;
use crate::x_api::forms::{Form, Forms};
use crate::x_api::session::{Inquiry, Sent, Session};
use crate::x_api::timeline::FIRST_MOMENT;

/// What differs between the two.
struct Endpoint {
    api: Api,
    path: &'static str,
    /// Parameter of the ids or keys.
    ids: &'static str,
    /// Parameter of the fields.
    selector: &'static str,
    /// What stands in it.
    fields: &'static str,
    /// What older servers know of that, if less.
    older: Option<&'static str>,
}

/// What time a request is about.
struct Period {
    start: Timestamp,
    end: Timestamp,
    granularity: &'static str,
}

impl From<&Stretch> for Period {
    fn from(stretch: &Stretch) -> Self {
        let granularity = match stretch.step {
            Step::Hour => "hourly",
            Step::Day => "daily",
        };
        Self { start: stretch.start, end: stretch.end, granularity }
    }
}

/// Sends requests for one span of time.
struct Asker {
    endpoint: Endpoint,
    span: Span,
    forms: Forms,
}

impl Asker {
    fn new(endpoint: Endpoint, span: Span) -> Self {
        Self { endpoint, span, forms: Forms::default() }
    }

    /// In which form X wants its requests.
    fn forms(&self) -> (Api, &Forms) {
        (self.endpoint.api, &self.forms)
    }

    /// What its numbers cover.
    fn scope(&self) -> Scope {
        match &self.span {
            Span::Lifetime => Scope::Total,
            Span::Window(window) => Scope::Window(window.text.clone()),
        }
    }

    /// Sends one request for the span; see [`Self::send_over`].
    async fn send(&self, session: &Session, batch: &Batch<'_>, ids: &str) -> Sent {
        let (start, end) = range(&self.span, batch.tweets, batch.now);
        self.send_over(session, batch, ids, &Period { start, end, granularity: "total" }).await
    }

    /// Sends one request; a second one, without the newer fields, when X does not know them all.
    async fn send_over(&self, session: &Session, batch: &Batch<'_>, ids: &str, period: &Period) -> Sent {
        let form = self.forms.first();
        let first = self.once(session, batch, (ids, period), form).await;
        let may_repeat = self.endpoint.older.is_some() && self.is_unknown(&first);
        let Some(other) = self.forms.after(form).filter(|_| may_repeat) else { return first };
        let second = self.once(session, batch, (ids, period), other).await;
        if self.is_unknown(&second) {
            self.forms.close();
        } else if second.result.is_ok() && self.forms.remember(other) {
            tracing::info!(api = self.endpoint.api.name(), "X knows not all fields; asking for fewer from now on");
        }
        second
    }

    async fn once(&self, session: &Session, batch: &Batch<'_>, (ids, period): (&str, &Period), form: Form) -> Sent {
        let (start, end) = (period.start.to_string(), period.end.to_string());
        let fields = self.endpoint.older.filter(|_| form == Form::Other).unwrap_or(self.endpoint.fields);
        let query = vec![
            (self.endpoint.ids, ids),
            ("start_time", start.as_str()),
            ("end_time", end.as_str()),
            ("granularity", period.granularity),
            (self.endpoint.selector, fields),
        ];
        let Endpoint { api, path, .. } = self.endpoint;
        session.send(&Inquiry { api, credential: batch.credential, path, query, json: None, now: batch.now }).await
    }

    fn is_unknown(&self, sent: &Sent) -> bool {
        let selector = self.endpoint.selector;
        sent.result.as_ref().is_err_and(|refused| refused.status == Some(400) && refused.problem.blames(selector))
    }
}

/// From when to when; to the second, because X takes no fraction.
fn range(span: &Span, tweets: &[TweetId], now: Timestamp) -> (Timestamp, Timestamp) {
    let second = |moment: Timestamp| Timestamp::from_seconds(moment.millis().div_euclid(1000));
    let end = second(now);
    let start = match span {
        Span::Window(window) => end - window.length,
        // The oldest is older than every other moment where its id carries none.
        Span::Lifetime => {
            let oldest = tweets.iter().map(|id| id.created().unwrap_or(Timestamp::MIN)).min();
            second(oldest.unwrap_or(FIRST_MOMENT).max(FIRST_MOMENT))
        }
    };
    // A tweet of this very second has no range yet.
    (second(start.max(FIRST_MOMENT)).min(end - Duration::from_secs(1)), end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Window;

    #[test]
    fn a_range_has_whole_seconds_and_a_beginning_before_its_end() {
        let id = |text: &str| text.parse::<TweetId>().expect("an id");
        let week = Span::Window(Window { text: "7d".into(), length: Duration::from_secs(7 * 86_400) });
        let ages = Span::Window(Window { text: "90000d".into(), length: Duration::from_secs(90_000 * 86_400) });
        let (new, old, ancient) = (id("1700000000000000001"), id("1346889436626259968"), id("20"));
        for (span, tweets, now, start, end) in [
            (&week, vec![new], "2026-01-31T00:00:00.999Z", "2026-01-24T00:00:00Z", "2026-01-31T00:00:00Z"),
            (&ages, vec![new], "2026-01-31T00:00:00Z", "2010-11-06T00:00:00Z", "2026-01-31T00:00:00Z"),
            (&Span::Lifetime, vec![new, old], "2026-01-31T00:00:00Z", "2021-01-06T18:40:40Z", "2026-01-31T00:00:00Z"),
            (&Span::Lifetime, vec![new, ancient], "2026-01-31T00:00:00Z", "2010-11-06T00:00:00Z", "2026-01-31T00:00:00Z"),
            (&Span::Lifetime, vec![new], "2023-09-08T04:15:59.5Z", "2023-09-08T04:15:58Z", "2023-09-08T04:15:59Z"),
        ] {
            let (from, to) = range(span, &tweets, now.parse().expect("RFC 3339"));
            assert_eq!((from.to_string().as_str(), to.to_string().as_str()), (start, end), "{now}");
        }
    }
}
