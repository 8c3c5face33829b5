//! The real program, as a process of its own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{iter, thread};

use crate::kit::Scraper;
use crate::x::X;

/// A process that says something, killed when dropped.
pub(crate) struct Program {
    child: Child,
    lines: Box<dyn BufRead>,
}

impl Program {
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

/// An exporter that reads so many tweets from `X` again and again, and keeps its state in a file.
pub(crate) struct Exporter {
    program: Program,
    address: SocketAddr,
    _folder: tempfile::TempDir,
}

/// What its own metrics say.
#[derive(Clone, Copy)]
pub(crate) struct Standing {
    pub(crate) cpu_seconds: f64,
    pub(crate) reads: f64,
    pub(crate) requests: f64,
    /// Of tweets, on the page.
    pub(crate) series: f64,
}

impl Exporter {
    /// Starts one. Its tweets are some days old at most, so that X gives their private numbers.
    pub(crate) fn start(x: &X, tweets: usize, every: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis() as u64;
        let id = |place: u64| (now - 3_600_000 - place * 9_000 - 1_288_834_974_657) << 22 | (place & 0x3FF);
        let watched: String = (0..tweets as u64).map(|place| format!("- \"{}\"\n", id(place))).collect();
        let url = &x.url;
        let config = format!(
            "api: {{ url: \"{url}\", engagement_url: \"{url}\", ca_file: ca.pem }}\ntiers: [{{ younger_than: 3000d, every: {every} }}]\n\
             accounts:\n  - name: acme\n    username: acme\n    credentials:\n      oauth1: {{ consumer_key: \"${{A}}\", \
             consumer_secret: \"${{B}}\", access_token: \"${{C}}\", access_token_secret: \"${{D}}\" }}\n    \
             sources: [{{ api: lookup, groups: [public, non_public, organic] }}]\n    watch: {{ files: [watch.yml] }}\n"
        );
        for (name, text) in [("c.yml", &config), ("watch.yml", &watched), ("ca.pem", &x.certificate)] {
            fs::write(folder.path().join(name), text).expect("written");
        }
        let flag = |flag: &str, name: &str| format!("--{flag}={}", folder.path().join(name).display());
        let mut command = Command::new(env!("CARGO_BIN_EXE_tweet_exporter"));
        command.args([flag("config.file", "c.yml"), flag("state.path", "state"), "--web.listen-address=127.0.0.1:0".to_owned()]);
        command.envs(["A", "B", "C", "D"].map(|name| (name, format!("secret-{name}"))));
        let mut program = Program::spawn(command.stdout(Stdio::null()).stderr(Stdio::piped()));
        let address = loop {
            let line = program.line();
            if let Some(address) = line.split("address=").nth(1).filter(|_| line.contains("msg=listening")) {
                break address.trim().parse().expect("an address");
            }
        };
        Self { program, address, _folder: folder }
    }

    pub(crate) fn scraper(&self, gzip: bool) -> Scraper {
        Scraper::new(self.address, gzip)
    }

    /// What its own metrics say now.
    pub(crate) fn look(&self) -> Standing {
        let page = String::from_utf8(self.scraper(false).body()).expect("text");
        let sum = |name: &str| -> f64 {
            let lines = page.lines().filter(|line| line.starts_with(name));
            lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
        };
        Standing {
            cpu_seconds: sum("process_cpu_seconds_total"),
            reads: sum("tweet_exporter_tweets_read_total"),
            requests: sum("tweet_exporter_api_requests_total{account=\"acme\",api=\"lookup\",code=\"200\"}"),
            series: sum("tweet_exporter_series"),
        }
    }

    /// Waits until it has read so many tweets.
    pub(crate) fn wait(&self, reads: f64) -> Standing {
        let looks = iter::repeat_with(|| {
            thread::sleep(Duration::from_millis(300));
            self.look()
        });
        looks.into_iter().find(|standing| standing.reads >= reads).expect("it goes on")
    }

    /// Its memory in MB: resident now, and the most so far.
    pub(crate) fn memory(&self) -> (f64, f64) {
        let status = fs::read_to_string(format!("/proc/{}/status", self.program.child.id())).unwrap_or_default();
        let field = |name: &str| -> f64 {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
            line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or_default() / 1024.0
        };
        (field("VmRSS:"), field("VmHWM:"))
    }
}
