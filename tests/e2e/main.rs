//! The real Prometheus scrapes the real program, and the real promtool judges its pages. Run by `make test`; a plain `cargo test`
//! leaves it out, because it needs Debian's `prometheus`.

mod alerts;
mod backfill;
mod discovery;
#[path = "../it/harness/mod.rs"]
#[expect(dead_code, unused_imports, reason = "shared with the other tests, which use all of it")]
mod harness;
#[path = "../it/openmetrics.rs"]
mod openmetrics;
mod panels;
mod prometheus;
mod sharding;
mod web_config;

use std::fmt::Debug;
use std::time::{Duration, Instant};

use serde_json::Value;

use harness::{Process, client, find, until};
use prometheus::Prometheus;

/// The demo, and where its exporter and its simulated X are.
struct Demo {
    metrics: String,
    simulator: String,
    _process: Process,
}

impl Demo {
    fn start(speed: &str) -> Self {
        let arguments = ["demo", "--web.listen-address=127.0.0.1:0", speed].map(str::to_owned);
        let process = Process::start(&arguments, &[]);
        let url = |line: String, before: &str| {
            let rest = line.split(before).nth(1).expect("a URL").to_owned();
            rest.split([';', ' ']).next().expect("a URL").to_owned()
        };
        let simulator = url(process.line("the simulator", |line| line.contains("simulated X")), "runs at ");
        let metrics = url(process.line("where to look", |line| line.contains("/metrics")), "scrape ");
        Self { metrics, simulator, _process: process }
    }

    async fn simulated(&self, path: &str) -> Value {
        let answer = client().get(format!("{}/_simulator/{path}", self.simulator)).send().await.expect("an answer");
        serde_json::from_str(&answer.text().await.expect("text")).expect("JSON")
    }

    async fn page(&self, accept: &str) -> String {
        let answer = client().get(&self.metrics).header("accept", accept).send().await.expect("an answer");
        answer.text().await.expect("text")
    }
}

/// Asks once a second until there is an answer, for as long as a busy machine may need; then says what was lacking.
async fn patiently<T, E: Debug>(what: &str, mut ask: impl AsyncFnMut() -> Result<T, E>) -> T {
    let (begun, mut tick) = (Instant::now(), tokio::time::interval(Duration::from_secs(1)));
    loop {
        tick.tick().await;
        match ask().await {
            Ok(answer) => return answer,
            Err(lacking) => assert!(begun.elapsed() < Duration::from_secs(90), "{what}: {lacking:#?}"),
        }
    }
}

/// Tweets of an account with what X would say of them now: id, kind, truth.
async fn truths(demo: &Demo) -> Vec<(String, String, Value)> {
    let directory = demo.simulated("directory").await;
    let mut truths = Vec::new();
    for account in directory["accounts"].as_array().expect("accounts") {
        for tweet in account["tweets"].as_array().expect("tweets") {
            let id = tweet["id"].as_str().expect("an id").to_owned();
            let truth = demo.simulated(&format!("truth?tweet={id}")).await;
            truths.push((id, tweet["kind"].as_str().expect("a kind").to_owned(), truth));
        }
    }
    truths
}

#[tokio::test]
async fn prometheus_stores_what_x_said() {
    let demo = Demo::start("--speed=0");
    let prometheus = Prometheus::scraping(&demo.metrics);
    until("every tweet is read", async || {
        let pending = prometheus.query("sum(tweet_exporter_watched_tweets{state=\"pending\"})").await;
        pending.first().is_some_and(|(_, value)| *value == 0.0).then_some(())
    })
    .await;
    let mut checked = 0;
    for (id, kind, truth) in truths(&demo).await {
        if ["deleted", "protected", "overage"].contains(&kind.as_str()) {
            let state = prometheus.query(&format!("tweet_state{{tweet_id=\"{id}\"}}")).await;
            assert!(state.len() == 1 && state[0].0["state"] != "ok", "{kind}: {state:?}");
            continue;
        }
        for (key, metric) in [("impression_count", "impressions"), ("like_count", "likes"), ("bookmark_count", "bookmarks")] {
            let query = format!("tweet_engagement{{tweet_id=\"{id}\",metric=\"{metric}\"}}");
            let expected = find(&truth, "public_metrics", key);
            assert_eq!(prometheus.query(&query).await.first().map(|(_, value)| *value), expected, "{kind} {metric}");
            checked += 1;
        }
    }
    assert!(checked >= 20, "{checked} numbers compared");
    let campaign =
        "tweet_engagement_by_context{context=\"promoted\",metric=\"impressions\"} * on (tweet_id) group_left(kind) tweet_info";
    let promoted = prometheus.query(campaign).await;
    assert!(promoted.len() == 1 && promoted[0].0["kind"] == "campaign" && promoted[0].1 > 0.0, "{promoted:?}");
    let up = prometheus.query("up").await;
    assert!(up.len() == 1 && up[0].1 == 1.0);
}

#[tokio::test]
async fn prometheus_sees_the_numbers_move() {
    let demo = Demo::start("--speed=600");
    let prometheus = Prometheus::scraping(&demo.metrics);
    let query = "count by (account) (max_over_time(tweet_engagement{metric=\"impressions\"}[1m]) > min_over_time(tweet_engagement{metric=\"impressions\"}[1m]))";
    until("both accounts move", async || (prometheus.query(query).await.len() == 2).then_some(())).await;
}

#[tokio::test]
async fn promtool_finds_no_fault() {
    let demo = Demo::start("--speed=0");
    let text = until("a full page", async || {
        let page = demo.page("text/plain;version=0.0.4").await;
        page.contains("tweet_media_engagement_by_context{").then_some(page)
    })
    .await;
    assert_eq!(prometheus::check(&text), "");
    openmetrics::read_text(&text).unwrap_or_else(|fault| panic!("{fault}"));
    let page = demo.page("application/openmetrics-text;version=1.0.0").await;
    openmetrics::read_openmetrics(&page).unwrap_or_else(|fault| panic!("{fault}"));
    // promtool reads the older format only: it does not find the help of OpenMetrics' counters, whose families have no `_total`.
    let findings = prometheus::check(&page);
    assert!(findings.lines().all(|line| line.ends_with("_total no help text")), "{findings}");
    prometheus::import(&page);
}

#[tokio::test]
async fn every_reader_finds_the_same_series_in_the_gzip_page() {
    let demo = Demo::start("--speed=0");
    let prometheus = Prometheus::scraping(&demo.metrics);
    let samples = |page: &str| page.lines().filter(|line| !line.starts_with('#')).count();
    let unzip = "import gzip, sys, urllib.request as r; \
        q = r.Request(sys.argv[1], headers={'Accept-Encoding': 'gzip', 'Accept': 'application/openmetrics-text;version=1.0.0'}); \
        sys.stdout.write(gzip.decompress(r.urlopen(q).read()).decode())";
    let openmetrics = "Accept: application/openmetrics-text;version=1.0.0";
    until("all of them count alike", async || {
        let stored = prometheus.query("scrape_samples_scraped").await.first().map(|(_, value)| *value as usize);
        let plain = demo.page("application/openmetrics-text;version=1.0.0").await;
        let python = said("python3", &["-c", unzip, &demo.metrics]);
        let curl = said("curl", &["-sS", "--fail", "--compressed", "-H", openmetrics, &demo.metrics]);
        assert!(python.ends_with("# EOF\n") && curl.ends_with("# EOF\n"), "{python}\n{curl}");
        let counts = [samples(&plain), samples(&python), samples(&curl)];
        (plain.contains("state=\"ok\"") && counts == [stored?; 3]).then_some(())
    })
    .await;
}

/// What a program says.
fn said(program: &str, arguments: &[&str]) -> String {
    let output = std::process::Command::new(program).args(arguments).output().expect("`make tools` installs it");
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}
