//! Reads the answer to a lookup. What is not as documented costs the value, at worst the tweet, never the batch.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::model::{LookupAsk, MediaKey, MediaType, Metric, Reading, Refusal, Sample, Timestamp, TweetId, TweetReading};
use crate::x_api::error::ApiError;
use crate::x_api::lookup::fields::GROUPS;
use crate::x_api::number::Count;
use crate::x_api::problem::{self, last_segment, text};

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
pub(super) fn decode(bytes: &[u8], asked: &[TweetId], ask: LookupAsk, now: Timestamp) -> Result<Decoded, ApiError> {
    let body: Object = serde_json::from_slice(bytes).map_err(|error| {
        ApiError::malformed(format!("the answer is no JSON object: line {}, column {}", error.line(), error.column()))
    })?;
    let is_list = |name| body.get(name).is_some_and(|raw: &&RawValue| raw.get().starts_with('['));
    let has_list = is_list("data") || is_list("errors") && body.get("data").is_none_or(|raw| raw.get() == "null");
    // Where nothing was ever promoted, an empty object is all that X says.
    if !has_list && (ask != LookupAsk::Promoted || body.contains_key("data")) {
        return Err(ApiError::malformed("the answer has no list of tweets and none of errors"));
    }
    let mut decoder = Decoder::default();
    let media = decoder.media(&body);
    let answered = decoder.tweets(&body, &media, asked);
    let errors = decoder.errors(&body);
    if answered.is_empty() && errors.is_empty() && (ask == LookupAsk::Public || decoder.broken) {
        // Nobody is named at all: it is said of the request.
        return Err(problem::in_a_200(bytes, now));
    }
    let silence = match ask {
        // Never promoted (x-api.md 1a, the promoted trap).
        LookupAsk::Promoted => None,
        // It may be in what could not be read.
        _ if decoder.broken => Some(Verdict::Stumbled),
        LookupAsk::Private => Some(Verdict::Silent),
        LookupAsk::Public => Some(Verdict::Refused(Refusal::Unavailable)),
    };
    let mut decoded = decoder.decoded;
    for &tweet in asked.iter().filter(|tweet| !answered.contains(tweet)) {
        match errors.get(&tweet).copied().or(silence) {
            Some(Verdict::Refused(refusal)) => decoded.reading.refused.push((tweet, refusal)),
            Some(Verdict::Stumbled) => decoded.reading.failed.push(tweet),
            // Not even the public fields: there is nothing left to ask for.
            Some(Verdict::Field) if ask == LookupAsk::Public => decoded.reading.refused.push((tweet, Refusal::NotAuthorized)),
            Some(Verdict::Silent) if ask != LookupAsk::Private => decoded.reading.failed.push(tweet),
            Some(Verdict::Field) => decoded.reading.field_refused.push(tweet),
            Some(Verdict::Silent) => decoded.reading.passed_over.push(tweet),
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
    /// X says nothing, or that it could not fill a field.
    Silent,
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
            if let Some(id) = names.first().filter(|id| !self.decoded.reading.returned.contains(id)) {
                self.decoded.reading.returned.push(*id);
            }
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
                        tell_of_spellings(*metric, other, value);
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
            let blamed = blamed(&error);
            // An error that names nobody may be about anybody.
            self.broken |= blamed.is_empty() && !is_aside(&error);
            for tweet in blamed {
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

/// x-api.md section 8, contradiction 2: said once, for it would come with every answer.
fn tell_of_spellings(metric: Metric, one: u64, other: u64) {
    static TOLD: AtomicBool = AtomicBool::new(false);
    if one != other && !TOLD.swap(true, Ordering::Relaxed) {
        tracing::warn!(
            metric = metric.name(),
            one,
            other,
            "X sends a metric under two names with different numbers; the larger counts"
        );
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
        ("not-authorized-for-field" | "field-unauthorized", _) => Verdict::Field,
        ("field-hydration-failure", _) => Verdict::Silent,
        ("invalid-request", _) => Verdict::Refused(Refusal::Invalid),
        ("internal-error", _) | (_, 500..=599) => Verdict::Stumbled,
        _ if !text(error, "field").is_empty() => Verdict::Field,
        (_, 404) => Verdict::Refused(Refusal::NotFound),
        (_, 401 | 403) => Verdict::Refused(Refusal::NotAuthorized),
        _ => Verdict::Refused(Refusal::Unavailable),
    }
}

/// Whether an error is about something that hangs on a tweet.
fn is_aside(error: &Value) -> bool {
    matches!(text(error, "resource_type"), "media" | "user") || text(error, "section") == "includes"
}

/// The tweets that an error is about. What is said of a medium is said of no tweet.
fn blamed(error: &Value) -> Vec<TweetId> {
    if is_aside(error) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Context, Scope};
    use crate::self_metrics::ErrorReason;

    const NOW: Timestamp = Timestamp::from_seconds(0);

    fn id(last: u64) -> TweetId {
        TweetId::new(1_700_000_000_000_000_000 + last).expect("an id")
    }

    fn samples(decoded: &Decoded, tweet: TweetId) -> Vec<(Option<String>, &'static str, Scope, u64)> {
        let (_, reading) = decoded.reading.tweets.iter().find(|(id, _)| *id == tweet).expect("answered");
        let flat = |sample: &Sample| {
            (sample.media.as_ref().map(ToString::to_string), sample.metric.name(), sample.scope.clone(), sample.value)
        };
        reading.samples.iter().map(flat).collect()
    }

    #[test]
    fn every_group_of_a_private_answer_becomes_samples() {
        let body = include_bytes!("../../../tests/answers/lookup/private.json");
        let decoded = decode(body, &[id(1)], LookupAsk::Private, NOW).expect("an answer");
        let samples = samples(&decoded, id(1));
        let organic = Scope::Context(Context::Organic);
        for (media, metric, scope, value) in [
            (None, "impressions", Scope::Total, 840), // public_metrics come first
            (None, "retweets", Scope::Total, 4),
            (None, "quote_tweets", Scope::Total, 2),
            (None, "engagements", Scope::Total, 58),
            (None, "url_link_clicks", Scope::Total, 7),
            (None, "impressions", organic.clone(), 800),
            (None, "user_profile_clicks", organic.clone(), 10),
            (Some("13_1699999999999999999"), "video_views", Scope::Total, 300),
            (Some("13_1699999999999999999"), "playback_0", Scope::Total, 250),
            (Some("13_1699999999999999999"), "video_views", organic.clone(), 290),
            (Some("13_1699999999999999999"), "playback_100", organic, 29),
        ] {
            let sample = (media.map(str::to_owned), metric, scope, value);
            assert!(samples.contains(&sample), "{sample:?} in {samples:?}");
        }
        assert_eq!(samples.len(), 27);
        let reading = &decoded.reading.tweets[0].1;
        assert_eq!((reading.author, reading.private), (Some(9001), true));
        assert_eq!(reading.media_types, [MediaType::Photo, MediaType::Video]);
        assert_eq!((decoded.unknown_fields, decoded.bad_values), (0, 0));
    }

    #[test]
    fn each_partial_error_costs_its_own_tweet_only() {
        let body = include_bytes!("../../../tests/answers/lookup/lossy.json");
        let asked: Vec<TweetId> = (1..=9).map(id).collect();
        let reading = decode(body, &asked, LookupAsk::Private, NOW).expect("an answer").reading;
        assert_eq!(reading.tweets.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [id(1)]);
        assert!(!reading.tweets[0].1.private);
        assert_eq!((reading.field_refused, reading.passed_over), (vec![id(2)], vec![id(8)]));
        let refused = [
            (id(3), Refusal::NotFound),
            (id(4), Refusal::NotAuthorized),
            (id(5), Refusal::Unavailable),
            (id(6), Refusal::NotFound),
            (id(9), Refusal::Unavailable),
        ];
        assert_eq!(reading.refused, refused);
        assert_eq!(reading.failed, [id(7)]);
    }

    #[test]
    fn silence_means_something_else_in_each_request() {
        let body = br#"{"data":[{"id":"1700000000000000001"}]}"#;
        for (ask, refused, passed_over) in [
            (LookupAsk::Public, vec![(id(2), Refusal::Unavailable)], vec![]),
            (LookupAsk::Private, vec![], vec![id(2)]),
            (LookupAsk::Promoted, vec![], vec![]),
        ] {
            let reading = decode(body, &[id(1), id(2)], ask, NOW).expect("an answer").reading;
            assert_eq!((reading.refused, reading.passed_over), (refused, passed_over), "{ask:?}");
        }
        assert!(decode(b"{}", &[id(1)], LookupAsk::Promoted, NOW).is_ok(), "nothing was ever promoted");
    }

    #[test]
    fn an_answer_without_any_tweet_is_an_answer() {
        let body = include_bytes!("../../../tests/answers/lookup/all_missing.json");
        let reading = decode(body, &[id(1)], LookupAsk::Public, NOW).expect("an answer").reading;
        assert_eq!(reading.refused, [(id(1), Refusal::NotFound)]);
    }

    #[test]
    fn an_error_that_names_nobody_is_said_of_the_request() {
        for (body, reason) in [
            (r#"{"errors":[{"title":"Service Unavailable","type":"about:blank","status":503}]}"#, ErrorReason::ServerError),
            (r#"{"errors":[{"type":"https://api.x.com/2/problems/internal-error"}]}"#, ErrorReason::ServerError),
            (r#"{"errors":[{"type":"https://api.x.com/2/problems/rate-limit-exceeded"}]}"#, ErrorReason::RateLimited),
            (r#"{"errors":[{"code":88,"message":"Rate limit exceeded"}]}"#, ErrorReason::RateLimited),
            (r#"{"errors":[{"type":"https://api.x.com/2/problems/credits-depleted"}]}"#, ErrorReason::PaymentRefused),
            (r#"{"errors":["oops"]}"#, ErrorReason::Malformed),
            (r#"{"errors":[]}"#, ErrorReason::Malformed),
            (r#"{"data":[]}"#, ErrorReason::Malformed),
        ] {
            let error = decode(body.as_bytes(), &[id(1)], LookupAsk::Public, NOW).expect_err(body);
            assert_eq!(error.reason, reason, "{body}");
        }
        let some = br#"{"data":[{"id":"1700000000000000001"}],"errors":[{"title":"Oops"}]}"#;
        let reading = decode(some, &[id(1), id(2)], LookupAsk::Public, NOW).expect("an answer").reading;
        assert_eq!(reading.failed, [id(2)], "it may be the one that is meant");
    }

    #[test]
    fn both_spellings_and_every_number_are_understood() {
        let body = include_bytes!("../../../tests/answers/lookup/new_spelling.json");
        let decoded = decode(body, &[id(1)], LookupAsk::Private, NOW).expect("an answer");
        let expected = [
            (None, "likes", Scope::Total, 21),
            (None, "retweets", Scope::Total, 6),
            (None, "quote_tweets", Scope::Total, 2),
            (None, "retweets", Scope::Context(Context::Organic), 4),
        ];
        assert_eq!(samples(&decoded, id(1)), expected, "found by the chain of edits; the larger of two spellings");
        assert_eq!((decoded.unknown_fields, decoded.bad_values), (1, 3));
    }

    #[test]
    fn broken_items_cost_themselves_and_condemn_nobody() {
        let body = include_bytes!("../../../tests/answers/lookup/broken_items.json");
        let decoded = decode(body, &[id(1), id(2), id(8)], LookupAsk::Public, NOW).expect("an answer");
        assert_eq!(samples(&decoded, id(1)), []);
        assert_eq!(samples(&decoded, id(8)).len(), 1);
        assert_eq!(decoded.reading.failed, [id(2)], "it may be in what could not be read");
        assert!(decoded.bad_values >= 5, "{}", decoded.bad_values);
    }

    #[test]
    fn what_is_no_answer_is_malformed() {
        for body in [
            "",
            "null",
            "[]",
            "{}",
            "<html>",
            r#"{"data":null}"#,
            r#"{"data":"x","errors":[]}"#,
            r#"{"data":[{"id":"1"#,
            r#"{"meta":{}}"#,
        ] {
            assert!(decode(body.as_bytes(), &[id(1)], LookupAsk::Public, NOW).is_err(), "{body}");
        }
        assert!(decode(b"{\"data\":[\xff]}", &[id(1)], LookupAsk::Public, NOW).is_err());
    }

    #[test]
    fn deep_nesting_costs_no_stack() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        for body in [format!("{{\"data\":{deep}}}"), format!("{{\"data\":[{{\"id\":{deep}}}],\"errors\":[{deep}]}}")] {
            let error = decode(body.as_bytes(), &[id(1)], LookupAsk::Public, NOW).expect_err("no tweet is in it");
            assert_eq!((error.reason, error.charged), (ErrorReason::Malformed, true));
        }
    }

    proptest::proptest! {
        #[test]
        fn no_json_makes_it_panic(body in r#"\{"data":\[(\{("(id|public_metrics|attachments)":("[0-9]{0,20}"|[0-9.e-]{1,9}|null|\[\]|\{\}|\{"like_count":[0-9"-]{0,9}\}),?){0,4}\},?){0,4}\]\}"#) {
            let _ = decode(body.as_bytes(), &[id(1)], LookupAsk::Public, NOW);
        }
    }
}
