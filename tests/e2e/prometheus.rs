//! Debian's Prometheus and promtool.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::client;

/// Where the repository lies.
pub(crate) const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A running Prometheus, killed when dropped.
pub(crate) struct Prometheus {
    child: Child,
    url: String,
    _folders: Vec<TempDir>,
}

impl Prometheus {
    /// Starts one that scrapes this URL every second.
    pub(crate) fn scraping(metrics: &str) -> Self {
        Self::scraping_with(metrics, "")
    }

    /// The same, with more lines for the job, such as a login.
    pub(crate) fn scraping_with(metrics: &str, job: &str) -> Self {
        Self::start(&Self::job(metrics, job), "")
    }

    /// Starts one with these jobs, scraping every second.
    pub(crate) fn running(jobs: &str) -> Self {
        Self::start(jobs, "")
    }

    /// One that has the shipped rules besides (their end of waiting shortened to two seconds, or nobody sees it here), evaluates them
    /// every second, and tells an Alertmanager.
    pub(crate) fn with_rules(metrics: &str, alertmanager: Option<&str>) -> Self {
        let rules = tempfile::tempdir().expect("a folder");
        for name in ["recording", "engagement", "exporter"] {
            let text = fs::read_to_string(Path::new(ROOT).join(format!("rules/{name}.yml"))).expect("the rules");
            let text = text.replace("keep_firing_for: 15m", "keep_firing_for: 2s");
            fs::write(rules.path().join(format!("{name}.yml")), text).expect("written");
        }
        let mut more = format!("rule_files: [ \"{}/*.yml\" ]\n", rules.path().display());
        if let Some(address) = alertmanager {
            writeln!(more, "alerting: {{ alertmanagers: [ {{ static_configs: [ {{ targets: [ \"{address}\" ] }} ] }} ] }}")
                .expect("a String");
        }
        let mut prometheus = Self::start(&Self::job(metrics, ""), &more);
        prometheus._folders.push(rules);
        prometheus
    }

    fn job(metrics: &str, job: &str) -> String {
        let (scheme, rest) = metrics.split_once("://").expect("a URL");
        let (host, path) = rest.split_once('/').expect("a URL");
        format!(
            "  - job_name: tweet-exporter\n    metrics_path: /{path}\n    scheme: {scheme}\n    static_configs: [{{ targets: [\"{host}\"] }}]\n{job}"
        )
    }

    fn start(jobs: &str, more: &str) -> Self {
        Self::configured(&format!("global: {{ scrape_interval: 1s, evaluation_interval: 1s }}\nscrape_configs:\n{jobs}\n{more}"))
    }

    /// Starts one with this configuration.
    pub(crate) fn configured(config: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("prometheus.yml");
        fs::write(&file, config).expect("written");
        Self::launched(folder)
    }

    /// Starts one that scrapes nothing and has what promtool makes of this file.
    pub(crate) fn with_blocks_of(history: &Path) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let output = Command::new("promtool")
            .args(["tsdb", "create-blocks-from", "openmetrics"])
            .args([history, &folder.path().join("data")])
            .output()
            .expect("promtool starts; `make tools` installs it");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && said.is_empty(), "{said}");
        fs::write(folder.path().join("prometheus.yml"), "").expect("written");
        Self::launched(folder)
    }

    fn launched(folder: TempDir) -> Self {
        let file = folder.path().join("prometheus.yml");
        // Prometheus does not tell which port it got for 0.
        let port = free_port();
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
            .arg("--storage.tsdb.retention.time=10y")
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("prometheus starts; `make tools` installs it");
        Self { child, url: format!("http://127.0.0.1:{port}"), _folders: vec![folder] }
    }

    /// A query as Grafana sends it: the last minute in steps of a second, or the last moment. Each series' labels and last value.
    pub(crate) async fn ask(&self, expression: &str, over_time: bool) -> Vec<(BTreeMap<String, String>, f64)> {
        if !over_time {
            return self.query(expression).await;
        }
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
        let parameters = [("query", expression), ("start", &(now - 60).to_string()), ("end", &now.to_string()), ("step", "1")];
        let request = client().post(format!("{}/api/v1/query_range", self.url)).query(&parameters);
        let Ok(answer) = request.send().await else { return Vec::new() };
        let Ok(json) = serde_json::from_str::<Value>(&answer.text().await.unwrap_or_default()) else { return Vec::new() };
        assert_eq!(json["status"], "success", "{expression}: {json}");
        let last = |one: &Value| number(one["values"].as_array().and_then(|values| values.last()).expect("a value"));
        json["data"]["result"].as_array().expect("a result").iter().map(|one| (labels(one), last(one))).collect()
    }

    /// Samples as they are stored: when, in seconds, and what.
    pub(crate) async fn samples(&self, selector: &str) -> Vec<(f64, f64)> {
        let request = client().get(format!("{}/api/v1/query", self.url)).query(&[("query", format!("{selector}[10m]"))]);
        let json: Value =
            serde_json::from_str(&request.send().await.expect("an answer").text().await.expect("text")).expect("JSON");
        let series = json["data"]["result"].as_array().expect("a result");
        let samples = series.iter().flat_map(|one| one["values"].as_array().expect("values"));
        samples.map(|sample| (sample[0].as_f64().expect("a moment"), number(sample))).collect()
    }

    /// The same at this second.
    pub(crate) async fn query_at(&self, expression: &str, second: i64) -> Vec<(BTreeMap<String, String>, f64)> {
        self.query_with(&[("query", expression), ("time", &second.to_string())]).await
    }

    /// An instant query: labels and value of each series. Empty while Prometheus is starting.
    pub(crate) async fn query(&self, expression: &str) -> Vec<(BTreeMap<String, String>, f64)> {
        self.query_with(&[("query", expression)]).await
    }

    async fn query_with(&self, query: &[(&str, &str)]) -> Vec<(BTreeMap<String, String>, f64)> {
        let request = client().get(format!("{}/api/v1/query", self.url)).query(query);
        let Ok(answer) = request.send().await else { return Vec::new() };
        let Ok(json) = serde_json::from_str::<Value>(&answer.text().await.unwrap_or_default()) else { return Vec::new() };
        assert_eq!(json["status"], "success", "{query:?}: {json}");
        json["data"]["result"].as_array().expect("a result").iter().map(|one| (labels(one), number(&one["value"]))).collect()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn labels(series: &Value) -> BTreeMap<String, String> {
    let labels = series["metric"].as_object().expect("labels");
    labels.iter().map(|(name, value)| (name.clone(), value.as_str().expect("text").to_owned())).collect()
}

fn number(sample: &Value) -> f64 {
    sample[1].as_str().expect("a value").parse().expect("a number")
}

/// A port that nobody has right now, for programs that do not tell which one they got.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}

/// What `promtool check metrics` says of a page.
pub(crate) fn check(page: &str) -> String {
    let mut child = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool starts; `make tools` installs it");
    child.stdin.take().expect("piped").write_all(page.as_bytes()).expect("written");
    let output = child.wait_with_output().expect("it ends");
    [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat()
}

/// Has promtool import an OpenMetrics page, each sample stamped, and every one of them stored.
pub(crate) fn import(page: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut stamped, mut samples) = (String::new(), 0);
    for line in page.lines() {
        let is_sample = !line.starts_with('#');
        writeln!(stamped, "{line}{}", if is_sample { " 1700000000" } else { "" }).expect("a String takes everything");
        samples += u64::from(is_sample);
    }
    let (file, blocks) = (folder.path().join("page.om"), folder.path().join("blocks"));
    fs::write(&file, stamped).expect("written");
    let output = Command::new("promtool")
        .args(["tsdb", "create-blocks-from", "openmetrics"])
        .args([&file, &blocks])
        .output()
        .expect("promtool starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let block = fs::read_dir(&blocks).expect("blocks").flatten().next().expect("a block").path();
    let meta: Value = serde_json::from_slice(&fs::read(block.join("meta.json")).expect("meta.json")).expect("JSON");
    assert_eq!(meta["stats"]["numSamples"].as_u64(), Some(samples), "promtool's exit code does not tell about losses");
}
