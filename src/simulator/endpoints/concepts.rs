//! What the Enterprise systems count, whatever each calls it (x-api.md, section 7): lifetime numbers, and their growth in a window.

use crate::model::{MediaType, Timestamp};
use crate::simulator::growth::Counts;
use crate::simulator::tweet::Tweet;

/// Something that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Concept {
    Impressions,
    /// Without advertisements: what the Engagement API calls impressions.
    OrganicImpressions,
    Engagements,
    Likes,
    Retweets,
    Quotes,
    Replies,
    Bookmarks,
    Shares,
    Follows,
    UrlClicks,
    UserProfileClicks,
    HashtagClicks,
    DetailExpands,
    PermalinkClicks,
    MediaViews,
    MediaEngagements,
    VideoViews,
    UniqueVideoViews,
    /// Plays that reached this quarter: 0 to 4.
    Quarter(usize),
    PlaysFromTap,
    WatchTimeMillis,
    /// What never happens in this world: app installs, e-mails, unlikes.
    Never,
}

/// A name on the wire and what it means.
pub(crate) type Name = (&'static str, Concept);

/// The concept of a name in a table.
pub(crate) fn named(table: &[Name], name: &str) -> Option<Name> {
    table.iter().find(|(known, _)| *known == name).copied()
}

impl Concept {
    /// The number from the tweet's birth until the simulated moment `at`.
    pub(crate) fn lifetime(self, tweet: &Tweet, at: Timestamp) -> u64 {
        let numbers = tweet.numbers(at);
        let total = numbers.total();
        match self {
            Self::OrganicImpressions => numbers.organic.impressions,
            Self::Quarter(quarter) => numbers.organic.playback()[quarter] + numbers.promoted.playback()[quarter],
            Self::MediaViews => media_views(tweet, total),
            Self::VideoViews if tweet.video().is_some() => total.video_views,
            Self::UniqueVideoViews if tweet.video().is_some() => total.video_views / 10 * 9,
            Self::PlaysFromTap if tweet.video().is_some() => total.video_views / 7,
            Self::WatchTimeMillis if tweet.video().is_some() => total.video_views * 9_700,
            Self::UrlClicks if tweet.has_link => total.link_clicks,
            Self::Engagements => total.engagements(tweet.has_link),
            _ => self.plain(total),
        }
    }

    fn plain(self, total: Counts) -> u64 {
        match self {
            Self::Impressions => total.impressions,
            Self::Likes => total.likes,
            Self::Retweets => total.retweets,
            Self::Quotes => total.quotes,
            Self::Replies => total.replies,
            Self::Bookmarks => total.bookmarks,
            Self::Shares => total.bookmarks / 5,
            Self::Follows => total.profile_clicks / 20,
            Self::UserProfileClicks => total.profile_clicks,
            Self::HashtagClicks => total.other / 10,
            Self::DetailExpands => total.other / 2,
            Self::PermalinkClicks => total.other / 8,
            Self::MediaEngagements => total.other / 4,
            _ => 0,
        }
    }

    /// How much it grew between two simulated moments. What falls, as likes do in a purge, counts as nothing.
    pub(crate) fn grown(self, tweet: &Tweet, from: Timestamp, to: Timestamp) -> u64 {
        self.lifetime(tweet, to).saturating_sub(self.lifetime(tweet, from))
    }
}

fn media_views(tweet: &Tweet, total: Counts) -> u64 {
    match tweet.medium.as_ref().map(|medium| medium.kind) {
        Some(MediaType::Video) => total.video_views,
        Some(MediaType::Photo | MediaType::AnimatedGif) => total.impressions / 3,
        None => 0,
    }
}
