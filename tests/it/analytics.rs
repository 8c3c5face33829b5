//! Analytics of tweets and of their videos: every shape, and apps that are not let in.

use std::fmt::Display;

use serde_json::json;

use crate::harness::{Account, Exporter, Simulator, ids, watching};

const TWEETS: &str = "/2/tweets/analytics";
const MEDIA: &str = "/2/media/analytics";

fn start(simulator: &Simulator, sources: &str, tweets: &[impl Display]) -> Exporter {
    Exporter::start(&simulator.acme(Account::OWNER, sources, &watching(tweets)), &simulator.secrets())
}

#[tokio::test]
async fn a_window_and_a_lifetime_are_families_of_their_own() {
    let simulator = Simulator::start();
    let tweet = simulator.tweet("acme", "steady").await;
    let sources = "[{ api: analytics, window: 1h }, { api: analytics, window: lifetime }]";
    let exporter = start(&simulator, sources, &[&tweet]);
    let page = exporter.scrape().await;
    let number = |family: &str, metric: &str, more: &[(&str, &str)]| {
        page.value(family, &[&[("tweet_id", tweet.as_str()), ("metric", metric)], more].concat())
    };
    for (metric, key) in [("impressions", "impression_count"), ("likes", "like_count"), ("retweets", "retweet_count")] {
        let truth = simulator.truth(&tweet, "public_metrics", key).await;
        assert_eq!(number("tweet_engagement", metric, &[]), truth, "{metric}");
        let hour = number("tweet_engagement_window", metric, &[("window", "1h")]).expect(metric);
        assert!(Some(hour) < truth, "{metric}: {hour} of {truth:?}");
    }
    assert!(number("tweet_engagement", "detail_expands", &[]).is_some() && number("tweet_engagement", "follows", &[]).is_some());
    assert_eq!(page.all("tweet_engagement_window", &[]).len(), page.all("tweet_engagement_window", &[("window", "1h")]).len());
    assert_eq!(page.state(&tweet), "ok");
    let requests = simulator.reads(TWEETS).await;
    assert_eq!(requests.len(), 2);
    for request in requests {
        let query = &request["query"];
        assert_eq!(query["granularity"], "total", "{request}");
        for moment in ["start_time", "end_time"] {
            assert!(query[moment].as_str().is_some_and(|moment| moment.len() == "2026-01-01T00:00:00Z".len()), "{request}");
        }
    }
}

#[tokio::test]
async fn every_shape_of_the_answer_gives_the_same_numbers() {
    let simulator = Simulator::start();
    let tweet = simulator.tweet("acme", "video").await;
    let mut pages = Vec::new();
    for shape in ["array", "object", "nested", "flat"] {
        simulator.faults(json!([{"fault": {"kind": "analytics_shape", "shape": shape}}])).await;
        let exporter = start(&simulator, "[{ api: analytics, window: 365d }]", &[&tweet]);
        let page = exporter.scrape().await;
        let number = |metric| page.value("tweet_engagement_window", &[("metric", metric), ("window", "365d")]);
        let truth = simulator.truth(&tweet, "public_metrics", "impression_count").await.expect("a number");
        // Windows end with whole seconds.
        assert!(number("impressions").is_some_and(|number| (truth - 5.0..=truth).contains(&number)), "{shape}");
        pages.push((shape, page.state(&tweet), page.all("tweet_engagement_window", &[]).len()));
    }
    assert!(pages.iter().all(|page| page.1 == "ok" && page.2 == pages[0].2) && pages[0].2 > 15, "{pages:?}");
}

#[tokio::test]
async fn an_app_that_is_not_enrolled_asks_once_and_never_again() {
    let simulator = Simulator::start();
    simulator.systems(json!({"account": "acme", "analytics": "not_enrolled"})).await;
    let tweets = simulator.add_tweets("acme", 250, 600).await;
    let exporter = start(&simulator, "[{ api: analytics, window: 7d }]", &tweets);
    let page = exporter.scrape().await;
    assert_eq!(page.sum("tweet_state", &[("state", "unavailable")]), 250.0);
    let asked = simulator.reads(TWEETS).await.len();
    assert!((1..=3).contains(&asked), "{asked}");
    for _ in 0..2 {
        let page = exporter.refresh().await;
        assert_eq!(simulator.reads(TWEETS).await.len(), asked, "it rests");
        let errors = [("api", "analytics"), ("reason", "not_enrolled")];
        assert_eq!(page.value("tweet_exporter_api_errors_total", &errors), Some(asked as f64));
    }
    assert_eq!(exporter.get("/-/ready").await.0, 200, "that is final");
    let log = exporter.process.output();
    assert_eq!(log.matches("reason=not_enrolled").count(), 1, "said once\n{log}");
}

#[tokio::test]
async fn a_source_that_is_switched_off_leaves_the_others_alone() {
    let simulator = Simulator::start();
    simulator.systems(json!({"account": "acme", "analytics": "not_enrolled"})).await;
    let tweet = simulator.tweet("acme", "plain").await;
    let exporter = start(&simulator, "[{ api: analytics, window: lifetime }, { api: lookup }]", &[&tweet]);
    exporter.scrape().await;
    simulator.forget().await;
    let page = exporter.refresh().await;
    assert_eq!(page.state(&tweet), "ok");
    let likes = simulator.truth(&tweet, "public_metrics", "like_count").await;
    assert_eq!(page.value("tweet_engagement", &[("metric", "likes")]), likes);
    let reads = simulator.reads("/2/tweets").await;
    assert_eq!((reads.len(), &reads[0]["path"]), (1, &json!("/2/tweets")));
}

#[tokio::test]
async fn tweets_that_x_names_cost_only_themselves() {
    let simulator = Simulator::start();
    let (plain, foreign) = (simulator.tweet("acme", "plain").await, simulator.tweet("acme", "foreign").await);
    let deleted = simulator.tweet("acme", "deleted").await;
    let exporter = start(&simulator, "[{ api: analytics, window: 7d }]", &[&plain, &foreign, &deleted]);
    let page = exporter.scrape().await;
    assert_eq!([&plain, &deleted].map(|tweet| page.state(tweet)), ["ok", "not_found"]);
    assert!(["not_authorized", "unavailable"].contains(&page.state(&foreign).as_str()), "{}", page.state(&foreign));
    assert_eq!(page.sum("tweet_exporter_billable_reads_total", &[("class", "analytics")]), 1.0);
    simulator.forget().await;
    exporter.refresh().await;
    let requests = simulator.reads(TWEETS).await;
    assert_eq!((requests.len(), ids(&requests[0])), (1, vec![plain.as_str()]));
}

#[tokio::test]
async fn media_analytics_go_by_the_keys_of_the_videos() {
    let simulator = Simulator::start();
    let (video, plain) = (simulator.tweet("acme", "video").await, simulator.tweet("acme", "plain").await);
    let exporter = start(&simulator, "[{ api: lookup }, { api: media_analytics, window: 7d }]", &[&video, &plain]);
    exporter.scrape().await;
    let page = exporter.refresh().await;
    let asked = simulator.reads(MEDIA).await;
    let key = asked[0]["query"]["media_keys"].as_str().expect("a key").to_owned();
    let number = |metric: &str| {
        let labels = [("tweet_id", video.as_str()), ("media_key", key.as_str()), ("metric", metric), ("window", "7d")];
        page.value("tweet_media_engagement_window", &labels)
    };
    let query = &asked.last().expect("asked")["query"];
    let moment = |name: &str| query[name].as_str().expect("a moment").to_owned();
    let fields = "media_analytics.fields=media_key,watch_time_ms,playback_start,timestamped_metrics&granularity=total";
    let target = format!("{MEDIA}?media_keys={key}&start_time={}&end_time={}&{fields}", moment("start_time"), moment("end_time"));
    let wire = simulator.ask_as_user("acme", &target).await;
    let metrics = &wire["data"][0]["timestamped_metrics"][0]["metrics"];
    let millis: f64 = metrics["watch_time_ms"].to_string().trim_matches('"').parse().expect("a number");
    assert!(millis > 1_000.0);
    assert_eq!(number("watch_time_seconds"), Some(millis / 1_000.0), "{wire}");
    assert_eq!(number("playback_start"), metrics["playback_start"].as_f64());
    assert!(number("playback25").is_some() && number("watch_time_ms").is_none());
    assert!(page.all("tweet_media_engagement_window", &[("tweet_id", &plain)]).is_empty());
    assert!(!page.all("tweet_media_engagement", &[("tweet_id", &video)]).is_empty(), "the lookup's own");
    assert_eq!((page.state(&video), page.state(&plain)), ("ok".to_owned(), "ok".to_owned()));
}

#[tokio::test]
async fn media_analytics_alone_look_each_tweet_up_once() {
    let simulator = Simulator::start();
    let (video, plain) = (simulator.tweet("acme", "video").await, simulator.tweet("acme", "plain").await);
    let exporter = start(&simulator, "[{ api: media_analytics, window: lifetime }]", &[&video, &plain]);
    exporter.scrape().await;
    exporter.refresh().await;
    let page = exporter.refresh().await;
    let scouts: Vec<_> = simulator.requests().await.into_iter().filter(|request| request["path"] == "/2/tweets").collect();
    assert_eq!((scouts.len(), scouts[0]["ids_count"].as_u64()), (1, Some(2)));
    assert!(simulator.reads(MEDIA).await.len() >= 2);
    assert!(page.all("tweet_media_engagement", &[("tweet_id", &video), ("metric", "playback_start")]).len() == 1);
    assert!(page.all("tweet_engagement", &[]).is_empty(), "nobody asked for numbers of tweets");
    assert_eq!(page.state(&video), "ok");
    assert_eq!(page.sum("tweet_exporter_billable_reads_total", &[("class", "tweet")]), 2.0);
}

#[tokio::test]
async fn what_a_closed_source_gave_leaves_the_page() {
    for (sources, state) in
        [("[{ api: analytics, window: 7d }]", "unavailable"), ("[{ api: analytics, window: 7d }, { api: lookup }]", "ok")]
    {
        let simulator = Simulator::start();
        let tweet = simulator.tweet("acme", "plain").await;
        let exporter = start(&simulator, sources, &[&tweet]);
        assert!(!exporter.scrape().await.all("tweet_engagement_window", &[]).is_empty());
        simulator.systems(json!({"account": "acme", "analytics": "not_enrolled"})).await;
        exporter.refresh().await;
        let page = exporter.refresh().await;
        assert!(page.all("tweet_engagement_window", &[]).is_empty(), "{sources}");
        assert_eq!((page.state(&tweet), page.all("tweet_engagement", &[]).is_empty()), (state.to_owned(), state != "ok"));
    }
}
