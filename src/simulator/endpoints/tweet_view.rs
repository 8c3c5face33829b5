//! What a caller gets to see of one tweet: itself, an error, errors for its fields, or silence.

use serde_json::{Value, json};

use crate::model::{Timestamp, TweetId};
use crate::simulator::endpoints::Ask;
use crate::simulator::endpoints::groups::{media_group, tweet_group};
use crate::simulator::endpoints::selection::{PRIVATE_GROUPS, Selection};
use crate::simulator::reply::{self, Missing};
use crate::simulator::tweet::{Reference, State, Tweet};

/// What a caller gets to see.
pub(crate) enum View<'a> {
    /// The tweet.
    Shown(&'a Tweet),
    /// An entry of `errors[]`: it is gone.
    Missing(Value),
    /// Entries of `errors[]`: private fields were asked for, and the whole tweet is left out for it.
    FieldsRefused(Vec<Value>),
    /// Neither: promoted numbers were asked of a tweet that was never promoted (X's known issue).
    Silent,
}

/// Sub-fields that X lists when it refuses a group; `engagements` was never among them.
const NON_PUBLIC: [&str; 3] = ["impression_count", "url_link_clicks", "user_profile_clicks"];
const CONTEXT: [&str; 6] =
    ["impression_count", "like_count", "reply_count", "retweet_count", "url_link_clicks", "user_profile_clicks"];
const PLAYBACK: [&str; 5] =
    ["playback_0_count", "playback_25_count", "playback_50_count", "playback_75_count", "playback_100_count"];

impl<'a> View<'a> {
    /// Looks at the tweet that was asked for as `text` in the parameter `parameter`.
    pub(crate) fn of(ask: &Ask<'a>, selection: &Selection, parameter: &str, text: &str) -> Self {
        let missing = |why| Self::Missing(reply::missing(why, "tweet", parameter, text));
        let tweet = text.parse::<TweetId>().ok().and_then(|id| ask.world.tweets.get(&id));
        let Some(tweet) = tweet else { return missing(Missing::NotFound) };
        match tweet.state {
            State::Deleted => return missing(Missing::NotFound),
            State::Protected => return missing(Missing::NotAuthorized),
            State::Withheld => return missing(Missing::Unavailable),
            State::Normal => {}
        }
        Self::of_tweet(ask, selection, parameter, tweet)
    }

    /// Looks at a tweet that is there.
    pub(crate) fn of_tweet(ask: &Ask<'a>, selection: &Selection, parameter: &str, tweet: &'a Tweet) -> Self {
        let refused = refused_fields(ask, selection, parameter, tweet);
        if !refused.is_empty() {
            return Self::FieldsRefused(refused);
        }
        if selection.wants("promoted_metrics") && !tweet.is_promoted() { Self::Silent } else { Self::Shown(tweet) }
    }
}

fn refused_fields(ask: &Ask<'_>, selection: &Selection, parameter: &str, tweet: &Tweet) -> Vec<Value> {
    let is_open = ask.caller.user == Some(tweet.author) && tweet.is_young(ask.now) && !tweet.is_retweet();
    if is_open {
        return Vec::new();
    }
    let id = tweet.id.to_string();
    let wanted = PRIVATE_GROUPS.iter().filter(|group| selection.wants(group));
    let mut errors: Vec<Value> = wanted
        .flat_map(|group| sub_fields(group).iter().map(move |field| format!("{group}.{field}")))
        .map(|field| reply::refused_field(parameter, &id, &field))
        .collect();
    if let Some(video) = tweet.video() {
        let wanted = PRIVATE_GROUPS.iter().filter(|group| selection.wants_media(group));
        let fields = wanted.flat_map(|group| media_sub_fields(group).map(move |field| format!("{group}.{field}")));
        errors.extend(fields.map(|field| reply::refused_media_field(&video.key, &field)));
    }
    errors
}

/// Sub-fields of a private group of a tweet.
pub(crate) fn sub_fields(group: &str) -> &'static [&'static str] {
    if group == "non_public_metrics" { &NON_PUBLIC } else { &CONTEXT }
}

fn media_sub_fields(group: &str) -> impl Iterator<Item = &'static str> {
    PLAYBACK.into_iter().chain((group != "non_public_metrics").then_some("view_count"))
}

/// The tweet as JSON, with the fields that are wanted.
pub(crate) fn tweet_json(tweet: &Tweet, selection: &Selection, simulated: Timestamp) -> Value {
    let id = tweet.id.to_string();
    let mut body = json!({ "id": id, "text": tweet.text, "edit_history_tweet_ids": [id] });
    let plain = [
        ("author_id", json!(tweet.author.to_string())),
        ("conversation_id", json!(id)),
        ("created_at", json!(created_at(tweet))),
        ("lang", json!("en")),
        ("possibly_sensitive", json!(false)),
        ("reply_settings", json!("everyone")),
    ];
    for (field, value) in plain {
        if selection.wants(field) {
            body[field] = value;
        }
    }
    if let Some(reference) = tweet.reference.filter(|_| selection.wants("referenced_tweets")) {
        let kind = if reference == Reference::Reply { "replied_to" } else { "retweeted" };
        body["referenced_tweets"] = json!([{ "type": kind, "id": referenced(tweet) }]);
    }
    if let Some(medium) = &tweet.medium
        && (selection.wants("attachments") || selection.expands("attachments.media_keys"))
    {
        body["attachments"] = json!({ "media_keys": [medium.key] });
    }
    for group in ["public_metrics"].into_iter().chain(PRIVATE_GROUPS).filter(|group| selection.wants(group)) {
        if let Some(numbers) = tweet_group(tweet, group, simulated) {
            body[group] = numbers;
        }
    }
    body
}

/// Id of the tweet that this one answers or repeats: a stranger's, which nobody can look at.
fn referenced(tweet: &Tweet) -> String {
    tweet.id.number().saturating_sub(1 << 32).to_string()
}

/// X cuts the milliseconds off and writes zeros for them.
fn created_at(tweet: &Tweet) -> String {
    tweet.created.to_string().replace('Z', ".000Z")
}

/// What hangs on the tweet as JSON, with the fields that are wanted.
pub(crate) fn media_json(tweet: &Tweet, selection: &Selection, simulated: Timestamp) -> Option<Value> {
    let medium = tweet.medium.as_ref()?;
    let mut body = json!({ "media_key": medium.key, "type": medium.kind.name() });
    if let Some(duration) = medium.duration_ms().filter(|_| selection.wants_media("duration_ms")) {
        body["duration_ms"] = json!(duration);
    }
    for (field, pixels) in [("height", 720), ("width", 1280)] {
        if selection.wants_media(field) {
            body[field] = json!(pixels);
        }
    }
    for group in ["public_metrics"].into_iter().chain(PRIVATE_GROUPS).filter(|group| selection.wants_media(group)) {
        if let Some(numbers) = media_group(tweet, group, simulated) {
            body[group] = numbers;
        }
    }
    Some(body)
}
