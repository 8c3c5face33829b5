//! What analytics are asked for, and which metric each of X's keys is.

use crate::model::Metric;

/// `analytics.fields`. What is answered without the parameter is not documented, so it is always sent; `timestamped_metrics` is not in
/// it, because servers before OpenAPI 2.167 send the buckets unasked and may refuse the name.
pub(super) const TWEET_FIELDS: &str = concat!(
    "app_install_attempts,app_opens,bookmarks,detail_expands,email_tweet,engagements,follows,hashtag_clicks,id,impressions,likes,",
    "media_views,permalink_clicks,quote_tweets,replies,retweets,shares,timestamp,unfollows,unlikes,url_clicks,user_profile_clicks"
);

/// The same for servers before OpenAPI 2.154, which do not know `unlikes`.
pub(super) const OLDER_TWEET_FIELDS: &str = concat!(
    "app_install_attempts,app_opens,bookmarks,detail_expands,email_tweet,engagements,follows,hashtag_clicks,id,impressions,likes,",
    "media_views,permalink_clicks,quote_tweets,replies,retweets,shares,timestamp,unfollows,url_clicks,user_profile_clicks"
);

/// `media_analytics.fields`, which no version has other names for.
pub(super) const MEDIA_FIELDS: &str = concat!(
    "cta_url_clicks,cta_watch_clicks,media_key,play_from_tap,playback25,playback50,playback75,playback_complete,playback_start,",
    "timestamp,video_views,watch_time_ms"
);

/// Keys of a tweet's numbers: whatever any version of X's documents has (x-api.md section 8, contradiction 11).
pub(super) const TWEET: &[(&str, Metric)] = &[
    ("app_install_attempts", Metric::AppInstallAttempts),
    ("app_opens", Metric::AppOpens),
    ("bookmarks", Metric::Bookmarks),
    ("detail_expands", Metric::DetailExpands),
    ("email_tweet", Metric::EmailTweet),
    ("engagements", Metric::Engagements),
    ("follows", Metric::Follows),
    ("hashtag_clicks", Metric::HashtagClicks),
    ("impressions", Metric::Impressions),
    ("likes", Metric::Likes),
    ("link_clicks", Metric::LinkClicks),
    ("media_engagements", Metric::MediaEngagements),
    ("media_views", Metric::MediaViews),
    ("permalink_clicks", Metric::PermalinkClicks),
    ("profile_visits", Metric::ProfileVisits),
    ("quote_tweets", Metric::QuoteTweets),
    ("replies", Metric::Replies),
    ("retweets", Metric::Retweets),
    ("shares", Metric::Shares),
    ("unfollows", Metric::Unfollows),
    ("unlikes", Metric::Unlikes),
    ("url_clicks", Metric::UrlClicks),
    ("user_profile_clicks", Metric::UserProfileClicks),
];

/// Keys of a video's numbers.
pub(super) const MEDIA: &[(&str, Metric)] = &[
    ("cta_url_clicks", Metric::CtaUrlClicks),
    ("cta_watch_clicks", Metric::CtaWatchClicks),
    ("play_from_tap", Metric::PlayFromTap),
    ("playback25", Metric::PlaybackQuarter),
    ("playback50", Metric::PlaybackHalf),
    ("playback75", Metric::PlaybackThreeQuarters),
    ("playback_complete", Metric::PlaybackComplete),
    ("playback_start", Metric::PlaybackStart),
    ("video_views", Metric::VideoViews),
    ("watch_time_ms", Metric::WatchTime),
];
