//! `GET /2/users/me`, `/2/users/by` and `/2/users/by/username/:username` (x-api.md, sections 2.1 and 2.2).

use hyper::Method;
use serde_json::{Map, Value, json};

use crate::model::{PriceClass, Username};
use crate::simulator::endpoints::selection;
use crate::simulator::endpoints::{Ask, Endpoint};
use crate::simulator::limits::Allowance;
use crate::simulator::reply::{self, Invalid, Missing, Reply};
use crate::simulator::systems::System;
use crate::simulator::world::User;

/// `GET /2/users/me`
pub(crate) const ME: Endpoint = Endpoint {
    method: Method::GET,
    system: System::V2,
    pattern: "/2/users/me",
    allowance: Allowance { app: None, user: Some(75) },
    answer: me,
};

/// `GET /2/users/by`
pub(crate) const MANY: Endpoint = Endpoint {
    method: Method::GET,
    system: System::V2,
    pattern: "/2/users/by",
    allowance: Allowance { app: Some(300), user: Some(900) },
    answer: many,
};

/// `GET /2/users/by/username/:username`
pub(crate) const ONE: Endpoint = Endpoint {
    method: Method::GET,
    system: System::V2,
    pattern: "/2/users/by/username/:username",
    allowance: Allowance { app: Some(300), user: Some(900) },
    answer: one,
};

/// A user as JSON: the default fields.
pub(crate) fn user_json(user: &User) -> Value {
    json!({ "id": user.id.to_string(), "name": user.name, "username": user.username })
}

fn me(ask: &Ask<'_>) -> Reply {
    let wrong = selection::check(ask.call, &[]);
    if !wrong.is_empty() {
        return Reply::invalid(&wrong);
    }
    match ask.caller.user.and_then(|id| ask.world.user(id)) {
        Some(user) => Reply::ok(json!({ "data": user_json(user) }), vec![(PriceClass::User, user.id)]),
        None => Reply::user_only(),
    }
}

fn one(ask: &Ask<'_>) -> Reply {
    answer(ask, &[], "username", vec![ask.argument], |mut users| users.pop())
}

fn many(ask: &Ask<'_>) -> Reply {
    let names = ask.call.items("usernames").collect();
    answer(ask, &["usernames"], "usernames", names, |users| (!users.is_empty()).then_some(Value::Array(users)))
}

fn answer(
    ask: &Ask<'_>,
    parameters: &[&str],
    parameter: &str,
    names: Vec<&str>,
    data: impl FnOnce(Vec<Value>) -> Option<Value>,
) -> Reply {
    let mut wrong = selection::check(ask.call, parameters);
    wrong.extend(wrong_names(parameter, &names));
    if !wrong.is_empty() {
        return Reply::invalid(&wrong);
    }
    let (mut users, mut errors, mut billed) = (Vec::new(), Vec::new(), Vec::new());
    for name in names {
        match ask.world.user_named(name) {
            Some(user) => {
                users.push(user_json(user));
                billed.push((PriceClass::User, user.id));
            }
            None => errors.push(reply::missing(Missing::NotFound, "user", parameter, name)),
        }
    }
    let mut body = Map::new();
    body.extend(data(users).map(|data| ("data".to_owned(), data)));
    body.extend((!errors.is_empty()).then(|| ("errors".to_owned(), json!(errors))));
    Reply::ok(Value::Object(body), billed)
}

fn wrong_names(parameter: &str, names: &[&str]) -> Vec<Invalid> {
    let invalid = |value: &str, message| Invalid { parameter: parameter.to_owned(), value: value.to_owned(), message };
    if !(1..=100).contains(&names.len()) {
        let message =
            format!("The number of values in the `{parameter}` query parameter list [{}] is not between 1 and 100", names.len());
        return vec![invalid(&names.join(","), message)];
    }
    let wrong = names.iter().filter(|name| name.parse::<Username>().is_err());
    let message = |name: &str| format!("The `{parameter}` query parameter value [{name}] does not match ^[A-Za-z0-9_]{{1,15}}$");
    wrong.map(|name| invalid(name, message(name))).collect()
}
