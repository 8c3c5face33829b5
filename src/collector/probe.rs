//! One tweet on demand: whoever asks waits until its reading is there, or until there is nothing to wait for. Those who ask for the same
//! tweet at a time wait for the same reading.

use std::collections::HashSet;
use std::mem;

use bytes::Bytes;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::collector::assembly::Standing;
use crate::collector::task::{Collector, clock};
use crate::config::Mode;
use crate::exposition::build_one;
use crate::model::TweetId;

/// Somebody asks for one tweet of an account.
#[derive(Debug)]
pub struct Probe {
    /// Value of the `account` label.
    pub account: String,
    /// Watched or not.
    pub tweet: TweetId,
    /// Answered by then at the latest, with what is known.
    pub deadline: Instant,
    /// Where the answer goes.
    pub done: oneshot::Sender<Probed>,
}

/// The answer to a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probed {
    /// All families of the tweet.
    Page(Bytes),
    /// The account is not among those that probes may spend for.
    Forbidden,
    /// As many tweets are remembered as may be, and none can be forgotten without paying for it again before its time.
    Full,
}

/// The watched tweets of an account that may be probed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Targets {
    /// Value of the `account` label.
    pub account: String,
    /// In the order of the watch list.
    pub tweets: Vec<TweetId>,
}

/// Probes that wait, and who may have any.
#[derive(Default)]
pub(super) struct Probes {
    allowed: HashSet<String>,
    waiting: Vec<Probe>,
}

impl Probes {
    /// Accounts that probes may spend for.
    pub(super) fn allow(&mut self, accounts: Vec<String>) {
        self.allowed = accounts.into_iter().collect();
    }

    pub(super) fn are_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// When one of them must be answered.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.waiting.iter().map(|probe| probe.deadline).min()
    }

    /// What there is to probe.
    pub(super) fn targets(&self, standing: &Standing) -> Vec<Targets> {
        let stores = standing.stores.iter().filter(|store| self.allowed.contains(store.name()));
        let targets = |store: &crate::store::AccountStore| Targets {
            account: store.name().to_owned(),
            tweets: store.records().iter().map(|record| record.id).collect(),
        };
        stores.map(targets).collect()
    }
}

impl Collector {
    /// Has the tweet read if that is due, and lets the probe wait.
    pub(super) fn begin_probe(&mut self, probe: Probe) {
        let Some(account) = self.probed_account(&probe) else { return drop(probe.done.send(Probed::Forbidden)) };
        let min_age = match self.parts.mode {
            Mode::OnScrape { min_age } => min_age,
            Mode::Background => std::time::Duration::ZERO,
        };
        if !self.standing.plan.order(account, probe.tweet, min_age, clock()) {
            return drop(probe.done.send(Probed::Full));
        }
        self.probes.waiting.push(probe);
    }

    /// Answers the probes that need not wait any more. Called after calls were launched.
    pub(super) fn answer_probes(&mut self) {
        let now = clock();
        let (waiting, answered): (Vec<Probe>, Vec<Probe>) =
            mem::take(&mut self.probes.waiting).into_iter().partition(|probe| self.must_wait(probe));
        self.probes.waiting = waiting;
        for probe in answered {
            let Some(account) = self.probed_account(&probe) else {
                drop(probe.done.send(Probed::Forbidden));
                continue;
            };
            let store = &mut self.standing.stores[account];
            if let Some(state) = self.standing.plan.state(account, probe.tweet, now) {
                store.enter_tweet(probe.tweet, state);
            }
            let page = build_one(store, probe.tweet).unwrap_or_default();
            let same = |other: &Probe| (other.tweet, &other.account) == (probe.tweet, &probe.account);
            if !self.probes.waiting.iter().any(same) {
                self.standing.plan.forgo(account, probe.tweet);
            }
            let _ = probe.done.send(Probed::Page(page));
        }
    }

    /// Its reading is on the way, and somebody still wants it.
    fn must_wait(&self, probe: &Probe) -> bool {
        let Some(account) = self.probed_account(probe) else { return false };
        let is_over = probe.done.is_closed() || Instant::now() >= probe.deadline;
        !is_over && self.standing.plan.is_awaited(account, probe.tweet, self.reload.is_some(), clock())
    }

    /// The account of a probe, if it may be probed.
    fn probed_account(&self, probe: &Probe) -> Option<usize> {
        let position = self.standing.stores.iter().position(|store| store.name() == probe.account);
        position.filter(|_| self.probes.allowed.contains(&probe.account))
    }
}
