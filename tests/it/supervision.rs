//! What systemd hears of the exporter: a socket takes its place.

use std::os::unix::net::UnixDatagram;

use tempfile::TempDir;

use crate::harness::{Account, Exporter, PATIENCE, Simulator};

/// Somebody who listens, as systemd does behind `NOTIFY_SOCKET`.
struct Listener {
    socket: UnixDatagram,
    folder: TempDir,
}

impl Listener {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = UnixDatagram::bind(folder.path().join("notify")).expect("a socket");
        socket.set_read_timeout(Some(PATIENCE)).expect("a patience");
        Self { socket, folder }
    }

    fn variable(&self) -> (String, String) {
        ("NOTIFY_SOCKET".to_owned(), self.folder.path().join("notify").display().to_string())
    }

    /// The next message.
    fn hear(&self) -> String {
        let mut message = [0; 4_096];
        let length = self.socket.recv(&mut message).expect("a message");
        String::from_utf8_lossy(&message[..length]).into_owned()
    }
}

async fn exporter(simulator: &Simulator, more: impl IntoIterator<Item = (String, String)>) -> Exporter {
    let tweet = simulator.tweet("acme", "steady").await;
    let account = [Account { name: "acme", lines: Account::PUBLIC, tweets: vec![tweet] }];
    let environment: Vec<_> = simulator.secrets().into_iter().chain(more).collect();
    Exporter::start(&simulator.configuration("", &account), &environment)
}

#[tokio::test]
async fn systemd_hears_when_it_is_ready_that_it_lives_and_that_it_stops() {
    let (simulator, listener) = (Simulator::start(), Listener::new());
    let watchdog = ("WATCHDOG_USEC".to_owned(), "20000".to_owned());
    let mut exporter = exporter(&simulator, [listener.variable(), watchdog]).await;
    assert_eq!(listener.hear(), "READY=1\n");
    assert_eq!(exporter.scrape().await.sum("tweet_state", &[]), 1.0, "ready means that there is a page");
    for _ in 0..3 {
        assert_eq!(listener.hear(), "WATCHDOG=1\n");
    }
    exporter.process.signal("TERM");
    let last = std::iter::repeat_with(|| listener.hear()).find(|message| message != "WATCHDOG=1\n");
    assert_eq!(last.as_deref(), Some("STOPPING=1\n"));
    assert_eq!(exporter.process.end().code(), Some(0));
}

#[tokio::test]
async fn nobody_is_told_that_it_lives_unless_somebody_watches() {
    let (simulator, listener) = (Simulator::start(), Listener::new());
    let not_us = [("WATCHDOG_USEC", "20000"), ("WATCHDOG_PID", "1")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let mut exporter = exporter(&simulator, not_us.into_iter().chain([listener.variable()])).await;
    assert_eq!(listener.hear(), "READY=1\n");
    exporter.scrape().await;
    exporter.process.signal("TERM");
    assert_eq!(listener.hear(), "STOPPING=1\n");
    assert_eq!(exporter.process.end().code(), Some(0));
}

#[tokio::test]
async fn a_supervisor_that_is_gone_stops_nothing() {
    let simulator = Simulator::start();
    let gone = ("NOTIFY_SOCKET".to_owned(), "/nowhere/notify".to_owned());
    let mut exporter = exporter(&simulator, [gone]).await;
    exporter.process.line("a warning", |line| line.contains("level=warn") && line.contains("NOTIFY_SOCKET"));
    assert_eq!(exporter.scrape().await.sum("tweet_state", &[]), 1.0);
    exporter.process.signal("TERM");
    assert_eq!(exporter.process.end().code(), Some(0));
}
