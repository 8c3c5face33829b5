//! A reading as it is kept: what its numbers are of is shared by all tweets that have the same, so that a tweet costs little more
//! than its numbers.

use std::collections::HashSet;
use std::sync::Arc;

use crate::model::{MediaKey, MediaType, Metric, Sample, Scope, TweetReading};

/// One number of a tweet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number<'a> {
    /// The attached medium that it is about; `None`: the tweet itself.
    pub media: Option<MediaKey>,
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

/// What a reading has besides its numbers, and what each of them is of. Most tweets have the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Shape {
    slots: Vec<Slot>,
    /// How many media there are, those that no number is about included.
    media: usize,
    /// Which of them are videos, by their places.
    videos: Vec<u32>,
    media_types: Vec<MediaType>,
    has_author: bool,
    private: bool,
}

/// What one number of a reading is of; media by their place in the reading's list.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Slot {
    media: Option<u32>,
    metric: Metric,
    scope: Scope,
}

/// The shapes in use.
#[derive(Clone, Debug, Default)]
pub(super) struct Shapes(HashSet<Arc<Shape>>);

impl Shapes {
    /// Forgets those that no reading has any more.
    pub(super) fn tidy(&mut self) {
        self.0.retain(|shape| Arc::strong_count(shape) > 1);
    }

    fn shared(&mut self, shape: Shape) -> Arc<Shape> {
        if let Some(shape) = self.0.get(&shape) {
            return shape.clone();
        }
        let shape = Arc::new(shape);
        self.0.insert(shape.clone());
        shape
    }
}

/// A reading in short.
#[derive(Clone, Debug)]
pub(super) struct Numbers {
    shape: Arc<Shape>,
    /// The keys of its media, its author, and its numbers, one after the other.
    packed: Packed,
}

impl Numbers {
    /// Keeps a reading; of two numbers of one series the first.
    pub(super) fn new(reading: TweetReading, shapes: &mut Shapes) -> Self {
        let TweetReading { samples, media_types, videos, author, private } = reading;
        let mut media: Vec<MediaKey> = Vec::new();
        let (mut slots, mut values) = (Vec::with_capacity(samples.len()), Vec::with_capacity(samples.len()));
        let mut seen = HashSet::with_capacity(samples.len());
        for Sample { media: of, metric, scope, value } in &samples {
            if seen.insert((of, metric, scope)) {
                let place = of.map(|key| place(&mut media, key));
                slots.push(Slot { media: place, metric: *metric, scope: scope.clone() });
                values.push(*value);
            }
        }
        let videos = videos.into_iter().map(|key| place(&mut media, key)).collect();
        let keys = media.iter().flat_map(|key| key.numbers());
        let packed = Packed::new(keys.chain(author).chain(values));
        let shape = Shape { slots, media: media.len(), videos, media_types, has_author: author.is_some(), private };
        Self { shape: shapes.shared(shape), packed }
    }

    /// The reading that it was.
    pub(super) fn reading(&self) -> TweetReading {
        let sample = |Number { media, metric, scope, value }: Number<'_>| Sample { media, metric, scope: scope.clone(), value };
        let (media, author, _) = self.unpack();
        TweetReading {
            samples: self.numbers().map(sample).collect(),
            media_types: self.shape.media_types.clone(),
            videos: self.shape.videos.iter().filter_map(|place| media.get(*place as usize).copied()).collect(),
            author,
            private: self.shape.private,
        }
    }

    /// Its numbers, each series once.
    pub(super) fn numbers(&self) -> impl Iterator<Item = Number<'_>> {
        let (media, _, values) = self.unpack();
        self.shape.slots.iter().zip(values).map(move |(slot, value)| Number {
            media: slot.media.and_then(|place| media.get(place as usize).copied()),
            metric: slot.metric,
            scope: &slot.scope,
            value,
        })
    }

    /// Kinds of the attached media.
    pub(super) fn media_types(&self) -> &[MediaType] {
        &self.shape.media_types
    }

    /// X's id of the author.
    pub(super) fn author(&self) -> Option<u64> {
        self.unpack().1
    }

    /// Its media, its author, its numbers.
    fn unpack(&self) -> (Vec<MediaKey>, Option<u64>, Unpacked<'_>) {
        let mut unpacked = self.packed.unpack();
        let mut next = || unpacked.next().expect("it was packed by this shape");
        let media = (0..self.shape.media).map(|_| [next(), next()].into()).collect();
        let author = self.shape.has_author.then(next);
        (media, author, unpacked)
    }
}

/// Where the list has this key; at its end from now on, if nowhere yet.
fn place(media: &mut Vec<MediaKey>, key: MediaKey) -> u32 {
    let place = media.iter().position(|known| *known == key).unwrap_or_else(|| {
        media.push(key);
        media.len() - 1
    });
    u32::try_from(place).expect("an answer of 16 MiB has fewer media")
}

/// Some numbers, the smaller the shorter: seven bits to a byte, the lowest first, and the highest bit says that more follow (LEB128).
/// Counts of a tweet take two or three bytes.
#[derive(Clone, Debug)]
struct Packed(Box<[u8]>);

impl Packed {
    fn new(numbers: impl Iterator<Item = u64>) -> Self {
        let mut bytes = Vec::with_capacity(128);
        for mut rest in numbers {
            while rest > 0x7f {
                bytes.push(rest as u8 | 0x80);
                rest >>= 7;
            }
            bytes.push(rest as u8);
        }
        Self(bytes.into())
    }

    fn unpack(&self) -> Unpacked<'_> {
        Unpacked(self.0.iter())
    }
}

/// The numbers in their order.
struct Unpacked<'a>(std::slice::Iter<'a, u8>);

impl Iterator for Unpacked<'_> {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = *self.0.next()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
        }
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Context;

    proptest::proptest! {
        #[test]
        fn numbers_come_out_as_they_went_in(numbers: Vec<u64>) {
            proptest::prop_assert_eq!(Packed::new(numbers.iter().copied()).unpack().collect::<Vec<_>>(), numbers);
        }
    }

    #[test]
    fn a_reading_comes_out_as_it_went_in() {
        let sample = |media: Option<&str>, metric, scope, value| Sample {
            media: media.map(|key| key.parse().expect("a key")),
            metric,
            scope,
            value,
        };
        let whole = TweetReading {
            samples: vec![
                sample(None, Metric::Likes, Scope::Total, 0),
                sample(None, Metric::Impressions, Scope::Window("7d".into()), i64::MAX as u64),
                sample(Some("13_7"), Metric::VideoViews, Scope::Context(Context::Promoted), 127),
                sample(Some("7_8"), Metric::VideoViews, Scope::Total, 128),
            ],
            media_types: vec![MediaType::Photo, MediaType::Video],
            videos: vec!["13_9".parse().expect("a key"), "13_7".parse().expect("a key")],
            author: Some(u64::MAX),
            private: true,
        };
        let mut shapes = Shapes::default();
        for reading in [whole.clone(), TweetReading { author: None, ..whole.clone() }, TweetReading::default()] {
            assert_eq!(Numbers::new(reading.clone(), &mut shapes).reading(), reading);
        }
        let again = Numbers::new(TweetReading { author: Some(3), ..whole }, &mut shapes);
        assert_eq!((shapes.0.len(), again.author()), (3, Some(3)), "who wrote it does not make another shape");
        shapes.tidy();
        assert_eq!(shapes.0.len(), 1, "the one in use");
    }
}
