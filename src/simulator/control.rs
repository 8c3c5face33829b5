//! What a test may turn and look at, below `/_simulator/`.

use std::time::Duration;

use hyper::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::model::{Timestamp, TweetId};
use crate::simulator::call::Call;
use crate::simulator::clock::Clock;
use crate::simulator::desk::{Answer, State};
use crate::simulator::directory::Directory;
use crate::simulator::endpoints::truth;
use crate::simulator::tweet::State as Visibility;

/// A status and what it says.
type Said = Result<Value, (u16, String)>;

/// Answers a call of the control's; `path` is what follows `/_simulator/`.
pub(crate) fn answer(state: &mut State, path: &str, call: &Call, now: Timestamp) -> Answer {
    match said(state, path, call, now) {
        Ok(body) => Answer::json(200, &body),
        Err((status, why)) => Answer::json(status, &json!({ "error": why })),
    }
}

fn said(state: &mut State, path: &str, call: &Call, now: Timestamp) -> Said {
    match (call.method.as_str(), path.split('/').collect::<Vec<_>>().as_slice()) {
        ("GET", ["directory"]) => Ok(Directory::of(&state.world).json()),
        ("GET", ["requests"]) => Ok(state.journal.json(usize::MAX)),
        ("DELETE", ["requests"]) => {
            state.journal.clear();
            Ok(json!({}))
        }
        ("GET", ["bill"]) => Ok(state.meter.json()),
        ("GET", ["truth"]) => {
            let id = tweet_id(call.parameter("tweet").unwrap_or_default())?;
            let tweet = state.world.tweets.get(&id).ok_or_else(|| (404, format!("there is no tweet {id}")))?;
            Ok(truth(tweet, state.clock.at(now)))
        }
        ("PUT", ["clock"]) => set_clock(state, &body(call)?, now),
        ("PUT", ["faults"]) => state.dial.set(&call.body).map(|()| json!({})).map_err(|why| (400, why)),
        ("DELETE", ["faults"]) => {
            state.dial.clear();
            Ok(json!({}))
        }
        ("POST", ["tweets"]) => add(state, &body(call)?, now),
        ("PUT", ["tweets", id]) => show(state, tweet_id(id)?, body::<Shown>(call)?.state),
        ("DELETE", ["tweets", id]) => show(state, tweet_id(id)?, Visibility::Deleted),
        _ => Err((404, format!("there is nothing at {} /_simulator/{path}", Method::as_str(&call.method)))),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Turned {
    speed: Option<f64>,
    advance_seconds: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    account: String,
    count: usize,
    age_seconds: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shown {
    state: Visibility,
}

fn body<T: DeserializeOwned>(call: &Call) -> Result<T, (u16, String)> {
    serde_json::from_slice(&call.body).map_err(|error| (400, format!("the body cannot be read: {error}")))
}

fn tweet_id(text: &str) -> Result<TweetId, (u16, String)> {
    text.parse().map_err(|error| (400, format!("{text}: {error}")))
}

fn set_clock(state: &mut State, turned: &Turned, now: Timestamp) -> Said {
    if let Some(speed) = turned.speed {
        Clock::check_speed(speed).map_err(|why| (400, why))?;
        state.clock.run_at(speed, now);
    }
    if let Some(seconds) = turned.advance_seconds {
        if !(0.0..=Clock::LONGEST_JUMP).contains(&seconds) {
            return Err((400, format!("advance_seconds must be from 0 to {}", Clock::LONGEST_JUMP)));
        }
        state.clock.advance(seconds);
    }
    Ok(json!({ "simulated_time": state.clock.at(now).to_string(), "speed": state.clock.speed() }))
}

fn add(state: &mut State, wanted: &Wanted, now: Timestamp) -> Said {
    let name = &wanted.account;
    let account = state.world.account_named(name).ok_or_else(|| (400, format!("there is no account {name}")))?;
    let moments = (now, state.clock.at(now));
    let age = Duration::from_secs(wanted.age_seconds.min(10 * 365 * 86_400));
    let ids = state.world.add_plain(account, wanted.count, age, false, moments);
    Ok(json!({ "ids": ids.iter().map(TweetId::to_string).collect::<Vec<_>>() }))
}

fn show(state: &mut State, id: TweetId, visibility: Visibility) -> Said {
    let tweet = state.world.tweets.get_mut(&id).ok_or_else(|| (404, format!("there is no tweet {id}")))?;
    tweet.state = visibility;
    Ok(json!({ "id": id.to_string(), "state": visibility }))
}
