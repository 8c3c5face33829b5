//! One watched tweet.

use std::collections::BTreeSet;
use std::num::NonZeroU64;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::model::{MediaType, Metric, OfTweet, Scope, Timestamp, TweetId, TweetReading, TweetState};
use crate::store::numbers::{Numbers, Shapes};
use crate::store::{Mention, Number};

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
    /// What the watch list says of it.
    pub mention: Arc<Mention>,
    /// It is known not to be the account's own.
    pub(super) foreign: bool,
    state: TweetState,
    last_success: Option<Timestamp>,
    /// In the order of precedence. Most tweets have one.
    readings: SmallVec<[(Part, Numbers); 1]>,
    /// Given by the account's store with every change.
    pub(super) revision: NonZeroU64,
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

impl OfTweet for TweetRecord {
    fn tweet(&self) -> TweetId {
        self.id
    }
}

impl TweetRecord {
    /// What must survive a restart.
    pub fn memory(&self) -> RecordMemory {
        let readings = self.readings.iter().map(|(part, numbers)| (*part, numbers.reading())).collect();
        RecordMemory { readings, last_success: self.last_success, foreign: self.foreign }
    }

    /// Takes up what was known before the restart.
    pub(super) fn recall(&mut self, memory: RecordMemory, shapes: &mut Shapes) {
        self.readings.clear();
        for (part, reading) in memory.readings {
            self.put(part, Numbers::new(reading, shapes));
        }
        self.last_success = memory.last_success;
        self.foreign = memory.foreign;
    }

    pub(super) fn new(id: TweetId, mention: Arc<Mention>, revision: NonZeroU64) -> Self {
        let (readings, state) = (SmallVec::new(), TweetState::Pending);
        Self { id, mention, foreign: false, state, last_success: None, readings, revision }
    }

    /// The same tweet where nobody said whose it is: it carries no name before that is proven.
    pub(super) fn stranger(self) -> Self {
        Self { foreign: true, mention: Arc::default(), ..self }
    }

    /// The same tweet as another watch list has it.
    pub(super) fn mentioned(self, mention: Arc<Mention>, revision: NonZeroU64) -> Self {
        let revision = if self.mention == mention { self.revision } else { revision };
        Self { mention, revision, ..self }
    }

    /// The state it is in.
    pub fn state(&self) -> TweetState {
        self.state
    }

    /// When its numbers were last really read; nothing once it is gone.
    pub fn last_success(&self) -> Option<Timestamp> {
        self.last_success
    }

    /// Two records with the same revision say the same, whichever stores they are from.
    pub fn revision(&self) -> NonZeroU64 {
        self.revision
    }

    /// Its numbers, each series once: where two sources give the same one, the first has it.
    pub fn numbers(&self) -> impl Iterator<Item = Number<'_>> {
        self.readings.iter().enumerate().flat_map(move |(at, (_, numbers))| {
            let before = &self.readings[..at];
            let has = |numbers: &Numbers, one: &Number<'_>| numbers.numbers().any(|other| other.is_same_series(one));
            numbers.numbers().filter(move |one| !before.iter().any(|(_, numbers)| has(numbers, one)))
        })
    }

    /// Kinds of its media, distinct and in alphabetical order.
    pub fn media_types(&self) -> Vec<MediaType> {
        let kinds: BTreeSet<_> = self.readings.iter().flat_map(|(_, numbers)| numbers.media_types().iter().copied()).collect();
        kinds.into_iter().collect()
    }

    /// X's id of the author, once an answer had it.
    pub(super) fn author(&self) -> Option<u64> {
        self.readings.iter().find_map(|(_, numbers)| numbers.author())
    }

    /// Puts a reading in the place of the one before from the same request: a number that X no longer sends is gone. Returns the
    /// metrics of the lifetime totals that fell.
    pub(super) fn take(&mut self, part: Part, reading: TweetReading, at: Timestamp, shapes: &mut Shapes) -> Vec<Metric> {
        let after = Numbers::new(reading, shapes);
        let fell = self.at(part).map(|place| fallen(&self.readings[place].1, &after)).unwrap_or_default();
        self.put(part, after);
        // Promoted numbers alone do not make a reading fresh.
        if part.request == 0 {
            self.last_success = Some(at);
        }
        fell
    }

    /// These numbers are no longer given. Says whether there were any.
    pub(super) fn drop_part(&mut self, part: Part) -> bool {
        let place = self.at(part).ok();
        place.map(|place| self.readings.remove(place)).is_some()
    }

    /// A tweet that is gone keeps only its state.
    pub(super) fn enter(&mut self, state: TweetState) {
        if state.is_gone() && !self.state.is_gone() {
            self.readings = SmallVec::new();
            self.last_success = None;
        }
        self.state = state;
    }

    fn at(&self, part: Part) -> Result<usize, usize> {
        self.readings.binary_search_by_key(&part, |(part, _)| *part)
    }

    fn put(&mut self, part: Part, numbers: Numbers) {
        match self.at(part) {
            Ok(place) => self.readings[place].1 = numbers,
            Err(place) => self.readings.insert(place, (part, numbers)),
        }
    }
}

fn fallen(before: &Numbers, after: &Numbers) -> Vec<Metric> {
    let is_lifetime = |number: &Number<'_>| number.media.is_none() && *number.scope == Scope::Total;
    let falls = |old: &Number<'_>| after.numbers().any(|new| new.is_same_series(old) && new.value < old.value);
    before.numbers().filter(is_lifetime).filter(falls).map(|number| number.metric).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Context, Sample};

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
        TweetRecord::new(TweetId::new(7).expect("an id"), Arc::default(), NonZeroU64::MIN)
    }

    const FIRST: Part = Part { source: 0, request: 0 };
    const SECOND: Part = Part { source: 1, request: 0 };
    const AT: Timestamp = Timestamp::from_seconds(1);

    #[test]
    fn the_first_source_wins_a_series_that_two_give() {
        let (mut record, mut shapes) = (record(), Shapes::default());
        record.take(SECOND, reading(&[(Metric::Likes, Scope::Total, 9), (Metric::Replies, Scope::Total, 3)]), AT, &mut shapes);
        record.take(
            FIRST,
            reading(&[(Metric::Likes, Scope::Total, 5), (Metric::Likes, Scope::Context(Context::Organic), 4)]),
            AT,
            &mut shapes,
        );
        let values: Vec<u64> = record.numbers().map(|number| number.value).collect();
        assert_eq!(values, [5, 4, 3]);
    }

    #[test]
    fn a_number_that_is_no_longer_sent_leaves_and_a_fall_is_noticed() {
        let (mut record, mut shapes) = (record(), Shapes::default());
        record.take(FIRST, reading(&[(Metric::Likes, Scope::Total, 5), (Metric::Bookmarks, Scope::Total, 2)]), AT, &mut shapes);
        let fell = record.take(FIRST, reading(&[(Metric::Likes, Scope::Total, 4)]), AT, &mut shapes);
        assert_eq!(fell, [Metric::Likes]);
        assert_eq!(record.numbers().count(), 1);
    }

    #[test]
    fn a_tweet_that_is_gone_keeps_only_its_state() {
        let (mut record, mut shapes) = (record(), Shapes::default());
        record.take(FIRST, reading(&[(Metric::Likes, Scope::Total, 5)]), AT, &mut shapes);
        record.enter(TweetState::Error);
        assert_eq!((record.numbers().count(), record.last_success()), (1, Some(AT)));
        record.enter(TweetState::NotFound);
        assert_eq!((record.numbers().count(), record.last_success()), (0, None));
    }
}
