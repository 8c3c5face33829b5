//! What a backend brings home from one call.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::{MediaKey, MediaType, Metric, TweetId};

/// Whose money brought the number: organic or paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Context {
    /// Seen without payment.
    Organic,
    /// Seen through an advertisement.
    Promoted,
}

impl Context {
    /// Value of the `context` label.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Organic => "organic",
            Self::Promoted => "promoted",
        }
    }
}

/// What stretch of a tweet's life, and which part of its audience, a number covers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Lifetime, organic and promoted together.
    Total,
    /// Lifetime, one context.
    Context(Context),
    /// Inside a trailing window; the text is the `window` label.
    Window(Arc<str>),
}

/// One number of one tweet. Absent is not zero: there is a sample only if X sent the number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Row", into = "Row")]
pub struct Sample {
    /// The attached medium that the number is about; `None`: the tweet itself.
    pub media: Option<MediaKey>,
    /// What is counted.
    pub metric: Metric,
    /// Over what.
    pub scope: Scope,
    /// The count; never negative, never beyond 2^63 − 1. A time is counted in milliseconds.
    pub value: u64,
}

/// A sample as it is written down: short, for there are many.
type Row = (Metric, Scope, u64, Option<MediaKey>);

impl From<Row> for Sample {
    fn from((metric, scope, value, media): Row) -> Self {
        Self { media, metric, scope, value }
    }
}

impl From<Sample> for Row {
    fn from(Sample { media, metric, scope, value }: Sample) -> Self {
        (metric, scope, value, media)
    }
}

/// What one call said about one tweet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TweetReading {
    /// The numbers.
    pub samples: Vec<Sample>,
    /// Kinds of the attached media, distinct and in alphabetical order.
    pub media_types: Vec<MediaType>,
    /// Keys of the attached videos, distinct, where the answer has them.
    pub videos: Vec<MediaKey>,
    /// X's id of the author, where the answer has it.
    pub author: Option<u64>,
    /// X gave numbers that only the author may see.
    pub private: bool,
}

/// What one call said about all tweets it asked for. Each is in at most one list; promoted metrics are
/// passed over in silence where there are none.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// Tweets that were answered, under the ids that were asked for.
    pub tweets: Vec<(TweetId, TweetReading)>,
    /// Ids of the tweets that X returned, each once: what it charges for. An edited tweet comes under its newest id.
    pub returned: Vec<TweetId>,
    /// Tweets that X will not give, and why.
    pub refused: Vec<(TweetId, Refusal)>,
    /// Tweets that X left out because a private field was asked for: they can be asked again for public numbers.
    pub field_refused: Vec<TweetId>,
    /// Tweets that X left out in silence although private fields were asked for: the same may have happened.
    pub passed_over: Vec<TweetId>,
    /// Tweets on which X itself stumbled: they can be asked again later.
    pub failed: Vec<TweetId>,
}

/// Why X does not give a tweet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Deleted, or it never existed.
    NotFound,
    /// Protected, or the account is blocked.
    NotAuthorized,
    /// Withheld, against X's rules, or passed over in silence.
    Unavailable,
    /// X calls the id itself invalid.
    Invalid,
}
