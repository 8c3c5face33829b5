//! Runs the real program as a user would, and watches it from outside.

mod backfill;
mod certificates;
mod exporter;
mod page;
mod process;
mod simulator;
mod site;
mod token_server;

pub(crate) use backfill::{BUCKET, Backfill, days_ago, midnight, series};
pub(crate) use certificates::{Authority, write_secret};
pub(crate) use exporter::Exporter;
pub(crate) use page::Page;
pub(crate) use process::Process;
pub(crate) use simulator::{Account, Simulator, credential, find, ids, watching};
pub(crate) use site::{Site, TLS, web_folder};
pub(crate) use token_server::{Asked, TokenServer};

use std::time::Duration;

/// Seconds of a day.
pub(crate) const DAY: u64 = 86_400;

/// Longer than anything takes that works.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Asks again and again until there is an answer.
pub(crate) async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let mut tick = tokio::time::interval(Duration::from_millis(15));
    let answer = async {
        loop {
            tick.tick().await;
            if let Some(answer) = ask().await {
                return answer;
            }
        }
    };
    tokio::time::timeout(PATIENCE, answer).await.unwrap_or_else(|_| panic!("{what} did not happen in {PATIENCE:?}"))
}

/// An HTTP client that keeps out of the way.
pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().expect("a client")
}
