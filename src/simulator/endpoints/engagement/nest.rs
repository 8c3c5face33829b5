//! The nested objects of an answer: a level for each item of `group_by`, numbers as texts at the ends.

use serde_json::{Map, Value, json};

use crate::model::Timestamp;
use crate::simulator::endpoints::concepts::Name;
use crate::simulator::endpoints::engagement::request::Item;
use crate::simulator::endpoints::engagement::{OWNERS, OWNERS_DAYS, Period, VIDEO_DAYS, is_older};
use crate::simulator::endpoints::window::{Bucket, DAY, HOUR, Window};
use crate::simulator::tweet::Tweet;

/// Builds groupings.
pub(super) struct Nest {
    pub(super) period: Period,
    pub(super) real: Timestamp,
    pub(super) simulated: Timestamp,
}

impl Nest {
    /// The object of a grouping: of these tweets, metrics and this time.
    pub(super) fn build(&self, items: &[Item], tweets: &[&Tweet], names: &[Name], window: Window) -> Value {
        let Some((item, rest)) = items.split_first() else { return self.leaf(tweets, names, window) };
        let level: Map<String, Value> = match item {
            Item::Tweet => tweets.iter().map(|tweet| (tweet.id.to_string(), self.build(rest, &[tweet], names, window))).collect(),
            Item::Type => self.types(rest, tweets, names, window),
            Item::Day => self.days(rest, tweets, names, window),
            // Hours without days: X's documents show both levels.
            Item::Hour if !is_in_one_day(window) => self.days(items, tweets, names, window),
            Item::Hour => self.hours(rest, tweets, names, window),
        };
        Value::Object(level)
    }

    /// Metrics that no tweet has here are left out.
    fn types(&self, rest: &[Item], tweets: &[&Tweet], names: &[Name], window: Window) -> Map<String, Value> {
        let has = |name: &Name| tweets.is_empty() || tweets.iter().any(|tweet| self.has(tweet, name));
        names
            .iter()
            .filter(|name| has(name))
            .map(|name| (name.0.to_owned(), self.build(rest, tweets, &[*name], window)))
            .collect()
    }

    fn days(&self, rest: &[Item], tweets: &[&Tweet], names: &[Name], window: Window) -> Map<String, Value> {
        let day = |bucket: &Bucket| bucket.starts.to_string().chars().take(10).collect::<String>();
        window.buckets(Some(DAY)).iter().map(|bucket| (day(bucket), self.build(rest, tweets, names, bucket.part))).collect()
    }

    fn hours(&self, rest: &[Item], tweets: &[&Tweet], names: &[Name], window: Window) -> Map<String, Value> {
        let hour = |bucket: &Bucket| bucket.starts.to_string().chars().skip(11).take(2).collect::<String>();
        window.buckets(Some(HOUR)).iter().map(|bucket| (hour(bucket), self.build(rest, tweets, names, bucket.part))).collect()
    }

    fn leaf(&self, tweets: &[&Tweet], names: &[Name], window: Window) -> Value {
        let (from, to) = (window.from.min(self.simulated), window.to.min(self.simulated));
        let one = |tweet: &Tweet, name: &Name| match self.counts(tweet, name) {
            true => name.1.grown(tweet, from, to),
            false => 0,
        };
        let sum: u64 = tweets.iter().flat_map(|tweet| names.iter().map(move |name| one(tweet, name))).sum();
        json!(sum.to_string())
    }

    /// Whether a tweet is in a metric's level at all.
    fn has(&self, tweet: &Tweet, (name, _): &Name) -> bool {
        let is_limited = self.period == Period::Lifetime && OWNERS.contains(name);
        !(is_limited && is_older(tweet, OWNERS_DAYS, self.real))
    }

    /// Whether its number is more than a false zero.
    fn counts(&self, tweet: &Tweet, name: &Name) -> bool {
        self.has(tweet, name) && !(name.0 == "video_views" && is_older(tweet, VIDEO_DAYS, self.real))
    }
}

fn is_in_one_day(window: Window) -> bool {
    window.buckets(Some(DAY)).len() <= 1
}
