//! What survives a restart, a crash and a broken file.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{Account, Exporter, Process, Simulator, until};

fn owner(tweets: Vec<String>) -> [Account<'static>; 1] {
    [Account { name: "acme", lines: Account::OWNER, tweets }]
}

/// A configuration in which a scrape reads only what was never read.
fn patient(simulator: &Simulator, accounts: &[Account]) -> String {
    simulator.configuration("mode: on_scrape\nmin_age: 1h", accounts)
}

/// Ends it in good order and starts it again.
fn stop_and_start(mut exporter: Exporter, secrets: &[(String, String)]) -> Exporter {
    exporter.process.signal("TERM");
    exporter.process.end();
    Exporter::start_in(exporter.folder, secrets)
}

async fn reads(simulator: &Simulator) -> Vec<Value> {
    let mut requests = simulator.requests().await;
    requests.retain(|request| request["path"] != "/2/usage/tweets");
    requests
}

#[tokio::test]
async fn after_a_crash_the_last_numbers_are_there_at_once_and_nothing_is_bought() {
    let simulator = Simulator::start();
    let (video, deleted) = (simulator.tweet("acme", "video").await, simulator.tweet("acme", "deleted").await);
    let secrets = simulator.secrets();
    let exporter = Exporter::start(&patient(&simulator, &owner(vec![video.clone(), deleted.clone()])), &secrets);
    let before = exporter.scrape().await;
    assert_eq!((before.state(&video), before.state(&deleted)), ("ok".to_owned(), "not_found".to_owned()));
    simulator.forget().await;
    simulator.faults(json!([{"fault": {"kind": "dropped"}}])).await;
    let exporter = exporter.crash(&secrets);
    assert_eq!(exporter.get("/-/ready").await.0, 200, "fresh enough");
    let after = exporter.scrape().await;
    for family in ["tweet_engagement", "tweet_engagement_by_context", "tweet_media_engagement", "tweet_info"] {
        assert!(before.sum(family, &[("tweet_id", &video)]) > 0.0, "{family}");
        assert_eq!(after.sum(family, &[("tweet_id", &video)]), before.sum(family, &[("tweet_id", &video)]), "{family}");
    }
    let age = "tweet_last_success_timestamp_seconds";
    assert_eq!(after.value(age, &[("tweet_id", &video)]), before.value(age, &[("tweet_id", &video)]), "their true age");
    assert_eq!(after.state(&deleted), "not_found");
    assert_eq!(reads(&simulator).await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_crash_loop_never_spends_more_than_the_budget() {
    let simulator = Simulator::start();
    let ids = simulator.add_tweets("acme", 400, 600).await;
    let secrets = simulator.secrets();
    let lines = format!("{}\n    budget: {{ usd_per_day: 0.75 }}", Account::PUBLIC);
    let account = [Account { name: "acme", lines: &lines, tweets: ids }];
    let top = "billing: { charge: every_read }\ntiers: [{ younger_than: 1d, every: 1s }]";
    let mut exporter = Exporter::start(&simulator.configuration(top, &account), &secrets);
    for crashes in 0..6 {
        // Now before the first answer, now after some. What was about to be asked when it died counts as spent.
        until("requests, or no money", async || {
            let held = exporter.scrape().await.sum("tweet_state", &[("state", "over_budget")]);
            (held > 0.0 || simulator.requests().await.len() > crashes / 2).then_some(())
        })
        .await;
        exporter = exporter.crash(&secrets);
    }
    until("the end of the money", async || {
        (exporter.scrape().await.sum("tweet_state", &[("state", "over_budget")]) > 0.0).then_some(())
    })
    .await;
    let requests = reads(&simulator).await;
    let bought: u64 = requests
        .iter()
        .filter(|request| request["status"] == 200)
        .map(|request| request["ids_count"].as_u64().unwrap_or(0))
        .sum();
    assert!(bought <= 150, "{bought} tweets at half a cent of 75 cents");
}

#[tokio::test]
async fn a_paid_tweet_is_known_to_be_paid_after_a_crash() {
    let simulator = Simulator::start();
    let ids = simulator.add_tweets("acme", 20, 600).await;
    let secrets = simulator.secrets();
    let lines = format!("{}\n    budget: {{ usd_per_day: 0.05 }}", Account::PUBLIC);
    let account = [Account { name: "acme", lines: &lines, tweets: ids }];
    let mut exporter = Exporter::start(&simulator.on_scrape(&account), &secrets);
    for _ in 0..3 {
        let page = exporter.scrape().await;
        assert_eq!(page.sum("tweet_state", &[("state", "ok")]), 10.0, "the ten that the day's money bought");
        assert_eq!(page.sum("tweet_state", &[("state", "over_budget")]), 10.0);
        assert_eq!(page.value("tweet_exporter_budget_remaining_usd", &[("period", "day")]), Some(0.0));
        exporter = exporter.crash(&secrets);
    }
    let bill = simulator.get("bill").await;
    let days = bill["days"].as_object().expect("days");
    assert_eq!(days.values().map(|day| day["tweet"].as_u64().unwrap_or(0)).sum::<u64>(), 10);
}

#[tokio::test]
async fn what_was_found_on_the_timeline_is_still_watched_and_its_owner_known() {
    let simulator = Simulator::start();
    simulator.add_tweets("acme", 5, 60).await;
    let lines = format!("{}\n    sources: [{{ api: timeline }}]", Account::OWNER);
    let watch = "    watch:\n      timeline: { younger_than: 1h }";
    let text = format!(
        "{}\n",
        simulator.configuration("mode: on_scrape\nmin_age: 1h", &[Account { name: "acme", lines: &lines, tweets: vec![] }])
    );
    let text = text.replace("    watch:\n      tweets:\n", &format!("{watch}\n"));
    let secrets = simulator.secrets();
    let exporter = Exporter::start(&text, &secrets);
    let before = exporter.scrape().await;
    assert!(before.sum("tweet_state", &[("state", "ok")]) >= 5.0);
    simulator.forget().await;
    let exporter = exporter.crash(&secrets);
    let after = exporter.scrape().await;
    assert_eq!(after.sum("tweet_state", &[]), before.sum("tweet_state", &[]));
    assert_eq!(after.sum("tweet_engagement", &[]), before.sum("tweet_engagement", &[]));
    assert_eq!(reads(&simulator).await, Vec::<Value>::new(), "neither the user nor a page is bought again");
}

#[tokio::test]
async fn a_broken_state_is_put_aside_and_said() {
    let simulator = Simulator::start();
    let steady = simulator.tweet("acme", "steady").await;
    let secrets = simulator.secrets();
    let exporter = Exporter::start(&patient(&simulator, &owner(vec![steady.clone()])), &secrets);
    exporter.scrape().await;
    let file = exporter.folder.path().join("state/state.redb");
    let mut exporter = exporter;
    exporter.process.signal("KILL");
    exporter.process.end();
    fs::write(&file, "no state at all").expect("written");
    let exporter = Exporter::start_in(exporter.folder, &secrets);
    assert_eq!(exporter.scrape().await.state(&steady), "ok", "read anew");
    let log = exporter.process.output();
    assert!(log.contains("the state cannot be read; it is put aside"), "{log}");
    let names = fs::read_dir(file.parent().expect("a folder")).expect("there");
    let names: Vec<String> = names.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    assert!(names.iter().any(|name| name.ends_with(".broken")), "{names:?}");
    assert_eq!(exporter.scrape().await.value("tweet_exporter_state_ok", &[]), Some(1.0));
}

#[tokio::test]
async fn two_exporters_do_not_share_a_state() {
    let simulator = Simulator::start();
    let steady = simulator.tweet("acme", "steady").await;
    let secrets = simulator.secrets();
    let exporter = Exporter::start(&patient(&simulator, &owner(vec![steady])), &secrets);
    let folder = exporter.folder.path();
    let config = format!("--config.file={}", folder.join("tweet_exporter.yml").display());
    let state = format!("--state.path={}", folder.join("state").display());
    let (code, output) = Process::run(&[&config, &state, "--web.listen-address=127.0.0.1:0"], &secrets);
    assert_eq!(code, 1, "{output}");
    assert!(output.contains(&*folder.join("state").to_string_lossy()), "{output}");
}

#[tokio::test]
async fn a_folder_that_cannot_be_used_costs_the_memory_and_not_the_numbers() {
    let simulator = Simulator::start();
    let steady = simulator.tweet("acme", "steady").await;
    let folder = tempfile::tempdir().expect("a folder");
    let text = patient(&simulator, &owner(vec![steady.clone()]));
    fs::write(folder.path().join("tweet_exporter.yml"), text).expect("written");
    fs::write(folder.path().join("state"), "a file, no folder").expect("written");
    let exporter = Exporter::start_in(folder, &simulator.secrets());
    let page = exporter.scrape().await;
    assert_eq!(page.state(&steady), "ok");
    assert_eq!(page.value("tweet_exporter_state_ok", &[]), Some(0.0));
    assert!(exporter.process.output().contains("the state cannot be used"), "{}", exporter.process.output());
}

#[tokio::test]
async fn numbers_of_a_source_that_was_taken_out_and_tweets_no_longer_watched_do_not_come_back() {
    let simulator = Simulator::start();
    let (kept, gone) = (simulator.tweet("acme", "video").await, simulator.tweet("acme", "steady").await);
    let secrets = simulator.secrets();
    let with = |sources: &str, tweets: &[&String]| {
        let lines = format!("{}\n    sources: {sources}", Account::OWNER);
        let tweets = tweets.iter().map(|tweet| (*tweet).clone()).collect();
        patient(&simulator, &[Account { name: "acme", lines: &lines, tweets }])
    };
    let both = "[{ api: lookup }, { api: analytics, window: 7d }]";
    let exporter = Exporter::start(&with(both, &[&kept, &gone]), &secrets);
    let before = exporter.scrape().await;
    let of = |page: &crate::harness::Page, family: &str, tweet: &str| page.sum(family, &[("tweet_id", tweet)]);
    assert!(of(&before, "tweet_engagement_window", &kept) > 0.0 && of(&before, "tweet_engagement", &gone) > 0.0);
    fs::write(exporter.folder.path().join("tweet_exporter.yml"), with("[{ api: lookup }]", &[&kept])).expect("written");
    let exporter = exporter.crash(&secrets);
    let after = exporter.scrape().await;
    assert_eq!(of(&after, "tweet_engagement", &kept), of(&before, "tweet_engagement", &kept));
    assert_eq!(after.sum("tweet_engagement_window", &[]), 0.0, "nobody reads these any more");
    assert_eq!(after.sum("tweet_state", &[]), 1.0);
    // The tweet that left and came back is read anew: nobody kept numbers that would grow old unseen.
    fs::write(exporter.folder.path().join("tweet_exporter.yml"), with("[{ api: lookup }]", &[&kept, &gone])).expect("written");
    simulator.faults(json!([{"fault": {"kind": "dropped"}}])).await;
    let exporter = stop_and_start(exporter, &secrets);
    let last = exporter.scrape().await;
    assert_eq!((last.sum("tweet_state", &[]), of(&last, "tweet_engagement", &gone)), (2.0, 0.0));
}

/// Each system wants its requests in the form that its documents do not have.
fn other_forms() -> Value {
    let path = |path: &str, fault: Value| json!({"path": path, "fault": fault});
    let fields = || json!({"kind": "fields_parameter", "only": "post.fields"});
    let lists = json!({"kind": "insights", "encoding": "repeated"});
    json!([path("/2/tweets", fields()), path("/2/users/", fields()), path("/2/insights/", lists)])
}

#[tokio::test]
async fn the_form_in_which_x_wants_its_requests_is_learned_once() {
    let simulator = Simulator::start();
    simulator.faults(other_forms()).await;
    let foreign = simulator.tweet("globex", "viral").await;
    let sources = "[{ api: timeline }, { api: lookup }, { api: insights_28hr }]";
    let watch = format!("{{ tweets: [\"{foreign}\"], timeline: {{ younger_than: 1d }} }}");
    let text = simulator.acme(Account::OWNER, sources, &watch);
    let secrets = simulator.secrets();
    let exporter = Exporter::start(&text, &secrets);
    // Requests that X refused to each system, until each has answered one.
    let refused = async |exporter: &Exporter| {
        let counts = until("an answer of each", async || {
            exporter.scrape().await;
            let requests = reads(&simulator).await;
            let with = |path: &str, status: u16| {
                let to = |request: &&Value| request["path"].as_str().is_some_and(|other| other.starts_with(path));
                requests.iter().filter(|request| to(request) && request["status"] == status).count()
            };
            let paths = ["/2/users/", "/2/tweets", "/2/insights/28hr"];
            paths.iter().all(|path| with(path, 200) > 0).then(|| paths.map(|path| with(path, 400)))
        })
        .await;
        simulator.forget().await;
        counts
    };
    assert_eq!(refused(&exporter).await, [1, 1, 1], "it has to be found out");
    assert_eq!(refused(&exporter).await, [0, 0, 0], "and is remembered");
    let exporter = exporter.crash(&secrets);
    assert_eq!(refused(&exporter).await, [0, 0, 0], "over a crash");
    exporter.reload_with(&text.replace("min_age: 1s", "min_age: 2s")).await;
    assert_eq!(refused(&exporter).await, [0, 0, 0], "over a reload");
    let exporter = stop_and_start(exporter, &secrets);
    assert_eq!(refused(&exporter).await, [0, 0, 0], "over both");
}
