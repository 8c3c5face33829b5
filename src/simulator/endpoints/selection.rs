//! What a call wants to see: the `…fields` parameters and `expansions`. X refuses the whole request for one wrong name.

use crate::simulator::call::Call;
use crate::simulator::reply::Invalid;

/// A parameter that lists names, and the names X knows.
pub(crate) struct List {
    pub(crate) name: &'static str,
    pub(crate) values: &'static [&'static str],
}

/// Fields of a tweet: the old and the new parameter take the same.
const TWEET_FIELDS: [&str; 32] = [
    "article",
    "attachments",
    "author_id",
    "card_uri",
    "community_id",
    "context_annotations",
    "conversation_id",
    "created_at",
    "display_text_range",
    "edit_controls",
    "edit_history_post_ids",
    "edit_history_tweet_ids",
    "entities",
    "geo",
    "id",
    "in_reply_to_user_id",
    "lang",
    "media_metadata",
    "non_public_metrics",
    "note_tweet",
    "organic_metrics",
    "possibly_sensitive",
    "promoted_metrics",
    "public_metrics",
    "referenced_tweets",
    "reply_settings",
    "scopes",
    "source",
    "suggested_source_links",
    "suggested_source_links_with_counts",
    "text",
    "withheld",
];

const LISTS: [List; 7] = [
    List { name: "tweet.fields", values: &TWEET_FIELDS },
    List { name: "post.fields", values: &TWEET_FIELDS },
    List {
        name: "media.fields",
        values: &[
            "alt_text",
            "duration_ms",
            "height",
            "media_key",
            "non_public_metrics",
            "organic_metrics",
            "preview_image_url",
            "promoted_metrics",
            "public_metrics",
            "type",
            "url",
            "variants",
            "width",
        ],
    },
    List {
        name: "user.fields",
        values: &[
            "affiliation",
            "confirmed_email",
            "connection_status",
            "created_at",
            "description",
            "entities",
            "id",
            "is_identity_verified",
            "location",
            "most_recent_tweet_id",
            "name",
            "parody",
            "pinned_tweet_id",
            "profile_banner_url",
            "profile_image_url",
            "protected",
            "public_metrics",
            "receives_your_dm",
            "subscription",
            "subscription_type",
            "url",
            "username",
            "verified",
            "verified_followers_count",
            "verified_type",
            "withheld",
        ],
    },
    List {
        name: "expansions",
        values: &[
            "article.cover_media",
            "article.media_entities",
            "attachments.media_keys",
            "attachments.media_source_tweet",
            "attachments.poll_ids",
            "author_id",
            "edit_history_tweet_ids",
            "entities.mentions.username",
            "entities.note.mentions.username",
            "geo.place_id",
            "in_reply_to_user_id",
            "pinned_tweet_id",
            "referenced_tweets.id",
            "referenced_tweets.id.attachments.media_keys",
            "referenced_tweets.id.author_id",
        ],
    },
    List {
        name: "place.fields",
        values: &["contained_within", "country", "country_code", "full_name", "geo", "id", "name", "place_type"],
    },
    List { name: "poll.fields", values: &["duration_minutes", "end_datetime", "id", "options", "voting_status"] },
];

/// Groups of numbers that only the author sees.
pub(crate) const PRIVATE_GROUPS: [&str; 3] = ["non_public_metrics", "organic_metrics", "promoted_metrics"];

/// What a checked call wants to see.
pub(crate) struct Selection {
    tweet: Vec<&'static str>,
    media: Vec<&'static str>,
    expansions: Vec<&'static str>,
}

impl Selection {
    /// Reads the lists of a call; what is unknown was refused by [`check`].
    pub(crate) fn of(call: &Call) -> Self {
        let mut selection = Self { tweet: Vec::new(), media: Vec::new(), expansions: Vec::new() };
        for (name, values) in known_names(call) {
            match name {
                "tweet.fields" | "post.fields" => selection.tweet.extend(values),
                "media.fields" => selection.media.extend(values),
                "expansions" => selection.expansions.extend(values),
                _ => {}
            }
        }
        selection
    }

    /// Whether a field of the tweet is wanted.
    pub(crate) fn wants(&self, field: &str) -> bool {
        self.tweet.contains(&field)
    }

    /// Whether a field of media is wanted, and media at all.
    pub(crate) fn wants_media(&self, field: &str) -> bool {
        self.expands("attachments.media_keys") && self.media.contains(&field)
    }

    /// Whether referenced things are to be included.
    pub(crate) fn expands(&self, expansion: &str) -> bool {
        self.expansions.contains(&expansion)
    }
}

/// The known lists that a call names, reduced to the values that X knows.
pub(crate) fn known_names(call: &Call) -> Vec<(&'static str, Vec<&'static str>)> {
    let known = |list: &List| {
        let values: Vec<_> =
            call.items(list.name).filter_map(|item| list.values.iter().find(|known| **known == item)).copied().collect();
        (!values.is_empty()).then_some((list.name, values))
    };
    LISTS.iter().filter_map(known).collect()
}

/// Every parameter that X refuses: unknown or repeated ones, and lists with unknown values. `others` are the parameters besides
/// the lists; their values are the endpoint's to check.
pub(crate) fn check(call: &Call, others: &[&str]) -> Vec<Invalid> {
    check_against(call, &LISTS, others)
}

/// The same for a family of endpoints with lists of its own.
pub(crate) fn check_against(call: &Call, lists: &[List], others: &[&str]) -> Vec<Invalid> {
    let mut wrong = Vec::new();
    for (position, (name, value)) in call.query.iter().enumerate() {
        let refuse = |message: String| Invalid { parameter: name.clone(), value: value.clone(), message };
        if call.query[..position].iter().any(|(earlier, _)| earlier == name) {
            wrong.push(refuse(format!("The query parameter [{name}] is given more than once")));
        } else if let Some(list) = lists.iter().find(|list| list.name == name) {
            wrong.extend(list.check(value));
        } else if !others.contains(&name.as_str()) {
            let known = lists.iter().map(|list| list.name).chain(others.iter().copied()).collect::<Vec<_>>().join(",");
            wrong.push(refuse(format!("The query parameter [{name}] is not one of [{known}]")));
        }
    }
    wrong
}

impl List {
    fn check(&self, value: &str) -> Vec<Invalid> {
        let unknown = value.split(',').filter(|item| !self.values.contains(item));
        let invalid = |item: &str| Invalid {
            parameter: self.name.to_owned(),
            value: item.to_owned(),
            message: format!("The `{}` query parameter value [{item}] is not one of [{}]", self.name, self.values.join(",")),
        };
        unknown.map(invalid).take(100).collect()
    }
}
