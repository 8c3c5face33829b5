//! Ids for which X refuses whole requests: they cost only themselves, whether X names them or not.

use serde_json::{Value, json};

use crate::harness::{Account, Exporter, Simulator, ids, until, watching};

/// A system whose batches can be spoilt.
struct System {
    source: &'static str,
    path: &'static str,
    batch: usize,
    /// A family that its numbers are in.
    family: &'static str,
}

const SYSTEMS: [System; 6] = [
    System { source: "{ api: lookup }", path: "/2/tweets", batch: 100, family: "tweet_engagement" },
    System {
        source: "{ api: analytics, window: 7d }",
        path: "/2/tweets/analytics",
        batch: 100,
        family: "tweet_engagement_window",
    },
    System { source: "{ api: insights_28hr }", path: "/2/insights/28hr", batch: 25, family: "tweet_engagement_window" },
    System { source: "{ api: engagement_28hr }", path: "/insights/", batch: 25, family: "tweet_engagement_window" },
    System { source: "{ api: engagement_totals }", path: "/insights/", batch: 100, family: "tweet_engagement" },
    System { source: "{ api: labs_private }", path: "/labs/1/", batch: 50, family: "tweet_engagement" },
];

/// ⌈log₂ n⌉ + 1
fn bound(tweets: usize) -> usize {
    tweets.next_power_of_two().ilog2() as usize + 1
}

async fn case(system: &System, status: u16, named: bool) {
    struck(system, &json!({"status": status, "named": named})).await;
}

async fn struck(system: &System, how: &Value) {
    let name = format!("{} {how}", system.source);
    let named = how["named"] == true;
    let simulator = Simulator::start();
    simulator.systems(json!({"account": "acme", "labs": "alive"})).await;
    let tweets = simulator.add_tweets("acme", system.batch, 600).await;
    let guilty = &tweets[system.batch / 3];
    let names: Vec<&str> = tweets.iter().map(String::as_str).collect();
    let mut fault = json!({"kind": "poison", "tweets": [guilty]});
    fault.as_object_mut().expect("an object").extend(how.as_object().expect("an object").clone());
    let sources = format!("[{}]", system.source);
    let text = simulator.acme(Account::OWNER, &sources, &watching(&names));
    let poison = json!([{"path": system.path, "fault": fault}]);
    // Until insights have answered once, a 400 may be about the way in which lists are written, which costs a request more.
    let is_warm = system.path.contains("insights/28hr") && how["status"] == 400 && !named;
    if !is_warm {
        simulator.faults(poison.clone()).await;
    }
    let exporter = Exporter::start(&text, &simulator.secrets());
    if is_warm {
        exporter.scrape().await;
        simulator.faults(poison).await;
        simulator.forget().await;
    }
    let page = until(&name, async || {
        let page = exporter.scrape().await;
        (page.sum("tweet_state", &[("state", "ok")]) == (system.batch - 1) as f64).then_some(page)
    })
    .await;
    assert!(page.all(system.family, &[("tweet_id", guilty)]).is_empty(), "{name}");
    let state = page.state(guilty);
    assert!(["not_authorized", "unavailable"].contains(&state.as_str()), "{name}: {state}");
    let passes = if system.source.contains("totals") { 2 } else { 1 };
    let most = if named { 1 } else { bound(system.batch) };
    let requests = reads(&simulator, system).await;
    assert!(requests.len() <= passes * (1 + most), "{name}: {} requests", requests.len());
    simulator.forget().await;
    let page = exporter.refresh().await;
    assert_eq!(page.sum("tweet_state", &[("state", "ok")]), (system.batch - 1) as f64, "{name}");
    let requests = reads(&simulator, system).await;
    assert!(requests.iter().all(|request| !ids(request).contains(&guilty.as_str())), "{name}: it is asked for again");
    assert!(requests.iter().all(|request| request["status"] == 200), "{name}");
    let counts: usize = requests.iter().map(|request| ids(request).len()).sum();
    assert_eq!(counts, passes * (system.batch - 1), "{name}: each once");
}

async fn reads(simulator: &Simulator, system: &System) -> Vec<Value> {
    simulator.reads(system.path).await
}

#[tokio::test]
async fn an_id_that_x_names_costs_one_request() {
    for system in &SYSTEMS {
        case(system, 400, true).await;
    }
}

#[tokio::test]
async fn an_id_that_x_does_not_name_is_found_by_halving() {
    for system in &SYSTEMS {
        case(system, 400, false).await;
    }
}

#[tokio::test]
async fn a_403_for_one_id_that_x_names_costs_one_request() {
    for system in &SYSTEMS {
        case(system, 403, true).await;
    }
}

#[tokio::test]
async fn a_403_for_one_id_that_x_does_not_name_is_found_by_halving() {
    for system in &SYSTEMS {
        case(system, 403, false).await;
    }
}

#[tokio::test]
async fn a_403_that_says_nothing_is_taken_for_an_id_before_it_is_taken_for_the_app() {
    for system in &SYSTEMS[1..3] {
        struck(system, &json!({"status": 403, "bare": true})).await;
    }
}

#[tokio::test]
async fn several_culprits_in_several_batches_are_all_found() {
    for system in [&SYSTEMS[0], &SYSTEMS[1], &SYSTEMS[3]] {
        let simulator = Simulator::start();
        let tweets = simulator.add_tweets("acme", 2 * system.batch, 600).await;
        let names: Vec<&str> = tweets.iter().map(String::as_str).collect();
        let sources = format!("[{}]", system.source);
        let exporter = Exporter::start(&simulator.acme(Account::OWNER, &sources, &watching(&names)), &simulator.secrets());
        exporter.scrape().await;
        simulator.forget().await;
        let guilty = [names[1], names[system.batch - 2], names[system.batch + 5]];
        let fault = json!({"kind": "poison", "tweets": guilty, "status": 400});
        simulator.faults(json!([{"path": system.path, "fault": fault}])).await;
        let page = until(system.source, async || {
            let page = exporter.scrape().await;
            guilty.iter().all(|tweet| page.state(tweet) == "unavailable").then_some(page)
        })
        .await;
        assert_eq!(page.sum("tweet_state", &[("state", "ok")]), (names.len() - 3) as f64, "{}", system.source);
        exporter.refresh().await;
        simulator.forget().await;
        let page = exporter.refresh().await;
        assert_eq!(page.sum("tweet_state", &[("state", "ok")]), (names.len() - 3) as f64, "{}", system.source);
        let requests = reads(&simulator, system).await;
        assert!(requests.len() == 2 && requests.iter().all(|request| request["status"] == 200), "{requests:?}");
    }
}

#[tokio::test]
async fn the_log_blames_the_account_only_once_it_is_the_account() {
    const ANALYTICS: &str = "/2/tweets/analytics";
    let simulator = Simulator::start();
    let tweets = simulator.add_tweets("acme", 8, 600).await;
    let configuration = simulator.acme(Account::OWNER, "[{ api: analytics, window: 7d }]", &watching(&tweets));
    let refused = |line: &str| line.contains("api=analytics") && line.contains("reason=forbidden");
    let blames = |line: &str| refused(line) && line.contains("X refuses the account");
    for fault in [
        json!({"kind": "poison", "tweets": [&tweets[2]], "bare": true}),
        json!({"kind": "poison", "tweets": [&tweets[2]], "named": true}),
        json!({"kind": "poison", "tweets": [&tweets[2]]}),
    ] {
        simulator.faults(json!([{"path": ANALYTICS, "fault": fault}])).await;
        let mut exporter = Exporter::start(&configuration, &simulator.secrets());
        until("all others", async || (exporter.scrape().await.sum("tweet_state", &[("state", "ok")]) == 7.0).then_some(())).await;
        let first = exporter.process.line("the first refusal", refused);
        assert!(first.contains("level=warn") && !blames(&first), "{fault}: {first}");
        // The log is one stream: what was said before its last line has been read with it.
        exporter.process.signal("TERM");
        exporter.process.line("the end", |line| line.contains("stopped"));
        exporter.process.end();
        let log = exporter.process.output();
        assert!(!log.lines().any(|line| line.contains("level=error")), "{fault}: {log}");
    }
    simulator.faults(json!([{"path": ANALYTICS, "fault": {"kind": "empty", "status": 403}}])).await;
    let exporter = Exporter::start(&configuration, &simulator.secrets());
    exporter.scrape().await;
    let first = exporter.process.line("the first refusal", refused);
    assert!(first.contains("level=warn"), "{first}");
    let last = exporter.process.line("the account's refusal", blames);
    assert!(last.contains("level=error"), "{last}");
}
