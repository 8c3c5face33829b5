//! What a month of reading will ask and cost, without asking anybody. Pure: `now` is an argument.
//!
//! The plan's own rules are called, not told again: a plan is made and asked for each tweet and each age in which lane it waits
//! ([`cast`]); lanes are added up to requests ([`traffic`]); a ledger says what is paid and what the budget covers ([`days`]).

#[cfg(test)]
mod agreement_tests;
mod cast;
mod days;
#[cfg(test)]
mod edge_tests;
mod limits;
mod traffic;

use std::collections::HashSet;
use std::ops::AddAssign;
use std::time::Duration;

use crate::config::Tier;
use crate::model::{Api, CredentialKind, PriceClass, Timestamp, TweetId};
use crate::schedule::Ladder;
use crate::schedule::account::AccountTerms;
use crate::schedule::forecast::cast::Cast;
use crate::schedule::forecast::days::Books;
use crate::schedule::slot::DAY;

/// What nobody can know, and is assumed.
#[derive(Clone, Copy, Debug)]
pub struct Assumptions {
    /// When the reading begins.
    pub now: Timestamp,
    /// So many tweets come to the timeline each day, and have come before if none is known.
    pub new_tweets_per_day: u32,
    /// No tweet is read oftener; zero unless scrapes cause the reads.
    pub min_age: Duration,
}

/// A tweet that the watch list names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    /// The tweet.
    pub id: TweetId,
    /// Somebody else wrote it.
    pub foreign: bool,
}

/// What a running exporter knows besides its configuration.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Tweets found on the timeline.
    pub found: Vec<TweetId>,
    /// Resources that are paid for today.
    pub paid: HashSet<(PriceClass, u64)>,
    /// Tweets that somebody else wrote.
    pub foreign: HashSet<TweetId>,
    /// Whose timeline it is.
    pub user: bool,
}

/// What one account will ask and pay in 30 UTC days: today and the 29 that follow.
#[derive(Debug)]
pub struct Forecast {
    /// Tweets that are watched now.
    pub watched: usize,
    /// Those of them that are older than every tier.
    pub retired: usize,
    /// Requests by system and credential.
    pub ways: Vec<Way>,
    /// Reads and money by price class and tier.
    pub lines: Vec<Line>,
    /// All of it, day by day; the tweets of a day are distinct.
    pub days: Vec<Amount>,
}

/// Requests of one kind.
#[derive(Clone, Debug)]
pub struct Way {
    /// The system.
    pub api: Api,
    /// The credential that is preferred for it.
    pub credential: CredentialKind,
    /// The most in 15 minutes of even running, rounded up.
    pub per_window: u64,
    /// The most in 15 minutes at the beginning, or just after midnight when old tweets are read.
    pub peak: u64,
    /// What X allows in 15 minutes, where it says so.
    pub limit: Option<u64>,
    /// Day by day.
    pub requests: Vec<f64>,
}

/// Reads of one price class in one tier.
#[derive(Clone, Debug)]
pub struct Line {
    /// What X charges them as; nothing if it does not charge.
    pub class: Option<PriceClass>,
    /// Nothing for what is no tweet.
    pub tier: Option<Tier>,
    /// Day by day.
    pub days: Vec<Amount>,
}

/// What a day, or several, amount to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Amount {
    /// Calls; zero in a [`Line`], since one call may serve several tiers.
    pub requests: f64,
    /// Distinct tweets of a UTC day.
    pub tweets: u64,
    /// What X returns.
    pub reads: u64,
    /// What X charges for.
    pub paid_reads: u64,
    /// What it would charge for if the budget covered it.
    pub held_back: u64,
    /// US dollars.
    pub usd: f64,
}

/// A month of `plan`.
const DAYS: usize = 30;

impl Forecast {
    /// The forecast for an account with these terms.
    pub fn new(terms: &AccountTerms, ladder: &Ladder, named: &[Named], known: &Known, assumed: &Assumptions) -> Self {
        let midnight = Timestamp::from_seconds(assumed.now.utc_day() * DAY.as_secs() as i64);
        let end = midnight + DAY * DAYS as u32;
        let cast = Cast::new(terms, ladder, (named, known), assumed, end);
        let mut books = Books::new(&cast, ladder, known, assumed);
        for day in 0..DAYS {
            let begin = midnight + DAY * day as u32;
            books.day(day, begin.max(assumed.now), begin + DAY);
        }
        let (ways, lines, days) = books.close();
        Self { watched: cast.watched, retired: cast.retired, ways, lines, days }
    }
}

impl Amount {
    /// Several days, or several lines, together.
    pub fn sum<'a>(amounts: impl IntoIterator<Item = &'a Self>) -> Self {
        amounts.into_iter().fold(Self::default(), |mut sum, amount| {
            sum += *amount;
            sum
        })
    }
}

impl AddAssign for Amount {
    fn add_assign(&mut self, other: Self) {
        self.requests += other.requests;
        self.tweets += other.tweets;
        self.reads += other.reads;
        self.paid_reads += other.paid_reads;
        self.held_back += other.held_back;
        self.usd += other.usd;
    }
}
