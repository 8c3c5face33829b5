//! From the rush to the message: the demo, Debian's Prometheus with the shipped rules, Debian's Alertmanager with the shipped example, and
//! somebody who takes the messages.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::panels::tweet_of;
use crate::prometheus::{Prometheus, ROOT, free_port};
use crate::{Demo, patiently};

/// A message that Alertmanager sent: when, to which receiver, what.
type Message = (f64, String, Value);

/// Takes messages.
struct Mailbox {
    address: String,
    messages: Arc<Mutex<Vec<Message>>>,
}

impl Mailbox {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let mailbox = Self { address: listener.local_addr().expect("bound").to_string(), messages: Arc::default() };
        let messages = mailbox.messages.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(take(stream, messages.clone()));
            }
        });
        mailbox
    }

    fn messages(&self) -> Vec<Message> {
        self.messages.lock().expect("nobody panics").clone()
    }

    /// The messages to a receiver: when, and whether it fires.
    fn to(&self, receiver: &str) -> Vec<(f64, Value)> {
        let messages = self.messages().into_iter().filter(|(_, to, _)| to == receiver);
        messages.map(|(at, _, message)| (at, message)).collect()
    }
}

/// One request a connection is all that this speaks of HTTP.
async fn take(stream: TcpStream, messages: Arc<Mutex<Vec<Message>>>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let (mut first, mut length) = (String::new(), 0);
    stream.read_line(&mut first).await?;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        if line.trim().is_empty() {
            break;
        }
        let value =
            line.to_ascii_lowercase().strip_prefix("content-length:").map(|value| value.trim().parse().expect("a length"));
        length = value.unwrap_or(length);
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    let receiver = first.split(['/', ' ']).nth(2).unwrap_or_default().to_owned();
    messages.lock().expect("nobody panics").push((now(), receiver, serde_json::from_slice(&body).expect("JSON")));
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await
}

fn now() -> f64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs_f64()
}

/// A running Alertmanager with the shipped example, killed when dropped.
struct Alertmanager {
    child: Child,
    address: String,
    _folder: TempDir,
}

impl Alertmanager {
    /// Messages go to this mailbox, and shorter waits hold than in the example, but for those of the digest.
    fn telling(mailbox: &Mailbox) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let example = fs::read_to_string(Path::new(ROOT).join(EXAMPLE)).expect("the example");
        let config = example
            .replace("localhost:9099", &mailbox.address)
            .replace("group_wait: 10s", "group_wait: 1s")
            .replace("group_wait: 30s", "group_wait: 1s")
            .replace("  group_interval: 5m\n", "  group_interval: 1s\n");
        let file = folder.path().join("alertmanager.yml");
        fs::write(&file, config).expect("written");
        let address = format!("127.0.0.1:{}", free_port());
        let child = Command::new("prometheus-alertmanager")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.path={}", folder.path().join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .arg("--cluster.listen-address=") // or it gossips on all addresses
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("prometheus-alertmanager starts; `make tools` installs it");
        Self { child, address, _folder: folder }
    }
}

impl Drop for Alertmanager {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const EXAMPLE: &str = "examples/alertmanager/alertmanager.yml";

/// When the first number of the tweet was stored that is ten times the median and above the floor.
async fn rush_begins(prometheus: &Prometheus, tweet: &str) -> f64 {
    let mut begins = f64::INFINITY;
    for (labels, floor) in prometheus.query("tweet:spike_floor:min").await {
        let metric = &labels["metric"];
        let median = prometheus.query(&format!("account:tweet_engagement:p50_lifetime{{metric=\"{metric}\"}}")).await[0].1;
        let samples = prometheus.samples(&format!("tweet_engagement{{tweet_id=\"{tweet}\",metric=\"{metric}\"}}")).await;
        let first = samples.iter().find(|(_, value)| *value > floor && *value >= 10.0 * median.max(1.0));
        begins = first.map_or(begins, |(at, _)| begins.min(*at));
    }
    begins
}

#[tokio::test]
async fn a_viral_tweet_is_told_to_those_who_tweet_and_to_nobody_else() {
    let mailbox = Mailbox::open().await;
    let demo = Demo::start("--speed=120");
    let alertmanager = Alertmanager::telling(&mailbox);
    let prometheus = Prometheus::with_rules(&demo.metrics, Some(&alertmanager.address));
    let viral = tweet_of(&demo, "viral").await;
    let first = patiently("no message", async || mailbox.to("social").first().cloned().ok_or(mailbox.messages())).await;

    let (told, message) = first;
    let alerts = message["alerts"].as_array().expect("alerts");
    assert_eq!(alerts.len(), 1, "{message:#}");
    let (labels, annotations) = (&alerts[0]["labels"], &alerts[0]["annotations"]);
    assert_eq!(labels["alertname"], "TweetGoingViral", "{message:#}");
    assert_eq!((&labels["account"], &labels["tweet_id"]), (&"acme".into(), &viral.clone().into()));
    let name = format!("viral …{}", &viral[viral.len() - 4..]);
    let (summary, description) =
        (annotations["summary"].as_str().expect("text"), annotations["description"].as_str().expect("text"));
    assert!(summary.starts_with(&format!("{name} (acme) is going viral: ")), "{summary}");
    let times: f64 =
        summary.split(": ").nth(1).and_then(|rest| rest.split(' ').next()).expect("a number").parse().expect("a number");
    assert!((10.0..100.0).contains(&times), "{summary}");
    assert!(description.contains(" impressions +") && description.contains(" likes +"), "{description}");
    assert_eq!(annotations["tweet_url"], format!("https://x.com/i/status/{viral}"));

    // Two intervals, counted in evaluations and not in seconds, because a busy machine may take its time: the first may run while the
    // page is still being stored, the second records, and the third may come just before the alert's own.
    let begins = rush_begins(&prometheus, &viral).await;
    let fires = prometheus
        .samples(&format!("ALERTS{{alertstate=\"firing\",alertname=\"TweetGoingViral\",tweet_id=\"{viral}\"}}"))
        .await[0]
        .0;
    let evaluations = prometheus.samples(&format!("tweet:age_seconds:max{{tweet_id=\"{viral}\"}}")).await;
    let between = evaluations.iter().filter(|(at, _)| (begins..=fires).contains(at)).count();
    assert!((1..=3).contains(&between), "{between} evaluations from {begins} to {fires}");
    println!(
        "from the stored number to the alert {:.1} s ({between} evaluations of 1 s), to the message {:.1} s",
        fires - begins,
        told - begins
    );

    crate::harness::client().delete(format!("{}/_simulator/tweets/{viral}", demo.simulator)).send().await.expect("deleted");
    let resolved = |messages: Vec<(f64, Value)>| messages.into_iter().find(|(_, message)| message["status"] == "resolved");
    patiently("not resolved", async || resolved(mailbox.to("social")).ok_or(mailbox.messages())).await;
    for (_, receiver, message) in mailbox.messages() {
        assert_eq!(receiver, "social", "{message:#}");
        for alert in message["alerts"].as_array().expect("alerts") {
            assert_eq!(
                (&alert["labels"]["alertname"], &alert["labels"]["tweet_id"]),
                (&"TweetGoingViral".into(), &viral.clone().into())
            );
        }
    }
}

fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(ROOT).output().expect("`make tools` installs it");
    let text = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(output.status.success(), "{program} {arguments:?}: {text}");
    text
}

#[test]
fn promtool_finds_the_rules_right_and_their_tests_pass() {
    run("promtool", &["check", "rules", "--lint=all", "rules/recording.yml", "rules/engagement.yml", "rules/exporter.yml"]);
    run("promtool", &["check", "config", "examples/prometheus/prometheus.yml"]);
    let tests = ["spike", "tweet", "same_age", "exporter", "false_alarms"].map(|name| format!("rules/tests/{name}.test.yml"));
    let [spike, tweet, same_age, exporter, false_alarms] = &tests;
    run("promtool", &["test", "rules", spike, tweet, same_age, exporter, false_alarms]);
}

#[test]
fn alertmanager_routes_by_topic_severity_and_account() {
    run("amtool", &["check-config", EXAMPLE]);
    let config = format!("--config.file={EXAMPLE}");
    let routes = [
        ("social", "topic=engagement", "severity=critical", "account=acme"),
        ("globex", "topic=engagement", "severity=warning", "account=globex"),
        ("digest", "topic=engagement", "severity=info", "account=globex"),
        ("operators", "topic=exporter", "severity=critical", "account=globex"),
        ("operators", "topic=exporter", "severity=info", "account=acme"),
    ];
    for (receiver, topic, severity, account) in routes {
        let expected = format!("--verify.receivers={receiver}");
        run("amtool", &["config", "routes", "test", &config, &expected, topic, severity, account]);
    }
}

/// What Alertmanager says of an alert: its name, account and tweet.
fn named(labels: &Value) -> String {
    let label = |name: &str| labels[name].as_str().unwrap_or("-").to_owned();
    format!("{} {} {}", label("alertname"), label("account"), label("tweet_id"))
}

#[tokio::test]
async fn an_inhibition_mutes_its_own_account_and_no_other() {
    let mailbox = Mailbox::open().await;
    let alertmanager = Alertmanager::telling(&mailbox);
    let url = format!("http://{}/api/v2/alerts", alertmanager.address);
    let about = |topic: &str, name: &str, account: &str, tweet: &str| json!({ "labels": { "topic": topic, "alertname": name, "account": account, "tweet_id": tweet, "severity": "critical" } });
    let alerts = json!([
        { "labels": { "alertname": "TweetExporterDown", "topic": "exporter", "job": "tweet-exporter", "instance": "a" } },
        { "labels": { "alertname": "TweetExporterAccountUnseen", "topic": "exporter", "job": "tweet-exporter", "account": "acme" } },
        about("engagement", "TweetGoingViral", "acme", "1"),
        about("engagement", "TweetGone", "acme", "1"),
        about("engagement", "TweetGoingViral", "globex", "2"),
        about("engagement", "TweetSpike", "globex", "2"),
        about("engagement", "TweetSpike", "globex", "3"),
        about("engagement", "TweetSpike", "initech", "2"),
        about("exporter", "TweetExporterCredentialRefused", "globex", ""),
        about("exporter", "TweetExporterReadsLate", "globex", ""),
        about("exporter", "TweetExporterReadsLate", "acme", ""),
    ]);
    let client = crate::harness::client();
    patiently("Alertmanager takes no alerts", async || {
        match client.post(&url).header("content-type", "application/json").body(alerts.to_string()).send().await {
            Ok(answer) if answer.status().is_success() => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    let expected = ["TweetExporterReadsLate globex -", "TweetGoingViral acme 1", "TweetGone acme 1", "TweetSpike globex 2"];
    patiently("others are muted", async || {
        let text = client.get(&url).send().await.expect("an answer").text().await.expect("text");
        let found: Vec<Value> = serde_json::from_str(&text).expect("JSON");
        let is_muted = |alert: &&Value| alert["status"]["inhibitedBy"].as_array().is_some_and(|by| !by.is_empty());
        let mut muted: Vec<String> = found.iter().filter(is_muted).map(|alert| named(&alert["labels"])).collect();
        muted.sort();
        if found.len() == 11 && muted == expected { Ok(()) } else { Err(format!("{} alerts, muted {muted:?}", found.len())) }
    })
    .await;
}
