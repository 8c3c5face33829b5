//! Reads an answer of the Engagement API: numbers by tweet and type, beside lists of tweets that have none.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;

use crate::model::{Ask, Context, Failure, History, Metric, Refusal, Sample, Scope, Step, Timestamp, TweetId, TweetReading};
use crate::x_api::answer::{self, Counts, Decoded, Object, Scan, given, is_object};
use crate::x_api::engagement::refusal::{self, Lists};
use crate::x_api::engagement::{GROUPING, series, types};
use crate::x_api::error::ApiError;
use crate::x_api::problem;

/// What was asked.
pub(super) struct Asked<'a> {
    pub(super) tweets: &'a [TweetId],
    pub(super) ask: Ask,
    /// The `window` label; nothing for a lifetime.
    pub(super) window: Option<Arc<str>>,
    /// The numbers come in buckets of this length.
    pub(super) step: Option<Step>,
    pub(super) now: Timestamp,
}

/// Reads the body of a 200. Errors beside numbers cost what they name; errors without any are a refusal.
pub(super) fn decode(bytes: &[u8], asked: &Asked<'_>) -> Result<Decoded<History>, ApiError> {
    let body = answer::body(bytes)?;
    let mut scan = Scan::default();
    let lists = Lists::read(&body);
    let is_listed = |tweet| lists.unavailable.contains(tweet) || lists.without_impressions.contains(tweet);
    let all_listed = !asked.tweets.is_empty() && asked.tweets.iter().all(is_listed);
    let texts = refusal::texts(&body);
    let said = refusal::of_texts(&body, asked.tweets);
    if !all_listed && scan.inner(&body, GROUPING).is_empty() && (!texts.is_empty() || !is_object(&body, GROUPING)) {
        return Err(said.unwrap_or_else(|| problem::in_a_200(bytes, asked.now)));
    }
    // Errors beside numbers may name tweets; what else they say may be about any that is silent.
    let (culprits, broken) = match said.map(|error| error.failure) {
        Some(Failure::Invalid { culprits }) => (culprits, false),
        _ => (Vec::new(), !texts.is_empty()),
    };
    let decoder = Decoder { asked, lists, culprits, broken, found: History::default(), scan };
    Ok(decoder.read(&body))
}

struct Decoder<'a> {
    asked: &'a Asked<'a>,
    lists: Lists,
    /// Tweets that the errors name.
    culprits: Vec<(TweetId, Refusal)>,
    /// A tweet may be in what could not be read.
    broken: bool,
    found: History,
    scan: Scan,
}

impl Decoder<'_> {
    fn read(mut self, body: &Object<'_>) -> Decoded<History> {
        let grouping = self.scan.inner(body, GROUPING);
        let mut named = HashSet::new();
        self.broken |= given(body, GROUPING).is_some_and(|raw| !raw.get().starts_with('{'));
        for (key, raw) in &grouping {
            let Ok(tweet) = key.parse::<TweetId>() else {
                self.scan.bad_values += 1;
                self.broken = true;
                continue;
            };
            named.insert(tweet);
            self.tweet(tweet, raw);
        }
        for &tweet in self.asked.tweets.iter().filter(|tweet| !named.contains(tweet)) {
            match self.culprits.iter().find(|(culprit, _)| *culprit == tweet) {
                Some((_, refusal)) => self.found.reading.refused.push((tweet, *refusal)),
                None if self.broken || self.scan.bad_values > 0 => self.found.reading.failed.push(tweet),
                None => self.found.reading.refused.push((tweet, Refusal::Unavailable)),
            }
        }
        Decoded { value: self.found, scan: self.scan }
    }

    /// The numbers of one tweet.
    fn tweet(&mut self, tweet: TweetId, raw: &RawValue) {
        let bad_before = self.scan.bad_values;
        let numbers = self.scan.object(raw).unwrap_or_default();
        let mut series = self.asked.step.map(|step| series::read(&mut self.scan, &numbers, step)).unwrap_or_default();
        let mut counts = match self.asked.step {
            Some(_) => series::sums(&series),
            None => self.scan.counts(&numbers, &types::TYPES),
        };
        let bad = self.scan.bad_values - bad_before;
        self.drop_unsupported(tweet, &mut counts);
        series.values_mut().for_each(|bucket| bucket.retain(|(metric, _)| counts.contains_key(metric)));
        let is_asked = self.asked.tweets.contains(&tweet);
        let is_unavailable = self.lists.unavailable.contains(&tweet);
        if !counts.is_empty() && !is_unavailable {
            self.found.reading.returned.push(tweet);
        }
        match () {
            () if !is_asked => {}
            () if is_unavailable => self.found.reading.refused.push((tweet, Refusal::Unavailable)),
            // What could not be read may come whole next time.
            () if counts.is_empty() && bad > 0 => self.found.reading.failed.push(tweet),
            () if counts.is_empty() => self.found.reading.refused.push((tweet, Refusal::Unavailable)),
            () if self.asked.step.is_some() => {
                self.found.buckets.insert(tweet, series);
                self.found.unreadable.insert(tweet, bad);
                self.found.reading.tweets.push((tweet, TweetReading::default()));
            }
            () => {
                let samples = counts.into_iter().map(|(metric, value)| self.sample(metric, value)).collect();
                let private = self.asked.ask.is_private();
                self.found.reading.tweets.push((tweet, TweetReading { samples, private, ..TweetReading::default() }));
            }
        }
    }

    /// Numbers that X does not have for this tweet, whatever stands there: video views of old tweets come as 0.
    fn drop_unsupported(&self, tweet: TweetId, counts: &mut Counts) {
        const VIDEO_VIEWS: Duration = Duration::from_secs(1_800 * 86_400);
        let is_old = tweet.created().is_none_or(|created| self.asked.now.since(created) > VIDEO_VIEWS);
        let is_false_zero = is_old && counts.get(&Metric::VideoViews) == Some(&0);
        if self.lists.without_video_views.contains(&tweet) || is_false_zero {
            counts.remove(&Metric::VideoViews);
        }
        if self.lists.without_impressions.contains(&tweet) {
            counts.remove(&Metric::Impressions);
            counts.remove(&Metric::Engagements);
        }
    }

    /// The lifetime's impressions are organic only, the engagements are not (x-api.md section 7).
    fn sample(&self, metric: Metric, value: u64) -> Sample {
        let scope = match (&self.asked.window, metric) {
            (Some(window), _) => Scope::Window(window.clone()),
            (None, Metric::Impressions) => Scope::Context(Context::Organic),
            (None, _) => Scope::Total,
        };
        Sample { media: None, metric, scope, value }
    }
}
