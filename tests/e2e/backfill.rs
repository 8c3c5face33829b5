//! promtool makes blocks of a backfill, and a real Prometheus serves its numbers.

use std::process::Command;
use std::time::{Duration, SystemTime};

use tweet_exporter::model::Timestamp;

use crate::harness::{Account, Backfill, Simulator, series, until, watching};
use crate::prometheus::Prometheus;

/// What backfill says of how to load the history works as it stands, and makes few blocks.
fn load_as_told(output: &str) {
    let line = output.lines().find_map(|line| line.split_once("to load it: promtool ")).expect("advice").1;
    let folder = tempfile::tempdir().expect("a folder");
    let arguments = line.strip_suffix(" <data folder of Prometheus>").expect("a folder to fill in");
    let loaded = Command::new("promtool").args(arguments.split(' ')).arg(folder.path()).output().expect("promtool starts");
    let said = String::from_utf8_lossy(&loaded.stderr).into_owned();
    assert!(loaded.status.success() && said.is_empty(), "{line}: {said}");
    let blocks = std::fs::read_dir(folder.path()).expect("a folder").count();
    assert!((1..=4).contains(&blocks), "{blocks} blocks for thirty days");
}

#[tokio::test]
async fn prometheus_serves_the_past() {
    let simulator = Simulator::start();
    let old = simulator.add_tweets("acme", 2, 45 * 86_400).await;
    let new = simulator.add_tweets("acme", 1, 3 * 86_400 + 500).await;
    let tweets: Vec<&str> = old.iter().chain(&new).map(String::as_str).collect();
    let sources = "[{ api: analytics, window: 7d }, { api: engagement_historical, window: 7d }]";
    let backfill = Backfill::new(&simulator, &simulator.acme(Account::OWNER, sources, &watching(&tweets)));
    let now = Timestamp::from(SystemTime::now());
    let end = Timestamp::from_seconds(now.utc_day() * 86_400);
    let start = end - Duration::from_secs(30 * 86_400);
    let (code, output) = backfill.run(&start.to_string(), &end.to_string(), &["--step=hour", "--lifetime"]);
    assert_eq!(code, 0, "{output}");
    load_as_told(&output);
    let samples = backfill.samples();
    let prometheus = Prometheus::with_blocks_of(&backfill.path("out.om"));
    let at = end.millis() / 1000;
    let query = async |expression: &str| {
        until(expression, async || prometheus.query_at(expression, at).await.first().map(|(_, value)| *value)).await
    };
    for tweet in &tweets {
        for metric in ["impressions", "likes", "video_views"] {
            let hours = series(&samples, "tweet_engagement_bucket", tweet, metric).expect("a series");
            let labels = format!("tweet_id=\"{tweet}\",metric=\"{metric}\"");
            let sum = query(&format!("sum_over_time(tweet_engagement_bucket{{{labels},step=\"1h\"}}[30d])")).await;
            assert_eq!(sum, hours.values().sum::<f64>(), "{labels}");
            let count = query(&format!("count_over_time(tweet_engagement_bucket{{{labels}}}[30d])")).await;
            assert_eq!(count, hours.len() as f64, "every bucket is there");
        }
    }
    // The last hour of a running total is the total.
    let labels = format!("tweet_id=\"{}\",metric=\"likes\"", new[0]);
    let total = series(&samples, "tweet_engagement", &new[0], "likes").expect("born inside the span");
    assert_eq!(Some(&query(&format!("tweet_engagement{{{labels}}}")).await), total.values().last());
    assert_eq!(prometheus.query_at("count(tweet_engagement) by (tweet_id)", at).await.len(), 1, "the others were born before");
}
