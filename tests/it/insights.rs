//! Insights: both layouts, both ways to write lists, errors of single tweets, and an X that serves them no more.

use std::fmt::Display;

use serde_json::json;

use crate::harness::{Account, Exporter, Simulator, ids, watching};

const PATH: &str = "/2/insights/";

fn start(simulator: &Simulator, sources: &str, tweets: &[impl Display]) -> Exporter {
    Exporter::start(&simulator.acme(Account::OWNER, sources, &watching(tweets)), &simulator.secrets())
}

#[tokio::test]
async fn every_layout_and_encoding_gives_the_same_numbers() {
    let simulator = Simulator::start();
    let (video, plain) = (simulator.tweet("acme", "video").await, simulator.tweet("acme", "plain").await);
    let impressions = simulator.truth(&video, "public_metrics", "impression_count").await;
    for layout in ["total", "series", "both"] {
        for (encoding, first) in [("comma", 1), ("repeated", 2)] {
            let fault = json!({"kind": "insights", "layout": layout, "encoding": encoding});
            simulator.faults(json!([{"fault": fault}])).await;
            simulator.forget().await;
            let exporter = start(&simulator, "[{ api: insights_28hr }]", &[&video, &plain]);
            let page = exporter.scrape().await;
            let labels = [("tweet_id", video.as_str()), ("metric", "impressions"), ("window", "28h")];
            assert_eq!(page.value("tweet_engagement_window", &labels), impressions, "{layout} {encoding}");
            assert_eq!((page.state(&video), page.state(&plain)), ("ok".to_owned(), "ok".to_owned()), "{layout} {encoding}");
            for metric in ["video_starts", "unique_video_views", "video_played_25_percent", "video_completions"] {
                let found = page.all("tweet_engagement_window", &[("tweet_id", &video), ("metric", metric)]).len()
                    + page.all("tweet_media_engagement_window", &[("tweet_id", &video), ("metric", metric)]).len();
                assert_eq!(found, 1, "{metric}");
            }
            assert_eq!(simulator.reads(PATH).await.len(), first, "{layout} {encoding}");
            simulator.forget().await;
            exporter.refresh().await;
            assert_eq!(simulator.reads(PATH).await.len(), 1, "{layout} {encoding}: remembered");
        }
    }
}

#[tokio::test]
async fn history_has_the_window_that_was_asked_for() {
    let simulator = Simulator::start();
    let tweet = simulator.tweet("acme", "campaign").await;
    let sources = "[{ api: insights_historical, window: 7d }, { api: insights_28hr }]";
    let exporter = start(&simulator, sources, &[&tweet]);
    let page = exporter.scrape().await;
    for window in ["7d", "28h"] {
        let likes = page.value("tweet_engagement_window", &[("metric", "likes"), ("window", window)]);
        let truth = simulator.truth(&tweet, "public_metrics", "like_count").await.expect("a number");
        // Windows end with whole seconds.
        assert!(likes.is_some_and(|likes| (truth - 2.0..=truth).contains(&likes)), "{window}: {likes:?} of {truth}");
    }
    let asked = simulator.reads("/2/insights/historical").await;
    assert!(asked.len() == 1 && asked[0]["query"]["start_time"].is_string() && asked[0]["query"]["granularity"] == "Total");
    let trailing = simulator.reads("/2/insights/28hr").await;
    assert!(trailing[0]["query"].get("start_time").is_none());
}

#[tokio::test]
async fn errors_of_single_tweets_cost_only_them() {
    let simulator = Simulator::start();
    let (plain, foreign) = (simulator.tweet("acme", "plain").await, simulator.tweet("acme", "foreign").await);
    let deleted = simulator.tweet("acme", "deleted").await;
    let exporter = start(&simulator, "[{ api: insights_28hr }]", &[&plain, &foreign, &deleted]);
    let page = exporter.scrape().await;
    assert_eq!([&plain, &foreign, &deleted].map(|tweet| page.state(tweet)), ["ok", "not_authorized", "not_found"]);
    assert_eq!(simulator.reads(PATH).await.len(), 1);
    simulator.forget().await;
    exporter.refresh().await;
    let requests = simulator.reads(PATH).await;
    assert_eq!((requests.len(), ids(&requests[0])), (1, vec![plain.as_str()]));
}

#[tokio::test]
async fn batches_have_25_tweets() {
    let simulator = Simulator::start();
    let tweets = simulator.add_tweets("acme", 60, 600).await;
    let exporter = start(&simulator, "[{ api: insights_28hr }]", &tweets);
    let page = exporter.scrape().await;
    assert_eq!(page.sum("tweet_state", &[("state", "ok")]), 60.0);
    let mut counts: Vec<_> = simulator.reads(PATH).await.iter().filter_map(|request| request["ids_count"].as_u64()).collect();
    counts.sort();
    assert_eq!(counts, [10, 25, 25]);
}

#[tokio::test]
async fn what_x_serves_no_more_is_reported_once_and_rests() {
    for (insights, reason) in [("gone", "retired"), ("not_enrolled", "not_enrolled")] {
        let simulator = Simulator::start();
        simulator.systems(json!({"account": "acme", "insights": insights})).await;
        let tweet = simulator.tweet("acme", "plain").await;
        let exporter = start(&simulator, "[{ api: insights_28hr }]", &[&tweet]);
        let page = exporter.scrape().await;
        assert_eq!(page.state(&tweet), "unavailable", "{insights}");
        exporter.refresh().await;
        let page = exporter.refresh().await;
        assert_eq!(simulator.reads(PATH).await.len(), 1, "{insights}");
        let errors = [("api", "insights_28hr"), ("reason", reason)];
        assert_eq!(page.value("tweet_exporter_api_errors_total", &errors), Some(1.0));
        let log = exporter.process.output();
        assert_eq!(log.matches(&format!("reason={reason}")).count(), 1, "{log}");
    }
}
