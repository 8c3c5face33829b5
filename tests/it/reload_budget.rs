//! Money across reloads: never a call that the budget does not cover, to the last tweet; nothing bought twice.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{Account, Exporter, Simulator, until};

const EACH_SECOND: &str = "tiers: [{ younger_than: 1d, every: 1s }]";

fn lines(usd_per_day: &str) -> String {
    format!("{}\n    budget: {{ usd_per_day: {usd_per_day} }}", Account::PUBLIC)
}

fn configuration(simulator: &Simulator, top: &str, usd_per_day: &str, tweets: &[String]) -> String {
    let lines = lines(usd_per_day);
    simulator.configuration(top, &[Account { name: "acme", lines: &lines, tweets: tweets.to_vec() }])
}

/// Tweets that were given so far, each time counted.
async fn given(simulator: &Simulator) -> u64 {
    let requests = simulator.reads("/2/tweets").await;
    let good = requests.iter().filter(|request| request["status"] == 200);
    good.map(|request| request["ids_count"].as_u64().unwrap_or(0)).sum()
}

/// Distinct tweets that X charges for.
async fn billed(simulator: &Simulator) -> u64 {
    let bill = simulator.get("bill").await;
    bill["days"].as_object().expect("days").values().map(|day| day["tweet"].as_u64().unwrap_or(0)).sum()
}

async fn held(exporter: &Exporter) -> f64 {
    exporter.scrape().await.sum("tweet_state", &[("state", "over_budget")])
}

#[tokio::test]
async fn each_read_is_paid_and_the_budget_holds_to_the_last_one_across_reloads() {
    let simulator = Simulator::start();
    let tweets = simulator.add_tweets("acme", 10, 600).await;
    let top = format!("billing: {{ charge: every_read }}\n{EACH_SECOND}");
    // Answers that take their time are under way when the reload comes.
    simulator.faults(json!([{"fault": {"kind": "slow", "millis": 150}}])).await;
    let exporter = Exporter::start(&configuration(&simulator, &top, "0.35", &tweets), &simulator.secrets());
    for round in 1..=5 {
        until("another read", async || (given(&simulator).await >= round * 10).then_some(())).await;
        // There and back: more, then less than before, then the same.
        let budget = ["0.45", "0.31", "0.35"][round as usize % 3];
        exporter.reload_with(&configuration(&simulator, &top, budget, &tweets)).await;
    }
    until("the end of the money", async || (held(&exporter).await > 0.0).then_some(())).await;
    assert_eq!(exporter.reload().await.0, 200, "nothing is under way any more");
    let spent = given(&simulator).await;
    assert!((61..=90).contains(&spent), "{spent} tweets at half a cent of 35 or 45 cents");
    for _ in 0..3 {
        assert_eq!(exporter.reload().await.0, 200);
        assert!(held(&exporter).await > 0.0, "still none");
    }
    let page = exporter.scrape().await;
    assert_eq!(given(&simulator).await, spent);
    let account = [("account", "acme"), ("class", "tweet")];
    assert_eq!(page.value("tweet_exporter_billable_reads_total", &account), Some(spent as f64), "booked to the last one");
}

#[tokio::test]
async fn a_tweet_is_paid_once_a_day_whatever_is_reloaded() {
    let simulator = Simulator::start();
    let tweets = simulator.add_tweets("acme", 40, 600).await;
    let exporter = Exporter::start(&configuration(&simulator, EACH_SECOND, "0.1", &tweets), &simulator.secrets());
    let until_held = async |count: f64| {
        until("the end of the money", async || {
            let page = exporter.scrape().await;
            let of = |state| page.sum("tweet_state", &[("state", state)]);
            (of("over_budget") == count && of("ok") == 40.0 - count).then_some(())
        })
        .await;
    };
    until_held(20.0).await;
    for round in 0..5 {
        let budget = if round % 2 == 0 { "0.05" } else { "0.1" };
        exporter.reload_with(&configuration(&simulator, EACH_SECOND, budget, &tweets)).await;
        assert_eq!(billed(&simulator).await, 20);
        assert!(held(&exporter).await >= 20.0);
    }
    exporter.reload_with(&configuration(&simulator, EACH_SECOND, "0.15", &tweets)).await;
    until_held(10.0).await;
    let (page, billed) = (exporter.scrape().await, billed(&simulator).await);
    assert_eq!((billed, page.value("tweet_exporter_budget_usd", &[("period", "day")])), (30, Some(0.15)));
    assert_eq!(page.value("tweet_exporter_budget_remaining_usd", &[("period", "day")]), Some(0.0));
    exporter
        .reload_with(&simulator.configuration(EACH_SECOND, &[Account { name: "acme", lines: Account::PUBLIC, tweets }]))
        .await;
    assert_eq!(exporter.scrape().await.value("tweet_exporter_budget_usd", &[]), None, "there is none any more");
}

#[tokio::test]
async fn a_call_under_way_is_waited_for_and_booked_once() {
    let simulator = Simulator::start();
    let tweets = simulator.add_tweets("acme", 7, 600).await;
    let top = "billing: { charge: every_read }\nmode: on_scrape\nmin_age: 1h\ntiers: [{ younger_than: 1d, every: 1h }]";
    let text = configuration(&simulator, top, "0.5", &tweets);
    let exporter = Exporter::start(&text, &simulator.secrets());
    simulator.faults(json!([{"path": "/2/tweets", "fault": {"kind": "slow", "millis": 1500}}])).await;
    let (first, second) = tokio::join!(exporter.scrape(), async {
        until("the call", async || (given(&simulator).await == 7).then_some(())).await;
        exporter.reload().await
    });
    assert_eq!(second.0, 200, "{}", second.1);
    assert_eq!(first.sum("tweet_state", &[("state", "ok")]), 7.0, "the scrape that waited got the numbers");
    let page = exporter.scrape().await;
    assert_eq!(page.sum("tweet_state", &[("state", "ok")]), 7.0);
    assert_eq!(given(&simulator).await, 7);
    assert_eq!(page.value("tweet_exporter_billable_reads_total", &[("class", "tweet")]), Some(7.0));
    let remaining = page.value("tweet_exporter_budget_remaining_usd", &[("period", "day")]).expect("a budget");
    assert!((remaining - 0.465).abs() < 1e-9, "{remaining}");
}

#[tokio::test]
async fn a_call_that_hangs_holds_a_reload_up_no_longer_than_its_timeout() {
    let simulator = Simulator::start();
    let tweets = simulator.add_tweets("acme", 7, 600).await;
    let top = "mode: on_scrape\nmin_age: 1h\ntiers: [{ younger_than: 1d, every: 1h }]";
    let text = configuration(&simulator, top, "0.05", &tweets).replace("timeout: 5s", "timeout: 1s");
    let exporter = Exporter::start(&text, &simulator.secrets());
    simulator.faults(json!([{"path": "/2/tweets", "fault": {"kind": "stall"}}])).await;
    let (_, reloaded) = tokio::join!(exporter.scrape_within("0.6"), exporter.reload());
    assert_eq!(reloaded.0, 200);
    simulator.faults(Value::Array(vec![])).await;
    until("numbers", async || (exporter.scrape().await.sum("tweet_state", &[("state", "ok")]) == 7.0).then_some(())).await;
    assert_eq!(billed(&simulator).await, 7);
}

#[tokio::test]
async fn an_account_that_comes_back_finds_its_books_even_without_a_state() {
    let simulator = Simulator::start();
    let tweets = simulator.add_tweets("acme", 20, 600).await;
    let viral = simulator.tweet("globex", "viral").await;
    let globex = || Account {
        name: "globex",
        lines: "    username: globex\n    credentials: { bearer_token: \"${GLOBEX_BEARER_TOKEN}\" }",
        tweets: vec![viral.clone()],
    };
    let lines = lines("0.05");
    let both = [globex(), Account { name: "acme", lines: &lines, tweets: tweets.clone() }];
    let text = simulator.configuration(&format!("billing: {{ charge: every_read }}\n{EACH_SECOND}"), &both);
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("tweet_exporter.yml"), &text).expect("written");
    fs::write(folder.path().join("state"), "a file, no folder").expect("written");
    let exporter = Exporter::start_in(folder, &simulator.secrets());
    let until_held = async || {
        until("the end of the money", async || {
            let held = exporter.scrape().await.sum("tweet_state", &[("account", "acme"), ("state", "over_budget")]);
            (held > 0.0).then_some(())
        })
        .await;
    };
    until_held().await;
    exporter.reload_with(&simulator.configuration(EACH_SECOND, &[globex()])).await;
    assert!(!exporter.get("/metrics").await.1.contains("account=\"acme\""));
    exporter.reload_with(&text).await;
    until_held().await;
    assert_eq!(exporter.reload().await.0, 200, "nothing is under way any more");
    let asked = simulator.reads("/2/tweets").await;
    let of_acme = asked.iter().filter(|request| request["credential"]["account"] == "acme");
    assert_eq!(of_acme.filter_map(|request| request["ids_count"].as_u64()).sum::<u64>(), 10, "five cents buy ten, once");
}
