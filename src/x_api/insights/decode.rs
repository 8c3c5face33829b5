//! Reads an answer of insights: totals as lists of pairs, series as objects around such lists, and two layers of errors.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::value::RawValue;

use crate::model::{History, Reading, Refusal, Sample, Scope, Timestamp, TweetId, TweetReading};
use crate::x_api::answer::{self, Decoded, Object, Scan, Series, Sums, given};
use crate::x_api::error::ApiError;
use crate::x_api::insights::metrics::metric;
use crate::x_api::problem;
use crate::x_api::verdict::{Verdict, Verdicts};

/// Reads the body of a 200.
pub(super) fn decode(bytes: &[u8], asked: &[TweetId], scope: &Scope, now: Timestamp) -> Result<Decoded<Reading>, ApiError> {
    let (decoder, errors) = take_apart(bytes, now)?;
    let broken = decoder.broken || decoder.scan.bad_values > 0;
    let Decoded { value: found, scan } = decoder.end();
    let mut reading = Reading { returned: found.keys().copied().collect(), ..Reading::default() };
    for &tweet in asked {
        let Some(sums) = found.get(&tweet) else { continue };
        let sample = |(metric, value)| Sample { media: None, metric, scope: scope.clone(), value };
        let samples: Vec<Sample> = sums.whole().map(sample).collect();
        let private = !samples.is_empty();
        reading.tweets.push((tweet, TweetReading { samples, private, ..TweetReading::default() }));
    }
    errors.settle(&mut reading, asked, broken);
    Ok(Decoded { value: reading, scan })
}

/// The same, each bucket for itself. Totals, and series without times, are of no bucket.
pub(super) fn decode_history(bytes: &[u8], asked: &[TweetId], now: Timestamp) -> Result<Decoded<History>, ApiError> {
    let (decoder, errors) = take_apart(bytes, now)?;
    let broken = decoder.broken || decoder.scan.bad_values > 0;
    let mut history = History::default();
    let returned = decoder.series.keys().chain(decoder.totals.keys());
    history.reading.returned = returned.copied().collect::<BTreeSet<_>>().into_iter().collect();
    for (tweet, parts) in decoder.series.into_iter().filter(|(tweet, _)| asked.contains(tweet)) {
        let mut series = Series { unreadable: decoder.unreadable.get(&tweet).copied().unwrap_or_default(), ..Series::default() };
        for (start, sums) in parts {
            match start {
                Some(start) => series.take(start, sums),
                None => series.lose(&sums),
            }
        }
        history.buckets.insert(tweet, series.counts());
        history.unreadable.insert(tweet, series.unreadable);
    }
    let answered = asked.iter().filter(|tweet| history.reading.returned.contains(tweet));
    history.reading.tweets = answered.map(|tweet| (*tweet, TweetReading::default())).collect();
    errors.settle(&mut history.reading, asked, broken);
    Ok(Decoded { value: history, scan: decoder.scan })
}

fn take_apart(bytes: &[u8], now: Timestamp) -> Result<(Decoder, Verdicts<TweetId>), ApiError> {
    let body = answer::body(bytes)?;
    let data = given(&body, "data");
    if data.is_some_and(|data| !data.get().starts_with(['[', '{'])) || data.is_none() && !answer::is_list(&body, "errors") {
        return Err(ApiError::malformed("the answer has no data and no list of errors"));
    }
    let mut decoder = Decoder::default();
    let mut errors = Verdicts::read(&mut decoder.scan, given(&body, "errors"));
    if let Some(data) = data {
        let items = if data.get().starts_with('{') { vec![data] } else { decoder.scan.list(Some(data)) };
        for raw in items {
            match decoder.scan.object(raw) {
                Some(item) => decoder.item(&item, &mut errors),
                None => decoder.broken = true,
            }
        }
    }
    if decoder.is_empty() && errors.named.is_empty() && (errors.broken || decoder.broken || data.is_none()) {
        return Err(problem::in_a_200(bytes, now));
    }
    Ok((decoder, errors))
}

#[derive(Default)]
struct Decoder {
    scan: Scan,
    totals: BTreeMap<TweetId, Sums>,
    series: BTreeMap<TweetId, Vec<(Option<Timestamp>, Sums)>>,
    /// Values of a tweet's series that could not be read.
    unreadable: BTreeMap<TweetId, u64>,
    /// Something is not where it should be: a tweet may be in it.
    broken: bool,
}

impl Decoder {
    fn is_empty(&self) -> bool {
        self.totals.is_empty() && self.series.is_empty()
    }

    /// One element of `data`.
    fn item(&mut self, item: &Object<'_>, errors: &mut Verdicts<TweetId>) {
        for raw in self.scan.list(given(item, "errors")) {
            self.error(raw, errors);
        }
        // An item of any other kind says nothing of anybody, least of all that X has no numbers.
        self.broken |= given(item, "errors").is_none() && given(item, "measurement").is_none();
        let measurement = self.scan.inner(item, "measurement");
        for raw in self.scan.list(given(&measurement, "metrics_total")) {
            let Some((tweet, _, sums)) = self.entry(raw) else { continue };
            // The same total twice is one total.
            self.totals.entry(tweet).or_default().fill(sums);
        }
        for raw in self.scan.list(given(&measurement, "metrics_time_series")) {
            let bad_before = self.scan.bad_values;
            let Some((tweet, start, sums)) = self.entry(raw) else { continue };
            *self.unreadable.entry(tweet).or_default() += self.scan.bad_values - bad_before;
            self.series.entry(tweet).or_default().push((start, sums));
        }
    }

    /// `{error, tweets[]}`
    fn error(&mut self, raw: &RawValue, errors: &mut Verdicts<TweetId>) {
        let error = self.scan.object(raw).unwrap_or_default();
        let why: String = self.scan.read(&error, "error").unwrap_or_default();
        let tweets = self.scan.list(given(&error, "tweets"));
        let named: Vec<TweetId> = tweets.into_iter().filter_map(|raw| raw.get().trim_matches('"').parse().ok()).collect();
        self.broken |= named.is_empty();
        named.into_iter().for_each(|tweet| errors.add(tweet, Verdict::Refused(refusal(&why))));
    }

    /// An entry of either layout. Totals are documented as a list of pairs, series as an object around one; each is read in both places.
    fn entry(&mut self, raw: &RawValue) -> Option<(TweetId, Option<Timestamp>, Sums)> {
        let entry = self.scan.object(raw).unwrap_or_default();
        let Some(tweet) = self.scan.word::<TweetId>(&entry, "tweet_id") else {
            self.broken = true;
            return None;
        };
        let (mut sums, mut start) = (Sums::default(), None);
        let pairs = match given(&entry, "value") {
            Some(value) if value.get().starts_with('{') => {
                let value = self.scan.object(value).unwrap_or_default();
                let moment = self.scan.inner(&value, "timestamp");
                start = self.scan.word::<Timestamp>(&moment, "iso8601_time");
                self.scan.list(given(&value, "metric_values"))
            }
            value => self.scan.list(value),
        };
        for raw in pairs {
            let pair = self.scan.object(raw).unwrap_or_default();
            let Some(name) = self.scan.read::<String>(&pair, "metric_type") else { continue };
            match (metric(&name), pair.get("metric_value")) {
                (Some(metric), Some(value)) => sums.add(metric, value, &mut self.scan),
                (Some(_), None) => {}
                (None, _) => self.scan.unknown_fields += 1,
            }
        }
        Some((tweet, start, sums))
    }

    /// The total of each tweet; where X gives none, the sum of its series.
    fn end(self) -> Decoded<BTreeMap<TweetId, Sums>> {
        let sum = |parts: Vec<(Option<Timestamp>, Sums)>| {
            let mut sum = Sums::default();
            parts.into_iter().for_each(|(_, part)| sum.merge(part));
            sum
        };
        let mut found: BTreeMap<TweetId, Sums> = self.series.into_iter().map(|(tweet, parts)| (tweet, sum(parts))).collect();
        for (tweet, total) in self.totals {
            if total.whole().next().is_some() || !found.contains_key(&tweet) {
                found.insert(tweet, total);
            }
        }
        Decoded { value: found, scan: self.scan }
    }
}

/// The texts are not documented beyond "not permitted".
fn refusal(why: &str) -> Refusal {
    let why = why.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| why.contains(word));
    match () {
        () if says(&["not found", "not exist"]) => Refusal::NotFound,
        () if says(&["permitted", "permission", "authori", "forbidden"]) => Refusal::NotAuthorized,
        () => Refusal::Unavailable,
    }
}
