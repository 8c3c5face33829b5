//! What a refusal of analytics means: apps that are not enrolled are told so, and one tweet of somebody else may cost the whole batch.

use serde_json::Value;

use crate::model::{Failure, MediaKey, Refusal, TweetId};
use crate::self_metrics::ErrorReason;
use crate::x_api::backend::Batch;
use crate::x_api::error::ApiError;
use crate::x_api::session::Refused;
use crate::x_api::verdict;

/// Judges a refusal anew; nothing where the generic judgement holds.
pub(super) fn judge(refused: &Refused, batch: &Batch<'_>) -> Option<ApiError> {
    let error = &refused.error;
    match refused.status? {
        // Money and revoked keys come as 403, too.
        403 if matches!(error.failure, Failure::Forbidden | Failure::Invalid { .. }) => Some(forbidden(refused, batch)),
        400 => {
            let Failure::Invalid { culprits } = &error.failure else { return None };
            let carriers = carriers(&refused.body, batch, Refusal::Invalid);
            (culprits.is_empty() && !carriers.is_empty())
                .then(|| ApiError { failure: Failure::Invalid { culprits: carriers }, ..error.clone() })
        }
        _ => None,
    }
}

fn forbidden(refused: &Refused, batch: &Batch<'_>) -> ApiError {
    let problem = &refused.problem;
    let (failure, reason) = if problem.is_about_enrolment() {
        (Failure::Closed, ErrorReason::NotEnrolled)
    } else if problem.is_about_credential() {
        (Failure::Forbidden, ErrorReason::Forbidden)
    } else {
        // Possibly a tweet of somebody else (x-api.md 1b).
        let mut culprits = tweets(&refused.body, batch);
        culprits.extend(carriers(&refused.body, batch, Refusal::NotAuthorized));
        let says_nothing = culprits.is_empty() && refused.error.failure == Failure::Forbidden;
        let failure = if says_nothing { Failure::Doubtful } else { Failure::Invalid { culprits } };
        (failure, ErrorReason::Forbidden)
    };
    ApiError { failure, reason, ..refused.error.clone() }
}

/// The tweets of the batch that the body names, and what it holds against each.
fn tweets(body: &[u8], batch: &Batch<'_>) -> Vec<(TweetId, Refusal)> {
    let mut named = Vec::new();
    for error in errors(body) {
        let refusal = verdict::verdict(&error).refusal().unwrap_or(Refusal::NotAuthorized);
        // An id that is not allowed is no reason to call it anything else.
        let refusal = if refusal == Refusal::NotFound { refusal } else { Refusal::NotAuthorized };
        for tweet in verdict::blamed::<TweetId>(&error) {
            if batch.tweets.contains(&tweet) && named.iter().all(|(known, _)| *known != tweet) {
                named.push((tweet, refusal));
            }
        }
    }
    named
}

/// The tweets of the batch that carry a medium that the body names.
fn carriers(body: &[u8], batch: &Batch<'_>, refusal: Refusal) -> Vec<(TweetId, Refusal)> {
    let named: Vec<MediaKey> = errors(body).iter().flat_map(verdict::blamed).collect();
    let mut carriers: Vec<TweetId> =
        batch.videos.iter().filter(|(key, _)| named.contains(key)).flat_map(|(_, tweets)| tweets.clone()).collect();
    carriers.sort();
    carriers.dedup();
    carriers.into_iter().map(|tweet| (tweet, refusal)).collect()
}

/// The problem itself and those in its list, each with its message where the detail is looked for.
fn errors(body: &[u8]) -> Vec<Value> {
    let problem: Value = serde_json::from_slice(body).unwrap_or_default();
    let mut errors: Vec<Value> = problem.get("errors").and_then(Value::as_array).cloned().unwrap_or_default();
    for error in &mut errors {
        if let (Some(message), None) = (error.get("message").cloned(), error.get("detail")) {
            error["detail"] = message;
        }
    }
    errors.push(problem);
    errors
}
