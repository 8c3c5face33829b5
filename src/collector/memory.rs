//! What the collector keeps on disk: readings, books, and what is known of each tweet. What a call may cost is on disk before the call
//! is made, what it did cost before the next one; the rest within a second.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::collector::Desk;
use crate::collector::assembly::Standing;
use crate::model::{Api, PriceClass, Timestamp, TweetId, TweetReading, Username};
use crate::schedule::{AccountMemory, AccountPlan, Known, Plan, TweetMemory};
use crate::self_metrics::SelfMetrics;
use crate::state::{Change, Recalled, State};
use crate::store::{AccountStore, Part, RecordMemory, TweetRecord};

/// The state file and what is to be written to it.
pub struct Memory {
    state: State,
    /// Names of the accounts in the file, in the order of the configuration.
    names: Vec<String>,
    pending: Vec<Pending>,
    next_commit: Instant,
    /// The last commit failed: that was said, and the next attempt waits.
    failing: bool,
}

/// What changed of one account since the last commit.
#[derive(Debug, Default)]
struct Pending {
    changed: bool,
    tweets: BTreeSet<TweetId>,
    day: i64,
    paid: Vec<(PriceClass, u64)>,
}

/// An account in the file.
#[derive(Serialize, Deserialize)]
struct Header {
    plan: AccountMemory,
    owner: Option<u64>,
    username: Option<Username>,
    /// Systems that want their requests in the other form.
    #[serde(default)]
    other_forms: Vec<Api>,
}

/// A tweet in the file.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    plan: TweetMemory,
    record: KeptRecord,
}

/// What the store knows of it.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct KeptRecord {
    /// Readings by the name of their source's place and the request.
    readings: Vec<(String, u8, TweetReading)>,
    last_success: Option<Timestamp>,
    foreign: bool,
}

/// What can wait is written this often.
const PACE: Duration = Duration::from_secs(1);
/// After a failed commit.
const PAUSE: Duration = Duration::from_secs(30);

impl Memory {
    /// Writes to this file; the names are those of the accounts in it.
    pub fn new(state: State, names: Vec<String>) -> Self {
        let pending = names.iter().map(|_| Pending::default()).collect();
        Self { state, names, pending, next_commit: Instant::now(), failing: false }
    }

    /// The last commit failed.
    pub(super) fn is_failing(&self) -> bool {
        self.failing
    }

    /// Takes note of what has changed.
    pub(super) fn note(&mut self, plan: &mut Plan) {
        for (account, pending) in self.pending.iter_mut().enumerate() {
            let (day, paid) = plan.take_paid(account);
            let touched = plan.take_touched(account);
            pending.changed |= !paid.is_empty() || !touched.is_empty();
            if day != pending.day {
                (pending.day, pending.paid) = (day, Vec::new());
            }
            pending.paid.extend(paid);
            pending.tweets.extend(touched);
        }
    }

    /// Something of the account itself changed, such as its windows or what it knows of users.
    pub(super) fn disturb(&mut self, account: usize) {
        self.pending[account].changed = true;
    }

    /// What the file says of an account that was not at work; nothing where it says nothing, or cannot be read.
    pub(super) fn recalled(&self, name: &str) -> Option<Recalled> {
        let recalled = self.state.recall(name);
        recalled
            .inspect_err(|error| tracing::error!(%error, account = name, "what is known of the account cannot be read"))
            .ok()?
    }

    /// Other accounts are at work now, or the same ones with other tweets. What was to be written stays so, and all is looked at again.
    /// Whether the file knows all of the accounts that left.
    pub(super) fn follow(&mut self, new: &Standing, old: &Standing) -> bool {
        let mut before: HashMap<String, Pending> = self.names.drain(..).zip(self.pending.drain(..)).collect();
        for (index, name) in new.keys.iter().enumerate() {
            let mut pending = before.remove(name).unwrap_or_else(|| {
                let (day, paid) = new.plan.accounts()[index].paid();
                Pending { day, paid, ..Pending::default() }
            });
            let known = old.keys.iter().position(|known| known == name).map(|place| &old.plan.accounts()[place]);
            let was_watched = known.into_iter().flat_map(|plan| plan.watched().map(|(id, _)| id));
            let is_watched: BTreeSet<TweetId> = new.plan.accounts()[index].watched().map(|(id, _)| id).collect();
            pending.tweets.extend(was_watched.filter(|id| !is_watched.contains(id)));
            pending.changed = true;
            self.names.push(name.clone());
            self.pending.push(pending);
        }
        !self.failing && before.values().all(|pending| !pending.changed)
    }

    /// The last chance to write: no pause after a failure is waited for.
    pub(super) fn hurry(&mut self) {
        self.next_commit = Instant::now();
    }

    /// Writes what has changed, if it must not or need not wait any longer. Blocks.
    pub(super) fn commit(&mut self, is_urgent: bool, standing: &Standing, metrics: &SelfMetrics) {
        let Standing { plan, stores, desks, .. } = standing;
        let must = is_urgent || self.pending.iter().any(|pending| !pending.paid.is_empty());
        let may = Instant::now() >= self.next_commit;
        if !(may || must && !self.failing) || !self.pending.iter().any(|pending| pending.changed) {
            return;
        }
        let accounts = self.pending.iter().enumerate().filter(|(_, pending)| pending.changed);
        let changes = accounts.map(|(index, pending)| {
            let (plan, store, desk) = (&plan.accounts()[index], &stores[index], &desks[index]);
            Change {
                account: self.names[index].clone(),
                header: header(plan, store, desk),
                tweets: pending.tweets.iter().map(move |id| (*id, kept(*id, plan, store, desk))),
                paid_day: pending.day,
                paid: pending.paid.iter().map(|(class, id)| (code(*class), *id)).collect(),
            }
        });
        match self.state.commit(changes) {
            Ok(()) => {
                self.pending.iter_mut().for_each(|pending| *pending = Pending { day: pending.day, ..Pending::default() });
                if std::mem::replace(&mut self.failing, false) {
                    tracing::info!("the state is on disk again");
                }
                self.next_commit = Instant::now() + PACE;
            }
            Err(error) => {
                if !std::mem::replace(&mut self.failing, true) {
                    tracing::error!(%error, "the state cannot be written; the exporter goes on, but a crash would forget what it knows");
                }
                self.next_commit = Instant::now() + PAUSE;
            }
        }
        metrics.state_ok(!self.failing);
    }
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("numbers, texts and lists are JSON")
}

fn header(plan: &AccountPlan, store: &AccountStore, desk: &Desk) -> Vec<u8> {
    let (owner, username) = store.owner();
    json(&Header { plan: plan.memory(), owner, username: username.cloned(), other_forms: desk.other_forms() })
}

/// What is known of a tweet; nothing if it is watched no more.
fn kept(id: TweetId, plan: &AccountPlan, store: &AccountStore, desk: &Desk) -> Option<Vec<u8>> {
    let plan = plan.tweet_memory(id)?;
    let record = store.record(id).map(|record| kept_record(record, &desk.places)).unwrap_or_default();
    Some(json(&Kept { plan, record }))
}

fn kept_record(record: &TweetRecord, places: &[String]) -> KeptRecord {
    let record = record.memory();
    let name = |part: Part| places.get(usize::from(part.source)).cloned().unwrap_or_default();
    let readings = record.readings.into_iter().map(|(part, reading)| (name(part), part.request, reading)).collect();
    KeptRecord { readings, last_success: record.last_success, foreign: record.foreign }
}

/// Takes up what the file knows of an account. The store must watch what the plan watches afterwards: what was found on the timeline, too.
/// What cannot be read is left out, and counted.
pub(super) fn recall(recalled: Recalled, plan: &mut AccountPlan, now: Timestamp) -> Option<Readings> {
    let header: Header = serde_json::from_slice(&recalled.header).ok()?;
    let Header { plan: account, owner, username, other_forms } = header;
    let mut readings = Readings { owner, username, other_forms, tweets: HashMap::new(), unreadable: 0 };
    let mut tweets = Vec::new();
    for (id, bytes) in recalled.tweets {
        match serde_json::from_slice::<Kept>(&bytes) {
            Ok(Kept { plan, record }) => {
                tweets.push((id, plan));
                readings.tweets.insert(id, record);
            }
            Err(_) => readings.unreadable += 1,
        }
    }
    let paid = recalled.paid.into_iter().filter_map(|(code, id)| Some((class(code)?, id))).collect();
    plan.recall(account, tweets, (recalled.paid_day, paid), now);
    Some(readings)
}

/// What a forecast wants to know of an account.
pub fn known(recalled: &Recalled, now: Timestamp) -> Option<Known> {
    let header: Header = serde_json::from_slice(&recalled.header).ok()?;
    let paid = recalled.paid.iter().filter(|_| recalled.paid_day == now.utc_day());
    let kept = |bytes: &[u8]| serde_json::from_slice::<Kept>(bytes).is_ok_and(|kept| kept.plan.is_foreign(now));
    Some(Known {
        found: header.plan.found().to_vec(),
        paid: paid.filter_map(|(code, id)| Some((class(*code)?, *id))).collect(),
        foreign: recalled.tweets.iter().filter(|(_, bytes)| kept(bytes)).map(|(id, _)| *id).collect(),
        user: header.plan.knows_user(),
    })
}

/// The readings of an account as the file has them, or the store, and what was learned with them.
#[derive(Debug, Default)]
pub(super) struct Readings {
    owner: Option<u64>,
    username: Option<Username>,
    other_forms: Vec<Api>,
    tweets: HashMap<TweetId, KeptRecord>,
    /// Tweets that could not be read.
    pub unreadable: usize,
}

impl Readings {
    /// What store and desk know; whose tweets they are only if that is the same user's knowledge.
    pub(super) fn of(store: &AccountStore, desk: &Desk, is_same_user: bool) -> Self {
        let (owner, username) = if is_same_user { store.owner() } else { (None, None) };
        let tweet = |record: &TweetRecord| {
            let kept = kept_record(record, &desk.places);
            (record.id, KeptRecord { foreign: kept.foreign && is_same_user, ..kept })
        };
        let tweets = store.all_records().iter().map(tweet).collect();
        Self { owner, username: username.cloned(), other_forms: desk.other_forms(), tweets, unreadable: 0 }
    }

    /// Gives them to the store, those of requests that the account still makes.
    pub(super) fn restore(self, store: &mut AccountStore, desk: &Desk, plan: &AccountPlan) {
        store.recall_owner(self.owner, self.username);
        desk.recall_forms(&self.other_forms);
        let is_made = |part: &Part| {
            let mut sources = desk.precedence.iter().enumerate().filter(|(_, place)| **place == part.source);
            sources.any(|(source, _)| plan.keeps(source, part.request))
        };
        let place = |name: &String| desk.places.iter().position(|place| place == name);
        for (id, KeptRecord { readings, last_success, foreign }) in self.tweets {
            let part = |(name, request, reading): (String, u8, TweetReading)| {
                let part = Part { source: u8::try_from(place(&name)?).ok()?, request };
                Some((part, reading)).filter(|(part, _)| is_made(part))
            };
            let readings = readings.into_iter().filter_map(part).collect();
            store.recall(id, RecordMemory { readings, last_success, foreign });
        }
    }
}

/// As it stands in the file; never to be renumbered.
fn code(class: PriceClass) -> u8 {
    match class {
        PriceClass::Tweet => 0,
        PriceClass::OwnedTweet => 1,
        PriceClass::User => 2,
        PriceClass::Analytics => 3,
    }
}

fn class(wanted: u8) -> Option<PriceClass> {
    PriceClass::ALL.into_iter().find(|class| code(*class) == wanted)
}
