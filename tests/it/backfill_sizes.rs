//! What `tweet_exporter backfill` does when answers would be, or are, larger than what is read of one.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{Account, BUCKET, Backfill, DAY, Simulator, days_ago, ids, series, until, watching};

const HISTORICAL: &str = "/2/insights/historical";
const SOURCE: &str = "[{ api: insights_historical, window: 28d }]";

/// Tweets, start and end of what was asked for.
fn asked(request: &Value) -> (Vec<String>, String, String) {
    let word = |name: &str| request["query"][name].as_str().unwrap_or_default().to_owned();
    (ids(request).into_iter().map(str::to_owned).collect(), word("start_time"), word("end_time"))
}

fn is_good(request: &Value) -> bool {
    request["status"] == 200 && request["fault"].is_null()
}

#[tokio::test]
async fn four_weeks_of_hours_of_many_tweets_are_cut_to_what_can_be_read() {
    let simulator = Simulator::start();
    let tweets = simulator.add_tweets("acme", 20, 70 * DAY).await;
    let backfill = Backfill::new(&simulator, &simulator.acme(Account::OWNER, SOURCE, &watching(&tweets)));
    let (code, output) = backfill.run(&days_ago(28), &days_ago(0), &["--step=hour"]);
    assert_eq!(code, 0, "{output}");
    assert!(!output.contains("too large"), "{output}");
    assert!(output.contains("create-blocks-from openmetrics --max-block-duration=720h "), "{output}");
    let samples = backfill.samples();
    for tweet in &tweets {
        assert_eq!(series(&samples, BUCKET, tweet, "video_completions").map(|hours| hours.len()), Some(28 * 24));
    }
    assert_eq!(simulator.reads(HISTORICAL).await.len(), 3, "8, 8 and 4 tweets");
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_never_asked_for_again_as_it_was() {
    let simulator = Simulator::start();
    let tweets = simulator.add_tweets("acme", 2, 70 * DAY).await;
    let backfill = Backfill::new(&simulator, &simulator.acme(Account::OWNER, SOURCE, &watching(&tweets)));
    let huge = json!({"path": HISTORICAL, "times": 3, "fault": {"kind": "huge", "bytes": 17 << 20}});
    let stall = json!({"path": HISTORICAL, "skip": 2, "fault": {"kind": "stall"}});
    simulator.faults(json!([huge, stall])).await;
    let (start, end) = (days_ago(28), days_ago(0));
    let mut process = backfill.start(&start, &end, &["--step=hour"]);
    until("the sixth request", async || (simulator.reads(HISTORICAL).await.len() == 6).then_some(())).await;
    process.signal("KILL");
    process.end();
    simulator.faults(json!([])).await;
    let (code, output) = backfill.run(&start, &end, &["--step=hour"]);
    assert_eq!(code, 0, "{output}");
    let requests = simulator.reads(HISTORICAL).await;
    // Two tweets over four weeks, one of them, two weeks of it; then a week at a time, two of which were bought before the crash.
    assert_eq!(requests.len(), 3 + 2 + 1 + 6, "{requests:?}");
    let (good, bad): (Vec<&Value>, Vec<&Value>) = requests.iter().partition(|request| is_good(request));
    let refused: Vec<_> = bad.iter().filter(|request| request["fault"] == "huge").map(|request| asked(request)).collect();
    assert_eq!(refused.iter().collect::<BTreeSet<_>>().len(), 3, "{refused:?}");
    let bought: Vec<_> = good.iter().map(|request| asked(request)).collect();
    assert_eq!(bought.iter().collect::<BTreeSet<_>>().len(), 8, "{bought:?}");
    let samples = backfill.samples();
    for tweet in &tweets {
        assert_eq!(series(&samples, BUCKET, tweet, "likes").map(|hours| hours.len()), Some(28 * 24));
    }
}

#[tokio::test]
async fn too_large_an_answer_to_a_small_question_ends_it() {
    let simulator = Simulator::start();
    let tweets = simulator.add_tweets("acme", 1, 70 * DAY).await;
    let backfill = Backfill::new(&simulator, &simulator.acme(Account::OWNER, SOURCE, &watching(&tweets)));
    simulator.faults(json!([{"path": HISTORICAL, "fault": {"kind": "huge", "bytes": 17 << 20}}])).await;
    let (code, output) = backfill.run(&days_ago(7), &days_ago(0), &[]);
    assert!(code == 1 && output.contains("the answer is too large, little as was asked for"), "{code} {output}");
    assert_eq!(simulator.reads(HISTORICAL).await.len(), 1, "it is paid for each time");
}
