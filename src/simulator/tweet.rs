//! A tweet of the simulated world.

use crate::model::{MediaType, Timestamp, TweetId};
use crate::simulator::growth::{Growth, Numbers};

/// A tweet with its whole life.
pub(crate) struct Tweet {
    /// Its snowflake.
    pub(crate) id: TweetId,
    /// Id of the user who wrote it.
    pub(crate) author: u64,
    /// One word for what it is there for.
    pub(crate) kind: &'static str,
    /// One sentence for the same.
    pub(crate) about: &'static str,
    /// What it says.
    pub(crate) text: String,
    /// Real moment of creation, the one in the id: X's age rules count from here.
    pub(crate) created: Timestamp,
    /// The same on the simulated clock: growth counts from here.
    pub(crate) born: Timestamp,
    /// Whether X shows it.
    pub(crate) state: State,
    /// What it answers or repeats.
    pub(crate) reference: Option<Reference>,
    /// What hangs on it.
    pub(crate) medium: Option<Medium>,
    /// Whether it has a link, and therefore link clicks.
    pub(crate) has_link: bool,
    /// How its numbers grow.
    pub(crate) growth: Growth,
}

/// Whether X shows a tweet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// To everybody.
    Normal,
    /// To nobody: deleted.
    Deleted,
    /// To nobody here: its author's tweets are protected.
    Protected,
    /// To nobody: X withholds it.
    Withheld,
}

/// How a tweet is tied to another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reference {
    /// It answers it.
    Reply,
    /// It repeats it, without a word of its own.
    Retweet,
}

/// A photo, video or GIF.
pub(crate) struct Medium {
    /// `<type>_<id>`.
    pub(crate) key: String,
    /// What it is.
    pub(crate) kind: MediaType,
}

impl Tweet {
    /// X keeps private numbers of the first 30 days only.
    pub(crate) const PRIVATE_DAYS: u64 = 30;

    /// Its numbers when the simulated clock shows `simulated`.
    pub(crate) fn numbers(&self, simulated: Timestamp) -> Numbers {
        self.growth.at(self.born, simulated)
    }

    /// Whether private numbers exist at the real moment `now`.
    pub(crate) fn is_young(&self, now: Timestamp) -> bool {
        now.since(self.created).as_secs() <= Self::PRIVATE_DAYS * 86_400
    }

    /// Whether it answers another tweet.
    pub(crate) fn is_reply(&self) -> bool {
        self.reference == Some(Reference::Reply)
    }

    /// Whether it only repeats another tweet: X refuses private numbers of those, to everybody.
    pub(crate) fn is_retweet(&self) -> bool {
        self.reference == Some(Reference::Retweet)
    }

    /// Whether it was ever promoted.
    pub(crate) fn is_promoted(&self) -> bool {
        self.growth.promoted_views.is_some()
    }

    /// The medium, if it is a video: the only kind with numbers.
    pub(crate) fn video(&self) -> Option<&Medium> {
        self.medium.as_ref().filter(|medium| medium.kind == MediaType::Video)
    }
}

impl Medium {
    /// A medium with the number of X's own prefix for its kind.
    pub(crate) fn new(kind: MediaType, id: u64) -> Self {
        let prefix = match kind {
            MediaType::Photo => 3,
            MediaType::Video => 13,
            MediaType::AnimatedGif => 16,
        };
        Self { key: format!("{prefix}_{id}"), kind }
    }

    /// The number in its key.
    pub(crate) fn number(&self) -> u64 {
        self.key.rsplit('_').next().and_then(|number| number.parse().ok()).unwrap_or_default()
    }

    /// How long it plays.
    pub(crate) fn duration_ms(&self) -> Option<u64> {
        (self.kind == MediaType::Video).then_some(31_000)
    }
}
