//! A backfill in a folder of its own, and what it wrote.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use tempfile::TempDir;
use tweet_exporter::model::Timestamp;

use super::{DAY, Process, Simulator};

/// The family that a backfill writes.
pub(crate) const BUCKET: &str = "tweet_engagement_bucket";

/// The samples of a file: family and labels, then value by second.
pub(crate) type Samples = BTreeMap<(String, BTreeMap<String, String>), BTreeMap<i64, f64>>;

/// A folder with configuration, state and output of a backfill.
pub(crate) struct Backfill {
    pub(crate) folder: TempDir,
    secrets: Vec<(String, String)>,
}

impl Backfill {
    /// A folder with this configuration, and the simulator's secrets.
    pub(crate) fn new(simulator: &Simulator, configuration: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let backfill = Self { folder, secrets: simulator.secrets() };
        backfill.configure(configuration);
        backfill
    }

    /// Another configuration for the next run.
    pub(crate) fn configure(&self, configuration: &str) {
        fs::write(self.path("tweet_exporter.yml"), configuration).expect("written");
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The arguments of a run over this span; the last ones count.
    pub(crate) fn arguments(&self, start: &str, end: &str, more: &[&str]) -> Vec<String> {
        let mut arguments = vec![
            "backfill".to_owned(),
            format!("--config.file={}", self.path("tweet_exporter.yml").display()),
            format!("--state.path={}", self.path("state").display()),
            format!("--output={}", self.path("out.om").display()),
            format!("--start={start}"),
            format!("--end={end}"),
            "--account=acme".to_owned(),
        ];
        arguments.extend(more.iter().map(|argument| (*argument).to_owned()));
        arguments
    }

    /// Runs it to its end: exit code and output.
    pub(crate) fn run(&self, start: &str, end: &str, more: &[&str]) -> (i32, String) {
        Process::run(&self.arguments(start, end, more), &self.secrets)
    }

    /// Starts it.
    pub(crate) fn start(&self, start: &str, end: &str, more: &[&str]) -> Process {
        Process::start(&self.arguments(start, end, more), &self.secrets)
    }

    pub(crate) fn secrets(&self) -> &[(String, String)] {
        &self.secrets
    }

    /// What the finished file holds. Families lie together, series too, times ascend.
    pub(crate) fn samples(&self) -> Samples {
        let text = fs::read_to_string(self.path("out.om")).expect("the output is there");
        assert!(text.ends_with("\n# EOF\n"), "{text}");
        let mut samples = Samples::new();
        let mut last = None;
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (series, rest) = line.split_once("} ").expect("labels");
            let (name, labels) = series.split_once('{').expect("a name");
            let label = |label: &str| {
                let (name, value) = label.split_once('=').expect("a label");
                (name.to_owned(), value.trim_matches('"').to_owned())
            };
            let key = (name.to_owned(), labels.split(',').map(label).collect::<BTreeMap<_, _>>());
            let (value, second) = rest.split_once(' ').expect("a time");
            let second = second.parse().expect("a second");
            let is_new = last.as_ref() != Some(&key);
            assert!(!(is_new && samples.contains_key(&key)), "a series in two parts: {line}");
            let series = samples.entry(key.clone()).or_default();
            assert!(series.last_key_value().is_none_or(|(before, _)| *before < second), "{line}");
            series.insert(second, value.parse().expect("a number"));
            last = Some(key);
        }
        samples
    }
}

/// Midnight so many days before today.
pub(crate) fn midnight(days_ago: i64) -> Timestamp {
    let today = Timestamp::from(SystemTime::now()).utc_day();
    Timestamp::from_seconds((today - days_ago) * DAY as i64)
}

/// The same as a backfill is told of it.
pub(crate) fn days_ago(days: i64) -> String {
    midnight(days).to_string()
}

/// One series of a tweet.
pub(crate) fn series<'a>(samples: &'a Samples, family: &str, tweet: &str, metric: &str) -> Option<&'a BTreeMap<i64, f64>> {
    let fits = |labels: &BTreeMap<String, String>| labels["tweet_id"] == tweet && labels["metric"] == metric;
    samples.iter().find(|((name, labels), _)| name == family && fits(labels)).map(|(_, series)| series)
}
