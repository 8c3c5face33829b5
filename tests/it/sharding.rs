//! Several exporters with one watch list: together they show what one would show, and take no more than one would take.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;
use std::time::SystemTime;

use serde_json::{Value, json};
use tweet_exporter::model::{Shard, TweetId};

use crate::harness::{Account, Exporter, Page, Process, Simulator, ids, until, watching};

const TOP: &str = "mode: on_scrape\nmin_age: 1s\ntiers: [{ younger_than: 2000d, every: 1s }]";

/// Starts all of `count` shards.
fn shards(simulator: &Simulator, configuration: &str, count: u32) -> Vec<Exporter> {
    let start = |index| Exporter::start_shard(configuration, &simulator.secrets(), &format!("{index}/{count}"));
    (0..count).map(start).collect()
}

/// Which of `count` shards has the tweet.
fn home(tweet: &str, count: u32) -> usize {
    let id: TweetId = tweet.parse().expect("an id");
    let holds = |index: &u32| Shard::new(*index, count).is_ok_and(|shard| shard.holds(id));
    (0..count).find(holds).expect("somebody has it") as usize
}

async fn pages(exporters: &[Exporter]) -> Vec<Page> {
    let mut pages = Vec::new();
    for exporter in exporters {
        pages.push(exporter.scrape().await);
    }
    pages
}

/// All series about tweets; none may be on two pages. When a tweet was read differs from exporter to exporter.
fn union(pages: &[Page]) -> BTreeMap<String, f64> {
    let mut all = BTreeMap::new();
    for (series, value) in pages.iter().flat_map(Page::tweets) {
        let value = if series.starts_with("tweet_last_success") { 0.0 } else { value };
        assert!(all.insert(series.clone(), value).is_none(), "{series} is on two pages");
    }
    all
}

fn sum(pages: &[Page], name: &str, labels: &[(&str, &str)]) -> f64 {
    pages.iter().map(|page| page.sum(name, labels)).sum()
}

#[tokio::test]
async fn together_shards_show_what_one_exporter_shows_and_nothing_twice() {
    let simulator = Simulator::start();
    let mut named = simulator.add_tweets("acme", 30, 600).await;
    for kind in ["plain", "viral", "video", "deleted", "protected", "foreign"] {
        named.push(simulator.tweet("acme", kind).await);
    }
    simulator.add_tweets("acme", 10, 300).await;
    // Some of the named tweets are on the timeline, too, with other labels.
    let watch = watching(&named).replace('}', ", timeline: { younger_than: 1d, labels: { from: timeline } } }");
    let globex = "  - name: globex\n    username: globex\n    credentials: { bearer_token: \"${GLOBEX_BEARER_TOKEN}\" }\n    \
                  sources: [{ api: timeline }]\n    watch: { timeline: { younger_than: 30d } }\n";
    let configuration = simulator.acme_under(TOP, Account::OWNER, "[{ api: lookup }]", &watch) + globex;
    let whole = [Exporter::start(&configuration, &simulator.secrets())];
    let shards = shards(&simulator, &configuration, 2);
    until("the same pages", async || {
        let (whole, parts) = (pages(&whole).await, pages(&shards).await);
        assert!(parts.iter().all(|page| page.sum("tweet_exporter_shards", &[]) == 2.0));
        let is_settled = whole[0].sum("tweet_state", &[("state", "pending")]) == 0.0 && whole[0].tweets().len() > 500;
        (is_settled && union(&whole) == union(&parts)).then_some(())
    })
    .await;
    let parts = pages(&shards).await;
    let found = [("from", "timeline")];
    assert_eq!(parts.iter().filter(|page| page.sum("tweet_info", &found) > 0.0).count(), 1, "one shard has all of the timeline");
    assert_eq!(parts.iter().filter(|page| page.sum("tweet_state", &[("account", "globex")]) > 0.0).count(), 1);
    for exporter in &shards {
        assert_eq!(exporter.get("/-/ready").await.0, 200);
    }
}

#[tokio::test]
async fn together_shards_spend_no_more_than_the_budget() {
    let simulator = Simulator::start();
    let tweets = simulator.add_tweets("acme", 150, 600).await;
    let lines = format!("{}\n    budget: {{ usd_per_day: 0.305, tweets_per_month: 1000 }}", Account::PUBLIC);
    let account = [Account { name: "acme", lines: &lines, tweets }];
    let shards = shards(&simulator, &simulator.on_scrape(&account), 2);
    let pages = until("all money is spent", async || {
        let pages = pages(&shards).await;
        (sum(&pages, "tweet_state", &[("state", "pending")]) == 0.0).then_some(pages)
    })
    .await;
    // $0.1525 each: thirty tweets, and half of one that nobody can buy.
    let read = |page: &Page| page.sum("tweet_exporter_billable_reads_total", &[("class", "tweet")]);
    let (first, second) = (read(&pages[0]), read(&pages[1]));
    // Who begins later hears from X what was counted before, and takes half of it for its own: it may have been.
    assert!([first, second].iter().all(|paid| (15.0..=30.0).contains(paid)), "{first} {second}");
    assert!(first.max(second) == 30.0, "{first} {second}");
    assert_eq!(sum(&pages, "tweet_state", &[("state", "over_budget")]), 150.0 - first - second);
    assert!((sum(&pages, "tweet_exporter_budget_usd", &[("period", "day")]) - 0.305).abs() < 1e-12);
    let bought: usize = simulator.reads("/2/tweets").await.iter().map(|request| ids(request).len()).sum();
    assert_eq!(bought as f64, first + second);
}

#[tokio::test]
async fn a_scarce_window_is_shared() {
    let simulator = Simulator::start();
    simulator.systems(json!({"account": "acme", "labs": "alive"})).await;
    let tweets = simulator.add_tweets("acme", 40, 600).await;
    let configuration = simulator.acme_under(TOP, Account::OWNER, "[{ api: labs_private }]", &watching(&tweets));
    let shards = shards(&simulator, &configuration, 2);
    for _ in 0..10 {
        tokio::join!(shards[0].refresh(), shards[1].refresh());
    }
    // X allows 15 requests in 15 minutes; all tweets of a shard fit into one.
    let requests = simulator.reads("/labs/1/").await;
    let of = |shard: usize| requests.iter().filter(|request| home(ids(request)[0], 2) == shard).count();
    assert_eq!((of(0), of(1)), (7, 7), "a shard stops at its half");
    assert!(requests.iter().all(|request| request["status"] == 200), "{requests:?}");
    assert_eq!(sum(&pages(&shards).await, "tweet_state", &[("state", "ok")]), 40.0, "the last numbers stay");
}

#[tokio::test]
async fn one_shard_more_buys_what_it_takes_and_the_others_nothing() {
    let simulator = Simulator::start();
    let tweets = simulator.add_tweets("acme", 60, 600).await;
    let account = [Account { name: "acme", lines: Account::PUBLIC, tweets: tweets.clone() }];
    let configuration = simulator.on_scrape(&account);
    let mut shards = shards(&simulator, &configuration, 2);
    let is_read = async |shards: &[Exporter]| {
        let pages = pages(shards).await;
        (sum(&pages, "tweet_state", &[("state", "ok")]) == 60.0).then_some(pages)
    };
    let before = until("every tweet is read", async || is_read(&shards).await).await;
    assert_eq!(sum(&before, "tweet_exporter_billable_reads_total", &[]), 60.0);
    let secrets = simulator.secrets();
    let moved = tweets.iter().filter(|tweet| home(tweet, 3) != home(tweet, 2)).count();
    shards = (0..2).zip(shards).map(|(index, shard)| shard.become_shard(&secrets, &format!("{index}/3"))).collect();
    shards.push(Exporter::start_shard(&configuration, &secrets, "2/3"));
    let after = until("every tweet is read by its new owner", async || is_read(&shards).await).await;
    let bill = after.iter().map(|page| page.sum("tweet_exporter_billable_reads_total", &[]));
    assert_eq!(bill.collect::<Vec<_>>(), [0.0, 0.0, moved as f64]);
    assert_eq!(union(&before).len(), union(&after).len());
    for (index, page) in after.iter().enumerate() {
        let is_here = |tweet: &String| page.all("tweet_state", &[("tweet_id", tweet)]).len() == 1;
        assert!(tweets.iter().all(|tweet| is_here(tweet) == (home(tweet, 3) == index)), "shard {index}");
    }
}

#[tokio::test]
async fn a_shard_that_reloads_stays_that_shard() {
    let simulator = Simulator::start();
    let tweets = simulator.add_tweets("acme", 40, 600).await;
    let configuration =
        |count: usize| simulator.on_scrape(&[Account { name: "acme", lines: Account::PUBLIC, tweets: tweets[..count].to_vec() }]);
    let exporter = Exporter::start_shard(&configuration(20), &simulator.secrets(), "0/2");
    let held = |count: usize| tweets[..count].iter().filter(|tweet| home(tweet, 2) == 0).count();
    let watched = async || exporter.scrape().await.sum("tweet_state", &[("state", "ok")]);
    assert_eq!(watched().await, held(20) as f64);
    fs::write(exporter.folder.path().join("tweet_exporter.yml"), configuration(40)).expect("written");
    exporter.process.signal("HUP");
    until("the longer list", async || (watched().await == held(40) as f64).then_some(())).await;
    let page = exporter.scrape().await;
    assert!(tweets.iter().all(|tweet| page.all("tweet_state", &[("tweet_id", tweet)]).len() == usize::from(home(tweet, 2) == 0)));
    assert_eq!(page.value("tweet_exporter_shards", &[("shard", "0")]), Some(2.0));
}

#[tokio::test]
async fn a_shard_without_tweets_asks_nothing_and_is_ready() {
    let simulator = Simulator::start();
    let tweet = simulator.tweet("acme", "plain").await;
    let lines = format!("{}\n    budget: {{ usd_per_day: 1 }}", Account::PUBLIC);
    let account = [Account { name: "acme", lines: &lines, tweets: vec![tweet.clone()] }];
    let globex = "  - name: globex\n    username: globex\n    credentials: { bearer_token: \"${GLOBEX_BEARER_TOKEN}\" }\n    \
                  sources: [{ api: timeline }]\n    watch: { timeline: {} }\n";
    let configuration = simulator.configuration("tiers: [{ younger_than: 2000d, every: 1s }]", &account) + globex;
    // Of many shards one has neither the tweet nor the timeline.
    let globex = Shard::new(0, 8).expect("a shard").home("globex").index() as usize;
    let idle = (0..8).find(|index| *index != home(&tweet, 8) && *index != globex).expect("eight are more than two");
    let exporter = Exporter::start_shard(&configuration, &simulator.secrets(), &format!("{idle}/8"));
    until("readiness", async || (exporter.get("/-/ready").await.0 == 200).then_some(())).await;
    let page = exporter.refresh().await;
    assert!(page.tweets().is_empty());
    assert_eq!(page.value("tweet_exporter_budget_usd", &[("account", "acme")]), Some(0.125));
    assert!(page.all("tweet_exporter_credential_ok", &[("account", "globex")]).is_empty(), "all of it is elsewhere");
    assert_eq!(simulator.requests().await, Vec::<Value>::new());
}

/// A hundred tweets of the last hours, the same in all runs of this test.
static LIST: LazyLock<String> = LazyLock::new(|| {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_millis() as u64;
    (1..=100).map(|minutes| format!("- \"{}\"\n", (now - 1_288_834_974_657 - minutes * 60_000) << 22)).collect()
});

/// Runs a command for a configuration of three accounts: named tweets, a whole timeline, an OAuth 2.0 login.
fn told(arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("c.yml");
    let bearer = "credentials: { bearer_token: \"${TOKEN}\" }";
    let text = format!(
        "accounts:\n  - {{ name: acme, {bearer}, budget: {{ usd_per_month: 10 }}, watch: {{ files: [w.yml] }} }}\n  - {{ name: globex, username: \
         globex, {bearer}, sources: [{{ api: timeline }}], watch: {{ timeline: {{}} }} }}\n  - {{ name: initech, credentials: {{ oauth2: {{ \
         client_id: a, token_file: i.json }} }}, watch: {{ tweets: [\"20\"] }} }}\n"
    );
    fs::write(&file, text).expect("written");
    fs::write(folder.path().join("w.yml"), &*LIST).expect("written");
    let flags = [format!("--config.file={}", file.display()), format!("--state.path={}", absent(folder.path()))];
    let all: Vec<&str> = arguments.iter().copied().chain(flags.iter().map(String::as_str)).collect();
    let (code, output) = Process::run(&all, &[("TOKEN".to_owned(), "AAAA".to_owned())]);
    assert_eq!(code, 0, "{output}");
    output
}

fn absent(folder: &Path) -> String {
    folder.join("state").display().to_string()
}

#[test]
fn check_says_what_a_shard_would_watch() {
    let whole = told(&["check"]);
    assert!(whole.contains("account acme: 100 tweets\n") && !whole.contains("shard"), "{whole}");
    let home = Shard::new(0, 4).expect("a shard").home("globex").index();
    let mut watched = 0;
    for index in 0..4 {
        let output = told(&["check", &format!("--shard={index}/4")]);
        let line = output.lines().find(|line| line.starts_with("account acme: ")).expect("a line");
        assert!(line.ends_with(&format!(" tweets in shard {index}/4")), "{output}");
        watched += line.split(' ').nth(2).and_then(|count| count.parse::<u32>().ok()).expect("a number");
        let elsewhere = format!("account globex: all of it is in shard {home}/4");
        assert_eq!(output.contains(&elsewhere), index != home, "{output}");
        assert!(output.contains("warning: initech: 4 shards read it") && output.contains("i.json"), "{output}");
    }
    assert_eq!(watched, 100);
}

#[test]
fn plan_says_what_a_shard_would_cost() {
    let report = |flag: &str| -> Value {
        let output = told(&["plan", "--format=json", flag]);
        let json: Vec<&str> = output.lines().filter(|line| !line.starts_with("warning: ")).collect();
        serde_json::from_str(&json.join("\n")).unwrap_or_else(|error| panic!("{error}\n{output}"))
    };
    let acme = |report: &Value, key: &str| report["accounts"][0][key].clone();
    let whole = report("--shard=0/1");
    let mut watched = 0;
    for index in 0..4 {
        let part = report(&format!("--shard={index}/4"));
        watched += acme(&part, "watched_tweets").as_u64().expect("a number");
        assert_eq!(acme(&part, "budget")["usd_per_month"], 2.5);
        assert_eq!(acme(&part, "requests")[0]["limit_15m"], 3_500 / 4);
        assert!(part["assumptions"].to_string().contains(&format!("shard {index}/4")), "{part}");
    }
    assert_eq!(Some(watched), acme(&whole, "watched_tweets").as_u64());
}
