//! The Engagement API: two passes over totals, refusals of a whole request for one tweet, windows, numbers that X calls false.

use std::collections::BTreeSet;
use std::fmt::Display;

use serde_json::{Value, json};

use crate::harness::{Account, DAY, Exporter, Page, Simulator, credential, ids, until, watching};

const TOTALS: &str = "/insights/engagement/totals";

fn start(simulator: &Simulator, lines: &str, sources: &str, tweets: &[impl Display]) -> Exporter {
    Exporter::start(&simulator.acme(lines, sources, &watching(tweets)), &simulator.secrets())
}

async fn tweets<const N: usize>(simulator: &Simulator, kinds: [&str; N]) -> [String; N] {
    let mut found = kinds.map(|_| String::new());
    for (place, kind) in found.iter_mut().zip(kinds) {
        *place = simulator.tweet("acme", kind).await;
    }
    found
}

/// The ids of those requests that came with this kind of credential.
fn asked<'a>(requests: &'a [Value], kind: &str) -> Vec<BTreeSet<&'a str>> {
    requests.iter().filter(|request| credential(request) == kind).map(|request| ids(request).into_iter().collect()).collect()
}

fn total(page: &Page, tweet: &str, metric: &str) -> Option<f64> {
    page.value("tweet_engagement", &[("tweet_id", tweet), ("metric", metric)])
}

fn organic(page: &Page, tweet: &str, metric: &str) -> Option<f64> {
    page.value("tweet_engagement_by_context", &[("tweet_id", tweet), ("metric", metric), ("context", "organic")])
}

#[tokio::test]
async fn totals_come_in_two_passes() {
    for fault in [json!([]), json!([{"fault": {"kind": "integers"}}])] {
        let simulator = Simulator::start();
        let [campaign, foreign, video] = tweets(&simulator, ["campaign", "foreign", "video"]).await;
        let older = simulator.add_tweets("acme", 1, 100 * DAY).await.remove(0);
        simulator.faults(fault.clone()).await;
        let exporter = start(&simulator, Account::OWNER, "[{ api: engagement_totals }]", &[&campaign, &foreign, &video, &older]);
        let page = exporter.scrape().await;
        for tweet in [&campaign, &foreign, &video, &older] {
            assert_eq!(page.state(tweet), "ok", "{fault}");
            for (metric, key) in [
                ("likes", "like_count"),
                ("retweets", "retweet_count"),
                ("quote_tweets", "quote_count"),
                ("replies", "reply_count"),
            ] {
                assert_eq!(total(&page, tweet, metric), simulator.truth(tweet, "public_metrics", key).await, "{metric}");
            }
            assert_eq!(total(&page, tweet, "impressions"), None, "they count no promotion");
            let is_own = tweet == &campaign || tweet == &video;
            let truth = simulator.truth(tweet, "organic_metrics", "impression_count").await.filter(|_| is_own);
            assert_eq!(organic(&page, tweet, "impressions"), truth, "{tweet}");
            let truth = simulator.truth(tweet, "non_public_metrics", "engagements").await.filter(|_| is_own);
            assert_eq!(total(&page, tweet, "engagements"), truth, "{tweet}");
        }
        assert!(total(&page, &video, "video_views").is_some_and(|views| views > 0.0));
        let requests = simulator.reads(TOTALS).await;
        let all: BTreeSet<&str> = [&campaign, &foreign, &video, &older].map(String::as_str).into();
        assert_eq!(asked(&requests, "bearer"), [all]);
        let own: BTreeSet<&str> = [&campaign, &video].map(String::as_str).into();
        let tried: BTreeSet<&str> = [&campaign, &video, &foreign].map(String::as_str).into();
        assert_eq!(asked(&requests, "oauth1"), [tried, own.clone()], "stripped and sent once more");
        for _ in 0..2 {
            simulator.forget().await;
            exporter.refresh().await;
            let requests = simulator.reads(TOTALS).await;
            assert_eq!((requests.len(), asked(&requests, "oauth1")), (2, vec![own.clone()]), "remembered");
        }
    }
}

#[tokio::test]
async fn the_older_wording_names_foreign_tweets_as_well() {
    let simulator = Simulator::start();
    let [plain, foreign, viral] = tweets(&simulator, ["plain", "foreign", "viral"]).await;
    simulator.faults(json!([{"fault": {"kind": "forbidden_per_author"}}])).await;
    let sources = "[{ api: engagement_28hr }, { api: engagement_historical, window: 7d }]";
    let exporter = start(&simulator, Account::OWNER, sources, &[&plain, &foreign, &viral]);
    let page = exporter.scrape().await;
    assert_eq!([&plain, &foreign, &viral].map(|tweet| page.state(tweet)), ["ok", "not_authorized", "ok"]);
    let requests = simulator.reads("/insights/engagement/").await;
    assert!((3..=4).contains(&requests.len()), "at most one more for each system: {requests:?}");
    simulator.forget().await;
    exporter.refresh().await;
    let requests = simulator.reads("/insights/engagement/").await;
    assert!(requests.len() == 2 && requests.iter().all(|request| !ids(request).contains(&foreign.as_str())), "{requests:?}");
}

#[tokio::test]
async fn a_protected_tweet_costs_itself() {
    let simulator = Simulator::start();
    let [plain, viral, steady] = tweets(&simulator, ["plain", "viral", "steady"]).await;
    let exporter = start(&simulator, Account::OWNER, "[{ api: engagement_totals }]", &[&plain, &viral, &steady]);
    exporter.scrape().await;
    simulator.set_state(&viral, "protected").await;
    simulator.forget().await;
    let page = exporter.refresh().await;
    let requests = simulator.reads(TOTALS).await;
    assert_eq!(requests.len(), 4, "each pass once more: {requests:?}");
    assert!(requests.iter().any(|request| request["status"] == 400), "{requests:?}");
    assert_eq!([&plain, &viral, &steady].map(|tweet| page.state(tweet)), ["ok", "unavailable", "ok"]);
    assert_eq!(organic(&page, &plain, "impressions"), simulator.truth(&plain, "organic_metrics", "impression_count").await);
    assert_eq!(page.families_of(&viral).keys().copied().collect::<Vec<_>>(), ["tweet_state"]);
    simulator.forget().await;
    exporter.refresh().await;
    let requests = simulator.reads(TOTALS).await;
    assert!(requests.len() == 2 && requests.iter().all(|request| !ids(request).contains(&viral.as_str())), "{requests:?}");
}

#[tokio::test]
async fn deleted_tweets_and_false_zeros_leave_no_number() {
    let simulator = Simulator::start();
    let [plain, deleted] = tweets(&simulator, ["plain", "deleted"]).await;
    let old = simulator.add(json!({"account": "acme", "count": 1, "age_seconds": 1_900 * DAY, "kind": "video"})).await.remove(0);
    let young =
        simulator.add(json!({"account": "acme", "count": 1, "age_seconds": 1_700 * DAY, "kind": "video"})).await.remove(0);
    let exporter = start(&simulator, Account::OWNER, "[{ api: engagement_totals }]", &[&plain, &deleted, &old, &young]);
    let page = exporter.scrape().await;
    assert_eq!(total(&page, &old, "video_views"), None, "X calls it unsupported and says 0");
    assert!(total(&page, &young, "video_views").is_some_and(|views| views > 0.0));
    assert!(total(&page, &old, "likes").is_some_and(|likes| likes > 0.0));
    assert_eq!([&plain, &deleted, &old].map(|tweet| page.state(tweet)), ["ok", "unavailable", "ok"]);
    assert!(simulator.reads(TOTALS).await.iter().all(|request| request["status"] == 200), "no request was spoilt");
}

#[tokio::test]
async fn windows_are_labels() {
    let simulator = Simulator::start();
    let [purged] = tweets(&simulator, ["purged"]).await;
    let sources = "[{ api: engagement_28hr }, { api: engagement_historical, window: 7d }]";
    let exporter = start(&simulator, Account::OWNER, sources, &[&purged]);
    let page = exporter.scrape().await;
    let number = |window: &str, metric: &str| page.value("tweet_engagement_window", &[("window", window), ("metric", metric)]);
    let (short, long) = (number("28h", "impressions").expect("28h"), number("7d", "impressions").expect("7d"));
    assert!(short < long, "{short} {long}");
    for metric in ["likes", "follows", "url_clicks", "user_profile_clicks", "media_views", "detail_expands"] {
        assert!(number("28h", metric).is_some() && number("7d", metric).is_some(), "{metric}");
    }
    assert_eq!(number("28h", "quote_tweets").or(number("7d", "quote_tweets")), None, "totals alone have them");
    assert_eq!(page.all("tweet_engagement_window", &[]).len(), 34);
    assert!(page.all("tweet_engagement", &[]).is_empty());
}

#[tokio::test]
async fn keys_alone_get_the_token_that_the_public_pass_needs() {
    let simulator = Simulator::start();
    let [plain, foreign] = tweets(&simulator, ["plain", "foreign"]).await;
    let exporter = start(&simulator, Account::KEYS, "[{ api: engagement_totals }]", &[&plain, &foreign]);
    let page = exporter.scrape().await;
    for tweet in [&plain, &foreign] {
        assert_eq!(total(&page, tweet, "likes"), simulator.truth(tweet, "public_metrics", "like_count").await);
        assert_eq!(page.state(tweet), "ok");
    }
    assert!(organic(&page, &plain, "impressions").is_some());
    exporter.refresh().await;
    let tokens = simulator.reads("/oauth2/token").await;
    assert_eq!((tokens.len(), &tokens[0]["status"]), (1, &json!(200)));
}

#[tokio::test]
async fn the_contracts_limit_a_minute_is_kept() {
    let simulator = Simulator::start();
    simulator.systems(json!({"account": "acme", "engagement_per_minute": 3})).await;
    let [plain] = tweets(&simulator, ["plain"]).await;
    let exporter = start(&simulator, Account::OWNER, "[{ api: engagement_totals }]", &[&plain]);
    let page = until("the limit is used up", async || {
        let page = exporter.scrape().await;
        (simulator.reads(TOTALS).await.len() >= 6).then_some(page)
    })
    .await;
    for _ in 0..2 {
        assert_eq!(exporter.refresh().await.state(&plain), "ok", "late is not wrong");
    }
    let statuses: Vec<Value> = simulator.reads(TOTALS).await.iter().map(|request| request["status"].clone()).collect();
    assert_eq!(statuses, vec![json!(200); 6]);
    let labels = [("api", "engagement_totals"), ("credential", "bearer"), ("window", "1m")];
    assert_eq!(page.value("tweet_exporter_api_rate_limit_limit", &labels), Some(3.0));
}

#[tokio::test]
async fn an_app_that_is_not_listed_is_told_once() {
    let simulator = Simulator::start();
    simulator.systems(json!({"account": "acme", "engagement": "not_listed"})).await;
    let [plain] = tweets(&simulator, ["plain"]).await;
    let exporter = start(&simulator, Account::OWNER, "[{ api: engagement_28hr }]", &[&plain]);
    assert_eq!(exporter.scrape().await.state(&plain), "unavailable");
    exporter.refresh().await;
    let page = exporter.refresh().await;
    assert_eq!(simulator.reads("/insights/").await.len(), 1);
    let errors = [("api", "engagement_28hr"), ("reason", "not_enrolled")];
    assert_eq!(page.value("tweet_exporter_api_errors_total", &errors), Some(1.0));
}
