//! Buckets in the answers of the three systems that know the past, and what they are asked.

use serde_json::{Value, json};

use crate::config::{SourceKind, Span, Window};
use crate::model::{Ask, History, Refusal, Step, Stretch, Timestamp, TweetId};
use crate::x_api::backend::Batch;
use crate::x_api::history::PastOf;
use crate::x_api::stub::{NOW, Stub, USER, id};

fn week() -> Window {
    Window { text: "7d".into(), length: std::time::Duration::from_secs(7 * 86_400) }
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("RFC 3339")
}

/// Asks for three tweets.
async fn read(kind: &SourceKind, step: Step, answer: &str) -> (History, crate::x_api::stub::Asked) {
    let stub = Stub::answering(&[(200, answer)]).await;
    let past = PastOf::new(kind).expect("a past");
    let tweets: Vec<TweetId> = (1..=3).map(id).collect();
    let batch = Batch { ask: Ask::Private, credential: USER, tweets: &tweets, videos: &[], now: NOW };
    let stretch = Stretch { start: at("2026-01-31T00:00:00Z"), end: at("2026-02-02T00:00:00Z"), step };
    let history = past.read(&stub.session, &batch, &stretch).await.result.expect("an answer");
    (history, stub.asked().remove(0))
}

/// Start, metric and number of a tweet's buckets.
fn numbers(history: &History, tweet: u64) -> Vec<(String, &'static str, u64)> {
    let buckets = history.buckets.get(&id(tweet)).into_iter().flatten();
    let counts = buckets.flat_map(|(start, counts)| counts.iter().map(move |count| (start, count)));
    counts.map(|(start, (metric, value))| (start.to_string()[..13].to_owned(), metric.name(), *value)).collect()
}

fn rows(rows: &[(&str, &'static str, u64)]) -> Vec<(String, &'static str, u64)> {
    rows.iter().map(|(start, metric, value)| ((*start).to_owned(), *metric, *value)).collect()
}

#[tokio::test]
async fn analytics_by_the_hour() {
    let answer = include_str!("../../tests/answers/analytics/hourly.json");
    let (history, asked) = read(&SourceKind::Analytics(Span::Lifetime), Step::Hour, answer).await;
    let first = [
        ("2026-02-01T00", "impressions", 40),
        ("2026-02-01T00", "likes", 2),
        ("2026-02-01T01", "impressions", 9),
        ("2026-02-01T01", "likes", 0),
        // A bad number, and one without a time, are none.
        ("2026-02-01T02", "likes", 1),
    ];
    assert_eq!(numbers(&history, 1), rows(&first));
    assert_eq!(numbers(&history, 2), rows(&[("2026-02-01T00", "likes", 3), ("2026-02-01T01", "likes", 4)]));
    assert_eq!((history.unreadable[&id(1)], history.unreadable[&id(2)]), (2, 0));
    assert_eq!((history.reading.returned, history.reading.refused), (vec![id(1), id(2)], vec![(id(3), Refusal::NotFound)]));
    assert_eq!((asked.one("granularity"), asked.one("start_time")), ("hourly", "2026-01-31T00:00:00Z"));
    assert_eq!(asked.one("end_time"), "2026-02-02T00:00:00Z");
}

#[tokio::test]
async fn insights_by_the_hour() {
    let answer = include_str!("../../tests/answers/insights/hourly.json");
    let (history, asked) = read(&SourceKind::InsightsHistorical(week()), Step::Hour, answer).await;
    assert_eq!(numbers(&history, 1), rows(&[("2026-02-01T00", "impressions", 40), ("2026-02-01T01", "impressions", 2)]));
    assert_eq!(numbers(&history, 2), [], "a total is of no bucket");
    assert_eq!(history.reading.returned, [id(1), id(2)]);
    assert_eq!(history.reading.refused, [(id(3), Refusal::NotAuthorized)]);
    assert_eq!((history.unreadable[&id(1)], history.unreadable.get(&id(2))), (1, None));
    assert_eq!((asked.one("granularity"), asked.one("end_time")), ("Hourly", "2026-02-02T00:00:00Z"));
}

#[tokio::test]
async fn the_engagement_api_by_the_hour_and_by_the_day() {
    let kind = SourceKind::EngagementHistorical(week());
    let (history, asked) = read(&kind, Step::Hour, include_str!("../../tests/answers/engagement/hourly.json")).await;
    let first = [
        ("2026-01-31T22", "likes", 0),
        ("2026-01-31T22", "impressions", 31),
        ("2026-01-31T23", "likes", 1),
        ("2026-01-31T23", "impressions", 18),
        ("2026-02-01T00", "likes", 2),
        ("2026-02-01T00", "impressions", 9),
    ];
    assert_eq!(numbers(&history, 1), rows(&first));
    assert_eq!(numbers(&history, 2), rows(&[("2026-01-31T22", "likes", 4)]), "X has no video views of it");
    assert_eq!(history.reading.refused, [(id(3), Refusal::Unavailable)]);
    let body: Value = serde_json::from_str(&asked.body).expect("JSON");
    let items = json!(["tweet.id", "engagement.type", "engagement.day", "engagement.hour"]);
    assert_eq!(body["groupings"]["xm_by_post"]["group_by"], items);
    assert_eq!((&body["start"], &body["end"]), (&json!("2026-01-31T00:00:00Z"), &json!("2026-02-02T00:00:00Z")));
    let (history, asked) = read(&kind, Step::Day, include_str!("../../tests/answers/engagement/daily.json")).await;
    assert_eq!(numbers(&history, 1), rows(&[("2026-01-31T00", "likes", 4), ("2026-02-01T00", "likes", 0)]));
    let body: Value = serde_json::from_str(&asked.body).expect("JSON");
    assert_eq!(body["groupings"]["xm_by_post"]["group_by"], json!(["tweet.id", "engagement.type", "engagement.day"]));
}

#[test]
fn other_sources_have_no_past() {
    for kind in [SourceKind::Insights28hr, SourceKind::EngagementTotals, SourceKind::MediaAnalytics(Span::Lifetime)] {
        assert!(PastOf::new(&kind).is_none());
    }
}
