//! OAuth 2.0 at work: renewed in time, kept on disk, never used twice. Calls that must not wait for the plan's pauses go through the
//! session itself.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;
use tweet_exporter::auth::{Credential, CredentialContext};
use tweet_exporter::config::{Credentials, Oauth1, Oauth2, Secret};
use tweet_exporter::model::{CredentialKind, Failure, Timestamp};
use tweet_exporter::net::{Client, ClientSettings};
use tweet_exporter::self_metrics::SelfMetrics;
use tweet_exporter::x_api::{ApiError, Session, SessionSettings, who_am_i};

use crate::harness::{Asked, Exporter, Process, TokenServer, until};

const TOKEN: &str = "/2/oauth2/token";
const ME: &str = "/2/users/me";

/// A server, a token file, and a session whose clock the test turns.
struct Bench {
    folder: TempDir,
    server: TokenServer,
    session: Arc<Session>,
    credentials: Vec<Credential>,
}

fn clock() -> Timestamp {
    Timestamp::from(SystemTime::now())
}

fn write_tokens(file: &Path, access: &str, refresh: &str, seconds: i64) {
    let expires_at = Timestamp::from_millis(clock().millis() + seconds * 1000);
    let text = format!(
        r#"{{"access_token":"{access}","refresh_token":"{refresh}","expires_at":"{expires_at}","scope":"tweet.read offline.access"}}"#
    );
    let next = file.with_extension("next");
    fs::write(&next, text).expect("written");
    fs::set_permissions(&next, fs::Permissions::from_mode(0o600)).expect("ours");
    fs::rename(next, file).expect("renamed");
}

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

impl Bench {
    /// With the pair `at-0` and `rt-0` in the token file; the access token has so many seconds left.
    fn start(seconds: i64) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("tokens")).expect("made");
        let token_file = folder.path().join("tokens/acme.token.json");
        write_tokens(&token_file, "at-0", "rt-0", seconds);
        let oauth2 = Oauth2 {
            client_id: "client-id".to_owned(),
            client_secret: None,
            token_file,
            redirect_uri: "http://127.0.0.1:1/callback".to_owned(),
        };
        Self::with(folder, Credentials { oauth2: Some(oauth2), ..Credentials::default() })
    }

    fn with(folder: TempDir, credentials: Credentials) -> Self {
        let server = TokenServer::start(folder.path().join("tokens/acme.token.json"));
        let settings = ClientSettings { timeout: Duration::from_secs(10), proxy: None, ca_pem: None, direct: true };
        let client = Client::new(&settings).expect("a client");
        let metrics = SelfMetrics::new();
        let account = metrics.account("acme", &[]);
        let context = CredentialContext {
            credentials: &credentials,
            account: "acme",
            client: &client,
            api_url: &server.url,
            metrics: &account,
            now: clock(),
        };
        let credentials = Credential::of(&context);
        credentials.iter().try_for_each(Credential::lock).expect("nobody else has it");
        let session = Session::new(SessionSettings {
            client: client.clone(),
            url: server.url.clone(),
            engagement_url: server.url.clone(),
            credentials: credentials.clone(),
            account: account.clone(),
            metrics,
        });
        Self { folder, server, session: Arc::new(session), credentials }
    }

    /// A call, so many seconds from now.
    async fn call(&self, seconds: u64) -> Result<(), ApiError> {
        self.call_with(CredentialKind::Oauth2, seconds).await
    }

    async fn call_with(&self, kind: CredentialKind, seconds: u64) -> Result<(), ApiError> {
        who_am_i(&self.session, kind, clock() + Duration::from_secs(seconds)).await.result.map(|_| ())
    }

    fn file(&self) -> std::path::PathBuf {
        self.folder.path().join("tokens/acme.token.json")
    }

    fn tokens(&self) -> String {
        fs::read_to_string(self.file()).unwrap_or_default()
    }

    fn bearers(&self, path: &str) -> Vec<String> {
        self.server.asked(path).into_iter().map(|asked| asked.authorization).collect()
    }
}

fn is_refused(outcome: Result<(), ApiError>) -> String {
    let error = outcome.expect_err("refused");
    assert_eq!(error.failure, Failure::CredentialRefused, "{error}");
    assert!(!["at-", "rt-", "consumer"].iter().any(|secret| error.detail.contains(secret)), "{error}");
    error.detail
}

fn is_transient(outcome: Result<(), ApiError>) -> String {
    let error = outcome.expect_err("failed");
    assert!(matches!(error.failure, Failure::Tokenless { .. }), "{error}");
    error.detail
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_and_the_request_sent_again_once() {
    let bench = Bench::start(3_600);
    bench.server.state().access.clear();
    bench.call(0).await.expect("renewed");
    assert_eq!((bench.server.asked(TOKEN).len(), bench.bearers(ME)), (1, vec!["Bearer at-0".into(), "Bearer at-1".into()]));
    bench.server.state().deaf = true;
    is_refused(bench.call(0).await);
    assert_eq!((bench.server.asked(TOKEN).len(), bench.server.asked(ME).len()), (2, 4));
    let Asked { form, authorization, .. } = bench.server.asked(TOKEN).remove(0);
    assert_eq!((form["client_id"].as_str(), form["refresh_token"].as_str(), authorization.as_str()), ("client-id", "rt-0", ""));
}

#[tokio::test]
async fn a_final_refusal_is_asked_for_once_and_ends_with_another_login() {
    let bench = Bench::start(-5);
    let echo = r#"{"error":"invalid_grant","error_description":"rt-0 and at-0 are\nunknown"}"#;
    bench.server.state().script.push_back((400, echo.to_owned()));
    for seconds in [0, 2, 3_600, 100_000] {
        let detail = is_refused(bench.call(seconds).await);
        assert!(detail.starts_with("log in again: run tweet_exporter login --account=acme"), "{detail}");
    }
    assert_eq!((bench.server.asked(TOKEN).len(), bench.server.asked(ME).len()), (1, 0));
    bench.server.state().access.insert("at-login".to_owned());
    write_tokens(&bench.file(), "at-login", "rt-login", 7_200);
    bench.call(2).await.expect("logged in");
    assert_eq!((bench.server.asked(TOKEN).len(), bench.bearers(ME)), (1, vec!["Bearer at-login".to_owned()]));
}

#[tokio::test]
async fn a_token_file_may_come_later_and_may_change() {
    let bench = Bench::start(3_600);
    bench.call(0).await.expect("valid");
    bench.server.state().access = ["at-8".to_owned(), "at-9".to_owned()].into();
    write_tokens(&bench.file(), "at-8", "rt-8", 3_600);
    bench.call(2).await.expect("picked up by a look");
    write_tokens(&bench.file(), "at-9", "rt-9", 3_600);
    bench.server.state().access.remove("at-8");
    bench.call(2).await.expect("picked up after a refusal");
    assert!(bench.server.asked(TOKEN).is_empty(), "nothing had to be renewed");
    fs::remove_file(bench.file()).expect("there");
    bench.call(4).await.expect("what is in memory stays in use");
    bench.server.state().access.clear();
    bench.server.state().refresh.insert("rt-9".to_owned());
    bench.call(6).await.expect("renewed");
    assert!(bench.tokens().contains("rt-1"), "written anew");
    let absent = {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("tokens")).expect("made");
        let token_file = folder.path().join("tokens/acme.token.json");
        let oauth2 = Oauth2 {
            client_id: "id".to_owned(),
            client_secret: Some(secret("hush hush")),
            token_file,
            redirect_uri: String::new(),
        };
        Bench::with(folder, Credentials { oauth2: Some(oauth2), ..Credentials::default() })
    };
    let detail = is_refused(absent.call(0).await);
    assert!(detail.contains("does not exist"), "{detail}");
    fs::write(absent.file(), "hunter2").expect("written");
    let detail = is_refused(absent.call(2).await);
    assert!(detail.contains("is no token file") && !detail.contains("hunter2"), "{detail}");
    write_tokens(&absent.file(), "at-0", "rt-0", 0);
    absent.call(4).await.expect("it came");
    let Asked { form, authorization, .. } = absent.server.asked(TOKEN).remove(0);
    assert!(!form.contains_key("client_id"), "{form:?}");
    assert_eq!(authorization, "Basic aWQ6aHVzaCUyMGh1c2g=");
}

#[tokio::test]
async fn a_fault_is_tried_again_after_a_pause_and_spoils_no_valid_token() {
    let bench = Bench::start(30);
    for _ in 0..2 {
        bench.server.state().script.push_back((503, "<html>".to_owned()));
    }
    for (seconds, renewals) in [(0, 1), (1, 1), (4, 1), (6, 2), (8, 2)] {
        bench.call(seconds).await.expect("still valid");
        assert_eq!(bench.server.asked(TOKEN).len(), renewals, "after {seconds} s");
    }
    bench.call(17).await.expect("renewed");
    assert_eq!(bench.bearers(ME).last().map(String::as_str), Some("Bearer at-1"));
    let expired = Bench::start(-5);
    expired.server.state().script.push_back((429, String::new()));
    let detail = is_transient(expired.call(0).await);
    assert!(detail.contains("429"), "{detail}");
    expired.call(6).await.expect("renewed");
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_costs_no_refresh_token() {
    let bench = Bench::start(-5);
    let (tokens, away) = (bench.folder.path().join("tokens"), bench.folder.path().join("away"));
    fs::rename(&tokens, &away).expect("moved");
    let detail = is_transient(bench.call(0).await);
    assert!(detail.contains("cannot be written") && bench.server.asked(TOKEN).is_empty(), "{detail}");
    fs::rename(&away, &tokens).expect("moved");
    let (from, to) = (tokens.clone(), away.clone());
    bench.server.state().hook = Some(Box::new(move || fs::rename(from, to).expect("moved")));
    let detail = is_transient(bench.call(6).await);
    assert!(detail.contains("kept in memory"), "{detail}");
    is_transient(bench.call(17).await);
    assert!(bench.server.asked(ME).is_empty(), "a token that is not on disk is not used");
    fs::rename(&away, &tokens).expect("moved");
    bench.call(60).await.expect("written at last");
    assert_eq!((bench.server.asked(TOKEN).len(), bench.bearers(ME)), (1, vec!["Bearer at-1".to_owned()]));
    assert!(bench.tokens().contains("rt-1"));
}

#[tokio::test]
async fn a_renewal_outlives_the_call_that_wanted_it() {
    let bench = Bench::start(-5);
    bench.server.state().slow = Duration::from_millis(200);
    let session = bench.session.clone();
    let call = tokio::spawn(async move { who_am_i(&session, CredentialKind::Oauth2, clock()).await.result.is_ok() });
    until("the renewal", async || (!bench.server.asked(TOKEN).is_empty()).then_some(())).await;
    call.abort();
    assert!(call.await.expect_err("aborted").is_cancelled());
    until("the next pair on disk", async || bench.tokens().contains("rt-1").then_some(())).await;
    bench.call(0).await.expect("renewed");
    assert_eq!(bench.server.asked(TOKEN).len(), 1);
    for credential in &bench.credentials {
        credential.settle(clock()).await;
    }
    bench.server.state().access.clear();
    is_transient(bench.call(0).await);
    assert_eq!(bench.server.asked(TOKEN).len(), 1, "nothing is begun at the end");
}

#[tokio::test]
async fn keys_alone_get_an_app_only_token_once() {
    let keys = Oauth1 {
        consumer_key: secret("consumer-key"),
        consumer_secret: secret("consumer secret"),
        access_token: secret("user-token"),
        access_token_secret: secret("user-secret"),
    };
    let credentials = Credentials { oauth1: Some(keys), ..Credentials::default() };
    let bench = Bench::with(tempfile::tempdir().expect("a folder"), credentials);
    assert_eq!(bench.credentials.iter().map(Credential::is_derived).collect::<Vec<_>>(), [true, false]);
    bench.server.state().slow = Duration::from_millis(50);
    let call = || bench.call_with(CredentialKind::Bearer, 0);
    let (one, two, three) = tokio::join!(call(), call(), call());
    one.and(two).and(three).expect("one token for all");
    let asked = bench.server.asked("/oauth2/token");
    assert_eq!((asked.len(), asked[0].authorization.as_str()), (1, "Basic Y29uc3VtZXIta2V5OmNvbnN1bWVyJTIwc2VjcmV0"));
    assert_eq!(bench.bearers(ME)[0], "Bearer AAAA%2FBB%3D1");
    bench.server.state().access.clear();
    call().await.expect("fetched anew");
    assert_eq!((bench.server.asked("/oauth2/token").len(), bench.server.asked(ME).len()), (2, 5));
    bench.server.state().access.clear();
    let bad = r#"{"errors":[{"code":99,"message":"Unable to verify your credentials: consumer-key"}]}"#;
    bench.server.state().script.push_back((403, bad.to_owned()));
    is_refused(call().await);
    is_refused(call().await);
    assert_eq!(bench.server.asked("/oauth2/token").len(), 3, "no storm");
}

/// Ids of that many tweets, some minutes old.
fn young_tweets(count: i64) -> String {
    let first = (clock().millis() - 600_000 - 1_288_834_974_657) << 22;
    (0..count).map(|number| format!("        - \"{}\"\n", first + number)).collect()
}

fn configuration(server: &TokenServer, token_file: &Path, tweets: i64) -> String {
    format!(
        "api: {{ url: \"{}\", timeout: 5s }}\nmode: on_scrape\nmin_age: 1h\naccounts:\n  - name: acme\n    username: acme\n    \
         credentials: {{ oauth2: {{ client_id: id, token_file: \"{}\" }} }}\n    \
         sources: [{{ api: lookup, groups: [public] }}]\n    watch:\n      tweets:\n{}",
        server.url,
        token_file.display(),
        young_tweets(tweets),
    )
}

#[tokio::test]
async fn five_batches_share_one_renewal_that_is_on_disk_before_it_is_used() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("acme.token.json");
    write_tokens(&file, "at-0", "rt-0", 30);
    let server = TokenServer::start(file.clone());
    server.state().slow = Duration::from_millis(200);
    let exporter = Exporter::start(&configuration(&server, &file, 450), &[]);
    let (page, _) = tokio::join!(exporter.scrape(), exporter.scrape());
    assert_eq!(page.sum("tweet_state", &[("state", "ok")]), 450.0);
    let bearers: Vec<String> = server.asked("/2/tweets").into_iter().map(|asked| asked.authorization).collect();
    assert_eq!((server.asked(TOKEN).len(), bearers), (1, vec!["Bearer at-1".to_owned(); 5]));
    assert!(server.state().on_disk["at-1"].contains("rt-1"), "the next refresh token was on disk first");
    assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
    let value = |name, labels: &[(&str, &str)]| page.value(name, labels).unwrap_or_default();
    assert_eq!(value("tweet_exporter_api_requests_total", &[("api", "oauth2"), ("code", "200")]), 1.0);
    assert_eq!(value("tweet_exporter_credential_ok", &[("credential", "oauth2")]), 1.0);
    let left = value("tweet_exporter_token_expiry_timestamp_seconds", &[("credential", "oauth2")]) - clock().seconds();
    assert!((7_100.0..=7_200.0).contains(&left), "{left}");
    let log = exporter.process.output();
    assert!(!["at-0", "at-1", "rt-0", "rt-1"].iter().any(|secret| log.contains(secret)), "{log}");
    assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 2, "the file and its lock");
}

#[tokio::test]
async fn a_refusal_shows_in_metrics_and_once_in_the_log() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("acme.token.json");
    write_tokens(&file, "at-0", "rt-used", -5);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("ours");
    let server = TokenServer::start(file.clone());
    let exporter = Exporter::start(&configuration(&server, &file, 450), &[]);
    let page = exporter.scrape().await;
    assert_eq!(page.value("tweet_exporter_credential_ok", &[("credential", "oauth2")]), Some(0.0));
    let refused = [("api", "oauth2"), ("reason", "credential_refused")];
    assert_eq!(page.value("tweet_exporter_api_errors_total", &refused), Some(1.0));
    assert_eq!((server.asked(TOKEN).len(), server.asked("/2/tweets").len()), (1, 0));
    let log = exporter.process.output();
    assert_eq!(log.matches("log in again: run tweet_exporter login --account=acme").count(), 1, "{log}");
    assert_eq!(log.matches("chmod 600").count(), 1, "{log}");
}

#[tokio::test]
async fn a_second_exporter_is_refused_and_a_signal_waits_for_the_renewal() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("acme.token.json");
    write_tokens(&file, "at-0", "rt-0", -5);
    let server = TokenServer::start(file.clone());
    let text = configuration(&server, &file, 1);
    let mut exporter = Exporter::start(&text, &[]);
    let config = folder.path().join("second.yml");
    fs::write(&config, &text).expect("written");
    let (config, listen) = (format!("--config.file={}", config.display()), "--web.listen-address=127.0.0.1:0");
    let state = format!("--state.path={}", folder.path().join("state").display());
    let (code, output) = Process::run(&[&config, listen, &state], &[]);
    assert_eq!(code, 1, "{output}");
    assert!(output.contains("in use by another exporter") && output.contains("acme.token.json.lock"), "{output}");
    assert_eq!(Process::run(&["check", &config], &[]).0, 0, "check takes no lock");
    server.state().slow = Duration::from_millis(500);
    let url = format!("{}/metrics", exporter.url);
    let scrape = tokio::spawn(crate::harness::client().get(url).send());
    until("the renewal", async || (!server.asked(TOKEN).is_empty()).then_some(())).await;
    exporter.process.signal("TERM");
    let code = exporter.process.end().code();
    assert_eq!(code, Some(0), "{}", exporter.process.output());
    assert!(fs::read_to_string(&file).expect("there").contains("rt-1"), "nothing is lost");
    scrape.abort();
}
