//! State files that cannot be used: broken in whatever way, or newer than the program.

use std::fs;
use std::path::Path;

use redb::{Database, TableDefinition};
use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{Account, Exporter, Process, Simulator, ids, until, watching};
use crate::state::SmallDisk;

/// A folder with the configuration and the state of an exporter that has read its tweet.
async fn left_behind(simulator: &Simulator, lines: &str, tweets: Vec<String>) -> TempDir {
    let account = [Account { name: "acme", lines, tweets }];
    let text = simulator.configuration("mode: on_scrape\nmin_age: 1s\ntiers: [{ younger_than: 40d, every: 1s }]", &account);
    let mut exporter = Exporter::start(&text, &simulator.secrets());
    exporter.scrape().await;
    exporter.process.signal("TERM");
    exporter.process.end();
    exporter.folder
}

/// What was put aside in this folder.
fn put_aside(state: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(state).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.filter(|path| path.to_string_lossy().ends_with(".broken")).collect()
}

#[tokio::test]
async fn a_file_that_cannot_be_read_spoils_no_line_of_the_log() {
    let simulator = Simulator::start();
    let tweet = simulator.tweet("acme", "steady").await;
    let folder = left_behind(&simulator, Account::PUBLIC, vec![tweet]).await;
    let whole = fs::read(folder.path().join("state/state.redb")).expect("written");
    let flipped = |place: usize| {
        let mut bytes = whole.clone();
        bytes[place] ^= 0xff;
        bytes
    };
    let cut = |length: usize| whole[..length].to_vec();
    let mut files =
        vec![b"no state at all".to_vec(), vec![0; 100_000], vec![0xff; 100_000], cut(1), cut(300), cut(whole.len() / 2)];
    // Some places in the head, and the first byte of each page, over which redb panics.
    files.extend([0, 9, 12, 64, 130].into_iter().chain((4_096..whole.len()).step_by(4_096)).map(flipped));
    let config = format!("--config.file={}", folder.path().join("tweet_exporter.yml").display());
    let serve = |number: usize, bytes: &[u8]| {
        let state = folder.path().join(format!("state-{number}"));
        fs::create_dir(&state).expect("room");
        fs::write(state.join("state.redb"), bytes).expect("room");
        let state = format!("--state.path={}", state.display());
        let arguments = [config.clone(), state, "--web.listen-address=127.0.0.1:0".into(), "--log.format=json".into()];
        Process::start(&arguments, &simulator.secrets())
    };
    let mut panics = 0;
    for (number, bytes) in files.iter().enumerate() {
        let process = serve(number, bytes);
        process.line("its address", |line| line.contains("\"listening\""));
        let output = process.output();
        let lines: Vec<Value> =
            output.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"))).collect();
        let said = lines.iter().any(|line| line["message"].as_str().is_some_and(|text| text.contains("put aside")));
        let is_aside = !put_aside(&folder.path().join(format!("state-{number}"))).is_empty();
        assert_eq!(said, is_aside, "file {number}: {output}");
        assert!(number > 5 || said, "file {number}: {output}");
        panics += output.matches("redb gave up on it").count();
    }
    assert!(panics > 0, "none of these files makes redb panic: look for others");
}

#[test]
fn an_error_that_ends_it_is_a_line_of_the_log_where_machines_read_it() {
    let (code, output) = Process::run(&["--config.file=/nowhere/x.yml", "--log.format=json"], &[]);
    assert_eq!(code, 2, "{output}");
    let line: Value = serde_json::from_str(&output).unwrap_or_else(|error| panic!("{error} in {output}"));
    assert!(line["level"] == "ERROR" && line["message"].as_str().is_some_and(|text| text.contains("/nowhere/x.yml")), "{output}");
}

#[tokio::test]
async fn a_file_of_a_newer_version_is_kept_and_what_x_has_counted_holds() {
    const META: TableDefinition<&str, u64> = TableDefinition::new("meta");
    let simulator = Simulator::start();
    let tweets = simulator.add_tweets("acme", 20, 600).await;
    let lines = format!("{}\n    budget: {{ usd_per_day: 0.05 }}", Account::PUBLIC);
    let folder = left_behind(&simulator, &lines, tweets).await;
    let file = folder.path().join("state/state.redb");
    let database = Database::open(&file).expect("a redb file");
    let transaction = database.begin_write().expect("open");
    transaction.open_table(META).expect("a table").insert("version", 99).expect("room");
    transaction.commit().expect("room");
    drop(database);
    simulator.forget().await;
    let exporter = Exporter::start_in(folder, &simulator.secrets());
    let page = exporter.scrape().await;
    assert_eq!(page.value("tweet_exporter_budget_remaining_usd", &[("period", "day")]), Some(0.0));
    assert_eq!(page.sum("tweet_state", &[("state", "over_budget")]), 20.0, "the day's money bought ten before");
    let asked: Vec<String> = simulator.requests().await.iter().map(|request| request["path"].to_string()).collect();
    assert_eq!(asked, ["\"/2/usage/tweets\""], "what was spent is asked before anything is bought");
    let log = exporter.process.output();
    assert!(log.contains("written by a newer tweet_exporter (format 99") && log.contains("put aside"), "{log}");
    let copies = put_aside(file.parent().expect("a folder"));
    assert_eq!(copies.len(), 1, "{copies:?}");
    let copy = Database::open(&copies[0]).expect("whole");
    let version = redb::ReadableDatabase::begin_read(&copy).expect("open").open_table(META).expect("a table");
    assert_eq!(version.get("version").expect("readable").map(|version| version.value()), Some(99), "as it was");
    assert_eq!(page.value("tweet_exporter_state_ok", &[]), Some(1.0), "a new one is written");
}

/// What X has charged for tweets so far.
async fn billed(simulator: &Simulator) -> usize {
    let reads = simulator.reads("/2/tweets").await;
    reads.iter().filter(|read| read["status"] == 200).map(|read| ids(read).len()).sum()
}

#[tokio::test]
async fn on_a_full_disk_nothing_is_bought_again_and_again() {
    let (folder, small) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let Some(disk) = SmallDisk::mount(small.path()) else { return };
    std::os::unix::fs::symlink(small.path(), folder.path().join("state")).expect("a link");
    let simulator = Simulator::start();
    let tweets = simulator.add_tweets("acme", 4_000, 600).await;
    let names: Vec<&str> = tweets.iter().map(String::as_str).collect();
    let secrets = simulator.secrets();
    // Each read is paid, and the money is enough for 4,500.
    let top = "tiers: [{ younger_than: 30d, every: 1h }]\nbilling: { charge: every_read }";
    let text = |watch: String| {
        let text = simulator.acme_under(top, Account::PUBLIC, "[{ api: lookup }]", &watch);
        text.replace("    watch:", "    budget: { usd_per_month: 22.5 }\n    watch:")
    };
    std::fs::write(folder.path().join("tweet_exporter.yml"), text(watching(&names[..1]))).expect("written");
    let mut exporter = Exporter::start_in(folder, &secrets);
    until("the first", async || (exporter.scrape().await.state(names[0]) == "ok").then_some(())).await;
    disk.fill();
    exporter.reload_with(&text(watching(&names))).await;
    until("the alarm", async || (exporter.scrape().await.value("tweet_exporter_state_ok", &[]) == Some(0.0)).then_some(())).await;
    for _ in 0..3 {
        exporter = exporter.crash(&secrets);
        until("the alarm", async || (exporter.scrape().await.value("tweet_exporter_state_ok", &[]) == Some(0.0)).then_some(()))
            .await;
    }
    let status =
        until("what is held back", async || Some(exporter.get("/").await.1).filter(|html| html.contains("Calls held back")))
            .await;
    assert!(
        status.contains("all systems: <b class=\"warn\">the state cannot be written") && !status.contains("there is no token"),
        "{status}"
    );
    let before = billed(&simulator).await;
    assert!(before < 400, "{before} were bought on a disk with no room to say so");
    assert_eq!(exporter.scrape().await.state(names[0]), "ok", "the last numbers stay");
    disk.free();
    // After the pause.
    until("more", async || (billed(&simulator).await > before).then_some(())).await;
    until("the end of the alarm", async || {
        (exporter.scrape().await.value("tweet_exporter_state_ok", &[]) == Some(1.0)).then_some(())
    })
    .await;
    assert!(billed(&simulator).await <= 4_500);
    drop(exporter);
}
