//! The edges of a timeline: retweets, the age of private numbers, discovery beside a lookup, in the background, across deletions.

use serde_json::{Value, json};

use crate::harness::{Account, Exporter, Simulator, credential, until};

/// Requests for pages of a timeline.
async fn pages(simulator: &Simulator) -> Vec<Value> {
    let mut requests = simulator.reads("/2/users/").await;
    requests.retain(|request| request["path"].as_str().is_some_and(|path| path.ends_with("/tweets")));
    requests
}

fn start(simulator: &Simulator, lines: &str, sources: &str, watch: &str) -> Exporter {
    Exporter::start(&simulator.acme(lines, sources, watch), &simulator.secrets())
}

#[tokio::test]
async fn a_timeline_is_read_whether_or_not_it_is_a_source() {
    let simulator = Simulator::start();
    let exporter = start(&simulator, Account::OWNER, "[{ api: lookup }]", "{ timeline: { younger_than: 1d } }");
    exporter.scrape().await;
    simulator.forget().await;
    let page = exporter.refresh().await;
    assert_eq!(page.sum("tweet_state", &[("state", "ok")]), 4.0);
    assert_eq!((pages(&simulator).await.len(), simulator.reads("/2/tweets").await.len()), (1, 0));
    assert_eq!(page.sum("tweet_exporter_billable_reads_total", &[("class", "tweet")]), 0.0);
}

#[tokio::test]
async fn found_tweets_are_read_by_every_source() {
    let simulator = Simulator::start();
    let sources = "[{ api: timeline }, { api: insights_28hr }, { api: media_analytics, window: 7d }]";
    let exporter = start(&simulator, Account::OWNER, sources, "{ timeline: { younger_than: 1d } }");
    exporter.scrape().await;
    exporter.refresh().await;
    let page = exporter.refresh().await;
    assert_eq!(page.all("tweet_engagement_window", &[("window", "28h"), ("metric", "likes")]).len(), 4);
    let video = simulator.tweet("acme", "video").await;
    assert!(!page.all("tweet_media_engagement_window", &[("tweet_id", &video)]).is_empty());
    assert!(simulator.reads("/2/tweets").await.is_empty(), "pages tell of videos, too");
    simulator.set_state(&video, "deleted").await;
    until("it is gone", async || (exporter.refresh().await.state(&video) == "not_found").then_some(())).await;
    assert!(exporter.scrape().await.all("tweet_engagement", &[("tweet_id", &video)]).is_empty());
}

#[tokio::test]
async fn replies_and_retweets_come_where_nobody_excludes_them() {
    let simulator = Simulator::start();
    let watch = "{ timeline: { younger_than: 1d, exclude: [] } }";
    let exporter = start(&simulator, Account::OWNER, "[{ api: timeline }]", watch);
    exporter.scrape().await;
    let page = exporter.refresh().await;
    assert_eq!(page.sum("tweet_state", &[("state", "ok")]), 6.0, "a reply and a retweet more");
    let retweet = json!({"account": "acme", "count": 1, "age_seconds": 60, "kind": "retweet"});
    let retweet = simulator.add(retweet).await.remove(0);
    exporter.refresh().await;
    let page = exporter.refresh().await;
    assert_eq!(page.state(&retweet), "ok");
    let likes = simulator.truth(&retweet, "public_metrics", "like_count").await;
    assert_eq!(page.value("tweet_engagement", &[("tweet_id", &retweet), ("metric", "likes")]), likes);
    assert!(page.all("tweet_engagement_by_context", &[("tweet_id", &retweet)]).is_empty(), "somebody else's");
    simulator.forget().await;
    exporter.refresh().await;
    assert!(pages(&simulator).await.len() <= 3, "{:?}", pages(&simulator).await);
}

#[tokio::test]
async fn tweets_beyond_the_age_of_private_numbers_come_with_public_ones() {
    let simulator = Simulator::start();
    let (archive, overage) = (simulator.tweet("acme", "archive").await, simulator.tweet("acme", "overage").await);
    let steady = simulator.tweet("acme", "steady").await;
    let exporter = start(&simulator, Account::OWNER, "[{ api: timeline }]", "{ timeline: { younger_than: 40d } }");
    for _ in 0..3 {
        let page = exporter.refresh().await;
        for (tweet, is_private) in [(&archive, false), (&overage, false), (&steady, true)] {
            assert_eq!(page.state(tweet), "ok");
            let likes = simulator.truth(tweet, "public_metrics", "like_count").await;
            assert_eq!(page.value("tweet_engagement", &[("tweet_id", tweet), ("metric", "likes")]), likes);
            let organic = page.all("tweet_engagement_by_context", &[("tweet_id", tweet), ("context", "organic")]);
            assert_eq!(!organic.is_empty(), is_private, "{tweet}");
        }
        let asked = pages(&simulator).await;
        assert_eq!(asked.len(), 2, "private and public: {:?}", asked.iter().map(|page| &page["query"]).collect::<Vec<_>>());
        simulator.forget().await;
    }
}

#[tokio::test]
async fn in_the_background_new_tweets_appear_at_the_pace_of_the_fastest_tier() {
    let simulator = Simulator::start();
    let top = "tiers: [{ younger_than: 1h, every: 1s }, { younger_than: 30d, every: 1h }]";
    let text = simulator.acme_under(top, Account::OWNER, "[{ api: timeline }]", "{ timeline: { younger_than: 7d } }");
    let exporter = Exporter::start(&text, &simulator.secrets());
    until("all", async || (exporter.scrape().await.sum("tweet_state", &[("state", "ok")]) == 6.0).then_some(())).await;
    let new = simulator.add_tweets("acme", 1, 0).await.remove(0);
    until("the new one", async || {
        let page = exporter.scrape().await;
        (!page.families_of(&new).is_empty() && page.state(&new) == "ok").then_some(())
    })
    .await;
    simulator.forget().await;
    let asked = until("five pages more", async || {
        let asked = pages(&simulator).await;
        (asked.len() >= 5).then_some(asked)
    })
    .await;
    let moments: Vec<i64> = asked.iter().filter_map(|page| page["at_millis"].as_i64()).collect();
    assert!(moments[4] - moments[0] >= 1_900, "not oftener than young tweets and new ones ask for: {moments:?}");
    let bill = exporter.scrape().await.sum("tweet_exporter_billable_reads_total", &[("class", "owned_tweet")]);
    assert_eq!(bill, 7.0, "old tweets between young ones are not bought for nothing");
    assert!(asked.iter().all(|request| credential(request) == "oauth1"));
}

#[tokio::test]
async fn a_timeline_without_a_tweet_is_no_trouble() {
    let simulator = Simulator::start();
    let exporter = start(&simulator, Account::OWNER, "[{ api: timeline }]", "{ timeline: { younger_than: 1s } }");
    exporter.scrape().await;
    let page = exporter.refresh().await;
    assert!(page.all("tweet_state", &[]).is_empty());
    assert_eq!(page.sum("tweet_exporter_api_errors_total", &[]), 0.0);
    assert_eq!(exporter.get("/-/ready").await.0, 200);
}

#[tokio::test]
async fn a_user_that_x_does_not_know_is_asked_for_once() {
    let simulator = Simulator::start();
    let lines = Account::PUBLIC.replace("username: acme", "username: nobody_at_all");
    let exporter = start(&simulator, &lines, "[{ api: timeline }]", "{ timeline: { younger_than: 1d } }");
    exporter.scrape().await;
    exporter.refresh().await;
    let page = exporter.refresh().await;
    assert_eq!(simulator.reads("/2/users/").await.len(), 1);
    assert_eq!(page.sum("tweet_exporter_api_errors_total", &[("api", "users")]), 1.0);
    assert_eq!(exporter.get("/-/ready").await.0, 200, "a final refusal");
}

#[tokio::test]
async fn an_account_without_a_young_tweet_is_ready_too() {
    let simulator = Simulator::start();
    let lines = format!("{}\n    sources: [{{ api: timeline }}]", Account::OWNER);
    let text = simulator
        .configuration("tiers: [{ younger_than: 1m, every: 30s }]", &[Account { name: "acme", lines: &lines, tweets: vec![] }]);
    let text = text.replace("      tweets:\n", "      timeline: { younger_than: 1s }\n");
    let exporter = Exporter::start(&text, &simulator.secrets());
    until("readiness", async || (exporter.get("/-/ready").await.0 == 200).then_some(())).await;
    assert_eq!(exporter.scrape().await.sum("tweet_state", &[]), 0.0);
}
