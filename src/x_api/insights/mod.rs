//! `GET /2/insights/28hr` and `GET /2/insights/historical` (x-api.md 1c): numbers of own tweets inside a window. X's OpenAPI has them no
//! more since 2.167; whoever still can may read them.

mod decode;
mod metrics;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use crate::config::Window;
use crate::model::{Api, Billed, Failure, History, Reading, Scope, Step, Stretch, Timestamp, TweetId};
use crate::self_metrics::ErrorReason;
use crate::x_api::backend::{Batch, comma};
use crate::x_api::error::ApiError;
use crate::x_api::forms::{Form, Forms};
use crate::x_api::session::{Answered, Inquiry, Refused, Sent, Session};

/// The insights of one account over one window.
pub struct Insights {
    period: Period,
    forms: Forms,
}

enum Period {
    /// The trailing 28 hours: X's own window, which no parameter names.
    LastHours,
    Range(Window),
}

impl Insights {
    /// `GET /2/insights/28hr`
    pub fn last_28_hours() -> Self {
        Self { period: Period::LastHours, forms: Forms::default() }
    }

    /// `GET /2/insights/historical` over this window.
    pub fn historical(window: Window) -> Self {
        Self { period: Period::Range(window), forms: Forms::default() }
    }

    /// In which form X wants its requests.
    pub(super) fn forms(&self) -> (Api, &Forms) {
        (self.api(), &self.forms)
    }

    /// Reads one batch of at most 25 tweets with one request; with a second one, whose lists are written the other way, when X calls
    /// the request wrong before it ever answered one (x-api.md section 8, contradiction 13).
    pub async fn read(&self, session: &Session, batch: &Batch<'_>) -> Answered<Reading> {
        let api = self.api();
        let sent = self.send(session, batch, None).await.judged(session, judge);
        let scope = Scope::Window(self.window());
        sent.read(session, api, |body| decode::decode(body, batch.tweets, &scope, batch.now))
    }

    /// Reads the buckets of one batch.
    pub async fn read_history(&self, session: &Session, batch: &Batch<'_>, stretch: &Stretch) -> Answered<History> {
        let sent = self.send(session, batch, Some(stretch)).await.judged(session, judge);
        sent.read(session, self.api(), |body| decode::decode_history(body, batch.tweets, batch.now))
    }

    async fn send(&self, session: &Session, batch: &Batch<'_>, stretch: Option<&Stretch>) -> Sent {
        let form = self.forms.first();
        let first = self.once(session, batch, stretch, form).await;
        let other = self.forms.after_doubt(form, batch.now).filter(|_| is_wrong(&first, batch));
        let Some(other) = other else { return self.learn(form, first) };
        let second = self.once(session, batch, stretch, other).await;
        if second.result.is_ok() {
            return self.learn(other, second);
        }
        // The second form was a guess: what X says of it (a signature over repeated names, for one) counts for nothing.
        self.forms.both_refused(batch.now);
        first
    }

    /// What was answered was understood: no request is wrong for its lists from now on.
    fn learn(&self, form: Form, sent: Sent) -> Sent {
        if sent.result.is_ok() {
            if self.forms.remember(form) {
                tracing::info!(api = self.api().name(), "X wants a parameter for each tweet; sending it so from now on");
            }
            self.forms.close();
        }
        sent
    }

    async fn once(&self, session: &Session, batch: &Batch<'_>, stretch: Option<&Stretch>, form: Form) -> Sent {
        let ids: Vec<String> = batch.tweets.iter().map(TweetId::to_string).collect();
        let (all_ids, all_metrics) = (comma(&ids), metrics::NAMES.map(|(name, _)| name).join(","));
        let mut query: Vec<(&str, &str)> = match form {
            Form::Usual => vec![("tweet_ids", &all_ids), ("requested_metrics", &all_metrics)],
            Form::Other => {
                let metrics = metrics::NAMES.iter().map(|(name, _)| ("requested_metrics", *name));
                ids.iter().map(|id| ("tweet_ids", id.as_str())).chain(metrics).collect()
            }
        };
        query.extend([("granularity", granularity(stretch)), ("engagement.fields", "errors,measurement")]);
        let range = stretch.map(|stretch| [stretch.start, stretch.end]).or_else(|| self.range(batch));
        let range = range.map(|moments| moments.map(|moment| moment.to_string()));
        if let Some([start, end]) = &range {
            query.extend([("start_time", start.as_str()), ("end_time", end.as_str())]);
        }
        let path = match self.period {
            Period::LastHours => "/2/insights/28hr",
            Period::Range(_) => "/2/insights/historical",
        };
        session.send(&Inquiry { api: self.api(), credential: batch.credential, path, query, json: None, now: batch.now }).await
    }

    fn range(&self, batch: &Batch<'_>) -> Option<[Timestamp; 2]> {
        let Period::Range(window) = &self.period else { return None };
        let end = batch.now - Duration::from_millis(batch.now.millis().rem_euclid(1000).unsigned_abs());
        Some([end - window.length, end])
    }

    fn api(&self) -> Api {
        match self.period {
            Period::LastHours => Api::Insights28hr,
            Period::Range(_) => Api::InsightsHistorical,
        }
    }

    fn window(&self) -> Arc<str> {
        match &self.period {
            Period::LastHours => "28h".into(),
            Period::Range(window) => window.text.clone(),
        }
    }
}

fn granularity(stretch: Option<&Stretch>) -> &'static str {
    match stretch.map(|stretch| stretch.step) {
        None => "Total",
        Some(Step::Hour) => "Hourly",
        Some(Step::Day) => "Daily",
    }
}

/// X dislikes the request as such; 400 also covers money and keys. Where it names some of the ids, it understood the list.
fn is_wrong(sent: &Sent, batch: &Batch<'_>) -> bool {
    let Some(refused) = sent.result.as_ref().err().filter(|refused| refused.status == Some(400)) else { return false };
    let Failure::Invalid { culprits } = &refused.error.failure else { return false };
    let named = batch.tweets.iter().filter(|id| culprits.iter().any(|(culprit, _)| culprit == *id)).count();
    refused.error.reason == ErrorReason::InvalidRequest && (named == 0 || named == batch.tweets.len())
}

/// The system may be gone, or closed to this app: both are lasting. Money and revoked keys come as 403, too; one that says nothing may
/// be for a tweet of somebody else.
fn judge(refused: &Refused) -> Option<ApiError> {
    let (reason, why) = match refused.status? {
        404 | 410 if refused.error.reason != ErrorReason::PaymentRefused => (ErrorReason::Retired, "X serves insights no more"),
        403 if refused.problem.is_about_enrolment() => (ErrorReason::NotEnrolled, "this app may not read insights"),
        403 if refused.error.failure == Failure::Forbidden && !refused.problem.is_about_credential() => {
            return Some(ApiError { failure: Failure::Doubtful, ..refused.error.clone() });
        }
        _ => return None,
    };
    let detail = format!("{why}: {}", refused.error.detail);
    Some(ApiError { failure: Failure::Closed, reason, detail, billed: Billed::No })
}
