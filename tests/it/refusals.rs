//! X's refusals of money and of more requests, over a crash: what was refused is not asked for again before it may succeed, and people
//! still see why.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Account, Exporter, Page, Simulator, until};

/// What shows a refusal.
struct Refusal {
    fault: Value,
    reason: &'static str,
    /// Of the one tweet.
    state: &'static str,
    /// On the status page.
    cause: &'static str,
    /// When it is tried again, as the status page has it.
    again: &'static str,
}

fn refusals() -> [Refusal; 5] {
    let refusal = |fault, reason, state, cause, again| Refusal { fault, reason, state, cause, again };
    let money = "all systems: X wants money , tried again ";
    let window = "lookup with bearer: X's window is used up , tried again ";
    [
        refusal(json!({"kind": "credits_depleted"}), "payment_refused", "over_budget", money, "in 1"),
        refusal(json!({"kind": "spend_cap", "reset_date": in_ten_days()}), "payment_refused", "over_budget", money, "in 9d"),
        refusal(json!({"kind": "usage_capped"}), "payment_refused", "over_budget", money, "in 1"),
        refusal(json!({"kind": "rate_limited", "reset_in_seconds": 600}), "rate_limited", "ok", window, "in "),
        refusal(json!({"kind": "rate_limited_24h", "reset_in_seconds": 40_000}), "rate_limited", "ok", window, "in 11h"),
    ]
}

fn in_ten_days() -> String {
    let day = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(240);
    day.strftime("%Y-%m-%d").to_string()
}

/// Words of the status page, without markup.
async fn words(exporter: &Exporter) -> String {
    let html = exporter.get("/").await.1;
    let text: Vec<&str> = html.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text)).collect();
    text.join(" ").split_whitespace().collect::<Vec<_>>().join(" ").replace("&#39;", "'")
}

async fn refused(exporter: &Exporter, reason: &str) -> Page {
    until(reason, async || {
        let page = exporter.scrape().await;
        (page.sum("tweet_exporter_api_errors_total", &[("reason", reason)]) > 0.0).then_some(page)
    })
    .await
}

/// An exporter that would read its tweet each second, and has read it once.
async fn reading(simulator: &Simulator) -> (Exporter, String) {
    let tweet = simulator.tweet("acme", "steady").await;
    let account = [Account { name: "acme", lines: Account::PUBLIC, tweets: vec![tweet.clone()] }];
    let exporter = Exporter::start(&simulator.on_scrape(&account), &simulator.secrets());
    assert_eq!(exporter.scrape().await.state(&tweet), "ok");
    (exporter, tweet)
}

async fn a_crash_forgets_nothing_of(refusal: Refusal) {
    let (simulator, fault) = (Simulator::start(), &refusal.fault);
    let (exporter, tweet) = reading(&simulator).await;
    simulator.faults(json!([{"fault": fault}])).await;
    let before = refused(&exporter, refusal.reason).await;
    let exporter = exporter.crash(&simulator.secrets());
    simulator.faults(json!([])).await;
    simulator.forget().await;
    let quiet = Instant::now();
    let after = until("more than the interval", async || {
        let page = exporter.scrape().await;
        (quiet.elapsed() > Duration::from_millis(1_500)).then_some(page)
    })
    .await;
    assert_eq!(simulator.requests().await, Vec::<Value>::new(), "{fault}: a call before it can succeed");
    assert_eq!((before.state(&tweet), after.state(&tweet)), (refusal.state.to_owned(), refusal.state.to_owned()), "{fault}");
    let likes = |page: &Page| page.value("tweet_engagement", &[("metric", "likes")]);
    assert!(likes(&after).is_some() && likes(&after) == likes(&before), "{fault}: the last true numbers");
    for family in ["remaining", "reset_timestamp_seconds"].map(|name| format!("tweet_exporter_api_rate_limit_{name}")) {
        let shown = |page: &Page| page.all(&family, &[]).iter().map(|series| (series.labels.clone(), series.value)).collect();
        let windows: [Vec<_>; 2] = [shown(&before), shown(&after)];
        assert!(!windows[0].is_empty() && windows[0] == windows[1], "{fault}: {family} {windows:?}");
    }
    assert_eq!(exporter.get("/-/ready").await.0, 200, "{fault}");
    let words = words(&exporter).await;
    let told = words.split(refusal.cause).nth(1).unwrap_or_else(|| panic!("{fault}: no {:?} in {words}", refusal.cause));
    assert!(told.starts_with(refusal.again), "{fault}: {told}");
    let line = exporter.process.line(&format!("{fault}"), |line| line.contains("still holds"));
    assert!(line.contains("account=acme") && line.contains("until="), "{line}");
}

#[tokio::test]
async fn a_crash_forgets_no_refusal() {
    let together = tokio::task::LocalSet::new();
    let running = refusals().map(|refusal| together.spawn_local(a_crash_forgets_nothing_of(refusal)));
    together.await;
    for case in running {
        case.await.expect("no case panics");
    }
}

#[tokio::test]
async fn after_a_crash_a_window_is_used_again_when_it_opens_and_not_before() {
    let simulator = Simulator::start();
    let (exporter, _) = reading(&simulator).await;
    simulator.forget().await;
    let fault = json!({"kind": "rate_limited", "reset_in_seconds": 4});
    simulator.faults(json!([{"path": "/2/tweets", "times": 1, "fault": fault}])).await;
    refused(&exporter, "rate_limited").await;
    let exporter = exporter.crash(&simulator.secrets());
    until("the window opens", async || {
        exporter.scrape().await;
        (simulator.reads("/2/tweets").await.len() > 1).then_some(())
    })
    .await;
    let requests = simulator.reads("/2/tweets").await;
    let moments: Vec<i64> = requests.iter().map(|request| request["at_millis"].as_i64().expect("a moment")).collect();
    // The reset is told in whole seconds.
    assert!(moments[1] - moments[0] >= 3_000, "{moments:?}");
}
