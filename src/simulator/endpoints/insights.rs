//! `GET /2/insights/28hr` and `GET /2/insights/historical` (x-api.md, section 1c).

use std::time::Duration;

use hyper::Method;
use serde_json::{Map, Value, json};

use crate::model::TweetId;
use crate::simulator::endpoints::arguments::{Arguments, is_id};
use crate::simulator::endpoints::concepts::{Concept, Name, named};
use crate::simulator::endpoints::selection::{self, List};
use crate::simulator::endpoints::window::{Bucket, DAY, HOUR, WEEK, Window};
use crate::simulator::endpoints::{Ask, Endpoint};
use crate::simulator::faults::{Encoding, Layout};
use crate::simulator::limits::Allowance;
use crate::simulator::reply::Reply;
use crate::simulator::systems::System;
use crate::simulator::tweet::{State, Tweet};

/// `GET /2/insights/28hr`
pub(crate) const TRAILING: Endpoint = Endpoint {
    method: Method::GET,
    system: System::Insights,
    pattern: "/2/insights/28hr",
    allowance: Allowance { app: None, user: Some(300) },
    answer: trailing,
};

/// `GET /2/insights/historical`
pub(crate) const HISTORICAL: Endpoint = Endpoint { pattern: "/2/insights/historical", answer: historical, ..TRAILING };

const NAMES: [Name; 26] = [
    ("AppInstallAttempts", Concept::Never),
    ("AppOpens", Concept::Never),
    ("DetailExpands", Concept::DetailExpands),
    ("EmailTweet", Concept::Never),
    ("Engagements", Concept::Engagements),
    ("Follows", Concept::Follows),
    ("HashtagClicks", Concept::HashtagClicks),
    ("Impressions", Concept::Impressions),
    ("Likes", Concept::Likes),
    ("LinkClicks", Concept::UrlClicks),
    ("MediaEngagements", Concept::MediaEngagements),
    ("MediaViews", Concept::MediaViews),
    ("PermalinkClicks", Concept::PermalinkClicks),
    ("ProfileVisits", Concept::UserProfileClicks),
    ("QuoteTweets", Concept::Quotes),
    ("Replies", Concept::Replies),
    ("Retweets", Concept::Retweets),
    ("UniqueVideoViews", Concept::UniqueVideoViews),
    ("UrlClicks", Concept::UrlClicks),
    ("UserProfileClicks", Concept::UserProfileClicks),
    ("VideoCompletions", Concept::Quarter(4)),
    ("VideoPlayed25Percent", Concept::Quarter(1)),
    ("VideoPlayed50Percent", Concept::Quarter(2)),
    ("VideoPlayed75Percent", Concept::Quarter(3)),
    ("VideoStarts", Concept::Quarter(0)),
    ("VideoViews", Concept::VideoViews),
];
const LISTS: [List; 1] = [List { name: "engagement.fields", values: &["errors", "measurement"] }];
/// More ids than this are refused.
const MOST_IDS: usize = 25;
/// More buckets than this, over all tweets, are refused: a limit of the simulator, not of X.
const MOST_BUCKETS: u128 = 50_000;

/// A checked request.
struct Wanted<'a> {
    ids: Vec<&'a str>,
    names: Vec<Name>,
    /// Length of a bucket; `None`: one for everything.
    length: Option<Duration>,
    window: Window,
}

fn trailing(ask: &Ask<'_>) -> Reply {
    answer(ask, &[], |_| Some(Window::trailing(ask.simulated)))
}

fn historical(ask: &Ask<'_>) -> Reply {
    answer(ask, &["start_time", "end_time"], |arguments| arguments.window().map(|(from, to)| Window { from, to }))
}

fn answer(ask: &Ask<'_>, period: &[&str], window: impl Fn(&mut Arguments<'_>) -> Option<Window>) -> Reply {
    let others = [&["tweet_ids", "requested_metrics", "granularity"], period].concat();
    let encoding = ask.fault.and_then(|fault| fault.encoding()).unwrap_or(Encoding::Comma);
    let (ids, metrics) = (values(ask, "tweet_ids"), values(ask, "requested_metrics"));
    let mut arguments = Arguments { call: ask.call, wrong: Vec::new() };
    check_lists(&mut arguments, encoding, &others, (&ids, &metrics));
    let word = arguments.word("granularity", &["Daily", "Hourly", "Weekly", "Total"]);
    arguments.need("granularity");
    let length = match word {
        Some("Daily") => Some(DAY),
        Some("Hourly") => Some(HOUR),
        Some("Weekly") => Some(WEEK),
        _ => None,
    };
    let window = window(&mut arguments);
    if window.is_some_and(|window| window.count(length) * ids.len() as u128 > MOST_BUCKETS) {
        arguments.refuse("start_time", "The window has too many buckets".to_owned());
    }
    let Some(window) = window.filter(|_| arguments.wrong.is_empty()) else { return Reply::invalid(&arguments.wrong) };
    let names = metrics.iter().filter_map(|name| named(&NAMES, name)).collect();
    sent(ask, &Wanted { ids, names, length, window })
}

/// The values of a list, however it is written.
fn values<'a>(ask: &Ask<'a>, name: &str) -> Vec<&'a str> {
    let given = ask.call.query.iter().filter(|(key, value)| key == name && !value.is_empty());
    given.flat_map(|(_, value)| value.split(',')).collect()
}

/// Notes what is wrong with the two lists, and with parameters that do not belong here.
fn check_lists(arguments: &mut Arguments<'_>, encoding: Encoding, others: &[&str], (ids, metrics): (&[&str], &[&str])) {
    let is_list = |name: &str| ["tweet_ids", "requested_metrics"].contains(&name);
    let wrong = selection::check_against(arguments.call, &LISTS, others);
    arguments.wrong.extend(wrong.into_iter().filter(|wrong| encoding == Encoding::Comma || !is_list(&wrong.parameter)));
    let commas = arguments.call.query.iter().any(|(name, value)| is_list(name) && value.contains(','));
    if encoding == Encoding::Repeated && commas {
        arguments.refuse("tweet_ids", "A list must be given by repeating its query parameter".to_owned());
    }
    if !(1..=MOST_IDS).contains(&ids.len()) || !ids.iter().all(|id| is_id(id)) || has_twice(ids) {
        arguments.refuse("tweet_ids", "The `tweet_ids` query parameter must have 1 to 25 distinct ids".to_owned());
    }
    if metrics.is_empty() || metrics.iter().any(|name| named(&NAMES, name).is_none()) || has_twice(metrics) {
        let names = NAMES.map(|(name, _)| name).join(",");
        arguments.refuse(
            "requested_metrics",
            format!("The `requested_metrics` query parameter must have distinct values of [{names}]"),
        );
    }
}

fn has_twice(items: &[&str]) -> bool {
    items.iter().enumerate().any(|(position, item)| items[..position].contains(item))
}

fn sent(ask: &Ask<'_>, wanted: &Wanted<'_>) -> Reply {
    let (mut own, mut gone, mut foreign) = (Vec::new(), Vec::new(), Vec::new());
    for id in &wanted.ids {
        match id.parse::<TweetId>().ok().and_then(|id| ask.world.tweets.get(&id)) {
            Some(tweet) if tweet.state == State::Normal && ask.caller.user == Some(tweet.author) => own.push(tweet),
            Some(tweet) if tweet.state != State::Deleted => foreign.push(*id),
            _ => gone.push(*id),
        }
    }
    let problems = [("not permitted", foreign), ("not found", gone)];
    let problems = problems.iter().filter(|(_, ids)| !ids.is_empty());
    let errors: Vec<Value> = problems.map(|(error, ids)| json!({ "error": error, "tweets": ids })).collect();
    let wants = |field| {
        ask.call.parameter("engagement.fields").is_none() || ask.call.items("engagement.fields").any(|item| item == field)
    };
    let mut item = Map::new();
    if wants("errors") && !errors.is_empty() {
        item.insert("errors".to_owned(), Value::Array(errors));
    }
    if wants("measurement") && !own.is_empty() {
        item.insert("measurement".to_owned(), measurement(ask, wanted, &own));
    }
    Reply::ok(json!({ "data": [item] }), Vec::new())
}

fn measurement(ask: &Ask<'_>, wanted: &Wanted<'_>, tweets: &[&Tweet]) -> Value {
    let usual = if wanted.length.is_none() { Layout::Total } else { Layout::Series };
    let layout = ask.fault.and_then(|fault| fault.layout()).unwrap_or(usual);
    let mut body = Map::new();
    if layout != Layout::Series {
        let total =
            |tweet: &&Tweet| json!({ "tweet_id": tweet.id.to_string(), "value": metrics(ask, wanted, tweet, wanted.window) });
        body.insert("metrics_total".to_owned(), tweets.iter().map(total).collect());
    }
    if layout != Layout::Total {
        let buckets = wanted.window.buckets(wanted.length);
        let entry = |tweet: &Tweet, bucket: &Bucket| {
            let metrics = metrics(ask, wanted, tweet, bucket.part);
            let value = json!({ "timestamp": { "iso8601_time": bucket.starts.to_string() }, "metric_values": metrics });
            json!({ "tweet_id": tweet.id.to_string(), "value": value })
        };
        let entries = tweets.iter().flat_map(|tweet| buckets.iter().map(|bucket| entry(tweet, bucket)));
        body.insert("metrics_time_series".to_owned(), entries.collect());
    }
    Value::Object(body)
}

fn metrics(ask: &Ask<'_>, wanted: &Wanted<'_>, tweet: &Tweet, part: Window) -> Value {
    let (from, to) = (part.from.min(ask.simulated), part.to.min(ask.simulated));
    let metric = |(name, concept): &Name| json!({ "metric_type": name, "metric_value": concept.grown(tweet, from, to) });
    wanted.names.iter().map(metric).collect()
}

#[cfg(test)]
mod tests {
    use hyper::Method;
    use serde_json::{Value, json};

    use crate::simulator::trial::{As, Trial};

    fn total(measurement: &Value, name: &str) -> Option<u64> {
        let pairs = measurement["metrics_total"][0]["value"].as_array()?;
        pairs.iter().find(|pair| pair["metric_type"] == name)?["metric_value"].as_u64()
    }

    #[test]
    fn totals_and_series_add_up() {
        let mut trial = Trial::new();
        let plain = trial.tweet("plain");
        let target = |path: &str, granularity: &str| {
            format!("/2/insights/{path}tweet_ids={plain}&requested_metrics=Impressions,Likes&granularity={granularity}")
        };
        let (status, body) = trial.ask(As::User, &target("28hr?", "Total"));
        let measurement = &body["data"][0]["measurement"];
        assert!(status == 200 && measurement.get("metrics_time_series").is_none(), "{body}");
        let (_, lookup) = trial.ask(As::App, &format!("/2/tweets/{plain}?tweet.fields=public_metrics"));
        let impressions = lookup["data"]["public_metrics"]["impression_count"].as_u64();
        assert_eq!(total(measurement, "Impressions"), impressions, "it is ten minutes old");
        let (_, body) = trial.ask(As::Oauth2, &target("28hr?", "Hourly"));
        let series = body["data"][0]["measurement"]["metrics_time_series"].as_array().expect("a series");
        assert_eq!(series.len(), 28);
        assert_eq!(series[0]["value"]["timestamp"]["iso8601_time"], "2026-11-20T08:00:00Z");
        let sum: u64 = series.iter().filter_map(|entry| entry["value"]["metric_values"][0]["metric_value"].as_u64()).sum();
        assert_eq!(Some(sum), impressions);
        let past = "historical?start_time=2026-11-20T00:00:00Z&end_time=2026-11-21T11:00:00Z&";
        let (status, body) = trial.ask(As::User, &target(past, "Total"));
        assert_eq!((status, total(&body["data"][0]["measurement"], "Impressions")), (200, Some(0)), "before it was there");
    }

    #[test]
    fn foreign_tweets_are_inner_errors() {
        let mut trial = Trial::new();
        let [plain, foreign, deleted] = ["plain", "foreign", "deleted"].map(|kind| trial.tweet(kind).to_string());
        let target =
            format!("/2/insights/28hr?tweet_ids={plain},{foreign},{deleted}&requested_metrics=VideoViews&granularity=Daily");
        let (status, body) = trial.ask(As::User, &target);
        let errors = json!([{ "error": "not permitted", "tweets": [foreign] }, { "error": "not found", "tweets": [deleted] }]);
        assert_eq!((status, &body["data"][0]["errors"]), (200, &errors));
        let (_, body) = trial.ask(As::User, &format!("{target}&engagement.fields=measurement"));
        assert!(body["data"][0].get("errors").is_none() && body["data"][0]["measurement"].is_object());
        let (_, requests) = trial.control(Method::GET, "requests", "");
        assert_eq!((&requests[0]["ids_count"], &requests[0]["query"]["granularity"]), (&json!(3), &json!("Daily")));
    }

    #[test]
    fn lists_are_written_in_one_way_only() {
        let mut trial = Trial::new();
        let (plain, viral) = (trial.tweet("plain"), trial.tweet("viral"));
        let rest = "requested_metrics=Likes&granularity=Total";
        let comma = format!("/2/insights/28hr?tweet_ids={plain},{viral}&{rest}");
        let repeated = format!("/2/insights/28hr?tweet_ids={plain}&tweet_ids={viral}&{rest}");
        assert_eq!([&comma, &repeated].map(|target| trial.ask(As::User, target).0), [200, 400]);
        trial.faults(json!([{ "fault": { "kind": "insights", "encoding": "repeated", "layout": "both" } }]));
        assert_eq!([&comma, &repeated].map(|target| trial.ask(As::User, target).0), [400, 200]);
        let (_, body) = trial.ask(As::User, &repeated);
        let measurement = &body["data"][0]["measurement"];
        assert_eq!(
            ["metrics_total", "metrics_time_series"].map(|name| measurement[name].as_array().map(Vec::len)),
            [Some(2), Some(2)]
        );
    }

    #[test]
    fn wrong_requests_and_callers_are_refused() {
        let mut trial = Trial::new();
        let many = (1..=26).map(|id| id.to_string()).collect::<Vec<_>>().join(",");
        let right = "tweet_ids=1&requested_metrics=Likes&granularity=Total";
        for query in [
            "tweet_ids=1&requested_metrics=Likes".to_owned(),
            "tweet_ids=1&requested_metrics=Likes&granularity=total".to_owned(),
            "tweet_ids=1&requested_metrics=likes&granularity=Total".to_owned(),
            "tweet_ids=1&granularity=Total".to_owned(),
            "tweet_ids=1,1&requested_metrics=Likes&granularity=Total".to_owned(),
            "requested_metrics=Likes&granularity=Total".to_owned(),
            format!("tweet_ids={many}&requested_metrics=Likes&granularity=Total"),
            format!("{right}&start_time=2026-11-20T00:00:00Z"),
            format!("{right}&engagement.fields=all"),
        ] {
            assert_eq!(trial.ask(As::User, &format!("/2/insights/28hr?{query}")).0, 400, "{query}");
        }
        assert_eq!(trial.ask(As::User, &format!("/2/insights/historical?{right}")).0, 400, "it needs a period");
        let target = format!("/2/insights/28hr?{right}");
        assert_eq!([As::User, As::App, As::Nobody].map(|caller| trial.ask(caller, &target).0), [200, 403, 401]);
        assert_eq!(trial.ask(As::Globex, &target).1["reason"], "client-not-enrolled");
        trial.control(Method::PUT, "systems", r#"{"insights":"gone"}"#);
        assert_eq!(trial.ask(As::User, &target), (404, Value::Null));
    }
}
