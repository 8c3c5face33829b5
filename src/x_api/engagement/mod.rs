//! The enterprise Engagement API, `POST /insights/engagement/{totals,28hr,historical}` (x-api.md 1e): contract customers only.
//!
//! Totals have two halves: public numbers of any tweet with the app's token, impressions and engagements of own tweets with the
//! owner's. One foreign tweet in the owner's half costs the whole request.

mod decode;
mod refusal;
mod series;
#[cfg(test)]
mod tests;
mod types;

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use crate::config::Window;
use crate::model::{Api, History, Reading, Step, Stretch, Timestamp, TweetId};
use crate::x_api::backend::Batch;
use crate::x_api::session::{Answered, Inquiry, Sent, Session};

/// One endpoint of the Engagement API for one account.
pub struct Engagement {
    period: Period,
}

/// Which stretch of a tweet's life is asked for.
enum Period {
    /// `totals`
    Lifetime,
    /// `28hr`
    LastHours,
    /// `historical`
    Range(Window),
}

/// Name of our grouping: a key of the answer, beside X's own.
const GROUPING: &str = "xm_by_post";

impl Engagement {
    /// `POST /insights/engagement/totals`
    pub fn totals() -> Self {
        Self { period: Period::Lifetime }
    }

    /// `POST /insights/engagement/28hr`
    pub fn last_28_hours() -> Self {
        Self { period: Period::LastHours }
    }

    /// `POST /insights/engagement/historical` over this window, at most four weeks.
    pub fn historical(window: Window) -> Self {
        Self { period: Period::Range(window) }
    }

    /// Reads one batch of at most 250 tweets, or 25 inside a window, with one request.
    pub async fn read(&self, session: &Session, batch: &Batch<'_>) -> Answered<Reading> {
        let sent = self.send(session, batch, self.body(batch)).await;
        let asked = decode::Asked { tweets: batch.tweets, ask: batch.ask, window: self.window(), step: None, now: batch.now };
        sent.read(session, self.place().0, |body| decode::decode(body, &asked).map(|decoded| decoded.map(|found| found.reading)))
    }

    /// Reads the buckets of one batch, of at most four weeks.
    pub async fn read_history(&self, session: &Session, batch: &Batch<'_>, stretch: &Stretch) -> Answered<History> {
        let step = Some(stretch.step);
        let body = asked_for(batch, types::asked(false, batch.ask), step, Some((stretch.start, stretch.end)));
        let sent = self.send(session, batch, body).await;
        let asked = decode::Asked { tweets: batch.tweets, ask: batch.ask, window: None, step, now: batch.now };
        sent.read(session, self.place().0, |body| decode::decode(body, &asked))
    }

    async fn send(&self, session: &Session, batch: &Batch<'_>, json: String) -> Sent {
        let (api, path) = self.place();
        let json = Some(json);
        let inquiry = Inquiry { api, credential: batch.credential, path, query: Vec::new(), json, now: batch.now };
        let sent = session.send(&inquiry).await;
        let limits = sent.limits.clone();
        sent.judged(session, |refused| refusal::judge(refused, batch.tweets, &limits))
    }

    fn place(&self) -> (Api, &'static str) {
        match &self.period {
            Period::Lifetime => (Api::EngagementTotals, "/insights/engagement/totals"),
            Period::LastHours => (Api::Engagement28hr, "/insights/engagement/28hr"),
            Period::Range(_) => (Api::EngagementHistorical, "/insights/engagement/historical"),
        }
    }

    fn body(&self, batch: &Batch<'_>) -> String {
        let types = types::asked(matches!(self.period, Period::Lifetime), batch.ask);
        let range = match &self.period {
            Period::Range(window) => Some(range(window.length, batch.now)),
            Period::Lifetime | Period::LastHours => None,
        };
        asked_for(batch, types, None, range)
    }

    /// The `window` label; nothing for a lifetime.
    fn window(&self) -> Option<Arc<str>> {
        match &self.period {
            Period::Lifetime => None,
            Period::LastHours => Some("28h".into()),
            Period::Range(window) => Some(window.text.clone()),
        }
    }
}

/// What is posted. Ids are texts (x-api.md section 8, contradiction 20). Hours without days were documented in two ways: both levels
/// are asked for.
fn asked_for(batch: &Batch<'_>, types: Vec<&str>, step: Option<Step>, range: Option<(Timestamp, Timestamp)>) -> String {
    let ids: Vec<String> = batch.tweets.iter().map(TweetId::to_string).collect();
    let group_by: &[&str] = match step {
        None => &["tweet.id", "engagement.type"],
        Some(Step::Day) => &["tweet.id", "engagement.type", "engagement.day"],
        Some(Step::Hour) => &["tweet.id", "engagement.type", "engagement.day", "engagement.hour"],
    };
    let mut body = json!({ "tweet_ids": ids, "engagement_types": types, "groupings": { GROUPING: { "group_by": group_by } } });
    if let Some((start, end)) = range {
        body["start"] = start.to_string().into();
        body["end"] = end.to_string().into();
    }
    body.to_string()
}

/// From when to when. X rounds both outward to whole hours, and four weeks are the most: the longest window begins within its first hour.
fn range(length: Duration, now: Timestamp) -> (Timestamp, Timestamp) {
    const FOUR_WEEKS: Duration = Duration::from_secs(28 * 86_400);
    const HOUR: i64 = 3_600;
    let seconds = now.millis().div_euclid(1000);
    let next_hour = Timestamp::from_seconds((seconds + HOUR - 1).div_euclid(HOUR) * HOUR);
    let end = Timestamp::from_seconds(seconds);
    ((end - length).max(next_hour - FOUR_WEEKS), end)
}
