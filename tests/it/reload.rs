//! Another configuration without a restart: what holds at once, what survives, and what a bad file changes (nothing).

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use crate::harness::{Account, Exporter, Process, Simulator, client, ids, until, watching};

const EACH_SECOND: &str = "tiers: [{ younger_than: 2000d, every: 1s }]";
const PATIENT: &str = "mode: on_scrape\nmin_age: 1h";
const GLOBEX: &str = "    username: globex\n    credentials: { bearer_token: \"${GLOBEX_BEARER_TOKEN}\" }";

fn acme(tweets: &[&String]) -> Account<'static> {
    Account { name: "acme", lines: Account::PUBLIC, tweets: tweets.iter().map(|tweet| (*tweet).clone()).collect() }
}

/// The requests but for those that only ask what X has counted.
async fn reads(simulator: &Simulator) -> Vec<Value> {
    let mut requests = simulator.requests().await;
    requests.retain(|request| request["path"] != "/2/usage/tweets");
    requests
}

#[tokio::test]
async fn accounts_and_tweets_leave_at_once_and_new_ones_are_read() {
    let simulator = Simulator::start();
    let tweets = simulator.add_tweets("acme", 3, 600).await;
    let viral = simulator.tweet("globex", "viral").await;
    let globex = Account { name: "globex", lines: GLOBEX, tweets: vec![viral] };
    let before = simulator.configuration(EACH_SECOND, &[globex, acme(&[&tweets[0], &tweets[1]])]);
    let exporter = Exporter::start(&before, &simulator.secrets());
    until("three numbers", async || (exporter.scrape().await.sum("tweet_state", &[("state", "ok")]) == 3.0).then_some(())).await;
    let known = exporter.scrape().await.value("tweet_engagement", &[("tweet_id", &tweets[1]), ("metric", "likes")]);
    exporter.reload_with(&simulator.configuration(EACH_SECOND, &[acme(&[&tweets[1], &tweets[2]])])).await;
    simulator.forget().await;
    let page = exporter.scrape().await;
    let text = exporter.get("/metrics").await.1;
    assert!(!text.contains("globex") && !text.contains(&tweets[0]), "{text}");
    assert_eq!(page.value("tweet_engagement", &[("tweet_id", &tweets[1]), ("metric", "likes")]), known, "its reading stays");
    until("three more reads of both", async || {
        let reads = simulator.reads("/2/tweets").await;
        (reads.iter().filter(|read| ids(read).len() == 2).count() >= 3).then_some(())
    })
    .await;
    let asked = simulator.requests().await;
    let accounts: BTreeSet<&str> = asked.iter().filter_map(|request| request["credential"]["account"].as_str()).collect();
    assert_eq!(accounts, BTreeSet::from(["acme"]));
    assert!(asked.iter().all(|request| !ids(request).contains(&tweets[0].as_str())));
    assert_eq!(exporter.scrape().await.state(&tweets[2]), "ok");
}

#[tokio::test]
async fn a_bad_file_changes_nothing_and_tells_every_error() {
    let simulator = Simulator::start();
    let steady = simulator.tweet("acme", "steady").await;
    let good = simulator.configuration(PATIENT, &[acme(&[&steady])]);
    let exporter = Exporter::start(&good, &simulator.secrets());
    let before = exporter.scrape().await;
    let list = exporter.folder.path().join("list.yml");
    fs::write(&list, "- 20\n- no tweet\n").expect("written");
    exporter.write("bogus: 1\nmode: often\naccounts: [{ name: acme, watch: { files: [list.yml] } }]\n");
    let (status, text) = exporter.reload().await;
    assert_eq!(status, 500);
    for part in ["bogus: unknown key", "mode: ", "accounts[0].credentials: missing", "list.yml:2:3"] {
        assert!(text.contains(part), "no {part} in {text}");
    }
    let hash = before.value("tweet_exporter_config_hash", &[]);
    let success = "tweet_exporter_config_last_reload_success_timestamp_seconds";
    let after = exporter.scrape().await;
    assert_eq!(after.value("tweet_exporter_config_last_reload_successful", &[]), Some(0.0));
    assert_eq!((after.value("tweet_exporter_config_hash", &[]), after.value(success, &[])), (hash, before.value(success, &[])));
    assert_eq!(after.state(&steady), "ok");
    exporter.process.line("the refusal", |line| line.contains("the configuration cannot be used"));
    let log = exporter.process.output();
    assert_eq!(log.matches("the configuration cannot be used").count(), 1, "{log}");
    exporter.reload_with(&format!("{good}\n# the same\n")).await;
    let mended = exporter.scrape().await;
    assert_eq!(mended.value("tweet_exporter_config_last_reload_successful", &[]), Some(1.0));
    assert!(mended.value(success, &[]) > before.value(success, &[]));
    assert_ne!(mended.value("tweet_exporter_config_hash", &[]), hash);
}

#[tokio::test]
async fn over_http_only_those_reload_who_were_let() {
    let simulator = Simulator::start();
    let steady = simulator.tweet("acme", "steady").await;
    let exporter = Exporter::start(&simulator.configuration(PATIENT, &[acme(&[&steady])]), &simulator.secrets());
    assert_eq!(exporter.get("/-/reload").await.0, 405, "nobody reloads by following a link");
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    fs::copy(exporter.folder.path().join("tweet_exporter.yml"), path("c.yml")).expect("copied");
    let arguments = [
        format!("--config.file={}", path("c.yml")),
        format!("--state.path={}", path("state")),
        "--web.listen-address=127.0.0.1:0".to_owned(),
    ];
    let process = Process::start(&arguments, &simulator.secrets());
    let line = process.line("its address", |line| line.contains("msg=listening"));
    let address = line.rsplit("address=").next().expect("an address").trim();
    let answer = client().post(format!("http://{address}/-/reload")).send().await.expect("an answer");
    assert_eq!(answer.status(), 403);
    fs::write(path("c.yml"), "bogus: 1\n").expect("written");
    process.signal("HUP");
    process.line("the signal's refusal", |line| line.contains("the configuration cannot be used"));
}

#[tokio::test]
async fn a_storm_of_signals_during_scrapes_loses_and_leaks_nothing() {
    let simulator = Simulator::start();
    let tweets = simulator.add_tweets("acme", 20, 600).await;
    let all: Vec<&String> = tweets.iter().collect();
    let exporter = Exporter::start(&simulator.configuration(EACH_SECOND, &[acme(&all)]), &simulator.secrets());
    let good = async |exporter: &Exporter| exporter.scrape().await.sum("tweet_state", &[("state", "ok")]) == 20.0;
    until("all numbers", async || good(&exporter).await.then_some(())).await;
    exporter.reload().await;
    let of = async |name: &str| exporter.scrape().await.value(name, &[]).expect("there");
    let (files, threads) = (of("process_open_fds").await, of("process_threads").await);
    for _ in 0..40 {
        (0..5).for_each(|_| exporter.process.signal("HUP"));
        assert!(good(&exporter).await, "every number is on every page");
    }
    assert_eq!(exporter.reload().await.0, 200, "one more, after all of them");
    simulator.forget().await;
    until("reads go on", async || (simulator.reads("/2/tweets").await.len() >= 3).then_some(())).await;
    assert!(simulator.reads("/2/tweets").await.iter().all(|read| read["ids_count"] == 20), "in whole batches");
    let log = exporter.process.output();
    assert!(!log.contains("fault of the exporter") && !log.contains("level=error"), "{log}");
    assert!(of("process_open_fds").await <= files + 3.0 && of("process_threads").await <= threads + 16.0);
}

#[tokio::test]
async fn what_was_read_and_found_survives_and_an_account_that_comes_back_finds_it() {
    let simulator = Simulator::start();
    simulator.add_tweets("acme", 5, 60).await;
    let steady = simulator.tweet("globex", "viral").await;
    let lines = format!("{}\n    sources: [{{ api: timeline }}]", Account::OWNER);
    let both = [
        Account { name: "globex", lines: GLOBEX, tweets: vec![steady.clone()] },
        Account { name: "acme", lines: &lines, tweets: vec![] },
    ];
    let watch = |text: String| {
        let end = "    watch:\n      tweets:\n";
        text.strip_suffix(end).map(|text| format!("{text}    watch:\n      timeline: {{ younger_than: 1h }}\n")).expect("the end")
    };
    let text = watch(simulator.configuration(PATIENT, &both));
    let exporter = Exporter::start(&text, &simulator.secrets());
    let before = exporter.scrape().await;
    assert!(before.sum("tweet_state", &[("state", "ok"), ("account", "acme")]) >= 5.0);
    simulator.forget().await;
    let [globex, acme] = both;
    exporter.reload_with(&simulator.configuration(PATIENT, &[globex])).await;
    let without = exporter.scrape().await;
    assert_eq!(without.sum("tweet_state", &[]), 1.0);
    let globex = Account { name: "globex", lines: GLOBEX, tweets: vec![steady] };
    exporter.reload_with(&watch(simulator.configuration(PATIENT, &[globex, acme]))).await;
    let after = exporter.scrape().await;
    for family in ["tweet_state", "tweet_engagement", "tweet_last_success_timestamp_seconds"] {
        assert_eq!(after.sum(family, &[]), before.sum(family, &[]), "{family}");
    }
    assert_eq!(reads(&simulator).await, Vec::<Value>::new(), "neither the user nor a page nor a tweet is bought again");
}

#[tokio::test]
async fn another_mode_tier_and_source_hold_at_once() {
    let simulator = Simulator::start();
    let steady = simulator.tweet("acme", "steady").await;
    let lookup = "[{ api: lookup, groups: [public] }]";
    let text = simulator.acme_under(PATIENT, Account::OWNER, lookup, &watching(&[&steady]));
    let exporter = Exporter::start(&text, &simulator.secrets());
    let page = exporter.scrape().await;
    assert!(page.value("tweet_engagement", &[("metric", "likes")]).is_some());
    assert!(page.all("tweet_engagement_by_context", &[]).is_empty());
    let private = "[{ api: lookup, groups: [public, non_public, organic] }]";
    exporter.reload_with(&simulator.acme_under(PATIENT, Account::OWNER, private, &watching(&[&steady]))).await;
    assert!(!exporter.scrape().await.all("tweet_engagement_by_context", &[]).is_empty(), "read at once, though young");
    simulator.forget().await;
    exporter.scrape().await;
    assert_eq!(reads(&simulator).await, Vec::<Value>::new());
    exporter.reload_with(&simulator.acme_under(EACH_SECOND, Account::OWNER, private, &watching(&[&steady]))).await;
    until("reads that no scrape asked for", async || (simulator.reads("/2/tweets").await.len() >= 2).then_some(())).await;
    exporter
        .reload_with(&simulator.acme_under(
            "tiers: [{ younger_than: 1s, every: 1s }]",
            Account::OWNER,
            private,
            &watching(&[&steady]),
        ))
        .await;
    assert_eq!(exporter.scrape().await.state(&steady), "retired");
}

#[tokio::test]
async fn a_closed_system_is_tried_again_after_a_reload() {
    let simulator = Simulator::start();
    let tweet = simulator.tweet("acme", "plain").await;
    simulator.systems(json!({"account": "acme", "analytics": "not_enrolled"})).await;
    let exporter = Exporter::start(
        &simulator.acme(Account::OWNER, "[{ api: lookup }, { api: analytics, window: lifetime }]", &watching(&[&tweet])),
        &simulator.secrets(),
    );
    exporter.scrape().await;
    exporter.refresh().await;
    assert_eq!(simulator.reads("/2/tweets/analytics").await.len(), 1, "it rests");
    simulator.systems(json!({"account": "acme", "analytics": "enrolled"})).await;
    assert_eq!(exporter.reload().await.0, 200);
    exporter.refresh().await;
    assert!(simulator.reads("/2/tweets/analytics").await.iter().any(|request| request["status"] == 200));
}

#[tokio::test]
async fn a_bad_watch_file_shows_until_it_is_mended() {
    let simulator = Simulator::start();
    let tweets = simulator.add_tweets("acme", 2, 600).await;
    let folder = tempfile::tempdir().expect("a folder");
    let list = folder.path().join("list.yml");
    fs::write(&list, format!("- {}\n", tweets[0])).expect("written");
    let watch = format!("{{ files: [\"{}\"] }}", list.display());
    let text = simulator.acme_under(PATIENT, Account::PUBLIC, "[{ api: lookup }]", &watch);
    let exporter = Exporter::start(&text, &simulator.secrets());
    let good = "tweet_exporter_config_last_reload_successful";
    let hash = exporter.scrape().await.value("tweet_exporter_config_hash", &[]);
    fs::write(&list, "- no tweet\n").expect("written");
    until("the refusal", async || (exporter.scrape().await.value(good, &[]) == Some(0.0)).then_some(())).await;
    let page = exporter.scrape().await;
    assert_eq!((page.value("tweet_exporter_config_hash", &[]), page.state(&tweets[0])), (hash, "ok".to_owned()));
    fs::write(&list, format!("- {}\n- {}\n", tweets[0], tweets[1])).expect("written");
    until("both tweets", async || (exporter.scrape().await.all("tweet_state", &[]).len() == 2).then_some(())).await;
    let page = exporter.scrape().await;
    assert_eq!(page.value(good, &[]), Some(1.0));
    assert_ne!(page.value("tweet_exporter_config_hash", &[]), hash, "the watch files are in it");
}

#[tokio::test]
async fn what_was_wrong_with_a_source_leaves_with_it() {
    let simulator = Simulator::start();
    let tweet = simulator.tweet("acme", "steady").await;
    let with = |sources: &str| simulator.acme_under(PATIENT, Account::OWNER, sources, &watching(&[&tweet]));
    let forbidden = json!({"path": "/2/tweets/analytics", "fault": {"kind": "client_not_enrolled"}});
    let out_of_order = json!({"path": "/2/insights/", "fault": {"kind": "rate_limited", "reset_in_seconds": 600}});
    let refused = json!({"path": "/2/tweets", "credential": "oauth1", "fault": {"kind": "unauthorized"}});
    simulator.faults(json!([forbidden, out_of_order, refused])).await;
    let all = "[{ api: lookup }, { api: analytics, window: 7d }, { api: insights_28hr }]";
    let exporter = Exporter::start(&with(all), &simulator.secrets());
    let troubles = async || {
        exporter.scrape().await;
        let (html, metrics) = (exporter.get("/").await.1, exporter.get("/metrics").await.1);
        let gauges: String = metrics.lines().filter(|line| line.contains("api_rate_limit_")).collect();
        [("analytics", &html), ("insights_28hr", &html), ("lookup with oauth1", &html), ("insights_28hr", &gauges)]
            .map(|(name, text)| text.contains(name))
    };
    until("all troubles", async || (troubles().await == [true; 4]).then_some(())).await;
    exporter.reload_with(&with("[{ api: lookup }]")).await;
    assert_eq!(troubles().await, [false, false, true, false], "of two sources nobody wants to hear any more");
    exporter.reload_with(&with("[{ api: lookup }]").replace(Account::OWNER, Account::PUBLIC)).await;
    assert_eq!(troubles().await, [false; 4]);
}
