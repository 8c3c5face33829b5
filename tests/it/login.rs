//! `tweet_exporter login`, as a person and a browser meet it.

use std::collections::HashMap;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use reqwest::Url;
use tempfile::TempDir;

use crate::harness::{Process, TokenServer, client};

/// A login under way.
struct Login {
    folder: TempDir,
    server: TokenServer,
    process: Process,
    /// What the page is asked.
    query: HashMap<String, String>,
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("bound").port()
}

fn arguments(folder: &TempDir, more: &[&str]) -> Vec<String> {
    let file = format!("--config.file={}", folder.path().join("c.yml").display());
    let own = ["login", &file, "--no-browser"].into_iter().chain(more.iter().copied());
    own.map(str::to_owned).collect()
}

fn set_up(redirect_uri: &str, more: &str) -> (TempDir, TokenServer) {
    let folder = tempfile::tempdir().expect("a folder");
    let server = TokenServer::start(folder.path().join("acme.token.json"));
    let text = format!(
        "api: {{ url: \"{url}\", oauth2_authorize_url: \"{url}/authorize\" }}\naccounts:\n  - name: acme\n    credentials:\n      \
         oauth2: {{ client_id: id, token_file: acme.token.json, redirect_uri: \"{redirect_uri}\"{more} }}\n    \
         watch: {{ tweets: [\"1346889436626259968\"] }}\n  - name: globex\n    credentials: {{ bearer_token: \"${{B}}\" }}\n    \
         watch: {{ tweets: [\"1346889436626259968\"] }}\n",
        url = server.url,
    );
    fs::write(folder.path().join("c.yml"), text).expect("written");
    (folder, server)
}

fn secrets() -> Vec<(String, String)> {
    [("B", "bearer"), ("S", "hush")].map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

impl Login {
    fn start(redirect_uri: &str, more: &str) -> Self {
        let (folder, server) = set_up(redirect_uri, more);
        let process = Process::start_attended(&arguments(&folder, &["--account=acme"]), &secrets());
        let page = process.line("the page to open", |line| line.contains("/authorize?"));
        assert!(!page.contains('+') && page.contains("scope=tweet.read%20users.read%20offline.access"), "{page}");
        process.line("the invitation", |line| line.contains("paste here"));
        let query: HashMap<String, String> = Url::parse(&page).expect("a URL").query_pairs().into_owned().collect();
        assert_eq!((query["response_type"].as_str(), query["code_challenge_method"].as_str()), ("code", "S256"));
        assert_eq!(query["redirect_uri"], redirect_uri);
        server.state().code = Some(("good-code".to_owned(), query["code_challenge"].clone()));
        Self { folder, server, process, query }
    }

    fn token_file(&self) -> PathBuf {
        self.folder.path().join("acme.token.json")
    }

    /// It ended well and left everything in order.
    fn succeeded(mut self) -> Self {
        let code = self.process.end().code();
        self.process.line("the end", |line| line.contains("Logged in: acme"));
        assert_eq!(code, Some(0), "{}", self.process.output());
        let text = fs::read_to_string(self.token_file()).expect("there");
        assert!(text.contains("\"at-1\""), "{text}");
        assert_eq!(fs::metadata(self.token_file()).expect("there").permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(self.folder.path()).expect("readable").count(), 2, "configuration and tokens");
        let output = self.process.output();
        assert!(!["at-1", "rt-1", "good-code", "hush"].iter().any(|secret| output.contains(secret)), "{output}");
        self
    }
}

async fn get(url: &str) -> (u16, String) {
    let answer = client().get(url).send().await.expect("an answer");
    (answer.status().as_u16(), answer.text().await.expect("text"))
}

#[tokio::test]
async fn the_browser_comes_back_by_itself() {
    let uri = format!("http://127.0.0.1:{}/callback", free_port());
    let mut login = Login::start(&uri, "");
    // Nobody at the terminal: the browser alone must do.
    login.process.fall_silent();
    let state = login.query["state"].clone();
    assert_eq!(get(&uri.replace("callback", "favicon.ico")).await.0, 404);
    assert_eq!(get(&format!("{uri}?state=wrong&code=good-code")).await.0, 400);
    assert_eq!(get(&format!("{uri}?state=wrong&error=access_denied")).await.0, 400);
    assert_eq!(get(&uri).await.0, 400);
    let (status, page) = get(&format!("{uri}?state={state}&code=good-code")).await;
    assert!(status == 200 && page.contains("close this page"), "{status} {page}");
    let login = login.succeeded();
    let asked = login.server.asked("/2/oauth2/token");
    assert_eq!((asked.len(), asked[0].authorization.as_str()), (1, ""));
    assert_eq!((asked[0].form["client_id"].as_str(), asked[0].form["redirect_uri"].as_str()), ("id", uri.as_str()));
    let output = login.process.output();
    assert!(output.contains("scopes: users.read tweet.read offline.access") && !output.contains("warning"), "{output}");
}

#[tokio::test]
async fn an_address_can_be_pasted_where_there_is_no_browser() {
    let mut login = Login::start("https://acme.example/callback", ", client_secret: \"${S}\"");
    login.server.state().scope = Some("tweet.read".to_owned());
    let state = login.query["state"].clone();
    login.process.say("good-code");
    login.process.line("what is wrong", |line| line.contains("no address"));
    login.process.say("https://acme.example/callback?state=wrong&code=good-code");
    login.process.line("what is wrong", |line| line.contains("another attempt"));
    login.process.say(&format!("  https://acme.example/callback?state={state}&code=good-code"));
    let login = login.succeeded();
    let asked = login.server.asked("/2/oauth2/token");
    assert!(asked.len() == 1 && !asked[0].form.contains_key("client_id"));
    assert_eq!(asked[0].authorization, "Basic aWQ6aHVzaA==");
    for missing in ["users.read, offline.access", "no refresh token"] {
        login.process.line("a warning", |line| line.contains("warning") && line.contains(missing));
    }
}

#[tokio::test]
async fn a_port_that_is_taken_leaves_the_paste() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let mut login = Login::start(&format!("http://{}/callback", taken.local_addr().expect("bound")), "");
    login.process.line("why", |line| line.contains("Nothing can listen"));
    let state = login.query["state"].clone();
    login.process.say(&format!("state={state}&code=good-code"));
    login.succeeded();
}

#[tokio::test]
async fn a_no_is_a_failure_that_says_so() {
    let uri = format!("http://localhost:{}/callback", free_port());
    let mut login = Login::start(&uri, "");
    let state = login.query["state"].clone();
    let (status, page) = get(&format!("{uri}?state={state}&error=access_denied")).await;
    assert!(status == 200 && page.contains("not allowed"), "{status} {page}");
    assert_eq!(login.process.end().code(), Some(1));
    login.process.line("why", |line| line.contains("did not allow it: access_denied"));
    assert!(!login.token_file().exists() && login.server.asked("/2/oauth2/token").is_empty());
    let mut silent = Login::start("https://acme.example/callback", "");
    silent.process.fall_silent();
    assert_eq!(silent.process.end().code(), Some(1));
    silent.process.line("why", |line| line.contains("standard input ended"));
    let mut wrong = Login::start("https://acme.example/callback", "");
    let state = wrong.query["state"].clone();
    wrong.process.say(&format!("?state={state}&code=bad-code"));
    assert_eq!(wrong.process.end().code(), Some(1));
    let why = wrong.process.line("why", |line| line.contains("gives no token"));
    assert!(why.contains("Value passed for the token was invalid"), "{why}");
}

#[test]
fn what_cannot_work_is_said_before_any_browser_opens() {
    let (folder, _server) = set_up("https://acme.example/callback", "");
    for (account, says) in [("nobody", "the accounts are acme, globex"), ("globex", "with oauth2: acme")] {
        let arguments = arguments(&folder, &["--account", account]);
        let (code, output) = Process::run(&arguments, &secrets());
        assert!(code == 2 && output.contains(says), "{code} {output}");
    }
    let file = folder.path().join("c.yml");
    let text = fs::read_to_string(&file).expect("there").replace("acme.token.json", "nowhere/acme.token.json");
    fs::write(&file, text).expect("written");
    let arguments = arguments(&folder, &["--account=acme"]);
    let (code, output) = Process::run(&arguments, &secrets());
    assert!(code == 1 && output.contains("nowhere") && !output.contains("authorize"), "{code} {output}");
}
