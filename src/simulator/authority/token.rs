//! `POST /2/oauth2/token` and `/2/oauth2/revoke`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::model::Timestamp;
use crate::simulator::authority::client::{Code, Issued};
use crate::simulator::authority::{Client, basic};
use crate::simulator::call::Call;
use crate::simulator::reply::Reply;
use crate::simulator::world::World;

pub(super) fn token(world: &mut World, call: &Call, now: Timestamp) -> Reply {
    let client = match identify(world, call) {
        Ok(client) => client,
        Err(refusal) => return refusal,
    };
    let issued = match call.field("grant_type") {
        Some("authorization_code") => exchange(client, call, now),
        Some("refresh_token") => refresh(client, call, now),
        Some(_) => Err(Reply::oauth2(400, "unsupported_grant_type", "The grant type is not supported.")),
        None => Err(missing("grant_type")),
    };
    issued.map_or_else(|refusal| refusal, |issued| sent(&issued))
}

pub(super) fn revoke(world: &mut World, call: &Call, _: Timestamp) -> Reply {
    let client = match identify(world, call) {
        Ok(client) => client,
        Err(refusal) => return refusal,
    };
    match call.field("token") {
        Some(token) => {
            client.revoke_token(token);
            Reply::ok(json!({ "revoked": true }), Vec::new())
        }
        None => missing("token"),
    }
}

/// A confidential client shows its secret in the header; a public one names itself in the body and sends no header.
fn identify<'a>(world: &'a mut World, call: &Call) -> Result<&'a mut Client, Reply> {
    if call.form.is_empty() {
        return Err(Reply::oauth2(400, "invalid_request", "The body must be application/x-www-form-urlencoded."));
    }
    let shown = basic(call);
    let (id, secret) = match (&shown, &call.authorization) {
        (Some((id, secret)), _) => (id.as_str(), Some(secret)),
        (None, Some(_)) => return Err(unauthorized()),
        (None, None) => (call.field("client_id").ok_or_else(|| missing("client_id"))?, None),
    };
    let client = world.accounts.iter_mut().map(|account| &mut account.oauth2).find(|client| client.id == id);
    client.filter(|client| client.secret.as_ref() == secret).ok_or_else(unauthorized)
}

fn exchange(client: &mut Client, call: &Call, now: Timestamp) -> Result<Issued, Reply> {
    let given = |name| call.field(name).ok_or_else(|| missing(name));
    let (code, redirect_uri, verifier) = (given("code")?, given("redirect_uri")?, given("code_verifier")?);
    let wrong = |what: &str| Reply::oauth2(400, "invalid_request", &format!("Value passed for the {what} was invalid."));
    let code = client.take_code(code, now).ok_or_else(|| wrong("authorization code"))?;
    if redirect_uri != client.redirect_uri {
        return Err(wrong("redirect uri"));
    }
    if !proves(&code, verifier) {
        return Err(wrong("code verifier"));
    }
    Ok(client.grant(code.scope, now))
}

fn proves(code: &Code, verifier: &str) -> bool {
    match code.hashed {
        true => URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes())) == code.challenge,
        false => verifier == code.challenge,
    }
}

fn refresh(client: &mut Client, call: &Call, now: Timestamp) -> Result<Issued, Reply> {
    let token = call.field("refresh_token").ok_or_else(|| missing("refresh_token"))?;
    client.rotate(token, now).ok_or_else(|| Reply::oauth2(400, "invalid_request", "Value passed for the token was invalid."))
}

fn sent(issued: &Issued) -> Reply {
    let mut body = json!({
        "token_type": "bearer", "expires_in": issued.lifetime.as_secs(), "access_token": issued.access, "scope": issued.scope,
    });
    if let Some(refresh) = &issued.refresh {
        body["refresh_token"] = json!(refresh);
    }
    Reply::ok(body, Vec::new())
}

fn missing(name: &str) -> Reply {
    Reply::oauth2(400, "invalid_request", &format!("Missing required parameter [{name}]."))
}

fn unauthorized() -> Reply {
    Reply::oauth2(401, "unauthorized_client", "Missing valid authorization header")
}
