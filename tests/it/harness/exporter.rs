//! A running exporter.

use std::fs;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::{Page, Process, client, until};

/// A running exporter with its configuration in a folder of its own.
pub(crate) struct Exporter {
    pub(crate) process: Process,
    pub(crate) url: String,
    client: reqwest::Client,
    /// Where its configuration and its state lie.
    pub(crate) folder: TempDir,
}

impl Exporter {
    /// Starts an exporter with this configuration and these secrets, and waits until it listens.
    pub(crate) fn start(configuration: &str, environment: &[(String, String)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("tweet_exporter.yml"), configuration).expect("written");
        Self::start_in(folder, environment)
    }

    /// Starts one of several, such as `0/4`, with this configuration.
    pub(crate) fn start_shard(configuration: &str, environment: &[(String, String)], shard: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("tweet_exporter.yml"), configuration).expect("written");
        Self::start_with(folder, environment, &[format!("--shard={shard}")])
    }

    /// Ends it in good order, and starts it again as another shard with what it left behind.
    pub(crate) fn become_shard(mut self, environment: &[(String, String)], shard: &str) -> Self {
        self.process.signal("TERM");
        self.process.end();
        Self::start_with(self.folder, environment, &[format!("--shard={shard}")])
    }

    /// Kills it as a crash would and starts it again with what it left behind.
    pub(crate) fn crash(mut self, environment: &[(String, String)]) -> Self {
        self.process.signal("KILL");
        self.process.end();
        Self::start_in(self.folder, environment)
    }

    /// Starts an exporter with the configuration and the state in this folder.
    pub(crate) fn start_in(folder: TempDir, environment: &[(String, String)]) -> Self {
        Self::start_with(folder, environment, &[])
    }

    /// The same with further flags.
    pub(crate) fn start_with(folder: TempDir, environment: &[(String, String)], more: &[String]) -> Self {
        let file = folder.path().join("tweet_exporter.yml");
        let arguments = [
            "serve".to_owned(),
            format!("--config.file={}", file.display()),
            format!("--state.path={}", folder.path().join("state").display()),
            "--web.listen-address=127.0.0.1:0".to_owned(),
            "--web.enable-lifecycle".to_owned(),
            "--log.level=debug".to_owned(),
        ];
        let process = Process::start(&[&arguments, more].concat(), environment);
        let line = process.line("its address", |line| line.contains("msg=listening"));
        let address = line.rsplit("address=").next().expect("an address").trim();
        Self { process, url: format!("http://{address}"), client: client(), folder }
    }

    /// Writes another configuration, which nobody has read yet.
    pub(crate) fn write(&self, configuration: &str) {
        fs::write(self.folder.path().join("tweet_exporter.yml"), configuration).expect("written");
    }

    /// Has the configuration read again: status and text of the answer.
    pub(crate) async fn reload(&self) -> (u16, String) {
        let answer = self.client.post(format!("{}/-/reload", self.url)).send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("text"))
    }

    /// Another configuration, which must be accepted.
    pub(crate) async fn reload_with(&self, configuration: &str) {
        self.write(configuration);
        let (status, text) = self.reload().await;
        assert_eq!(status, 200, "{text}");
    }

    /// Scrapes as Prometheus does by default.
    pub(crate) async fn scrape(&self) -> Page {
        let answer = self.client.get(format!("{}/metrics", self.url)).send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        Page::read(&answer.text().await.expect("text"))
    }

    /// Scrapes when everything that is read each second is due again.
    pub(crate) async fn refresh(&self) -> Page {
        let begun = Instant::now();
        until("the second", async || (begun.elapsed() > Duration::from_millis(1_050)).then_some(())).await;
        self.scrape().await
    }

    /// Scrapes with a time limit, as Prometheus announces it.
    pub(crate) async fn scrape_within(&self, seconds: &str) -> Page {
        let request = self.client.get(format!("{}/metrics", self.url)).header("X-Prometheus-Scrape-Timeout-Seconds", seconds);
        Page::read(&request.send().await.expect("an answer").text().await.expect("text"))
    }

    /// Status and text of another path.
    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        let answer = self.client.get(format!("{}{path}", self.url)).send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("text"))
    }
}
