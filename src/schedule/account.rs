//! The plan of one account: which of its tweets are due, in which batches they go, and what an answer changes.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use crate::config::Groups;
use crate::model::{
    Api, CredentialKind, Failure, LookupAsk, PriceClass, RateLimit, Reading, Refusal, Timestamp, TweetId, TweetState,
};
use crate::schedule::gates::{Gates, Passage};
use crate::schedule::lane::{Lane, Pace, Waiting};
use crate::schedule::ledger::{Bill, Ledger, LedgerTerms};
use crate::schedule::suspects::Suspects;
use crate::schedule::tweet::TweetPlan;
use crate::schedule::{Call, Errand, Ladder, Outcome, Trigger};

/// What an account may do.
#[derive(Clone, Debug)]
pub struct AccountTerms {
    /// Its credentials, in order of preference.
    pub credentials: Vec<CredentialKind>,
    /// Its lookup, if it has one.
    pub lookup: Option<LookupTerms>,
    /// Nobody wrote its name, so a user credential must tell.
    pub wants_username: bool,
    /// Prices and bounds.
    pub ledger: LedgerTerms,
    /// Part of the interval that a slot lets pass before it reads a tweet again.
    pub patience: f64,
    /// Makes its pauses differ from those of others.
    pub seed: u64,
}

/// How an account looks up.
#[derive(Clone, Copy, Debug)]
pub struct LookupTerms {
    /// What it asks for.
    pub groups: Groups,
    /// Slower than the tiers, if set.
    pub every: Option<Duration>,
}

/// The plan of one account.
#[derive(Debug)]
pub struct AccountPlan {
    terms: AccountTerms,
    tweets: Vec<TweetPlan>,
    index: HashMap<TweetId, usize>,
    lanes: BTreeMap<(LookupAsk, Duration), Lane>,
    gates: Gates,
    ledger: Ledger,
    suspects: VecDeque<Suspects>,
    /// Culprits found since X last answered anything: three in a row, and it is the request that X dislikes, not an id.
    culprits_in_a_row: u32,
    name_wanted: bool,
    next_slot: Option<Timestamp>,
}

const LOOKUP: PriceClass = PriceClass::Tweet;
const ASKS: [LookupAsk; 3] = [LookupAsk::Private, LookupAsk::Public, LookupAsk::Promoted];

impl AccountPlan {
    /// An account of which nothing has been read yet; the tweets are distinct.
    pub fn new(terms: AccountTerms, tweets: &[TweetId], now: Timestamp) -> Self {
        Self {
            tweets: tweets.iter().map(|id| TweetPlan::new(*id, now)).collect(),
            index: tweets.iter().enumerate().map(|(position, id)| (*id, position)).collect(),
            lanes: BTreeMap::new(),
            gates: Gates::new(terms.seed),
            ledger: Ledger::new(terms.ledger, now),
            suspects: VecDeque::new(),
            culprits_in_a_row: 0,
            name_wanted: terms.wants_username && terms.credentials.iter().any(|kind| kind.is_user()),
            next_slot: None,
            terms,
        }
    }

    pub(super) fn launch(&mut self, account: usize, ladder: &Ladder, trigger: Trigger, now: Timestamp) -> Vec<Call> {
        self.ledger.turn(now);
        match trigger {
            Trigger::Interval => self.mark_by_slot(ladder, now),
            Trigger::Scrape { min_age } => self.mark_by_age(ladder, min_age, now),
            Trigger::Continue => {}
        }
        let mut calls = Vec::new();
        calls.extend(self.ask_name(account, now));
        calls.extend(self.probe(account, now));
        for ask in ASKS {
            self.depart(account, ask, ladder, now, &mut calls);
        }
        calls
    }

    /// When a slot comes or a gate opens.
    pub(super) fn wake(&self, _now: Timestamp) -> Option<Timestamp> {
        self.next_slot
    }

    /// States of its tweets, in the order of the watch list.
    pub(super) fn states<'a>(&'a self, ladder: &'a Ladder, now: Timestamp) -> impl Iterator<Item = TweetState> + 'a {
        self.tweets.iter().map(move |tweet| self.state(tweet, ladder, now))
    }

    /// Whether it has data or a final refusal.
    pub fn is_ready(&self, states: &[TweetState]) -> bool {
        let settled = |state: &TweetState| state.is_gone() || *state == TweetState::OverBudget;
        let refused = !self.terms.credentials.is_empty()
            && self.terms.credentials.iter().all(|kind| self.gates.is_refused(*kind, Api::Lookup));
        self.terms.lookup.is_none() || refused || self.tweets.iter().any(|tweet| tweet.main.read) || states.iter().all(settled)
    }

    /// Since when the read that waits longest is due.
    pub fn oldest_due(&self) -> Option<Timestamp> {
        self.terms.lookup?;
        self.tweets.iter().filter(|tweet| !tweet.held && tweet.refusal.is_none()).filter_map(|tweet| tweet.main.due).min()
    }

    /// The budgets of the day and of the month in US dollars, and what is left of them.
    pub fn budgets(&self) -> [Option<(f64, f64)>; 2] {
        [self.ledger.day_budget(), self.ledger.month_budget()]
    }

    fn state(&self, tweet: &TweetPlan, ladder: &Ladder, now: Timestamp) -> TweetState {
        if ladder.interval(tweet.id, now).is_none() {
            return TweetState::Retired;
        }
        match tweet.refused_state() {
            Some(state) => state,
            None if self.ask(tweet, now).is_none() && self.terms.lookup.is_some() => TweetState::Unavailable,
            None if tweet.held || self.gates.is_unpaid() => TweetState::OverBudget,
            None if tweet.main.failed => TweetState::Error,
            None if tweet.main.read => TweetState::Ok,
            None => TweetState::Pending,
        }
    }

    /// How often the tweet is read; nothing if it is not.
    fn every(&self, tweet: &TweetPlan, ladder: &Ladder, now: Timestamp) -> Option<Duration> {
        let lookup = self.terms.lookup?;
        let tier = ladder.interval(tweet.id, now)?;
        Some(tweet.every(tier).max(lookup.every.unwrap_or_default()))
    }

    /// What to ask of the tweet for its main reading.
    fn ask(&self, tweet: &TweetPlan, now: Timestamp) -> Option<LookupAsk> {
        let groups = self.terms.lookup?.groups;
        if (groups.non_public || groups.organic) && self.may_ask_private(tweet, now) {
            return Some(LookupAsk::Private);
        }
        groups.public.then_some(LookupAsk::Public)
    }

    fn may_ask_private(&self, tweet: &TweetPlan, now: Timestamp) -> bool {
        let trusted = |kind: &CredentialKind| !matches!(self.gates.passage(*kind, Api::Lookup, now), Passage::Refused(_));
        tweet.may_be_private(now) && self.terms.credentials.iter().filter(|kind| kind.is_user()).any(trusted)
    }

    /// The lane in which the tweet waits for a reading of this kind.
    fn lane(&self, tweet: &TweetPlan, ask: LookupAsk, ladder: &Ladder, now: Timestamp) -> Option<(LookupAsk, Duration)> {
        let every = self.every(tweet, ladder, now)?;
        let belongs = match ask {
            LookupAsk::Promoted => {
                let wanted = self.terms.lookup.is_some_and(|lookup| lookup.groups.promoted);
                wanted && tweet.refusal.is_none() && self.may_ask_private(tweet, now)
            }
            ask => self.ask(tweet, now) == Some(ask),
        };
        belongs.then_some((ask, every))
    }

    fn mark_by_slot(&mut self, ladder: &Ladder, now: Timestamp) {
        let mut lanes: BTreeMap<_, (usize, Vec<Waiting>)> = BTreeMap::new();
        for (position, tweet) in self.tweets.iter().enumerate() {
            for ask in ASKS {
                let Some(key) = self.lane(tweet, ask, ladder, now) else { continue };
                let (members, waiting) = lanes.entry(key).or_default();
                *members += 1;
                let track = tweet.track(ask);
                if track.due.is_none() && !track.away {
                    waiting.push(Waiting { position, asked: track.asked.unwrap_or(Timestamp::MIN) });
                }
            }
        }
        self.lanes.retain(|key, _| lanes.contains_key(key));
        self.next_slot = None;
        for ((ask, every), (members, waiting)) in lanes {
            let pace = Pace { every, members, patience: self.terms.patience };
            let lane = self.lanes.entry((ask, every)).or_insert_with(|| Lane::new(now));
            for position in lane.fire(pace, waiting, now) {
                self.tweets[position].track_mut(ask).due = Some(now);
            }
            let next = lane.next_slot(pace);
            self.next_slot = Some(self.next_slot.map_or(next, |known| known.min(next)));
        }
    }

    fn mark_by_age(&mut self, ladder: &Ladder, min_age: Duration, now: Timestamp) {
        for position in 0..self.tweets.len() {
            for ask in ASKS {
                let tweet = &self.tweets[position];
                let Some((_, every)) = self.lane(tweet, ask, ladder, now) else { continue };
                let track = tweet.track(ask);
                let age = every.max(min_age);
                // Scrapes come a few milliseconds early or late; without this slack every other one would find nothing due.
                let slack = (age / 20).min(Duration::from_secs(1));
                let is_old = track.asked.is_none_or(|asked| asked > now || now.since(asked) + slack >= age);
                if is_old && track.due.is_none() && !track.away {
                    self.tweets[position].track_mut(ask).due = Some(now);
                }
            }
        }
    }

    fn ask_name(&mut self, account: usize, now: Timestamp) -> Option<Call> {
        if !self.name_wanted || self.ledger.affordable(PriceClass::User) == 0 {
            return None;
        }
        let users = self.terms.credentials.iter().copied().filter(|kind| kind.is_user());
        let credential = users.into_iter().find(|kind| self.gates.passage(*kind, Api::Users, now) == Passage::Open)?;
        self.name_wanted = false;
        Some(self.call(account, credential, Errand::WhoAmI, 1, now))
    }

    /// The next step in the search for an id that X refuses.
    fn probe(&mut self, account: usize, now: Timestamp) -> Option<Call> {
        let front = self.suspects.front().filter(|suspects| !suspects.probing)?;
        let (ask, tweets) = (front.ask, front.probe().to_vec());
        let credential = self.credential(ask, now)?;
        let unpaid = tweets.iter().filter(|id| !self.ledger.is_free(LOOKUP, id.number())).count() as u64;
        if unpaid > self.ledger.affordable(LOOKUP) {
            return None;
        }
        self.suspects.front_mut()?.probing = true;
        let call = self.call(account, credential, Errand::Lookup { ask, tweets }, unpaid, now);
        Some(Call { probe: true, ..call })
    }

    /// Sends what is due, in as few batches as possible.
    fn depart(&mut self, account: usize, ask: LookupAsk, ladder: &Ladder, now: Timestamp, calls: &mut Vec<Call>) {
        let is_due = |tweet: &TweetPlan| {
            let track = tweet.track(ask);
            track.due.is_some() && !track.away && self.lane(tweet, ask, ladder, now).is_some()
        };
        let due: Vec<usize> = (0..self.tweets.len()).filter(|position| is_due(&self.tweets[*position])).collect();
        if due.is_empty() {
            return;
        }
        let due = self.within_budget(due);
        for batch in due.chunks(Errand::LOOKUP_BATCH) {
            let Some(credential) = self.credential(ask, now) else {
                self.give_up_if_refused(ask, batch, now);
                return;
            };
            for position in batch {
                self.tweets[*position].track_mut(ask).away = true;
            }
            let tweets: Vec<TweetId> = batch.iter().map(|position| self.tweets[*position].id).collect();
            let unpaid = tweets.iter().filter(|id| !self.ledger.is_free(LOOKUP, id.number())).count() as u64;
            calls.push(self.call(account, credential, Errand::Lookup { ask, tweets }, unpaid, now));
        }
    }

    /// Leaves out, and marks, what the budget does not cover. What is paid for today already goes first.
    fn within_budget(&mut self, due: Vec<usize>) -> Vec<usize> {
        let (mut free, unpaid): (Vec<_>, Vec<_>) =
            due.into_iter().partition(|position| self.ledger.is_free(LOOKUP, self.tweets[*position].id.number()));
        let affordable = usize::try_from(self.ledger.affordable(LOOKUP)).unwrap_or(usize::MAX).min(unpaid.len());
        for (rank, position) in unpaid.iter().enumerate() {
            self.tweets[*position].held = rank >= affordable;
        }
        free.iter().for_each(|position| self.tweets[*position].held = false);
        free.extend_from_slice(&unpaid[..affordable]);
        free
    }

    /// The preferred credential that may make such a call now.
    fn credential(&self, ask: LookupAsk, now: Timestamp) -> Option<CredentialKind> {
        self.candidates(ask).find(|kind| self.gates.passage(*kind, Api::Lookup, now) == Passage::Open)
    }

    fn candidates(&self, ask: LookupAsk) -> impl Iterator<Item = CredentialKind> {
        self.terms.credentials.iter().copied().filter(move |kind| kind.is_user() || !ask.is_private())
    }

    /// Tweets that no credential can read are in trouble, not merely waiting.
    fn give_up_if_refused(&mut self, ask: LookupAsk, batch: &[usize], now: Timestamp) {
        let refused = |kind| matches!(self.gates.passage(kind, Api::Lookup, now), Passage::Refused(_));
        if self.candidates(ask).all(refused) {
            batch.iter().for_each(|position| self.tweets[*position].track_mut(ask).failed = true);
        }
    }

    fn call(&mut self, account: usize, credential: CredentialKind, errand: Errand, worst: u64, at: Timestamp) -> Call {
        self.gates.depart(credential, errand.api());
        self.ledger.reserve(errand.class(), worst);
        Call { account, credential, errand, at, worst, probe: false }
    }

    pub(super) fn finish(&mut self, call: &Call, limits: &[RateLimit], outcome: Outcome<'_>, now: Timestamp) -> Option<Bill> {
        let api = call.errand.api();
        self.gates.arrive(call.credential, api, limits, now);
        self.ledger.turn(now);
        self.ledger.release(call.errand.class(), call.worst);
        match outcome {
            Outcome::Failed(failure) => self.gates.fail(call.credential, api, failure, now),
            Outcome::Read(_) | Outcome::Known => self.gates.succeed(call.credential, api),
        }
        match (&call.errand, outcome) {
            (Errand::WhoAmI, Outcome::Known) => return Some(self.ledger.book(PriceClass::User, std::iter::once(0))),
            (Errand::WhoAmI, _) => self.name_wanted = true,
            (Errand::Lookup { ask, tweets }, Outcome::Read(reading)) => {
                self.culprits_in_a_row = 0;
                self.take(*ask, tweets, reading, call.at);
                self.learn(call, false);
                return Some(self.ledger.book(LOOKUP, reading.tweets.iter().map(|(id, _)| id.number())));
            }
            (Errand::Lookup { ask, tweets }, Outcome::Failed(failure)) => self.fail(call, *ask, tweets, failure),
            (Errand::Lookup { .. }, Outcome::Known) => {}
        }
        None
    }

    /// What X said of each tweet of a batch.
    fn take(&mut self, ask: LookupAsk, tweets: &[TweetId], reading: &Reading, at: Timestamp) {
        // What is not named below was passed over in silence: asked again at its next turn.
        for id in tweets {
            self.tweet(*id, |tweet| tweet.track_mut(ask).answered(at));
        }
        for (id, _) in &reading.tweets {
            self.tweet(*id, |tweet| {
                tweet.track_mut(ask).read = true;
                if ask != LookupAsk::Promoted {
                    tweet.refusal = None;
                }
            });
        }
        for id in &reading.field_refused {
            self.tweet(*id, |tweet| {
                tweet.foreign = true;
                // Asked again at once, for public numbers.
                tweet.main.due = Some(at).filter(|_| ask == LookupAsk::Private);
            });
        }
        if ask == LookupAsk::Promoted {
            return;
        }
        for (id, refusal) in &reading.refused {
            self.tweet(*id, |tweet| tweet.refuse(*refusal, at));
        }
        for id in &reading.failed {
            self.tweet(*id, |tweet| tweet.main.failed = true);
        }
    }

    fn fail(&mut self, call: &Call, ask: LookupAsk, tweets: &[TweetId], failure: &Failure) {
        let is_theirs = !matches!(failure, Failure::RateLimited { .. } | Failure::PaymentRefused { .. });
        match failure {
            Failure::Invalid { .. } if call.probe => return self.learn(call, true),
            Failure::Invalid { culprits } => return self.sort_out(call, ask, tweets, culprits),
            _ if call.probe => {
                if let Some(front) = self.suspects.front_mut() {
                    front.probing = false;
                }
            }
            _ => tweets.iter().for_each(|id| self.tweet(*id, |tweet| tweet.track_mut(ask).away = false)),
        }
        for id in tweets {
            self.tweet(*id, |tweet| tweet.track_mut(ask).failed |= is_theirs);
        }
    }

    /// X refused a batch whole: those that it named cost only themselves; if it named none, a search begins.
    fn sort_out(&mut self, call: &Call, ask: LookupAsk, tweets: &[TweetId], culprits: &[TweetId]) {
        let named: Vec<TweetId> = tweets.iter().copied().filter(|id| culprits.contains(id)).collect();
        if tweets.len() > 1 && (named.is_empty() || named.len() == tweets.len()) {
            self.suspects.push_back(Suspects::new(ask, tweets.to_vec()));
            return;
        }
        tweets.iter().for_each(|id| self.tweet(*id, |tweet| tweet.track_mut(ask).away = false));
        let guilty = if tweets.len() == 1 { tweets } else { &named };
        self.condemn(call, ask, guilty);
    }

    /// A step of the search is done.
    fn learn(&mut self, call: &Call, refused: bool) {
        if !call.probe {
            return;
        }
        let Some(front) = self.suspects.front_mut() else { return };
        let ask = front.ask;
        let finding = front.learn(refused);
        if refused {
            finding.cleared.iter().for_each(|id| self.tweet(*id, |tweet| tweet.track_mut(ask).away = false));
        }
        if let Some(culprit) = finding.culprit {
            self.suspects.pop_front();
            self.tweet(culprit, |tweet| tweet.track_mut(ask).away = false);
            self.condemn(call, ask, &[culprit]);
        }
    }

    fn condemn(&mut self, call: &Call, ask: LookupAsk, guilty: &[TweetId]) {
        self.culprits_in_a_row += 1;
        for id in guilty {
            self.tweet(*id, |tweet| match ask {
                LookupAsk::Promoted => tweet.promoted.answered(call.at),
                _ => tweet.refuse(Refusal::Invalid, call.at),
            });
        }
        if self.culprits_in_a_row >= 3 {
            self.culprits_in_a_row = 0;
            self.gates.fail(call.credential, call.errand.api(), &Failure::Forbidden, call.at);
            for suspects in std::mem::take(&mut self.suspects) {
                let ask = suspects.ask;
                suspects.into_tweets().iter().for_each(|id| self.tweet(*id, |tweet| tweet.track_mut(ask).away = false));
            }
        }
    }

    fn tweet(&mut self, id: TweetId, change: impl FnOnce(&mut TweetPlan)) {
        if let Some(position) = self.index.get(&id) {
            change(&mut self.tweets[*position]);
        }
    }
}
