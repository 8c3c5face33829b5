//! `tweet_exporter plan` as a program: exit codes, table, JSON, and the documented example.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::harness::{Account, Exporter, Process, Simulator, until};

const TOKEN: &str = "AAAA-not-a-token";

/// Runs `plan` with these flags for a configuration; `$young` stands for a tweet of an hour ago, `$old` for one of 2021.
fn plan(configuration: &str, flags: &[&str]) -> (i32, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("c.yml");
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    let young = (now - Duration::from_secs(3_600)).as_millis() as u64 - 1_288_834_974_657;
    let text = configuration.replace("$young", &(young << 22).to_string()).replace("$old", "1346889436626259968");
    fs::write(&file, text).expect("written");
    let file = format!("--config.file={}", file.display());
    let arguments: Vec<&str> = ["plan", &file].into_iter().chain(flags.iter().copied()).collect();
    let tokens = ["X_BEARER_TOKEN", "X_CLIENT_ID"].map(|name| (name.to_owned(), TOKEN.to_owned()));
    let (code, output) = Process::run(&arguments, &tokens);
    assert!(!output.contains(TOKEN), "{output}");
    (code, output)
}

fn json(output: &str) -> Value {
    serde_json::from_str(output).unwrap_or_else(|error| panic!("{error}\n{output}"))
}

/// An account that watches these tweets; its budget may be part of the name's line.
fn account(name: &str, more: &str, tweets: &str) -> String {
    format!(
        "  - {{ name: {name}, credentials: {{ bearer_token: \"${{X_BEARER_TOKEN}}\" }}, watch: {{ tweets: [{tweets}] }}{more} }}\n"
    )
}

#[test]
fn a_young_tweet_costs_its_price_every_day_of_the_month() {
    let configuration = format!("accounts:\n{}", account("acme", "", "$young, $old"));
    let (code, output) = plan(&configuration, &["--format=json"]);
    assert_eq!(code, 0, "{output}");
    let report = json(&output);
    let acme = &report["accounts"][0];
    assert_eq!((&acme["watched_tweets"], &acme["retired_tweets"]), (&2.into(), &1.into()));
    assert_eq!((&report["per_day"]["usd"], &report["per_month"]["usd"]), (&0.005.into(), &0.15.into()));
    assert_eq!(report["per_month"]["paid_reads"], 30);
    assert_eq!(acme["days"].as_array().map(Vec::len), Some(30));
    assert_eq!(acme["requests"][0]["api"], "lookup");
    assert_eq!(acme["requests"][0]["limit_15m"], 3_500);
}

#[test]
fn accounts_are_told_apart_and_added_up() {
    let budget = ", budget: { usd_per_month: 0.05 }";
    let accounts = account("acme", "", "$young") + &account("globex", budget, "$young") + &account("initech", "", "");
    let (code, output) = plan(&format!("accounts:\n{accounts}"), &["--format=json"]);
    assert_eq!(code, 0, "{output}");
    let report = json(&output);
    let usd: Vec<f64> = (0..3).filter_map(|index| report["accounts"][index]["per_month"]["usd"].as_f64()).collect();
    assert_eq!((usd, &report["per_month"]["usd"]), (vec![0.15, 0.05, 0.0], &0.2.into()));
    assert_eq!(report["accounts"][1]["per_month"]["held_back"], 20);
    assert!(report["warnings"][0].as_str().is_some_and(|warning| warning.contains("globex")), "{output}");
}

#[test]
fn over_the_maximum_it_ends_with_1_and_says_what_costs_most() {
    let configuration = format!("accounts:\n{}", account("acme", "", "$young"));
    let (code, output) = plan(&configuration, &["--max-usd-per-month=0.15"]);
    assert_eq!(code, 0, "what it may cost is not too much\n{output}");
    let (code, output) = plan(&configuration, &["--max-usd-per-month=0.1"]);
    assert_eq!(code, 1, "{output}");
    assert!(output.contains("$0.05 more than --max-usd-per-month=0.10"), "{output}");
    assert!(output.contains("account acme, tweet younger than 30d"), "{output}");
}

#[test]
fn wrong_use_ends_with_2() {
    let configuration = format!("accounts:\n{}", account("acme", "", "$young"));
    for flags in [&["--max-usd-per-month=-1"][..], &["--max-usd-per-month=many"], &["--format=xml"], &["--new-tweets-per-day=x"]]
    {
        assert_eq!(plan(&configuration, flags).0, 2, "{flags:?}");
    }
    assert_eq!(plan("accounts: []", &[]).0, 2);
}

#[test]
fn the_table_fits_100_columns() {
    let budget = ", budget: { usd_per_day: 0.01 }";
    let (code, output) = plan(&format!("accounts:\n{}", account("acme", budget, "$young, $old")), &[]);
    assert_eq!(code, 0, "{output}");
    for says in
        ["account acme: 2 tweets, 1 of them retired; budget $0.01 a day", "lookup    bearer", "3500", "total month", "$0.15"]
    {
        assert!(output.contains(says), "{says}\n{output}");
    }
    assert!(output.lines().all(|line| line.chars().count() <= 100), "{output}");
}

#[test]
fn the_documented_example_has_every_key() {
    let docs = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/plan.md")).expect("docs/plan.md is there");
    let block = |kind: &str| {
        let text = docs.split(&format!("```{kind}\n")).nth(1).and_then(|rest| rest.split("```").next());
        text.unwrap_or_else(|| panic!("docs/plan.md has a block of {kind}"))
    };
    let (code, output) = plan(block("yaml"), &["--format=json", "--new-tweets-per-day=4", "--max-usd-per-month=1"]);
    assert_eq!(code, 1, "{output}");
    // What the maximum says is on the other stream.
    let said = output.lines().filter(|line| !line.starts_with("tweet_exporter: ")).collect::<Vec<&str>>().join("\n");
    let (mut true_keys, mut told_keys) = (BTreeSet::new(), BTreeSet::new());
    keys(&json(&said), "", &mut true_keys);
    keys(&json(block("json")), "", &mut told_keys);
    assert_eq!(told_keys, true_keys);
}

/// The paths of all keys, positions in lists left out.
fn keys(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| {
            let path = format!("{path}.{key}");
            keys(value, &path, found);
            found.insert(path);
        }),
        Value::Array(items) => items.iter().for_each(|item| keys(item, &format!("{path}[]"), found)),
        _ => {}
    }
}

/// Runs `plan` beside an exporter, with its configuration and its state; the first day's line.
fn today(exporter: &Exporter, secrets: &[(String, String)]) -> Value {
    let folder = exporter.folder.path();
    let config = format!("--config.file={}", folder.join("tweet_exporter.yml").display());
    let state = format!("--state.path={}", folder.join("state").display());
    let (code, output) = Process::run(&["plan", &config, &state, "--format=json"], secrets);
    assert_eq!(code, 0, "{output}");
    json(&output)["accounts"][0]["days"][0].clone()
}

#[tokio::test]
async fn what_is_told_is_what_the_simulator_bills() {
    let simulator = Simulator::start();
    let mut ids = simulator.add_tweets("acme", 130, 600).await;
    ids.extend(simulator.add_tweets("acme", 70, 3 * 86_400).await);
    let secrets = simulator.secrets();
    let accounts = [Account { name: "acme", lines: Account::PUBLIC, tweets: ids }];
    let text = simulator.configuration("mode: background", &accounts);
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("tweet_exporter.yml"), &text).expect("written");
    let config = format!("--config.file={}", folder.path().join("tweet_exporter.yml").display());
    let none = format!("--state.path={}", folder.path().join("none").display());
    let (code, output) = Process::run(&["plan", &config, &none, "--format=json"], &secrets);
    assert_eq!(code, 0, "{output}");
    let told = json(&output)["accounts"][0]["days"][0].clone();
    let exporter = Exporter::start_in(folder, &secrets);
    until("all numbers", async || (exporter.scrape().await.sum("tweet_state", &[("state", "ok")]) == 200.0).then_some(())).await;
    let bill = simulator.get("bill").await;
    let billed: u64 = bill["days"].as_object().expect("days").values().filter_map(|day| day["tweet"].as_u64()).sum();
    assert_eq!((told["paid_reads"].as_u64(), billed), (Some(200), 200), "{told}");
    let left = until("the state on disk", async || {
        let left = today(&exporter, &secrets);
        (left["paid_reads"] == 0).then_some(left)
    })
    .await;
    assert_eq!(left["usd"], 0.0, "what is paid today is known from the state of the running exporter: {left}");
}
