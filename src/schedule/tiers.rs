//! How often a tweet is read, by its age.

use std::time::Duration;

use crate::config::Tier;
use crate::model::{Timestamp, TweetId};

/// The tiers, youngest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ladder(Vec<Tier>);

impl Ladder {
    /// A ladder of these tiers, whose ages ascend.
    pub fn new(tiers: Vec<Tier>) -> Self {
        Self(tiers)
    }

    /// How often the tweet is read; nothing if it is older than every tier, as are the ids that carry no time (x-api.md 6).
    pub fn interval(&self, tweet: TweetId, now: Timestamp) -> Option<Duration> {
        let age = now.since(tweet.created()?);
        self.0.iter().find(|tier| age < tier.younger_than).map(|tier| tier.every)
    }
}
