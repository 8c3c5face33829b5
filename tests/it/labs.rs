//! Labs: alive it gives numbers; retired, as X has it, it is asked once.

use std::fmt::Display;

use serde_json::json;

use crate::harness::{Account, Exporter, Simulator, credential, watching};

const PATH: &str = "/labs/1/";

fn start(simulator: &Simulator, sources: &str, tweets: &[impl Display]) -> Exporter {
    Exporter::start(&simulator.acme(Account::OWNER, sources, &watching(tweets)), &simulator.secrets())
}

#[tokio::test]
async fn a_server_that_still_speaks_it_gives_lifetime_totals() {
    let simulator = Simulator::start();
    simulator.systems(json!({"account": "acme", "labs": "alive"})).await;
    let (video, overage) = (simulator.tweet("acme", "video").await, simulator.tweet("acme", "overage").await);
    let (foreign, deleted) = (simulator.tweet("acme", "foreign").await, simulator.tweet("acme", "deleted").await);
    let exporter = start(&simulator, "[{ api: labs_private }]", &[&video, &overage, &foreign, &deleted]);
    let page = exporter.scrape().await;
    for (metric, key) in [
        ("impressions", "impression_count"),
        ("likes", "like_count"),
        ("retweets", "retweet_count"),
        ("quote_tweets", "quote_count"),
        ("replies", "reply_count"),
    ] {
        let truth = simulator.truth(&video, "public_metrics", key).await;
        assert_eq!(page.value("tweet_engagement", &[("tweet_id", &video), ("metric", metric)]), truth, "{metric}");
    }
    assert_eq!(page.all("tweet_media_engagement", &[("tweet_id", &video)]).len(), 6);
    let states = [&video, &overage, &foreign, &deleted].map(|tweet| page.state(tweet));
    assert_eq!(states, ["ok", "unavailable", "not_authorized", "not_found"]);
    let requests = simulator.reads(PATH).await;
    assert_eq!((requests.len(), credential(&requests[0])), (1, "oauth1"));
    assert_eq!(requests[0]["ids_count"], 3, "nothing over 30 days is asked for");
}

#[tokio::test]
async fn batches_have_50_tweets() {
    let simulator = Simulator::start();
    simulator.systems(json!({"account": "acme", "labs": "alive"})).await;
    let tweets = simulator.add_tweets("acme", 60, 600).await;
    let exporter = start(&simulator, "[{ api: labs_private }]", &tweets);
    assert_eq!(exporter.scrape().await.sum("tweet_state", &[("state", "ok")]), 60.0);
    let counts: Vec<_> = simulator.reads(PATH).await.iter().filter_map(|request| request["ids_count"].as_u64()).collect();
    assert_eq!((counts.len(), counts.iter().sum::<u64>(), counts.iter().max()), (2, 60, Some(&50)));
}

#[tokio::test]
async fn retired_it_is_asked_once_and_rests() {
    let simulator = Simulator::start();
    let tweet = simulator.tweet("acme", "plain").await;
    let exporter = start(&simulator, "[{ api: labs_private }]", &[&tweet]);
    assert_eq!(exporter.scrape().await.state(&tweet), "unavailable");
    exporter.refresh().await;
    let page = exporter.refresh().await;
    assert_eq!(simulator.reads(PATH).await.len(), 1);
    let errors = [("api", "labs_private"), ("reason", "retired")];
    assert_eq!(page.value("tweet_exporter_api_errors_total", &errors), Some(1.0));
    let log = exporter.process.output();
    assert_eq!(log.matches("reason=retired").count(), 1, "{log}");
    assert_eq!(exporter.get("/-/ready").await.0, 200);
}
