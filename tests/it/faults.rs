//! What the exporter does when X does not do what it should.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Account, Exporter, Page, Simulator, until};

struct Case {
    simulator: Simulator,
    exporter: Exporter,
    tweet: String,
    likes: Option<f64>,
}

impl Case {
    /// An exporter that has read its one tweet.
    async fn start() -> Self {
        let simulator = Simulator::start();
        let tweet = simulator.tweet("acme", "steady").await;
        let account = [Account { name: "acme", lines: Account::PUBLIC, tweets: vec![tweet.clone()] }];
        let exporter = Exporter::start(&simulator.on_scrape(&account), &simulator.secrets());
        let page = exporter.scrape().await;
        let likes = page.value("tweet_engagement", &[("metric", "likes")]);
        assert!(likes.is_some());
        Self { simulator, exporter, tweet, likes }
    }

    async fn until_reason(&self, reason: &str) -> Page {
        until(reason, async || {
            let page = self.exporter.scrape().await;
            (page.sum("tweet_exporter_api_errors_total", &[("reason", reason)]) > 0.0).then_some(page)
        })
        .await
    }

    async fn until_state(&self, state: &str) -> Page {
        until(state, async || {
            let page = self.exporter.scrape().await;
            (page.state(&self.tweet) == state).then_some(page)
        })
        .await
    }
}

#[tokio::test]
async fn faults_that_pass_leave_the_last_true_numbers_and_heal() {
    let faults = [
        (json!({"kind": "unavailable"}), "server_error"),
        (json!({"kind": "html", "status": 502}), "server_error"),
        (json!({"kind": "html", "status": 200}), "malformed"),
        (json!({"kind": "empty", "status": 404}), "server_error"),
        (json!({"kind": "truncated"}), "network"),
        (json!({"kind": "truncated_json"}), "malformed"),
        (json!({"kind": "dropped"}), "network"),
        (json!({"kind": "redirect", "location": "http://127.0.0.1:1/"}), "redirect"),
    ];
    let cases = faults.map(|(fault, reason)| async move {
        let case = Case::start().await;
        case.simulator.faults(json!([{"fault": fault}])).await;
        let page = case.until_reason(reason).await;
        assert_eq!(page.state(&case.tweet), "error", "{reason}");
        assert_eq!(page.value("tweet_engagement", &[("metric", "likes")]), case.likes, "{reason}");
        case.simulator.faults(json!([])).await;
        case.until_state("ok").await;
        case.exporter.process.line("its end", |line| line.contains("X answers again"));
        let log = case.exporter.process.output();
        assert_eq!(log.matches("cannot read from X").count(), 1, "{reason}: said once\n{log}");
        assert_eq!(log.matches("X answers again").count(), 1, "{reason}\n{log}");
    });
    let together = tokio::task::LocalSet::new();
    let running = cases.map(|case| together.spawn_local(case));
    together.await;
    for case in running {
        case.await.expect("no case panics");
    }
}

#[tokio::test]
async fn refusals_stop_the_calls_and_say_why() {
    for (fault, reason, state) in [
        (json!({"kind": "credits_depleted"}), "payment_refused", "over_budget"),
        (json!({"kind": "spend_cap", "reset_date": "2099-01-01"}), "payment_refused", "over_budget"),
        (json!({"kind": "usage_capped"}), "payment_refused", "over_budget"),
        (json!({"kind": "unauthorized"}), "credential_refused", "error"),
        (json!({"kind": "client_not_enrolled"}), "forbidden", "error"),
    ] {
        let case = Case::start().await;
        case.simulator.faults(json!([{"fault": fault}])).await;
        let page = case.until_reason(reason).await;
        assert_eq!(page.state(&case.tweet), state, "{fault}");
        let unpaid = f64::from(u8::from(reason == "payment_refused"));
        assert_eq!(page.value("tweet_exporter_payment_refused", &[]), Some(unpaid), "{fault}");
        assert_eq!(page.value("tweet_engagement", &[("metric", "likes")]), case.likes, "{fault}");
        case.simulator.forget().await;
        let quiet = Instant::now();
        while quiet.elapsed() < Duration::from_millis(1_500) {
            case.exporter.scrape().await;
        }
        assert_eq!(case.simulator.requests().await, Vec::<Value>::new(), "{fault}: no call until it can succeed");
        assert_eq!(case.exporter.get("/-/ready").await.0, 200);
        let trusted = page.value("tweet_exporter_credential_ok", &[("credential", "bearer")]);
        assert_eq!(trusted, Some(if reason == "credential_refused" { 0.0 } else { 1.0 }), "{fault}");
    }
}

#[tokio::test]
async fn a_used_up_window_is_waited_for() {
    for shape in ["problem", "v1"] {
        let case = Case::start().await;
        let fault = json!({"kind": "rate_limited", "reset_in_seconds": 2, "shape": shape});
        case.simulator.faults(json!([{"times": 1, "fault": fault}])).await;
        let page = case.until_reason("rate_limited").await;
        assert_eq!(page.state(&case.tweet), "ok", "late is not wrong");
        case.simulator.forget().await;
        let closed = Instant::now();
        until("the window opens", async || {
            case.exporter.scrape().await;
            (!case.simulator.requests().await.is_empty()).then_some(())
        })
        .await;
        assert!(closed.elapsed() >= Duration::from_millis(1_000), "{:?}", closed.elapsed());
    }
}

#[tokio::test]
async fn a_bad_token_costs_its_account_only() {
    let simulator = Simulator::start();
    let (steady, viral) = (simulator.tweet("acme", "steady").await, simulator.tweet("globex", "viral").await);
    let globex = "    username: globex\n    credentials: { bearer_token: \"${GLOBEX_BEARER_TOKEN}\" }";
    let accounts = [
        Account { name: "acme", lines: Account::PUBLIC, tweets: vec![steady.clone()] },
        Account { name: "globex", lines: globex, tweets: vec![viral.clone()] },
    ];
    let mut secrets = simulator.secrets();
    secrets.iter_mut().find(|(name, _)| name == "ACME_BEARER_TOKEN").expect("a token").1 = "AAAAwrong".to_owned();
    let exporter = Exporter::start(&simulator.on_scrape(&accounts), &secrets);
    let page = exporter.scrape().await;
    assert_eq!((page.state(&steady), page.state(&viral)), ("error".to_owned(), "ok".to_owned()));
    assert_eq!(
        page.value("tweet_exporter_api_requests_total", &[("account", "acme"), ("api", "lookup"), ("code", "401")]),
        Some(1.0)
    );
}

#[tokio::test]
async fn wrong_keys_of_the_owner_leave_the_public_numbers() {
    let simulator = Simulator::start();
    let steady = simulator.tweet("acme", "steady").await;
    let account = [Account { name: "acme", lines: Account::OWNER, tweets: vec![steady.clone()] }];
    let mut secrets = simulator.secrets();
    secrets.iter_mut().find(|(name, _)| name == "ACME_ACCESS_TOKEN_SECRET").expect("a token").1 = "wrong".to_owned();
    let exporter = Exporter::start(&simulator.on_scrape(&account), &secrets);
    let page = exporter.scrape().await;
    assert_eq!(page.state(&steady), "ok");
    assert!(page.value("tweet_engagement", &[("metric", "likes")]).is_some());
    assert_eq!(page.value("tweet_exporter_credential_ok", &[("credential", "oauth1")]), Some(0.0));
    assert_eq!(page.value("tweet_exporter_credential_ok", &[("credential", "bearer")]), Some(1.0));
}

#[tokio::test]
async fn an_id_that_x_calls_invalid_costs_itself_only() {
    let simulator = Simulator::start();
    let mut tweets = simulator.add_tweets("acme", 8, 600).await;
    let guilty = tweets[5].clone();
    let message = format!("The `ids` query parameter value [{guilty}] is not valid");
    let problem = json!({"errors": [{"parameters": {"ids": [tweets.join(",")]}, "message": message}],
        "title": "Invalid Request", "type": "https://api.x.com/2/problems/invalid-request"});
    let fault = json!({"kind": "status", "status": 400, "body": problem.to_string()});
    simulator.faults(json!([{"times": 1, "fault": fault}])).await;
    let account = [Account { name: "acme", lines: Account::PUBLIC, tweets: tweets.clone() }];
    let exporter = Exporter::start(&simulator.on_scrape(&account), &simulator.secrets());
    let page = exporter.scrape().await;
    assert_eq!(page.state(&guilty), "unavailable");
    tweets.retain(|tweet| *tweet != guilty);
    assert!(tweets.iter().all(|tweet| page.state(tweet) == "ok"));
    assert_eq!(simulator.requests().await.len(), 2);
}

#[tokio::test]
async fn no_secret_reaches_log_page_or_error() {
    let simulator = Simulator::start();
    let steady = simulator.tweet("acme", "steady").await;
    let secrets = simulator.secrets();
    let token = &secrets.iter().find(|(name, _)| name == "ACME_BEARER_TOKEN").expect("a token").1;
    // A server that echoes what it was sent.
    let echo = json!({"title": "Echo", "detail": format!("you sent Bearer {token}")});
    let long = json!({"title": format!("{} Bearer {token}", "x".repeat(250))});
    for (status, body) in
        [(403, echo.clone()), (200, json!({"errors": [echo]})), (200, json!(format!("Bearer {token}"))), (503, long)]
    {
        let fault = json!({"kind": "status", "status": status, "body": body.to_string()});
        simulator.faults(json!([{"fault": fault}])).await;
        let account = [Account { name: "acme", lines: Account::OWNER, tweets: vec![steady.clone()] }];
        let exporter = Exporter::start(&simulator.on_scrape(&account), &secrets);
        exporter.scrape().await;
        let seen = [exporter.process.output(), exporter.get("/").await.1, exporter.get("/metrics").await.1].join("\n");
        assert!(seen.contains("reason="), "it is said:\n{seen}");
        for (name, secret) in secrets.iter().filter(|(name, _)| name.starts_with("ACME")) {
            let half = &secret[..secret.len() / 2];
            assert!(!seen.contains(secret.as_str()) && !seen.contains(half), "{name} is visible");
        }
    }
}
