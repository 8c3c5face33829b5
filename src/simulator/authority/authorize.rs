//! `GET /i/oauth2/authorize`: a user who always agrees, unless the address says `deny=1`.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::model::Timestamp;
use crate::simulator::authority::Client;
use crate::simulator::call::Call;
use crate::simulator::reply::Reply;
use crate::simulator::world::World;

/// Scopes that X knows, as far as this simulator cares.
const SCOPES: [&str; 4] = ["tweet.read", "users.read", "offline.access", "tweet.write"];
/// Longest `state`.
const LONGEST_STATE: usize = 500;

/// What the application gets told when it cannot have a code.
struct Refused(&'static str);

pub(super) fn authorize(world: &mut World, call: &Call, now: Timestamp) -> Reply {
    let id = call.parameter("client_id").unwrap_or_default();
    let client = world.accounts.iter_mut().map(|account| &mut account.oauth2).find(|client| client.id == id);
    let Some(client) = client else { return page("Something went wrong: there is no client of this client_id.") };
    if call.parameter("redirect_uri") != Some(&client.redirect_uri) {
        return page("Something went wrong: the redirect_uri is not the one that was registered.");
    }
    let answer = match approve(client, call, now) {
        Ok(code) => format!("code={}", encode(&code)),
        Err(Refused(error)) => format!("error={error}"),
    };
    let state = call.parameter("state").map(|state| format!("&state={}", encode(state))).unwrap_or_default();
    let glue = if client.redirect_uri.contains('?') { '&' } else { '?' };
    let mut reply = Reply::refused(302, Value::Null);
    reply.headers.push(("location", format!("{}{glue}{answer}{state}", client.redirect_uri)));
    reply
}

fn approve(client: &mut Client, call: &Call, now: Timestamp) -> Result<String, Refused> {
    let given = |name| call.parameter(name).filter(|value| !value.is_empty()).ok_or(Refused("invalid_request"));
    if given("response_type")? != "code" {
        return Err(Refused("unsupported_response_type"));
    }
    if given("state")?.chars().count() > LONGEST_STATE {
        return Err(Refused("invalid_request"));
    }
    let scope = given("scope")?;
    if scope.split(' ').any(|part| !SCOPES.contains(&part)) {
        return Err(Refused("invalid_scope"));
    }
    let hashed = match given("code_challenge_method")? {
        "S256" => true,
        "plain" => false,
        _ => return Err(Refused("invalid_request")),
    };
    let challenge = given("code_challenge")?;
    match call.parameter("deny") {
        Some("1") => Err(Refused("access_denied")),
        _ => Ok(client.give_code(scope.to_owned(), challenge.to_owned(), hashed, now)),
    }
}

fn page(text: &str) -> Reply {
    Reply::refused(400, Value::from(format!("<!DOCTYPE html>\n<html><body><p>{text}</p></body></html>\n")))
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}
