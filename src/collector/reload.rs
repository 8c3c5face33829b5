//! Another configuration in the place of the one at work: no new call is made, those under way end, and what they brought is booked and
//! kept; then everything is exchanged in one step, which cannot fail.

use std::collections::HashMap;
use std::mem;

use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::collector::assembly::{Blueprint, Standing};
use crate::collector::task::{Collector, clock};

/// An order to work by another configuration.
#[derive(Debug)]
pub struct Reload {
    /// What it asks for.
    pub blueprint: Blueprint,
    /// Answered once it holds: from then on no call is made and no series shown that it does not want.
    pub done: oneshot::Sender<()>,
}

/// A reload that waits for calls under way.
pub(super) struct Pending {
    reload: Box<Reload>,
    /// Calls that are not over by then are given up; what they may cost counts as spent.
    pub(super) deadline: Instant,
}

impl Collector {
    /// From now on no call is made until the reload is done.
    pub(super) fn begin_reload(&mut self, reload: Box<Reload>) {
        let deadline = Instant::now() + self.parts.patience;
        self.reload = Some(Pending { reload, deadline });
    }

    /// Exchanges everything if no call is under way any more. Whether it did.
    pub(super) fn reload_if_quiet(&mut self) -> bool {
        let Some(pending) = self.reload.take_if(|pending| self.calls.is_empty() || Instant::now() >= pending.deadline) else {
            return false;
        };
        if !self.calls.is_empty() {
            tracing::warn!(calls = self.calls.len(), "calls to X that did not end in time are given up for the reload");
            self.calls = JoinSet::new();
            self.under_way.clear();
        }
        self.exchange(pending.reload.blueprint);
        self.reloaded = Some(pending.reload.done);
        true
    }

    fn exchange(&mut self, blueprint: Blueprint) {
        let now = clock();
        self.remember_all();
        let Blueprint { accounts, ladder, mode, max_series, refused, patience, probes } = blueprint;
        let memory = self.parts.memory.as_ref();
        let standing = self.standing.follow(accounts, ladder, memory, &mut self.departed, now);
        let old = mem::replace(&mut self.standing, standing);
        (self.parts.mode, self.parts.max_series, self.parts.patience) = (mode, max_series, patience);
        self.refused = refused;
        self.parts.handle.follow(mode);
        self.move_over(old);
        self.probes.allow(probes);
        self.targets = self.probes.targets(&self.standing).into();
        self.changed = true;
        self.shown = None;
        self.next_build = Instant::now();
        self.next_states = Instant::now();
    }

    /// What is kept by position goes where its account stands now.
    fn move_over(&mut self, old: Standing) {
        let places: HashMap<String, usize> = old.keys.iter().cloned().zip(0..).collect();
        let place = |key: &String| places.get(key).copied();
        let before: Vec<Option<usize>> = self.standing.keys.iter().map(place).collect();
        self.states = vec![None; before.len()];
        self.held = before.iter().map(|place| place.map_or(0, |place| self.held[place])).collect();
        self.blind = before.iter().map(|place| place.is_some_and(|place| self.blind[place])).collect();
        self.ready = before.iter().map(|place| place.is_some_and(|place| self.ready[place])).collect();
        for (desk, place) in self.standing.desks.iter_mut().zip(&before) {
            if let Some(place) = place {
                desk.health.succeed(&old.desks[*place].health);
            }
        }
        let is_safe = match &mut self.parts.memory {
            Some(memory) => memory.follow(&self.standing, &old),
            None => false,
        };
        if is_safe {
            return;
        }
        for (key, plan) in old.keys.into_iter().zip(old.plan.into_accounts()) {
            if !self.standing.keys.contains(&key) {
                self.departed.insert(key, plan.without_tweets());
            }
        }
    }
}
