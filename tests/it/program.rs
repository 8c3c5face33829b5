//! The program as a whole: exit codes, output, signals.

use crate::harness::{Account, Exporter, Process, Simulator, client};
use crate::openmetrics::{read_openmetrics, read_text};

#[tokio::test]
async fn a_signal_ends_it_in_good_order() {
    let simulator = Simulator::start();
    let tweet = simulator.tweet("acme", "steady").await;
    for signal in ["TERM", "INT"] {
        let account = [Account { name: "acme", lines: Account::PUBLIC, tweets: vec![tweet.clone()] }];
        let mut exporter = Exporter::start(&simulator.configuration("", &account), &simulator.secrets());
        exporter.process.signal(signal);
        assert_eq!(exporter.process.end().code(), Some(0), "{}", exporter.process.output());
    }
}

#[test]
fn wrong_use_ends_with_2_and_says_what_to_do() {
    for (arguments, says) in [
        (&["--config.fil=x"][..], "--config.file"),
        (&["--config.file=/nowhere/x.yml"], "/nowhere/x.yml"),
        (&["check", "--config.file=/nowhere/x.yml"], "/nowhere/x.yml"),
        (&["serve", "--web.listen-address=10280"], ":10280"),
        (&["--shard=4/4"], "the last is 3/4"),
        (&["check", "--shard=1"], "such as 0/4"),
        (&["plan", "--shard=0/0"], "write 0/1"),
        (&["--shard=0/2", "check"], "behind it"),
        (&["--log.level=loud"], "info"),
        (&["simulator", "--speed=-1"], "write a number"),
        (&["--web.listen-address=:0", "check"], "behind it"),
        (&["nonsense"], "nonsense"),
    ] {
        let (code, output) = Process::run(arguments, &[]);
        assert_eq!(code, 2, "{arguments:?}\n{output}");
        assert!(output.contains(says), "{arguments:?}\n{output}");
    }
}

#[test]
fn check_lists_every_error_at_once() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/configs/a_dozen_at_once.bad.yml");
    let (code, output) = Process::run(&["check", &format!("--config.file={file}")], &[]);
    assert_eq!(code, 2);
    assert!(output.lines().filter(|line| line.contains("a_dozen_at_once.bad.yml:")).count() >= 12, "{output}");
}

#[test]
fn check_lists_the_errors_of_watch_files_with_those_of_the_configuration() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, list) = (folder.path().join("c.yml"), folder.path().join("list.yml"));
    std::fs::write(&file, "bogus: 1\naccounts: [{ name: acme, watch: { files: [list.yml] } }]\n").expect("written");
    std::fs::write(&list, "- 1\n- no tweet\n").expect("written");
    let (code, output) = Process::run(&["check", &format!("--config.file={}", file.display())], &[]);
    assert_eq!(code, 2);
    assert!(output.contains("bogus: unknown key") && output.contains("list.yml:2:3"), "{output}");
}

#[test]
fn check_says_what_would_be_watched() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/minimal.yml");
    let token = [("X_BEARER_TOKEN".to_owned(), "AAAA-not-a-token".to_owned())];
    let (code, output) = Process::run(&["check", &format!("--config.file={file}")], &token);
    assert_eq!(code, 0, "{output}");
    assert!(output.contains("tweets") && output.contains("bearer"), "{output}");
    assert!(!output.contains("AAAA-not-a-token"));
}

#[test]
fn check_and_plan_say_on_what_the_owned_price_rests() {
    const OAUTH2: &str = "oauth2: { client_id: \"${X_CLIENT_ID}\", token_file: acme.token.json }";
    const BEARER: &str = "bearer_token: \"${X_BEARER_TOKEN}\"";
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("c.yml");
    let secrets = ["X_BEARER_TOKEN", "X_CLIENT_ID"].map(|name| (name.to_owned(), "AAAA-not-a-token".to_owned()));
    let said = |credentials: &str, name: &str, more: &str| {
        let account = format!("{{ name: acme{name}, credentials: {{ {credentials} }}, watch: {{ timeline: {{}} }} }}");
        std::fs::write(&file, format!("accounts: [{account}]\n{more}")).expect("written");
        ["check", "plan"].map(|command| {
            let (code, output) = Process::run(&[command, &format!("--config.file={}", file.display())], &secrets);
            assert_eq!(code, 0, "{output}");
            output.split_whitespace().collect::<Vec<_>>().join(" ")
        })
    };
    for output in said(OAUTH2, ", username: acme", "") {
        for words in
            ["planned at $0.001 a tweet, since @acme is taken for the token's own user", "billing.usd.owned_tweet: 0.005"]
        {
            assert!(output.contains(words), "{output}");
        }
    }
    assert!(said(OAUTH2, "", "").iter().all(|output| output.contains("since its owner is taken for the token's own user")));
    for output in
        said(OAUTH2, "", "billing: { usd: { owned_tweet: 0.005 } }\n").iter().chain(&said(BEARER, ", username: acme", ""))
    {
        assert!(!output.contains("the token's own user"), "{output}");
    }
}

#[test]
fn help_and_version_are_no_errors() {
    for (arguments, says) in [(["--help"], "--web.listen-address"), (["--version"], "tweet_exporter 0.")] {
        let (code, output) = Process::run(&arguments, &[]);
        assert_eq!((code, output.contains(says)), (0, true), "{output}");
    }
}

#[tokio::test]
async fn the_log_speaks_json_too() {
    let simulator = Simulator::start();
    let mut process = Process::start(&["simulator", "--log.format=json", "--listen=127.0.0.1:0"].map(str::to_owned), &[]);
    process.line("an address", |line| line.contains("listening on"));
    process.signal("TERM");
    process.end();
    let line = process.line("a JSON line", |line| line.starts_with('{'));
    let json: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(json["level"], "INFO");
    drop(simulator);
}

#[tokio::test]
async fn the_demo_shows_moving_numbers_of_two_accounts() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut process = Process::start_in(folder.path(), &["demo", "--web.listen-address=127.0.0.1:0"].map(str::to_owned), &[]);
    let line = process.line("where to look", |line| line.contains("/metrics"));
    let url = line.rsplit(' ').next().expect("a URL").to_owned();
    let scrape = async |accept: &str| {
        let answer = client().get(&url).header("accept", accept).send().await.expect("an answer");
        answer.text().await.expect("text")
    };
    let impressions = async || {
        let page = crate::harness::Page::read(&scrape("text/plain;version=0.0.4").await);
        ["acme", "globex"].map(|account| page.sum("tweet_engagement", &[("account", account), ("metric", "impressions")]))
    };
    let before =
        crate::harness::until("numbers", async || Some(impressions().await).filter(|sums| sums.iter().all(|sum| *sum > 0.0)))
            .await;
    crate::harness::until("movement", async || {
        let now = impressions().await;
        (now[0] > before[0] && now[1] > before[1]).then_some(())
    })
    .await;
    let openmetrics = scrape("application/openmetrics-text;version=1.0.0").await;
    read_openmetrics(&openmetrics).unwrap_or_else(|fault| panic!("{fault}"));
    read_text(&scrape("").await).unwrap_or_else(|fault| panic!("{fault}"));
    process.signal("INT");
    assert_eq!(process.end().code(), Some(0));
    assert!(!process.output().contains("level="), "nothing to complain about:\n{}", process.output());
    assert_eq!(std::fs::read_dir(folder.path()).expect("readable").count(), 0);
}

#[test]
fn a_standard_output_that_takes_nothing_is_an_error_and_no_panic() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/configs/minimal.good.yml");
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_tweet_exporter"));
    let command = command.args(["check", &format!("--config.file={file}")]).env("BEARER", "secret").stdout(full);
    let output = command.output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("standard output cannot be written"), "{text}");
}
