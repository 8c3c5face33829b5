//! `GET /2/tweets` and `GET /2/tweets/:id` (x-api.md, section 1a).

use std::collections::HashSet;

use hyper::Method;
use serde_json::{Map, Value, json};

use crate::model::PriceClass;
use crate::simulator::endpoints::selection::{self, Selection};
use crate::simulator::endpoints::tweet_view::{View, media_json, tweet_json};
use crate::simulator::endpoints::users::user_json;
use crate::simulator::endpoints::{Ask, Endpoint};
use crate::simulator::limits::Allowance;
use crate::simulator::reply::{Invalid, Reply};
use crate::simulator::systems::System;
use crate::simulator::tweet::Tweet;

/// `GET /2/tweets`
pub(crate) const MANY: Endpoint = Endpoint {
    method: Method::GET,
    system: System::V2,
    pattern: "/2/tweets",
    allowance: Allowance { app: Some(3_500), user: Some(5_000) },
    answer: many,
};

/// `GET /2/tweets/:id`
pub(crate) const ONE: Endpoint = Endpoint {
    method: Method::GET,
    system: System::V2,
    pattern: "/2/tweets/:id",
    allowance: Allowance { app: Some(450), user: Some(900) },
    answer: one,
};

/// More ids than this are refused.
const MOST_IDS: usize = 100;

fn many(ask: &Ask<'_>) -> Reply {
    let mut wrong = selection::check(ask.call, &["ids"]);
    let ids = match ask.call.parameter("ids") {
        None | Some("") => {
            wrong.push(invalid_ids("", "The `ids` query parameter can not be empty".to_owned()));
            Vec::new()
        }
        Some(text) => text.split(',').collect(),
    };
    if ids.len() > MOST_IDS {
        let message = format!("The number of values in the `ids` query parameter list [{}] is not between 1 and 100", ids.len());
        wrong.push(invalid_ids(&ids.join(","), message));
    }
    wrong.extend(ids.iter().take(MOST_IDS).filter_map(|id| wrong_id("ids", id)));
    if !wrong.is_empty() {
        return Reply::invalid(&wrong);
    }
    let mut seen = HashSet::new();
    let answer = Answered::collect(ask, "ids", ids.into_iter().filter(|id| seen.insert(*id)));
    let data = (!answer.data.is_empty()).then(|| Value::Array(answer.data.clone()));
    Reply::ok(answer.body(data), answer.billed)
}

fn one(ask: &Ask<'_>) -> Reply {
    let mut wrong = selection::check(ask.call, &[]);
    wrong.extend(wrong_id("id", ask.argument));
    if !wrong.is_empty() {
        return Reply::invalid(&wrong);
    }
    let answer = Answered::collect(ask, "id", [ask.argument].into_iter());
    let mut reply = Reply::ok(answer.body(answer.data.first().cloned()), answer.billed);
    reply.status = if answer.is_gone { 404 } else { 200 };
    reply
}

fn invalid_ids(value: &str, message: String) -> Invalid {
    Invalid { parameter: "ids".to_owned(), value: value.to_owned(), message }
}

/// X's pattern: `^[0-9]{1,19}$`.
pub(crate) fn wrong_id(parameter: &str, text: &str) -> Option<Invalid> {
    let fits = (1..=19).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let message = || format!("The `{parameter}` query parameter value [{text}] does not match ^[0-9]{{1,19}}$");
    (!fits).then(|| Invalid { parameter: parameter.to_owned(), value: text.to_owned(), message: message() })
}

/// An answer in the making.
#[derive(Default)]
pub(crate) struct Answered {
    pub(crate) data: Vec<Value>,
    media: Vec<Value>,
    users: Vec<Value>,
    errors: Vec<Value>,
    pub(crate) billed: Vec<(PriceClass, u64)>,
    /// Whether a tweet was not found.
    is_gone: bool,
}

impl Answered {
    fn collect<'a>(ask: &Ask<'_>, parameter: &str, ids: impl Iterator<Item = &'a str>) -> Self {
        let selection = Selection::of(ask.call);
        let mut answer = Self::default();
        for id in ids {
            match View::of(ask, &selection, parameter, id) {
                View::Shown(tweet) => answer.show(ask, &selection, tweet, PriceClass::Tweet),
                View::Missing(error) => {
                    answer.is_gone |= error["title"] == "Not Found Error";
                    answer.errors.push(error);
                }
                View::FieldsRefused(errors) => answer.errors.extend(errors),
                View::Silent => {}
            }
        }
        answer
    }

    /// Adds what the caller gets to see of a tweet that is there.
    pub(crate) fn add(&mut self, ask: &Ask<'_>, selection: &Selection, tweet: &Tweet, class: PriceClass) {
        match View::of_tweet(ask, selection, "id", tweet) {
            View::Shown(tweet) => self.show(ask, selection, tweet, class),
            View::FieldsRefused(errors) => self.errors.extend(errors),
            View::Missing(_) | View::Silent => {}
        }
    }

    fn show(&mut self, ask: &Ask<'_>, selection: &Selection, tweet: &Tweet, class: PriceClass) {
        self.data.push(tweet_json(tweet, selection, ask.simulated));
        self.billed.push((class, tweet.id.number()));
        if selection.expands("attachments.media_keys") {
            self.media.extend(media_json(tweet, selection, ask.simulated));
        }
        if selection.expands("author_id") {
            let author = ask.world.user(tweet.author).map(user_json);
            self.users.extend(author.filter(|author| !self.users.contains(author)));
        }
    }

    /// The whole answer.
    pub(crate) fn body(&self, data: Option<Value>) -> Value {
        let mut body = Map::new();
        let mut includes = Map::new();
        for (name, list) in [("media", &self.media), ("users", &self.users)] {
            if !list.is_empty() {
                includes.insert(name.to_owned(), json!(list));
            }
        }
        body.extend(data.map(|data| ("data".to_owned(), data)));
        if !includes.is_empty() {
            body.insert("includes".to_owned(), Value::Object(includes));
        }
        if !self.errors.is_empty() {
            body.insert("errors".to_owned(), json!(self.errors));
        }
        Value::Object(body)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::simulator::trial::{As, Trial};

    const PRIVATE: &str = "tweet.fields=public_metrics,non_public_metrics,organic_metrics";

    fn ids(body: &Value) -> Vec<&str> {
        body["data"].as_array().into_iter().flatten().filter_map(|tweet| tweet["id"].as_str()).collect()
    }

    fn errors(body: &Value) -> Vec<&Value> {
        body["errors"].as_array().into_iter().flatten().collect()
    }

    #[test]
    fn only_what_was_asked_for_comes() {
        let mut trial = Trial::new();
        let plain = trial.tweet("plain");
        let (status, body) = trial.ask(As::App, &format!("/2/tweets?ids={plain}"));
        assert_eq!(status, 200);
        let fields: Vec<&String> = body["data"][0].as_object().expect("a tweet").keys().collect();
        assert_eq!(fields, ["edit_history_tweet_ids", "id", "text"]);
        let (_, body) = trial.ask(As::User, &format!("/2/tweets/{plain}?{PRIVATE}"));
        assert!(body["data"]["organic_metrics"]["url_link_clicks"].is_u64());
        assert_eq!(body["data"]["public_metrics"].as_object().map(serde_json::Map::len), Some(6));
        assert!(body.get("includes").is_none());
    }

    #[test]
    fn a_private_group_of_one_tweet_costs_that_tweet_only() {
        let mut trial = Trial::new();
        let [plain, archive, overage, foreign] =
            ["plain", "archive", "overage", "foreign"].map(|kind| trial.tweet(kind).to_string());
        let target = format!("/2/tweets?ids={plain},{archive},{overage},{foreign}&{PRIVATE}");
        let (status, body) = trial.ask(As::User, &target);
        assert_eq!((status, ids(&body)), (200, vec![plain.as_str(), archive.as_str()]));
        assert_eq!(errors(&body).len(), 2 * (3 + 6));
        assert!(errors(&body).iter().all(|error| error["title"] == "Field Authorization Error" && error["section"] == "data"));
        let (status, body) = trial.ask(As::App, &target);
        assert_eq!((status, ids(&body).len(), errors(&body).len()), (200, 0, 4 * (3 + 6)), "an app owns nothing");
        assert!(body.get("data").is_none());
    }

    #[test]
    fn promoted_numbers_of_what_was_never_promoted_leave_the_tweet_out_in_silence() {
        let mut trial = Trial::new();
        let (campaign, steady) = (trial.tweet("campaign").to_string(), trial.tweet("steady"));
        let fields = "tweet.fields=public_metrics,organic_metrics,promoted_metrics";
        let (_, body) = trial.ask(As::User, &format!("/2/tweets?ids={campaign},{steady}&{fields}"));
        assert_eq!(ids(&body), [campaign.as_str()]);
        assert!(errors(&body).is_empty());
        let tweet = &body["data"][0];
        let number = |group: &str, key: &str| tweet[group][key].as_u64().expect("a number");
        for key in ["impression_count", "like_count", "reply_count", "retweet_count"] {
            assert!(number("promoted_metrics", key) > 0, "{key}");
            let parts = number("organic_metrics", key) + number("promoted_metrics", key);
            assert_eq!(parts, number("public_metrics", key), "{key}");
        }
    }

    #[test]
    fn private_numbers_of_a_strangers_video_are_refused_and_public_ones_are_not() {
        let mut trial = Trial::new();
        let (video, foreign) = (trial.tweet("video").to_string(), trial.tweet("foreign").to_string());
        let target =
            format!("/2/tweets?ids={video},{foreign}&expansions=attachments.media_keys&media.fields=duration_ms,public_metrics");
        let (_, body) = trial.ask(As::User, &format!("{target},non_public_metrics,organic_metrics"));
        assert_eq!((ids(&body), errors(&body).len()), (vec![video.as_str()], 5 + 6));
        let medium = &body["includes"]["media"][0];
        assert!(
            medium["organic_metrics"]["playback_25_count"].as_u64() > medium["organic_metrics"]["playback_100_count"].as_u64()
        );
        assert!(medium["non_public_metrics"].get("view_count").is_none());
        let (_, body) = trial.ask(As::App, &target);
        assert_eq!(ids(&body).len(), 2);
    }

    #[test]
    fn what_is_gone_is_an_error_of_its_own() {
        let mut trial = Trial::new();
        let (deleted, protected) = (trial.tweet("deleted"), trial.tweet("protected"));
        let (status, body) = trial.ask(As::App, &format!("/2/tweets?ids={deleted},{protected},1"));
        let types: Vec<_> = errors(&body).iter().filter_map(|error| error["type"].as_str()?.rsplit('/').next()).collect();
        assert_eq!((status, types), (200, vec!["resource-not-found", "not-authorized-for-resource", "resource-not-found"]));
        assert!(body.get("data").is_none());
        assert_eq!(trial.ask(As::App, &format!("/2/tweets/{deleted}")).0, 404);
        assert_eq!(trial.ask(As::App, &format!("/2/tweets/{protected}")).0, 200);
    }

    #[test]
    fn one_wrong_parameter_refuses_the_whole_request() {
        let mut trial = Trial::new();
        let many = vec!["5"; 101].join(",");
        for query in [
            "",
            "?ids=",
            "?ids=1,x",
            "?ids=1,%202",
            "?ids=12345678901234567890",
            "?ids=1&ids=2",
            "?ids=1&tweet.fields=likes",
            "?ids=1&media.fields=",
            "?ids=1&fields=public_metrics",
            &format!("?ids={many}"),
        ] {
            let (status, body) = trial.ask(As::App, &format!("/2/tweets{query}"));
            assert_eq!(status, 400, "{query}");
            assert!(body["type"].as_str().is_some_and(|kind| kind.ends_with("/invalid-request")), "{query}");
            assert!(errors(&body)[0]["parameters"].is_object() && errors(&body)[0]["message"].is_string(), "{query}");
        }
        let (status, body) = trial.ask(As::App, "/2/tweets?ids=1,x");
        assert_eq!((status, &body["errors"][0]["parameters"]["ids"][0]), (400, &Value::from("x")));
    }
}
