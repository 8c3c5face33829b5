//! Requests, answers and refusals of the Engagement API.

use std::time::Duration;

use serde_json::{Value, json};

use crate::config::Window;
use crate::model::{Ask, Context, CredentialKind, Failure, Reading, Refusal, Scope, Timestamp, TweetId};
use crate::self_metrics::ErrorReason;
use crate::x_api::answer::Decoded;
use crate::x_api::backend::Batch;
use crate::x_api::engagement::{Engagement, decode, range};
use crate::x_api::error::ApiError;
use crate::x_api::stub::{NOW, Stub, USER, id, numbers, scopes};

const OLD: u64 = 1_346_889_436_626_259_968;

fn old(number: u64) -> TweetId {
    TweetId::new(number).expect("an id")
}

fn read(body: &[u8], tweets: &[TweetId], ask: Ask, window: Option<&str>) -> Result<Decoded<Reading>, ApiError> {
    let asked = decode::Asked { tweets, ask, window: window.map(Into::into), step: None, now: NOW };
    decode::decode(body, &asked).map(|decoded| decoded.map(|found| found.reading))
}

fn batch(tweets: &[TweetId], ask: Ask) -> Batch<'_> {
    Batch { ask, credential: USER, tweets, videos: &[], now: NOW }
}

#[test]
fn public_totals_come_without_their_false_zeros() {
    let tweets = [id(1), id(2), id(3), id(4), id(5), old(OLD), old(20)];
    let body = include_bytes!("../../../tests/answers/engagement/totals_public.json");
    let Decoded { value: reading, scan } = read(body, &tweets, Ask::Public, None).expect("an answer");
    let expected = [("likes", 21), ("retweets", 26), ("quote_tweets", 2), ("replies", 3), ("video_views", 300)];
    assert_eq!(numbers(&reading, id(1)), expected);
    assert_eq!(numbers(&reading, id(3)), [("likes", 7)], "X says that it has no video views");
    assert_eq!(numbers(&reading, old(OLD)), [("likes", 5)], "older than 1 800 days");
    assert_eq!(numbers(&reading, old(20)), [("replies", 1)], "older than every id that carries a time");
    assert_eq!(scopes(&reading).into_iter().collect::<Vec<_>>(), [(None, Scope::Total)]);
    // Nothing remains of 4; of 5 X says nothing.
    assert_eq!(sorted(reading.refused), [2, 4, 5].map(|last| (id(last), Refusal::Unavailable)));
    let mut returned = reading.returned;
    returned.sort();
    assert_eq!(returned, [old(20), old(OLD), id(1), id(3)]);
    assert!(reading.tweets.iter().all(|(_, reading)| !reading.private));
    assert_eq!((scan.unknown_fields, scan.bad_values), (0, 0));
}

fn sorted(mut refused: Vec<(TweetId, Refusal)>) -> Vec<(TweetId, Refusal)> {
    refused.sort_by_key(|(id, _)| *id);
    refused
}

#[test]
fn impressions_of_totals_are_organic_and_end_after_90_days() {
    let tweets = [id(1), id(2), id(3)];
    let body = include_bytes!("../../../tests/answers/engagement/totals_private.json");
    let reading = read(body, &tweets, Ask::Private, None).expect("data beside errors is data").value;
    assert_eq!(numbers(&reading, id(1)), [("impressions", 840), ("engagements", 58)]);
    let organic = Scope::Context(Context::Organic);
    assert_eq!(reading.tweets[0].1.samples[0].scope, organic);
    assert_eq!(reading.tweets[0].1.samples[1].scope, Scope::Total);
    assert!(reading.tweets[0].1.private);
    assert_eq!(sorted(reading.refused), [2, 3].map(|last| (id(last), Refusal::Unavailable)));
    let alone =
        br#"{"errors":["older than 90 days"],"unsupported_for_impressions_engagements_tweet_ids":["1700000000000000002"]}"#;
    let reading = read(alone, &[id(2)], Ask::Private, None).expect("the list says it all").value;
    assert_eq!(reading.refused, [(id(2), Refusal::Unavailable)]);
}

#[test]
fn a_window_has_seventeen_numbers() {
    let body = include_bytes!("../../../tests/answers/engagement/window.json");
    let reading = read(body, &[id(1), id(2)], Ask::Private, Some("7d")).expect("an answer").value;
    let expected = [
        ("impressions", 840),
        ("likes", 21),
        ("retweets", 4),
        ("replies", 3),
        ("engagements", 58),
        ("user_profile_clicks", 11),
        ("follows", 10),
        ("email_tweet", 8),
        ("detail_expands", 14),
        ("hashtag_clicks", 2),
        ("permalink_clicks", 5),
        ("url_clicks", 7),
        ("media_views", 300),
        ("media_engagements", 9),
        ("app_install_attempts", 6),
        ("app_opens", 1),
        ("video_views", 0),
    ];
    assert_eq!(numbers(&reading, id(1)), expected);
    assert_eq!(scopes(&reading).into_iter().collect::<Vec<_>>(), [(None, Scope::Window("7d".into()))]);
    assert_eq!(reading.refused, [(id(2), Refusal::Unavailable)]);
}

#[test]
fn broken_numbers_cost_themselves_and_condemn_nobody() {
    let body = include_bytes!("../../../tests/answers/engagement/broken.json");
    let tweets = [id(1), id(2), id(3), id(4)];
    let Decoded { value: reading, scan } = read(body, &tweets, Ask::Public, None).expect("an answer");
    assert_eq!(numbers(&reading, id(3)), [("likes", 1)]);
    assert_eq!((reading.failed, reading.refused), (vec![id(1), id(2), id(4)], vec![]));
    assert_eq!((scan.unknown_fields, scan.bad_values), (1, 4));
    for body in ["", "[]", "{}", r#"{"xm_by_post":[]}"#, r#"{"errors":[]}"#, r#"{"errors":["?"],"xm_by_post":{}}"#] {
        assert_eq!(read(body.as_bytes(), &[id(1)], Ask::Public, None).expect_err(body).reason, ErrorReason::Malformed, "{body}");
    }
    let reading = read(br#"{"xm_by_post":{}}"#, &[id(1)], Ask::Public, None).expect("an answer").value;
    assert_eq!(reading.refused, [(id(1), Refusal::Unavailable)]);
}

#[test]
fn errors_beside_numbers_are_heard() {
    let body = r#"{"xm_by_post":{"1700000000000000001":{"favorites":"1"}},"errors":["TEXT"]}"#;
    for (text, refused, failed) in [
        ("Forbidden to access tweets: 1700000000000000002", vec![(id(2), Refusal::NotAuthorized)], vec![]),
        ("Something else went wrong", vec![], vec![id(2)]),
    ] {
        let reading = read(body.replace("TEXT", text).as_bytes(), &[id(1), id(2)], Ask::Public, None).expect(text).value;
        assert_eq!(numbers(&reading, id(1)), [("likes", 1)]);
        assert_eq!((reading.refused, reading.failed), (refused, failed), "{text}");
    }
}

#[tokio::test]
async fn each_endpoint_is_asked_for_what_it_has() {
    let week = || Window { text: "7d".into(), length: Duration::from_secs(7 * 86_400) };
    let answer = include_str!("../../../tests/answers/engagement/window.json");
    for (engagement, ask, path, types, range) in [
        (Engagement::totals(), Ask::Public, "totals", 5, None),
        (Engagement::totals(), Ask::Private, "totals", 2, None),
        (Engagement::last_28_hours(), Ask::Private, "28hr", 17, None),
        (Engagement::historical(week()), Ask::Private, "historical", 17, Some(("2026-01-25T00:00:00Z", "2026-02-01T00:00:00Z"))),
    ] {
        let stub = Stub::answering(&[(200, answer)]).await;
        let (tweets, credential) = ([id(1), id(2)], if ask == Ask::Public { CredentialKind::Bearer } else { USER });
        let batch = Batch { credential, ..batch(&tweets, ask) };
        assert!(engagement.read(&stub.session, &batch).await.result.is_ok());
        let asked = &stub.asked()[0];
        assert_eq!(asked.path, format!("/insights/engagement/{path}"));
        let body: Value = serde_json::from_str(&asked.body).expect("JSON");
        assert_eq!(body["tweet_ids"], json!(["1700000000000000001", "1700000000000000002"]));
        assert_eq!(body["groupings"], json!({"xm_by_post": {"group_by": ["tweet.id", "engagement.type"]}}));
        let asked_types = body["engagement_types"].as_array().expect("a list");
        assert_eq!(asked_types.len(), types, "{path}");
        assert_eq!(asked_types.contains(&json!("quote_tweets")), ask == Ask::Public);
        let moments = body["start"].as_str().zip(body["end"].as_str());
        assert_eq!((moments, body.get("start").is_some()), (range, range.is_some()));
    }
}

#[test]
fn rounded_outward_no_range_is_longer_than_four_weeks() {
    let days = |days: u64| Duration::from_secs(days * 86_400);
    for (length, now, start, end) in [
        (days(28), "2026-02-01T00:00:00.250Z", "2026-01-04T00:00:00Z", "2026-02-01T00:00:00Z"),
        (days(28), "2026-02-01T12:34:56.250Z", "2026-01-04T13:00:00Z", "2026-02-01T12:34:56Z"),
        (days(7), "2026-02-01T12:34:56Z", "2026-01-25T12:34:56Z", "2026-02-01T12:34:56Z"),
    ] {
        let (from, to) = range(length, now.parse().expect("RFC 3339"));
        assert_eq!((from.to_string().as_str(), to.to_string().as_str()), (start, end));
    }
}

#[tokio::test]
async fn texts_say_what_a_refusal_means_whatever_its_status() {
    let (foreign, gone) = (Refusal::NotAuthorized, Refusal::Unavailable);
    let invalid = |culprits: &[(TweetId, Refusal)]| Failure::Invalid { culprits: culprits.to_vec() };
    let transient = Failure::Transient { retry_after: None };
    for (status, body, failure, reason) in [
        (
            403,
            r#"{"errors":["Forbidden to access tweets: 1700000000000000001, 1700000000000000002,1700000000000000099"]}"#,
            invalid(&[(id(1), foreign), (id(2), foreign)]),
            ErrorReason::Forbidden,
        ),
        (
            400,
            r#"{"errors":["Forbidden to access tweets for author id 1700000000000000003: 1700000000000000001","Forbidden to access tweets for author id 7: 1700000000000000002"]}"#,
            invalid(&[(id(1), foreign), (id(2), foreign)]),
            ErrorReason::Forbidden,
        ),
        (
            200,
            r#"{"errors":["Forbidden to access tweets: 1700000000000000003"]}"#,
            invalid(&[(id(3), foreign)]),
            ErrorReason::Forbidden,
        ),
        (
            400,
            r#"{"errors":["1 Tweet ID(s) are unavailable"],"unavailable_tweet_ids":["1700000000000000002"]}"#,
            invalid(&[(id(2), gone)]),
            ErrorReason::InvalidRequest,
        ),
        (
            200,
            r#"{"errors":["1 Tweet ID(s) are unavailable"],"unavailable_tweet_ids":["1700000000000000002"]}"#,
            invalid(&[(id(2), gone)]),
            ErrorReason::InvalidRequest,
        ),
        (
            400,
            r#"{"unsupported_for_impressions_engagements_tweet_ids":["1700000000000000001"]}"#,
            invalid(&[(id(1), gone)]),
            ErrorReason::InvalidRequest,
        ),
        (403, r#"{"errors":["Forbidden to access metrics: impressions"]}"#, Failure::Forbidden, ErrorReason::Forbidden),
        (
            400,
            r#"{"errors":["Your account could not be authenticated. Reason: no token"]}"#,
            Failure::CredentialRefused,
            ErrorReason::CredentialRefused,
        ),
        (
            403,
            r#"{"errors":["The application ID 123 is not authorized to use this API"]}"#,
            Failure::Closed,
            ErrorReason::NotEnrolled,
        ),
        (400, r#"{"errors":["Exceeded rate limit"]}"#, Failure::RateLimited { until: None }, ErrorReason::RateLimited),
        (429, "", Failure::RateLimited { until: None }, ErrorReason::RateLimited),
        (
            402,
            r#"{"errors":["Forbidden to access tweets: 1"]}"#,
            Failure::PaymentRefused { until: None },
            ErrorReason::PaymentRefused,
        ),
        (400, r#"{"errors":["invalid JSON"]}"#, invalid(&[]), ErrorReason::InvalidRequest),
        (503, "<html>", transient, ErrorReason::ServerError),
    ] {
        let stub = Stub::answering(&[(status, body)]).await;
        let error = Engagement::totals().read(&stub.session, &batch(&[id(1), id(2), id(3)], Ask::Private)).await.result;
        let error = error.expect_err(body);
        assert_eq!((error.failure, error.reason), (failure, reason), "{status} {body}");
    }
}

proptest::proptest! {
    #[test]
    fn no_json_makes_it_panic(body in r#"\{("(xm_by_post|errors|unavailable_tweet_ids)":(\[("[a-z: 0-9]{0,20}"|[0-9],?){0,3}\]|\{("[0-9]{1,20}":(\{"favorites":("[0-9]{0,20}"|[0-9.e-]{1,9}|\{\})\}|null|[0-9]),?){0,3}\}|null|7),?){0,4}\}"#, now in proptest::num::i64::ANY) {
        let asked = decode::Asked { tweets: &[id(1)], ask: Ask::Public, window: None, step: None, now: Timestamp::from_millis(now) };
        let _ = decode::decode(body.as_bytes(), &asked);
    }
}
