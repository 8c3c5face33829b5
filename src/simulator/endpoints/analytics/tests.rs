//! Tests of both analytics endpoints.

use hyper::Method;
use serde_json::{Value, json};

use crate::simulator::trial::{As, Trial};

const LIFE: &str = "start_time=2026-10-01T00:00:00Z&end_time=2026-11-22T00:00:00Z";

fn sum(buckets: &Value, name: &str) -> u64 {
    let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
    buckets.as_array().into_iter().flatten().filter_map(|bucket| number(&bucket["metrics"][name])).sum()
}

#[test]
fn a_window_over_the_whole_life_has_the_lifetime_numbers_in_every_granularity() {
    let mut trial = Trial::new();
    let campaign = trial.tweet("campaign");
    let (_, body) = trial.ask(As::User, &format!("/2/tweets/{campaign}?tweet.fields=public_metrics,non_public_metrics"));
    let (public, private) = (&body["data"]["public_metrics"], &body["data"]["non_public_metrics"]);
    for (granularity, buckets) in [("total", 1), ("hourly", 24 * 52), ("daily", 52), ("weekly", 8)] {
        let target = format!("/2/tweets/analytics?ids={campaign}&{LIFE}&granularity={granularity}");
        let (status, body) = trial.ask(As::Oauth2, &target);
        let metrics = &body["data"][0]["timestamped_metrics"];
        assert_eq!((status, metrics.as_array().map(Vec::len)), (200, Some(buckets)), "{granularity}");
        assert_eq!(metrics[0]["timestamp"], "2026-10-01T00:00:00Z");
        for (name, number) in [
            ("impressions", &public["impression_count"]),
            ("likes", &public["like_count"]),
            ("engagements", &private["engagements"]),
            ("url_clicks", &private["url_link_clicks"]),
        ] {
            assert_eq!(Some(sum(metrics, name)), number.as_u64(), "{granularity} {name}");
        }
    }
    let (_, bill) = trial.control(Method::GET, "bill", "");
    assert_eq!(bill["days"]["2026-11-21"]["analytics"], 1);
}

#[test]
fn only_growth_inside_the_window_counts() {
    let mut trial = Trial::new();
    let viral = trial.tweet("viral");
    let ask = |trial: &mut Trial, window: &str| {
        let target = format!("/2/tweets/analytics?ids={viral}&{window}&analytics.fields=id,timestamp,impressions");
        let (_, body) = trial.ask(As::User, &target);
        let metrics = body["data"][0]["timestamped_metrics"].clone();
        assert_eq!(metrics[0]["metrics"].as_object().map(serde_json::Map::len), Some(1), "only what was asked for");
        sum(&metrics, "impressions")
    };
    let before = "start_time=2026-11-20T00:00:00Z&end_time=2026-11-21T12:00:00Z";
    let after = "start_time=2026-11-21T12:00:00Z&end_time=2026-11-22T00:00:00Z";
    let first = ask(&mut trial, before);
    assert!(first > 0 && ask(&mut trial, after) == 0);
    trial.control(Method::PUT, "clock", r#"{"advance_seconds":1800}"#);
    assert_eq!(ask(&mut trial, before), first, "the past does not change");
    assert!(ask(&mut trial, after) > first);
}

#[test]
fn what_is_not_ones_own_is_an_error_and_the_uninvited_are_refused() {
    let mut trial = Trial::new();
    let [plain, foreign, deleted, protected] = ["plain", "foreign", "deleted", "protected"].map(|kind| trial.tweet(kind));
    let target = format!("/2/tweets/analytics?ids={plain},{foreign},{deleted},{protected}&{LIFE}");
    let (status, body) = trial.ask(As::User, &target);
    let statuses: Vec<_> = body["errors"].as_array().into_iter().flatten().map(|error| error["status"].as_u64()).collect();
    assert_eq!((status, body["data"].as_array().map(Vec::len)), (200, Some(1)));
    assert_eq!(statuses, [Some(403), Some(404), Some(403)]);
    assert!(body["errors"][1]["detail"] == format!("Could not find analytics with ids: [{deleted}]."));
    assert!(trial.ask(As::User, &format!("/2/tweets/analytics?ids={foreign}&{LIFE}")).1.get("data").is_none());
    assert_eq!([As::App, As::Nobody].map(|caller| trial.ask(caller, &target).0), [403, 401]);
    let (status, body) = trial.ask(As::Globex, &target);
    assert_eq!((status, &body["reason"]), (403, &json!("client-not-enrolled")));
    trial.control(Method::PUT, "systems", r#"{"account":"globex","analytics":"enrolled"}"#);
    assert_eq!(trial.ask(As::Globex, &target).0, 200);
}

#[test]
fn wrong_parameters_are_refused() {
    let mut trial = Trial::new();
    let many = vec!["5"; 101].join(",");
    for query in [
        format!("ids=1&{LIFE}&granularity=Daily"),
        format!("ids=1&{LIFE}&analytics.fields=link_clicks"),
        format!("ids=1&{LIFE}&tweet.fields=id"),
        format!("ids=x&{LIFE}"),
        format!("ids={many}&{LIFE}"),
        LIFE.to_owned(),
        "ids=1&start_time=2026-11-21T00:00:00Z".to_owned(),
        "ids=1&start_time=2026-11-21T00:00:00Z&end_time=2026-11-21T00:00:00Z".to_owned(),
        "ids=1&start_time=2026-11-21T00:00:00.5Z&end_time=2026-11-22T00:00:00Z".to_owned(),
    ] {
        assert_eq!(trial.ask(As::User, &format!("/2/tweets/analytics?{query}")).0, 400, "{query}");
        assert_eq!(trial.ask(As::User, &format!("/2/media/analytics?{query}")).0, 400, "{query}");
    }
}

#[test]
fn media_have_numbers_of_their_own_some_of_them_as_texts() {
    let mut trial = Trial::new();
    let key = |trial: &Trial, kind: &str| {
        let tweet = &trial.service.world.tweets[&trial.tweet(kind)];
        tweet.medium.as_ref().map(|medium| medium.key.clone()).expect("a medium")
    };
    let (video, foreign, photo) = (key(&trial, "video"), key(&trial, "foreign"), key(&trial, "campaign"));
    let keys = format!("{video},{foreign},{photo}");
    let (status, body) = trial.ask(As::User, &format!("/2/media/analytics?media_keys={keys}&{LIFE}"));
    assert_eq!((status, body["errors"].as_array().map(Vec::len)), (200, Some(2)));
    let item = &body["data"][0];
    assert_eq!((&item["media_key"], item["timestamped_metrics"].as_array().map(Vec::len)), (&json!(video), Some(52)));
    let last = &item["timestamped_metrics"][51]["metrics"];
    assert!(last["video_views"].is_string() && last["playback_start"].is_u64(), "{last}");
    let (_, lookup) = trial.ask(
        As::User,
        &format!("/2/tweets?ids={}&expansions=attachments.media_keys&media.fields=public_metrics", trial.tweet("video")),
    );
    let views = lookup["includes"]["media"][0]["public_metrics"]["view_count"].as_u64();
    assert_eq!(Some(sum(&item["timestamped_metrics"], "video_views")), views);
}

#[test]
fn the_old_faults_strike_here_too() {
    let mut trial = Trial::new();
    let plain = trial.tweet("plain").to_string();
    let target = format!("/2/tweets/analytics?ids={plain}&{LIFE}");
    let mut struck = |fault: Value| {
        trial.faults(json!([{ "fault": fault }]));
        trial.ask(As::User, &target).1
    };
    let metrics = struck(json!({ "kind": "malformed_value" }))["data"][0]["timestamped_metrics"][0]["metrics"].clone();
    assert_eq!((&metrics["likes"], metrics["impressions"].is_u64()), (&json!("12"), true));
    let metrics = struck(json!({ "kind": "unknown_fields" }))["data"][0]["timestamped_metrics"][0]["metrics"].clone();
    assert_eq!(metrics["sparkle_count"], 7);
    let left = struck(json!({ "kind": "partial_errors", "tweets": [plain], "problem": "not-authorized" }));
    assert_eq!((left.get("data"), left["errors"].as_array().map(Vec::len)), (None, Some(1)));
}

#[test]
fn data_comes_in_four_shapes() {
    let mut trial = Trial::new();
    let target = format!("/2/tweets/analytics?ids={}&{LIFE}&granularity=daily", trial.tweet("plain"));
    let mut shaped = |shape: &str| {
        trial.faults(json!([{ "fault": { "kind": "analytics_shape", "shape": shape } }]));
        trial.ask(As::User, &target).1["data"].clone()
    };
    assert!(shaped("array")[0]["timestamped_metrics"].is_array());
    assert!(shaped("object")["timestamped_metrics"].is_array());
    assert!(shaped("nested")["data"][0]["timestamped_metrics"].is_array());
    let flat = shaped("flat");
    assert_eq!(flat.as_array().map(Vec::len), Some(52));
    assert!(flat[51]["likes"].is_u64() && flat[51]["timestamp"].is_string() && flat[51].get("timestamped_metrics").is_none());
}
