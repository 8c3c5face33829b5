//! From a checked configuration, and what is known already, to what the collector works with: at the start and at each reload alike.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::time::Duration;

use crate::collector::memory::{Readings, recall};
use crate::collector::{Desk, Memory};
use crate::config::Mode;
use crate::model::{CredentialKind, Timestamp, TweetId, Username};
use crate::schedule::{AccountPlan, AccountTerms, Ladder, Plan};
use crate::state::Recalled;
use crate::store::{AccountStore, Watched};

/// What a configuration asks of the collector. Nothing in it can fail any more.
pub struct Blueprint {
    /// In the order of the configuration.
    pub accounts: Vec<AccountParts>,
    /// How often a tweet is read.
    pub ladder: Ladder,
    /// Whether scrapes cause reads.
    pub mode: Mode,
    /// `limits.max_series`.
    pub max_series: usize,
    /// How many of the named tweets did not fit.
    pub refused: usize,
    /// For so long a reload waits for a call that is under way.
    pub patience: Duration,
    /// Names of the accounts that probes may spend for.
    pub probes: Vec<String>,
}

/// One account of it.
pub struct AccountParts {
    /// Value of the `account` label.
    pub name: String,
    /// Its name in the state file: on another X it is another account.
    pub key: String,
    /// Whose tweets, if somebody said so.
    pub username: Option<Username>,
    /// What its plan may do.
    pub terms: AccountTerms,
    /// How its calls are made.
    pub desk: Desk,
    /// The tweets that the configuration and its files name.
    pub watched: Vec<Watched>,
    /// Nothing suggests that its tokens are another user's than before.
    pub is_same_user: bool,
    /// Probes may spend for it.
    pub may_be_probed: bool,
}

/// The accounts at work, all lists in the order of the configuration.
pub(super) struct Standing {
    pub(super) plan: Plan,
    pub(super) desks: Vec<Desk>,
    pub(super) stores: Vec<AccountStore>,
    /// How many tweets of each are named: they come first in its store.
    pub(super) named: Vec<usize>,
    pub(super) keys: Vec<String>,
}

/// What is known of an account before it begins.
enum Past<'a> {
    Nothing,
    OnDisk(Box<Recalled>),
    AtWork {
        plan: &'a AccountPlan,
        store: &'a AccountStore,
        desk: &'a Desk,
    },
    /// It left, and could not be kept on disk.
    Books(Box<AccountPlan>),
}

impl Standing {
    /// The accounts of a blueprint, with what the state file knows of each. What it does not know, nobody does.
    pub(super) fn begin(
        blueprint: Vec<AccountParts>,
        ladder: Ladder,
        mut known: HashMap<String, Recalled>,
        now: Timestamp,
    ) -> Self {
        let past = |key: &str| known.remove(key).map_or(Past::Nothing, |known| Past::OnDisk(Box::new(known)));
        Self::assemble(blueprint, ladder, past, now)
    }

    /// The accounts of a blueprint in the place of these. Accounts that stay keep what they know; those that come back find what they
    /// left on disk or, where that failed, in `departed`.
    pub(super) fn follow(
        &self,
        blueprint: Vec<AccountParts>,
        ladder: Ladder,
        memory: Option<&Memory>,
        departed: &mut HashMap<String, AccountPlan>,
        now: Timestamp,
    ) -> Self {
        let past = |key: &str| {
            if let Some(index) = self.keys.iter().position(|known| known == key) {
                let (plan, store, desk) = (&self.plan.accounts()[index], &self.stores[index], &self.desks[index]);
                return Past::AtWork { plan, store, desk };
            }
            if let Some(books) = departed.remove(key) {
                return Past::Books(Box::new(books));
            }
            memory.and_then(|memory| memory.recalled(key)).map_or(Past::Nothing, |known| Past::OnDisk(Box::new(known)))
        };
        Self::assemble(blueprint, ladder, past, now)
    }

    /// Nobody knows what these accounts have spent.
    pub(super) fn lose_books(&mut self, lost: &HashSet<String>) {
        for (index, _) in self.keys.iter().enumerate().filter(|(_, key)| lost.contains(*key)) {
            self.plan.lose_books(index);
        }
    }

    fn assemble<'a>(accounts: Vec<AccountParts>, ladder: Ladder, mut past: impl FnMut(&str) -> Past<'a>, now: Timestamp) -> Self {
        let (mut plans, mut desks, mut stores, mut named, mut keys) = (vec![], vec![], vec![], vec![], vec![]);
        for parts in accounts {
            let derived = parts.terms.derived_bearer.then_some(CredentialKind::Bearer);
            parts.desk.metrics.credentials(&parts.terms.credentials, derived);
            parts.desk.metrics.systems(parts.desk.health.apis());
            keys.push(parts.key.clone());
            named.push(parts.watched.len());
            let (plan, store) = parts.take_up(past(&parts.key), now);
            plans.push(plan);
            stores.push(store);
            desks.push(parts.desk);
        }
        Self { plan: Plan::new(ladder, plans), desks, stores, named, keys }
    }
}

impl AccountParts {
    /// Its plan and its store, with what is known already. Where nothing is, nobody knows what was spent before.
    fn take_up(&self, past: Past<'_>, now: Timestamp) -> (AccountPlan, AccountStore) {
        let tweets: Vec<TweetId> = self.watched.iter().map(|tweet| tweet.id).collect();
        let mut plan = AccountPlan::new(self.terms.clone(), &tweets, now);
        let readings = match past {
            Past::Nothing => None,
            Past::OnDisk(known) => {
                let readings = recall(*known, &mut plan, now);
                self.desk.remind(&self.name, &plan, now);
                readings
            }
            Past::AtWork { plan: old, store, desk } => {
                if self.may_be_probed {
                    plan.keep_on_demand(old);
                }
                plan.succeed(old, self.is_same_user, now);
                Some(Readings::of(store, desk, self.is_same_user))
            }
            Past::Books(old) => {
                plan.succeed(&old, false, now);
                Some(Readings::default())
            }
        };
        let found = plan.watched().filter(|(_, found)| *found).map(|(id, _)| self.desk.found(id));
        let watched = self.watched.iter().cloned().chain(found).collect();
        let mut store = AccountStore::new(self.name.clone(), self.username.clone(), Vec::new());
        store.watch_besides(watched, plan.on_demand());
        match readings {
            Some(readings) => {
                if readings.unreadable > 0 {
                    let (account, unreadable) = (&self.name, readings.unreadable);
                    tracing::warn!(account, unreadable, "some tweets in the state cannot be read; they are read anew");
                }
                readings.restore(&mut store, &self.desk, &plan);
            }
            None => plan.lose_books(),
        }
        (plan, store)
    }
}

impl fmt::Debug for Blueprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.accounts.iter().map(|account| account.name.as_str()).collect();
        f.debug_struct("Blueprint").field("accounts", &names).finish_non_exhaustive()
    }
}
