//! One account's books, opened for a history while no server runs: what a call may cost is on disk before it is made, what it did cost
//! before the next one.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::collector::assembly::Standing;
use crate::collector::desk::Answer;
use crate::collector::{Blueprint, Memory};
use crate::model::{History, Timestamp, TweetId};
use crate::schedule::{Call, Leave, Outcome};
use crate::self_metrics::SelfMetrics;
use crate::state::Recalled;
use crate::x_api::{Answered, ApiError, Session};

/// The one owner of the account's plan and of the state file, as the collector is while a server runs.
pub struct HistoryDesk {
    memory: Memory,
    standing: Standing,
    metrics: Arc<SelfMetrics>,
}

/// The state cannot be written: nothing may be bought that a crash would forget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forgetful;

impl HistoryDesk {
    /// A desk for the only account of this blueprint, with what the state file knows of it.
    pub fn new(
        memory: Memory,
        blueprint: Blueprint,
        known: HashMap<String, Recalled>,
        lost: &HashSet<String>,
        metrics: Arc<SelfMetrics>,
    ) -> Self {
        let mut standing = Standing::begin(blueprint.accounts, blueprint.ladder, known, clock());
        standing.lose_books(lost);
        Self { memory, standing, metrics }
    }

    /// The tweets that the account watches, those found on its timeline by a server included.
    pub fn tweets(&self) -> Vec<TweetId> {
        self.standing.plan.accounts()[0].watched().map(|(id, _)| id).collect()
    }

    /// Its way to X.
    pub fn session(&self) -> Arc<Session> {
        self.standing.desks[0].session.clone()
    }

    /// US dollars that are left of the day's and of the month's budget.
    pub fn left(&self) -> [Option<f64>; 2] {
        self.standing.plan.accounts()[0].budgets().map(|budget| budget.map(|(_, left)| left))
    }

    /// Where nobody knows what was spent, X is asked before anything is bought, for as long as a server would.
    pub async fn open_books(&mut self) {
        const PAUSE: Duration = Duration::from_secs(1);
        while !self.standing.plan.accounts()[0].has_books() {
            let now = clock();
            let Some(call) = self.standing.plan.account_mut(0).books_call(now) else {
                if !self.standing.plan.accounts()[0].has_books() {
                    tokio::time::sleep(PAUSE).await;
                }
                continue;
            };
            let answer = self.standing.desks[0].carry_out(&call, now).await;
            let Answer::Usage(Answered { limits, result }) = answer else { return };
            let outcome = match &result {
                Ok(usage) => Outcome::Counted(usage),
                Err(error) => Outcome::Failed { failure: &error.failure, billed: error.billed },
            };
            self.standing.plan.finish(&call, &limits, outcome, clock());
        }
    }

    /// Whether a call for the past of these tweets may leave now; see [`crate::schedule::AccountPlan::history_call`]. One that leaves is
    /// on disk.
    pub fn admit(&mut self, source: usize, tweets: &[TweetId], queued: u64, now: Timestamp) -> Result<Leave, Forgetful> {
        let leave = self.standing.plan.account_mut(0).history_call(source, tweets, queued, now);
        if matches!(&leave, Leave::Call(_)) {
            self.remember()?;
        }
        Ok(leave)
    }

    /// How it went; on disk when this returns.
    pub fn finish(&mut self, call: &Call, answered: &Answered<History>, now: Timestamp) -> Result<(), Forgetful> {
        let error: Option<&ApiError> = answered.result.as_ref().err();
        let outcome = match &answered.result {
            Ok(history) => Outcome::Read(&history.reading),
            Err(error) => Outcome::Failed { failure: &error.failure, billed: error.billed },
        };
        let Standing { plan, desks, .. } = &mut self.standing;
        if let Some(bill) = plan.account_mut(0).finish_history(call, &answered.limits, outcome, now) {
            desks[0].charge(&bill);
        }
        desks[0].observe(call, error, plan.is_shut(call, now), now);
        self.remember()
    }

    fn remember(&mut self) -> Result<(), Forgetful> {
        self.memory.note(&mut self.standing.plan);
        self.memory.disturb(0);
        let (memory, standing, metrics) = (&mut self.memory, &self.standing, &self.metrics);
        tokio::task::block_in_place(|| memory.commit(true, standing, metrics));
        if self.memory.is_failing() { Err(Forgetful) } else { Ok(()) }
    }
}

fn clock() -> Timestamp {
    Timestamp::from(SystemTime::now())
}
