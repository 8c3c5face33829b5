//! An account's own timeline, page by page (X's "GET /2/users/:id/tweets"; x-api.md 2.3).

use crate::model::{Ask, Reading, Timestamp, TweetId};

/// One page of a timeline, newest tweets first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageAsk {
    /// X's id of whose timeline it is.
    pub user: u64,
    /// Which numbers.
    pub ask: Ask,
    /// Only tweets after this one.
    pub after: Option<TweetId>,
    /// Only tweets from this second on; X lets `after` win.
    pub start: Timestamp,
    /// Only tweets before this second.
    pub end: Option<Timestamp>,
    /// Where the page before ended, in X's words.
    pub token: Option<String>,
    /// At most so many tweets, from 5 to 100.
    pub size: usize,
    /// Leave out replies.
    pub exclude_replies: bool,
    /// Leave out retweets.
    pub exclude_retweets: bool,
}

/// What a page held.
#[derive(Clone, Debug, Default)]
pub struct TimelinePage {
    /// Its tweets, those in `tweets` under every id of their edit chain; `refused`, `field_refused` and `failed` as `errors[]` names them.
    pub reading: Reading,
    /// Earlier ids of edited tweets, each with the newest, which is the one in `returned`.
    pub earlier: Vec<(TweetId, TweetId)>,
    /// Where the next page begins; nothing at the end.
    pub next: Option<String>,
}

/// What X says of the project's reads in this billing cycle (X's "GET /2/usage/tweets"; x-api.md 2.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProjectUsage {
    /// Tweets read so far.
    pub used: Option<u64>,
    /// Tweets that may be read.
    pub cap: Option<u64>,
    /// Tweets read on the current UTC day.
    pub today: Option<u64>,
    /// Tweets read in the current calendar month.
    pub this_month: Option<u64>,
}
