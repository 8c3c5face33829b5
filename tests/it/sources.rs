//! Several sources of one account: whose numbers win, how often each reads, and what the failure of one costs the others.

use serde_json::json;

use crate::harness::{Account, Exporter, Simulator, until, watching};

#[tokio::test]
async fn of_two_sources_with_the_same_series_the_first_wins() {
    for (sources, moves) in [
        ("[{ api: engagement_totals, every: 1h }, { api: lookup }]", false),
        ("[{ api: lookup }, { api: engagement_totals, every: 1h }]", true),
    ] {
        let simulator = Simulator::start();
        let viral = simulator.tweet("acme", "viral").await;
        let exporter = Exporter::start(&simulator.acme(Account::OWNER, sources, &watching(&[&viral])), &simulator.secrets());
        let likes = [("tweet_id", viral.as_str()), ("metric", "likes")];
        let before = exporter.scrape().await.value("tweet_engagement", &likes).expect("likes");
        simulator.advance(7_200).await;
        exporter.refresh().await;
        let page = exporter.refresh().await;
        let after = page.value("tweet_engagement", &likes).expect("likes, once");
        assert_eq!(after > before, moves, "{sources}");
        assert!(page.value("tweet_engagement", &[("metric", "bookmarks")]).is_some(), "the other's own numbers are there, too");
        assert_eq!(simulator.reads("/insights/engagement/totals").await.len(), 2, "two passes, one in an hour");
        assert_eq!(simulator.reads("/2/tweets").await.len(), 3, "each second");
    }
}

#[tokio::test]
async fn a_number_of_the_second_source_shows_while_the_first_has_none() {
    let simulator = Simulator::start();
    simulator.faults(json!([{"path": "/insights/", "fault": {"kind": "unavailable"}}])).await;
    let plain = simulator.tweet("acme", "plain").await;
    let sources = "[{ api: engagement_totals }, { api: lookup }]";
    let exporter = Exporter::start(&simulator.acme(Account::OWNER, sources, &watching(&[&plain])), &simulator.secrets());
    let page = exporter.scrape().await;
    let likes = simulator.truth(&plain, "public_metrics", "like_count").await;
    assert_eq!(page.value("tweet_engagement", &[("metric", "likes")]), likes);
    assert_eq!(page.state(&plain), "ok");
}

#[tokio::test]
async fn a_source_that_hangs_or_fails_delays_no_other() {
    for fault in
        [json!({"kind": "stall"}), json!({"kind": "unavailable"}), json!({"kind": "rate_limited", "reset_in_seconds": 600})]
    {
        let simulator = Simulator::start();
        simulator.faults(json!([{"path": "/2/tweets/analytics", "fault": fault}])).await;
        let plain = simulator.tweet("acme", "plain").await;
        let sources = "[{ api: analytics, window: 7d }, { api: lookup }, { api: insights_28hr }]";
        let top = "tiers: [{ younger_than: 30d, every: 1s }]";
        let text = simulator.acme_under(top, Account::OWNER, sources, &watching(&[&plain]));
        let exporter = Exporter::start(&text, &simulator.secrets());
        for path in ["/2/insights/28hr", "/2/tweets"] {
            let moments = until(path, async || {
                let mut reads = simulator.reads(path).await;
                reads.retain(|request| request["path"] == path);
                (reads.len() >= 4).then(|| reads.iter().filter_map(|read| read["at_millis"].as_i64()).collect::<Vec<_>>())
            })
            .await;
            let longest = moments.windows(2).map(|pair| pair[1] - pair[0]).max().expect("four");
            assert!(longest < 3_000, "{fault} {path}: {moments:?}");
        }
        let page = exporter.scrape().await;
        assert_eq!(page.state(&plain), "ok", "{fault}");
        assert!(page.value("tweet_engagement_window", &[("window", "28h"), ("metric", "likes")]).is_some());
        assert!(page.all("tweet_engagement_window", &[("window", "7d")]).is_empty());
    }
}

#[tokio::test]
async fn a_timeline_that_hangs_or_fails_does_not_delay_the_first_lookup() {
    for path in ["/2/users/me", "/2/users/1"] {
        for fault in
            [json!({"kind": "stall"}), json!({"kind": "unavailable"}), json!({"kind": "rate_limited", "reset_in_seconds": 600})]
        {
            let simulator = Simulator::start();
            simulator.faults(json!([{"path": path, "fault": fault}])).await;
            let plain = simulator.tweet("acme", "plain").await;
            let sources = "[{ api: timeline }, { api: lookup }]";
            let watch = format!("{{ tweets: [\"{plain}\"], timeline: {{ younger_than: 7d }} }}");
            // Longer than anybody waits here.
            let text = simulator.acme(Account::OWNER, sources, &watch).replace("timeout: 5s", "timeout: 5m");
            let exporter = Exporter::start(&text, &simulator.secrets());
            until(&format!("{path} {fault}"), async || (exporter.scrape().await.state(&plain) == "ok").then_some(())).await;
            assert_eq!(simulator.reads("/2/tweets").await.len(), 1, "{path} {fault}");
        }
    }
}

#[tokio::test]
async fn what_x_has_counted_is_asked_after_the_first_numbers_and_costs_nothing() {
    let simulator = Simulator::start();
    let tweets = simulator.add_tweets("acme", 7, 600).await;
    let top = "tiers: [{ younger_than: 30d, every: 1s }]";
    let text = simulator.acme_under(top, Account::PUBLIC, "[{ api: lookup }]", &watching(&tweets));
    let exporter = Exporter::start(&text, &simulator.secrets());
    let page = until("the gauges", async || {
        let page = exporter.scrape().await;
        page.value("tweet_exporter_project_cap", &[("account", "acme")]).map(|_| page)
    })
    .await;
    assert_eq!(page.value("tweet_exporter_project_usage", &[("account", "acme")]), Some(7.0));
    assert!(page.sum("tweet_exporter_project_cap", &[]) >= 1_000_000.0);
    assert_eq!(page.sum("tweet_exporter_billable_reads_total", &[]), 7.0);
    let all = simulator.requests().await;
    let usage = all.iter().position(|request| request["path"] == "/2/usage/tweets").expect("asked");
    let waited = all[usage]["at_millis"].as_i64().zip(all[0]["at_millis"].as_i64()).map(|(asked, first)| asked - first);
    assert!(waited.is_some_and(|waited| waited >= 3_000), "{waited:?}");
    assert_eq!(simulator.reads("/2/usage").await.len(), 1);
}

#[tokio::test]
async fn ten_sources_make_a_page_without_a_series_twice() {
    let simulator = Simulator::start();
    simulator.systems(json!({"account": "acme", "labs": "alive"})).await;
    let (video, foreign) = (simulator.tweet("acme", "video").await, simulator.tweet("acme", "foreign").await);
    let sources = "[{ api: timeline }, { api: lookup }, { api: analytics, window: 7d }, { api: analytics, window: lifetime }, \
                   { api: media_analytics, window: 7d }, { api: insights_28hr }, { api: insights_historical, window: 7d }, \
                   { api: engagement_totals }, { api: engagement_28hr }, { api: engagement_historical, window: 7d }, { api: labs_private }]";
    let exporter =
        Exporter::start(&simulator.acme(Account::OWNER, sources, &watching(&[&video, &foreign])), &simulator.secrets());
    for _ in 0..3 {
        let page = exporter.refresh().await;
        for family in ["tweet_engagement", "tweet_engagement_window", "tweet_media_engagement", "tweet_engagement_by_context"] {
            let series = page.all(family, &[]);
            let distinct: std::collections::BTreeSet<_> = series.iter().map(|series| format!("{:?}", series.labels)).collect();
            assert!(!series.is_empty() && distinct.len() == series.len(), "{family}");
        }
        assert_eq!((page.state(&video), page.state(&foreign)), ("ok".to_owned(), "ok".to_owned()));
        assert!(page.all("tweet_engagement_window", &[("tweet_id", &foreign)]).is_empty());
    }
}
