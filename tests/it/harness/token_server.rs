//! A small server of tokens: `/2/oauth2/token` with rotation and single use, `/oauth2/token`, and two reads that want a bearer.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::{Request, Response};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tweet_exporter::net::{Limits, serve};

/// A running server, in a thread of its own.
pub(crate) struct TokenServer {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
    stop: CancellationToken,
}

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) authorization: String,
    pub(crate) form: HashMap<String, String>,
}

/// Runs when a refresh token was used up and its answer is not sent yet.
type Hook = Box<dyn FnOnce() + Send>;

#[derive(Default)]
pub(crate) struct State {
    serial: u32,
    /// Valid ones.
    pub(crate) access: BTreeSet<String>,
    /// Valid ones; each works once.
    pub(crate) refresh: BTreeSet<String>,
    /// The only code, and the challenge that its verifier must meet.
    pub(crate) code: Option<(String, String)>,
    /// Answers of the token endpoints, instead of tokens.
    pub(crate) script: VecDeque<(u16, String)>,
    /// Before a token endpoint answers.
    pub(crate) slow: Duration,
    pub(crate) hook: Option<Hook>,
    /// Refuse every bearer.
    pub(crate) deaf: bool,
    pub(crate) scope: Option<String>,
    pub(crate) asked: Vec<Asked>,
    /// Read whenever an access token is first seen.
    pub(crate) token_file: PathBuf,
    /// What was in it then, by access token.
    pub(crate) on_disk: HashMap<String, String>,
}

impl TokenServer {
    /// Starts a server that knows the pair `at-0` and `rt-0`.
    pub(crate) fn start(token_file: PathBuf) -> Self {
        let state =
            State { access: ["at-0".to_owned()].into(), refresh: ["rt-0".to_owned()].into(), token_file, ..State::default() };
        let (state, stop) = (Arc::new(Mutex::new(state)), CancellationToken::new());
        let (sender, receiver) = std::sync::mpsc::channel();
        let (shared, told) = (state.clone(), stop.clone());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
                sender.send(listener.local_addr().expect("bound")).expect("somebody waits");
                serve(vec![listener.into()], Limits::default(), told, || None, move |request| answer(shared.clone(), request))
                    .await;
            });
        });
        let address = receiver.recv().expect("an address");
        Self { url: format!("http://{address}"), state, stop }
    }

    /// What it knows, to be looked at and changed.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics with it")
    }

    /// Every request to this path.
    pub(crate) fn asked(&self, path: &str) -> Vec<Asked> {
        self.state().asked.iter().filter(|asked| asked.path == path).cloned().collect()
    }
}

impl Drop for TokenServer {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn answer(state: Arc<Mutex<State>>, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let pairs = |text: &str| -> HashMap<String, String> {
        let url = reqwest::Url::parse(&format!("http://localhost/?{text}")).expect("a query");
        url.query_pairs().into_owned().collect()
    };
    let path = head.uri.path().to_owned();
    let authorization = head.headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let form = pairs(std::str::from_utf8(&body).expect("a form"));
    let asked = Asked { path: path.clone(), authorization, form };
    let slow = {
        let mut state = state.lock().expect("nobody panics with it");
        state.asked.push(asked.clone());
        if path.ends_with("token") { state.slow } else { Duration::ZERO }
    };
    tokio::time::sleep(slow).await;
    let mut state = state.lock().expect("nobody panics with it");
    let scripted = if path.ends_with("token") { state.script.pop_front() } else { None };
    let (status, text) = scripted.unwrap_or_else(|| {
        let (status, json) = match path.as_str() {
            "/2/oauth2/token" => state.user_token(&asked),
            "/oauth2/token" => state.app_token(),
            _ if !state.is_known(&asked.authorization) => (401, json!({"title": "Unauthorized", "status": 401})),
            "/2/users/me" => (200, json!({"data": {"id": "9001", "username": "acme"}})),
            "/2/tweets" => (200, tweets(&pairs(head.uri.query().unwrap_or_default())["ids"])),
            _ => (404, json!({})),
        };
        (status, json.to_string())
    });
    Response::builder().status(status).body(Full::new(Bytes::from(text))).expect("an answer")
}

impl State {
    fn user_token(&mut self, asked: &Asked) -> (u16, Value) {
        let value = |name: &str| asked.form.get(name).map(String::as_str).unwrap_or_default();
        let is_good = match value("grant_type") {
            "refresh_token" => self.refresh.remove(value("refresh_token")),
            "authorization_code" => {
                let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(value("code_verifier")));
                self.code.take_if(|(code, wanted)| code == value("code") && *wanted == challenge).is_some()
            }
            _ => false,
        };
        if !is_good {
            return (400, json!({"error": "invalid_request", "error_description": "Value passed for the token was invalid."}));
        }
        if let Some(hook) = self.hook.take() {
            hook();
        }
        self.serial += 1;
        let (access, refresh) = (format!("at-{}", self.serial), format!("rt-{}", self.serial));
        self.access = [access.clone()].into();
        self.refresh = [refresh.clone()].into();
        let scope = self.scope.clone().unwrap_or("users.read tweet.read offline.access".to_owned());
        let mut pair = json!({"token_type": "bearer", "expires_in": 7200, "access_token": access, "scope": scope});
        if scope.contains("offline.access") {
            pair["refresh_token"] = json!(refresh);
        }
        (200, pair)
    }

    fn app_token(&mut self) -> (u16, Value) {
        self.serial += 1;
        let access = format!("AAAA%2FBB%3D{}", self.serial);
        self.access.insert(access.clone());
        (200, json!({"token_type": "bearer", "access_token": access}))
    }

    fn is_known(&mut self, authorization: &str) -> bool {
        let token = authorization.strip_prefix("Bearer ").unwrap_or_default();
        let on_disk = std::fs::read_to_string(&self.token_file).unwrap_or_default();
        self.on_disk.entry(token.to_owned()).or_insert(on_disk);
        !self.deaf && self.access.contains(token)
    }
}

fn tweets(ids: &str) -> Value {
    let metrics = json!({"retweet_count": 0, "reply_count": 0, "like_count": 3, "quote_count": 0, "bookmark_count": 0,
        "impression_count": 9});
    let tweet = |id: &str| json!({"id": id, "text": "", "public_metrics": metrics});
    json!({"data": ids.split(',').map(tweet).collect::<Vec<_>>()})
}
