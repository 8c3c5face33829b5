//! Tweets and their media as `GET /2/tweets` and `GET /2/users/:id/tweets` alike write them (x-api.md 1a).

use std::collections::HashMap;

use crate::model::{MediaKey, MediaType, Sample, TweetId, TweetReading};
use crate::x_api::answer::{Object, Scan, given};
use crate::x_api::fields::GROUPS;

/// What is known of an attached medium.
struct Medium {
    key: MediaKey,
    kind: Option<MediaType>,
    samples: Vec<Sample>,
}

/// `includes.media[]` by key.
pub(super) struct Media(HashMap<String, Medium>);

impl Media {
    /// Reads `includes`.
    pub(super) fn read(scan: &mut Scan, body: &Object<'_>) -> Self {
        let includes = scan.inner(body, "includes");
        let mut media = HashMap::new();
        for raw in scan.list(given(&includes, "media")) {
            let Some(medium) = scan.object(raw) else { continue };
            let Some(key) = scan.word::<MediaKey>(&medium, "media_key") else { continue };
            let kind = scan.read::<String>(&medium, "type").and_then(|kind| kind.parse().ok());
            let samples = groups(scan, &medium, Some(&key));
            media.insert(key.to_string(), Medium { key, kind, samples });
        }
        Self(media)
    }
}

/// The tweet's id and those of its earlier versions, in both of X's spellings; the newest first.
pub(super) fn names(scan: &mut Scan, tweet: &Object<'_>) -> Vec<TweetId> {
    let mut names: Vec<String> = scan.read(tweet, "id").into_iter().collect();
    for chain in ["edit_history_tweet_ids", "edit_history_post_ids"] {
        // X begins with the original.
        names.extend(scan.read::<Vec<String>>(tweet, chain).unwrap_or_default().into_iter().rev());
    }
    let mut distinct = Vec::new();
    for id in names.iter().filter_map(|id| id.parse().ok()) {
        if !distinct.contains(&id) {
            distinct.push(id);
        }
    }
    distinct
}

/// One item of `data[]`.
pub(super) fn reading(scan: &mut Scan, tweet: &Object<'_>, media: &Media) -> TweetReading {
    let mut samples = groups(scan, tweet, None);
    let (mut media_types, mut videos) = (Vec::new(), Vec::new());
    let attachments = scan.inner(tweet, "attachments");
    let mut keys: Vec<String> = scan.read(&attachments, "media_keys").unwrap_or_default();
    keys.sort();
    keys.dedup();
    for medium in keys.iter().filter_map(|key| media.0.get(key)) {
        samples.extend_from_slice(&medium.samples);
        media_types.extend(medium.kind);
        if medium.kind == Some(MediaType::Video) {
            videos.push(medium.key.clone());
        }
    }
    media_types.sort();
    media_types.dedup();
    let author = scan.read::<String>(tweet, "author_id").and_then(|id| id.parse().ok());
    let private = GROUPS.iter().any(|group| group.private && given(tweet, group.name).is_some());
    TweetReading { samples, media_types, videos, author, private }
}

/// The metric groups of a tweet or of a medium.
fn groups(scan: &mut Scan, object: &Object<'_>, media: Option<&MediaKey>) -> Vec<Sample> {
    let mut samples: Vec<Sample> = Vec::new();
    for group in &GROUPS {
        let counts = scan.inner(object, group.name);
        let table = if media.is_some() { group.media } else { group.tweet };
        for (metric, value) in scan.counts(&counts, table) {
            let known = samples.iter().any(|sample| sample.metric == metric && sample.scope == group.scope);
            if !known {
                samples.push(Sample { media: media.cloned(), metric, scope: group.scope.clone(), value });
            }
        }
    }
    samples
}
