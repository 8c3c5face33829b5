//! What a lookup asks for, and which metric each of X's keys is. A new metric is a line in one of these tables.

use crate::config::Groups;
use crate::model::{Context, LookupAsk, Metric, Scope};

/// The parameter that selects a tweet's fields, in X's documents.
pub(super) const TWEET: &str = "tweet.fields";
/// The same in X's OpenAPI from 2.167 on.
pub(super) const POST: &str = "post.fields";

/// A group of metrics: its name on the wire, what it covers, and its keys.
pub(super) struct Group {
    pub(super) name: &'static str,
    pub(super) scope: Scope,
    /// Only the author may see it.
    pub(super) private: bool,
    pub(super) tweet: &'static [(&'static str, Metric)],
    pub(super) media: &'static [(&'static str, Metric)],
}

/// In order of precedence: impressions became public in January 2023, and stand in `non_public_metrics` as well.
pub(super) const GROUPS: [Group; 4] = [
    Group { name: "public_metrics", scope: Scope::Total, private: false, tweet: PUBLIC, media: VIEWS },
    Group { name: "non_public_metrics", scope: Scope::Total, private: true, tweet: NON_PUBLIC, media: PLAYBACK },
    Group {
        name: "organic_metrics",
        scope: Scope::Context(Context::Organic),
        private: true,
        tweet: BY_CONTEXT,
        media: VIEWS_AND_PLAYBACK,
    },
    Group {
        name: "promoted_metrics",
        scope: Scope::Context(Context::Promoted),
        private: true,
        tweet: BY_CONTEXT,
        media: VIEWS_AND_PLAYBACK,
    },
];

const PUBLIC: &[(&str, Metric)] = &[
    ("impression_count", Metric::Impressions),
    ("like_count", Metric::Likes),
    ("retweet_count", Metric::Retweets),
    ("repost_count", Metric::Retweets), // OpenAPI 2.167 and later
    ("quote_count", Metric::QuoteTweets),
    ("reply_count", Metric::Replies),
    ("bookmark_count", Metric::Bookmarks),
];

const NON_PUBLIC: &[(&str, Metric)] = &[
    ("impression_count", Metric::Impressions),
    ("engagements", Metric::Engagements),
    ("url_link_clicks", Metric::UrlLinkClicks),
    ("user_profile_clicks", Metric::UserProfileClicks),
];

const BY_CONTEXT: &[(&str, Metric)] = &[
    ("impression_count", Metric::Impressions),
    ("like_count", Metric::Likes),
    ("retweet_count", Metric::Retweets),
    ("repost_count", Metric::Retweets), // OpenAPI 2.167 and later
    ("reply_count", Metric::Replies),
    ("url_link_clicks", Metric::UrlLinkClicks),
    ("user_profile_clicks", Metric::UserProfileClicks),
];

const VIEWS: &[(&str, Metric)] = &[("view_count", Metric::VideoViews)];

const PLAYBACK: &[(&str, Metric)] = &[
    ("playback_0_count", Metric::Playback0),
    ("playback_25_count", Metric::Playback25),
    ("playback_50_count", Metric::Playback50),
    ("playback_75_count", Metric::Playback75),
    ("playback_100_count", Metric::Playback100),
];

const VIEWS_AND_PLAYBACK: &[(&str, Metric)] = &[
    ("view_count", Metric::VideoViews),
    ("playback_0_count", Metric::Playback0),
    ("playback_25_count", Metric::Playback25),
    ("playback_50_count", Metric::Playback50),
    ("playback_75_count", Metric::Playback75),
    ("playback_100_count", Metric::Playback100),
];

/// The query of one request, not encoded. `author_id` is a field, no expansion: expanded users might be billed.
pub(super) fn query(groups: Groups, ask: LookupAsk, ids: &str, spelling: &'static str) -> Vec<(&'static str, String)> {
    let metrics = asked(groups, ask).join(",");
    let comma = if metrics.is_empty() { "" } else { "," };
    vec![
        ("ids", ids.to_owned()),
        (spelling, format!("author_id,attachments{comma}{metrics}")),
        ("expansions", "attachments.media_keys".to_owned()),
        ("media.fields", format!("media_key,type{comma}{metrics}")),
    ]
}

fn asked(groups: Groups, ask: LookupAsk) -> Vec<&'static str> {
    let wanted = |name: &str| match (name, ask) {
        ("promoted_metrics", _) => ask == LookupAsk::Promoted,
        (_, LookupAsk::Promoted) => false,
        ("public_metrics", _) => groups.public,
        (_, LookupAsk::Public) => false,
        ("non_public_metrics", LookupAsk::Private) => groups.non_public,
        (_, LookupAsk::Private) => groups.organic,
    };
    GROUPS.iter().map(|group| group.name).filter(|name| wanted(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_request_asks_for_more_than_it_may() {
        let all = Groups { public: true, non_public: true, organic: true, promoted: true };
        let some = Groups { public: true, non_public: false, organic: true, promoted: false };
        for (groups, ask, fields) in [
            (all, LookupAsk::Public, "author_id,attachments,public_metrics"),
            (all, LookupAsk::Private, "author_id,attachments,public_metrics,non_public_metrics,organic_metrics"),
            (all, LookupAsk::Promoted, "author_id,attachments,promoted_metrics"),
            (some, LookupAsk::Private, "author_id,attachments,public_metrics,organic_metrics"),
        ] {
            let query = query(groups, ask, "1,2", TWEET);
            assert_eq!(query[1], (TWEET, fields.to_owned()));
        }
    }
}
