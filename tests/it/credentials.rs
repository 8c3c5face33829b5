//! A credential that cannot be used: the log says whose fault that is and what it costs.

use tweet_exporter::model::Timestamp;

use crate::harness::{Account, Exporter, Simulator};

/// The simulator's secrets with wrong keys of a user.
fn wrong_keys(simulator: &Simulator) -> Vec<(String, String)> {
    let mut secrets = simulator.secrets();
    let wrong = secrets.iter_mut().filter(|(name, _)| name == "ACME_ACCESS_TOKEN_SECRET");
    wrong.for_each(|(_, secret)| "wrong".clone_into(secret));
    secrets
}

#[tokio::test]
async fn refused_keys_beside_a_good_bearer_cost_the_private_numbers() {
    let simulator = Simulator::start();
    let tweet = simulator.tweet("acme", "plain").await;
    let account = [Account { name: "acme", lines: Account::OWNER, tweets: vec![tweet.clone()] }];
    let exporter = Exporter::start(&simulator.on_scrape(&account), &simulator.secrets());
    let private = [("context", "organic")];
    assert!(exporter.scrape().await.sum("tweet_engagement_by_context", &private) > 0.0);
    let mut exporter = exporter;
    exporter.process.signal("TERM");
    exporter.process.end();
    let Exporter { folder, .. } = exporter;
    let exporter = Exporter::start_in(folder, &wrong_keys(&simulator));
    exporter.refresh().await;
    let page = exporter.refresh().await;
    assert_eq!(page.state(&tweet), "ok");
    assert!(page.sum("tweet_engagement", &[]) > 0.0);
    assert_eq!(page.sum("tweet_engagement_by_context", &[]), 0.0, "old private numbers would stand under the new reading's time");
    assert_eq!(page.value("tweet_exporter_credential_ok", &[("credential", "oauth1")]), Some(0.0));
    assert_eq!(page.value("tweet_exporter_credential_ok", &[("credential", "bearer")]), Some(1.0));
    exporter.process.line("what it costs", |line| {
        line.contains("X refuses the credential; private numbers are left out until it works again")
    });
    let log = exporter.process.output();
    assert!(!log.contains("last numbers stay"), "{log}");
}

#[tokio::test]
async fn refused_keys_alone_leave_the_last_numbers() {
    let simulator = Simulator::start();
    let tweet = simulator.tweet("acme", "plain").await;
    let account = [Account { name: "acme", lines: Account::KEYS, tweets: vec![tweet] }];
    let exporter = Exporter::start(&simulator.on_scrape(&account), &wrong_keys(&simulator));
    exporter.scrape().await;
    exporter.process.line("what it costs", |line| line.contains("X refuses the account; its last numbers stay"));
}

/// An account with a token file that long ago ended. X is nowhere: it has no part in this.
async fn token_file(name: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let first = (Timestamp::from(std::time::SystemTime::now()).millis() - 600_000 - 1_288_834_974_657) << 22;
    let text = format!(
        "api: {{ url: \"http://127.0.0.1:9\", engagement_url: \"http://127.0.0.1:9\" }}\nmode: on_scrape\naccounts:\n  - name: acme\n    \
         username: acme\n    credentials: {{ oauth2: {{ client_id: id, token_file: {name} }} }}\n    \
         watch: {{ tweets: [\"{first}\"] }}\n"
    );
    std::fs::write(folder.path().join("tweet_exporter.yml"), text).expect("written");
    let tokens = r#"{"access_token":"at","refresh_token":"rt","expires_at":"2025-01-01T00:00:00Z","scope":"tweet.read"}"#;
    crate::harness::write_secret(&folder.path().join(name), tokens);
    let exporter = Exporter::start_in(folder, &[]);
    let page = exporter.scrape().await;
    assert_eq!(page.value("tweet_exporter_credential_ok", &[("credential", "oauth2")]), Some(0.0));
    let here = [("api", "lookup"), ("reason", "credential_unusable")];
    assert!(page.sum("tweet_exporter_api_errors_total", &here) > 0.0, "{}", exporter.process.output());
    exporter.process.line("whose fault it is", |line| line.contains("reason=credential_unusable"));
    exporter.process.output()
}

/// As on a full disk, but also for who may write everywhere: names so long that nothing can stand beside them.
#[tokio::test]
async fn a_token_file_that_cannot_be_written_is_no_refusal_of_x() {
    let unwritable = "t".repeat(240);
    let log = token_file(&unwritable).await;
    assert!(log.contains("the credential cannot be used; the last numbers stay"), "{log}");
    assert!(log.contains("cannot be written") && log.contains("reason=credential_unusable"), "{log}");
    assert!(!log.contains("X refuses"), "{log}");
    let unlocked = "t".repeat(252);
    let log = token_file(&unlocked).await;
    assert!(log.contains("cannot be made") && log.contains("the credential cannot be used; the last numbers stay"), "{log}");
    assert!(!log.contains("X refuses"), "{log}");
}
