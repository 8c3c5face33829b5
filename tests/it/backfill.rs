//! `tweet_exporter backfill`: every bucket is what X says, requests are cut and bought once, also after a crash.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::{Value, json};
use tweet_exporter::model::Timestamp;

use crate::harness::{
    Account, BUCKET, Backfill, DAY, Exporter, Process, Simulator, days_ago, ids, midnight, series, until, watching,
};

/// What X says of a tweet in buckets, by metric and by the second in which the bucket ends.
async fn truth(simulator: &Simulator, tweet: &str, span: (&str, &str), step: u64) -> BTreeMap<String, BTreeMap<i64, f64>> {
    let granularity = if step == DAY { "daily" } else { "hourly" };
    let (start, end) = span;
    let target = format!("/2/tweets/analytics?ids={tweet}&start_time={start}&end_time={end}&granularity={granularity}");
    let answer = simulator.ask_as_user("acme", &target).await;
    let mut truth: BTreeMap<String, BTreeMap<i64, f64>> = BTreeMap::new();
    for bucket in answer["data"][0]["timestamped_metrics"].as_array().expect("buckets") {
        let start: Timestamp = bucket["timestamp"].as_str().expect("a time").parse().expect("RFC 3339");
        for (metric, value) in bucket["metrics"].as_object().expect("metrics") {
            let end = start.millis() / 1000 + step as i64;
            truth.entry(metric.clone()).or_default().insert(end, value.as_f64().expect("a number"));
        }
    }
    truth
}

#[tokio::test]
async fn every_hour_is_what_x_says() {
    let simulator = Simulator::start();
    let tweets = simulator.add_tweets("acme", 2, 2 * DAY + 7_000).await;
    let sources = "[{ api: lookup }, { api: analytics, window: 7d }, { api: analytics, window: lifetime }]";
    let backfill = Backfill::new(&simulator, &simulator.acme(Account::OWNER, sources, &watching(&tweets)));
    let (start, end) = (days_ago(3), days_ago(0));
    let (code, output) = backfill.run(&start, &end, &["--step=hour", "--lifetime"]);
    assert_eq!(code, 0, "{output}");
    assert_eq!(simulator.reads("/2/tweets/analytics").await.len(), 1, "two windows have one past");
    assert!(!backfill.path("out.om.part").exists() && !backfill.path("out.om.new").exists());
    let samples = backfill.samples();
    for tweet in &tweets {
        let truth = truth(&simulator, tweet, (&start, &end), 3_600).await;
        assert!(truth["impressions"].values().sum::<f64>() > 0.0, "{truth:?}");
        let mut metrics = 0;
        for ((_, labels), found) in samples.iter().filter(|((name, labels), _)| name == BUCKET && labels["tweet_id"] == *tweet) {
            assert_eq!(Some(found), truth.get(&labels["metric"]), "{labels:?}");
            assert_eq!((labels["account"].as_str(), labels["step"].as_str()), ("acme", "1h"));
            metrics += 1;
        }
        assert_eq!(metrics, truth.len());
        // The running total ends where the sum of all buckets does.
        let total = series(&samples, "tweet_engagement", tweet, "impressions").expect("it was born inside the span");
        assert_eq!(total.last_key_value(), Some((&(midnight(0).millis() / 1000), &truth["impressions"].values().sum())));
        assert!(total.len() < 72, "nothing before its birth");
    }
}

#[tokio::test]
async fn a_long_span_is_cut_into_four_weeks_and_all_three_systems_agree() {
    let simulator = Simulator::start();
    let tweets = simulator.add_tweets("acme", 30, 70 * DAY).await;
    let (start, end) = (days_ago(60), days_ago(0));
    let mut found = Vec::new();
    for (source, batches) in [
        ("{ api: analytics, window: 7d }", 1),
        ("{ api: engagement_historical, window: 7d }", 2),
        ("{ api: insights_historical, window: 28d }", 2),
    ] {
        simulator.forget().await;
        let backfill = Backfill::new(&simulator, &simulator.acme(Account::OWNER, &format!("[{source}]"), &watching(&tweets)));
        let (code, output) = backfill.run(&start, &end, &["--step=day"]);
        assert_eq!(code, 0, "{output}");
        let requests = simulator.requests().await;
        assert_eq!(requests.len(), 3 * batches, "{source}: 60 days in three parts");
        let samples = backfill.samples();
        found.push(tweets.iter().map(|tweet| series(&samples, BUCKET, tweet, "likes").cloned()).collect::<Vec<_>>());
        assert!(samples.keys().all(|(name, labels)| name == BUCKET && labels["step"] == "1d"));
    }
    assert_eq!(found[0][0].as_ref().map(BTreeMap::len), Some(60));
    assert!(found[0] == found[1] && found[0] == found[2]);
    let truth = truth(&simulator, &tweets[0], (&start, &end), DAY).await;
    assert_eq!(found[0][0].as_ref(), truth.get("likes"));
}

#[tokio::test]
async fn hours_of_the_engagement_api_and_the_order_of_sources() {
    let simulator = Simulator::start();
    let tweets = simulator.add_tweets("acme", 1, DAY + 7_000).await;
    let (start, end) = (days_ago(2), days_ago(0));
    let truth = truth(&simulator, &tweets[0], (&start, &end), 3_600).await;
    for (sources, first) in [
        ("[{ api: engagement_historical, window: 7d }, { api: analytics, window: 7d }]", true),
        ("[{ api: analytics, window: 7d }, { api: engagement_historical, window: 7d }]", false),
    ] {
        let backfill = Backfill::new(&simulator, &simulator.acme(Account::OWNER, sources, &watching(&tweets)));
        let (code, output) = backfill.run(&start, &end, &["--step=hour", "--lifetime"]);
        assert_eq!(code, 0, "{output}");
        let samples = backfill.samples();
        assert_eq!(series(&samples, BUCKET, &tweets[0], "likes"), truth.get("likes"), "{sources}");
        assert!(series(&samples, BUCKET, &tweets[0], "bookmarks").is_some(), "analytics alone have it");
        assert!(series(&samples, BUCKET, &tweets[0], "video_views").is_some(), "the Engagement API alone has it");
        // Organic impressions are no running total of all of them.
        assert_eq!(series(&samples, "tweet_engagement", &tweets[0], "impressions").is_none(), first);
        assert!(series(&samples, "tweet_engagement", &tweets[0], "likes").is_some());
    }
}

/// Tweets and start of each request that X answered.
fn answered(requests: &[Value]) -> Vec<(String, String)> {
    let good = requests.iter().filter(|request| request["status"] == 200 && request["fault"].is_null());
    let start = |request: &Value| request["query"]["start_time"].as_str().unwrap_or_default().to_owned();
    good.flat_map(|request| ids(request).into_iter().map(move |id| (id.to_owned(), start(request)))).collect()
}

#[tokio::test]
async fn after_a_crash_it_goes_on_and_buys_nothing_twice() {
    let simulator = Simulator::start();
    let tweets = simulator.add_tweets("acme", 3, 130 * DAY).await;
    let sources = "[{ api: analytics, window: 7d }]";
    let backfill = Backfill::new(&simulator, &simulator.acme(Account::OWNER, sources, &watching(&tweets)));
    let (start, end) = (days_ago(120), days_ago(0));
    simulator.faults(json!([{"path": "/2/tweets/analytics", "skip": 2, "fault": {"kind": "stall"}}])).await;
    let mut process = backfill.start(&start, &end, &[]);
    until("the third request", async || (simulator.reads("/2/tweets/analytics").await.len() == 3).then_some(())).await;
    process.signal("KILL");
    process.end();
    assert!(!backfill.path("out.om").exists() && backfill.path("out.om.part").exists());
    // A crash may tear the last line.
    let mut journal = fs::read(backfill.path("out.om.part")).expect("readable");
    journal.extend_from_slice(b"{\"tweet\":{\"id\":17");
    fs::write(backfill.path("out.om.part"), journal).expect("written");
    simulator.faults(json!([])).await;
    let (code, output) = backfill.run(&start, &days_ago(1), &[]);
    assert!(code == 2 && output.contains("belongs to a backfill of acme"), "{code} {output}");
    let (code, output) = backfill.run(&start, &end, &[]);
    assert_eq!(code, 0, "{output}");
    let bought = answered(&simulator.reads("/2/tweets/analytics").await);
    assert_eq!(bought.len(), 3 * 5, "120 days are five parts");
    assert_eq!(bought.iter().collect::<BTreeSet<_>>().len(), bought.len(), "{bought:?}");
    let truth = truth(&simulator, &tweets[1], (&start, &end), DAY).await;
    assert_eq!(series(&backfill.samples(), BUCKET, &tweets[1], "replies"), truth.get("replies"));
}

async fn bought(simulator: &Simulator) -> u64 {
    let bill = simulator.get("bill").await;
    let days = bill["days"].as_object().expect("days").values();
    days.filter_map(|day| day["analytics"].as_u64()).sum()
}

#[tokio::test]
async fn the_budget_holds_and_a_larger_one_goes_on() {
    let simulator = Simulator::start();
    let tweets = simulator.add_tweets("acme", 6, 3 * DAY).await;
    let configuration = |usd: &str| {
        let lines = format!("{}\n    budget: {{ usd_per_day: {usd} }}", Account::OWNER);
        simulator.acme(&lines, "[{ api: analytics, window: 7d }]", &watching(&tweets))
    };
    let backfill = Backfill::new(&simulator, &configuration("0.02"));
    let (code, output) = backfill.run(&days_ago(2), &days_ago(0), &[]);
    assert!(code == 1 && output.contains("budget is used up"), "{code} {output}");
    assert_eq!(bought(&simulator).await, 4, "0.005 USD each");
    assert!(!backfill.path("out.om").exists());
    let (code, output) = backfill.run(&days_ago(2), &days_ago(0), &[]);
    assert!(code == 1 && bought(&simulator).await == 4, "{code} {output}");
    backfill.configure(&configuration("0.03"));
    let (code, output) = backfill.run(&days_ago(2), &days_ago(0), &[]);
    assert_eq!(code, 0, "{output}");
    assert_eq!(bought(&simulator).await, 6);
    assert_eq!(answered(&simulator.reads("/2/tweets/analytics").await).len(), 6, "each once");
    assert_eq!(backfill.samples().keys().filter(|(_, labels)| labels["metric"] == "likes").count(), 6);
}

#[tokio::test]
async fn it_shares_the_servers_books_and_waits_for_no_running_server() {
    let simulator = Simulator::start();
    let tweets = simulator.add_tweets("acme", 4, 3 * DAY).await;
    let lines = format!("{}\n    budget: {{ usd_per_day: 0.02 }}", Account::OWNER);
    let backfill = Backfill::new(&simulator, &simulator.acme(&lines, "[{ api: analytics, window: 7d }]", &watching(&tweets)));
    let folder = tempfile::tempdir().expect("a folder");
    fs::copy(backfill.path("tweet_exporter.yml"), folder.path().join("tweet_exporter.yml")).expect("copied");
    let mut exporter = Exporter::start_in(folder, backfill.secrets());
    assert_eq!(exporter.scrape().await.sum("tweet_state", &[("state", "ok")]), 4.0);
    let state = format!("--state.path={}", exporter.folder.path().join("state").display());
    let run = || {
        let mut arguments = backfill.arguments(&days_ago(2), &days_ago(0), &[]);
        arguments.retain(|argument| !argument.starts_with("--state.path"));
        arguments.push(state.clone());
        Process::run(&arguments, backfill.secrets())
    };
    let (code, output) = run();
    assert!(code == 1 && output.contains("in use by another exporter") && output.contains("stop the server"), "{code} {output}");
    exporter.process.signal("TERM");
    exporter.process.end();
    let (code, output) = run();
    assert_eq!(code, 0, "the server has paid for these tweets today: {output}");
    assert_eq!(bought(&simulator).await, 4);
}
