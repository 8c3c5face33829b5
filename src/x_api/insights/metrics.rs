//! Which metric each of insights' names is.

use crate::model::Metric;

/// Every name that may be requested.
pub(super) const NAMES: [(&str, Metric); 26] = [
    ("AppInstallAttempts", Metric::AppInstallAttempts),
    ("AppOpens", Metric::AppOpens),
    ("DetailExpands", Metric::DetailExpands),
    ("EmailTweet", Metric::EmailTweet),
    ("Engagements", Metric::Engagements),
    ("Follows", Metric::Follows),
    ("HashtagClicks", Metric::HashtagClicks),
    ("Impressions", Metric::Impressions),
    ("Likes", Metric::Likes),
    ("LinkClicks", Metric::LinkClicks),
    ("MediaEngagements", Metric::MediaEngagements),
    ("MediaViews", Metric::MediaViews),
    ("PermalinkClicks", Metric::PermalinkClicks),
    ("ProfileVisits", Metric::ProfileVisits),
    ("QuoteTweets", Metric::QuoteTweets),
    ("Replies", Metric::Replies),
    ("Retweets", Metric::Retweets),
    ("UniqueVideoViews", Metric::UniqueVideoViews),
    ("UrlClicks", Metric::UrlClicks),
    ("UserProfileClicks", Metric::UserProfileClicks),
    ("VideoCompletions", Metric::VideoCompletions),
    ("VideoPlayed25Percent", Metric::VideoPlayed25Percent),
    ("VideoPlayed50Percent", Metric::VideoPlayed50Percent),
    ("VideoPlayed75Percent", Metric::VideoPlayed75Percent),
    ("VideoStarts", Metric::VideoStarts),
    ("VideoViews", Metric::VideoViews),
];

/// The metric of a `metric_type`. How answers write it is not documented: case and `_` are ignored.
pub(super) fn metric(name: &str) -> Option<Metric> {
    let letters = || name.bytes().filter(|letter| *letter != b'_').map(|letter| letter.to_ascii_lowercase());
    let is_it = |known: &str| known.bytes().map(|letter| letter.to_ascii_lowercase()).eq(letters());
    NAMES.iter().find(|(known, _)| is_it(known)).map(|(_, metric)| *metric)
}
