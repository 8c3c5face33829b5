//! Passwords are checked one after the other, off the threads that serve: bcrypt is work on purpose. Each machine has one check in the
//! line at a time, so that a machine with thousands of wrong passwords holds up itself and not the scraper next to it.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::available_parallelism;
use std::time::Duration;

use tokio::sync::{Mutex as Turn, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::door::users::{Login, Users, fits};
use crate::net::Peer;

/// The line.
pub(super) struct Line {
    /// How many are checked at a time: half of the processors, since the others serve.
    checks: Arc<Semaphore>,
    /// Who stands in the line; first come, first served.
    turns: Mutex<HashMap<Peer, Arc<Turn<()>>>>,
}

/// Prometheus waits no longer for a scrape.
const PATIENCE: Duration = Duration::from_secs(10);

impl Line {
    pub(super) fn new() -> Self {
        let processors = available_parallelism().map_or(1, usize::from);
        Self { checks: Arc::new(Semaphore::new((processors / 2).clamp(1, 4))), turns: Mutex::default() }
    }

    /// Whether the login is right; nothing if its turn does not come in time.
    pub(super) async fn check(&self, users: &Users, login: Login, peer: Peer) -> Option<bool> {
        let turn = self.turn(neighbourhood(peer));
        let waited = timeout(PATIENCE, async {
            let turn = turn.lock_owned().await;
            (turn, self.checks.clone().acquire_owned().await)
        });
        let (turn, place) = waited.await.ok()?;
        // It may have been found out while we stood in the line.
        if let Some(verdict) = users.known_verdict(&login) {
            return Some(verdict);
        }
        let hash = users.hash_for(&login);
        let work = spawn_blocking(move || {
            // A client that leaves does not end the work: its turn and its place last as long.
            let _held = (turn, place);
            let fits = fits(&login, &hash);
            (login, fits)
        });
        let (login, fits) = work.await.ok()?;
        Some(users.judge(&login, fits))
    }

    fn turn(&self, peer: Peer) -> Arc<Turn<()>> {
        /// More than there are connections at a time.
        const MANY: usize = 1_024;
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        if turns.len() > MANY {
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        }
        turns.entry(peer).or_default().clone()
    }
}

/// A machine may have a whole /64 of addresses.
fn neighbourhood(peer: Peer) -> Peer {
    match peer {
        Peer::Machine(IpAddr::V6(address)) => {
            let network = u128::from(address) >> 64 << 64;
            Peer::Machine(IpAddr::V6(Ipv6Addr::from(network)))
        }
        peer => peer,
    }
}
