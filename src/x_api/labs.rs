//! `GET /labs/1/tweets/metrics/private` (x-api.md 1d): X retired it on 12 October 2020. It is read from whoever still serves it, and a
//! refusal is final.

use std::collections::HashSet;

use crate::model::{Api, Billed, Failure, MediaKey, Metric, Reading, Sample, Scope, Timestamp, TweetId, TweetReading};
use crate::self_metrics::ErrorReason;
use crate::x_api::answer::{self, Decoded, Object, Scan, given, is_list};
use crate::x_api::backend::{Batch, comma};
use crate::x_api::error::ApiError;
use crate::x_api::fields::VIEWS_AND_PLAYBACK;
use crate::x_api::problem;
use crate::x_api::session::{Answered, Inquiry, Refused, Session};
use crate::x_api::verdict::Verdicts;

/// Labs' private metrics for one account.
pub struct LabsPrivate;

impl LabsPrivate {
    /// Reads one batch of at most 50 tweets.
    pub async fn read(&self, session: &Session, batch: &Batch<'_>) -> Answered<Reading> {
        let ids = comma(batch.tweets);
        let inquiry = Inquiry {
            api: Api::LabsPrivate,
            credential: batch.credential,
            path: "/labs/1/tweets/metrics/private",
            query: vec![("ids", &ids)],
            json: None,
            now: batch.now,
        };
        let sent = session.send(&inquiry).await.judged(session, judge);
        sent.read(session, Api::LabsPrivate, |body| decode(body, batch.tweets, batch.now))
    }
}

/// How X answers today is not documented: whatever is no passing fault means that it is gone.
fn judge(refused: &Refused) -> Option<ApiError> {
    match refused.status? {
        200..=299 | 400 | 401 | 429 | 500..=599 => None,
        _ if refused.error.reason == ErrorReason::PaymentRefused => None,
        // It is about a tweet.
        403 if matches!(refused.error.failure, Failure::Invalid { .. }) => None,
        _ => Some(ApiError {
            failure: Failure::Closed,
            reason: ErrorReason::Retired,
            detail: format!("X retired Labs in 2020; leave the source labs_private out ({})", refused.error.detail),
            billed: Billed::No,
        }),
    }
}

const TWEET: &[(&str, Metric)] = &[
    ("impression_count", Metric::Impressions),
    ("like_count", Metric::Likes),
    ("retweet_count", Metric::Retweets),
    ("quote_count", Metric::QuoteTweets),
    ("reply_count", Metric::Replies),
];

fn decode(bytes: &[u8], asked: &[TweetId], now: Timestamp) -> Result<Decoded<Reading>, ApiError> {
    let body = answer::body(bytes)?;
    if !is_list(&body, "data") && (given(&body, "data").is_some() || !is_list(&body, "errors")) {
        return Err(ApiError::malformed("the answer has no list of tweets and none of errors"));
    }
    let mut scan = Scan::default();
    let errors = Verdicts::read(&mut scan, given(&body, "errors"));
    let (mut reading, mut broken) = (Reading::default(), false);
    let mut open: HashSet<TweetId> = asked.iter().copied().collect();
    for raw in scan.list(given(&body, "data")) {
        let item = scan.object(raw).unwrap_or_default();
        let Some(id) = scan.word::<TweetId>(&item, "tweet_id") else {
            broken = true;
            continue;
        };
        if !reading.returned.contains(&id) {
            reading.returned.push(id);
        }
        if open.remove(&id) {
            reading.tweets.push((id, tweet(&mut scan, &item)));
        }
    }
    if reading.returned.is_empty() && errors.named.is_empty() && (errors.broken || broken || !is_list(&body, "data")) {
        return Err(problem::in_a_200(bytes, now));
    }
    errors.settle(&mut reading, asked, broken || scan.bad_values > 0);
    Ok(Decoded { value: reading, scan })
}

/// One item: the tweet's numbers and, where it has a video, the video's.
fn tweet(scan: &mut Scan, item: &Object<'_>) -> TweetReading {
    let counts = scan.inner(item, "tweet");
    let total = |media: Option<MediaKey>, (metric, value)| Sample { media, metric, scope: Scope::Total, value };
    let mut samples: Vec<Sample> = scan.counts(&counts, TWEET).into_iter().map(|count| total(None, count)).collect();
    let mut video = scan.inner(item, "video");
    let key: Option<MediaKey> = scan.word(&video, "media_key");
    video.remove("media_key");
    if let Some(key) = &key {
        samples.extend(scan.counts(&video, VIEWS_AND_PLAYBACK).into_iter().map(|count| total(Some(*key), count)));
    }
    let private = !samples.is_empty();
    TweetReading { samples, videos: key.into_iter().collect(), private, ..TweetReading::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Ask, Refusal};
    use crate::x_api::stub::{NOW, Stub, USER, id, numbers, scopes};

    #[test]
    fn tweets_and_their_videos_are_read() {
        let body = include_bytes!("../../tests/answers/labs_private/answer.json");
        let Decoded { value: reading, scan } = decode(body, &[id(1), id(2), id(3), id(4)], NOW).expect("an answer");
        let expected = [
            ("impressions", 840),
            ("likes", 21),
            ("retweets", 4),
            ("quote_tweets", 2),
            ("replies", 3),
            ("video_views", 300),
            ("playback_0", 250),
            ("playback_25", 120),
            ("playback_50", 90),
            ("playback_75", 60),
            ("playback_100", 30),
        ];
        assert_eq!(numbers(&reading, id(1)), expected);
        assert_eq!(reading.tweets[0].1.videos[0].to_string(), "13_1699999999999999999");
        let media = "13_1699999999999999999".parse().ok();
        assert_eq!(scopes(&reading).into_iter().collect::<Vec<_>>(), [(None, Scope::Total), (media, Scope::Total)]);
        assert_eq!(numbers(&reading, id(3)), [], "a key is a text (contradiction 29)");
        assert_eq!((reading.refused, reading.failed), (vec![(id(2), Refusal::NotFound)], vec![id(4)]));
        assert_eq!(reading.returned, [id(1), id(3)]);
        assert_eq!((scan.unknown_fields, scan.bad_values), (1, 3));
    }

    #[tokio::test]
    async fn whatever_x_says_today_it_is_not_asked_again() {
        let transient = Failure::Transient { retry_after: None };
        for (status, body, failure, reason) in [
            (403, "", Failure::Closed, ErrorReason::Retired),
            (404, "<html>", Failure::Closed, ErrorReason::Retired),
            (410, r#"{"errors":[{"message":"gone"}]}"#, Failure::Closed, ErrorReason::Retired),
            (301, "", Failure::Closed, ErrorReason::Retired),
            (400, "", Failure::Invalid { culprits: vec![] }, ErrorReason::InvalidRequest),
            (401, "", Failure::CredentialRefused, ErrorReason::CredentialRefused),
            (402, "", Failure::PaymentRefused { until: None }, ErrorReason::PaymentRefused),
            (429, "", Failure::RateLimited { until: None }, ErrorReason::RateLimited),
            (500, "", transient.clone(), ErrorReason::ServerError),
            (200, "<html>", transient.clone(), ErrorReason::Malformed),
            (200, "{}", transient.clone(), ErrorReason::Malformed),
            (200, r#"{"data":{}}"#, transient, ErrorReason::Malformed),
        ] {
            let stub = Stub::answering(&[(status, body)]).await;
            let tweets = [id(1), id(2)];
            let batch = Batch { ask: Ask::Private, credential: USER, tweets: &tweets, videos: &[], now: NOW };
            let error = LabsPrivate.read(&stub.session, &batch).await.result.expect_err(body);
            assert_eq!((error.failure, error.reason), (failure, reason), "{status} {body}");
            assert_eq!(error.detail.contains("X retired"), reason == ErrorReason::Retired);
            let asked = stub.asked();
            assert_eq!(asked[0].path, "/labs/1/tweets/metrics/private");
            assert_eq!(asked[0].one("ids"), "1700000000000000001,1700000000000000002");
        }
    }
}
