//! Several accounts in one exporter: what befalls one is no other's affair.

use serde_json::json;

use crate::harness::{Account, Exporter, Simulator, until};

const DEAD: &str = "    username: acme\n    credentials: { bearer_token: \"${DEAD_BEARER_TOKEN}\" }";
const POOR: &str =
    "    username: acme\n    credentials: { bearer_token: \"${ACME_BEARER_TOKEN}\" }\n    budget: { usd_per_day: 0.01 }";
const FINE: &str = "    username: globex\n    credentials: { bearer_token: \"${GLOBEX_BEARER_TOKEN}\" }";

#[tokio::test]
async fn a_dead_a_limited_and_a_poor_account_each_hurt_only_themselves() {
    let simulator = Simulator::start();
    let own = simulator.add_tweets("acme", 3, 600).await;
    let viral = simulator.tweet("globex", "viral").await;
    let accounts = [
        Account { name: "dead", lines: DEAD, tweets: own.clone() },
        Account { name: "limited", lines: Account::KEYS, tweets: own.clone() },
        Account { name: "poor", lines: POOR, tweets: own.clone() },
        Account { name: "fine", lines: FINE, tweets: vec![viral.clone()] },
    ];
    let mut secrets = simulator.secrets();
    secrets.push(("DEAD_BEARER_TOKEN".to_owned(), "AAAAwrong".to_owned()));
    let limited = json!({"credential": "oauth1", "fault": {"kind": "rate_limited", "reset_in_seconds": 3_600}});
    simulator.faults(json!([limited])).await;
    let exporter = Exporter::start(&simulator.on_scrape(&accounts), &secrets);
    let states =
        async |state: &str, account: &str| exporter.scrape().await.sum("tweet_state", &[("account", account), ("state", state)]);
    until("each in its own state", async || {
        let seen = (
            states("error", "dead").await,
            states("pending", "limited").await,
            states("ok", "poor").await,
            states("over_budget", "poor").await,
            states("ok", "fine").await,
        );
        (seen == (3.0, 3.0, 2.0, 1.0, 1.0)).then_some(())
    })
    .await;
    let read = |page: &crate::harness::Page, account: &str| {
        page.sum("tweet_exporter_tweets_read_total", &[("account", account), ("class", "tweet")])
    };
    let before = exporter.scrape().await;
    // The healthy one goes on being read, and what the poor one has paid for today, too.
    let after = until("further readings of both", async || {
        let page = exporter.scrape().await;
        let both = ["fine", "poor"].iter().all(|account| read(&page, account) >= read(&before, account) + 2.0);
        both.then_some(page)
    })
    .await;
    assert_eq!(after.value("tweet_exporter_billable_reads_total", &[("account", "poor"), ("class", "tweet")]), Some(2.0));
    let calls = |account: &str, code: &str| {
        let labels = [("account", account), ("api", "lookup"), ("code", code)];
        after.value("tweet_exporter_api_requests_total", &labels).unwrap_or(0.0)
    };
    assert_eq!((calls("dead", "401"), calls("dead", "200")), (1.0, 0.0), "a refused token is not tried again and again");
    assert_eq!((calls("limited", "429"), calls("limited", "200")), (1.0, 0.0), "nor is a closed window");
    assert_eq!(calls("fine", "401") + calls("fine", "429") + calls("poor", "401") + calls("poor", "429"), 0.0);
}

#[tokio::test]
async fn a_call_that_is_never_answered_is_booked_and_not_paid_again() {
    let simulator = Simulator::start();
    let own = simulator.add_tweets("acme", 12, 600).await;
    let lines = format!("{}\n    budget: {{ usd_per_day: 0.05 }}", Account::PUBLIC);
    let account = [Account { name: "acme", lines: &lines, tweets: own }];
    simulator.faults(json!([{"path": "/2/tweets", "times": 1, "fault": {"kind": "dropped"}}])).await;
    let exporter = Exporter::start(&simulator.on_scrape(&account), &simulator.secrets());
    let page = until("ten tweets and no more", async || {
        let page = exporter.scrape().await;
        (page.sum("tweet_state", &[("state", "ok")]) == 10.0).then_some(page)
    })
    .await;
    assert_eq!(page.sum("tweet_state", &[("state", "over_budget")]), 2.0);
    assert_eq!(page.value("tweet_exporter_billable_reads_total", &[("class", "tweet")]), Some(10.0), "once for both calls");
    assert_eq!(page.value("tweet_exporter_budget_remaining_usd", &[("period", "day")]), Some(0.0));
}
