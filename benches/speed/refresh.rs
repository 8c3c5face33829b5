//! What a refresh costs: the real program reads all its tweets again and again from the simulator, and its own metrics say how much of
//! the processor it took, page and state file included.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::kit::Scraper;

const TWEETS: usize = 5_000;

pub(crate) fn run() {
    let mut simulator = Program::start(&["simulator", "--speed=1", &format!("--tweets={TWEETS}")], Stdio::null());
    let (mut url, mut secrets, mut ids) = (String::new(), Vec::new(), Vec::new());
    while !ids.iter().any(|(account, _)| account == "globex") {
        let line = simulator.line();
        if let Some(found) = line.strip_prefix("simulator listening on ") {
            url = found.to_owned();
        } else if let Some((name, value)) = line.strip_prefix("export ").and_then(|pair| pair.split_once('=')) {
            secrets.push((name.to_owned(), value.trim_matches('\'').to_owned()));
        } else if let Some((account, rest)) = line.strip_prefix("# ").and_then(|rest| rest.split_once(' ')) {
            ids.push((account.to_owned(), rest.split(':').next().unwrap_or_default().to_owned()));
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    let watched: String =
        ids.iter().filter(|(account, _)| account == "acme").map(|(_, id)| format!("        - \"{id}\"\n")).collect();
    let config = format!(
        "api: {{ url: \"{url}\", engagement_url: \"{url}\" }}\ntiers: [{{ younger_than: 3000d, every: 10s }}]\naccounts:\n  - name: acme\n    \
         username: acme\n    credentials: {{ bearer_token: \"${{ACME_BEARER_TOKEN}}\" }}\n    watch:\n      tweets:\n{watched}"
    );
    let file = folder.path().join("tweet_exporter.yml");
    fs::write(&file, config).expect("written");
    let state = format!("--state.path={}", folder.path().join("state").display());
    let file = format!("--config.file={}", file.display());
    let mut exporter = Program::start_with(&[&file, &state, "--web.listen-address=127.0.0.1:0"], &secrets);
    let address = loop {
        let line = exporter.line();
        if let Some(address) = line.split("address=").nth(1).filter(|_| line.contains("msg=listening")) {
            break address.trim().parse().expect("an address");
        }
    };
    let mut scraper = Scraper::new(address, false);
    let mut look = || {
        let page = String::from_utf8(scraper.body()).expect("text");
        let sum = |name: &str| -> f64 {
            let lines = page.lines().filter(|line| line.starts_with(name));
            lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
        };
        let requests = "tweet_exporter_api_requests_total{account=\"acme\",api=\"lookup\",code=\"200\"}";
        (sum("process_cpu_seconds_total"), sum("tweet_exporter_tweets_read_total"), sum(requests))
    };
    while look().1 < TWEETS as f64 {
        thread::sleep(Duration::from_millis(200));
    }
    let before = look();
    thread::sleep(Duration::from_secs(25));
    let after = look();
    let (cpu, tweets, requests) = (after.0 - before.0, after.1 - before.1, after.2 - before.2);
    println!(
        "\nrefreshing {TWEETS} tweets every 10 s over HTTP: {tweets} reads in {requests} requests, {:.0} us of processor a tweet \
         ({:.1} s for 100,000), decoding, state file and page included",
        cpu * 1e6 / tweets,
        cpu * 1e5 / tweets
    );
}

/// The program, killed when dropped.
pub(crate) struct Program {
    child: Child,
    lines: Box<dyn BufRead>,
}

impl Program {
    fn start(arguments: &[&str], errors: Stdio) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tweet_exporter"));
        Self::spawn(command.args(arguments).stdout(Stdio::piped()).stderr(errors))
    }

    fn start_with(arguments: &[&str], environment: &[(String, String)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tweet_exporter"));
        let environment = environment.iter().map(|(name, value)| (name, value));
        Self::spawn(command.args(arguments).envs(environment).stdout(Stdio::null()).stderr(Stdio::piped()))
    }

    /// Starts it; what it says is on whichever of its outputs is a pipe.
    pub(crate) fn spawn(command: &mut Command) -> Self {
        let mut child = command.spawn().expect("it starts");
        let lines: Box<dyn BufRead> = match (child.stdout.take(), child.stderr.take()) {
            (Some(output), _) => Box::new(BufReader::new(output)),
            (None, Some(errors)) => Box::new(BufReader::new(errors)),
            (None, None) => unreachable!("one of them is a pipe"),
        };
        Self { child, lines }
    }

    /// The next line that it says.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        let read = self.lines.read_line(&mut line).expect("it writes text");
        assert!(read > 0, "the program ended");
        line.trim_end().to_owned()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Errors only say that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
