//! Pages of a timeline: which tweets are on one, and the tokens of the next and the previous one.

use crate::model::TweetId;
use crate::simulator::tweet::Tweet;

/// Where a page lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// At the newest tweets.
    First,
    /// After this tweet, towards the past.
    After(TweetId),
    /// Before this tweet, towards the present.
    Before(TweetId),
}

/// A page.
pub(crate) struct Page<'a> {
    pub(crate) tweets: Vec<&'a Tweet>,
    pub(crate) next: Option<String>,
    pub(crate) previous: Option<String>,
}

impl Place {
    /// Reads a token; nothing, if it is not one of ours.
    pub(crate) fn parse(token: &str) -> Option<Self> {
        let id = || token.get(1..).and_then(|hex| u64::from_str_radix(hex, 16).ok()).and_then(|id| TweetId::new(id).ok());
        match token.bytes().next()? {
            b'n' => id().map(Self::After),
            b'p' => id().map(Self::Before),
            _ => None,
        }
    }

    fn token(self) -> Option<String> {
        match self {
            Self::First => None,
            Self::After(id) => Some(format!("n{:016x}", id.number())),
            Self::Before(id) => Some(format!("p{:016x}", id.number())),
        }
    }
}

impl<'a> Page<'a> {
    /// The page at a place in a timeline that goes from the newest tweet to the oldest.
    pub(crate) fn cut(timeline: &[&'a Tweet], place: Place, most: usize) -> Self {
        let (from, to) = match place {
            Place::First => (0, most),
            Place::After(id) => {
                let from = timeline.partition_point(|tweet| tweet.id >= id);
                (from, from + most)
            }
            Place::Before(id) => {
                let to = timeline.partition_point(|tweet| tweet.id > id);
                (to.saturating_sub(most), to)
            }
        };
        let to = to.min(timeline.len());
        let tweets = timeline[from.min(to)..to].to_vec();
        let last = tweets.last().filter(|_| to < timeline.len());
        let first = tweets.first().filter(|_| from > 0);
        let next = last.and_then(|tweet| Place::After(tweet.id).token());
        let previous = first.and_then(|tweet| Place::Before(tweet.id).token());
        Self { tweets, next, previous }
    }
}
