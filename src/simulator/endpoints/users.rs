//! `GET /2/users/me`, `/2/users/by` and `/2/users/by/username/:username` (x-api.md 2.1 and 2.2).

use serde_json::{Map, Value, json};

use crate::model::PriceClass;
use crate::simulator::call::Call;
use crate::simulator::endpoints::Scene;
use crate::simulator::reply::{Invalid, Missing, Reply, missing};
use crate::simulator::world::User;

/// The user of a user credential.
pub(crate) fn me(scene: &Scene<'_>) -> Reply {
    match scene.caller.user.and_then(|id| scene.world.user(id)) {
        Some(user) => Reply::ok(json!({ "data": object(user) }), vec![(PriceClass::User, user.id)]),
        None => Reply::user_only(),
    }
}

/// One user by name.
pub(crate) fn one(scene: &Scene<'_>, name: &str) -> Reply {
    if !is_name(name) {
        return Reply::invalid(&[invalid("username", name)]);
    }
    match scene.world.user_named(name) {
        Some(user) => Reply::ok(json!({ "data": object(user) }), vec![(PriceClass::User, user.id)]),
        None => Reply::ok(json!({ "errors": [missing(Missing::NotFound, "user", "username", name)] }), Vec::new()),
    }
}

/// Up to 100 users by name.
pub(crate) fn many(scene: &Scene<'_>, call: &Call) -> Reply {
    let names: Vec<&str> = call.items("usernames").collect();
    let wrong: Vec<Invalid> = names.iter().filter(|name| !is_name(name)).map(|name| invalid("usernames", name)).collect();
    if names.is_empty() || names.len() > 100 || !wrong.is_empty() {
        return Reply::invalid(&if wrong.is_empty() { vec![invalid("usernames", "")] } else { wrong });
    }
    let (mut data, mut errors, mut billed) = (Vec::new(), Vec::new(), Vec::new());
    for name in names {
        match scene.world.user_named(name) {
            Some(user) => {
                data.push(object(user));
                billed.push((PriceClass::User, user.id));
            }
            None => errors.push(missing(Missing::NotFound, "user", "usernames", name)),
        }
    }
    let lists = [("data", data), ("errors", errors)].into_iter().filter(|(_, list)| !list.is_empty());
    let body: Map<String, Value> = lists.map(|(name, list)| (name.to_owned(), Value::Array(list))).collect();
    Reply::ok(Value::Object(body), billed)
}

fn object(user: &User) -> Value {
    json!({ "id": user.id.to_string(), "name": user.name, "username": user.username })
}

fn is_name(name: &str) -> bool {
    (1..=15).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn invalid(parameter: &str, value: &str) -> Invalid {
    let message = format!("The `{parameter}` query parameter value [{value}] does not match ^[A-Za-z0-9_]{{1,15}}$");
    Invalid { parameter: parameter.to_owned(), value: value.to_owned(), message }
}
