//! What `tweet_exporter backfill` refuses, and what it survives.

use std::fs;

use serde_json::json;

use crate::harness::{Account, Backfill, DAY, Process, Simulator, days_ago, until, watching};

const ANALYTICS: &str = "[{ api: analytics, window: 7d }]";

#[tokio::test]
async fn wrong_use_is_refused_before_anything_is_asked() {
    let simulator = Simulator::start();
    let tweet = simulator.tweet("acme", "steady").await;
    let good = simulator.acme(Account::OWNER, ANALYTICS, &watching(&[&tweet]));
    let backfill = Backfill::new(&simulator, &good);
    let (two, one, next) = (days_ago(2), days_ago(1), days_ago(-2));
    for (start, end, more, why) in [
        (&one, &two, &[][..], "is not before --end"),
        (&one, &one, &[], "is not before --end"),
        (&one, &next, &[], "lies in the future"),
        (&two, &format!("{}T23:59:59Z", &two[..10]), &[], "there is no whole day"),
        (&"2009-01-01T00:00:00Z".to_owned(), &one, &[], "before X's first numbers"),
        (&"yesterday".to_owned(), &one, &[], "write RFC 3339"),
        (&two, &one, &["--step=minute"], "invalid value 'minute'"),
    ] {
        let (code, output) = backfill.run(start, end, more);
        assert!(code == 2 && output.contains(why), "{code} {why}: {output}");
    }
    let mut arguments = backfill.arguments(&two, &one, &[]);
    arguments.retain(|argument| argument != "--account=acme");
    arguments.push("--account=nobody".to_owned());
    let (code, output) = Process::run(&arguments, backfill.secrets());
    assert!(code == 2 && output.contains("there is no account nobody; the accounts are acme"), "{output}");
    backfill.configure(&simulator.acme(Account::OWNER, "[{ api: lookup }]", &watching(&[&tweet])));
    let (code, output) = backfill.run(&two, &one, &[]);
    assert!(code == 2 && output.contains("no source of the account acme has a history (lookup)"), "{output}");
    backfill.configure(&simulator.acme(Account::OWNER, "[{ api: engagement_historical, window: 7d }]", &watching(&[&tweet])));
    let (code, output) = backfill.run(&days_ago(800), &days_ago(700), &[]);
    assert!(code == 2 && output.contains("does not know the past this far back"), "{output}");
    backfill.configure(&simulator.acme(Account::OWNER, ANALYTICS, "{ tweets: [] }"));
    let (code, output) = backfill.run(&two, &one, &[]);
    assert!(code == 2 && output.contains("watches no tweets"), "{output}");
    assert_eq!(simulator.requests().await.len(), 0);
}

#[tokio::test]
async fn an_output_that_is_there_or_cannot_be_is_refused() {
    let simulator = Simulator::start();
    let tweets = simulator.add_tweets("acme", 1, 3 * DAY).await;
    let backfill = Backfill::new(&simulator, &simulator.acme(Account::OWNER, ANALYTICS, &watching(&[&tweets[0]])));
    let (two, none) = (days_ago(2), days_ago(0));
    fs::write(backfill.path("out.om"), "mine").expect("written");
    let (code, output) = backfill.run(&two, &none, &[]);
    assert!(code == 2 && output.contains("add --force"), "{output}");
    assert_eq!(fs::read_to_string(backfill.path("out.om")).expect("readable"), "mine");
    fs::write(backfill.path("out.om.part"), "my own notes\n").expect("written");
    let (code, output) = backfill.run(&two, &none, &["--force"]);
    assert!(code == 2 && output.contains("no journal of a backfill"), "{output}");
    assert_eq!(fs::read_to_string(backfill.path("out.om.part")).expect("readable"), "my own notes\n");
    fs::remove_file(backfill.path("out.om.part")).expect("removed");
    let elsewhere = |output: &str| {
        let mut arguments = backfill.arguments(&two, &none, &[]);
        arguments.retain(|argument| !argument.starts_with("--output"));
        arguments.push(format!("--output={output}"));
        Process::run(&arguments, backfill.secrets())
    };
    let (code, output) = elsewhere(&backfill.path("missing/out.om").display().to_string());
    assert!(code == 1 && output.contains("cannot be used"), "{code} {output}");
    let (code, output) = elsewhere(&backfill.folder.path().display().to_string());
    assert!(code == 2 && output.contains("is a folder"), "{code} {output}");
    assert_eq!(simulator.requests().await.len(), 0, "nothing is bought that cannot be kept");
    let (code, output) = backfill.run(&two, &none, &["--force"]);
    assert_eq!(code, 0, "{output}");
    assert!(!backfill.samples().is_empty());
}

#[tokio::test]
async fn a_disk_that_fills_leaves_nothing_that_looks_complete() {
    let simulator = Simulator::start();
    let tweets = simulator.add_tweets("acme", 20, 30 * DAY).await;
    let backfill = Backfill::new(&simulator, &simulator.acme(Account::OWNER, ANALYTICS, &watching(&tweets)));
    let (start, end) = (days_ago(28), days_ago(0));
    // No file may grow beyond 2 MiB (ulimit counts blocks of 512 bytes): the state and the journal do not need so much, the output does.
    let arguments = backfill.arguments(&start, &end, &["--step=hour"]);
    let limit = "trap '' XFSZ; ulimit -f 4096";
    let mut process = Process::start_under(limit, std::process::Stdio::null(), &arguments, backfill.secrets());
    let code = process.end().code();
    assert_eq!(code, Some(1), "{}", process.output());
    let said = process.line("why", |line| line.contains("cannot be written"));
    assert!(said.contains("run the same command again"), "{said}");
    assert!(!backfill.path("out.om").exists() && !backfill.path("out.om.new").exists());
    let asked = simulator.requests().await.len();
    let (code, output) = backfill.run(&start, &end, &["--step=hour"]);
    assert_eq!(code, 0, "{output}");
    assert_eq!(simulator.requests().await.len(), asked, "all was bought already");
    assert!(backfill.samples().len() > 20);
}

#[tokio::test]
async fn a_span_without_numbers_is_an_error_and_no_file() {
    let simulator = Simulator::start();
    let deleted = simulator.tweet("acme", "deleted").await;
    let backfill = Backfill::new(&simulator, &simulator.acme(Account::OWNER, ANALYTICS, &watching(&[&deleted])));
    let (code, output) = backfill.run(&days_ago(2), &days_ago(0), &[]);
    assert!(code == 1 && output.contains("no numbers"), "{code} {output}");
    assert!(!backfill.path("out.om").exists() && !backfill.path("out.om.part").exists());
}

#[tokio::test]
async fn tweets_of_others_cost_themselves_only() {
    let simulator = Simulator::start();
    let own = simulator.add_tweets("acme", 4, 3 * DAY).await;
    let foreign = simulator.add_tweets("globex", 1, 3 * DAY).await;
    let tweets: Vec<&String> = own.iter().chain(&foreign).collect();
    for source in ["{ api: analytics, window: 7d }", "{ api: engagement_historical, window: 7d }"] {
        let backfill = Backfill::new(&simulator, &simulator.acme(Account::OWNER, &format!("[{source}]"), &watching(&tweets)));
        let (code, output) = backfill.run(&days_ago(2), &days_ago(0), &[]);
        assert_eq!(code, 0, "{output}");
        assert!(output.contains(&format!("does not give us {}", foreign[0])), "{output}");
        let found = backfill.samples();
        assert_eq!(found.keys().filter(|(_, labels)| labels["metric"] == "likes").count(), 4, "{source}");
    }
    // A refusal of the whole batch that names nobody: halves are asked for.
    let rule = json!([{"path": "/2/tweets/analytics", "fault": {"kind": "poison", "tweets": [own[2]], "status": 403}}]);
    simulator.faults(rule).await;
    let backfill = Backfill::new(&simulator, &simulator.acme(Account::OWNER, ANALYTICS, &watching(&own)));
    let (code, output) = backfill.run(&days_ago(2), &days_ago(0), &[]);
    assert_eq!(code, 0, "{output}");
    assert_eq!(backfill.samples().keys().filter(|(_, labels)| labels["metric"] == "likes").count(), 3);
}

#[tokio::test]
async fn faults_and_full_windows_are_waited_for() {
    let simulator = Simulator::start();
    let tweets = simulator.add_tweets("acme", 1, 3 * DAY).await;
    let backfill = Backfill::new(&simulator, &simulator.acme(Account::OWNER, ANALYTICS, &watching(&[&tweets[0]])));
    simulator
        .faults(json!([
            {"path": "/2/tweets/analytics", "times": 1, "fault": {"kind": "unavailable"}},
            {"path": "/2/tweets/analytics", "times": 1, "fault": {"kind": "rate_limited", "reset_in_seconds": 2}},
        ]))
        .await;
    let (code, output) = backfill.run(&days_ago(2), &days_ago(0), &[]);
    assert_eq!(code, 0, "{output}");
    assert_eq!(simulator.reads("/2/tweets/analytics").await.len(), 3);
}

#[tokio::test]
async fn a_system_that_is_closed_or_wants_money_ends_it_and_it_can_go_on() {
    let simulator = Simulator::start();
    let tweets = simulator.add_tweets("acme", 1, 3 * DAY).await;
    let sources = "[{ api: analytics, window: 7d }, { api: insights_historical, window: 28d }]";
    let backfill = Backfill::new(&simulator, &simulator.acme(Account::OWNER, sources, &watching(&[&tweets[0]])));
    simulator.systems(json!({"account": "acme", "insights": "gone"})).await;
    let (code, output) = backfill.run(&days_ago(2), &days_ago(0), &[]);
    assert!(code == 1 && output.contains("insights_historical: X keeps this system closed"), "{code} {output}");
    assert!(!backfill.path("out.om").exists());
    // Without that source, what analytics said is not bought again.
    backfill.configure(&simulator.acme(Account::OWNER, ANALYTICS, &watching(&[&tweets[0]])));
    let (code, output) = backfill.run(&days_ago(2), &days_ago(0), &[]);
    assert_eq!(code, 0, "{output}");
    assert_eq!(simulator.reads("/2/tweets/analytics").await.len(), 1);
    let poor = Backfill::new(&simulator, &simulator.acme(Account::OWNER, ANALYTICS, &watching(&[&tweets[0]])));
    simulator.faults(json!([{"fault": {"kind": "credits_depleted"}}])).await;
    let (code, output) = poor.run(&days_ago(2), &days_ago(0), &[]);
    assert!(code == 1 && output.contains("X wants money"), "{code} {output}");
}

#[tokio::test]
async fn somebody_who_stops_it_is_told_how_to_go_on() {
    let simulator = Simulator::start();
    let tweets = simulator.add_tweets("acme", 1, 3 * DAY).await;
    let backfill = Backfill::new(&simulator, &simulator.acme(Account::OWNER, ANALYTICS, &watching(&[&tweets[0]])));
    simulator.faults(json!([{"fault": {"kind": "stall"}}])).await;
    let mut process = backfill.start(&days_ago(2), &days_ago(0), &[]);
    until("a request", async || (!simulator.requests().await.is_empty()).then_some(())).await;
    process.signal("TERM");
    assert_eq!(process.end().code(), Some(1));
    assert!(process.line("advice", |line| line.contains("the same command goes on")).contains("stopped"));
}
