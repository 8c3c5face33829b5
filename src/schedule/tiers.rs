//! How often a tweet is read, by its age.

use std::time::Duration;

use crate::config::Tier;
use crate::model::{Timestamp, TweetId};

/// The tiers, youngest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ladder {
    tiers: Vec<Tier>,
    adaptive: bool,
}

impl Ladder {
    /// A ladder of these tiers, whose ages ascend.
    pub fn new(tiers: Vec<Tier>) -> Self {
        Self { tiers, adaptive: false }
    }

    /// The same ages, but tweets are read as often as their numbers move; no oftener than the fastest tier.
    pub fn adaptive(tiers: Vec<Tier>) -> Self {
        Self { tiers, adaptive: true }
    }

    /// Whether intervals go by movement instead of by age.
    pub fn is_adaptive(&self) -> bool {
        self.adaptive
    }

    /// The shortest interval; new tweets are looked for as often.
    pub fn fastest(&self) -> Duration {
        self.tiers.iter().map(|tier| tier.every).min().unwrap_or(Duration::MAX)
    }

    /// The age at which tweets are read no more.
    pub fn oldest(&self) -> Duration {
        self.tiers.last().map_or(Duration::ZERO, |tier| tier.younger_than)
    }

    /// How often the tweet is read; nothing if it is older than every tier, as are the ids that carry no time (x-api.md 6).
    pub fn interval(&self, tweet: TweetId, now: Timestamp) -> Option<Duration> {
        self.position(tweet, now).map(|position| self.tiers[position].every)
    }

    /// The tiers, youngest first.
    pub fn steps(&self) -> &[Tier] {
        &self.tiers
    }

    /// Which of the tiers the tweet is in.
    pub fn position(&self, tweet: TweetId, now: Timestamp) -> Option<usize> {
        let age = now.since(tweet.created()?);
        self.tiers.iter().position(|tier| age < tier.younger_than)
    }
}
