//! Where tokens come from: OAuth 2.0 with PKCE and app-only tokens (x-api.md, sections 3.2 and 3.3). Everything here goes by the real
//! clock.

mod app_token;
mod authorize;
mod client;
mod token;

#[cfg(test)]
mod tests;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::Method;

use crate::model::Timestamp;
use crate::simulator::call::Call;
use crate::simulator::reply::Reply;
use crate::simulator::world::World;

pub(crate) use client::Client;

type Endpoint = (Method, &'static str, fn(&mut World, &Call, Timestamp) -> Reply);

const ALL: [Endpoint; 6] = [
    (Method::GET, "/i/oauth2/authorize", authorize::authorize),
    (Method::GET, "/2/oauth2/authorize", authorize::authorize),
    (Method::POST, "/2/oauth2/token", token::token),
    (Method::POST, "/2/oauth2/revoke", token::revoke),
    (Method::POST, "/oauth2/token", app_token::token),
    (Method::POST, "/oauth2/invalidate_token", app_token::invalidate),
];

/// The path of a call, if it is one of those in this room.
pub(crate) fn pattern(call: &Call) -> Option<&'static str> {
    find(call).map(|(_, path, _)| *path)
}

/// Answers a call to one of the paths in this room.
pub(crate) fn answer(world: &mut World, call: &Call, now: Timestamp) -> Option<Reply> {
    find(call).map(|(_, _, answer)| answer(world, call, now))
}

fn find(call: &Call) -> Option<&'static Endpoint> {
    const TABLE: &[Endpoint] = &ALL;
    TABLE.iter().find(|(method, path, _)| *method == call.method && *path == call.path)
}

/// Name and password of a `Basic` header.
fn basic(call: &Call) -> Option<(String, String)> {
    let (scheme, rest) = call.authorization.as_deref()?.split_once(' ')?;
    let text = scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(rest.trim()).ok()).flatten()?;
    let (name, password) = std::str::from_utf8(&text).ok()?.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}
