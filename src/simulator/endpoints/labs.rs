//! `GET /labs/1/tweets/metrics/private` (x-api.md, section 1d): retired, unless the dial says otherwise.

use hyper::Method;
use serde_json::{Map, Value, json};

use crate::model::TweetId;
use crate::simulator::endpoints::arguments::{Arguments, is_id};
use crate::simulator::endpoints::concepts::Concept;
use crate::simulator::endpoints::{Ask, Endpoint, selection};
use crate::simulator::limits::Allowance;
use crate::simulator::reply::Reply;
use crate::simulator::systems::System;
use crate::simulator::tweet::{State, Tweet};

/// `GET /labs/1/tweets/metrics/private`
pub(crate) const PRIVATE: Endpoint = Endpoint {
    method: Method::GET,
    system: System::Labs,
    pattern: "/labs/1/tweets/metrics/private",
    allowance: Allowance { app: None, user: Some(15) },
    answer: private,
};

/// More ids than this are refused.
const MOST_IDS: usize = 50;

fn private(ask: &Ask<'_>) -> Reply {
    let mut arguments = Arguments { call: ask.call, wrong: selection::check_against(ask.call, &[], &["ids"]) };
    let ids = arguments.list("ids", MOST_IDS, is_id);
    if !arguments.wrong.is_empty() {
        return Reply::invalid(&arguments.wrong);
    }
    let (mut data, mut errors) = (Vec::new(), Vec::new());
    for id in ids {
        match visible(ask, id) {
            Ok(tweet) => data.push(tweet_json(ask, tweet)),
            Err(error) => errors.push(error),
        }
    }
    let mut body = Map::new();
    if !data.is_empty() {
        body.insert("data".to_owned(), Value::Array(data));
    }
    if !errors.is_empty() {
        body.insert("errors".to_owned(), Value::Array(errors));
    }
    Reply::ok(Value::Object(body), Vec::new())
}

fn visible<'a>(ask: &Ask<'a>, id: &str) -> Result<&'a Tweet, Value> {
    let tweet = id.parse::<TweetId>().ok().and_then(|id| ask.world.tweets.get(&id));
    let gone = || error(id, "Not Found Error", "resource-not-found", "Could not find tweet with ids");
    let refused = || {
        error(id, "Authorization Error", "not-authorized-for-resource", "Sorry, you are not authorized to see the tweet with ids")
    };
    let tweet = tweet.filter(|tweet| tweet.state != State::Deleted).ok_or_else(gone)?;
    let is_open = tweet.state == State::Normal && ask.caller.user == Some(tweet.author);
    if is_open && tweet.is_young(ask.now) && !tweet.is_retweet() { Ok(tweet) } else { Err(refused()) }
}

fn error(id: &str, title: &str, segment: &str, detail: &str) -> Value {
    json!({
        "value": id, "detail": format!("{detail}: [{id}]."), "title": title, "parameter": "ids", "resource_type": "tweet",
        "type": format!("https://api.twitter.com/labs/1/problems/{segment}"),
    })
}

fn tweet_json(ask: &Ask<'_>, tweet: &Tweet) -> Value {
    let count = |concept: Concept| concept.lifetime(tweet, ask.simulated);
    let mut body = json!({
        "tweet_id": tweet.id.to_string(),
        "tweet": {
            "like_count": count(Concept::Likes), "retweet_count": count(Concept::Retweets), "quote_count": count(Concept::Quotes),
            "reply_count": count(Concept::Replies), "impression_count": count(Concept::Impressions),
        },
    });
    if let Some(video) = tweet.video() {
        let mut numbers = json!({ "media_key": video.key, "view_count": count(Concept::VideoViews) });
        for (quarter, percent) in [0, 25, 50, 75, 100].iter().enumerate() {
            numbers[format!("playback_{percent}_count")] = json!(count(Concept::Quarter(quarter)));
        }
        body["video"] = numbers;
    }
    body
}

#[cfg(test)]
mod tests {
    use hyper::Method;

    use crate::simulator::trial::{As, Trial, header};

    #[test]
    fn it_is_retired_until_somebody_wakes_it() {
        let mut trial = Trial::new();
        for caller in [As::Nobody, As::App, As::User] {
            let call = trial.call_as(caller, "/labs/1/tweets/metrics/private?ids=1");
            let answer = trial.serve(&call);
            assert_eq!((answer.status, header(&answer, "content-type")), (404, Some("text/html; charset=utf-8")));
            assert!(answer.body.starts_with(b"<!DOCTYPE"));
        }
        let (_, systems) = trial.control(Method::PUT, "systems", r#"{"account":"acme","labs":"alive"}"#);
        assert_eq!((&systems["acme"]["labs"], &systems["globex"]["labs"]), (&"alive".into(), &"retired".into()));
        let [video, overage, foreign, deleted] = ["video", "overage", "foreign", "deleted"].map(|kind| trial.tweet(kind));
        let target = format!("/labs/1/tweets/metrics/private?ids={video},{overage},{foreign},{deleted}");
        let (status, body) = trial.ask(As::User, &target);
        assert_eq!(
            (status, body["data"].as_array().map(Vec::len), body["errors"].as_array().map(Vec::len)),
            (200, Some(1), Some(3))
        );
        assert_eq!(body["data"][0]["tweet_id"], video.to_string());
        assert!(body["data"][0]["video"]["playback_25_count"].is_u64() && body["data"][0]["tweet"]["quote_count"].is_u64());
        assert_eq!(body["errors"][2]["type"], "https://api.twitter.com/labs/1/problems/resource-not-found");
        assert_eq!([As::App, As::Oauth2, As::Nobody].map(|caller| trial.ask(caller, &target).0), [403, 403, 401]);
        let many = vec!["5"; 51].join(",");
        for query in [format!("ids={many}"), "ids=x".to_owned(), String::new()] {
            assert_eq!(trial.ask(As::User, &format!("/labs/1/tweets/metrics/private?{query}")).0, 400, "{query}");
        }
        assert_eq!((0..15).map(|_| trial.ask(As::User, &target).0).max(), Some(429), "15 in a window");
    }
}
