//! Requests, answers and refusals of insights.

use std::time::Duration;

use crate::config::Window;
use crate::model::{Ask, Failure, Reading, Refusal, Scope, TweetId};
use crate::self_metrics::ErrorReason;
use crate::x_api::answer::Decoded;
use crate::x_api::backend::Batch;
use crate::x_api::error::ApiError;
use crate::x_api::insights::{Insights, decode};
use crate::x_api::stub::{NOW, Stub, USER, id, numbers, scopes};

fn read(body: &[u8], asked: &[TweetId]) -> Result<Decoded<Reading>, ApiError> {
    decode::decode(body, asked, &Scope::Window("28h".into()), NOW)
}

fn batch(tweets: &[TweetId]) -> Batch<'_> {
    Batch { ask: Ask::Private, credential: USER, tweets, videos: &[], now: NOW }
}

#[test]
fn totals_win_over_series_and_both_layers_of_errors_count() {
    let asked: Vec<TweetId> = (1..=7).map(id).collect();
    let body = include_bytes!("../../../tests/answers/insights/both.json");
    let Decoded { value: reading, scan } = read(body, &asked).expect("an answer");
    assert_eq!(numbers(&reading, id(1)), [("impressions", 840), ("likes", 21), ("video_played_25_percent", 120)]);
    assert_eq!(scopes(&reading).into_iter().collect::<Vec<_>>(), [(None, Scope::Window("28h".into()))]);
    let refused = [
        (id(3), Refusal::NotAuthorized),
        (id(4), Refusal::NotFound),
        (id(5), Refusal::NotFound),
        (id(6), Refusal::NotAuthorized),
    ];
    assert_eq!((reading.returned, reading.refused), (vec![id(1)], refused.to_vec()));
    assert_eq!(reading.failed, [id(2), id(7)], "silence beside a bad number proves nothing");
    assert_eq!((scan.unknown_fields, scan.bad_values), (1, 1));
}

#[test]
fn series_are_summed_where_there_is_no_total() {
    let body = include_bytes!("../../../tests/answers/insights/series.json");
    let Decoded { value: reading, scan } = read(body, &[id(1), id(2)]).expect("an answer");
    assert_eq!(numbers(&reading, id(1)), [("impressions", 42)], "a sum with a bad part is none");
    assert_eq!(numbers(&reading, id(2)), [("unique_video_views", 9)]);
    assert_eq!((reading.returned, scan.bad_values), (vec![id(1), id(2)], 1));
    let body = include_bytes!("../../../tests/answers/insights/object.json");
    assert_eq!(numbers(&read(body, &[id(1)]).expect("an answer").value, id(1)), [("follows", 4)]);
}

#[test]
fn what_is_broken_costs_itself_and_condemns_nobody() {
    let body = include_bytes!("../../../tests/answers/insights/broken.json");
    let reading = read(body, &[id(1), id(2), id(3)]).expect("an answer").value;
    assert_eq!((numbers(&reading, id(1)), numbers(&reading, id(2))), (vec![], vec![]));
    assert_eq!((reading.failed, reading.refused), (vec![id(3)], vec![]));
    for body in ["", "{}", "[]", r#"{"data":7}"#, r#"{"data":null}"#, r#"{"data":[7]}"#, r#"{"errors":[]}"#, r#"{"errors":[4]}"#]
    {
        assert_eq!(read(body.as_bytes(), &[id(1)]).expect_err(body).reason, ErrorReason::Malformed, "{body}");
    }
    let reading = read(br#"{"data":[{"errors":[],"measurement":7}]}"#, &[id(1)]).expect("an answer").value;
    assert_eq!(reading.failed, [id(1)]);
    let reading = read(br#"{"data":[{"errors":[],"measurement":{}}]}"#, &[id(1)]).expect("an answer").value;
    assert_eq!(reading.refused, [(id(1), Refusal::Unavailable)]);
}

#[tokio::test]
async fn lists_are_joined_by_commas_until_x_wants_them_otherwise() {
    let wrong = r#"{"errors":[{"parameters":{"tweet_ids":["?"]},"message":"no"}],"type":"/invalid-request"}"#;
    let good = include_str!("../../../tests/answers/insights/object.json");
    let answers = [(400, wrong), (400, wrong), (400, wrong), (400, wrong), (200, good), (200, good), (400, wrong)];
    let stub = Stub::answering(&answers).await;
    let insights = Insights::historical(Window { text: "28d".into(), length: Duration::from_secs(28 * 86_400) });
    let tweets = [id(1), id(2)];
    let failed = insights.read(&stub.session, &batch(&tweets)).await.result.expect_err("refused twice");
    assert_eq!((failed.failure, failed.reason), (Failure::Invalid { culprits: vec![] }, ErrorReason::InvalidRequest));
    assert!(insights.read(&stub.session, &batch(&tweets)).await.result.is_err(), "a search keeps to one form");
    for minutes in [11, 12] {
        let later = Batch { now: NOW + Duration::from_secs(60 * minutes), ..batch(&tweets) };
        let reading = insights.read(&stub.session, &later).await.result.expect("an answer");
        assert_eq!(reading.tweets[0].1.samples[0].scope, Scope::Window("28d".into()));
    }
    assert!(insights.read(&stub.session, &batch(&tweets)).await.result.is_err());
    let asked = stub.asked();
    assert_eq!((asked.len(), asked[0].path.as_str()), (7, "/2/insights/historical"));
    for (name, value) in [
        ("tweet_ids", "1700000000000000001,1700000000000000002"),
        ("granularity", "Total"),
        ("engagement.fields", "errors,measurement"),
        ("start_time", "2026-01-04T00:00:00Z"),
        ("end_time", "2026-02-01T00:00:00Z"),
    ] {
        assert_eq!(asked[0].one(name), value);
    }
    assert_eq!(asked[0].one("requested_metrics").split(',').count(), 26);
    let repeated = [1, 4, 5, 6];
    for (index, asked) in asked.iter().enumerate() {
        let expected = if repeated.contains(&index) { (2, 26) } else { (1, 1) };
        assert_eq!((asked.all("tweet_ids").len(), asked.all("requested_metrics").len()), expected, "request {index}");
    }
}

#[tokio::test]
async fn what_x_says_of_the_other_form_condemns_nobody() {
    let wrong = r#"{"errors":[{"parameters":{"tweet_ids":["?"]},"message":"no"}],"type":"/invalid-request"}"#;
    for (status, body) in [(401, ""), (403, ""), (404, ""), (503, "")] {
        let stub = Stub::answering(&[(400, wrong), (status, body)]).await;
        let failed = Insights::last_28_hours().read(&stub.session, &batch(&[id(1), id(2)])).await.result.expect_err("refused");
        assert_eq!(failed.failure, Failure::Invalid { culprits: vec![] }, "{status}: a signature over repeated names, say");
    }
}

#[tokio::test]
async fn a_system_that_is_gone_or_closed_is_not_asked_again() {
    for (status, body, failure, reason) in [
        (404, "", Failure::Closed, ErrorReason::Retired),
        (410, "<html>", Failure::Closed, ErrorReason::Retired),
        (403, "", Failure::Doubtful, ErrorReason::Forbidden),
        (403, r#"{"type":"https://api.x.com/2/problems/client-forbidden"}"#, Failure::Closed, ErrorReason::NotEnrolled),
        (403, r#"{"title":"SpendCapReached"}"#, Failure::PaymentRefused { until: None }, ErrorReason::PaymentRefused),
        (401, "", Failure::CredentialRefused, ErrorReason::CredentialRefused),
        (503, "", Failure::Transient { retry_after: None }, ErrorReason::ServerError),
    ] {
        let stub = Stub::answering(&[(status, body)]).await;
        let error = Insights::last_28_hours().read(&stub.session, &batch(&[id(1)])).await.result.expect_err(body);
        assert_eq!((error.failure, error.reason), (failure, reason), "{status} {body}");
        let asked = stub.asked();
        assert_eq!((asked[0].path.as_str(), asked[0].all("start_time").len()), ("/2/insights/28hr", 0));
    }
}

proptest::proptest! {
    #[test]
    fn no_json_makes_it_panic(body in r#"\{"(data|errors)":\[(\{"(errors|measurement)":(\[\{"(error|tweets)":(\["1"\]|[0-9])\}\]|\{"metrics_(total|time_series)":\[\{"tweet_id":("1"|1|null),"value":(\[(\{"metric_type":"Likes","metric_value":[0-9e.-]{1,9}\},?){0,3}\]|\{"metric_values":[0-9]\}|null)\}\]\}|[0-9])\},?){0,3}\]\}"#) {
        let _ = read(body.as_bytes(), &[id(1)]);
    }
}
