//! One watched tweet.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::model::{MediaType, Metric, Sample, Timestamp, TweetId, TweetReading, TweetState, Username};

/// Where a reading comes from, in order of precedence: the position of its source in the account's list, then the request within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Part {
    /// Index of the source.
    pub source: u8,
    /// Index of the request: a lookup has one for promoted metrics besides its main one.
    pub request: u8,
}

/// One watched tweet and what was last read of it.
#[derive(Clone, Debug)]
pub struct TweetRecord {
    /// Its id.
    pub id: TweetId,
    /// The user's own labels.
    pub labels: BTreeMap<String, String>,
    /// The author's name, where the watch list says it.
    pub(super) username: Option<Username>,
    /// It is known not to be the account's own.
    pub(super) foreign: bool,
    state: TweetState,
    last_success: Option<Timestamp>,
    readings: BTreeMap<Part, TweetReading>,
}

/// What must survive a restart of one tweet.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RecordMemory {
    /// Its readings, each with where it comes from.
    pub readings: Vec<(Part, TweetReading)>,
    /// When its numbers were last really read.
    pub last_success: Option<Timestamp>,
    /// It is known not to be the account's own.
    pub foreign: bool,
}

impl TweetRecord {
    /// What must survive a restart.
    pub fn memory(&self) -> RecordMemory {
        let readings = self.readings.iter().map(|(part, reading)| (*part, reading.clone())).collect();
        RecordMemory { readings, last_success: self.last_success, foreign: self.foreign }
    }

    /// Takes up what was known before the restart.
    pub(super) fn recall(&mut self, memory: RecordMemory) {
        self.readings = memory.readings.into_iter().collect();
        self.last_success = memory.last_success;
        self.foreign = memory.foreign;
    }

    pub(super) fn new(id: TweetId, username: Option<Username>, labels: BTreeMap<String, String>) -> Self {
        let readings = BTreeMap::new();
        Self { id, labels, username, foreign: false, state: TweetState::Pending, last_success: None, readings }
    }

    /// The same tweet where nobody said whose it is: it carries no name before that is proven.
    pub(super) fn stranger(self) -> Self {
        Self { foreign: true, username: None, labels: BTreeMap::new(), ..self }
    }

    /// The same tweet as another watch list has it.
    pub(super) fn renamed(self, username: Option<Username>, labels: BTreeMap<String, String>) -> Self {
        Self { username, labels, ..self }
    }

    /// The state it is in.
    pub fn state(&self) -> TweetState {
        self.state
    }

    /// When its numbers were last really read; nothing once it is gone.
    pub fn last_success(&self) -> Option<Timestamp> {
        self.last_success
    }

    /// Its numbers, each series once: where two sources give the same one, the first has it.
    pub fn samples(&self) -> impl Iterator<Item = &Sample> {
        let mut seen = BTreeSet::new();
        let all = self.readings.values().flat_map(|reading| &reading.samples);
        all.filter(move |sample| seen.insert((&sample.media, sample.metric, &sample.scope)))
    }

    /// Kinds of its media, distinct and in alphabetical order.
    pub fn media_types(&self) -> Vec<MediaType> {
        let kinds: BTreeSet<_> = self.readings.values().flat_map(|reading| reading.media_types.iter().copied()).collect();
        kinds.into_iter().collect()
    }

    /// X's id of the author, once an answer had it.
    pub(super) fn author(&self) -> Option<u64> {
        self.readings.values().find_map(|reading| reading.author)
    }

    /// Puts a reading in the place of the one before from the same request: a number that X no longer sends is gone. Returns the
    /// metrics of the lifetime totals that fell.
    pub(super) fn take(&mut self, part: Part, reading: TweetReading, at: Timestamp) -> Vec<Metric> {
        let fell = self.readings.get(&part).map(|before| fallen(before, &reading)).unwrap_or_default();
        self.readings.insert(part, reading);
        // Promoted numbers alone do not make a reading fresh.
        if part.request == 0 {
            self.last_success = Some(at);
        }
        fell
    }

    /// These numbers are no longer given.
    pub(super) fn drop_part(&mut self, part: Part) {
        self.readings.remove(&part);
    }

    /// A tweet that is gone keeps only its state.
    pub(super) fn enter(&mut self, state: TweetState) {
        if state.is_gone() && !self.state.is_gone() {
            self.readings.clear();
            self.last_success = None;
        }
        self.state = state;
    }
}

fn fallen(before: &TweetReading, after: &TweetReading) -> Vec<Metric> {
    let is_lifetime = |sample: &&Sample| sample.media.is_none() && sample.scope == crate::model::Scope::Total;
    let falls = |old: &&Sample| {
        let same = |new: &&Sample| new.metric == old.metric && is_lifetime(new);
        after.samples.iter().find(same).is_some_and(|new| new.value < old.value)
    };
    before.samples.iter().filter(is_lifetime).filter(falls).map(|sample| sample.metric).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Context, Scope};

    fn reading(values: &[(Metric, Scope, u64)]) -> TweetReading {
        let sample = |(metric, scope, value): &(Metric, Scope, u64)| Sample {
            media: None,
            metric: *metric,
            scope: scope.clone(),
            value: *value,
        };
        TweetReading { samples: values.iter().map(sample).collect(), ..TweetReading::default() }
    }

    fn record() -> TweetRecord {
        TweetRecord::new(TweetId::new(7).expect("an id"), None, BTreeMap::new())
    }

    const FIRST: Part = Part { source: 0, request: 0 };
    const SECOND: Part = Part { source: 1, request: 0 };
    const AT: Timestamp = Timestamp::from_seconds(1);

    #[test]
    fn the_first_source_wins_a_series_that_two_give() {
        let mut record = record();
        record.take(SECOND, reading(&[(Metric::Likes, Scope::Total, 9), (Metric::Replies, Scope::Total, 3)]), AT);
        record.take(
            FIRST,
            reading(&[(Metric::Likes, Scope::Total, 5), (Metric::Likes, Scope::Context(Context::Organic), 4)]),
            AT,
        );
        let values: Vec<u64> = record.samples().map(|sample| sample.value).collect();
        assert_eq!(values, [5, 4, 3]);
    }

    #[test]
    fn a_number_that_is_no_longer_sent_leaves_and_a_fall_is_noticed() {
        let mut record = record();
        record.take(FIRST, reading(&[(Metric::Likes, Scope::Total, 5), (Metric::Bookmarks, Scope::Total, 2)]), AT);
        let fell = record.take(FIRST, reading(&[(Metric::Likes, Scope::Total, 4)]), AT);
        assert_eq!(fell, [Metric::Likes]);
        assert_eq!(record.samples().count(), 1);
    }

    #[test]
    fn a_tweet_that_is_gone_keeps_only_its_state() {
        let mut record = record();
        record.take(FIRST, reading(&[(Metric::Likes, Scope::Total, 5)]), AT);
        record.enter(TweetState::Error);
        assert_eq!((record.samples().count(), record.last_success()), (1, Some(AT)));
        record.enter(TweetState::NotFound);
        assert_eq!((record.samples().count(), record.last_success()), (0, None));
    }
}
