//! For tests: a server on loopback that gives prepared answers in order and keeps what it was asked, with a session that goes to it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::auth::Credential;
use crate::config::{Oauth1, Secret};
use crate::model::{Api, CredentialKind, MediaKey, Reading, Scope, Timestamp, TweetId};
use crate::net::{Client, ClientSettings};
use crate::self_metrics::SelfMetrics;
use crate::x_api::session::{Session, SessionSettings};

/// The moment of every call: 2026-02-01T00:00:00.250Z.
pub(super) const NOW: Timestamp = Timestamp::from_millis(1_769_904_000_250);

pub(super) struct Stub {
    pub(super) session: Session,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// One request: its path, the decoded pairs of its query and its body.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) body: String,
    pub(super) authorization: String,
}

impl Asked {
    /// The values of a parameter.
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        self.query.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect()
    }

    /// The value of a parameter that comes once.
    pub(super) fn one(&self, name: &str) -> &str {
        let values = self.all(name);
        assert_eq!(values.len(), 1, "{name} in {self:?}");
        values[0]
    }
}

impl Stub {
    /// Gives these answers, one a request.
    pub(super) async fn answering(answers: &[(u16, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let answers: Vec<(u16, String)> = answers.iter().map(|(status, body)| (*status, (*body).to_owned())).collect();
        tokio::spawn(serve(listener, answers, asked.clone()));
        let settings = ClientSettings { timeout: std::time::Duration::from_secs(5), proxy: None, ca_pem: None, direct: true };
        let metrics = SelfMetrics::new();
        let secret = |text: &str| Secret::new(text.to_owned());
        let oauth1 = Oauth1 {
            consumer_key: secret("ck-test"),
            consumer_secret: secret("cs test"),
            access_token: secret("at-test"),
            access_token_secret: secret("ts+test"),
        };
        let session = Session::new(SessionSettings {
            client: Client::new(&settings).expect("a client"),
            url: url.clone(),
            engagement_url: url,
            credentials: vec![Credential::Bearer(secret("bearer-test")), Credential::Oauth1(oauth1)],
            account: metrics.account("acme", &Api::SOURCES),
            metrics,
        });
        Self { session, asked }
    }

    /// What it was asked so far.
    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("no test panicked with it").clone()
    }
}

/// The credential of user calls.
pub(super) const USER: CredentialKind = CredentialKind::Oauth1;

async fn serve(listener: TcpListener, answers: Vec<(u16, String)>, asked: Arc<Mutex<Vec<Asked>>>) {
    for (status, body) in answers {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let request = receive(&mut stream).await;
        asked.lock().expect("no test panicked with it").push(request);
        let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
        stream.write_all(format!("{head}{body}").as_bytes()).await.expect("it reads");
    }
}

async fn receive(stream: &mut TcpStream) -> Asked {
    let mut text = String::new();
    let mut buffer = [0; 8192];
    loop {
        let read = stream.read(&mut buffer).await.expect("a request");
        text.push_str(std::str::from_utf8(&buffer[..read]).expect("text"));
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let header = |name: &str| {
            let mut lines = head.lines().filter_map(|line| line.split_once(": "));
            lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
        };
        let length: usize = header("content-length").map_or(0, |length| length.parse().expect("a number"));
        if body.len() >= length {
            let target = head.split(' ').nth(1).expect("a target");
            let url = reqwest::Url::parse(&format!("http://x{target}")).expect("a target");
            let query = url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
            let authorization = header("authorization").unwrap_or_default();
            return Asked { path: url.path().to_owned(), query, body: body.to_owned(), authorization };
        }
    }
}

/// The test tweet with this last digit.
pub(super) fn id(last: u64) -> TweetId {
    TweetId::new(1_700_000_000_000_000_000 + last).expect("an id")
}

/// The numbers of one tweet: metric and value.
pub(super) fn numbers(reading: &Reading, tweet: TweetId) -> Vec<(&'static str, u64)> {
    let (_, reading) = reading.tweets.iter().find(|(id, _)| *id == tweet).expect("answered");
    reading.samples.iter().map(|sample| (sample.metric.name(), sample.value)).collect()
}

/// The scopes and media of all numbers, distinct.
pub(super) fn scopes(reading: &Reading) -> BTreeSet<(Option<MediaKey>, Scope)> {
    let samples = reading.tweets.iter().flat_map(|(_, reading)| &reading.samples);
    samples.map(|sample| (sample.media, sample.scope.clone())).collect()
}
