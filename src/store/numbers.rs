//! A reading as it is kept: what its numbers are of is shared by all tweets that have the same, so that a tweet costs little more
//! than its numbers.

use std::collections::HashSet;
use std::sync::Arc;

use crate::model::{MediaKey, MediaType, Metric, Sample, Scope, TweetReading};

/// One number of a tweet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number<'a> {
    /// The attached medium that it is about; `None`: the tweet itself.
    pub media: Option<&'a MediaKey>,
    /// What is counted.
    pub metric: Metric,
    /// Over what.
    pub scope: &'a Scope,
    /// The count; a time is counted in milliseconds.
    pub value: u64,
}

impl Number<'_> {
    /// Whether both stand for the same series of a tweet.
    pub(super) fn is_same_series(&self, other: &Number<'_>) -> bool {
        self.metric == other.metric && self.scope == other.scope && self.media == other.media
    }
}

/// What one number of a reading is of; media by their place in the reading's list.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Slot {
    media: Option<u32>,
    metric: Metric,
    scope: Scope,
}

/// What the numbers of a reading are of.
type Shape = Arc<[Slot]>;

/// The shapes in use.
#[derive(Clone, Debug, Default)]
pub(super) struct Shapes(HashSet<Shape>);

impl Shapes {
    /// Forgets those that no reading has any more.
    pub(super) fn tidy(&mut self) {
        self.0.retain(|shape| Arc::strong_count(shape) > 1);
    }

    fn shared(&mut self, slots: Vec<Slot>) -> Shape {
        if let Some(shape) = self.0.get(slots.as_slice()) {
            return shape.clone();
        }
        let shape: Shape = slots.into();
        self.0.insert(shape.clone());
        shape
    }
}

/// A reading in short.
#[derive(Clone, Debug)]
pub(super) struct Numbers {
    shape: Shape,
    values: Box<[u64]>,
    /// Every medium that a number is about.
    media: Box<[MediaKey]>,
    videos: Box<[MediaKey]>,
    media_types: Box<[MediaType]>,
    pub(super) author: Option<u64>,
    private: bool,
}

impl Numbers {
    /// Keeps a reading; of two numbers of one series the first.
    pub(super) fn new(reading: TweetReading, shapes: &mut Shapes) -> Self {
        let mut media: Vec<MediaKey> = Vec::new();
        let (mut slots, mut values) = (Vec::with_capacity(reading.samples.len()), Vec::with_capacity(reading.samples.len()));
        let mut seen = HashSet::with_capacity(reading.samples.len());
        for Sample { media: of, metric, scope, value } in &reading.samples {
            if seen.insert((of, metric, scope)) {
                let place = of.as_ref().map(|key| place(&mut media, key));
                slots.push(Slot { media: place, metric: *metric, scope: scope.clone() });
                values.push(*value);
            }
        }
        Self {
            shape: shapes.shared(slots),
            values: values.into(),
            media: media.into(),
            videos: reading.videos.into(),
            media_types: reading.media_types.into(),
            author: reading.author,
            private: reading.private,
        }
    }

    /// The reading that it was.
    pub(super) fn reading(&self) -> TweetReading {
        let sample = |Number { media, metric, scope, value }: Number<'_>| Sample {
            media: media.cloned(),
            metric,
            scope: scope.clone(),
            value,
        };
        TweetReading {
            samples: self.numbers().map(sample).collect(),
            media_types: self.media_types.to_vec(),
            videos: self.videos.to_vec(),
            author: self.author,
            private: self.private,
        }
    }

    /// Its numbers, each series once.
    pub(super) fn numbers(&self) -> impl Iterator<Item = Number<'_>> {
        self.shape.iter().zip(&self.values).map(|(slot, value)| Number {
            media: slot.media.and_then(|place| self.media.get(place as usize)),
            metric: slot.metric,
            scope: &slot.scope,
            value: *value,
        })
    }

    /// Kinds of the attached media.
    pub(super) fn media_types(&self) -> &[MediaType] {
        &self.media_types
    }
}

/// Where the list has this key; at its end from now on, if nowhere yet.
fn place(media: &mut Vec<MediaKey>, key: &MediaKey) -> u32 {
    let place = media.iter().position(|known| known == key).unwrap_or_else(|| {
        media.push(key.clone());
        media.len() - 1
    });
    u32::try_from(place).expect("an answer of 16 MiB has fewer media")
}
