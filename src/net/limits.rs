//! What a client may take from us.

use std::fs;
use std::time::Duration;

/// How long and how much a client may keep us busy.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at a time. Far above what a few scrapers need, and no more than half of the process's file descriptors, which X's
    /// connections and the state share. For one more client the connection goes that has been idle longest; while all are busy,
    /// clients wait in the kernel's queue.
    pub connections: usize,
    /// From accepting to the first byte, for the TLS handshake, and from the first byte of a head to its last.
    pub first_byte: Duration,
    /// Between two requests on a connection. It lies above the usual scrape interval of a
    /// minute: a scraper keeps its connection.
    pub head: Duration,
    /// How large a head may be; beyond, and above hyper's 100 fields, the answer is 431.
    pub head_bytes: usize,
    /// Requests at a time on a connection that speaks HTTP/2.
    pub streams: u32,
    /// For a client to take any byte of the answer.
    pub stalled_write: Duration,
    /// For the requests in flight once told to stop: below the ten seconds after which Docker kills.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: most_connections(),
            first_byte: Duration::from_secs(10),
            head: Duration::from_secs(90),
            head_bytes: 64 << 10,
            streams: 16,
            stalled_write: Duration::from_secs(30),
            drain: Duration::from_secs(8),
        }
    }
}

/// 512, or half of the file descriptors that the process may have (`ulimit -n`).
fn most_connections() -> usize {
    const MOST: usize = 512;
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    // Other systems, and "unlimited".
    let descriptors = line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok());
    descriptors.map_or(MOST, |descriptors| (descriptors / 2).clamp(1, MOST))
}
