//! A small fake X over real HTTP, written from X's documents alone (x-api.md). It shares no code with the client, so that the two do
//! not share mistakes: signatures, tokens, limits and refusals are really checked here.
//!
//! Its goal is to be strict where X is strict and to fail as X fails. Everything about it but the moment comes from the seed. Growth
//! follows a clock that can run faster than the real one; ages, signatures and rate-limit windows follow the real one.
//!
//! # Control
//!
//! `/_simulator/…` on the same port, JSON, no authentication; bad input is answered with 400 and a sentence.
//!
//! | request | does |
//! |---|---|
//! | `GET directory` | accounts, credentials, tweets |
//! | `GET requests`, `DELETE requests` | the last 100,000 requests to X's paths, without secrets |
//! | `GET bill` | requests, and distinct resources per UTC day and class |
//! | `GET truth?tweet=ID` | what X would tell the owner about the tweet now |
//! | `PUT clock` | `{"speed":0}` and/or `{"advance_seconds":3600}` |
//! | `PUT faults`, `DELETE faults` | the dial: a list of `{"path"?,"credential"?,"times"?,"skip"?,"fault":{"kind":…}}`, see `faults` |
//! | `POST tweets` | `{"account":"acme","count":250,"age_seconds":600}` adds plain tweets |
//! | `PUT tweets/ID`, `DELETE tweets/ID` | `{"state":"normal"|"deleted"|"protected"|"withheld"}` |
//!
//! # What it does not imitate
//!
//! Timelines, analytics, insights, the Engagement API, Labs and OAuth 2.0 (later work); credits and spending caps other than by the
//! dial; 24-hour windows other than by the dial; edits of tweets; TLS and HTTP/2; X's delays between an event and its number; expansions
//! other than `attachments.media_keys`; tweet fields other than those that the exporter may need, which are accepted and left out.

mod body;
mod call;
mod cast;
mod chance;
mod clock;
mod control;
mod desk;
mod directory;
mod endpoints;
mod faults;
mod gate;
mod growth;
mod journal;
mod keys;
mod limits;
mod meter;
mod oauth1;
mod reply;
mod server;
mod tweet;
mod world;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use directory::{Directory, DirectoryAccount, DirectoryOauth1, DirectoryTweet};

use crate::model::Timestamp;
use desk::Desk;
use world::World;

/// What a simulator starts with.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Same seed and same epoch, same ids, tokens and numbers.
    pub seed: u64,
    /// Simulated seconds per real second; 0 stands still.
    pub speed: f64,
    /// Moment from which the tweets' ages count; now, if absent.
    pub epoch: Option<Timestamp>,
    /// Plain tweets added to the first account.
    pub extra_tweets: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { seed: 42, speed: 1.0, epoch: None, extra_tweets: 0 }
    }
}

/// A small fake X.
pub struct Simulator;

/// A running simulator; it ends when this is dropped.
pub struct Running {
    address: SocketAddr,
    directory: Directory,
    task: JoinHandle<()>,
}

impl Simulator {
    /// Starts to answer on this listener.
    pub async fn start(listener: TcpListener, settings: Settings) -> io::Result<Running> {
        let now = real_now();
        let epoch = settings.epoch.unwrap_or(now);
        let mut world = World::new(settings.seed, epoch);
        world.add_plain(0, settings.extra_tweets, Duration::from_secs(600), true, (epoch, epoch));
        let directory = Directory::of(&world);
        let address = listener.local_addr()?;
        let desk = Arc::new(Desk::new(world, clock::Clock::new(now, epoch, settings.speed)));
        Ok(Running { address, directory, task: tokio::spawn(server::serve(listener, desk)) })
    }
}

impl Running {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it started with.
    pub fn world(&self) -> &Directory {
        &self.directory
    }

    /// Ends it.
    pub async fn stop(mut self) {
        self.task.abort();
        // Being aborted is what was asked for.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The real clock.
fn real_now() -> Timestamp {
    Timestamp::from(SystemTime::now())
}
