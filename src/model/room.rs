//! What an account's timeline may add to the tweets that are named.

use std::collections::HashSet;

use crate::model::TweetId;

/// Which tweets of its timeline an account may watch besides those that it names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Room {
    /// At most so many: more do not fit under `limits.max_tweets`.
    pub tweets: usize,
    /// None of these: they are named, and another shard reads them.
    pub elsewhere: HashSet<TweetId>,
}
