//! Which fields a request selects. One wrong name makes the whole request invalid (x-api.md 1a).

use crate::simulator::call::Call;
use crate::simulator::reply::Invalid;

/// The parameters, with the values that X knows. Those that the simulator has no value for are accepted and left out.
const PARAMETERS: [(&str, &[&str]); 4] = [
    ("tweet.fields", TWEET_FIELDS),
    ("post.fields", TWEET_FIELDS),
    ("expansions", &["attachments.media_keys", "attachments.poll_ids", "author_id", "referenced_tweets.id"]),
    ("media.fields", MEDIA_FIELDS),
];

const TWEET_FIELDS: &[&str] = &[
    "attachments",
    "author_id",
    "context_annotations",
    "conversation_id",
    "created_at",
    "edit_controls",
    "edit_history_tweet_ids",
    "edit_history_post_ids",
    "entities",
    "id",
    "lang",
    "non_public_metrics",
    "organic_metrics",
    "possibly_sensitive",
    "promoted_metrics",
    "public_metrics",
    "referenced_tweets",
    "source",
    "text",
];

const MEDIA_FIELDS: &[&str] = &[
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
    "width",
];

/// What a request selects.
pub(crate) struct Selection {
    tweet: Vec<String>,
    media: Vec<String>,
    expands_media: bool,
}

impl Selection {
    /// Reads and checks the parameters, `known` being those that the endpoint has besides.
    pub(crate) fn read(call: &Call, known: &[&str], only: Option<&str>) -> Result<Self, Vec<Invalid>> {
        let mut wrong = Vec::new();
        for (name, value) in &call.query {
            let values = PARAMETERS.iter().find(|(parameter, _)| parameter == name).map(|(_, values)| *values);
            let is_other = name.ends_with("t.fields") && only.is_some_and(|only| only != name);
            match values {
                Some(values) if !is_other => wrong.extend(unknown_values(name, value, values)),
                None if known.contains(&name.as_str()) => {}
                _ => wrong.push(unknown_parameter(name, value, known)),
            }
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let items = |name: &str| call.items(name).map(str::to_owned).collect::<Vec<_>>();
        let tweet = [items("tweet.fields"), items("post.fields")].concat();
        let expands_media = call.items("expansions").any(|expansion| expansion == "attachments.media_keys");
        Ok(Self { tweet, media: items("media.fields"), expands_media })
    }

    /// Whether this field of tweets is wanted.
    pub(crate) fn tweet(&self, field: &str) -> bool {
        self.tweet.iter().any(|wanted| wanted == field)
    }

    /// Whether this field of media is wanted.
    pub(crate) fn media(&self, field: &str) -> bool {
        self.media.iter().any(|wanted| wanted == field)
    }

    /// Whether media are to be included.
    pub(crate) fn expands_media(&self) -> bool {
        self.expands_media
    }
}

fn unknown_values(name: &str, value: &str, known: &[&str]) -> Option<Invalid> {
    let unknown = value.split(',').find(|item| !known.contains(item))?;
    let message = format!("The `{name}` query parameter value [{unknown}] is not one of [{}]", known.join(","));
    Some(Invalid { parameter: name.to_owned(), value: value.to_owned(), message })
}

fn unknown_parameter(name: &str, value: &str, known: &[&str]) -> Invalid {
    let all = known.iter().copied().chain(PARAMETERS.iter().map(|(parameter, _)| *parameter)).collect::<Vec<_>>();
    let message = format!("The query parameter [{name}] is not one of [{}]", all.join(","));
    Invalid { parameter: name.to_owned(), value: value.to_owned(), message }
}

/// The parameters and values of a request that are known names: nothing else of it may be kept.
pub(crate) fn known_names(call: &Call) -> Vec<(&'static str, Vec<&'static str>)> {
    let known = |(name, values): &(&'static str, &'static [&'static str])| {
        let wanted: Vec<&str> = call.items(name).filter_map(|item| values.iter().copied().find(|value| *value == item)).collect();
        (*name, wanted)
    };
    PARAMETERS.iter().map(known).filter(|(_, values)| !values.is_empty()).collect()
}
