//! A real Prometheus that learns from `/sd` what to probe, and probes it.

use crate::harness::{Account, Exporter, Simulator, until};
use crate::prometheus::Prometheus;

#[tokio::test]
async fn prometheus_discovers_the_watched_tweets_and_probes_each() {
    let simulator = Simulator::start();
    let tweets = simulator.add_tweets("acme", 3, 600).await;
    let globex = "    username: globex\n    credentials: { bearer_token: \"${GLOBEX_BEARER_TOKEN}\" }";
    let viral = simulator.tweet("globex", "viral").await;
    let list = |tweets: &[String]| {
        [
            Account { name: "acme", lines: Account::PUBLIC, tweets: tweets.to_vec() },
            Account { name: "globex", lines: globex, tweets: vec![viral.clone()] },
        ]
    };
    let top = "probe: { accounts: [acme] }\nmode: on_scrape\nmin_age: 1h";
    let exporter = Exporter::start(&simulator.configuration(top, &list(&tweets[..2])), &simulator.secrets());
    let job = format!("  - job_name: tweets\n    http_sd_configs: [{{ url: \"{}/sd\", refresh_interval: 1s }}]\n", exporter.url);
    let prometheus = Prometheus::running(&job);
    let likes = "tweet_engagement{job=\"tweets\",metric=\"likes\"}";
    let count = async |expected: usize| {
        until("a number of each tweet", async || (prometheus.query(likes).await.len() == expected).then_some(())).await;
    };
    count(2).await;
    for (labels, value) in prometheus.query(likes).await {
        assert_eq!(labels["account"], "acme", "globex may not be probed");
        assert_eq!(Some(value), simulator.truth(&labels["tweet_id"], "public_metrics", "like_count").await);
    }
    let up = prometheus.query("up{job=\"tweets\"}").await;
    assert!(up.len() == 1 && up[0].1 == 1.0, "all targets share their instance: {up:?}");
    assert_eq!(simulator.reads("/2/tweets").await.len(), 2, "one read for each, however often it is scraped");
    exporter.reload_with(&simulator.configuration(top, &list(&tweets))).await;
    count(3).await;
    assert_eq!(simulator.reads("/2/tweets").await.len(), 3);
}
