//! `/probe` and `/sd`: one tweet on demand, from the same money and the same knowledge as everything else.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{Account, Exporter, Page, Simulator, ids, until};

const PATIENT: &str = "probe: { accounts: [acme] }\ntiers: [{ younger_than: 2000d, every: 1h }]";
const GLOBEX: &str = "    username: globex\n    credentials: { bearer_token: \"${GLOBEX_BEARER_TOKEN}\" }";

fn account<'a>(lines: &'a str, tweets: &[String]) -> Account<'a> {
    Account { name: "acme", lines, tweets: tweets.to_vec() }
}

/// An exporter that watches one tweet of acme, which is read, and may be probed for more.
async fn start(simulator: &Simulator, top: &str, lines: &str) -> (Exporter, String) {
    let watched = simulator.add_tweets("acme", 1, 600).await.remove(0);
    let text = simulator.configuration(top, &[account(lines, std::slice::from_ref(&watched))]);
    let exporter = Exporter::start(&text, &simulator.secrets());
    until("the watched tweet", async || (exporter.scrape().await.state(&watched) == "ok").then_some(())).await;
    simulator.forget().await;
    (exporter, watched)
}

async fn probe(exporter: &Exporter, tweet: &str) -> Page {
    let (status, text) = exporter.get(&format!("/probe?target={tweet}&account=acme")).await;
    assert_eq!(status, 200, "{text}");
    Page::read(&text)
}

#[tokio::test]
async fn a_tweet_that_nobody_watches_is_read_once_and_stands_on_its_own_page_alone() {
    let simulator = Simulator::start();
    let tweets = simulator.add_tweets("acme", 2, 600).await;
    let (exporter, watched) = start(&simulator, PATIENT, Account::OWNER).await;
    for _ in 0..3 {
        let page = probe(&exporter, &tweets[0]).await;
        let likes = [("tweet_id", tweets[0].as_str()), ("metric", "likes")];
        assert_eq!(page.value("tweet_engagement", &likes), simulator.truth(&tweets[0], "public_metrics", "like_count").await);
        assert_eq!(page.state(&tweets[0]), "ok");
        assert!(page.value("tweet_last_success_timestamp_seconds", &[]).is_some());
        assert!(page.all("tweet_state", &[]).len() == 1 && page.all("tweet_exporter_series", &[]).is_empty(), "nothing else");
    }
    let url = format!("https%3A%2F%2Fx.com%2Facme%2Fstatus%2F{}", tweets[0]);
    assert_eq!(probe(&exporter, &url).await.state(&tweets[0]), "ok", "the same by its URL");
    assert_eq!(simulator.reads("/2/tweets").await.len(), 1, "one read, for its tier's interval");
    let text = exporter.get("/metrics").await.1;
    assert!(!text.contains(&tweets[0]) && text.contains(&watched), "{text}");
    let page = exporter.scrape().await;
    assert_eq!(page.sum("tweet_exporter_watched_tweets", &[]), 1.0);
    assert_eq!(probe(&exporter, &watched).await.state(&watched), "ok", "what is watched is known");
    assert_eq!(simulator.reads("/2/tweets").await.len(), 1);
    let (status, text) = exporter.get(&format!("/probe?target={}&account=acme", tweets[1])).await;
    assert_eq!((status, Page::read(&text).state(&tweets[1])), (200, "ok".to_owned()));
}

#[tokio::test]
async fn probes_at_a_time_share_one_read() {
    let simulator = Simulator::start();
    let tweets = simulator.add_tweets("acme", 2, 600).await;
    let (exporter, _) = start(&simulator, PATIENT, Account::PUBLIC).await;
    simulator.faults(json!([{"path": "/2/tweets", "fault": {"kind": "slow", "millis": 3000}}])).await;
    let ask = async |tweet: &str| probe(&exporter, tweet).await.state(tweet);
    let (a, b, c, d) = tokio::join!(ask(&tweets[0]), ask(&tweets[0]), ask(&tweets[0]), ask(&tweets[0]));
    assert_eq!([a, b, c, d], ["ok"; 4]);
    let reads = simulator.reads("/2/tweets").await;
    assert_eq!(reads.iter().map(|read| ids(read)).collect::<Vec<_>>(), [[tweets[0].as_str()]]);
    // A scraper that does not wait gets what is known; the reading is there for the next one.
    let url = format!("{}/probe?target={}&account=acme", exporter.url, tweets[1]);
    let request = crate::harness::client().get(url).header("X-Prometheus-Scrape-Timeout-Seconds", "0.6");
    let text = request.send().await.expect("an answer").text().await.expect("text");
    assert_eq!(Page::read(&text).state(&tweets[1]), "pending");
    assert_eq!(ask(&tweets[1]).await, "ok");
    assert_eq!(simulator.reads("/2/tweets").await.len(), 2);
}

#[tokio::test]
async fn bad_targets_and_unlisted_accounts_are_refused() {
    let simulator = Simulator::start();
    let viral = simulator.tweet("globex", "viral").await;
    let steady = simulator.tweet("acme", "steady").await;
    let accounts = [
        account(Account::PUBLIC, std::slice::from_ref(&steady)),
        Account { name: "globex", lines: GLOBEX, tweets: vec![viral.clone()] },
    ];
    let accounts_of_nobody = [account(Account::PUBLIC, &[steady])];
    let exporter = Exporter::start(&simulator.configuration(PATIENT, &accounts), &simulator.secrets());
    until("numbers", async || (exporter.scrape().await.sum("tweet_state", &[("state", "ok")]) == 2.0).then_some(())).await;
    simulator.forget().await;
    for (query, status) in [
        ("target=nonsense&account=acme", 400),
        ("target=https://example.com/a/status/20&account=acme", 400),
        ("account=acme", 400),
        ("target=20", 400),
        ("target=20&target=21&account=acme", 400),
        ("target=20&account=%FF", 400),
        ("target=20&account=globex", 403),
        ("target=20&account=nobody", 403),
    ] {
        let (found, text) = exporter.get(&format!("/probe?{query}")).await;
        assert_eq!(found, status, "{query}: {text}");
    }
    let requests = simulator.requests().await;
    assert!(requests.iter().all(|request| request["path"] == "/2/usage/tweets"), "nothing was asked: {requests:?}");
    let answer: Value = serde_json::from_str(&exporter.get("/sd").await.1).expect("JSON");
    let accounts: BTreeSet<&str> =
        answer.as_array().expect("a list").iter().filter_map(|group| group["labels"]["__param_account"].as_str()).collect();
    assert_eq!(accounts, BTreeSet::from(["acme"]), "nobody is sent where he would be refused");
    exporter.reload_with(&simulator.configuration("", &accounts_of_nobody)).await;
    assert_eq!(exporter.get("/probe?target=20&account=acme").await.0, 403);
    assert_eq!(exporter.get("/sd").await, (200, "[]".to_owned()));
}

#[tokio::test]
async fn probes_spend_the_budget_and_not_a_cent_more() {
    let simulator = Simulator::start();
    let tweets = simulator.add_tweets("acme", 5, 600).await;
    let lines = format!("{}\n    budget: {{ usd_per_day: 0.02 }}", Account::PUBLIC);
    let (exporter, watched) = start(&simulator, PATIENT, &lines).await;
    let mut states = Vec::new();
    for tweet in &tweets {
        states.push(probe(&exporter, tweet).await.state(tweet));
    }
    assert_eq!(states, ["ok", "ok", "ok", "over_budget", "over_budget"], "one cent in four is the watched tweet's");
    let text = simulator.configuration(PATIENT, &[account(&lines, &[watched])]);
    exporter.reload_with(&text).await;
    for (tweet, state) in tweets.iter().zip(["ok", "ok", "ok", "over_budget", "over_budget"]) {
        assert_eq!(probe(&exporter, tweet).await.state(tweet), state, "known, or not to be had, after a reload as before");
    }
    assert_eq!(simulator.reads("/2/tweets").await.len(), 3);
    let exporter = exporter.crash(&simulator.secrets());
    for (tweet, state) in tweets.iter().zip(["ok", "ok", "ok", "over_budget", "over_budget"]) {
        assert_eq!(probe(&exporter, tweet).await.state(tweet), state, "what is paid today is read for nothing");
    }
    let bill = simulator.get("bill").await;
    let billed: u64 = bill["days"].as_object().expect("days").values().filter_map(|day| day["tweet"].as_u64()).sum();
    assert_eq!(billed, 4);
}

#[tokio::test]
async fn its_state_says_why_a_number_is_missing() {
    let simulator = Simulator::start();
    let (exporter, _) = start(&simulator, "probe: { accounts: [acme] }", Account::OWNER).await;
    for (kind, state) in [("deleted", "not_found"), ("protected", "not_authorized"), ("overage", "retired")] {
        let tweet = simulator.tweet("acme", kind).await;
        let page = probe(&exporter, &tweet).await;
        assert_eq!((page.state(&tweet).as_str(), page.families_of(&tweet).len()), (state, 1), "{kind}");
    }
    let stranger = simulator.tweet("globex", "viral").await;
    let page = probe(&exporter, &stranger).await;
    assert_eq!(page.state(&stranger), "ok");
    assert!(page.all("tweet_info", &[("username", "acme")]).is_empty(), "it is not acme's");
}

#[tokio::test]
async fn on_scrape_a_probe_reads_what_it_names_and_nothing_else() {
    let simulator = Simulator::start();
    let tweets = simulator.add_tweets("acme", 3, 600).await;
    let top = format!("mode: on_scrape\nmin_age: 1s\n{PATIENT}");
    let exporter =
        Exporter::start(&simulator.configuration(&top, &[account(Account::PUBLIC, &tweets[..2])]), &simulator.secrets());
    for tweet in [&tweets[2], &tweets[0]] {
        assert_eq!(probe(&exporter, tweet).await.state(tweet), "ok");
    }
    let reads = simulator.reads("/2/tweets").await;
    assert_eq!(reads.iter().map(|read| ids(read)).collect::<Vec<_>>(), [[tweets[2].as_str()], [tweets[0].as_str()]]);
    let answer: Value = serde_json::from_str(&exporter.get("/sd").await.1).expect("JSON");
    let host = exporter.url.trim_start_matches("http://");
    let labels = json!({"__metrics_path__": "/probe", "__param_target": tweets[0], "__param_account": "acme"});
    assert_eq!(answer[0], json!({"targets": [host], "labels": labels}));
    assert_eq!(answer.as_array().map(Vec::len), Some(2), "the watched ones");
}
