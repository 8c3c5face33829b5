//! Numbers of the Engagement API by day, or by day and hour: levels of objects, keyed by UTC days and two-digit hours.

use std::collections::BTreeMap;

use crate::model::{self, Step, Timestamp};
use crate::x_api::answer::{Counts, Object, Scan};
use crate::x_api::engagement::types;

/// The buckets of one tweet, by their start, from the object of its types. A bucket that cannot be read is counted and left out.
pub(super) fn read(scan: &mut Scan, by_type: &Object<'_>, step: Step) -> BTreeMap<Timestamp, model::Counts> {
    let mut buckets: BTreeMap<Timestamp, model::Counts> = BTreeMap::new();
    for (key, raw) in by_type {
        let Some((_, metric)) = types::TYPES.iter().find(|(name, _)| **name == **key) else {
            scan.unknown_fields += 1;
            continue;
        };
        for (day, raw) in scan.object(raw).unwrap_or_default() {
            let leaves = match step {
                Step::Day => vec![(start(&day, "00"), raw)],
                Step::Hour => {
                    let hours = scan.object(raw).unwrap_or_default();
                    hours.into_iter().map(|(hour, raw)| (start(&day, &hour), raw)).collect()
                }
            };
            for (start, raw) in leaves {
                match (start, scan.count(raw)) {
                    (Some(start), Some(value)) => buckets.entry(start).or_default().push((*metric, value)),
                    (None, Some(_)) => scan.bad_values += 1,
                    (_, None) => {}
                }
            }
        }
    }
    buckets
}

fn start(day: &str, hour: &str) -> Option<Timestamp> {
    format!("{day}T{hour}:00:00Z").parse().ok()
}

/// What the buckets add up to.
pub(super) fn sums(buckets: &BTreeMap<Timestamp, model::Counts>) -> Counts {
    let mut sums = Counts::new();
    for (metric, value) in buckets.values().flatten() {
        let sum = sums.entry(*metric).or_default();
        *sum = sum.saturating_add(*value);
    }
    sums
}
