//! The groups of metrics of a tweet or of a medium: read as X writes them, told as samples.

use serde::Deserializer;

use crate::model::{MediaKey, Metric, Sample};
use crate::x_api::answer::tell_of_spellings;
use crate::x_api::fields::{GROUPS, Group, Table};
use crate::x_api::number::Count;
use crate::x_api::parts::{Found, Kind, Part, Place};

/// A number for each row of a group's table.
type Row = [Option<u64>; WIDEST];

/// What stands in the [`GROUPS`] of one thing.
#[derive(Debug, Default)]
pub(super) struct Groups([(Found, Row); GROUPS.len()]);

impl Groups {
    /// Reads a group of a tweet; nothing if no group has this name.
    pub(super) fn of_tweet<'a, D: Deserializer<'a>>(&mut self, name: &[u8], place: Place<'_, D>) -> Result<Found, D::Error> {
        self.group(name, place, |group| group.tweet)
    }

    /// The same of a medium.
    pub(super) fn of_medium<'a, D: Deserializer<'a>>(&mut self, name: &[u8], place: Place<'_, D>) -> Result<Found, D::Error> {
        self.group(name, place, |group| group.media)
    }

    fn group<'a, D: Deserializer<'a>>(
        &mut self,
        name: &[u8],
        place: Place<'_, D>,
        table: fn(&Group) -> &'static Table,
    ) -> Result<Found, D::Error> {
        let named = GROUPS.iter().zip(&mut self.0).find(|(group, _)| group.name.as_bytes() == name);
        let Some((group, (found, row))) = named else { return place.skip() };
        *row = Row::default();
        *found = place.fill(&mut Numbers { table: table(group), row })?;
        Ok(*found)
    }

    /// X gave what only the author may see.
    pub(super) fn are_private(&self) -> bool {
        GROUPS.iter().zip(&self.0).any(|(group, (found, _))| group.private && found.is_given())
    }

    /// At most so many samples.
    pub(super) fn len(&self) -> usize {
        self.0.iter().flat_map(|(_, row)| row.iter().flatten()).count()
    }

    /// Adds the samples of the tweet itself, or of this medium of it.
    pub(super) fn tell(&self, media: Option<MediaKey>, samples: &mut Vec<Sample>) {
        // Of groups that cover the same the first one tells a number: here begins what those before have told.
        let (mut context, mut covered) = (None, samples.len());
        for (group, (_, row)) in GROUPS.iter().zip(&self.0) {
            if group.context != context {
                (context, covered) = (group.context, samples.len());
            }
            let table = if media.is_some() { group.media } else { group.tweet };
            let mut told = Told::default();
            for (&(_, metric), value) in table.iter().zip(row) {
                let Some(value) = *value else { continue };
                if !samples[covered..].iter().any(|sample| sample.metric == metric) {
                    told.add(metric, value);
                }
            }
            let sample = |&(metric, value): &_| Sample { media, metric, scope: group.scope(), value };
            samples.extend(told.counts().iter().map(sample));
        }
    }
}

/// What one group tells. It lies together before samples are made of it, so that each is written at once where it stays.
struct Told {
    counts: [(Metric, u64); WIDEST],
    len: usize,
}

impl Default for Told {
    fn default() -> Self {
        Self { counts: [(Metric::ALL[0], 0); WIDEST], len: 0 }
    }
}

impl Told {
    /// Adds a count. Where X sends both spellings of a name, one after the other in the table, the larger number is the newer one.
    fn add(&mut self, metric: Metric, value: u64) {
        match self.counts[..self.len].last_mut() {
            Some((last, other)) if *last == metric => {
                tell_of_spellings(metric, *other, value);
                *other = value.max(*other);
            }
            _ => {
                self.counts[self.len] = (metric, value);
                self.len += 1;
            }
        }
    }

    fn counts(&self) -> &[(Metric, u64)] {
        &self.counts[..self.len]
    }
}

/// The numbers of one group.
struct Numbers<'r> {
    table: &'static Table,
    row: &'r mut Row,
}

impl<'a> Part<'a> for Numbers<'_> {
    const KIND: Kind = Kind::Object;

    fn entry<D: Deserializer<'a>>(&mut self, name: &[u8], place: Place<'_, D>) -> Result<Found, D::Error> {
        let known = self.table.iter().zip(&mut *self.row).find(|((key, _), _)| key.as_bytes() == name);
        let Some((_, value)) = known else { return place.skip_unknown() };
        let mut count = Count::Absent;
        let found = place.fill(&mut count)?;
        *value = count.number();
        Ok(found)
    }
}

/// Rows of the longest table.
const WIDEST: usize = {
    let (mut widest, mut group) = (0, 0);
    while group < GROUPS.len() {
        let Group { tweet, media, .. } = &GROUPS[group];
        let longer = if tweet.len() > media.len() { tweet.len() } else { media.len() };
        widest = if longer > widest { longer } else { widest };
        group += 1;
    }
    widest
};
