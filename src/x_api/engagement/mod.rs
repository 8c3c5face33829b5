//! The enterprise Engagement API, `POST /insights/engagement/{totals,28hr,historical}` (x-api.md 1e): contract customers only.
//!
//! Totals have two halves: public numbers of any tweet with the app's token, impressions and engagements of own tweets with the
//! owner's. One foreign tweet in the owner's half costs the whole request.

mod decode;
mod refusal;
#[cfg(test)]
mod tests;
mod types;

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use crate::config::Window;
use crate::model::{Api, Reading, Timestamp, TweetId};
use crate::x_api::backend::Batch;
use crate::x_api::session::{Answered, Inquiry, Session};

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
        let (api, path) = match &self.period {
            Period::Lifetime => (Api::EngagementTotals, "/insights/engagement/totals"),
            Period::LastHours => (Api::Engagement28hr, "/insights/engagement/28hr"),
            Period::Range(_) => (Api::EngagementHistorical, "/insights/engagement/historical"),
        };
        let json = Some(self.body(batch));
        let inquiry = Inquiry { api, credential: batch.credential, path, query: Vec::new(), json, now: batch.now };
        let sent = session.send(&inquiry).await;
        let limits = sent.limits.clone();
        let sent = sent.judged(session, |refused| refusal::judge(refused, batch.tweets, &limits));
        let asked = decode::Asked { tweets: batch.tweets, ask: batch.ask, window: self.window(), now: batch.now };
        sent.read(session, api, |body| decode::decode(body, &asked))
    }

    /// What is posted. Ids are texts (x-api.md section 8, contradiction 20).
    fn body(&self, batch: &Batch<'_>) -> String {
        let ids: Vec<String> = batch.tweets.iter().map(TweetId::to_string).collect();
        let is_total = matches!(self.period, Period::Lifetime);
        let mut body = json!({
            "tweet_ids": ids,
            "engagement_types": types::asked(is_total, batch.ask),
            "groupings": { GROUPING: { "group_by": ["tweet.id", "engagement.type"] } },
        });
        if let Period::Range(window) = &self.period {
            let (start, end) = range(window.length, batch.now);
            body["start"] = start.to_string().into();
            body["end"] = end.to_string().into();
        }
        body.to_string()
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

/// From when to when. X rounds both outward to whole hours, and four weeks are the most: the longest window begins within its first hour.
fn range(length: Duration, now: Timestamp) -> (Timestamp, Timestamp) {
    const FOUR_WEEKS: Duration = Duration::from_secs(28 * 86_400);
    const HOUR: i64 = 3_600;
    let seconds = now.millis().div_euclid(1000);
    let next_hour = Timestamp::from_seconds((seconds + HOUR - 1).div_euclid(HOUR) * HOUR);
    let end = Timestamp::from_seconds(seconds);
    ((end - length).max(next_hour - FOUR_WEEKS), end)
}
