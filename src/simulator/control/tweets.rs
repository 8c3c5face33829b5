//! The part of the control API that is about tweets.

use std::time::Duration;

use hyper::Method;
use serde_json::{Value, json};

use crate::model::{Timestamp, TweetId};
use crate::simulator::call::Call;
use crate::simulator::cast::{self, Role};
use crate::simulator::control::inputs::{Kind, StateInput, TweetsInput};
use crate::simulator::control::{Answered, PREFIX, Refusal, account, body};
use crate::simulator::endpoints::{media_group, tweet_group};
use crate::simulator::service::Service;
use crate::simulator::tweet::{State, Tweet};
use crate::simulator::world::MOST_TWEETS;

/// More tweets than this are not added at once.
const MOST_AT_ONCE: usize = 10_000;
/// Older tweets are not added: ten years.
const OLDEST_SECONDS: u64 = 10 * 365 * 86_400;
const GROUPS: [&str; 4] = ["public_metrics", "non_public_metrics", "organic_metrics", "promoted_metrics"];

/// The numbers of a tweet as they are, whatever X would show of them.
pub(crate) fn truth(service: &Service, call: &Call, now: Timestamp) -> Answered {
    let id = call.parameter("tweet").ok_or_else(|| Refusal::bad("say which tweet: ?tweet=<id>"))?;
    let tweet = known(service, id)?;
    let simulated = service.clock.at(now);
    let mut truth = json!({
        "tweet": id,
        "kind": tweet.kind,
        "state": tweet.state,
        "promoted": tweet.is_promoted(),
        "sim_time": simulated.to_string(),
        "sim_millis": simulated.millis(),
        "media": media(tweet, simulated),
    });
    for group in GROUPS.iter().filter(|group| **group != "promoted_metrics" || tweet.is_promoted()) {
        truth[*group] = json!(tweet_group(tweet, group, simulated));
    }
    Ok(truth)
}

fn media(tweet: &Tweet, simulated: Timestamp) -> Vec<Value> {
    let describe = |medium: &crate::simulator::tweet::Medium| {
        let mut body = json!({ "media_key": medium.key, "type": medium.kind.name(), "duration_ms": medium.duration_ms() });
        for group in GROUPS {
            if let Some(numbers) = media_group(tweet, group, simulated) {
                body[group] = numbers;
            }
        }
        body
    };
    tweet.medium.iter().map(describe).collect()
}

fn known<'a>(service: &'a Service, id: &str) -> Result<&'a Tweet, Refusal> {
    let id: TweetId = id.parse().map_err(|error| Refusal::bad(format!("{id:?}: {error}")))?;
    service.world.tweets.get(&id).ok_or_else(|| Refusal(404, format!("there is no tweet {id}")))
}

/// Adds tweets of an account's own.
pub(crate) fn add(service: &mut Service, input: TweetsInput, now: Timestamp) -> Answered {
    let account = account(service, &input.account)?;
    let room = MOST_TWEETS.saturating_sub(service.world.tweets.len()).min(MOST_AT_ONCE);
    if !(1..=room).contains(&input.count) {
        return Err(Refusal::bad(format!("count must be from 1 to {room}, got {}", input.count)));
    }
    if input.age_seconds > OLDEST_SECONDS {
        return Err(Refusal::bad(format!("age_seconds must be at most {OLDEST_SECONDS}, got {}", input.age_seconds)));
    }
    let clocks = (now, service.clock.at(now));
    let ids =
        service.world.add_own(account, &role(input.kind), input.count, Duration::from_secs(input.age_seconds), false, clocks);
    Ok(json!({ "ids": ids.iter().map(TweetId::to_string).collect::<Vec<_>>() }))
}

fn role(kind: Kind) -> Role {
    match kind {
        Kind::Plain => Role { about: "one of many, has a link", ..cast::PLAIN },
        Kind::Reply => cast::REPLY,
        Kind::Retweet => cast::RETWEET,
        Kind::Video => cast::VIDEO,
    }
}

/// Changes whether X shows a tweet.
pub(crate) fn change(service: &mut Service, call: &Call, method: &Method, id: &str) -> Answered {
    let state = match *method {
        Method::DELETE => State::Deleted,
        Method::PUT => body::<StateInput>(call)?.state,
        _ => return Err(Refusal(405, format!("{PREFIX}tweets/<id> cannot {method}"))),
    };
    let id = known(service, id)?.id;
    if let Some(tweet) = service.world.tweets.get_mut(&id) {
        tweet.state = state;
    }
    Ok(json!({ "tweet": id.to_string(), "state": state }))
}
