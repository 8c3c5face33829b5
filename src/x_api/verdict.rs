//! `errors[]` beside the data of a 200: what X says of single tweets or media (x-api.md 4.1, 4.2).

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::str::FromStr;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::model::{MediaKey, Reading, Refusal, TweetId};
use crate::x_api::answer::Scan;
use crate::x_api::problem::{last_segment, text};

/// What X says of a tweet that is not in `data`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Refused(Refusal),
    /// A private field was refused, and the tweet with it.
    Field,
    /// X says nothing, or that it could not fill a field.
    Silent,
    /// X stumbled on it.
    Stumbled,
}

/// What an answer says of single tweets or media.
#[derive(Debug)]
pub(super) struct Verdicts<K> {
    pub(super) named: HashMap<K, Verdict>,
    /// An error names nobody: it may be about anybody.
    pub(super) broken: bool,
}

impl<K> Default for Verdicts<K> {
    fn default() -> Self {
        Self { named: HashMap::new(), broken: false }
    }
}

impl<K: Copy + Eq + Hash> Verdicts<K> {
    /// Takes one more; a word on the tweet itself outweighs one on a field of it.
    pub(super) fn add(&mut self, key: K, verdict: Verdict) {
        let known = self.named.entry(key).or_insert(verdict);
        if *known == Verdict::Field {
            *known = verdict;
        }
    }
}

impl Verdicts<TweetId> {
    /// `errors[]` by tweet. A tweet may have many, one for each refused field.
    pub(super) fn read(scan: &mut Scan, errors: Option<&RawValue>) -> Self {
        let mut verdicts = Self::default();
        for error in objects(scan, errors) {
            let blamed = if is_aside(&error) { Vec::new() } else { blamed(&error) };
            verdicts.broken |= blamed.is_empty() && !is_aside(&error);
            blamed.into_iter().for_each(|tweet| verdicts.add(tweet, verdict(&error)));
        }
        verdicts
    }

    /// Puts each asked tweet that the reading does not have yet where it belongs, in systems that serve own tweets only. `broken`:
    /// something could not be read, and a tweet on which X is silent may be in it.
    pub(super) fn settle(&self, reading: &mut Reading, asked: &[TweetId], broken: bool) {
        let answered: HashSet<TweetId> = reading.tweets.iter().map(|(id, _)| *id).collect();
        for &tweet in asked.iter().filter(|tweet| !answered.contains(tweet)) {
            let silence = if broken || self.broken { Verdict::Stumbled } else { Verdict::Refused(Refusal::Unavailable) };
            match self.named.get(&tweet).copied().unwrap_or(silence).refusal() {
                Some(refusal) => reading.refused.push((tweet, refusal)),
                None => reading.failed.push(tweet),
            }
        }
    }
}

/// `errors[]` by medium.
pub(super) fn of_media(scan: &mut Scan, errors: Option<&RawValue>) -> (HashMap<MediaKey, Verdict>, bool) {
    let (mut named, mut broken) = (HashMap::new(), false);
    for error in objects(scan, errors) {
        let blamed: Vec<MediaKey> = blamed(&error);
        broken |= blamed.is_empty();
        named.extend(blamed.into_iter().map(|key| (key, verdict(&error))));
    }
    (named, broken)
}

impl Verdict {
    /// Why X does not give it, where nothing less can be asked for; nothing if X stumbled.
    pub(super) fn refusal(self) -> Option<Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            Self::Field => Some(Refusal::NotAuthorized),
            Self::Silent | Self::Stumbled => None,
        }
    }
}

fn objects(scan: &mut Scan, errors: Option<&RawValue>) -> Vec<Value> {
    let list = scan.list(errors);
    let errors: Vec<Value> =
        list.iter().filter_map(|raw| serde_json::from_str(raw.get()).ok()).filter(Value::is_object).collect();
    scan.bad_values += (list.len() - errors.len()) as u64;
    errors
}

/// x-api.md 4.2.
pub(super) fn verdict(error: &Value) -> Verdict {
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

/// Whether an error is about something that hangs on a tweet: what is said of a medium is said of no tweet.
fn is_aside(error: &Value) -> bool {
    matches!(text(error, "resource_type"), "media" | "user") || text(error, "section") == "includes"
}

/// The tweets or media that an error is about.
pub(super) fn blamed<K: FromStr + Ord>(error: &Value) -> Vec<K> {
    let named = ["resource_id", "value"].iter().flat_map(|key| text(error, key).split(','));
    let mut keys: Vec<K> = named.filter_map(|id| id.trim().parse().ok()).collect();
    if keys.is_empty() {
        // "Could not find tweet with ids: [17…]."
        let words = text(error, "detail").split(|letter: char| !letter.is_ascii_digit() && letter != '_');
        keys.extend(words.filter_map(|id| id.parse::<K>().ok()));
    }
    keys.sort();
    keys.dedup();
    keys
}
