//! The plan of one account: what it may do, what it knows of its tweets, and in which state they are.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use crate::config::Groups;
use crate::model::{Api, CredentialKind, LookupAsk, PriceClass, Timestamp, TweetId, TweetState};
use crate::schedule::Ladder;
use crate::schedule::gates::{Gates, Passage};
use crate::schedule::lane::Lane;
use crate::schedule::ledger::{Ledger, LedgerTerms};
use crate::schedule::suspects::Suspects;
use crate::schedule::tweet::TweetPlan;

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
    pub(super) terms: AccountTerms,
    pub(super) tweets: Vec<TweetPlan>,
    pub(super) index: HashMap<TweetId, usize>,
    pub(super) lanes: BTreeMap<(LookupAsk, Duration), Lane>,
    pub(super) gates: Gates,
    pub(super) ledger: Ledger,
    pub(super) suspects: VecDeque<Suspects>,
    /// Searches begun so far.
    pub(super) searches: u64,
    pub(super) name_wanted: bool,
    pub(super) next_slot: Option<Timestamp>,
}

pub(super) const LOOKUP: PriceClass = PriceClass::Tweet;
pub(super) const ASKS: [LookupAsk; 3] = [LookupAsk::Private, LookupAsk::Public, LookupAsk::Promoted];

impl AccountPlan {
    /// An account of which nothing has been read yet; the tweets are distinct.
    pub fn new(terms: AccountTerms, tweets: &[TweetId], now: Timestamp) -> Self {
        let mut plan = Self {
            tweets: Vec::new(),
            index: HashMap::new(),
            lanes: BTreeMap::new(),
            gates: Gates::new(terms.seed),
            ledger: Ledger::new(terms.ledger, now),
            suspects: VecDeque::new(),
            searches: 0,
            name_wanted: terms.wants_username && terms.credentials.iter().any(|kind| kind.is_user()),
            next_slot: None,
            terms,
        };
        plan.watch(tweets, now);
        plan
    }

    /// Another watch list, of distinct tweets: those still on it keep their turns; new ones are due at once.
    pub(super) fn watch(&mut self, tweets: &[TweetId], now: Timestamp) {
        let mut known: HashMap<TweetId, TweetPlan> = self.tweets.drain(..).map(|tweet| (tweet.id, tweet)).collect();
        self.tweets = tweets.iter().map(|id| known.remove(id).unwrap_or_else(|| TweetPlan::new(*id, now))).collect();
        self.index = tweets.iter().enumerate().map(|(position, id)| (*id, position)).collect();
    }

    /// When the next slot of a lane is.
    pub(super) fn next_slot(&self) -> Option<Timestamp> {
        self.next_slot
    }

    /// States of its tweets, in the order of the watch list.
    pub(super) fn states<'a>(&'a self, ladder: &'a Ladder, now: Timestamp) -> impl Iterator<Item = TweetState> + 'a {
        self.tweets.iter().map(move |tweet| self.state(tweet, ladder, now))
    }

    /// Whether it has data or a final refusal; an account without a usable credential has one from the start.
    pub fn is_ready(&self, states: &[TweetState]) -> bool {
        let settled = |state: &TweetState| state.is_gone() || *state == TweetState::OverBudget;
        let refused = self.terms.credentials.iter().all(|kind| self.gates.is_refused(*kind, Api::Lookup));
        self.terms.lookup.is_none() || refused || self.tweets.iter().any(|tweet| tweet.main.read) || states.iter().all(settled)
    }

    /// Since when the read that waits longest is due; what is held back, refused or retired waits for none.
    pub(super) fn oldest_due(&self, ladder: &Ladder, now: Timestamp) -> Option<Timestamp> {
        let waits = |tweet: &&TweetPlan| {
            !tweet.held && tweet.refusal.is_none() && self.every(tweet, ladder, now).is_some() && self.is_readable(tweet, now)
        };
        self.tweets.iter().filter(|tweet| tweet.main.due.is_some()).filter(waits).filter_map(|tweet| tweet.main.due).min()
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
            None if !self.is_readable(tweet, now) => TweetState::Unavailable,
            None if tweet.held || self.gates.is_unpaid() => TweetState::OverBudget,
            None if tweet.main.failed => TweetState::Error,
            None if tweet.main.read => TweetState::Ok,
            None => TweetState::Pending,
        }
    }

    /// How often the tweet is read; nothing if it is not.
    pub(super) fn every(&self, tweet: &TweetPlan, ladder: &Ladder, now: Timestamp) -> Option<Duration> {
        let lookup = self.terms.lookup?;
        let tier = ladder.interval(tweet.id, now)?;
        Some(tweet.every(tier).max(lookup.every.unwrap_or_default()))
    }

    /// What to ask of the tweet for its main reading.
    pub(super) fn ask(&self, tweet: &TweetPlan, now: Timestamp) -> Option<LookupAsk> {
        let groups = self.terms.lookup?.groups;
        if (groups.non_public || groups.organic) && self.may_ask_private(tweet, now) {
            return Some(LookupAsk::Private);
        }
        groups.public.then_some(LookupAsk::Public)
    }

    /// Whether anything could be asked of it if every credential were trusted.
    fn is_readable(&self, tweet: &TweetPlan, now: Timestamp) -> bool {
        let has_user = self.terms.credentials.iter().any(|kind| kind.is_user());
        self.terms.lookup.is_none_or(|lookup| lookup.groups.public || has_user && tweet.may_be_private(now))
    }

    pub(super) fn may_ask_private(&self, tweet: &TweetPlan, now: Timestamp) -> bool {
        let trusted = |kind: &CredentialKind| !matches!(self.gates.passage(*kind, Api::Lookup, now), Passage::Refused(_));
        tweet.may_be_private(now) && self.terms.credentials.iter().filter(|kind| kind.is_user()).any(trusted)
    }

    /// The lane in which the tweet waits for a reading of this kind.
    pub(super) fn lane(
        &self,
        tweet: &TweetPlan,
        ask: LookupAsk,
        ladder: &Ladder,
        now: Timestamp,
    ) -> Option<(LookupAsk, Duration)> {
        let every = self.every(tweet, ladder, now)?;
        let belongs = match ask {
            LookupAsk::Promoted => {
                let wanted = self.terms.lookup.is_some_and(|lookup| lookup.groups.promoted);
                wanted && !tweet.unpromoted && tweet.refusal.is_none() && self.may_ask_private(tweet, now)
            }
            ask => self.ask(tweet, now) == Some(ask),
        };
        belongs.then_some((ask, every))
    }
}
