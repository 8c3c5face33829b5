//! Tests of the Engagement API.

use hyper::Method;
use serde_json::{Value, json};

use crate::simulator::trial::{As, Trial, header};

const TOTALS: &str = "/insights/engagement/totals";
const TRAILING: &str = "/insights/engagement/28hr";
const HISTORICAL: &str = "/insights/engagement/historical";
const PUBLIC: [&str; 5] = ["favorites", "retweets", "quote_tweets", "replies", "video_views"];

fn body(ids: &[&str], types: &[&str], group_by: &[&str]) -> Value {
    json!({ "tweet_ids": ids, "engagement_types": types, "groupings": { "g": { "group_by": group_by } } })
}

fn by_tweet(ids: &[&str], types: &[&str]) -> Value {
    body(ids, types, &["tweet.id", "engagement.type"])
}

fn number(leaf: &Value) -> u64 {
    leaf.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{leaf} is no text with a number"))
}

#[test]
fn totals_are_those_of_the_lookup_and_impressions_are_organic() {
    let mut trial = Trial::new();
    let [campaign, foreign] = ["campaign", "foreign"].map(|kind| trial.tweet(kind).to_string());
    let fields = "tweet.fields=public_metrics,organic_metrics,non_public_metrics";
    let (_, lookup) = trial.ask(As::User, &format!("/2/tweets/{campaign}?{fields}"));
    let (status, answer) = trial.post(As::App, TOTALS, &by_tweet(&[&campaign, &foreign], &PUBLIC));
    let numbers = &answer["g"][&campaign];
    assert_eq!((status, answer.get("start")), (200, None));
    assert_eq!(Some(number(&numbers["favorites"])), lookup["data"]["public_metrics"]["like_count"].as_u64());
    assert!(number(&answer["g"][&foreign]["video_views"]) > 0, "an app may ask for anybody's");
    let (status, answer) = trial.post(As::User, TOTALS, &by_tweet(&[&campaign], &["impressions", "engagements"]));
    assert_eq!(status, 200);
    let numbers = &answer["g"][&campaign];
    assert_eq!(Some(number(&numbers["impressions"])), lookup["data"]["organic_metrics"]["impression_count"].as_u64());
    assert_eq!(Some(number(&numbers["engagements"])), lookup["data"]["non_public_metrics"]["engagements"].as_u64());
}

#[test]
fn windows_are_told_and_hours_add_up() {
    let mut trial = Trial::new();
    let viral = trial.tweet("viral").to_string();
    let four = ["tweet.id", "engagement.type", "engagement.day", "engagement.hour"];
    let (status, answer) = trial.post(As::User, TRAILING, &body(&[&viral], &["favorites"], &four));
    assert_eq!((status, &answer["start"], &answer["end"]), (200, &json!("2026-11-20T08:00:00Z"), &json!("2026-11-21T12:00:00Z")));
    let days = answer["g"][&viral]["favorites"].as_object().expect("days");
    assert_eq!(days.keys().collect::<Vec<_>>(), ["2026-11-20", "2026-11-21"]);
    assert_eq!(days["2026-11-20"]["08"], "0", "nothing is a text, too");
    let sum: u64 = days.values().filter_map(Value::as_object).flat_map(|hours| hours.values().map(number)).sum();
    let (_, answer) = trial.post(As::App, TOTALS, &by_tweet(&[&viral], &["favorites"]));
    assert_eq!(sum, number(&answer["g"][&viral]["favorites"]));
    let hours = body(&[&viral], &["favorites"], &["tweet.id", "engagement.hour"]);
    let (_, answer) = trial.post(As::User, TRAILING, &hours);
    assert_eq!(answer["g"][&viral]["2026-11-20"]["08"], "0", "hours alone come with their days");
}

#[test]
fn history_has_its_bounds() {
    let mut trial = Trial::new();
    let steady = trial.tweet("steady").to_string();
    let mut ask = |start: Value, end: Value| {
        let mut body = by_tweet(&[&steady], &["url_clicks"]);
        for (name, value) in [("start", start), ("end", end)] {
            if !value.is_null() {
                body[name] = value;
            }
        }
        let (status, answer) = trial.post(As::User, HISTORICAL, &body);
        (status, answer["start"].as_str().unwrap_or_default().to_owned(), answer["end"].as_str().unwrap_or_default().to_owned())
    };
    let told = |start: &str, end: &str| (200, start.to_owned(), end.to_owned());
    assert_eq!(ask(Value::Null, Value::Null), told("2026-10-24T12:00:00Z", "2026-11-21T12:00:00Z"));
    assert_eq!(ask(json!("2026-11-01"), json!("2026-11-03")), told("2026-11-01T00:00:00Z", "2026-11-03T00:00:00Z"));
    let outward = ask(json!("2026-11-01T10:20:00Z"), json!("2026-11-01T11:10:00Z"));
    assert_eq!(outward, told("2026-11-01T10:00:00Z", "2026-11-01T12:00:00Z"));
    for (start, end) in [
        ("2026-10-01", "2026-11-01"),
        ("2026-11-03", "2026-11-01"),
        ("2026-11-01", "2026-11-22"),
        ("2025-11-01", "2025-11-10"),
        ("yesterday", "2026-11-10"),
    ] {
        assert_eq!(ask(json!(start), json!(end)).0, 400, "{start} {end}");
    }
}

#[test]
fn the_wrong_credential_is_refused_in_plain_sentences() {
    let mut trial = Trial::new();
    let plain = trial.tweet("plain").to_string();
    let request = by_tweet(&[&plain], &["impressions", "favorites"]);
    let (status, answer) = trial.post(As::App, TOTALS, &request);
    assert_eq!((status, answer), (403, json!({ "errors": ["Forbidden to access metrics: impressions"] })));
    for (caller, path) in [(As::Oauth2, TOTALS), (As::Nobody, TOTALS), (As::App, TRAILING), (As::App, HISTORICAL)] {
        let (status, answer) = trial.post(caller, path, &request);
        let text = answer["errors"][0].as_str().unwrap_or_default();
        assert!(status == 401 && text.starts_with("Your account could not be authenticated. Reason:"), "{path} {answer}");
    }
    let (status, answer) = trial.post(As::GlobexApp, TOTALS, &by_tweet(&[&plain], &PUBLIC));
    assert!(status == 403 && answer["errors"][0].as_str().is_some_and(|text| text.contains("application id")), "{answer}");
    trial.control(Method::PUT, "systems", r#"{"account":"globex","engagement":"listed"}"#);
    assert_eq!(trial.post(As::GlobexApp, TOTALS, &by_tweet(&[&plain], &PUBLIC)).0, 200);
}

#[test]
fn one_foreign_tweet_spoils_the_request_and_a_gone_one_does_not() {
    let mut trial = Trial::new();
    let [plain, foreign, deleted, protected] =
        ["plain", "foreign", "deleted", "protected"].map(|kind| trial.tweet(kind).to_string());
    let (status, answer) = trial.post(As::User, TRAILING, &by_tweet(&[&plain, &foreign], &["favorites"]));
    assert_eq!((status, answer), (403, json!({ "errors": [format!("Forbidden to access tweets: {foreign}")] })));
    trial.faults(json!([{ "times": 1, "fault": { "kind": "forbidden_per_author" } }]));
    let (_, answer) = trial.post(As::User, TRAILING, &by_tweet(&[&plain, &foreign], &["favorites"]));
    let author = trial.service.world.users[2].id;
    assert_eq!(answer, json!({ "errors": [format!("Forbidden to access tweets for author id {author}: {foreign}")] }));
    let (status, answer) = trial.post(As::User, TRAILING, &by_tweet(&[&plain, &deleted, "5"], &["favorites"]));
    assert_eq!((status, &answer["unavailable_tweet_ids"]), (200, &json!([deleted, "5"])));
    assert!(answer["g"][&plain]["favorites"].is_string() && answer["g"].get(&deleted).is_none());
    let (status, answer) = trial.post(As::App, TOTALS, &by_tweet(&[&plain, &protected], &["favorites"]));
    let refusal = json!({ "errors": ["1 Tweet ID(s) are unavailable"], "unavailable_tweet_ids": [protected] });
    assert_eq!((status, answer), (400, refusal));
}

#[test]
fn old_tweets_have_no_number_or_a_false_one() {
    let mut trial = Trial::new();
    let (old, ancient) = (trial.added("video", 91 * 86_400), trial.added("video", 1_801 * 86_400));
    let types = ["impressions", "favorites", "video_views"];
    let (status, answer) = trial.post(As::User, TOTALS, &by_tweet(&[&old, &ancient], &types));
    assert_eq!((status, &answer["unsupported_for_video_views_tweet_ids"]), (200, &json!([ancient])));
    assert_eq!(answer["unsupported_for_impressions_engagements_tweet_ids"], json!([old, ancient]));
    assert!(answer["errors"][0].as_str().is_some_and(|text| text.contains("90 days")));
    assert_eq!(answer["g"][&ancient]["video_views"], "0");
    assert!(number(&answer["g"][&old]["video_views"]) > 0 && answer["g"][&old].get("impressions").is_none());
    assert!(number(&answer["g"][&ancient]["favorites"]) > 0);
}

#[test]
fn every_rule_of_the_body_is_kept() {
    let mut trial = Trial::new();
    let good = by_tweet(&["1"], &["favorites"]);
    let with = |change: &dyn Fn(&mut Value)| {
        let mut body = good.clone();
        change(&mut body);
        body
    };
    let group = |group_by: &[&str]| body(&["1"], &["favorites"], group_by);
    let four = json!({ "group_by": ["tweet.id", "engagement.type", "engagement.day", "engagement.hour"] });
    let many: Vec<String> = (0..251).map(|id| id.to_string()).collect();
    for (path, body) in [
        (TOTALS, json!("nonsense")),
        (TOTALS, with(&|body| body["tweet_ids"] = json!([]))),
        (TOTALS, with(&|body| body["tweet_ids"] = json!(many))),
        (TRAILING, with(&|body| body["tweet_ids"] = json!(many[..26]))),
        (TOTALS, with(&|body| body["tweet_ids"] = json!(["x"]))),
        (TOTALS, with(&|body| body["engagement_types"] = json!([]))),
        (TOTALS, with(&|body| body["engagement_types"] = json!(["url_clicks"]))),
        (TRAILING, with(&|body| body["engagement_types"] = json!(["quote_tweets"]))),
        (TOTALS, with(&|body| body["start"] = json!("2026-11-01"))),
        (TOTALS, with(&|body| body["groupings"] = json!({}))),
        (TOTALS, with(&|body| body["groupings"]["errors"] = body["groupings"]["g"].clone())),
        (TRAILING, with(&|body| body["groupings"] = json!({ "a": four, "b": four }))),
        (TOTALS, with(&|body| ["a", "b", "c"].iter().for_each(|name| body["groupings"][*name] = body["groupings"]["g"].clone()))),
        (TOTALS, group(&[])),
        (TOTALS, group(&["Tweet.id"])),
        (TOTALS, group(&["tweet.id", "tweet.id"])),
        (TOTALS, group(&["tweet.id", "engagement.type", "engagement.day"])),
        (TRAILING, group(&["tweet.id", "engagement.type", "engagement.hour", "engagement.day"])),
        (TRAILING, group(&["engagement.day", "tweet.id", "engagement.type", "engagement.hour"])),
    ] {
        let (status, answer) = trial.post(As::User, path, &body);
        assert!(status == 400 && answer["errors"][0].is_string(), "{path} {body}: {answer}");
    }
    assert_eq!(trial.post(As::User, TOTALS, &with(&|body| body["tweet_ids"] = json!([1]))).0, 200, "numbers are ids, too");
}

#[test]
fn a_minute_has_its_limit_and_the_journal_has_the_ids() {
    let mut trial = Trial::new();
    trial.control(Method::PUT, "systems", r#"{"engagement_per_minute":2}"#);
    let plain = trial.tweet("plain").to_string();
    let request = by_tweet(&[&plain], &["favorites"]);
    let statuses = [(); 3].map(|()| trial.post(As::App, TOTALS, &request));
    assert_eq!(statuses.each_ref().map(|(status, _)| *status), [200, 200, 429]);
    assert!(statuses[2].1["errors"][0].as_str().is_some_and(|text| text.contains("rate limit")));
    trial.pass(60);
    let mut call = trial.call_as(As::App, TOTALS);
    (call.method, call.body) = (Method::POST, request.to_string().into());
    let answer = trial.serve(&call);
    assert_eq!((answer.status, header(&answer, "x-per-minute-limit")), (200, Some("2")));
    assert_eq!((header(&answer, "x-per-minute-remaining"), header(&answer, "x-rate-limit-limit")), (Some("1"), None));
    let (_, requests) = trial.control(Method::GET, "requests", "");
    assert_eq!((&requests[0]["ids"], &requests[0]["path"]), (&json!([plain]), &json!(TOTALS)));
    let (_, bill) = trial.control(Method::GET, "bill", "");
    assert_eq!((&bill["days"], &bill["by_path"][TOTALS]), (&json!({}), &json!(4)));
}

#[test]
fn faults_speak_the_language_of_this_api() {
    let mut trial = Trial::new();
    let plain = trial.tweet("plain").to_string();
    let mut struck = |fault: Value| {
        trial.faults(json!([{ "fault": fault }]));
        trial.post(As::App, TOTALS, &by_tweet(&[&plain], &PUBLIC))
    };
    assert!(struck(json!({ "kind": "integers" })).1["g"][&plain]["favorites"].is_u64());
    let (_, bent) = struck(json!({ "kind": "malformed_value" }));
    assert_eq!(bent["g"][&plain].as_object().map(|leaves| leaves.values().filter(|leaf| leaf.is_string()).count()), Some(3));
    for (fault, status) in [
        (json!({ "kind": "rate_limited", "reset_in_seconds": 9 }), 429),
        (json!({ "kind": "unauthorized" }), 401),
        (json!({ "kind": "client_not_enrolled" }), 403),
        (json!({ "kind": "poison", "tweets": [plain] }), 403),
    ] {
        let (got, answer) = struck(fault);
        assert!(got == status && answer["errors"][0].is_string(), "{answer}");
    }
    let (status, answer) = struck(json!({ "kind": "poison", "tweets": [plain], "status": 400, "named": true }));
    assert_eq!((status, &answer["errors"][0]), (400, &json!(format!("Forbidden to access tweets: {plain}"))));
    assert_eq!(struck(json!({ "kind": "poison", "tweets": ["5"] })).0, 200, "it is not asked for");
    let (status, answer) = struck(json!({ "kind": "partial_errors", "tweets": [plain], "problem": "not-found" }));
    assert_eq!((status, answer), (200, json!({ "g": {}, "unavailable_tweet_ids": [plain] })));
    assert_eq!(struck(json!({ "kind": "omit", "tweets": [plain] })).1, json!({ "g": {} }));
    assert!(struck(json!({ "kind": "unknown_fields" })).1["aura"].is_object());
}
