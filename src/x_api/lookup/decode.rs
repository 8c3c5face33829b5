//! Reads the answer to a lookup. What is not as documented costs the value, at worst the tweet, never the batch.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::model::{LookupAsk, MediaKey, MediaType, Metric, Reading, Refusal, Sample, TweetId, TweetReading};
use crate::x_api::error::ApiError;
use crate::x_api::lookup::fields::GROUPS;
use crate::x_api::number::Count;
use crate::x_api::problem::{last_segment, text};

/// A reading, and how much of the answer was not as documented.
#[derive(Debug, Default)]
pub(super) struct Decoded {
    pub(super) reading: Reading,
    pub(super) unknown_fields: u64,
    pub(super) bad_values: u64,
}

/// The names of an object and what stands behind each, unread.
type Object<'a> = BTreeMap<String, &'a RawValue>;

/// Reads the body of a 200 to a request for these tweets.
pub(super) fn decode(body: &[u8], asked: &[TweetId], ask: LookupAsk) -> Result<Decoded, ApiError> {
    let body: Object =
        serde_json::from_slice(body).map_err(|error| ApiError::malformed(format!("the answer is no JSON object: {error}")))?;
    let is_list = |name| body.get(name).is_some_and(|raw: &&RawValue| raw.get().starts_with('['));
    if !is_list("data") && (!is_list("errors") || body.get("data").is_some_and(|raw| raw.get() != "null")) {
        return Err(ApiError::malformed("the answer has no list of tweets and none of errors"));
    }
    let mut decoder = Decoder::default();
    let media = decoder.media(&body);
    let answered = decoder.tweets(&body, &media, asked);
    let errors = decoder.errors(&body);
    let silence = match ask {
        // Never promoted (x-api.md 1a, the promoted trap).
        LookupAsk::Promoted => None,
        // It may be in what could not be read.
        _ if decoder.broken => Some(Verdict::Stumbled),
        LookupAsk::Private => Some(Verdict::Field),
        LookupAsk::Public => Some(Verdict::Refused(Refusal::Unavailable)),
    };
    let mut decoded = decoder.decoded;
    for &tweet in asked.iter().filter(|tweet| !answered.contains(tweet)) {
        match errors.get(&tweet).copied().or(silence) {
            Some(Verdict::Refused(refusal)) => decoded.reading.refused.push((tweet, refusal)),
            Some(Verdict::Stumbled) => decoded.reading.failed.push(tweet),
            // Not even the public fields: there is nothing left to ask for.
            Some(Verdict::Field) if ask == LookupAsk::Public => decoded.reading.refused.push((tweet, Refusal::NotAuthorized)),
            Some(Verdict::Field) => decoded.reading.field_refused.push(tweet),
            None => {}
        }
    }
    Ok(decoded)
}

/// What X says of a tweet that is not in `data`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Refused(Refusal),
    /// A private field was refused, and the tweet with it.
    Field,
    /// X stumbled on it.
    Stumbled,
}

/// What is known of an attached medium.
struct Medium {
    kind: Option<MediaType>,
    samples: Vec<Sample>,
}

#[derive(Default)]
struct Decoder {
    decoded: Decoded,
    /// Something in `data[]` is no tweet.
    broken: bool,
}

impl Decoder {
    /// `data[]`: fills the reading, and says which of the asked tweets are in it.
    fn tweets(&mut self, body: &Object, media: &HashMap<String, Medium>, asked: &[TweetId]) -> HashSet<TweetId> {
        let mut open: HashSet<TweetId> = asked.iter().copied().collect();
        let mut answered = HashSet::new();
        for raw in self.list(body.get("data")) {
            let tweet = self.object(raw).unwrap_or_default();
            let names = self.names(&tweet);
            self.broken |= names.is_empty();
            // An edited tweet is answered under its newest id; it is ours under the id that was asked for (x-api.md 1a).
            let ours: Vec<TweetId> = names.into_iter().filter(|id| open.remove(id)).collect();
            if ours.is_empty() {
                continue;
            }
            let reading = self.tweet(&tweet, media);
            answered.extend(&ours);
            self.decoded.reading.tweets.extend(ours.into_iter().map(|id| (id, reading.clone())));
        }
        answered
    }

    /// The tweet's id and those of its earlier versions, in both of X's spellings.
    fn names(&mut self, tweet: &Object) -> Vec<TweetId> {
        let mut names: Vec<String> = self.read(tweet, "id").into_iter().collect();
        for chain in ["edit_history_tweet_ids", "edit_history_post_ids"] {
            names.extend(self.read::<Vec<String>>(tweet, chain).unwrap_or_default());
        }
        names.iter().filter_map(|id| id.parse().ok()).collect()
    }

    fn tweet(&mut self, tweet: &Object, media: &HashMap<String, Medium>) -> TweetReading {
        let mut samples = self.groups(tweet, None);
        let mut media_types = Vec::new();
        let attachments = tweet.get("attachments").and_then(|raw| self.object(raw)).unwrap_or_default();
        let mut keys: Vec<String> = self.read(&attachments, "media_keys").unwrap_or_default();
        keys.sort();
        keys.dedup();
        for medium in keys.iter().filter_map(|key| media.get(key)) {
            samples.extend_from_slice(&medium.samples);
            media_types.extend(medium.kind);
        }
        media_types.sort();
        media_types.dedup();
        let author = self.read::<String>(tweet, "author_id").and_then(|id| id.parse().ok());
        let is_given = |name: &str| tweet.get(name).is_some_and(|raw| raw.get() != "null");
        let private = GROUPS.iter().any(|group| group.private && is_given(group.name));
        TweetReading { samples, media_types, author, private }
    }

    /// `includes.media[]` by key.
    fn media(&mut self, body: &Object) -> HashMap<String, Medium> {
        let includes = body.get("includes").and_then(|raw| self.object(raw)).unwrap_or_default();
        let mut media = HashMap::new();
        for raw in self.list(includes.get("media")) {
            let Some(medium) = self.object(raw) else { continue };
            let Some(key) = self.read::<String>(&medium, "media_key") else { continue };
            let Ok(parsed) = key.parse::<MediaKey>() else {
                self.decoded.bad_values += 1;
                continue;
            };
            let kind = self.read::<String>(&medium, "type").and_then(|kind| kind.parse().ok());
            let samples = self.groups(&medium, Some(&parsed));
            media.insert(key, Medium { kind, samples });
        }
        media
    }

    /// The metric groups of a tweet or of a medium.
    fn groups(&mut self, object: &Object, media: Option<&MediaKey>) -> Vec<Sample> {
        let mut samples: Vec<Sample> = Vec::new();
        for group in &GROUPS {
            let Some(raw) = object.get(group.name).filter(|raw| raw.get() != "null") else { continue };
            let Some(counts) = self.object(raw) else { continue };
            let table = if media.is_some() { group.media } else { group.tweet };
            for (metric, value) in self.counts(&counts, table) {
                let known = samples.iter().any(|sample| sample.metric == metric && sample.scope == group.scope);
                if !known {
                    samples.push(Sample { media: media.cloned(), metric, scope: group.scope.clone(), value });
                }
            }
        }
        samples
    }

    /// The counts of one group. Where X sends both spellings of a name, the larger number is the newer one.
    fn counts(&mut self, counts: &Object, table: &[(&str, Metric)]) -> BTreeMap<Metric, u64> {
        let mut found: BTreeMap<Metric, u64> = BTreeMap::new();
        for (key, raw) in counts {
            let Some((_, metric)) = table.iter().find(|(name, _)| name == key) else {
                self.decoded.unknown_fields += 1;
                continue;
            };
            match Count::read(raw) {
                Count::Number(value) => {
                    if let Some(other) = found.insert(*metric, value) {
                        found.insert(*metric, other.max(value));
                        if other != value {
                            tracing::debug!(metric = metric.name(), "X sent two spellings of a metric with different numbers");
                        }
                    }
                }
                Count::Absent => {}
                Count::Bad => self.decoded.bad_values += 1,
            }
        }
        found
    }

    /// `errors[]` by tweet. A tweet may have many, one for each refused field; a word on the tweet itself outweighs those.
    fn errors(&mut self, body: &Object) -> HashMap<TweetId, Verdict> {
        let mut verdicts: HashMap<TweetId, Verdict> = HashMap::new();
        for raw in self.list(body.get("errors")) {
            let Ok(error) = serde_json::from_str::<Value>(raw.get()) else { continue };
            let verdict = verdict(&error);
            for tweet in blamed(&error) {
                let known = verdicts.entry(tweet).or_insert(verdict);
                if *known == Verdict::Field {
                    *known = verdict;
                }
            }
        }
        verdicts
    }

    fn list<'a>(&mut self, raw: Option<&&'a RawValue>) -> Vec<&'a RawValue> {
        let Some(raw) = raw.filter(|raw| raw.get() != "null") else { return Vec::new() };
        serde_json::from_str(raw.get()).unwrap_or_else(|_| {
            self.decoded.bad_values += 1;
            Vec::new()
        })
    }

    fn object<'a>(&mut self, raw: &'a RawValue) -> Option<Object<'a>> {
        let object = serde_json::from_str(raw.get()).ok();
        self.decoded.bad_values += u64::from(object.is_none());
        object
    }

    fn read<'a, T: Deserialize<'a>>(&mut self, object: &Object<'a>, name: &str) -> Option<T> {
        let raw = object.get(name).filter(|raw| raw.get() != "null")?;
        let value = serde_json::from_str(raw.get()).ok();
        self.decoded.bad_values += u64::from(value.is_none());
        value
    }
}

/// x-api.md 4.2.
fn verdict(error: &Value) -> Verdict {
    let status = match error.get("status") {
        Some(Value::String(text)) => text.parse().unwrap_or(0),
        other => other.and_then(Value::as_u64).unwrap_or(0),
    };
    match (last_segment(text(error, "type")).as_str(), status) {
        ("resource-not-found", _) => Verdict::Refused(Refusal::NotFound),
        ("not-authorized-for-resource", _) => Verdict::Refused(Refusal::NotAuthorized),
        ("not-authorized-for-field" | "field-unauthorized" | "field-hydration-failure", _) => Verdict::Field,
        ("invalid-request", _) => Verdict::Refused(Refusal::Invalid),
        ("internal-error", _) | (_, 500..=599) => Verdict::Stumbled,
        _ if !text(error, "field").is_empty() => Verdict::Field,
        (_, 404) => Verdict::Refused(Refusal::NotFound),
        (_, 401 | 403) => Verdict::Refused(Refusal::NotAuthorized),
        _ => Verdict::Refused(Refusal::Unavailable),
    }
}

/// The tweets that an error is about. What is said of a medium is said of no tweet.
fn blamed(error: &Value) -> Vec<TweetId> {
    if matches!(text(error, "resource_type"), "media" | "user") || text(error, "section") == "includes" {
        return Vec::new();
    }
    let named = ["resource_id", "value"].iter().flat_map(|key| text(error, key).split(','));
    let mut tweets: Vec<TweetId> = named.filter_map(|id| id.trim().parse().ok()).collect();
    if tweets.is_empty() {
        // "Could not find tweet with ids: [17…]."
        let digits = text(error, "detail").split(|letter: char| !letter.is_ascii_digit());
        tweets.extend(digits.filter_map(|id| id.parse::<TweetId>().ok()));
    }
    tweets.sort();
    tweets.dedup();
    tweets
}
