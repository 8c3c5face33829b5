//! What a lookup or a timeline asks for, and which metric each of X's keys is. A new metric is a line in one of these tables.

use crate::config::Groups;
use crate::model::{Ask, Context, Metric, Scope};
use crate::x_api::forms::{Form, Forms};
use crate::x_api::problem::Problem;
use crate::x_api::session::{Inquiry, Sent, Session};

/// The fields of a source's requests, and the name that X knows their parameter by.
pub(super) struct Fields {
    groups: Groups,
    forms: Forms,
}

impl Fields {
    /// The fields that show these groups.
    pub(super) fn new(groups: Groups) -> Self {
        Self { groups, forms: Forms::default() }
    }

    /// Sends an inquiry with the fields added; once more if X does not know the parameter that selects them. The spelling that
    /// worked is remembered (x-api.md section 8, contradiction 3).
    pub(super) async fn send(&self, session: &Session, inquiry: &Inquiry<'_>, ask: Ask) -> Sent {
        let form = self.forms.first();
        let first = self.once(session, inquiry, ask, form).await;
        let Some(other) = self.forms.after(form).filter(|_| is_unknown(&first, form)) else { return first };
        let second = self.once(session, inquiry, ask, other).await;
        if is_unknown(&second, other) {
            self.forms.close();
        } else if second.result.is_ok() && self.forms.remember(other) {
            tracing::info!(parameter = spelling(other), "X wants another name for the fields; using it from now on");
        }
        second
    }

    /// What is known of the parameter's name.
    pub(super) fn forms(&self) -> &Forms {
        &self.forms
    }

    async fn once(&self, session: &Session, inquiry: &Inquiry<'_>, ask: Ask, form: Form) -> Sent {
        let fields = query(self.groups, ask, form);
        let added = fields.iter().map(|(name, value)| (*name, value.as_str()));
        let query = inquiry.query.iter().copied().chain(added).collect();
        session.send(&Inquiry { query, ..inquiry.clone() }).await
    }
}

fn is_unknown(sent: &Sent, form: Form) -> bool {
    let blamed = |problem: &Problem| problem.segment == "invalid-request" && problem.blames(spelling(form));
    sent.result.as_ref().is_err_and(|refused| blamed(&refused.problem))
}

/// The parameter that selects a tweet's fields: X's documents say `tweet.fields`, its OpenAPI from 2.167 on `post.fields`.
const fn spelling(form: Form) -> &'static str {
    match form {
        Form::Usual => "tweet.fields",
        Form::Other => "post.fields",
    }
}

/// A group of metrics: its name on the wire, what it covers, and its keys.
pub(super) struct Group {
    pub(super) name: &'static str,
    /// Whom it covers; nothing where that is everybody.
    pub(super) context: Option<Context>,
    /// Only the author may see it.
    pub(super) private: bool,
    pub(super) tweet: &'static Table,
    pub(super) media: &'static Table,
}

impl Group {
    /// What its numbers cover.
    pub(super) fn scope(&self) -> Scope {
        self.context.map_or(Scope::Total, Scope::Context)
    }
}

/// X's names, and the metrics that they mean, in the order of the catalogue: two spellings of one metric stand together.
pub(super) type Table = [(&'static str, Metric)];

/// In order of precedence, those together that cover the same: impressions became public in January 2023, and stand in
/// `non_public_metrics` as well.
pub(super) const GROUPS: [Group; 4] = [
    Group { name: "public_metrics", context: None, private: false, tweet: PUBLIC, media: VIEWS },
    Group { name: "non_public_metrics", context: None, private: true, tweet: NON_PUBLIC, media: PLAYBACK },
    Group {
        name: "organic_metrics",
        context: Some(Context::Organic),
        private: true,
        tweet: BY_CONTEXT,
        media: VIEWS_AND_PLAYBACK,
    },
    Group {
        name: "promoted_metrics",
        context: Some(Context::Promoted),
        private: true,
        tweet: BY_CONTEXT,
        media: VIEWS_AND_PLAYBACK,
    },
];

const PUBLIC: &Table = &[
    ("impression_count", Metric::Impressions),
    ("like_count", Metric::Likes),
    ("retweet_count", Metric::Retweets),
    ("repost_count", Metric::Retweets), // OpenAPI 2.167 and later
    ("quote_count", Metric::QuoteTweets),
    ("reply_count", Metric::Replies),
    ("bookmark_count", Metric::Bookmarks),
];

const NON_PUBLIC: &Table = &[
    ("impression_count", Metric::Impressions),
    ("engagements", Metric::Engagements),
    ("url_link_clicks", Metric::UrlLinkClicks),
    ("user_profile_clicks", Metric::UserProfileClicks),
];

const BY_CONTEXT: &Table = &[
    ("impression_count", Metric::Impressions),
    ("like_count", Metric::Likes),
    ("retweet_count", Metric::Retweets),
    ("repost_count", Metric::Retweets), // OpenAPI 2.167 and later
    ("reply_count", Metric::Replies),
    ("url_link_clicks", Metric::UrlLinkClicks),
    ("user_profile_clicks", Metric::UserProfileClicks),
];

const VIEWS: &Table = &[("view_count", Metric::VideoViews)];

const PLAYBACK: &Table = &[
    ("playback_0_count", Metric::Playback0),
    ("playback_25_count", Metric::Playback25),
    ("playback_50_count", Metric::Playback50),
    ("playback_75_count", Metric::Playback75),
    ("playback_100_count", Metric::Playback100),
];

/// The numbers of a video where X mixes views and quartiles.
pub(super) const VIEWS_AND_PLAYBACK: &Table = &[
    ("view_count", Metric::VideoViews),
    ("playback_0_count", Metric::Playback0),
    ("playback_25_count", Metric::Playback25),
    ("playback_50_count", Metric::Playback50),
    ("playback_75_count", Metric::Playback75),
    ("playback_100_count", Metric::Playback100),
];

/// The part of a query that says which fields are wanted, not encoded. `author_id` is a field, no expansion: expanded users might be
/// billed.
fn query(groups: Groups, ask: Ask, form: Form) -> Vec<(&'static str, String)> {
    let metrics = asked(groups, ask).join(",");
    let comma = if metrics.is_empty() { "" } else { "," };
    vec![
        (spelling(form), format!("author_id,attachments{comma}{metrics}")),
        ("expansions", "attachments.media_keys".to_owned()),
        ("media.fields", format!("media_key,type{comma}{metrics}")),
    ]
}

fn asked(groups: Groups, ask: Ask) -> Vec<&'static str> {
    let wanted = |name: &str| match (name, ask) {
        ("promoted_metrics", _) => ask == Ask::Promoted,
        (_, Ask::Promoted) => false,
        ("public_metrics", _) => groups.public,
        (_, Ask::Public) => false,
        ("non_public_metrics", Ask::Private) => groups.non_public,
        (_, Ask::Private) => groups.organic,
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
            (all, Ask::Public, "author_id,attachments,public_metrics"),
            (all, Ask::Private, "author_id,attachments,public_metrics,non_public_metrics,organic_metrics"),
            (all, Ask::Promoted, "author_id,attachments,promoted_metrics"),
            (some, Ask::Private, "author_id,attachments,public_metrics,organic_metrics"),
        ] {
            assert_eq!(query(groups, ask, Form::Usual)[0], ("tweet.fields", fields.to_owned()));
        }
    }

    #[test]
    fn the_tables_keep_their_order() {
        for table in GROUPS.iter().flat_map(|group| [group.tweet, group.media]) {
            assert!(table.is_sorted_by_key(|(_, metric)| *metric), "two spellings stand together: {table:?}");
        }
        assert!(GROUPS.is_sorted_by_key(|group| group.context), "groups that cover the same stand together");
    }
}
