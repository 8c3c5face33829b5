//! Tests of the token endpoints.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::simulator::call::pairs;
use crate::simulator::trial::{As, Trial, header};

const VERIFIER: &str = "a-verifier-that-is-long-enough-to-be-one-0123456789";
const SCOPE: &str = "tweet.read%20users.read%20offline.access";
const TOKEN: &str = "/2/oauth2/token";

/// Client id, secret and redirect address of an account.
fn client(trial: &Trial, account: usize) -> (String, Option<String>, String) {
    let client = &trial.service.world.accounts[account].oauth2;
    (client.id.clone(), client.secret.clone(), client.redirect_uri.clone())
}

fn target(trial: &Trial, account: usize, scope: &str) -> String {
    let (id, _, redirect) = client(trial, account);
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    format!(
        "/i/oauth2/authorize?response_type=code&client_id={id}&redirect_uri={redirect}&scope={scope}&state=s%2F1\
         &code_challenge={challenge}&code_challenge_method=S256"
    )
}

/// What the browser is sent back with; nothing, if it is not sent back.
fn sent_back(trial: &mut Trial, target: &str) -> Option<Vec<(String, String)>> {
    let call = trial.call(Method::GET, target);
    let answer = trial.serve(&call);
    let location = header(&answer, "location")?;
    assert_eq!(answer.status, 302);
    Some(pairs(location.split_once('?')?.1))
}

fn code(trial: &mut Trial, account: usize) -> String {
    let target = target(trial, account, SCOPE);
    let query = sent_back(trial, &target).expect("a redirect");
    assert_eq!((query[0].0.as_str(), &query[1]), ("code", &("state".to_owned(), "s/1".to_owned())));
    query[0].1.clone()
}

fn exchange(trial: &mut Trial, account: usize, code: &str, verifier: &str) -> (u16, Value) {
    let (id, secret, redirect) = client(trial, account);
    let form = format!("grant_type=authorization_code&code={code}&redirect_uri={redirect}&code_verifier={verifier}");
    match &secret {
        Some(secret) => trial.form(TOKEN, Some((&id, secret)), &form),
        None => trial.form(TOKEN, None, &format!("{form}&client_id={id}")),
    }
}

fn refresh(trial: &mut Trial, token: &str) -> (u16, Value) {
    let (id, secret, _) = client(trial, 0);
    trial.form(
        TOKEN,
        Some((&id, secret.as_deref().expect("a secret"))),
        &format!("grant_type=refresh_token&refresh_token={token}"),
    )
}

fn text<'a>(body: &'a Value, key: &str) -> &'a str {
    body[key].as_str().unwrap_or_else(|| panic!("no {key} in {body}"))
}

#[test]
fn the_first_tokens_hold_and_end() {
    let mut trial = Trial::new();
    let (_, directory) = trial.control(Method::GET, "directory", "");
    let [acme, globex] = [0, 1].map(|number| directory["accounts"][number]["oauth2"].clone());
    assert!(acme["client_secret"].is_string() && globex["client_secret"].is_null());
    assert_eq!(acme["expires_at"], "2026-11-21T14:00:00Z");
    assert_eq!([As::Oauth2, As::Globex].map(|caller| trial.ask(caller, "/2/users/me").0), [200, 200]);
    let held = trial.call_as(As::Oauth2, "/2/users/me");
    assert_eq!(trial.control(Method::POST, "oauth2/expire", r#"{"account":"globex"}"#).0, 200);
    assert_eq!([As::Oauth2, As::Globex].map(|caller| trial.ask(caller, "/2/users/me").0), [200, 401]);
    trial.pass(7_200);
    assert_eq!(trial.serve(&held).status, 401);
    let (_, requests) = trial.control(Method::GET, "requests", "");
    assert_eq!(requests[4]["credential"], json!({ "kind": "oauth2", "account": null }), "it is known for what it was");
}

#[test]
fn a_login_gives_tokens_and_ends_those_before() {
    let mut trial = Trial::new();
    for account in [0, 1] {
        let caller = [As::Oauth2, As::Globex][account];
        let before = trial.call_as(caller, "/2/users/me");
        let code = code(&mut trial, account);
        let (status, tokens) = exchange(&mut trial, account, &code, VERIFIER);
        assert_eq!((status, &tokens["expires_in"], text(&tokens, "token_type")), (200, &json!(7_200), "bearer"));
        assert_eq!(text(&tokens, "scope"), "tweet.read users.read offline.access");
        assert_eq!((trial.ask(caller, "/2/users/me").0, trial.serve(&before).status), (200, 401));
        assert_eq!(exchange(&mut trial, account, &code, VERIFIER).0, 400, "a code holds once");
    }
}

#[test]
fn codes_are_bound_to_verifier_and_time() {
    let mut trial = Trial::new();
    let first = code(&mut trial, 0);
    assert_eq!(exchange(&mut trial, 0, &first, "another").0, 400);
    let second = code(&mut trial, 0);
    trial.pass(30);
    let (status, error) = exchange(&mut trial, 0, &second, VERIFIER);
    assert_eq!((status, text(&error, "error")), (400, "invalid_request"));
    let (id, _, redirect) = client(&trial, 1);
    let plain = format!(
        "/2/oauth2/authorize?response_type=code&client_id={id}&redirect_uri={redirect}&scope=tweet.read&state=1\
         &code_challenge=abc&code_challenge_method=plain"
    );
    let code = sent_back(&mut trial, &plain).expect("a redirect")[0].1.clone();
    let (status, tokens) = exchange(&mut trial, 1, &code, "abc");
    assert_eq!((status, tokens.get("refresh_token")), (200, None), "only offline.access gives one");
    assert_eq!(trial.ask(As::Globex, "/2/tweets?ids=1").0, 403, "users.read is missing");
}

#[test]
fn refresh_tokens_rotate_and_hold_once() {
    let mut trial = Trial::new();
    trial.control(Method::PUT, "oauth2", r#"{"account":"acme","lifetime_seconds":3}"#);
    let first = trial.service.world.accounts[0].oauth2.refresh_token().expect("one").to_owned();
    let (status, tokens) = refresh(&mut trial, &first);
    assert_eq!((status, &tokens["expires_in"]), (200, &json!(3)));
    let (status, error) = refresh(&mut trial, &first);
    let refusal = json!({ "error": "invalid_request", "error_description": "Value passed for the token was invalid." });
    assert_eq!((status, error), (400, refusal));
    trial.pass(3);
    assert_eq!(trial.ask(As::Oauth2, "/2/users/me").0, 401);
    let (status, tokens) = refresh(&mut trial, text(&tokens, "refresh_token"));
    assert_eq!((status, trial.ask(As::Oauth2, "/2/users/me").0), (200, 200));
    assert_eq!(trial.control(Method::POST, "oauth2/revoke", "").0, 200);
    assert_eq!((refresh(&mut trial, text(&tokens, "refresh_token")).0, trial.ask(As::Oauth2, "/2/users/me").0), (400, 401));
}

#[test]
fn clients_must_show_themselves_in_their_own_way() {
    let mut trial = Trial::new();
    let ((acme, secret, _), (globex, ..)) = (client(&trial, 0), client(&trial, 1));
    let secret = secret.expect("a secret");
    let form = "grant_type=refresh_token&refresh_token=x";
    let (in_body, public) = (format!("{form}&client_id={acme}"), format!("{form}&client_id={globex}"));
    for (basic, form) in [
        (None, in_body.as_str()),
        (Some((acme.as_str(), "wrong")), form),
        (Some((globex.as_str(), "")), public.as_str()),
        (Some(("nobody", "x")), form),
    ] {
        let (status, error) = trial.form(TOKEN, basic, form);
        assert_eq!((status, text(&error, "error")), (401, "unauthorized_client"), "{form}");
    }
    for form in ["grant_type=password", "code=1", ""] {
        assert_eq!(trial.form(TOKEN, Some((&acme, &secret)), form).0, 400, "{form}");
    }
    let refresh = trial.service.world.accounts[0].oauth2.refresh_token().expect("one").to_owned();
    let (status, _) = trial.form("/2/oauth2/revoke", Some((&acme, &secret)), &format!("token={refresh}"));
    assert_eq!((status, trial.ask(As::Oauth2, "/2/users/me").0), (200, 401));
}

#[test]
fn wrong_logins_end_on_a_page_or_with_an_error() {
    let mut trial = Trial::new();
    let right = target(&trial, 0, SCOPE);
    assert_eq!(sent_back(&mut trial, &right.replace("callback", "elsewhere")), None, "never to a foreign address");
    assert_eq!(sent_back(&mut trial, &right.replace("client_id=", "client_id=x")), None);
    for (from, to, error) in [
        ("response_type=code", "response_type=token", "unsupported_response_type"),
        ("users.read", "users.write", "invalid_scope"),
        ("=S256", "=S512", "invalid_request"),
        ("code_challenge=", "challenge=", "invalid_request"),
        ("state=", "estate=", "invalid_request"),
        ("state=", "deny=1&state=", "access_denied"),
    ] {
        let query = sent_back(&mut trial, &right.replace(from, to)).expect("a redirect");
        assert_eq!(query[0], ("error".to_owned(), error.to_owned()), "{to}");
    }
}

#[test]
fn an_app_gets_its_token_for_its_keys() {
    let mut trial = Trial::new();
    let keys = [0, 1].map(|number| {
        let app = &trial.service.world.accounts[number].app;
        (app.consumer_key.clone(), app.consumer_secret.clone())
    });
    let form = "grant_type=client_credentials";
    for (number, (key, secret)) in keys.iter().enumerate() {
        let (status, body) = trial.form("/oauth2/token", Some((key, secret)), form);
        let bearer = trial.service.world.accounts[number].bearer.clone();
        assert_eq!((status, body), (200, json!({ "token_type": "bearer", "access_token": bearer })));
    }
    let (key, secret) = &keys[0];
    for (basic, form) in [(Some((key.as_str(), "wrong")), form), (None, form), (Some((key.as_str(), secret.as_str())), "")] {
        let (status, body) = trial.form("/oauth2/token", basic, form);
        assert_eq!((status, &body["errors"][0]["code"]), (403, &json!(99)));
    }
    let old = trial.call_as(As::App, "/2/tweets?ids=1");
    let bearer = trial.service.world.accounts[0].bearer.replace('%', "%25");
    assert_eq!(trial.form("/oauth2/invalidate_token", Some((key, secret)), &format!("access_token={bearer}")).0, 200);
    assert_eq!((trial.serve(&old).status, trial.ask(As::App, "/2/tweets?ids=1").0), (401, 200));
}

#[test]
fn token_endpoints_can_fail() {
    let mut trial = Trial::new();
    let first = trial.service.world.accounts[0].oauth2.refresh_token().expect("one").to_owned();
    for (error, status) in [("unavailable", 503), ("invalid_grant", 400), ("invalid_request", 400), ("unauthorized_client", 401)]
    {
        trial.faults(json!([{ "fault": { "kind": "reissue", "error": error } }]));
        assert_eq!(refresh(&mut trial, &first).0, status, "{error}");
        assert_eq!(trial.ask(As::Oauth2, "/2/users/me").0, 200, "other paths are spared");
    }
    trial.control(Method::DELETE, "faults", "");
    assert_eq!(refresh(&mut trial, &first).0, 200, "nothing was used up");
    let (_, bill) = trial.control(Method::GET, "bill", "");
    assert_eq!(bill["by_path"][TOKEN], 5);
}
