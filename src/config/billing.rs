//! `billing`, `limits` and an account's `budget`: what reading costs and may cost.

use crate::config::schema;
use crate::config::section::{Field, Section};

/// How X charges.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Billing {
    /// Once per day, or each time.
    pub charge: Charge,
    /// US dollars for each.
    pub usd: Prices,
}

/// Whether a second read on the same day is paid again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charge {
    /// Once per tweet and UTC day (X's "Usage and Billing", de-duplication).
    UtcDay,
    /// Every time (legacy plans).
    EveryRead,
}

/// US dollars per resource.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prices {
    /// A tweet from a lookup or a foreign timeline.
    pub tweet: f64,
    /// A tweet from the own timeline.
    pub owned_tweet: f64,
    /// A user.
    pub user: f64,
    /// A tweet's analytics.
    pub analytics: f64,
}

/// What bounds memory and page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Tweets watched, all accounts together.
    pub max_tweets: usize,
    /// Series of tweets on the page.
    pub max_series: usize,
}

/// What an account may cost; absent is without bound.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Budget {
    /// US dollars in a UTC day.
    pub usd_per_day: Option<f64>,
    /// US dollars in a UTC calendar month.
    pub usd_per_month: Option<f64>,
    /// Paid tweets in a UTC calendar month.
    pub tweets_per_month: Option<u64>,
}

impl Billing {
    pub(super) fn read(root: &Section<'_>) -> Option<Self> {
        let section = root.section("billing", &schema::BILLING)?;
        let words = [("utc_day", Charge::UtcDay), ("every_read", Charge::EveryRead)];
        let charge = section.or("charge", Charge::UtcDay, |field| field.word(&words));
        let usd = Prices::read(&section);
        Some(Self { charge: charge?, usd: usd? })
    }
}

impl Prices {
    fn read(billing: &Section<'_>) -> Option<Self> {
        let section = billing.section("usd", &schema::USD)?;
        let tweet = section.or("tweet", 0.005, Field::amount);
        let owned_tweet = section.or("owned_tweet", 0.001, Field::amount);
        let user = section.or("user", 0.010, Field::amount);
        let analytics = section.or("analytics", 0.005, Field::amount);
        Some(Self { tweet: tweet?, owned_tweet: owned_tweet?, user: user?, analytics: analytics? })
    }
}

impl Limits {
    pub(super) fn read(root: &Section<'_>) -> Option<Self> {
        let section = root.section("limits", &schema::LIMITS)?;
        let bound = |field: &Field<'_>| field.count(1, u64::from(u32::MAX)).and_then(|number| usize::try_from(number).ok());
        let max_tweets = section.or("max_tweets", 100_000, bound);
        let max_series = section.or("max_series", 3_000_000, bound);
        Some(Self { max_tweets: max_tweets?, max_series: max_series? })
    }
}

impl Budget {
    pub(super) fn read(account: &Section<'_>) -> Option<Self> {
        let section = account.section("budget", &schema::BUDGET)?;
        let usd_per_day = section.optional("usd_per_day", Field::amount);
        let usd_per_month = section.optional("usd_per_month", Field::amount);
        let tweets_per_month = section.optional("tweets_per_month", |field| field.count(0, u64::MAX));
        Some(Self { usd_per_day: usd_per_day?, usd_per_month: usd_per_month?, tweets_per_month: tweets_per_month? })
    }

    /// Whether anything bounds the account.
    pub(super) fn is_set(&self) -> bool {
        self.usd_per_day.is_some() || self.usd_per_month.is_some() || self.tweets_per_month.is_some()
    }
}
