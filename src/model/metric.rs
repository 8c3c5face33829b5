//! The catalogue: every metric that a tweet can have, in one table. A row here and a mapping line in a backend make a new metric.

use serde::{Deserialize, Serialize};

macro_rules! catalogue {
    ($($variant:ident $name:literal $meaning:literal)*) => {
        /// What is counted. The name is the value of the `metric` label.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Metric { $(#[doc = $meaning] #[serde(rename = $name)] $variant,)* }

        impl Metric {
            /// Every metric, in the order of the catalogue, which is their order on the page.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Value of the `metric` label.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// One sentence for `docs/metrics.md`.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning),* }
            }

            /// How many of a sample's units make one on the page: times are kept in milliseconds and shown in seconds.
            pub const fn units(self) -> u64 {
                if matches!(self, Self::WatchTime) { 1_000 } else { 1 }
            }
        }
    };
}

// Names: the wire names of `GET /2/tweets/analytics`; concepts that it does not know keep the name of the system that has them,
// without `_count`. Meanings: X's "Metrics" page and its data dictionary.
catalogue! {
    Impressions       "impressions"         "Times the tweet was seen, not unique."
    Likes             "likes"               "Likes."
    Retweets          "retweets"            "Retweets without a comment; quotes are not in it."
    QuoteTweets       "quote_tweets"        "Retweets with a comment."
    Replies           "replies"             "Replies, the author's own in a thread included."
    Bookmarks         "bookmarks"           "Times the tweet was bookmarked."
    Engagements       "engagements"         "Interactions of every kind as X defines them; more than the sum of the parts."
    UrlLinkClicks     "url_link_clicks"     "Clicks on a URL or its preview card."
    UserProfileClicks "user_profile_clicks" "Clicks on the author's name, username or picture."
    Follows           "follows"             "Follows of the author from the tweet."
    Unfollows         "unfollows"           "Unfollows of the author from the tweet."
    Unlikes           "unlikes"             "Likes that were taken back."
    Shares            "shares"              "Times the tweet was shared."
    EmailTweet        "email_tweet"         "Times the tweet was shared by e-mail."
    DetailExpands     "detail_expands"      "Times somebody opened the tweet to see more."
    HashtagClicks     "hashtag_clicks"      "Clicks on a hashtag."
    PermalinkClicks   "permalink_clicks"    "Clicks on the link to the tweet itself."
    UrlClicks         "url_clicks"          "Clicks on links as the analytics, insights and Engagement APIs count them; not the same as url_link_clicks."
    LinkClicks        "link_clicks"         "Link clicks as older analytics and insights name them; X does not say how they differ."
    ProfileVisits     "profile_visits"      "Visits to the author's profile from the tweet."
    MediaViews        "media_views"         "Views of any medium: video, GIF or picture."
    MediaEngagements  "media_engagements"   "Clicks on the media."
    AppInstallAttempts "app_install_attempts" "Clicks that lead to the installation of an app."
    AppOpens          "app_opens"           "Clicks that open an app."
    VideoViews        "video_views"         "Views of the video, over all tweets that carry it."
    Playback0         "playback_0"          "Users who began to play the video."
    Playback25        "playback_25"         "Users who played it to the first quarter."
    Playback50        "playback_50"         "Users who played it to the half."
    Playback75        "playback_75"         "Users who played it to the third quarter."
    Playback100       "playback_100"        "Users who played it to the end."
    UniqueVideoViews  "unique_video_views"  "Distinct viewers of the video, as insights count them."
    VideoStarts       "video_starts"        "Plays that began, as insights count them."
    VideoPlayed25Percent "video_played_25_percent" "Plays to the first quarter, as insights count them."
    VideoPlayed50Percent "video_played_50_percent" "Plays to the half, as insights count them."
    VideoPlayed75Percent "video_played_75_percent" "Plays to the third quarter, as insights count them."
    VideoCompletions  "video_completions"   "Plays to the end, as insights count them."
    PlaybackStart     "playback_start"      "Plays that began, as media analytics count them."
    PlaybackQuarter   "playback25"          "Plays to the first quarter, as media analytics count them."
    PlaybackHalf      "playback50"          "Plays to the half, as media analytics count them."
    PlaybackThreeQuarters "playback75"      "Plays to the third quarter, as media analytics count them."
    PlaybackComplete  "playback_complete"   "Plays to the end, as media analytics count them."
    PlayFromTap       "play_from_tap"       "Plays that began with a tap."
    CtaUrlClicks      "cta_url_clicks"      "Clicks on the video's call to visit a site."
    CtaWatchClicks    "cta_watch_clicks"    "Clicks on the video's call to watch."
    WatchTime         "watch_time_seconds"  "Time for which the video was watched, in seconds."
}
