//! The catalogue: every metric that a tweet can have, in one table. A row here and a mapping line in a backend make a new metric.

macro_rules! catalogue {
    ($($variant:ident $name:literal $meaning:literal)*) => {
        /// What is counted. The name is the value of the `metric` label.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Metric { $(#[doc = $meaning] $variant,)* }

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
    VideoViews        "video_views"         "Views of the video, over all tweets that carry it."
    Playback0         "playback_0"          "Users who began to play the video."
    Playback25        "playback_25"         "Users who played it to the first quarter."
    Playback50        "playback_50"         "Users who played it to the half."
    Playback75        "playback_75"         "Users who played it to the third quarter."
    Playback100       "playback_100"        "Users who played it to the end."
}
