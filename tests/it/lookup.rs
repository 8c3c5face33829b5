//! What a lookup asks for, what it costs, and what becomes of the answers.

use serde_json::{Value, json};

use crate::harness::{Account, Exporter, Simulator, find};

fn public(tweets: Vec<String>) -> [Account<'static>; 1] {
    [Account { name: "acme", lines: Account::PUBLIC, tweets }]
}

fn owner(tweets: Vec<String>) -> [Account<'static>; 1] {
    [Account { name: "acme", lines: Account::OWNER, tweets }]
}

/// How many ids each request had.
async fn batches(simulator: &Simulator) -> Vec<u64> {
    let requests = simulator.requests().await;
    requests.iter().map(|request| request["ids"].as_array().map_or(0, Vec::len) as u64).collect()
}

#[tokio::test]
async fn a_refresh_takes_the_fewest_requests() {
    for (tweets, requests) in [(1, 1), (100, 1), (101, 2), (250, 3)] {
        let simulator = Simulator::start();
        let ids = simulator.add_tweets("acme", tweets, 600).await;
        let exporter = Exporter::start(&simulator.on_scrape(&public(ids)), &simulator.secrets());
        let page = exporter.scrape().await;
        let batches = batches(&simulator).await;
        assert_eq!((batches.len(), batches.iter().sum::<u64>()), (requests, tweets as u64), "{tweets} tweets");
        assert_eq!(page.sum("tweet_state", &[("state", "ok")]), tweets as f64);
        assert_eq!(page.sum("tweet_exporter_billable_reads_total", &[("class", "tweet")]), tweets as f64);
    }
}

#[tokio::test]
async fn the_owner_sees_every_number_that_x_has() {
    let simulator = Simulator::start();
    let (video, campaign) = (simulator.tweet("acme", "video").await, simulator.tweet("acme", "campaign").await);
    let account = [Account { name: "acme", lines: Account::PROMOTER, tweets: vec![video.clone(), campaign.clone()] }];
    let exporter = Exporter::start(&simulator.on_scrape(&account), &simulator.secrets());
    let page = exporter.scrape().await;
    for tweet in [&video, &campaign] {
        let truth = simulator.get(&format!("truth?tweet={tweet}")).await;
        let number = |group: &str, key: &str| find(&truth, group, key);
        for (key, metric) in [
            ("impression_count", "impressions"),
            ("like_count", "likes"),
            ("retweet_count", "retweets"),
            ("quote_count", "quote_tweets"),
            ("reply_count", "replies"),
            ("bookmark_count", "bookmarks"),
        ] {
            let value = page.value("tweet_engagement", &[("tweet_id", tweet), ("metric", metric)]);
            assert_eq!(value, number("public_metrics", key), "{metric}");
        }
        for (key, metric) in [("engagements", "engagements"), ("user_profile_clicks", "user_profile_clicks")] {
            let value = page.value("tweet_engagement", &[("tweet_id", tweet), ("metric", metric)]);
            assert_eq!(value, number("non_public_metrics", key), "{metric}");
        }
        for (key, metric) in
            [("impression_count", "impressions"), ("like_count", "likes"), ("user_profile_clicks", "user_profile_clicks")]
        {
            let labels = [("tweet_id", tweet.as_str()), ("metric", metric), ("context", "organic")];
            assert_eq!(page.value("tweet_engagement_by_context", &labels), number("organic_metrics", key), "{metric}");
        }
    }
    let promoted = [("tweet_id", campaign.as_str()), ("metric", "impressions"), ("context", "promoted")];
    assert!(page.value("tweet_engagement_by_context", &promoted).is_some_and(|value| value > 0.0));
    let none = [("tweet_id", video.as_str()), ("context", "promoted")];
    assert!(page.all("tweet_engagement_by_context", &none).is_empty(), "never promoted");
    assert_eq!(page.state(&video), "ok", "silence about promotion says nothing about the tweet");
    assert_eq!(page.all("tweet_media_engagement", &[("tweet_id", &video)]).len(), 6);
    assert_eq!(page.value("tweet_info", &[("tweet_id", &video), ("media_type", "video"), ("username", "acme")]), Some(1.0));
    assert_eq!(page.value("tweet_info", &[("tweet_id", &campaign), ("media_type", "photo")]), Some(1.0));
    assert_eq!(page.sum("tweet_exporter_billable_reads_total", &[]), 2.0, "promoted numbers are paid for already");
}

#[tokio::test]
async fn a_foreign_tweet_costs_one_request_more_once() {
    let simulator = Simulator::start();
    let (plain, foreign) = (simulator.tweet("acme", "plain").await, simulator.tweet("acme", "foreign").await);
    let exporter = Exporter::start(&simulator.on_scrape(&owner(vec![plain.clone(), foreign.clone()])), &simulator.secrets());
    let page = exporter.scrape().await;
    assert_eq!((page.state(&plain), page.state(&foreign)), ("ok".to_owned(), "ok".to_owned()));
    assert!(page.value("tweet_engagement", &[("tweet_id", &foreign), ("metric", "likes")]).is_some());
    assert!(page.all("tweet_engagement_by_context", &[("tweet_id", &foreign)]).is_empty());
    assert_eq!(page.all("tweet_info", &[("tweet_id", &foreign), ("username", "acme")]).len(), 0, "not acme's");
    assert_eq!(batches(&simulator).await, [2, 1]);
    simulator.forget().await;
    let requests = crate::harness::until("the next refresh", async || {
        exporter.scrape().await;
        let requests = simulator.requests().await;
        (requests.len() >= 2).then_some(requests)
    })
    .await;
    for request in requests {
        let (credential, ids) = (&request["credential"]["kind"], request["ids"].as_array().expect("ids"));
        let expected = if credential == "oauth1" { &plain } else { &foreign };
        assert!(ids.len() == 1 && ids[0] == expected.as_str(), "each is asked for with the right credential at once: {request}");
    }
}

#[tokio::test]
async fn each_tweet_that_x_does_not_give_costs_itself_only() {
    let simulator = Simulator::start();
    let mut tweets = Vec::new();
    for kind in ["plain", "deleted", "protected", "archive", "overage"] {
        tweets.push(simulator.tweet("acme", kind).await);
    }
    let withheld = simulator.add_tweets("acme", 1, 900).await.remove(0);
    simulator.set_state(&withheld, "withheld").await;
    tweets.extend([withheld.clone(), "20".to_owned()]);
    let exporter = Exporter::start(&simulator.on_scrape(&owner(tweets.clone())), &simulator.secrets());
    let page = exporter.scrape().await;
    let states: Vec<String> = tweets.iter().map(|tweet| page.state(tweet)).collect();
    assert_eq!(states, ["ok", "not_found", "not_authorized", "ok", "ok", "unavailable", "retired"]);
    for (tweet, state) in tweets.iter().zip(&states).filter(|(_, state)| *state != "ok") {
        assert_eq!(page.families_of(tweet), [("tweet_state", 1)].into(), "{state}");
    }
    for tweet in &tweets[3..5] {
        assert!(page.all("tweet_engagement_by_context", &[("tweet_id", tweet)]).is_empty(), "too old for private numbers");
    }
    assert_eq!(page.value("tweet_exporter_watched_tweets", &[("state", "ok")]), Some(3.0));
}

#[tokio::test]
async fn a_tweet_that_vanishes_leaves_with_all_its_numbers() {
    let simulator = Simulator::start();
    let tweet = simulator.tweet("acme", "plain").await;
    let exporter = Exporter::start(&simulator.on_scrape(&public(vec![tweet.clone()])), &simulator.secrets());
    assert_eq!(exporter.scrape().await.state(&tweet), "ok");
    simulator.set_state(&tweet, "deleted").await;
    let page = crate::harness::until("the tweet goes", async || {
        let page = exporter.scrape().await;
        (page.state(&tweet) == "not_found").then_some(page)
    })
    .await;
    assert_eq!(page.families_of(&tweet), [("tweet_state", 1)].into());
    simulator.forget().await;
    for _ in 0..3 {
        exporter.scrape().await;
    }
    assert_eq!(simulator.requests().await, Vec::<Value>::new(), "asked again slowly");
}

#[tokio::test]
async fn x_may_spell_its_names_either_way() {
    for dial in [
        json!([{"fault": {"kind": "names", "style": "post"}}]),
        json!([{"fault": {"kind": "fields_parameter", "only": "post.fields"}}]),
    ] {
        let simulator = Simulator::start();
        let tweet = simulator.tweet("acme", "steady").await;
        simulator.faults(dial.clone()).await;
        let exporter = Exporter::start(&simulator.on_scrape(&public(vec![tweet.clone()])), &simulator.secrets());
        let page = exporter.scrape().await;
        let value = page.value("tweet_engagement", &[("tweet_id", &tweet), ("metric", "retweets")]);
        let truth = simulator.get(&format!("truth?tweet={tweet}")).await;
        assert!(value.is_some(), "{dial}");
        assert_eq!(value, find(&truth, "public_metrics", "retweet_count"), "{dial}");
    }
}

#[tokio::test]
async fn the_day_on_which_x_renames_a_parameter_costs_one_request_a_batch_and_no_tweet() {
    let simulator = Simulator::start();
    let ids = simulator.add_tweets("acme", 250, 600).await;
    simulator.faults(json!([{"fault": {"kind": "fields_parameter", "only": "post.fields"}}])).await;
    let exporter = Exporter::start(&simulator.on_scrape(&public(ids)), &simulator.secrets());
    let page = exporter.scrape().await;
    assert_eq!(page.sum("tweet_state", &[("state", "ok")]), 250.0);
    assert_eq!(simulator.requests().await.len(), 6);
    simulator.forget().await;
    let requests = crate::harness::until("the next refresh", async || {
        exporter.scrape().await;
        let requests = simulator.requests().await;
        (requests.len() >= 3).then_some(requests)
    })
    .await;
    assert!(requests.iter().all(|request| request["status"] == 200), "it is remembered: {requests:?}");
}

#[tokio::test]
async fn bad_values_are_counted_and_left_out() {
    let simulator = Simulator::start();
    let (plain, steady) = (simulator.tweet("acme", "plain").await, simulator.tweet("acme", "steady").await);
    simulator.faults(json!([{"fault": {"kind": "malformed_value"}}, {"fault": {"kind": "unknown_fields"}}])).await;
    let exporter = Exporter::start(&simulator.on_scrape(&public(vec![plain, steady.clone()])), &simulator.secrets());
    let page = exporter.scrape().await;
    let odd = page.sum("tweet_exporter_bad_values_total", &[]) + page.sum("tweet_exporter_unknown_fields_total", &[]);
    assert!(odd > 0.0);
    assert!(page.sum("tweet_state", &[("state", "ok")]) >= 1.0);
}

#[tokio::test]
async fn a_tweet_left_out_in_silence_is_not_invented() {
    let simulator = Simulator::start();
    let (plain, steady) = (simulator.tweet("acme", "plain").await, simulator.tweet("acme", "steady").await);
    simulator.faults(json!([{"fault": {"kind": "omit", "tweets": [plain]}}])).await;
    let exporter = Exporter::start(&simulator.on_scrape(&public(vec![plain.clone(), steady.clone()])), &simulator.secrets());
    let page = exporter.scrape().await;
    assert_eq!((page.state(&plain), page.state(&steady)), ("unavailable".to_owned(), "ok".to_owned()));
}

#[tokio::test]
async fn the_name_is_learned_from_the_token_when_nobody_wrote_it() {
    let simulator = Simulator::start();
    let tweet = simulator.tweet("acme", "steady").await;
    let lines = Account::OWNER.replacen("    username: acme\n", "", 1);
    let account = [Account { name: "acme", lines: &lines, tweets: vec![tweet.clone()] }];
    let exporter = Exporter::start(&simulator.on_scrape(&account), &simulator.secrets());
    let page = exporter.scrape().await;
    assert_eq!(page.value("tweet_info", &[("tweet_id", &tweet), ("username", "acme")]), Some(1.0));
    assert_eq!(page.value("tweet_exporter_spend_usd_total", &[]), Some(0.015), "a tweet and a user");
    let asked: Vec<_> = simulator.requests().await.iter().map(|request| request["path"].to_string()).collect();
    assert_eq!(asked.iter().filter(|path| path.contains("/2/users/me")).count(), 1);
}
