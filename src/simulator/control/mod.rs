//! The control API: what tests and the demo turn and look at. It is described in the simulator's module page.

mod access;
mod inputs;
mod tweets;

use hyper::Method;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::model::Timestamp;
use crate::simulator::answer::Answer;
use crate::simulator::authority::Client;
use crate::simulator::call::Call;
use crate::simulator::clock::Clock;
use crate::simulator::control::inputs::ClockInput;
use crate::simulator::directory::Directory;
use crate::simulator::faults::Rule;
use crate::simulator::service::Service;

/// Start of its paths.
pub(crate) const PREFIX: &str = "/_simulator/";

/// A refusal: status and a sentence.
pub(crate) struct Refusal(u16, String);

/// The answer, or why there is none.
type Answered = Result<Value, Refusal>;

impl Refusal {
    fn bad(why: impl Into<String>) -> Self {
        Self(400, why.into())
    }
}

/// Answers a call whose path, after [`PREFIX`], is `path`.
pub(crate) fn answer(service: &mut Service, call: &Call, path: &str, now: Timestamp) -> Answer {
    match route(service, call, path, now) {
        Ok(body) => Answer::json(200, &body),
        Err(Refusal(status, why)) => Answer::json(status, &json!({ "error": why })),
    }
}

fn route(service: &mut Service, call: &Call, path: &str, now: Timestamp) -> Answered {
    let accepted: &[&str] = match path {
        "requests" => &["last"],
        "truth" => &["tweet"],
        _ => &[],
    };
    if let Some((name, _)) = call.query.iter().find(|(name, _)| !accepted.contains(&name.as_str())) {
        return Err(Refusal::bad(format!("{PREFIX}{path} does not know the parameter {name:?}")));
    }
    match (&call.method, path) {
        (&Method::GET, "directory") => Ok(Directory::of(&service.world).json()),
        (&Method::GET, "requests") => requests(service, call),
        (&Method::DELETE, "requests") => {
            service.journal.clear();
            Ok(json!({}))
        }
        (&Method::GET, "bill") => Ok(service.meter.json()),
        (&Method::GET, "truth") => tweets::truth(service, call, now),
        (&Method::GET, "clock") => Ok(clock(service, now)),
        (&Method::PUT, "clock") => turn_clock(service, call, now),
        (&Method::PUT, "faults") => turn_faults(service, body(call)?),
        (&Method::DELETE, "faults") => turn_faults(service, Vec::new()),
        (&Method::GET, "systems") => Ok(access::systems(service)),
        (&Method::PUT, "systems") => access::turn_systems(service, body(call)?),
        (&Method::PUT, "oauth2") => access::turn_oauth2(service, body(call)?),
        (&Method::POST, "oauth2/expire") => access::end(service, &optional(call)?, |client| client.expire(now)),
        (&Method::POST, "oauth2/revoke") => access::end(service, &optional(call)?, Client::revoke),
        (&Method::POST, "tweets") => tweets::add(service, body(call)?, now),
        (method, path) => match path.strip_prefix("tweets/") {
            Some(id) => tweets::change(service, call, method, id),
            None => Err(unknown(method, path)),
        },
    }
}

const PATHS: [&str; 11] = [
    "directory",
    "requests",
    "bill",
    "truth",
    "clock",
    "faults",
    "tweets",
    "systems",
    "oauth2",
    "oauth2/expire",
    "oauth2/revoke",
];

fn unknown(method: &Method, path: &str) -> Refusal {
    match PATHS.contains(&path) {
        true => Refusal(405, format!("{PREFIX}{path} cannot {method}")),
        false => Refusal(404, format!("there is no {PREFIX}{path}")),
    }
}

fn body<T: DeserializeOwned>(call: &Call) -> Result<T, Refusal> {
    serde_json::from_slice(&call.body).map_err(|error| Refusal::bad(format!("the body is not what is needed: {error}")))
}

/// A body that may be missing.
fn optional<T: DeserializeOwned + Default>(call: &Call) -> Result<T, Refusal> {
    if call.body.is_empty() { Ok(T::default()) } else { body(call) }
}

/// The account of this name.
fn account(service: &Service, name: &str) -> Result<usize, Refusal> {
    let names = || service.world.accounts.iter().map(|account| account.name).collect::<Vec<_>>().join(" or ");
    service.world.account_named(name).ok_or_else(|| Refusal::bad(format!("account must be {}, got {name:?}", names())))
}

fn requests(service: &Service, call: &Call) -> Answered {
    let last = match call.parameter("last") {
        None => usize::MAX,
        Some(text) => text.parse().map_err(|_| Refusal::bad(format!("last must be a whole number, got {text:?}")))?,
    };
    Ok(service.journal.json(last))
}

fn clock(service: &Service, now: Timestamp) -> Value {
    let simulated = service.clock.at(now);
    json!({ "sim_time": simulated.to_string(), "sim_millis": simulated.millis(), "speed": service.clock.speed() })
}

fn turn_clock(service: &mut Service, call: &Call, now: Timestamp) -> Answered {
    let input: ClockInput = body(call)?;
    input.check().map_err(Refusal::bad)?;
    if let Some(seconds) = input.advance_seconds {
        service.clock.advance(seconds);
    }
    if let Some(speed) = input.speed {
        service.clock.run_at(speed, now);
    }
    Ok(clock(service, now))
}

fn turn_faults(service: &mut Service, rules: Vec<Rule>) -> Answered {
    let count = service.dial.turn(rules).map_err(Refusal::bad)?;
    Ok(json!({ "faults": count }))
}

impl ClockInput {
    fn check(&self) -> Result<(), String> {
        if self.speed.is_none() && self.advance_seconds.is_none() {
            return Err("give speed, advance_seconds or both".to_owned());
        }
        self.speed.map_or(Ok(()), Clock::check_speed)?;
        let longest = Clock::LONGEST_JUMP;
        match self.advance_seconds.filter(|seconds| !(0.0..=longest).contains(seconds)) {
            Some(seconds) => Err(format!("advance_seconds must be from 0 to {longest}, got {seconds}")),
            None => Ok(()),
        }
    }
}
