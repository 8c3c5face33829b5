//! Answers that no document knows, from every system: counted, survived, and over when X speaks sense again.

use serde_json::{Value, json};

use crate::harness::{Account, Exporter, Simulator, until, watching};

const SYSTEMS: [(&str, &str, &str); 7] = [
    ("timeline", "{ api: timeline }", "/2/users/1"),
    ("analytics", "{ api: analytics, window: 7d }", "/2/tweets/analytics"),
    ("media_analytics", "{ api: lookup }, { api: media_analytics, window: 7d }", "/2/media/analytics"),
    ("insights_28hr", "{ api: insights_28hr }", "/2/insights/28hr"),
    ("engagement_totals", "{ api: engagement_totals }", "/insights/engagement/totals"),
    ("engagement_historical", "{ api: engagement_historical, window: 7d }", "/insights/engagement/historical"),
    ("labs_private", "{ api: labs_private }", "/labs/1/"),
];

/// All systems at once, each fault in turn; the exporter reads each second in the background.
async fn survives(faults: &[Value]) {
    let simulator = Simulator::start();
    simulator.systems(json!({"account": "acme", "labs": "alive"})).await;
    let video = simulator.tweet("acme", "video").await;
    let sources: Vec<&str> = SYSTEMS.iter().map(|(_, source, _)| *source).collect();
    let text = simulator.acme_under(
        "mode: on_scrape\nmin_age: 1s\ntiers: [{ younger_than: 30d, every: 1s }]",
        Account::OWNER,
        &format!("[{}]", sources.join(", ")),
        &watching(&[&video]),
    );
    for fault in faults {
        let exporter = Exporter::start(&text, &simulator.secrets());
        exporter.scrape().await;
        let before = exporter.refresh().await;
        let (numbers, errors) = (numbers(&before), before.sum("tweet_exporter_api_errors_total", &[]));
        assert!(numbers > 60 && errors == 0.0, "{fault}: {numbers} series, {errors} errors");
        let rules = SYSTEMS.iter().map(|(_, _, path)| json!({"path": path, "times": 1, "fault": fault}));
        simulator.faults(Value::Array(rules.collect())).await;
        let page = exporter.refresh().await;
        for (api, ..) in SYSTEMS {
            assert!(page.sum("tweet_exporter_api_errors_total", &[("api", api)]) >= 1.0, "{fault} {api} is not counted");
        }
        assert_eq!(self::numbers(&page), numbers, "{fault}: the last numbers stay");
        simulator.faults(json!([])).await;
        simulator.forget().await;
        until("each system is read again", async || {
            exporter.refresh().await;
            let reads = simulator.requests().await;
            let is_read = |path: &str| reads.iter().any(|read| read["path"].as_str().is_some_and(|read| read.starts_with(path)));
            // Whatever X answers instead of Labs means that they are retired.
            let rests = |api: &str| api == "labs_private" && fault["kind"] == "redirect";
            SYSTEMS.iter().all(|(api, _, path)| is_read(path) != rests(api)).then_some(())
        })
        .await;
        assert_eq!(exporter.scrape().await.state(&video), "ok", "{fault}");
        assert!(!exporter.process.output().contains("fault of the exporter"), "{}", exporter.process.output());
    }
}

/// Series with numbers of tweets.
fn numbers(page: &crate::harness::Page) -> usize {
    let families = [
        "tweet_engagement",
        "tweet_engagement_by_context",
        "tweet_engagement_window",
        "tweet_media_engagement",
        "tweet_media_engagement_window",
    ];
    families.iter().map(|family| page.all(family, &[]).len()).sum()
}

#[tokio::test]
async fn broken_bodies_are_counted_and_survived() {
    survives(&[json!({"kind": "truncated_json"}), json!({"kind": "truncated"}), json!({"kind": "html", "status": 200})]).await;
}

#[tokio::test]
async fn empty_and_strange_bodies_are_counted_and_survived() {
    let deep = "[".repeat(100_000);
    survives(&[
        json!({"kind": "empty", "status": 200}),
        json!({"kind": "status", "status": 200, "body": deep}),
        json!({"kind": "status", "status": 200, "body": "{\"data\": 7, \"data\": {\"id\": []}}"}),
    ])
    .await;
}

#[tokio::test]
async fn bombs_and_redirects_are_counted_and_survived() {
    survives(&[json!({"kind": "huge", "bytes": 300_000_000u64}), json!({"kind": "redirect", "location": "http://127.0.0.1:1/"})])
        .await;
}

#[tokio::test]
async fn what_is_unknown_or_bent_costs_only_itself() {
    for (fault, counted) in
        [("unknown_fields", "tweet_exporter_unknown_fields_total"), ("malformed_value", "tweet_exporter_bad_values_total")]
    {
        let simulator = Simulator::start();
        let (video, plain) = (simulator.tweet("acme", "video").await, simulator.tweet("acme", "plain").await);
        simulator.faults(json!([{"fault": {"kind": fault}}])).await;
        let sources = "[{ api: timeline }, { api: analytics, window: 7d }, { api: engagement_historical, window: 7d }]";
        let text = simulator.acme(Account::OWNER, sources, &watching(&[&video, &plain]));
        let exporter = Exporter::start(&text, &simulator.secrets());
        let page = exporter.scrape().await;
        let with_numbers = ["timeline", "analytics", "engagement_historical"];
        // The fault's unknown list stands beside the numbers of the Engagement API, where lists come and go.
        for api in &with_numbers[..if fault == "unknown_fields" { 2 } else { 3 }] {
            assert!(page.sum(counted, &[("api", api)]) >= 1.0, "{fault} {api}");
        }
        for tweet in [&video, &plain] {
            assert_eq!(page.state(tweet), "ok", "{fault}");
            assert!(page.value("tweet_engagement", &[("tweet_id", tweet), ("metric", "impressions")]).is_some());
            assert!(!page.all("tweet_engagement_window", &[("tweet_id", tweet)]).is_empty(), "{fault}");
        }
    }
}
