//! The Engagement API's types of engagement: which are asked for where, and which metric each is.

use crate::model::{Ask, Metric};

/// Every type (x-api.md section 7).
pub(super) const TYPES: [(&str, Metric); 18] = [
    ("impressions", Metric::Impressions),
    ("engagements", Metric::Engagements),
    ("favorites", Metric::Likes),
    ("retweets", Metric::Retweets),
    ("quote_tweets", Metric::QuoteTweets),
    ("replies", Metric::Replies),
    ("video_views", Metric::VideoViews),
    ("media_views", Metric::MediaViews),
    ("media_engagements", Metric::MediaEngagements),
    ("url_clicks", Metric::UrlClicks),
    ("hashtag_clicks", Metric::HashtagClicks),
    ("detail_expands", Metric::DetailExpands),
    ("permalink_clicks", Metric::PermalinkClicks),
    ("app_install_attempts", Metric::AppInstallAttempts),
    ("app_opens", Metric::AppOpens),
    ("email_tweet", Metric::EmailTweet),
    ("user_follows", Metric::Follows),
    ("user_profile_clicks", Metric::UserProfileClicks),
];

/// The types for one request. `quote_tweets` exists in totals only (x-api.md section 8, contradiction 22).
pub(super) fn asked(is_total: bool, ask: Ask) -> Vec<&'static str> {
    match (is_total, ask) {
        (true, Ask::Public) => vec!["favorites", "retweets", "quote_tweets", "replies", "video_views"],
        (true, _) => vec!["impressions", "engagements"],
        (false, _) => TYPES.iter().map(|(name, _)| *name).filter(|name| *name != "quote_tweets").collect(),
    }
}
