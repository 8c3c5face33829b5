//! Numbers by the position of their bucket, and which source's count.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{Api, Counts, Metric, Stretch, Timestamp};

/// The buckets of a stretch by metric; nothing where X sent no number.
pub(super) type Columns = BTreeMap<Metric, Vec<Option<u64>>>;

/// What one answer said of one tweet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Row {
    pub(super) api: Api,
    pub(super) stretch: Stretch,
    pub(super) columns: Columns,
    /// Values that could not be read.
    pub(super) unreadable: u64,
}

/// The whole buckets of this stretch, and how many X sent besides that are none.
pub(super) fn columns(stretch: &Stretch, buckets: &BTreeMap<Timestamp, Counts>) -> (Columns, usize) {
    let (mut columns, mut strange) = (Columns::new(), 0);
    for (start, counts) in buckets {
        let Some(position) = stretch.position(*start) else {
            strange += 1;
            continue;
        };
        for (metric, value) in counts {
            columns.entry(*metric).or_insert_with(|| vec![None; stretch.buckets()])[position] = Some(*value);
        }
    }
    (columns, strange)
}

/// All rows of a tweet over the whole stretch, with the source that each metric is from: the first one that has any number of it. Sources
/// count differently, so that no series is made of two.
pub(super) fn merge(stretch: &Stretch, sources: &[Api], rows: &[Row]) -> BTreeMap<Metric, (Api, Vec<Option<u64>>)> {
    let mut merged: BTreeMap<Metric, (Api, Vec<Option<u64>>)> = BTreeMap::new();
    for api in sources {
        let mut own = Columns::new();
        for row in rows.iter().filter(|row| row.api == *api) {
            let Some(first) = stretch.position(row.stretch.start) else { continue };
            for (metric, values) in &row.columns {
                let column = own.entry(*metric).or_insert_with(|| vec![None; stretch.buckets()]);
                for (place, value) in column.iter_mut().skip(first).zip(values) {
                    *place = place.or(*value);
                }
            }
        }
        for (metric, column) in own.into_iter().filter(|(_, column)| column.iter().any(Option::is_some)) {
            merged.entry(metric).or_insert((*api, column));
        }
    }
    merged
}

/// Running totals from the bucket in which the tweet was born, up to the first bucket without a number: a sum over a gap is no total.
pub(super) fn running(stretch: &Stretch, born: Timestamp, column: &[Option<u64>]) -> Vec<(usize, u64)> {
    let Some(first) = stretch.position(stretch.step.floor(born)) else { return Vec::new() };
    let numbers = column.iter().enumerate().skip(first).map_while(|(position, value)| Some((position, (*value)?)));
    let mut sum = 0_u64;
    let add = |(position, value)| {
        sum = sum.saturating_add(value);
        (position, sum)
    };
    numbers.map(add).collect()
}

/// Whether the sum of a source's counts is what `tweet_engagement` means by the metric. The Engagement API counts organic impressions
/// only, and views of a video in this tweet only (x-api.md section 7); distinct viewers of two hours may be the same.
pub(super) fn adds_up(api: Api, metric: Metric) -> bool {
    match metric {
        Metric::UniqueVideoViews => false,
        Metric::Impressions | Metric::VideoViews => api != Api::EngagementHistorical,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Step;

    fn day(number: i64) -> Timestamp {
        Timestamp::from_seconds(number * 86_400)
    }

    fn stretch(from: i64, to: i64) -> Stretch {
        Stretch { start: day(from), end: day(to), step: Step::Day }
    }

    fn row(api: Api, from: i64, values: &[Option<u64>]) -> Row {
        let columns = Columns::from([(Metric::Likes, values.to_vec())]);
        Row { api, stretch: stretch(from, from + values.len() as i64), columns, unreadable: 0 }
    }

    #[test]
    fn buckets_outside_or_between_are_none() {
        let likes = |value| vec![(Metric::Likes, value)];
        let hour = day(11) + std::time::Duration::from_secs(3_600);
        let buckets = BTreeMap::from([(day(9), likes(1)), (day(10), likes(2)), (hour, likes(3)), (day(13), likes(4))]);
        let (found, strange) = columns(&stretch(10, 13), &buckets);
        assert_eq!((found, strange), (Columns::from([(Metric::Likes, vec![Some(2), None, None])]), 3));
    }

    #[test]
    fn the_first_source_with_a_number_wins_the_whole_series() {
        let rows = [
            row(Api::EngagementHistorical, 10, &[Some(7), Some(8)]),
            row(Api::Analytics, 12, &[Some(3), None]),
            row(Api::Analytics, 10, &[None, Some(0)]),
        ];
        let both = [Api::Analytics, Api::EngagementHistorical];
        let merged = merge(&stretch(10, 14), &both, &rows);
        assert_eq!(merged[&Metric::Likes], (Api::Analytics, vec![None, Some(0), Some(3), None]));
        let other = merge(&stretch(10, 14), &[both[1], both[0]], &rows);
        assert_eq!(other[&Metric::Likes], (Api::EngagementHistorical, vec![Some(7), Some(8), None, None]));
    }

    #[test]
    fn a_running_total_begins_with_the_birth_and_ends_at_a_gap() {
        let born = day(11) + std::time::Duration::from_secs(7);
        let column = [Some(9), Some(1), Some(0), Some(4), None, Some(5)];
        assert_eq!(running(&stretch(10, 16), born, &column), [(1, 1), (2, 1), (3, 5)]);
        assert_eq!(running(&stretch(10, 16), day(9), &column), []);
        assert!(!adds_up(Api::InsightsHistorical, Metric::UniqueVideoViews) && adds_up(Api::Analytics, Metric::Impressions));
    }
}
