//! What `tweet_exporter backfill` says of a history that is not all one may think it is.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{Account, BUCKET, Backfill, DAY, Simulator, days_ago, ids, series, until, watching};

const ANALYTICS: &str = "[{ api: analytics, window: 7d }]";

/// Tweet and start of whatever X answered.
fn answered(requests: &[Value]) -> Vec<(String, String)> {
    let good = requests.iter().filter(|request| request["status"] == 200 && request["fault"].is_null());
    let start = |request: &Value| request["query"]["start_time"].as_str().unwrap_or_default().to_owned();
    good.flat_map(|request| ids(request).into_iter().map(move |id| (id.to_owned(), start(request)))).collect()
}

#[tokio::test]
async fn a_resumed_backfill_follows_the_watch_list_and_says_so() {
    let simulator = Simulator::start();
    let tweets = simulator.add_tweets("acme", 4, 130 * DAY).await;
    let (gone, stays, new) = (&tweets[0], &tweets[1], &tweets[3]);
    let backfill = Backfill::new(&simulator, &simulator.acme(Account::OWNER, ANALYTICS, &watching(&tweets[..3])));
    let (start, end) = (days_ago(120), days_ago(0));
    simulator.faults(json!([{"path": "/2/tweets/analytics", "skip": 2, "fault": {"kind": "stall"}}])).await;
    let mut process = backfill.start(&start, &end, &[]);
    until("the third request", async || (simulator.reads("/2/tweets/analytics").await.len() == 3).then_some(())).await;
    process.signal("KILL");
    process.end();
    simulator.faults(json!([])).await;
    backfill.configure(&simulator.acme(Account::OWNER, ANALYTICS, &watching(&tweets[1..])));
    let (code, output) = backfill.run(&start, &end, &[]);
    assert_eq!(code, 0, "{output}");
    assert!(output.contains(&format!("warning: 1 tweet ({new}): new on the watch list")), "{output}");
    assert!(output.contains(&format!("warning: 1 tweet ({gone}): watched no more")), "{output}");
    let bought = answered(&simulator.reads("/2/tweets/analytics").await);
    assert_eq!(bought.iter().collect::<BTreeSet<_>>().len(), bought.len(), "{bought:?}");
    let parts = |tweet: &String| bought.iter().filter(|(id, _)| id == tweet).count();
    assert_eq!([parts(gone), parts(stays), parts(new)], [2, 5, 5], "nothing more of the one that is gone");
    let samples = backfill.samples();
    let days = |tweet| series(&samples, BUCKET, tweet, "likes").map(|days| days.len());
    assert_eq!([days(gone), days(stays), days(new)], [Some(56), Some(120), Some(120)], "what was bought is there");
}

#[tokio::test]
async fn values_that_cannot_be_read_are_counted_also_after_a_crash() {
    for (source, path, malformed) in [
        ("{ api: analytics, window: 7d }", "/2/tweets/analytics", "analytics: "),
        ("{ api: engagement_historical, window: 7d }", "/insights/engagement/historical", "engagement_historical: "),
    ] {
        let simulator = Simulator::start();
        let tweets = simulator.add_tweets("acme", 2, 70 * DAY).await;
        let sources = format!("[{source}]");
        let whole = Backfill::new(&simulator, &simulator.acme(Account::OWNER, &sources, &watching(&tweets)));
        let (start, end) = (days_ago(60), days_ago(0));
        let (code, output) = whole.run(&start, &end, &[]);
        assert!(code == 0 && !output.contains("unreadable"), "{output}");
        let count = |backfill: &Backfill| backfill.samples().values().map(|values| values.len()).sum::<usize>();
        let all = count(&whole);
        simulator.forget().await;
        let backfill = Backfill::new(&simulator, &simulator.acme(Account::OWNER, &sources, &watching(&tweets)));
        let bad = json!({"path": path, "times": 1, "fault": {"kind": "malformed_value"}});
        simulator.faults(json!([bad, {"path": path, "fault": {"kind": "stall"}}])).await;
        let mut process = backfill.start(&start, &end, &[]);
        until("the second request", async || (simulator.reads(path).await.len() == 2).then_some(())).await;
        process.signal("KILL");
        process.end();
        simulator.faults(json!([])).await;
        let (code, output) = backfill.run(&start, &end, &[]);
        assert_eq!(code, 0, "{output}");
        let holes = all - count(&backfill);
        assert!(holes > 0, "{source}");
        let sentence = format!("warning: {malformed}{holes} unreadable values, the output has no number in their place: ");
        assert!(output.contains(&sentence), "{sentence}: {output}");
        assert!(tweets.iter().any(|tweet| output.contains(tweet.as_str())), "{output}");
    }
}
