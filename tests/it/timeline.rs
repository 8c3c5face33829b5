//! The account's own timeline: it discovers tweets and reads them, at the owner's price, and nothing twice.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Account, Exporter, Page, Simulator, credential, ids, until};

const TIMELINE: &str = "/2/users/";
const SOURCES: &str = "[{ api: timeline }]";

/// Requests for pages of a timeline.
async fn pages(simulator: &Simulator) -> Vec<Value> {
    let mut requests = simulator.reads(TIMELINE).await;
    requests.retain(|request| request["path"].as_str().is_some_and(|path| path.ends_with("/tweets")));
    requests
}

fn watched(page: &Page) -> usize {
    page.all("tweet_state", &[]).len()
}

fn start(simulator: &Simulator, lines: &str, sources: &str, watch: &str) -> Exporter {
    Exporter::start(&simulator.acme(lines, sources, watch), &simulator.secrets())
}

#[tokio::test]
async fn a_new_tweet_appears_without_a_restart_and_has_no_numbers_when_it_is_deleted() {
    let simulator = Simulator::start();
    let watch = "{ timeline: { younger_than: 1d, exclude: [replies, retweets], labels: { campaign: spring } } }";
    let exporter = start(&simulator, Account::OWNER, SOURCES, watch);
    let page = exporter.scrape().await;
    assert_eq!(watched(&page), 4, "plain, viral, campaign, video");
    let new = simulator.add_tweets("acme", 1, 5).await.remove(0);
    simulator.forget().await;
    let page = exporter.refresh().await;
    assert_eq!(page.state(&new), "ok");
    assert_eq!(page.value("tweet_info", &[("tweet_id", &new), ("campaign", "spring"), ("username", "acme")]), Some(1.0));
    let likes = simulator.truth(&new, "public_metrics", "like_count").await;
    assert_eq!(page.value("tweet_engagement", &[("tweet_id", &new), ("metric", "likes")]), likes);
    let organic = [("tweet_id", new.as_str()), ("metric", "impressions"), ("context", "organic")];
    assert!(page.value("tweet_engagement_by_context", &organic).is_some(), "the same numbers as a lookup's");
    for request in simulator.reads("/2/").await.iter().filter(|request| request["path"] != "/2/usage/tweets") {
        assert!(request["path"].as_str().is_some_and(|path| path.ends_with("/tweets") && path != "/2/tweets"), "{request}");
        let query = &request["query"];
        let start = query["start_time"].as_str().or(query["since_id"].as_str()).expect("no page without an end");
        assert!(!start.contains('.') && query["max_results"] == "100" && query["exclude"] == "replies,retweets", "{request}");
    }
    simulator.set_state(&new, "deleted").await;
    let page = exporter.refresh().await;
    assert_eq!(page.state(&new), "not_found");
    assert!(page.all("tweet_engagement", &[("tweet_id", &new)]).is_empty(), "{:?}", page.families_of(&new));
    assert_eq!(watched(&page), 5);
}

#[tokio::test]
async fn a_refresh_takes_as_many_pages_as_there_are_hundreds_at_the_owners_price() {
    let simulator = Simulator::start();
    simulator.add_tweets("acme", 248, 600).await;
    let watch = "{ timeline: { younger_than: 30m, exclude: [replies, retweets] } }";
    let exporter = start(&simulator, Account::OWNER, SOURCES, watch);
    let page = exporter.scrape().await;
    assert_eq!(page.sum("tweet_state", &[("state", "ok")]), 250.0);
    let asked = pages(&simulator).await;
    assert_eq!(asked.len(), 3);
    assert!(asked[0]["query"]["start_time"].as_str().is_some_and(|start| start.len() == "2026-01-01T00:00:00Z".len()));
    for _ in 0..2 {
        simulator.forget().await;
        let page = exporter.refresh().await;
        assert_eq!(pages(&simulator).await.len(), 3);
        assert!(simulator.reads("/2/tweets").await.is_empty(), "nothing is bought again");
        assert_eq!(page.sum("tweet_exporter_billable_reads_total", &[("class", "owned_tweet")]), 250.0);
        assert_eq!(page.sum("tweet_exporter_billable_reads_total", &[("class", "tweet")]), 0.0);
        assert_eq!(page.sum("tweet_exporter_billable_reads_total", &[("class", "user")]), 1.0, "resolved once");
        assert!(simulator.reads("/2/users/me").await.is_empty());
        assert_eq!(page.sum("tweet_state", &[("state", "ok")]), 250.0);
    }
    let bill = simulator.get("bill").await;
    let day = bill["days"].as_object().and_then(|days| days.values().next()).expect("a day").clone();
    assert_eq!((&day["owned_tweet"], &day["user"]), (&json!(250), &json!(1)), "{bill}");
}

#[tokio::test]
async fn a_tweet_that_has_grown_too_old_leaves() {
    let simulator = Simulator::start();
    let exporter = start(&simulator, Account::OWNER, SOURCES, "{ timeline: { younger_than: 4s } }");
    assert_eq!(watched(&exporter.scrape().await), 0);
    let young = simulator.add_tweets("acme", 1, 0).await.remove(0);
    let born = Instant::now();
    until("it is there", async || {
        let page = exporter.scrape().await;
        (!page.families_of(&young).is_empty() && page.state(&young) == "ok").then_some(())
    })
    .await;
    until("it is gone", async || exporter.scrape().await.families_of(&young).is_empty().then_some(())).await;
    assert!(born.elapsed() > Duration::from_millis(3_500), "{:?}", born.elapsed());
}

#[tokio::test]
async fn what_is_not_on_the_timeline_is_looked_up() {
    let simulator = Simulator::start();
    let (foreign, steady) = (simulator.tweet("acme", "foreign").await, simulator.tweet("acme", "steady").await);
    let video = simulator.tweet("acme", "video").await;
    let watch = format!(
        "{{ tweets: [\"{foreign}\", \"{steady}\", \"{video}\"], timeline: {{ younger_than: 1d, exclude: [replies, retweets] }} }}"
    );
    let exporter = start(&simulator, Account::OWNER, "[{ api: timeline }, { api: lookup }]", &watch);
    for round in 0..3 {
        let page = if round == 0 { exporter.scrape().await } else { exporter.refresh().await };
        assert_eq!(page.sum("tweet_state", &[("state", "ok")]), 6.0, "round {round}");
        for tweet in [&foreign, &steady, &video] {
            assert_eq!(page.value("tweet_info", &[("tweet_id", tweet)]), Some(1.0));
        }
        let looked_up = simulator.reads("/2/tweets").await;
        let mut asked: Vec<&str> = looked_up.iter().flat_map(ids).collect();
        asked.sort();
        asked.dedup();
        let mut expected = [foreign.as_str(), steady.as_str()];
        expected.sort();
        assert_eq!(asked, expected, "round {round}");
        if round > 0 {
            assert_eq!((pages(&simulator).await.len(), looked_up.len()), (1, 2), "round {round}");
        }
        simulator.forget().await;
    }
}

#[tokio::test]
async fn a_bearer_token_reads_a_timeline_at_the_price_of_any_tweet() {
    let simulator = Simulator::start();
    let watch = "{ timeline: { younger_than: 1d, exclude: [replies, retweets] } }";
    let exporter = start(&simulator, Account::PUBLIC, SOURCES, watch);
    exporter.scrape().await;
    let page = exporter.refresh().await;
    assert_eq!(page.sum("tweet_state", &[("state", "ok")]), 4.0);
    assert_eq!(page.sum("tweet_exporter_billable_reads_total", &[("class", "tweet")]), 4.0);
    assert_eq!(page.sum("tweet_exporter_billable_reads_total", &[("class", "owned_tweet")]), 0.0);
    assert_eq!(simulator.reads("/2/users/by/username/acme").await.len(), 1);
    assert!(pages(&simulator).await.iter().all(|request| credential(request) == "bearer"));
}

#[tokio::test]
async fn an_empty_page_with_a_next_one_loses_no_tweet_and_starts_no_loop() {
    let simulator = Simulator::start();
    simulator.add_tweets("acme", 148, 600).await;
    let watch = "{ timeline: { younger_than: 30m, exclude: [replies, retweets] } }";
    let exporter = start(&simulator, Account::OWNER, SOURCES, watch);
    let empty = |more: Value| json!([{"path": TIMELINE, "times": more, "fault": {"kind": "empty_page"}}]);
    simulator.faults(empty(json!(1))).await;
    exporter.scrape().await;
    assert_eq!(exporter.refresh().await.sum("tweet_state", &[("state", "ok")]), 150.0, "found in the end");
    for times in [json!(1), Value::Null] {
        simulator.forget().await;
        simulator
            .faults(match &times {
                Value::Null => json!([{"path": TIMELINE, "fault": {"kind": "empty_page"}}]),
                times => empty(times.clone()),
            })
            .await;
        let page = exporter.refresh().await;
        assert_eq!(page.all("tweet_engagement", &[("metric", "likes")]).len(), 150, "times {times}");
        let asked = pages(&simulator).await.len();
        assert!((2..=40).contains(&asked), "times {times}: {asked} pages");
        simulator.faults(json!([])).await;
        assert_eq!(exporter.refresh().await.sum("tweet_state", &[("state", "ok")]), 150.0, "times {times}: all are read again");
    }
}

#[tokio::test]
async fn trouble_on_the_timeline_leaves_the_numbers_and_ends_with_it() {
    for (kind, reason) in [("unavailable", "server_error"), ("rate_limited", "rate_limited")] {
        let simulator = Simulator::start();
        let exporter = start(&simulator, Account::OWNER, SOURCES, "{ timeline: { younger_than: 1d, exclude: [retweets] } }");
        let before = exporter.scrape().await.all("tweet_engagement", &[]).len();
        assert!(before > 0);
        let mut fault = json!({"kind": kind});
        if kind == "rate_limited" {
            fault["reset_in_seconds"] = json!(2);
        }
        simulator.faults(json!([{"path": TIMELINE, "times": 1, "fault": fault}])).await;
        let new = simulator.add_tweets("acme", 1, 5).await.remove(0);
        let page = exporter.refresh().await;
        assert_eq!(page.sum("tweet_exporter_api_errors_total", &[("api", "timeline"), ("reason", reason)]), 1.0, "{kind}");
        assert_eq!(page.all("tweet_engagement", &[]).len(), before, "{kind}");
        until("it is found", async || (!exporter.scrape().await.families_of(&new).is_empty()).then_some(())).await;
    }
}

#[tokio::test]
async fn a_timeline_that_x_refuses_leaves_its_tweets_to_the_lookup() {
    let simulator = Simulator::start();
    let steady = simulator.tweet("acme", "steady").await;
    let fault = json!({"kind": "status", "status": 403, "body": {"title": "Forbidden", "type": "about:blank"}});
    simulator.faults(json!([{"path": TIMELINE, "fault": fault}])).await;
    let watch = format!("{{ tweets: [\"{steady}\"] }}");
    let exporter = start(&simulator, Account::OWNER, "[{ api: timeline }, { api: lookup }]", &watch);
    let page = until("the lookup", async || {
        let page = exporter.scrape().await;
        (page.state(&steady) == "ok").then_some(page)
    })
    .await;
    assert!(page.value("tweet_engagement", &[("tweet_id", &steady), ("metric", "likes")]).is_some());
    assert!(!simulator.reads("/2/tweets").await.is_empty());
}

#[tokio::test]
async fn no_more_tweets_are_watched_than_the_limits_allow() {
    let simulator = Simulator::start();
    let steady = simulator.tweet("acme", "steady").await;
    let new = simulator.add_tweets("acme", 5, 60).await;
    let newest = new.iter().max_by_key(|id| id.parse::<u64>().expect("an id")).expect("five");
    let top = "mode: on_scrape\nmin_age: 1s\ntiers: [{ younger_than: 30d, every: 1s }]";
    for (limits, most, expected) in [("", 3, 4), ("\nlimits: { max_tweets: 3 }", 100, 3)] {
        let watch = format!("{{ tweets: [\"{steady}\"], timeline: {{ younger_than: 1d, max_tweets: {most} }} }}");
        let text =
            simulator.acme_under(&format!("{top}{limits}"), Account::OWNER, "[{ api: timeline }, { api: lookup }]", &watch);
        let exporter = Exporter::start(&text, &simulator.secrets());
        exporter.scrape().await;
        let page = exporter.refresh().await;
        assert_eq!((watched(&page), page.state(&steady)), (expected, "ok".to_owned()), "{limits}");
        assert_eq!(page.state(newest), "ok", "the youngest first");
        let refused = page.sum("tweet_exporter_refused_by_limit", &[("limit", "max_tweets")]);
        assert_eq!(refused > 0.0, !limits.is_empty(), "{refused}");
    }
}

#[tokio::test]
async fn a_timeline_ends_where_x_ends_it() {
    for (exclude, depth) in [("replies", 800), ("", 3_200)] {
        let simulator = Simulator::start();
        simulator.add_tweets("acme", depth + 150, 600).await;
        let watch = format!("{{ timeline: {{ younger_than: 1d, max_tweets: {depth}, exclude: [{exclude}] }} }}");
        let exporter = start(&simulator, Account::PUBLIC, SOURCES, &watch);
        let page = exporter.scrape_within("60").await;
        assert_eq!(page.sum("tweet_state", &[("state", "ok")]), depth as f64, "{exclude}");
        assert_eq!(pages(&simulator).await.len(), depth / 100, "{exclude}");
    }
}
