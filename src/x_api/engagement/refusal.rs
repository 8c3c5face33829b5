//! What the Engagement API's errors mean. They are plain texts, come with any status, and some name the ids that cost the request.

use crate::model::{Billed, Failure, RateLimit, Refusal, TweetId};
use crate::self_metrics::ErrorReason;
use crate::x_api::answer::{self, Object, Scan, given};
use crate::x_api::error::ApiError;
use crate::x_api::session::Refused;

/// The lists of tweets beside the numbers.
#[derive(Debug, Default)]
pub(super) struct Lists {
    pub(super) unavailable: Vec<TweetId>,
    pub(super) without_video_views: Vec<TweetId>,
    pub(super) without_impressions: Vec<TweetId>,
}

impl Lists {
    /// Reads all three; ids are texts, and were numbers once.
    pub(super) fn read(body: &Object<'_>) -> Self {
        let list = |name| {
            let items = Scan::default().list(given(body, name));
            items.into_iter().filter_map(|raw| raw.get().trim_matches('"').parse().ok()).collect()
        };
        Self {
            unavailable: list("unavailable_tweet_ids"),
            without_video_views: list("unsupported_for_video_views_tweet_ids"),
            without_impressions: list("unsupported_for_impressions_engagements_tweet_ids"),
        }
    }
}

/// Judges an answer other than 200 anew; nothing where the generic judgement holds.
pub(super) fn judge(refused: &Refused, asked: &[TweetId], limits: &[RateLimit]) -> Option<ApiError> {
    // Money first, and a 429 knows its end.
    if refused.status.is_none_or(|status| status == 429) || refused.error.reason == ErrorReason::PaymentRefused {
        return None;
    }
    let body = answer::body(&refused.body).ok()?;
    let mut error = of_texts(&body, asked).or_else(|| unnamed(refused, &body))?;
    if let Failure::RateLimited { until } = &mut error.failure {
        *until = limits.iter().filter(|limit| limit.remaining == Some(0)).filter_map(|limit| limit.reset).max();
    }
    error.detail = refused.error.detail.clone();
    Some(error)
}

/// A "Forbidden" that says nothing of the app or of metrics: it may be a tweet of somebody else.
fn unnamed(refused: &Refused, body: &Object<'_>) -> Option<ApiError> {
    let says = texts(body).iter().any(|text| text.to_ascii_lowercase().starts_with("forbidden"));
    let failure = Failure::Invalid { culprits: Vec::new() };
    (refused.status == Some(403) && says).then(|| ApiError { failure, ..refused.error.clone() })
}

/// `errors`, as far as they are texts.
pub(super) fn texts(body: &Object<'_>) -> Vec<String> {
    let list = Scan::default().list(given(body, "errors"));
    list.into_iter().filter_map(|raw| serde_json::from_str(raw.get()).ok()).collect()
}

/// What the texts say of the request, whatever its status; nothing if they say nothing that is known.
pub(super) fn of_texts(body: &Object<'_>, asked: &[TweetId]) -> Option<ApiError> {
    let texts = texts(body);
    let (failure, reason) = meaning(body, &texts, asked)?;
    Some(ApiError { failure, reason, detail: texts.join("; "), billed: Billed::No })
}

fn meaning(body: &Object<'_>, texts: &[String], asked: &[TweetId]) -> Option<(Failure, ErrorReason)> {
    let lower: Vec<String> = texts.iter().map(|text| text.to_ascii_lowercase()).collect();
    let says = |words: &str| lower.iter().any(|text| text.contains(words));
    if says("could not be authenticated") {
        return Some((Failure::CredentialRefused, ErrorReason::CredentialRefused));
    }
    if says("application id") || says("app id") && says("authori") {
        return Some((Failure::Closed, ErrorReason::NotEnrolled));
    }
    if says("rate limit") {
        return Some((Failure::RateLimited { until: None }, ErrorReason::RateLimited));
    }
    if says("forbidden to access metrics") {
        return Some((Failure::Forbidden, ErrorReason::Forbidden));
    }
    let lists = Lists::read(body);
    let foreign = lower.iter().filter(|text| text.contains(FORBIDDEN)).flat_map(|text| after_colon(text));
    let foreign = foreign.map(|id| (id, Refusal::NotAuthorized));
    let gone = lists.unavailable.into_iter().chain(lists.without_impressions).map(|id| (id, Refusal::Unavailable));
    let mut culprits: Vec<(TweetId, Refusal)> = Vec::new();
    for (id, refusal) in foreign.chain(gone).filter(|(id, _)| asked.contains(id)) {
        if culprits.iter().all(|(known, _)| *known != id) {
            culprits.push((id, refusal));
        }
    }
    match () {
        () if says(FORBIDDEN) => Some((Failure::Invalid { culprits }, ErrorReason::Forbidden)),
        () if says("tweet id") && says("unavailable") || !culprits.is_empty() => {
            Some((Failure::Invalid { culprits }, ErrorReason::InvalidRequest))
        }
        () => None,
    }
}

/// "Forbidden to access tweets: 17…, 17…", formerly "Forbidden to access tweets for author id 9001: 17…".
const FORBIDDEN: &str = "forbidden to access tweets";

/// Every id after the last colon (x-api.md section 8, contradiction 25).
fn after_colon(text: &str) -> Vec<TweetId> {
    let ids = text.rsplit_once(':').map_or("", |(_, ids)| ids);
    ids.split(|letter: char| !letter.is_ascii_digit()).filter_map(|id| id.parse().ok()).collect()
}
