//! `GET /2/users/:id/tweets` (x-api.md, section 2.3).

use hyper::Method;
use serde_json::{Value, json};

use crate::model::{PriceClass, Timestamp, TweetId};
use crate::simulator::endpoints::arguments::Arguments;
use crate::simulator::endpoints::lookup::{Answered, wrong_id};
use crate::simulator::endpoints::pages::{Page, Place};
use crate::simulator::endpoints::selection::{self, PRIVATE_GROUPS, Selection};
use crate::simulator::endpoints::{Ask, Endpoint};
use crate::simulator::limits::Allowance;
use crate::simulator::reply::{self, Missing, Reply};
use crate::simulator::systems::System;
use crate::simulator::tweet::{State, Tweet};

/// `GET /2/users/:id/tweets`
pub(crate) const TWEETS: Endpoint = Endpoint {
    method: Method::GET,
    system: System::V2,
    pattern: "/2/users/:id/tweets",
    allowance: Allowance { app: Some(10_000), user: Some(900) },
    answer: tweets,
};

const PARAMETERS: [&str; 7] = ["max_results", "pagination_token", "exclude", "start_time", "end_time", "since_id", "until_id"];
/// So far back a timeline goes.
const DEPTH: usize = 3_200;
/// The same, if replies are left out.
const DEPTH_WITHOUT_REPLIES: usize = 800;

/// Which tweets of a timeline are wanted.
struct Wanted {
    most: usize,
    place: Place,
    no_replies: bool,
    no_retweets: bool,
    from: Timestamp,
    to: Timestamp,
    since: Option<TweetId>,
    until: Option<TweetId>,
}

fn tweets(ask: &Ask<'_>) -> Reply {
    let wanted = match Wanted::read(ask) {
        Ok(wanted) => wanted,
        Err(refusal) => return refusal,
    };
    let user = ask.argument.parse::<u64>().ok().and_then(|id| ask.world.user(id));
    let Some(user) = user else { return nobody(ask, Missing::NotFound) };
    let all: Vec<&Tweet> = ask.world.timeline(user.id).collect();
    if !all.is_empty() && all.iter().all(|tweet| tweet.state == State::Protected) {
        return nobody(ask, Missing::NotAuthorized);
    }
    let depth = if wanted.no_replies { DEPTH_WITHOUT_REPLIES } else { DEPTH };
    let shown = all.into_iter().filter(|tweet| tweet.state == State::Normal).take(depth);
    let timeline: Vec<&Tweet> = shown.filter(|tweet| wanted.has(tweet)).collect();
    sent(ask, &Page::cut(&timeline, wanted.place, wanted.most), user.id)
}

fn nobody(ask: &Ask<'_>, why: Missing) -> Reply {
    Reply::ok(json!({ "errors": [reply::missing(why, "user", "id", ask.argument)] }), Vec::new())
}

fn sent(ask: &Ask<'_>, page: &Page<'_>, user: u64) -> Reply {
    let selection = Selection::of(ask.call);
    let class = if ask.caller.user == Some(user) { PriceClass::OwnedTweet } else { PriceClass::Tweet };
    let is_private = PRIVATE_GROUPS.iter().any(|group| selection.wants(group) || selection.wants_media(group));
    let mut answer = Answered::default();
    // Private numbers narrow the timeline to 30 days in silence; the pages stay as they were, so some are empty.
    for tweet in page.tweets.iter().filter(|tweet| !is_private || tweet.is_young(ask.now)) {
        answer.add(ask, &selection, tweet, class);
    }
    let data = (!answer.data.is_empty()).then(|| Value::Array(answer.data.clone()));
    let mut body = answer.body(data);
    body["meta"] = meta(&answer.data, page);
    Reply::ok(body, answer.billed)
}

fn meta(data: &[Value], page: &Page<'_>) -> Value {
    let mut meta = json!({ "result_count": data.len() });
    let ends = [("newest_id", data.first()), ("oldest_id", data.last())];
    ends.iter().filter_map(|(name, tweet)| Some((name, (*tweet)?))).for_each(|(name, tweet)| meta[*name] = tweet["id"].clone());
    let tokens = [("next_token", &page.next), ("previous_token", &page.previous)];
    tokens.iter().filter_map(|(name, token)| Some((name, token.as_ref()?))).for_each(|(name, token)| meta[*name] = json!(token));
    meta
}

impl Wanted {
    fn read(ask: &Ask<'_>) -> Result<Self, Reply> {
        let mut arguments = Arguments { call: ask.call, wrong: selection::check(ask.call, &PARAMETERS) };
        arguments.wrong.extend(wrong_id("id", ask.argument));
        let (from, to) = (arguments.moment("start_time"), arguments.moment("end_time"));
        let wanted = Self {
            most: arguments.number("max_results", 5..=100, 10),
            place: place(&mut arguments),
            no_replies: excludes(&mut arguments, "replies"),
            no_retweets: excludes(&mut arguments, "retweets"),
            from: from.unwrap_or(Timestamp::MIN),
            to: to.unwrap_or(Timestamp::MAX),
            since: id(&mut arguments, "since_id"),
            until: id(&mut arguments, "until_id"),
        };
        if wanted.from >= wanted.to {
            arguments.refuse("end_time", "The `end_time` query parameter must be later than `start_time`".to_owned());
        }
        if arguments.wrong.is_empty() { Ok(wanted) } else { Err(Reply::invalid(&arguments.wrong)) }
    }

    fn has(&self, tweet: &Tweet) -> bool {
        let since = self.since.map_or(tweet.created >= self.from, |id| tweet.id > id);
        let until = self.until.map_or(tweet.created < self.to, |id| tweet.id < id);
        since && until && !(self.no_replies && tweet.is_reply()) && !(self.no_retweets && tweet.is_retweet())
    }
}

fn place(arguments: &mut Arguments<'_>) -> Place {
    let Some(token) = arguments.call.parameter("pagination_token") else { return Place::First };
    Place::parse(token).unwrap_or_else(|| {
        arguments.refuse("pagination_token", "The `pagination_token` query parameter value is not valid".to_owned());
        Place::First
    })
}

/// Whether `exclude` has a word; what it has besides both words is noted once.
fn excludes(arguments: &mut Arguments<'_>, word: &str) -> bool {
    let is_unknown = |item: &str| !["replies", "retweets"].contains(&item);
    if word == "replies" && arguments.call.items("exclude").any(is_unknown) {
        arguments.refuse("exclude", "The `exclude` query parameter value is not one of [replies,retweets]".to_owned());
    }
    arguments.call.items("exclude").any(|item| item == word)
}

fn id(arguments: &mut Arguments<'_>, name: &str) -> Option<TweetId> {
    let text = arguments.call.parameter(name)?;
    let id = text.parse().ok();
    if id.is_none() {
        arguments.refuse(name, format!("The `{name}` query parameter value [{text}] does not match ^[0-9]{{1,19}}$"));
    }
    id
}

#[cfg(test)]
mod tests {
    use hyper::Method;
    use serde_json::{Value, json};

    use crate::simulator::trial::{As, Trial};

    const PRIVATE: &str = "tweet.fields=public_metrics,non_public_metrics,organic_metrics";

    fn page(trial: &mut Trial, caller: As, query: &str) -> Value {
        let (status, body) = trial.ask(caller, &format!("/2/users/{}/tweets?{query}", trial.me()));
        assert_eq!(status, 200, "{query}: {body}");
        body
    }

    fn ids(body: &Value) -> Vec<String> {
        let tweets = body["data"].as_array().into_iter().flatten();
        tweets.filter_map(|tweet| tweet["id"].as_str().map(str::to_owned)).collect()
    }

    #[test]
    fn pages_go_backwards_and_forwards_without_a_gap() {
        let mut trial = Trial::new();
        let all = ids(&page(&mut trial, As::App, "max_results=100"));
        assert_eq!(all.len(), 12, "nine of acme's roles without the deleted one, two replies, two retweets");
        assert!(all.is_sorted_by(|newer, older| newer > older));
        let first = page(&mut trial, As::App, "max_results=5");
        assert!(first["meta"].get("previous_token").is_none());
        let next = first["meta"]["next_token"].as_str().expect("a token").to_owned();
        let second = page(&mut trial, As::App, &format!("max_results=5&pagination_token={next}"));
        let last = second["meta"]["next_token"].as_str().expect("a token").to_owned();
        let third = page(&mut trial, As::App, &format!("max_results=5&pagination_token={last}"));
        assert_eq!([ids(&first), ids(&second), ids(&third)].concat(), all);
        assert_eq!((&third["meta"]["result_count"], third["meta"].get("next_token")), (&json!(2), None));
        assert_eq!(third["meta"]["oldest_id"], json!(all[11]));
        let back = third["meta"]["previous_token"].as_str().expect("a token").to_owned();
        assert_eq!(ids(&page(&mut trial, As::App, &format!("max_results=5&pagination_token={back}"))), ids(&second));
    }

    #[test]
    fn ids_beat_moments_and_kinds_can_be_left_out() {
        let mut trial = Trial::new();
        let (plain, steady) = (trial.tweet("plain").to_string(), trial.tweet("steady"));
        let own = page(&mut trial, As::App, "exclude=replies,retweets&max_results=100");
        assert_eq!(ids(&own).len(), 8);
        assert_eq!(ids(&page(&mut trial, As::App, "exclude=retweets&max_results=100")).len(), 10);
        let hour = "start_time=2026-11-21T11:00:00Z";
        let recent = page(&mut trial, As::App, &format!("{hour}&end_time=2026-11-21T11:55:00Z"));
        assert_eq!(ids(&recent).len(), 3);
        let since = page(&mut trial, As::App, &format!("{hour}&since_id={steady}&exclude=replies,retweets"));
        assert_eq!(ids(&since).len(), 5, "since_id beats start_time");
        let until = page(&mut trial, As::App, &format!("end_time=2026-11-21T11:00:00Z&since_id={steady}&until_id={plain}"));
        assert_eq!(until["meta"]["newest_id"], json!(trial.tweet("viral").to_string()));
        let empty = page(&mut trial, As::App, &format!("since_id={plain}"));
        assert_eq!(empty, json!({ "meta": { "result_count": 0 } }));
        let fresh = trial.added("reply", 0);
        assert_eq!(ids(&page(&mut trial, As::App, &format!("since_id={plain}"))), [fresh]);
    }

    #[test]
    fn private_groups_narrow_the_timeline_to_own_young_tweets() {
        let mut trial = Trial::new();
        let body = page(&mut trial, As::Oauth2, &format!("max_results=100&{PRIVATE}"));
        let (archive, overage) = (trial.tweet("archive").to_string(), trial.tweet("overage").to_string());
        assert!(ids(&body).contains(&archive) && !ids(&body).contains(&overage));
        assert_eq!(body["meta"]["result_count"], 9);
        assert_eq!(body["errors"].as_array().map(Vec::len), Some(3 + 6), "those of the young retweet");
        for _ in 0..6 {
            trial.added("plain", 40 * 86_400);
        }
        let old = page(&mut trial, As::User, &format!("max_results=5&until_id={archive}&{PRIVATE}"));
        assert_eq!((&old["meta"]["result_count"], old.get("data")), (&json!(0), None), "the trap");
        assert!(old["meta"]["next_token"].is_string());
        let foreign = page(&mut trial, As::Globex, &format!("max_results=5&{PRIVATE}"));
        assert_eq!((ids(&foreign).len(), foreign["errors"].as_array().map(Vec::len)), (0, Some(5 * 9)));
        let promoted = page(&mut trial, As::User, "max_results=100&exclude=retweets&tweet.fields=promoted_metrics");
        assert_eq!((ids(&promoted), promoted.get("errors")), (vec![trial.tweet("campaign").to_string()], None));
    }

    #[test]
    fn an_own_timeline_is_cheaper_than_a_foreign_one() {
        let mut trial = Trial::new();
        page(&mut trial, As::User, "max_results=5");
        page(&mut trial, As::Oauth2, "max_results=5");
        page(&mut trial, As::App, "max_results=6");
        page(&mut trial, As::Globex, "max_results=7");
        let (_, bill) = trial.control(Method::GET, "bill", "");
        assert_eq!(bill["days"]["2026-11-21"], json!({ "owned_tweet": 5, "tweet": 6 + 7 }));
        assert_eq!(bill["by_path"]["/2/users/:id/tweets"], 4);
        let (_, requests) = trial.control(Method::GET, "requests", "");
        assert_eq!(requests[0]["query"], json!({ "max_results": "5" }));
        assert_eq!(requests[1]["credential"], json!({ "kind": "oauth2", "account": "acme" }));
    }

    #[test]
    fn wrong_parameters_and_users_are_refused() {
        let mut trial = Trial::new();
        for query in [
            "max_results=4",
            "max_results=101",
            "max_results=x",
            "start_time=2026-11-21T11:00:00.000Z",
            "start_time=2010-11-05T00:00:00Z",
            "start_time=2026-11-21",
            "start_time=2026-11-21T11:00:00Z&end_time=2026-11-21T10:00:00Z",
            "exclude=quotes",
            "since_id=x",
            "pagination_token=nonsense",
            "tweet.fields=likes",
            "count=5",
        ] {
            let (status, body) = trial.ask(As::App, &format!("/2/users/{}/tweets?{query}", trial.me()));
            assert_eq!((status, body["title"].as_str()), (400, Some("Invalid Request")), "{query}");
        }
        assert_eq!(trial.ask(As::App, "/2/users/acme/tweets").0, 400);
        let private = trial.service.world.users[3].id;
        for (user, kind) in [(5, "/resource-not-found"), (private, "/not-authorized-for-resource")] {
            let (status, body) = trial.ask(As::App, &format!("/2/users/{user}/tweets"));
            assert!(status == 200 && body["errors"][0]["type"].as_str().is_some_and(|name| name.ends_with(kind)), "{body}");
        }
    }

    #[test]
    fn a_timeline_ends_after_3200_tweets_and_sooner_without_replies() {
        let mut trial = Trial::new();
        let input = r#"{"account":"acme","count":3300,"age_seconds":600}"#;
        assert_eq!(trial.control(Method::POST, "tweets", input).0, 200);
        for (exclude, pages) in [("", 32), ("&exclude=replies", 8)] {
            let (mut count, mut token) = (0, String::new());
            loop {
                let body = page(&mut trial, As::App, &format!("max_results=100{exclude}{token}"));
                count += 1;
                let Some(next) = body["meta"]["next_token"].as_str() else { break };
                token = format!("&pagination_token={next}");
            }
            assert_eq!(count, pages, "{exclude}");
        }
    }

    #[test]
    fn a_page_can_be_emptied() {
        let mut trial = Trial::new();
        trial.faults(json!([{ "times": 1, "fault": { "kind": "empty_page" } }]));
        assert_eq!(trial.ask(As::App, "/2/tweets?ids=1").0, 200, "not a timeline: the fault waits");
        let body = page(&mut trial, As::App, "max_results=5");
        assert_eq!((&body["meta"]["result_count"], body.get("data")), (&json!(0), None));
        assert!(body["meta"]["next_token"].is_string());
        assert_eq!(ids(&page(&mut trial, As::App, "max_results=5")).len(), 5);
    }
}
