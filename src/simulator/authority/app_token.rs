//! `POST /oauth2/token` and `/oauth2/invalidate_token`: app-only tokens.

use percent_encoding::percent_decode_str;
use serde_json::json;

use crate::model::Timestamp;
use crate::simulator::authority::basic;
use crate::simulator::call::Call;
use crate::simulator::reply::Reply;
use crate::simulator::world::{Account, World};

pub(super) fn token(world: &mut World, call: &Call, _: Timestamp) -> Reply {
    match identify(world, call) {
        Some(account) if call.field("grant_type") == Some("client_credentials") => {
            Reply::ok(json!({ "token_type": "bearer", "access_token": account.bearer }), Vec::new())
        }
        _ => refused(),
    }
}

pub(super) fn invalidate(world: &mut World, call: &Call, _: Timestamp) -> Reply {
    let seed = world.seed();
    let Some(account) = identify(world, call).filter(|account| call.field("access_token") == Some(&account.bearer)) else {
        return refused();
    };
    let old = account.renew_bearer(seed);
    Reply::ok(json!({ "access_token": old }), Vec::new())
}

/// The account whose key and secret the header has, each percent-encoded before both were joined.
fn identify<'a>(world: &'a mut World, call: &Call) -> Option<&'a mut Account> {
    let (key, secret) = basic(call)?;
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let (key, secret) = (decode(&key), decode(&secret));
    world.accounts.iter_mut().find(|account| account.app.consumer_key == key && account.app.consumer_secret == secret)
}

fn refused() -> Reply {
    let error = json!({ "code": 99, "message": "Unable to verify your credentials", "label": "authenticity_token_error" });
    Reply::refused(403, json!({ "errors": [error] }))
}
