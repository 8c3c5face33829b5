//! OAuth 2.0 from the login to the numbers, against an X that rotates its tokens and takes each once.

use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{Exporter, Page, Process, Simulator, client, credential, until, watching};

const TOKEN: &str = "/2/oauth2/token";

/// An account whose user logs in.
struct Grant {
    simulator: Simulator,
    folder: TempDir,
    redirect: String,
    secrets: Vec<(String, String)>,
    lines: String,
    tweet: String,
}

impl Grant {
    async fn start(account: &str) -> Self {
        let simulator = Simulator::start();
        let folder = tempfile::tempdir().expect("a folder");
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
        let redirect = format!("http://127.0.0.1:{port}/callback");
        simulator.oauth2(json!({"account": account, "redirect_uri": redirect})).await;
        let directory = simulator.get("directory").await;
        let accounts = directory["accounts"].as_array().expect("accounts");
        let app = accounts.iter().find(|other| other["name"] == account).expect("the account")["oauth2"].clone();
        let mut secrets = simulator.secrets();
        let secret = app["client_secret"].as_str().map(|secret| {
            secrets.push(("CLIENT_SECRET".to_owned(), secret.to_owned()));
            ", client_secret: \"${CLIENT_SECRET}\""
        });
        let lines = format!(
            "    username: {account}\n    credentials:\n      oauth2: {{ client_id: {}, token_file: \"{}\", redirect_uri: \"{redirect}\"{} }}",
            app["client_id"],
            folder.path().join("token.json").display(),
            secret.unwrap_or_default(),
        );
        let tweet = simulator.tweet(account, "plain").await;
        Self { simulator, folder, redirect, secrets, lines, tweet }
    }

    fn text(&self) -> String {
        let text = self.simulator.acme(&self.lines, "[{ api: lookup }]", &watching(&[&self.tweet]));
        text.replacen("api: {", &format!("api: {{ oauth2_authorize_url: \"{}/i/oauth2/authorize\",", self.simulator.url), 1)
    }

    /// A person and a browser that follows every redirect.
    async fn log_in(&self) {
        let file = self.folder.path().join("login.yml");
        std::fs::write(&file, self.text()).expect("written");
        let file = format!("--config.file={}", file.display());
        let arguments = ["login", &file, "--account=acme", "--no-browser"].map(str::to_owned);
        let mut login = Process::start_attended(&arguments, &self.secrets);
        let page = login.line("the page to open", |line| line.contains("/i/oauth2/authorize?"));
        login.line("the invitation", |line| line.contains("paste here"));
        let answer = client().get(page.trim()).send().await.expect("an answer");
        assert!(answer.url().as_str().starts_with(&self.redirect) && answer.status() == 200, "{}", answer.url());
        assert_eq!(login.end().code(), Some(0), "{}", login.output());
    }

    fn serve(&self) -> Exporter {
        Exporter::start(&self.text(), &self.secrets)
    }

    fn tokens(&self) -> String {
        let file: PathBuf = self.folder.path().join("token.json");
        std::fs::read_to_string(file).expect("there")
    }

    /// Statuses of the token endpoint.
    async fn renewals(&self) -> Vec<Value> {
        self.simulator.reads(TOKEN).await.iter().map(|request| request["status"].clone()).collect()
    }

    fn has_private_numbers(&self, page: &Page) -> bool {
        let organic = [("tweet_id", self.tweet.as_str()), ("metric", "impressions"), ("context", "organic")];
        page.state(&self.tweet) == "ok" && page.value("tweet_engagement_by_context", &organic).is_some()
    }
}

#[tokio::test]
async fn after_a_login_the_private_numbers_are_there() {
    for account in ["acme", "globex"] {
        let grant = Grant::start(account).await;
        grant.log_in().await;
        let exporter = grant.serve();
        let page = exporter.scrape().await;
        assert!(grant.has_private_numbers(&page), "{account}: {}", exporter.process.output());
        assert_eq!(page.value("tweet_exporter_credential_ok", &[("credential", "oauth2")]), Some(1.0));
        let reads = grant.simulator.reads("/2/tweets").await;
        assert!(reads.iter().all(|request| credential(request) == "oauth2" && request["status"] == 200), "{reads:?}");
        assert_eq!(grant.renewals().await, [json!(200)], "{account}: the login's own");
    }
}

#[tokio::test]
async fn no_refresh_token_is_used_twice_however_short_lived_the_tokens_are() {
    let grant = Grant::start("acme").await;
    grant.log_in().await;
    grant.simulator.oauth2(json!({"account": "acme", "lifetime_seconds": 2})).await;
    let first = grant.tokens();
    let exporter = grant.serve();
    exporter.scrape().await;
    grant.simulator.expire().await;
    for round in 0..4 {
        let page = exporter.refresh().await;
        assert!(grant.has_private_numbers(&page), "round {round}: {}", exporter.process.output());
    }
    let renewals = grant.renewals().await;
    assert!((2..=6).contains(&renewals.len()) && renewals.iter().all(|status| *status == 200), "{renewals:?}");
    assert_ne!(grant.tokens(), first);
    let refused = grant.simulator.reads("/2/tweets").await.iter().filter(|request| request["status"] == 401).count();
    assert!(refused <= 1, "{refused} reads with a dead token");
    let before = renewals.len();
    drop(exporter);
    let exporter = grant.serve();
    assert!(grant.has_private_numbers(&exporter.scrape().await), "the newest pair was on disk");
    let renewals = grant.renewals().await;
    assert!(renewals.len() > before && renewals.iter().all(|status| *status == 200), "{renewals:?}");
}

#[tokio::test]
async fn a_refused_renewal_is_not_repeated_and_a_new_login_ends_it() {
    let grant = Grant::start("acme").await;
    grant.log_in().await;
    let exporter = grant.serve();
    assert!(grant.has_private_numbers(&exporter.scrape().await));
    let fault = json!({"kind": "reissue", "error": "invalid_grant"});
    grant.simulator.faults(json!([{"path": TOKEN, "fault": fault}])).await;
    grant.simulator.expire().await;
    grant.simulator.forget().await;
    let mut page = exporter.refresh().await;
    for _ in 0..3 {
        assert_eq!(page.value("tweet_exporter_credential_ok", &[("credential", "oauth2")]), Some(0.0));
        assert_eq!(page.state(&grant.tweet), "error");
        assert!(page.value("tweet_engagement", &[("metric", "likes")]).is_some(), "the last numbers stay");
        assert_eq!(grant.renewals().await, [json!(400)], "one attempt");
        page = exporter.refresh().await;
    }
    let log = exporter.process.output();
    assert_eq!(log.matches("log in again: run tweet_exporter login --account=acme").count(), 1, "{log}");
    grant.simulator.faults(json!([])).await;
    grant.log_in().await;
    let page = until("the new login", async || {
        let page = exporter.scrape().await;
        (page.state(&grant.tweet) == "ok").then_some(page)
    })
    .await;
    assert_eq!(page.value("tweet_exporter_credential_ok", &[("credential", "oauth2")]), Some(1.0));
}

#[tokio::test]
async fn an_x_that_stumbles_over_a_renewal_is_asked_again() {
    let grant = Grant::start("acme").await;
    grant.log_in().await;
    let exporter = grant.serve();
    exporter.scrape().await;
    grant.simulator.faults(json!([{"path": TOKEN, "times": 1, "fault": {"kind": "reissue", "error": "unavailable"}}])).await;
    grant.simulator.expire().await;
    grant.simulator.forget().await;
    exporter.refresh().await;
    let page = until("the second attempt", async || {
        let page = exporter.scrape().await;
        (grant.renewals().await.len() >= 2 && page.state(&grant.tweet) == "ok").then_some(page)
    })
    .await;
    assert!(grant.has_private_numbers(&page));
    assert_eq!(grant.renewals().await, [json!(503), json!(200)]);
}

#[tokio::test]
async fn oauth_2_reads_what_it_may_and_nothing_of_the_engagement_api() {
    let grant = Grant::start("acme").await;
    grant.log_in().await;
    let sources = "[{ api: timeline }, { api: analytics, window: 7d }, { api: insights_28hr }]";
    let text = grant.text().replace("[{ api: lookup }]", sources);
    let exporter = Exporter::start(&text, &grant.secrets);
    let page = exporter.scrape().await;
    assert!(grant.has_private_numbers(&page));
    for window in ["7d", "28h"] {
        assert!(page.value("tweet_engagement_window", &[("metric", "likes"), ("window", window)]).is_some(), "{window}");
    }
    assert_eq!(page.sum("tweet_exporter_billable_reads_total", &[("class", "owned_tweet")]), 1.0);
    let file = tempfile::tempdir().expect("a folder");
    let path = file.path().join("c.yml");
    std::fs::write(&path, grant.text().replace("[{ api: lookup }]", "[{ api: engagement_totals }]")).expect("written");
    let argument = format!("--config.file={}", path.display());
    let (code, output) = Process::run(&["check", &argument], &grant.secrets);
    assert!(code == 2 && output.contains("accounts[0].sources"), "{code} {output}");
}

#[tokio::test]
async fn calls_that_x_refuses_whatever_the_token_cause_no_storm_of_renewals() {
    let grant = Grant::start("acme").await;
    grant.log_in().await;
    grant.simulator.faults(json!([{"path": "/2/tweets", "fault": {"kind": "unauthorized"}}])).await;
    let exporter = grant.serve();
    until("a refused credential", async || {
        (exporter.scrape().await.value("tweet_exporter_credential_ok", &[("credential", "oauth2")]) == Some(0.0)).then_some(())
    })
    .await;
    // Longer than it takes to notice that a token file has changed.
    let noticed = std::time::Instant::now();
    while noticed.elapsed() < std::time::Duration::from_secs(5) {
        exporter.scrape().await;
    }
    assert_eq!(grant.renewals().await.len(), 2, "the login's and one more: the exporter's own file is no news");
}
