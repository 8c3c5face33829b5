//! When X is read: in the background, on scrape, and when it cannot be reached at all.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::{Account, Exporter, Simulator, until};

fn public(tweets: Vec<String>) -> [Account<'static>; 1] {
    [Account { name: "acme", lines: Account::PUBLIC, tweets }]
}

#[tokio::test]
async fn a_hundred_scrapes_at_once_cause_one_refresh() {
    let simulator = Simulator::start();
    let ids = simulator.add_tweets("acme", 150, 600).await;
    simulator.faults(json!([{"fault": {"kind": "slow", "millis": 300}}])).await;
    let text = simulator.configuration("mode: on_scrape\nmin_age: 1h", &public(ids));
    let exporter = std::sync::Arc::new(Exporter::start(&text, &simulator.secrets()));
    let mut scrapes = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let exporter = exporter.clone();
        scrapes.spawn(async move { exporter.scrape().await.sum("tweet_state", &[("state", "ok")]) });
    }
    while let Some(read) = scrapes.join_next().await {
        assert_eq!(read.expect("no scrape fails"), 150.0);
    }
    assert_eq!(simulator.requests().await.len(), 2);
    exporter.scrape().await;
    assert_eq!(simulator.requests().await.len(), 2, "the reading is young");
}

#[tokio::test]
async fn a_scrape_ends_in_time_with_the_last_page() {
    let simulator = Simulator::start();
    let tweet = simulator.tweet("acme", "steady").await;
    let exporter = Exporter::start(&simulator.on_scrape(&public(vec![tweet.clone()])), &simulator.secrets());
    exporter.scrape().await;
    simulator.faults(json!([{"fault": {"kind": "slow", "millis": 4_000}}])).await;
    simulator.forget().await;
    until("a scrape that has to wait", async || {
        let started = Instant::now();
        let page = exporter.scrape_within("1.0").await;
        assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
        assert_eq!(page.state(&tweet), "ok");
        (started.elapsed() > Duration::from_millis(450)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn reads_in_the_background_are_spread_over_the_interval() {
    let simulator = Simulator::start();
    let ids = simulator.add_tweets("acme", 250, 600).await;
    let text = simulator.configuration("tiers: [{ younger_than: 1d, every: 3s }]", &public(ids));
    let exporter = Exporter::start(&text, &simulator.secrets());
    let requests = until("three slots after the first reads", async || {
        let mut requests = simulator.requests().await;
        requests.retain(|request| request["path"] == "/2/tweets");
        (requests.len() >= 8).then_some(requests)
    })
    .await;
    let moments: Vec<i64> = requests.iter().map(|request| request["at_millis"].as_i64().expect("a moment")).collect();
    for pair in moments[2..].windows(2).skip(1) {
        assert!(pair[1] - pair[0] >= 300, "a burst: {moments:?}");
    }
    let page = exporter.scrape().await;
    assert_eq!(page.sum("tweet_state", &[("state", "ok")]), 250.0);
    assert!(page.value("tweet_exporter_refresh_lag_seconds", &[]).is_some_and(|lag| lag < 5.0));
}

#[tokio::test]
async fn numbers_move_and_falls_are_counted() {
    let simulator = Simulator::start();
    let (viral, purged) = (simulator.tweet("acme", "viral").await, simulator.tweet("acme", "purged").await);
    let exporter = Exporter::start(&simulator.on_scrape(&public(vec![viral.clone(), purged])), &simulator.secrets());
    let likes = async || exporter.scrape().await.value("tweet_engagement", &[("tweet_id", &viral), ("metric", "likes")]);
    let before = likes().await;
    simulator.advance(7_200).await;
    until("more likes", async || (likes().await > before).then_some(())).await;
    let page = exporter.scrape().await;
    assert!(page.sum("tweet_exporter_decreases_total", &[("metric", "likes")]) >= 1.0, "the purge");
}

#[tokio::test]
async fn an_x_that_cannot_be_reached_never_fails_a_scrape() {
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("bound").port()
    };
    let simulator = Simulator::start();
    let plain = simulator.url.trim_start_matches("http://").to_owned();
    let proxied = format!("http://127.0.0.1:{closed}");
    for (url, proxy, reasons) in [
        (format!("http://127.0.0.1:{closed}"), None, &["connect"][..]),
        (format!("https://{plain}"), None, &["tls"]),
        (simulator.url.clone(), Some(proxied), &["connect", "proxy"]),
        (format!("https://{plain}"), Some(simulator.url.clone()), &["proxy"]),
    ] {
        let proxy = proxy.map_or("null".to_owned(), |url| format!("\"{url}\""));
        let text = format!(
            "api: {{ url: \"{url}\", timeout: 2s, proxy_url: {proxy} }}\naccounts:\n  - name: acme\n{}\n    watch: {{ tweets: [\"{}\"] }}\n",
            Account::PUBLIC,
            simulator.tweet("acme", "steady").await,
        );
        let exporter = Exporter::start(&text, &simulator.secrets());
        let started = Instant::now();
        assert_eq!(exporter.scrape().await.sum("tweet_state", &[]), 1.0);
        assert!(started.elapsed() < Duration::from_secs(5));
        until(reasons[0], async || {
            let page = exporter.scrape().await;
            let errors = |reason: &&str| page.sum("tweet_exporter_api_errors_total", &[("reason", reason)]);
            (reasons.iter().map(errors).sum::<f64>() >= 2.0).then_some(())
        })
        .await;
        let log = exporter.process.output();
        assert_eq!(log.matches("cannot read from X").count(), 1, "said once:\n{log}");
        assert_eq!(exporter.get("/-/ready").await.0, 503);
        assert_eq!(exporter.get("/-/healthy").await.0, 200);
    }
}

#[tokio::test]
async fn the_watch_list_follows_its_files() {
    let simulator = Simulator::start();
    let (steady, plain) = (simulator.tweet("acme", "steady").await, simulator.tweet("acme", "plain").await);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("list.yml");
    std::fs::write(&file, format!("- \"{steady}\"\n")).expect("written");
    let text = format!(
        "api: {{ url: \"{}\" }}\ntiers: [{{ younger_than: 30d, every: 1s }}]\naccounts:\n  - name: acme\n{}\n    watch: {{ files: [\"{}/*.yml\"] }}\n",
        simulator.url,
        Account::PUBLIC,
        folder.path().display(),
    );
    let exporter = Exporter::start(&text, &simulator.secrets());
    until("the first tweet", async || (exporter.scrape().await.sum("tweet_state", &[("state", "ok")]) == 1.0).then_some(()))
        .await;
    std::fs::write(&file, format!("- {{ tweet: \"{plain}\", labels: {{ campaign: spring }} }}\n")).expect("written");
    let page = until("the other tweet", async || {
        let page = exporter.scrape().await;
        (page.value("tweet_info", &[("tweet_id", &plain), ("campaign", "spring")]).is_some() && page.state(&plain) == "ok")
            .then_some(page)
    })
    .await;
    assert!(page.families_of(&steady).is_empty(), "it left altogether");
    std::fs::write(folder.path().join("more.yml"), "- not a tweet\n").expect("written");
    exporter.process.line("the refusal", |line| line.contains("more.yml:1:3") && line.contains("the one before stays"));
    assert_eq!(exporter.scrape().await.state(&plain), "ok");
}

#[tokio::test]
async fn a_list_is_another_one_though_it_is_as_long_and_as_old() {
    let simulator = Simulator::start();
    let tweets = simulator.add_tweets("acme", 2, 600).await;
    let folder = tempfile::tempdir().expect("a folder");
    // Whatever packs files for others likes to give them all one date.
    let write = |name: &str, tweet: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, format!("- \"{tweet}\"\n")).expect("written");
        let file = std::fs::File::options().write(true).open(&path).expect("there");
        file.set_modified(std::time::SystemTime::UNIX_EPOCH).expect("dated");
        path
    };
    let list = write("list.yml", &tweets[0]);
    let watch = format!("{{ files: [\"{}\"] }}", list.display());
    let exporter = Exporter::start(&simulator.acme(Account::PUBLIC, "[{ api: lookup }]", &watch), &simulator.secrets());
    std::fs::rename(write("list.new", &tweets[1]), list).expect("in its place");
    until("the other tweet", async || {
        let page = exporter.scrape().await;
        (!page.families_of(&tweets[1]).is_empty() && page.families_of(&tweets[0]).is_empty()).then_some(())
    })
    .await;
}
