//! The plan of all accounts.

use std::time::Duration;

use crate::config::Charge;
use crate::model::{CredentialKind, PriceClass, RateLimit, Room, Timestamp, TweetId, TweetState};
use crate::schedule::gates::Passage;
use crate::schedule::{AccountPlan, Bill, Call, Ladder, NextRead, Outcome};

/// What makes tweets due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// Their interval.
    Interval,
    /// A scrape: those whose reading is older than their interval and than this.
    Scrape {
        /// Youngest reading that is read again.
        min_age: Duration,
    },
    /// Nothing new: only what is due already.
    Continue,
    /// Nothing new: of what is due already only the tweets that somebody waits for.
    Probe,
}

/// The plan of all accounts. One account's troubles never hold another's calls.
#[derive(Debug)]
pub struct Plan {
    ladder: Ladder,
    accounts: Vec<AccountPlan>,
}

impl Plan {
    /// A plan in which nothing has been read yet.
    pub fn new(ladder: Ladder, accounts: Vec<AccountPlan>) -> Self {
        Self { ladder, accounts }
    }

    /// The calls to make now. Each must come back through [`Self::finish`].
    pub fn launch(&mut self, trigger: Trigger, now: Timestamp) -> Vec<Call> {
        let ladder = &self.ladder;
        let accounts = self.accounts.iter_mut().enumerate();
        accounts.flat_map(|(index, account)| account.launch(index, ladder, trigger, now)).collect()
    }

    /// How a call went. Returns what X charges for it.
    pub fn finish(&mut self, call: &Call, limits: &[RateLimit], outcome: Outcome<'_>, now: Timestamp) -> Option<Bill> {
        self.accounts[call.account].finish(call, &self.ladder, limits, outcome, now)
    }

    /// When [`Self::launch`] may have something to do again, if nothing is finished before.
    pub fn wake(&self, now: Timestamp) -> Timestamp {
        let soonest = self.accounts.iter().filter_map(|account| account.next_look()).min();
        // Tweets grow older and windows open without notice; a second is soon enough for both.
        soonest.unwrap_or(Timestamp::MAX).clamp(now, now + Duration::from_secs(1))
    }

    /// Another list of named tweets for an account, distinct; those still on it keep their turns. There is room for these found ones
    /// besides.
    pub fn watch(&mut self, account: usize, tweets: &[TweetId], room: Room, now: Timestamp) {
        self.accounts[account].make_room(room);
        self.accounts[account].watch(tweets, now);
    }

    /// Whether an account watches other tweets than when this was last asked.
    pub fn take_change(&mut self, account: usize) -> bool {
        std::mem::take(&mut self.accounts[account].list_changed)
    }

    /// Nobody knows what the account has spent: X is asked first.
    pub fn lose_books(&mut self, account: usize) {
        self.accounts[account].lose_books();
    }

    /// Somebody asks for a tweet of an account, watched or not: it is due if its reading is older than its interval and than this.
    /// False: there is no room for it.
    pub fn order(&mut self, account: usize, tweet: TweetId, min_age: Duration, now: Timestamp) -> bool {
        self.accounts[account].order(tweet, &self.ladder, min_age, now)
    }

    /// Nobody waits for the tweet any more.
    pub fn forgo(&mut self, account: usize, tweet: TweetId) {
        self.accounts[account].forgo(tweet);
    }

    /// Whether a reading of the tweet is under way or about to be; asked after a launch, unless something holds all calls up.
    pub fn is_awaited(&self, account: usize, tweet: TweetId, is_held_up: bool, now: Timestamp) -> bool {
        self.accounts[account].is_awaited(tweet, &self.ladder, is_held_up, now)
    }

    /// The state of one tweet of an account; nothing if it is not known.
    pub fn state(&self, account: usize, tweet: TweetId, now: Timestamp) -> Option<TweetState> {
        self.accounts[account].state_of_tweet(tweet, &self.ladder, now)
    }

    /// An account's credential is another one now: it is tried at once, whatever it was refused for.
    pub fn trust(&mut self, account: usize, credential: CredentialKind) {
        self.accounts[account].gates.trust(credential);
        if credential.is_user() {
            self.accounts[account].timeline.identity.doubt();
        }
        self.accounts[account].queue.disturb();
    }

    /// Whether X charges the account for each reading, and not once a day, and it has a budget to keep.
    pub fn pays_every_time(&self, account: usize) -> bool {
        let account = &self.accounts[account];
        account.terms.ledger.charge == Charge::EveryRead && account.ledger.is_bounded()
    }

    /// Numbers that X gave once and gives no more, since this was last asked: the tweet, the source's position, the request's.
    pub fn take_dropped(&mut self, account: usize) -> Vec<(TweetId, usize, u8)> {
        std::mem::take(&mut self.accounts[account].dropped)
    }

    /// No such call is made now, because X refuses it whatever is in it.
    pub fn is_shut(&self, call: &Call, now: Timestamp) -> bool {
        let gates = &self.accounts[call.account].gates;
        matches!(gates.passage(call.credential, call.errand.api(), now), Passage::Refused(_))
    }

    /// What is wrong with an account's answers taken together, since this was last asked.
    pub fn take_complaint(&mut self, account: usize) -> Option<&'static str> {
        self.accounts[account].complaint.take()
    }

    /// Resources of an account that were paid since this was last asked, and the UTC day on which.
    pub fn take_paid(&mut self, account: usize) -> (i64, Vec<(PriceClass, u64)>) {
        self.accounts[account].take_paid()
    }

    /// Tweets of an account of which something new is known since this was last asked.
    pub fn take_touched(&mut self, account: usize) -> Vec<TweetId> {
        self.accounts[account].take_touched()
    }

    /// The accounts, in the order of the configuration.
    pub fn accounts(&self) -> &[AccountPlan] {
        &self.accounts
    }

    /// An account, for calls beside the plan's own.
    pub fn account_mut(&mut self, account: usize) -> &mut AccountPlan {
        &mut self.accounts[account]
    }

    /// The accounts, one by one.
    pub fn into_accounts(self) -> Vec<AccountPlan> {
        self.accounts
    }

    /// Since when the account's read that waits longest is due.
    pub fn oldest_due(&self, account: usize, now: Timestamp) -> Option<Timestamp> {
        self.accounts[account].oldest_due(&self.ladder, now)
    }

    /// When a tweet of the account is read next.
    pub fn next_read(&self, account: usize, tweet: TweetId, now: Timestamp) -> NextRead {
        self.accounts[account].next_read(tweet, &self.ladder, now)
    }

    /// The states of an account's tweets, in the order of its watch list; those that were only asked for come last.
    pub fn states(&self, account: usize, now: Timestamp) -> impl Iterator<Item = TweetState> {
        self.accounts[account].states(&self.ladder, now)
    }
}
