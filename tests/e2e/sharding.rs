//! Shards under one real Prometheus: what is stored of all of them is what is stored of one exporter, before and after one joins them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{Account, Exporter, Simulator, until};
use crate::prometheus::Prometheus;

/// Tweets that are named; others are found.
const NAMED: usize = 200;
const ABOUT_TWEETS: &str = "{tweet_id!=\"\"}";

/// Two jobs whose targets stand in files.
struct Setup {
    folder: TempDir,
    prometheus: Prometheus,
}

impl Setup {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let job = |name: &str| {
            let file = folder.path().join(format!("{name}.json")).display().to_string();
            format!("  - {{ job_name: {name}, file_sd_configs: [{{ files: [\"{file}\"] }}] }}\n")
        };
        let jobs = job("one") + &job("shards");
        let prometheus = Prometheus::configured(&format!("global: {{ scrape_interval: 1s }}\nscrape_configs:\n{jobs}"));
        Self { folder, prometheus }
    }

    /// These are the targets from now on; which shard each is becomes a label.
    fn target(&self, job: &str, exporters: &[Exporter]) {
        let group = |(index, exporter): (usize, &Exporter)| {
            let target = exporter.url.trim_start_matches("http://");
            json!({"targets": [target], "labels": {"replica": index.to_string()}})
        };
        let groups: Vec<Value> = exporters.iter().enumerate().map(group).collect();
        replace(&self.folder.path().join(format!("{job}.json")), &json!(groups).to_string());
    }

    /// All series of a job without what tells its targets apart; nothing if one is there twice. Each exporter reads at its own time.
    async fn stored(&self, job: &str) -> Option<BTreeMap<String, f64>> {
        let mut stored = BTreeMap::new();
        for (mut labels, value) in self.prometheus.query(&ABOUT_TWEETS.replace('}', &format!(",job=\"{job}\"}}"))).await {
            ["job", "instance", "replica"].iter().for_each(|label| drop(labels.remove(*label)));
            let moment = labels["__name__"] == "tweet_last_success_timestamp_seconds";
            if stored.insert(format!("{labels:?}"), if moment { 0.0 } else { value }).is_some() {
                return None;
            }
        }
        Some(stored)
    }

    /// Which shard has each tweet.
    async fn homes(&self) -> BTreeMap<String, String> {
        let states = self.prometheus.query("tweet_state{job=\"shards\"}").await;
        states.into_iter().map(|(labels, _)| (labels["tweet_id"].clone(), labels["replica"].clone())).collect()
    }
}

/// Prometheus follows the folder: it must never see half a file.
fn replace(file: &Path, text: &str) {
    let draft = file.with_extension("draft");
    fs::write(&draft, text).expect("written");
    fs::rename(draft, file).expect("renamed");
}

#[tokio::test]
async fn four_shards_store_what_one_exporter_stores_and_a_fifth_takes_its_part() {
    let simulator = Simulator::start();
    let mut tweets = simulator.add_tweets("acme", NAMED, 600).await;
    for kind in ["viral", "video", "deleted", "protected", "foreign"] {
        tweets.push(simulator.tweet("acme", kind).await);
    }
    let acme = [Account { name: "acme", lines: Account::OWNER, tweets }];
    let globex = "  - name: globex\n    username: globex\n    credentials: { bearer_token: \"${GLOBEX_BEARER_TOKEN}\" }\n    \
                  sources: [{ api: timeline }]\n    watch: { timeline: { younger_than: 30d } }\n";
    let configuration = simulator.configuration("", &acme) + globex;
    let secrets = simulator.secrets();
    let setup = Setup::start();
    let one = [Exporter::start(&configuration, &secrets)];
    let start = |index| Exporter::start_shard(&configuration, &secrets, &format!("{index}/4"));
    let mut shards: Vec<Exporter> = (0..4).map(start).collect();
    setup.target("one", &one);
    setup.target("shards", &shards);
    let same = async || {
        let (one, shards) = (setup.stored("one").await?, setup.stored("shards").await?);
        let is_settled = one.len() > 10 * NAMED && !one.keys().any(|series| series.contains("\"state\": \"pending\""));
        (is_settled && one == shards).then_some(one)
    };
    until("four shards store what one exporter stores", same).await;
    let before = setup.homes().await;

    shards = (0..4).zip(shards).map(|(index, shard)| shard.become_shard(&secrets, &format!("{index}/5"))).collect();
    shards.push(Exporter::start_shard(&configuration, &secrets, "4/5"));
    setup.target("shards", &shards);
    until("five shards do", async || {
        let answered = setup.prometheus.query("count(tweet_exporter_shards{job=\"shards\"} == 5)").await;
        let is_new = answered.first().is_some_and(|(_, count)| *count == 5.0);
        if is_new { same().await } else { None }
    })
    .await;
    let after = setup.homes().await;
    let moved: Vec<_> = after.iter().filter(|(tweet, home)| before[*tweet] != **home).collect();
    assert!(moved.iter().all(|(_, home)| *home == "4"), "only to the new one: {moved:?}");
    // A fifth is what is to be expected; ids differ from run to run, so six standard deviations more are let pass.
    let all = after.len() as f64;
    let most = all / 5.0 + 6.0 * (all * 0.2 * 0.8).sqrt();
    assert!(!moved.is_empty() && (moved.len() as f64) < most, "{} of {all} moved", moved.len());
    // What stayed was in the state of its shard; only what moved is paid again.
    let paid =
        setup.prometheus.query("sum by (replica) (tweet_exporter_billable_reads_total{job=\"shards\",account=\"acme\"})").await;
    let paid: BTreeMap<String, f64> = paid.into_iter().map(|(labels, paid)| (labels["replica"].clone(), paid)).collect();
    assert!((0..4).all(|old| paid[&old.to_string()] == 0.0), "{paid:?}");
    println!("{} of {all} tweets moved; paid by shard: {paid:?}", moved.len());
}
