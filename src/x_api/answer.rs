//! How every answer is taken apart: what is not as documented costs the value and is counted, it never costs more than it must.

use std::borrow::{Borrow, Cow};
use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::model::{self, Api, Metric, Timestamp};
use crate::x_api::error::ApiError;
use crate::x_api::number::Count;
use crate::x_api::session::Session;

/// The names of an object and what stands behind each, unread.
pub(super) type Object<'a> = BTreeMap<Name<'a>, &'a RawValue>;

/// A name in an object. Hardly any has an escape, so hardly any is copied.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(transparent)]
pub(super) struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl Borrow<str> for Name<'_> {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl Deref for Name<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// The numbers of one thing.
pub(super) type Counts = BTreeMap<Metric, u64>;

/// What was read, and how much of the answer was not as documented.
#[derive(Debug, Default)]
pub(super) struct Decoded<T> {
    pub(super) value: T,
    pub(super) scan: Scan,
}

impl<T> Decoded<T> {
    /// The same answer with another value.
    pub(super) fn map<U>(self, change: impl FnOnce(T) -> U) -> Decoded<U> {
        Decoded { value: change(self.value), scan: self.scan }
    }

    /// The value, with what was strange about the answer counted.
    pub(super) fn counted(self, session: &Session, api: Api) -> T {
        session.metrics().unknown_fields(api, self.scan.unknown_fields);
        session.metrics().bad_values(api, self.scan.bad_values);
        self.value
    }
}

/// Reads pieces of an answer and counts what is strange about them.
#[derive(Debug, Default)]
pub(super) struct Scan {
    pub(super) unknown_fields: u64,
    pub(super) bad_values: u64,
}

/// The body of a 200.
pub(super) fn body(bytes: &[u8]) -> Result<Object<'_>, ApiError> {
    serde_json::from_slice(bytes).map_err(|error| {
        ApiError::malformed(format!("the answer is no JSON object: line {}, column {}", error.line(), error.column()))
    })
}

/// What stands behind a name, unless it is `null`, which is as good as nothing.
pub(super) fn given<'a>(object: &Object<'a>, name: &str) -> Option<&'a RawValue> {
    object.get(name).copied().filter(|raw| raw.get() != "null")
}

/// Whether a list stands behind the name.
pub(super) fn is_list(object: &Object<'_>, name: &str) -> bool {
    object.get(name).is_some_and(|raw| raw.get().starts_with('['))
}

/// Whether an object stands behind the name.
pub(super) fn is_object(object: &Object<'_>, name: &str) -> bool {
    object.get(name).is_some_and(|raw| raw.get().starts_with('{'))
}

impl Scan {
    /// The items of a list; none of what is no list.
    pub(super) fn list<'a>(&mut self, raw: Option<&'a RawValue>) -> Vec<&'a RawValue> {
        let Some(raw) = raw.filter(|raw| raw.get() != "null") else { return Vec::new() };
        self.parse(raw).unwrap_or_default()
    }

    /// An object; nothing if it is none.
    pub(super) fn object<'a>(&mut self, raw: &'a RawValue) -> Option<Object<'a>> {
        self.parse(raw)
    }

    /// The object behind a name; an empty one if there is none.
    pub(super) fn inner<'a>(&mut self, object: &Object<'a>, name: &str) -> Object<'a> {
        given(object, name).and_then(|raw| self.parse(raw)).unwrap_or_default()
    }

    /// What stands behind a name; nothing for `null`.
    pub(super) fn read<'a, T: Deserialize<'a>>(&mut self, object: &Object<'a>, name: &str) -> Option<T> {
        self.parse(given(object, name)?)
    }

    /// What a text behind a name means.
    pub(super) fn word<T: std::str::FromStr>(&mut self, object: &Object<'_>, name: &str) -> Option<T> {
        let word = self.read::<String>(object, name)?.parse().ok();
        self.bad_values += u64::from(word.is_none());
        word
    }

    /// A count; nothing for `null`.
    pub(super) fn count(&mut self, raw: &RawValue) -> Option<u64> {
        match Count::read(raw) {
            Count::Number(value) => Some(value),
            Count::Absent => None,
            Count::Bad => {
                self.bad_values += 1;
                None
            }
        }
    }

    /// The counts of an object by a table of X's names. Where X sends both spellings of a name, the larger number is the newer one.
    pub(super) fn counts(&mut self, object: &Object<'_>, table: &[(&str, Metric)]) -> Counts {
        let mut found = Counts::new();
        for (key, raw) in object {
            let Some((_, metric)) = table.iter().find(|(name, _)| **name == **key) else {
                self.unknown_fields += 1;
                continue;
            };
            let Some(value) = self.count(raw) else { continue };
            if let Some(other) = found.insert(*metric, value) {
                found.insert(*metric, other.max(value));
                tell_of_spellings(*metric, other, value);
            }
        }
        found
    }

    fn parse<'a, T: Deserialize<'a>>(&mut self, raw: &'a RawValue) -> Option<T> {
        let value = serde_json::from_str(raw.get()).ok();
        self.bad_values += u64::from(value.is_none());
        value
    }
}

/// x-api.md section 8, contradiction 2: said once, for it would come with every answer.
pub(super) fn tell_of_spellings(metric: Metric, one: u64, other: u64) {
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

/// Numbers of buckets, by the start of each. The same bucket twice is one bucket.
#[derive(Debug, Default)]
pub(super) struct Series {
    pub(super) buckets: BTreeMap<Timestamp, Sums>,
    /// Values that could not be read.
    pub(super) unreadable: u64,
}

impl Series {
    /// Adds a bucket.
    pub(super) fn take(&mut self, start: Timestamp, sums: Sums) {
        self.buckets.entry(start).or_default().fill(sums);
    }

    /// Counts the numbers of a bucket that nobody can place as such that could not be read.
    pub(super) fn lose(&mut self, sums: &Sums) {
        self.unreadable += sums.whole().count() as u64;
    }

    /// The numbers that could be read.
    pub(super) fn counts(&self) -> BTreeMap<Timestamp, model::Counts> {
        self.buckets.iter().map(|(start, sums)| (*start, sums.whole().collect())).collect()
    }
}

/// Sums that come in parts. A part that cannot be read spoils its sum: what is left would be too small a number.
#[derive(Debug, Default)]
pub(super) struct Sums(BTreeMap<Metric, Option<u64>>);

impl Sums {
    /// Adds a part.
    pub(super) fn add(&mut self, metric: Metric, raw: &RawValue, scan: &mut Scan) {
        let part = match Count::read(raw) {
            Count::Absent => return,
            Count::Number(part) => Some(part),
            Count::Bad => None,
        };
        scan.bad_values += u64::from(part.is_none());
        self.plus(metric, part);
    }

    /// Adds what another one has.
    pub(super) fn merge(&mut self, other: Self) {
        other.0.into_iter().for_each(|(metric, part)| self.plus(metric, part));
    }

    /// Takes over what only another one has.
    pub(super) fn fill(&mut self, other: Self) {
        for (metric, sum) in other.0 {
            let known = self.0.entry(metric).or_insert(sum);
            *known = known.or(sum);
        }
    }

    /// The sums that are whole.
    pub(super) fn whole(&self) -> impl Iterator<Item = (Metric, u64)> {
        self.0.iter().filter_map(|(metric, sum)| Some((*metric, (*sum)?)))
    }

    fn plus(&mut self, metric: Metric, part: Option<u64>) {
        let sum = self.0.entry(metric).or_insert(Some(0));
        *sum = sum.zip(part).and_then(|(sum, part)| sum.checked_add(part)).filter(|sum| *sum <= i64::MAX as u64);
    }
}
