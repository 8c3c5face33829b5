//! The task that owns plan and store.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::{mpsc, oneshot};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::collector::assembly::Standing;
use crate::collector::desk::{Answer, named};
use crate::collector::probe::Probes;
use crate::collector::reload::Pending;
use crate::collector::status::Shown;
use crate::collector::{Blueprint, Memory, Order, Publisher, Snapshot, Targets, tidings};
use crate::config::Mode;
use crate::exposition::Printer;
use crate::model::{Api, Ask, Billed, Failure, Reading, Timestamp, TweetId, TweetState};
use crate::schedule::{AccountPlan, Call, Errand, Outcome, Trigger};
use crate::self_metrics::{ErrorReason, Limit, SelfMetrics};
use crate::state::Recalled;
use crate::store::Watched;
use crate::watchlist::Watchlist;
use crate::x_api::{Answered, ApiError};

/// What a collector works with, whatever the configuration says.
pub struct CollectorParts {
    /// Where it publishes.
    pub handle: Publisher,
    /// The exporter's own metrics.
    pub metrics: Arc<SelfMetrics>,
    /// What is on disk, if anything shall be.
    pub memory: Option<Memory>,
}

/// The same, and what the configuration says of the whole.
pub(super) struct Parts {
    pub(super) handle: Publisher,
    metrics: Arc<SelfMetrics>,
    pub(super) memory: Option<Memory>,
    pub(super) mode: Mode,
    pub(super) max_series: usize,
    pub(super) patience: Duration,
}

/// The one owner of plan and store.
pub struct Collector {
    pub(super) parts: Parts,
    pub(super) standing: Standing,
    pub(super) calls: JoinSet<Answer>,
    pub(super) under_way: HashMap<Id, Call>,
    /// Scrapes that wait for the pass to end.
    waiting: Vec<oneshot::Sender<()>>,
    /// Nothing: to be compared anew.
    pub(super) states: Vec<Option<Vec<TweetState>>>,
    /// How many tweets of each account wait for money.
    pub(super) held: Vec<usize>,
    /// Accounts that have too little money to look for new tweets.
    pub(super) blind: Vec<bool>,
    /// Accounts that were ready once.
    pub(super) ready: Vec<bool>,
    pub(super) changed: bool,
    /// Readings since the last page.
    fresh: usize,
    /// Keeps what did not change.
    printer: Printer,
    /// Named tweets above `limits.max_tweets`.
    pub(super) refused: usize,
    /// What was last said about series that did not fit.
    pub(super) surplus: usize,
    /// Building pages takes at most a tenth of the time, mostly.
    pub(super) next_build: Instant,
    /// Looking at all states takes at most a tenth of the time, too.
    pub(super) next_states: Instant,
    /// Another configuration waits until no call is under way.
    pub(super) reload: Option<Pending>,
    /// It holds, but is not shown yet.
    pub(super) reloaded: Option<oneshot::Sender<()>>,
    /// Books of accounts that left and are not on disk, by their names there.
    pub(super) departed: HashMap<String, AccountPlan>,
    pub(super) probes: Probes,
    /// What there is to probe.
    pub(super) targets: Arc<[Targets]>,
    /// For people.
    pub(super) shown: Shown,
}

impl Collector {
    /// A collector that begins with what the state file knows of each account, by name; nobody knows what those in `lost` have spent.
    /// Its first page is published at once.
    pub fn new(parts: CollectorParts, blueprint: Blueprint, known: HashMap<String, Recalled>, lost: &HashSet<String>) -> Self {
        let Blueprint { accounts, ladder, mode, max_series, refused, patience, probes } = blueprint;
        let mut standing = Standing::begin(accounts, ladder, known, clock());
        standing.lose_books(lost);
        let CollectorParts { handle, metrics, memory } = parts;
        handle.follow(mode);
        let count = standing.stores.len();
        let mut collector = Self {
            states: vec![None; count],
            held: vec![0; count],
            blind: vec![false; count],
            ready: vec![false; count],
            refused,
            parts: Parts { handle, metrics, memory, mode, max_series, patience },
            standing,
            calls: JoinSet::new(),
            under_way: HashMap::new(),
            waiting: Vec::new(),
            changed: true,
            fresh: 0,
            printer: Printer::default(),
            surplus: 0,
            next_build: Instant::now(),
            next_states: Instant::now(),
            reload: None,
            reloaded: None,
            departed: HashMap::new(),
            probes: Probes::default(),
            targets: Arc::new([]),
            shown: None,
        };
        collector.probes.allow(probes);
        collector.targets = collector.probes.targets(&collector.standing).into();
        collector.update_states(clock());
        collector.publish();
        collector
    }

    /// Reads and publishes until it is told to stop; calls under way are then abandoned.
    pub async fn run(mut self, mut orders: mpsc::Receiver<Order>, stop: CancellationToken) {
        let mut trigger = self.idle_trigger();
        loop {
            if self.reload_if_quiet() {
                trigger = self.restart_trigger();
            }
            self.advance(trigger);
            trigger = self.idle_trigger();
            let wake = self.wake();
            tokio::select! {
                () = stop.cancelled() => return self.remember_all(),
                Some(joined) = self.calls.join_next_with_id() => self.take_in(joined),
                Some(order) = orders.recv() => match order {
                    Order::Scrape(scrape) => {
                        if let (Mode::OnScrape { min_age }, true) = (self.parts.mode, self.waiting.is_empty()) {
                            trigger = Trigger::Scrape { min_age };
                        }
                        self.waiting.push(scrape.done);
                    }
                    Order::Trust(account, credential) => self.standing.plan.trust(account, credential),
                    Order::Watch(watchlist) => self.watch(watchlist),
                    Order::Reload(reload) => self.begin_reload(reload),
                    Order::Beat(heard) => _ = heard.send(()),
                    Order::Probe(probe) => self.begin_probe(probe),
                    Order::Status(ask, answer) => self.show(ask, answer),
                },
                () = tokio::time::sleep_until(wake) => {}
            }
        }
    }

    /// Takes another watch list; what is known of tweets that are still on it stays.
    fn watch(&mut self, watchlist: Watchlist) {
        let now = clock();
        self.refused = watchlist.surplus;
        self.changed = true;
        for ((index, watched), room) in watchlist.accounts.into_iter().enumerate().zip(watchlist.rooms) {
            let tweets: Vec<TweetId> = watched.iter().map(|tweet| tweet.tweet).collect();
            self.standing.plan.watch(index, &tweets, room, now);
            self.standing.named[index] = watched.len();
            self.standing.plan.take_change(index);
            self.follow_list(index, named(watched));
        }
        self.follow_plan();
    }

    /// Gives the stores the tweets that the plan watches, and takes from them what X no longer gives.
    fn follow_plan(&mut self) {
        for index in 0..self.standing.stores.len() {
            if self.standing.plan.take_change(index) {
                let named = self.standing.stores[index].first(self.standing.named[index]);
                self.follow_list(index, named);
            }
            let (desk, store) = (&self.standing.desks[index], &mut self.standing.stores[index]);
            for (tweet, source, request) in self.standing.plan.take_dropped(index) {
                store.drop_part(tweet, desk.part(source, request));
                self.changed = true;
            }
        }
        let surplus: usize = self.standing.plan.accounts().iter().map(|account| account.surplus()).sum();
        self.parts.metrics.refused_by_limit(Limit::MaxTweets, self.refused + surplus);
    }

    /// Gives a store the tweets that the plan watches: these are named, the others were found or asked for.
    fn follow_list(&mut self, index: usize, named: Vec<Watched>) {
        let (desk, store) = (&self.standing.desks[index], &mut self.standing.stores[index]);
        let plan = &self.standing.plan.accounts()[index];
        let before: Vec<TweetId> = store.records().iter().map(|record| record.id).collect();
        let found = plan.watched().filter(|(_, found)| *found).map(|(id, _)| desk.found(id));
        store.watch_besides(named.into_iter().chain(found).collect(), plan.on_demand());
        if !store.records().iter().map(|record| record.id).eq(before) {
            // Positions have changed.
            self.states[index] = None;
            self.changed = true;
            self.targets = self.probes.targets(&self.standing).into();
        }
    }

    /// A pass that a reload has cut in two begins anew; what it has read already is young.
    fn restart_trigger(&self) -> Trigger {
        match self.parts.mode {
            Mode::OnScrape { min_age } if !self.waiting.is_empty() => Trigger::Scrape { min_age },
            _ => self.idle_trigger(),
        }
    }

    fn idle_trigger(&self) -> Trigger {
        match self.parts.mode {
            Mode::Background => Trigger::Interval,
            Mode::OnScrape { .. } => Trigger::Continue,
        }
    }

    /// Makes the calls that are due, publishes what is new, ends the pass that nothing is left of.
    fn advance(&mut self, trigger: Trigger) {
        let now = clock();
        let is_between_passes = self.parts.mode != Mode::Background && self.waiting.is_empty();
        let is_idle = is_between_passes && !self.probes.are_waiting();
        let trigger = if is_between_passes { Trigger::Probe } else { trigger };
        if !is_idle && self.reload.is_none() {
            let calls = self.standing.plan.launch(trigger, now);
            let is_kept = self.remember(calls.iter().any(Call::may_cost));
            for call in calls {
                if !is_kept && call.may_cost() && self.standing.plan.pays_every_time(call.account) {
                    self.keep_at_home(&call, now);
                    continue;
                }
                let work = self.standing.desks[call.account].carry_out(&call, now);
                let task = self.calls.spawn_local(work);
                self.under_way.insert(task.id(), call);
            }
        }
        self.follow_plan();
        if self.probes.are_waiting() {
            self.answer_probes();
        }
        let pass_is_over = self.calls.is_empty() && self.reload.is_none();
        let is_reloaded = self.reloaded.is_some();
        let is_time = self.fresh >= MOST_FRESH || Instant::now() >= self.next_build;
        let publishes = self.changed && (pass_is_over || is_reloaded || is_time);
        // A pass that needed no call may yet have found that money is short.
        let ends_pass = pass_is_over && !self.waiting.is_empty();
        if publishes || ends_pass || Instant::now() >= self.next_states {
            self.update_states(now);
        }
        if self.changed && (pass_is_over || is_reloaded || is_time) {
            self.publish();
        }
        if pass_is_over {
            // Dropping the senders wakes the scrapes.
            self.waiting.clear();
        }
        if let Some(done) = self.reloaded.take() {
            let _ = done.send(());
        }
    }

    /// What is paid at each reading must stand on disk before it is bought: a program that crashes again and again would else buy it again
    /// and again. Where X charges once a day, it is read on, for the same money.
    fn keep_at_home(&mut self, call: &Call, now: Timestamp) {
        let failure = Failure::Unbooked { retry_after: DISK_PAUSE };
        self.standing.plan.finish(call, &[], Outcome::Failed { failure: &failure, billed: Billed::No }, now);
        self.changed = true;
    }

    /// The same at the end, however the disk fared before: it may have room again.
    pub(super) fn remember_all(&mut self) {
        self.parts.memory.iter_mut().for_each(Memory::hurry);
        self.remember(true);
    }

    /// Puts on disk what must be there before another call is made. Whether all of it is there, or nobody wants it to be.
    pub(super) fn remember(&mut self, is_urgent: bool) -> bool {
        let Some(memory) = &mut self.parts.memory else { return true };
        memory.note(&mut self.standing.plan);
        if is_urgent {
            (0..self.standing.stores.len()).for_each(|account| memory.disturb(account));
        }
        let (standing, metrics) = (&self.standing, &self.parts.metrics);
        memory.commit(is_urgent, standing, metrics);
        !memory.is_failing()
    }

    fn wake(&self) -> Instant {
        let now = clock();
        let pause = self.standing.plan.wake(now).since(now).max(Duration::from_millis(1));
        let wake = Instant::now() + pause;
        let wake = if self.changed { wake.min(self.next_build) } else { wake };
        let deadlines = [self.reload.as_ref().map(|reload| reload.deadline), self.probes.deadline()];
        deadlines.into_iter().flatten().fold(wake, Instant::min)
    }

    fn take_in(&mut self, joined: Result<(Id, Answer), JoinError>) {
        let now = clock();
        match joined {
            Ok((id, answer)) => {
                let Some(call) = self.under_way.remove(&id) else { return };
                self.changed |= self.is_shown(&call);
                self.account_for(&call, &answer, now);
                self.keep(&call, answer, now);
            }
            Err(error) => {
                let Some(call) = self.under_way.remove(&error.id()) else { return };
                tracing::error!(%error, "a call to X broke down; this is a fault of the exporter, please report it");
                let failure = Failure::Transient { retry_after: None };
                self.changed = true;
                self.standing.plan.finish(&call, &[], Outcome::Failed { failure: &failure, billed: Billed::Perhaps }, now);
            }
        }
    }

    /// What the call brings is on the page of all: a tweet that was only asked for has a page of its own.
    fn is_shown(&self, call: &Call) -> bool {
        let store = &self.standing.stores[call.account];
        match &call.errand {
            Errand::Read(asked) => asked.tweets.iter().any(|tweet| store.is_watched(*tweet)),
            _ => true,
        }
    }

    /// Tells plan, metrics and log how a call went.
    fn account_for(&mut self, call: &Call, answer: &Answer, now: Timestamp) {
        let desk = &mut self.standing.desks[call.account];
        let result: Result<Outcome<'_>, &ApiError> = match answer {
            Answer::Tweets(answered) => answered.result.as_ref().map(Outcome::Read),
            Answer::Page(answered) => answered.result.as_ref().map(Outcome::Page),
            Answer::User(answered) => answered.result.as_ref().map(|(id, name)| Outcome::User(*id, name)),
            Answer::Usage(answered) => answered.result.as_ref().map(Outcome::Counted),
        };
        let error = result.as_ref().err().copied();
        let outcome = result.unwrap_or_else(|error| Outcome::Failed { failure: &error.failure, billed: error.billed });
        if let Some(bill) = self.standing.plan.finish(call, answer.limits(), outcome, now) {
            desk.charge(&bill);
        }
        // Only the plan knows whether X refuses one tweet or all.
        desk.observe(call, error, self.standing.plan.is_shut(call, now), now);
        // A crash must not forget that X wants no more calls.
        let refusal = error.map(|error| &error.failure);
        let is_urgent = matches!(refusal, Some(Failure::RateLimited { .. } | Failure::PaymentRefused { .. }));
        if let Some(complaint) = self.standing.plan.take_complaint(call.account) {
            let (failure, reason) = (Failure::Transient { retry_after: None }, ErrorReason::Malformed);
            let error = ApiError { failure, reason, detail: complaint.to_owned(), billed: Billed::No };
            desk.observe(call, Some(&error), false, now);
        }
        if is_urgent {
            self.remember(true);
        }
    }

    /// Keeps what the answer held.
    fn keep(&mut self, call: &Call, answer: Answer, now: Timestamp) {
        self.follow_plan();
        if let Some(memory) = &mut self.parts.memory {
            memory.disturb(call.account);
        }
        match (answer, &call.errand) {
            (Answer::Tweets(Answered { result: Ok(reading), .. }), Errand::Read(asked)) => {
                let is_lookup = asked.api == Api::Lookup;
                if is_lookup && matches!(asked.ask, Ask::Promoted | Ask::Public) {
                    self.drop_promoted(call.account, asked.source, &asked.tweets);
                }
                self.store(call.account, (asked.source, asked.request), reading, is_lookup && asked.ask == Ask::Private, now);
            }
            (Answer::Page(Answered { result: Ok(page), .. }), Errand::Page { source, request, page: asked }) => {
                if asked.ask == Ask::Public {
                    let tweets: Vec<TweetId> = page.reading.tweets.iter().map(|(id, _)| *id).collect();
                    self.drop_promoted(call.account, *source, &tweets);
                }
                self.store(call.account, (*source, *request), page.reading, asked.ask == Ask::Private, now);
            }
            (Answer::User(Answered { result: Ok((owner, username)), .. }), Errand::WhoAmI) => {
                self.standing.stores[call.account].learn_username(owner, username);
            }
            (Answer::Usage(Answered { result: Ok(usage), .. }), _) => {
                self.standing.desks[call.account].metrics.project_usage(&usage);
            }
            _ => {}
        }
    }

    /// Promoted numbers that are not in the answer, or can no longer be asked for, are gone.
    fn drop_promoted(&mut self, account: usize, source: usize, tweets: &[TweetId]) {
        let part = self.standing.desks[account].part(source, 1);
        tweets.iter().for_each(|tweet| self.standing.stores[account].drop_part(*tweet, part));
    }

    fn store(&mut self, account: usize, of: (usize, u8), reading: Reading, shows_owner: bool, now: Timestamp) {
        let (desk, store) = (&self.standing.desks[account], &mut self.standing.stores[account]);
        let part = desk.part(of.0, of.1);
        self.fresh += reading.tweets.len();
        for (tweet, reading) in reading.tweets {
            for metric in store.take(tweet, part, reading, now) {
                desk.metrics.decreases(metric, 1);
            }
        }
        for tweet in reading.field_refused.into_iter().filter(|_| shows_owner) {
            store.mark_foreign(tweet);
        }
    }

    /// Brings the states of the tweets and the figures about them up to date: they change with time, too.
    fn update_states(&mut self, now: Timestamp) {
        let started = Instant::now();
        for (index, store) in self.standing.stores.iter_mut().enumerate() {
            let states: Vec<TweetState> = self.standing.plan.states(index, now).collect();
            let desk = &self.standing.desks[index];
            desk.show(&self.standing.plan.accounts()[index], self.standing.plan.oldest_due(index, now), now);
            let is_blind = self.standing.plan.accounts()[index].is_discovery_held();
            tidings::discovery(store.name(), std::mem::replace(&mut self.blind[index], is_blind), is_blind);
            // Those that nobody watches stand behind the others.
            let shown = ..store.records().len();
            let is_ready = self.ready[index] || self.standing.plan.accounts()[index].is_ready(&states[shown]);
            self.changed |= is_ready != std::mem::replace(&mut self.ready[index], is_ready);
            let known = self.states[index].as_ref();
            if known == Some(&states) {
                continue;
            }
            self.changed |= known.is_none_or(|known| known.get(shown) != states.get(shown));
            for (position, state) in states.iter().enumerate() {
                let before = store.all_records()[position].state();
                if before != *state {
                    tracing::debug!(account = store.name(), tweet = %store.all_records()[position].id, state = state.name(), "tweet changed");
                    store.enter(position, *state);
                }
            }
            let watched = &states[shown];
            let held = watched.iter().filter(|state| **state == TweetState::OverBudget).count();
            tidings::budget(store.name(), std::mem::replace(&mut self.held[index], held), held);
            desk.metrics.watched(&count(watched));
            self.states[index] = Some(states);
        }
        self.next_states = Instant::now() + 10 * started.elapsed();
    }

    fn publish(&mut self) {
        let started = Instant::now();
        let built = self.printer.print(&self.standing.stores, self.parts.max_series);
        self.parts.metrics.series(built.page.series);
        self.parts.metrics.refused_by_limit(Limit::MaxSeries, built.surplus);
        tidings::series(self.parts.max_series, std::mem::replace(&mut self.surplus, built.surplus), built.surplus);
        let ready = self.ready.iter().all(|ready| *ready);
        let snapshot = Snapshot { page: built.page, ready, targets: self.targets.clone() };
        self.parts.handle.publish(snapshot);
        (self.changed, self.fresh) = (false, 0);
        self.next_build = Instant::now() + 10 * started.elapsed();
    }
}

/// So many readings make a page however much time that takes: what they replace is in memory until it is published.
const MOST_FRESH: usize = 1_000;

/// When a call that could not be booked is tried again.
const DISK_PAUSE: Duration = Duration::from_secs(30);

/// The wall clock: no room that decides reads it.
pub(super) fn clock() -> Timestamp {
    Timestamp::from(SystemTime::now())
}

/// How many tweets are in each state that has any.
fn count(states: &[TweetState]) -> Vec<(TweetState, usize)> {
    let counts = TweetState::ALL.map(|state| (state, states.iter().filter(|other| **other == state).count()));
    counts.into_iter().filter(|(_, count)| *count > 0).collect()
}
