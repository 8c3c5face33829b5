//! The plan of one account: what it may do, what it knows of its tweets, and in which state they are.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::time::Duration;

use crate::config::{Budget, Charge};
use crate::model::{Api, Ask, CredentialKind, PriceClass, Refusal, Roll, Room, Timestamp, TweetId, TweetState, Username};
use crate::schedule::Ladder;
use crate::schedule::allowance::Allowance;
use crate::schedule::gates::{Gates, PATIENCE, Passage};
use crate::schedule::lane::Lane;
use crate::schedule::ledger::{Ledger, LedgerTerms};
use crate::schedule::memory::Reservation;
use crate::schedule::queue::Queue;
use crate::schedule::slot::{PRIVATE_AGE, Slot, SlotKind, SourceTerms, slots};
use crate::schedule::suspects::Suspects;
use crate::schedule::timeline::{Discovery, Identity, Timeline};
use crate::schedule::tweet::{TweetPlan, state_of};

/// What an account may do.
#[derive(Clone, Debug)]
pub struct AccountTerms {
    /// Its credentials.
    pub credentials: Vec<CredentialKind>,
    /// It has no bearer token, but the keys to ask X for one: only what takes nothing else is read with it.
    pub derived_bearer: bool,
    /// Its sources in order of precedence, those included that nobody named.
    pub sources: Vec<SourceTerms>,
    /// Which tweets of its timeline are watched, if any.
    pub discovery: Option<Discovery>,
    /// Whose tweets these are; learned from the token if nobody wrote it.
    pub username: Option<Username>,
    /// Prices and bounds.
    pub ledger: LedgerTerms,
    /// Part of the interval that a slot lets pass before it reads a tweet again.
    pub patience: f64,
    /// Tells its users' tokens from those of others: what they taught holds no longer when they change.
    pub speaker: u64,
    /// How long a call may take.
    pub longest_call: Duration,
    /// Makes its pauses differ from those of others.
    pub seed: u64,
    /// So many exporters share its windows of requests, this one included.
    pub shards: u32,
    /// Tweets that it names and another of them reads: they are not watched here, even if they are on the timeline.
    pub elsewhere: HashSet<TweetId>,
}

/// Whether it is known what was spent before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Books {
    /// It is, as well as can be.
    Open,
    /// Nothing is bought before X has told what it counted; it was asked so many times.
    Lost { attempts: u32 },
    /// X is being asked.
    Asked { attempts: u32 },
}

impl Books {
    /// The call for X's count, if there was one, brings no answer any more.
    pub(super) fn unanswered(self) -> Self {
        if let Self::Asked { attempts } = self { Self::Lost { attempts } } else { self }
    }
}

/// The plan of one account.
#[derive(Debug)]
pub struct AccountPlan {
    pub(super) terms: AccountTerms,
    pub(super) slots: Vec<Slot>,
    /// What the configuration and its files name, then what was found, newest first, then what somebody asked for.
    pub(super) tweets: Roll<TweetPlan>,
    /// What somebody asked for, watched or not, the last at the end.
    pub(super) on_demand: Vec<TweetId>,
    /// Tweets that somebody waits for.
    pub(super) ordered: HashSet<TweetId>,
    /// Nobody wants any others right now.
    pub(super) only_ordered: bool,
    pub(super) lanes: BTreeMap<(usize, Ask, Duration), Lane>,
    pub(super) gates: Gates,
    pub(super) ledger: Ledger,
    /// By slot.
    pub(super) suspects: Vec<VecDeque<Suspects>>,
    /// By slot: X has refused whatever was asked, tweet by tweet, and has answered nothing since.
    pub(super) hopeless: Vec<bool>,
    /// Searches begun so far.
    pub(super) searches: u64,
    pub(super) timeline: Timeline,
    pub(super) queue: Queue,
    pub(super) allowance: Allowance,
    /// With `tiers: adaptive`: when intervals were last chosen; nothing: they must be chosen anew.
    pub(super) adapted: Option<Timestamp>,
    /// Requests that the lanes want each second.
    pub(super) demand: BTreeMap<Api, f64>,
    pub(super) next_slot: Option<Timestamp>,
    /// When X is asked next what it has counted.
    pub(super) usage_due: Timestamp,
    /// Which tweets are watched has changed, and nobody was told yet.
    pub(super) list_changed: bool,
    /// Numbers that X no longer gives, by tweet, source and request, of which nobody was told yet.
    pub(super) dropped: Vec<(TweetId, usize, u8)>,
    /// Tweets of which something new is known, and nobody was told yet.
    pub(super) touched: HashSet<TweetId>,
    /// What each call under way may cost.
    pub(super) under_way: BTreeMap<u64, Reservation>,
    /// Calls made so far.
    pub(super) calls: u64,
    pub(super) books: Books,
    /// Answers that are well formed and yet make no sense, of which nobody was told yet.
    pub(super) complaint: Option<&'static str>,
}

impl AccountPlan {
    /// An account of which nothing has been read yet; the tweets are distinct.
    pub fn new(terms: AccountTerms, tweets: &[TweetId], now: Timestamp) -> Self {
        let slots = slots(&terms.sources);
        let identity = Identity {
            username: terms.username.clone(),
            named: terms.username.is_some(),
            owner: None,
            target: None,
            asking: false,
            is_needed: slots.iter().any(Slot::is_paged),
            has_user: terms.credentials.iter().any(|kind| kind.is_user()),
            speaker: terms.speaker,
            doubted: false,
        };
        let mut plan = Self {
            tweets: Roll::default(),
            on_demand: Vec::new(),
            ordered: HashSet::new(),
            only_ordered: false,
            lanes: BTreeMap::new(),
            gates: Gates::new(terms.seed, quiet(&terms)).among(terms.shards),
            ledger: Ledger::new(terms.ledger, now),
            suspects: slots.iter().map(|_| VecDeque::new()).collect(),
            hopeless: vec![false; slots.len()],
            searches: 0,
            timeline: Timeline::new(terms.discovery, identity, terms.elsewhere.clone()),
            queue: Queue::default(),
            allowance: Allowance::default(),
            adapted: None,
            demand: BTreeMap::new(),
            next_slot: None,
            usage_due: now,
            list_changed: false,
            dropped: Vec::new(),
            touched: HashSet::new(),
            under_way: BTreeMap::new(),
            calls: 0,
            books: Books::Open,
            complaint: None,
            slots,
            terms,
        };
        plan.watch(tweets, now);
        plan.tweets.iter_mut().for_each(|tweet| tweet.newborn = false);
        plan
    }

    /// Another list of named tweets, distinct: those still on it keep their turns, as do those found on the timeline; new ones are
    /// due at once.
    pub(super) fn watch(&mut self, named: &[TweetId], now: Timestamp) {
        let mut known: HashMap<TweetId, TweetPlan> = self.tweets.take().into_iter().map(|tweet| (tweet.id, tweet)).collect();
        let is_named: HashSet<TweetId> = named.iter().copied().collect();
        let found: Vec<TweetId> = self.timeline.found().filter(|id| !is_named.contains(id)).collect();
        let is_found: HashSet<TweetId> = found.iter().copied().collect();
        let others = self.on_demand.iter().filter(|id| !is_named.contains(id) && !is_found.contains(id));
        let all = named.iter().map(|id| (*id, false, false));
        let all = all.chain(found.iter().map(|id| (*id, true, false))).chain(others.map(|id| (*id, false, true)));
        let plan = |(id, found, on_demand)| {
            let tweet = known.remove(&id).unwrap_or_else(|| TweetPlan::new(id, self.slots.len(), now));
            TweetPlan { found, on_demand, ..tweet }
        };
        self.tweets = all.map(plan).collect();
        self.touched.extend(known.into_keys());
        self.list_changed = true;
        self.allowance.forget();
        self.adapted = None;
        self.queue.disturb();
    }

    /// Nobody knows what was spent before: X is asked first.
    pub fn lose_books(&mut self) {
        self.books = Books::Lost { attempts: 0 };
    }

    /// These found tweets are watched, too.
    pub(super) fn make_room(&mut self, room: Room) {
        self.timeline.make_room(room);
    }

    /// The named tweets, in their order.
    pub(super) fn named(&self) -> Vec<TweetId> {
        self.tweets.iter().filter(|tweet| !tweet.found && !tweet.on_demand).map(|tweet| tweet.id).collect()
    }

    /// The watched tweets, and of each whether it was found on the timeline.
    pub fn watched(&self) -> impl Iterator<Item = (TweetId, bool)> {
        self.tweets.iter().filter(|tweet| !tweet.on_demand).map(|tweet| (tweet.id, tweet.found))
    }

    /// Tweets of the timeline that do not fit under `limits.max_tweets`.
    pub fn surplus(&self) -> usize {
        self.timeline.surplus()
    }

    /// When the next slot of a lane is.
    pub(super) fn next_slot(&self) -> Option<Timestamp> {
        self.next_slot
    }

    /// When time makes something due.
    pub(super) fn next_look(&self) -> Option<Timestamp> {
        self.next_slot.map(|slot| self.queue.next_look(slot))
    }

    /// States of its tweets, in the order of the watch list; those that were asked for come last.
    pub(super) fn states<'a>(&'a self, ladder: &'a Ladder, now: Timestamp) -> impl Iterator<Item = TweetState> + 'a {
        self.tweets.iter().map(move |tweet| self.state(tweet, ladder, now))
    }

    /// Whether it has data or a final refusal; an account without a usable credential has one from the start.
    pub fn is_ready(&self, states: &[TweetState]) -> bool {
        let closed = |api: Api| {
            let mut kinds = [Ask::Public, Ask::Private].iter().flat_map(|ask| self.candidates(api, *ask));
            kinds.all(|kind| self.gates.is_refused(kind, api))
        };
        let nobody = self.timeline.identity.target.is_none();
        let nobody = nobody && (closed(Api::Users) || self.ledger.affordable(PriceClass::User) == 0);
        let refused = |slot: &Slot| closed(slot.api) || slot.is_paged() && nobody;
        if self.slots.iter().filter(|slot| slot.is_main()).all(refused) {
            return true;
        }
        let settled = |state: &TweetState| state.is_gone() || *state == TweetState::OverBudget;
        let has_read =
            self.tweets.iter().filter(|tweet| !tweet.on_demand).any(|tweet| tweet.tracks.iter().any(|track| track.read));
        let stuck = self.gates.is_unpaid() || self.slots.iter().any(|slot| slot.is_paged() && closed(slot.api));
        has_read || (nobody || stuck || !self.timeline.is_searching()) && states.iter().all(settled)
    }

    /// Since when the read that waits longest is due; what is held back, refused or retired waits for none.
    pub(super) fn oldest_due(&self, ladder: &Ladder, now: Timestamp) -> Option<Timestamp> {
        let due = |tweet: &TweetPlan, slot: usize| {
            let track = &tweet.tracks[slot];
            let due = track.due.filter(|_| !track.held && tweet.refusal.is_none() && self.slots[slot].is_main())?;
            let waits = self.could_ask(tweet, slot, now) && self.every(tweet, slot, ladder, now).is_some();
            waits.then_some(due)
        };
        let watched = self.tweets.iter().filter(|tweet| !tweet.on_demand);
        watched.flat_map(|tweet| (0..self.slots.len()).filter_map(move |slot| due(tweet, slot))).min()
    }

    /// The budgets of the day and of the month in US dollars, and what is left of them.
    pub fn budgets(&self) -> [Option<(f64, f64)>; 2] {
        [self.ledger.day_budget(), self.ledger.month_budget()]
    }

    pub(super) fn state(&self, tweet: &TweetPlan, ladder: &Ladder, now: Timestamp) -> TweetState {
        if ladder.interval(tweet.id, now).is_none() {
            return TweetState::Retired;
        }
        tweet.refused_state().unwrap_or_else(|| self.state_by_slots(tweet, now))
    }

    /// What its slots have to say: one that has its numbers outweighs others that have not, or never will.
    fn state_by_slots(&self, tweet: &TweetPlan, now: Timestamp) -> TweetState {
        let (mut best, mut barred) = (None, None);
        for (slot, track) in tweet.tracks.iter().enumerate().filter(|(slot, _)| self.slots[*slot].is_main()) {
            if !self.could_ask(tweet, slot, now) {
                barred = barred.or(track.barred().filter(|_| track.is_barred(now)));
                // A lookup read it while the timeline did not answer.
                best = best.max((self.slots[slot].kind == SlotKind::Lookup && track.read).then_some((1, TweetState::Ok)));
                continue;
            }
            let unpaid = self.gates.is_unpaid() && self.slots[slot].api.class().is_some();
            let (rank, state) = match track {
                track if track.held || unpaid => (4, TweetState::OverBudget),
                track if track.read && !track.failed => (3, TweetState::Ok),
                track if track.failed => (2, TweetState::Error),
                _ if self.slots[slot].is_paged() && !self.is_timeline_reachable(now) => (2, TweetState::Error),
                _ => (0, TweetState::Pending),
            };
            best = best.max(Some((rank, state)));
        }
        match (best, barred) {
            (Some((_, state)), _) => state,
            (None, Some((_, refusal))) => state_of(refusal),
            (None, None) => TweetState::Unavailable,
        }
    }

    /// How often a slot reads the tweet; nothing if it does not.
    pub(super) fn every(&self, tweet: &TweetPlan, slot: usize, ladder: &Ladder, now: Timestamp) -> Option<Duration> {
        let tier = ladder.interval(tweet.id, now)?;
        let tier = tweet.pace.filter(|_| ladder.is_adaptive()).map_or(tier, |every| every.max(ladder.fastest()));
        Some(self.slots[slot].every(tweet.every(tier)))
    }

    /// What a slot asks of the tweet right now.
    pub(super) fn ask(&self, tweet: &TweetPlan, slot: usize, now: Timestamp) -> Option<Ask> {
        let api = self.slots[slot].api;
        let trusted = |kind: CredentialKind| !matches!(self.gates.passage(kind, api, now), Passage::Refused(_));
        self.ask_with(tweet, slot, now, |ask| self.candidates(api, ask).any(trusted))
    }

    /// Whether a slot could ask anything of the tweet if every credential were trusted.
    fn could_ask(&self, tweet: &TweetPlan, slot: usize, now: Timestamp) -> bool {
        let api = self.slots[slot].api;
        self.ask_with(tweet, slot, now, |ask| self.candidates(api, ask).next().is_some()).is_some()
    }

    /// What a slot asks of the tweet, where private numbers may be asked for if `may` says so. Public ones are asked for in any case:
    /// it shows as trouble if nobody may.
    fn ask_with(&self, tweet: &TweetPlan, slot: usize, now: Timestamp, may: impl Fn(Ask) -> bool) -> Option<Ask> {
        let (terms, track) = (&self.slots[slot], &tweet.tracks[slot]);
        let is_gone = tweet.refusal.is_some() && !(terms.judges() && terms.is_main());
        if track.is_barred(now) || is_gone || self.gates.is_closed(terms.api) || !self.is_its_way(tweet, slot, now) {
            return None;
        }
        let groups = terms.groups;
        let own = |age| tweet.is_younger(age, now) && !tweet.is_foreign(now);
        let private = || own(PRIVATE_AGE) && !track.is_silent(now) && may(Ask::Private);
        match terms.kind {
            SlotKind::Lookup | SlotKind::Timeline if (groups.non_public || groups.organic) && private() => Some(Ask::Private),
            SlotKind::Lookup | SlotKind::Timeline => groups.public.then_some(Ask::Public),
            SlotKind::Scout => tweet.videos.is_none().then_some(Ask::Public),
            SlotKind::Promoted => private().then_some(Ask::Promoted),
            SlotKind::Public => Some(Ask::Public),
            SlotKind::Own(age) => own(age).then_some(Ask::Private),
            SlotKind::Videos => {
                let has_videos = tweet.videos.as_ref().is_some_and(|videos| !videos.is_empty());
                (has_videos && own(Duration::MAX)).then_some(Ask::Private)
            }
        }
    }

    /// Lookup and timeline give the same numbers: a tweet is read by one of them, by the timeline if it may be on it.
    fn is_its_way(&self, tweet: &TweetPlan, slot: usize, now: Timestamp) -> bool {
        match self.slots[slot] {
            Slot { api: Api::Timeline, kind: SlotKind::Timeline, .. } => self.may_be_on_timeline(tweet, slot, now),
            Slot { api: Api::Timeline, .. } => tweet.on_timeline,
            Slot { api: Api::Lookup, kind: SlotKind::Lookup | SlotKind::Promoted, .. } => {
                let page = self.slots.iter().position(|slot| slot.kind == SlotKind::Timeline);
                !page.is_some_and(|page| self.is_carried(tweet, page, now))
            }
            _ => true,
        }
    }

    /// It is on the timeline, or nobody has looked yet. Where a lookup could read it, too, nobody looks further back than the
    /// configuration says.
    fn may_be_on_timeline(&self, tweet: &TweetPlan, slot: usize, now: Timestamp) -> bool {
        let has_lookup = self.slots.iter().any(|slot| slot.kind == SlotKind::Lookup);
        let within = |discovery: Discovery| !has_lookup || tweet.is_younger(discovery.younger_than, now);
        let may_be_own = !tweet.is_foreign(now) && self.terms.discovery.is_none_or(within);
        !tweet.tracks[slot].is_barred(now) && (tweet.on_timeline || may_be_own)
    }

    /// The timeline reads it, or will soon.
    fn is_carried(&self, tweet: &TweetPlan, page: usize, now: Timestamp) -> bool {
        let api = Api::Timeline;
        let refused = |kind| matches!(self.gates.passage(kind, api, now), Passage::Refused(_));
        let works = !self.gates.is_troubled(api) && !self.candidates(api, Ask::Public).all(refused);
        // Of a tweet without any numbers the first ones are worth the price of a lookup.
        let waits = self.timeline.stuck && tweet.tracks.iter().all(|track| !track.read);
        works && !waits && self.is_timeline_reachable(now) && self.ask(tweet, page, now).is_some()
    }

    /// What is on the timeline, or whose it is, X does not say right now: it fails, hangs, or allows no more calls for a while.
    pub(super) fn is_timeline_stuck(&self, now: Timestamp) -> bool {
        let identity = &self.timeline.identity;
        let shut = |api: Api, ask: Ask| {
            let passages = || self.candidates(api, ask).map(|kind| self.gates.passage(kind, api, now));
            let waits = |passage| matches!(passage, Passage::Wait(until) if until > now + PATIENCE);
            passages().any(waits) && passages().all(|passage| waits(passage) || matches!(passage, Passage::Refused(_)))
        };
        let stuck = |api: Api, ask: Ask| self.gates.fails(api) || self.gates.is_slow(api, now) || shut(api, ask);
        let (whose, page) = (if identity.has_user { Ask::Private } else { Ask::Public }, self.timeline.walks.front());
        let is_nameless = identity.target.is_none() || identity.doubted;
        stuck(Api::Timeline, page.map_or(Ask::Public, |walk| walk.ask)) || is_nameless && stuck(Api::Users, whose)
    }

    /// It is known whose timeline it is, or X can still be asked.
    pub(super) fn is_timeline_reachable(&self, now: Timestamp) -> bool {
        let identity = &self.timeline.identity;
        let refused = |kind| matches!(self.gates.passage(kind, Api::Users, now), Passage::Refused(_));
        let may_ask = || {
            let affordable = self.ledger.affordable(PriceClass::User) > 0;
            affordable && !self.gates.is_troubled(Api::Users) && !self.candidates(Api::Users, Ask::Public).all(refused)
        };
        identity.target.is_some() || identity.asking || may_ask()
    }

    /// The credentials of the account that would do, the preferred first.
    pub(super) fn candidates(&self, api: Api, ask: Ask) -> impl Iterator<Item = CredentialKind> {
        let accepted = api.credentials(ask);
        let has = move |kind: &CredentialKind| {
            let derived = self.terms.derived_bearer && accepted == [CredentialKind::Bearer];
            self.terms.credentials.contains(kind) || derived && *kind == CredentialKind::Bearer
        };
        accepted.iter().copied().filter(has)
    }

    /// The lane in which the tweet waits for a reading of this kind.
    pub(super) fn lane(&self, tweet: &TweetPlan, slot: usize, ladder: &Ladder, now: Timestamp) -> Option<(usize, Ask, Duration)> {
        let every = self.every(tweet, slot, ladder, now)?;
        Some((slot, self.ask(tweet, slot, now)?, every))
    }

    /// X does not give the tweet in this slot.
    pub(super) fn bar(&mut self, id: TweetId, slot: usize, refusal: Refusal, at: Timestamp, pause: Duration) {
        self.tweet(id, |tweet| tweet.tracks[slot].bar(refusal, at, pause));
        self.dropped.push((id, self.slots[slot].source, self.slots[slot].request));
    }

    pub(super) fn tweet(&mut self, id: TweetId, change: impl FnOnce(&mut TweetPlan)) {
        if let Some(tweet) = self.tweets.find_mut(id) {
            change(tweet);
            self.touched.insert(id);
        }
    }
}

/// A call that takes longer is booked with care; nobody wants an hour without numbers.
const LONGEST_QUIET: Duration = Duration::from_secs(60);

/// X books a call on the day on which it handles it, and its midnight is not quite ours: what leaves shortly before may be paid on either
/// day. So nothing that costs money leaves then, where money is counted by the day.
fn quiet(terms: &AccountTerms) -> Option<Duration> {
    let Budget { usd_per_day, usd_per_month, tweets_per_month } = terms.ledger.budget;
    let is_bounded = usd_per_day.is_some() || usd_per_month.is_some() || tweets_per_month.is_some();
    (is_bounded || terms.ledger.charge == Charge::UtcDay).then_some(terms.longest_call.min(LONGEST_QUIET))
}
