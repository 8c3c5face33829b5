//! The envelope of both analytics. Its `data` has been documented as a list, as one object and as an object around a list, the numbers
//! in buckets of time and flat beside them (x-api.md section 8, contradictions 1 and 11): all are read.

use std::collections::{BTreeMap, HashSet};
use std::str::FromStr;

use crate::model::{Metric, Timestamp};
use crate::x_api::answer::{self, Object, Scan, Series, Sums, given};
use crate::x_api::error::ApiError;
use crate::x_api::problem;

/// What was found of each tweet or medium: sums, or a series of them.
pub(super) struct Found<'a, K, V = Sums> {
    pub(super) sums: BTreeMap<K, V>,
    pub(super) scan: Scan,
    /// Something in `data` is no item.
    pub(super) broken: bool,
    /// The whole answer.
    pub(super) body: Object<'a>,
}

/// How an item names itself, and the names of its numbers.
pub(super) struct Names {
    pub(super) key: &'static str,
    pub(super) table: &'static [(&'static str, Metric)],
}

/// Reads the body of a 200.
pub(super) fn read<'a, K: FromStr + Ord>(bytes: &'a [u8], names: &Names) -> Result<Found<'a, K>, ApiError> {
    walk(bytes, names, |scan, item, sums: &mut Sums| sums.merge(numbers(scan, item, names)))
}

/// The same, each bucket for itself. Numbers beside a name are of no bucket, unless a time stands there, too.
pub(super) fn series<'a, K: FromStr + Ord>(bytes: &'a [u8], names: &Names) -> Result<Found<'a, K, Series>, ApiError> {
    walk(bytes, names, |scan, item, series| buckets(scan, item, names, series))
}

fn walk<'a, K: FromStr + Ord, V: Default>(
    bytes: &'a [u8],
    names: &Names,
    take: impl Fn(&mut Scan, &Object<'a>, &mut V),
) -> Result<Found<'a, K, V>, ApiError> {
    let body = answer::body(bytes)?;
    let mut found = Found { sums: BTreeMap::new(), scan: Scan::default(), broken: false, body };
    let Some(items) = items(&mut found.scan, &found.body) else {
        return Err(ApiError::malformed("the answer has no data and no list of errors"));
    };
    // Items of one id differ by their timestamp, or they are the same.
    let mut seen = HashSet::new();
    for item in items.iter() {
        let key = item.as_ref().and_then(|item| Some((found.scan.word::<K>(item, names.key)?, item)));
        let Some((key, item)) = key else {
            found.broken = true;
            continue;
        };
        let name = item.get(names.key).map(|raw| raw.get());
        if !seen.insert((name, given(item, "timestamp").map(|raw| raw.get()))) {
            continue;
        }
        take(&mut found.scan, item, found.sums.entry(key).or_default());
    }
    Ok(found)
}

impl<K, V> Found<'_, K, V> {
    /// An answer that names nobody, neither in its data nor in its errors, and is no empty list either: it is said of the request.
    pub(super) fn refuse_nameless(&self, bytes: &[u8], now: Timestamp, nobody: bool, broken: bool) -> Result<(), ApiError> {
        if self.sums.is_empty() && nobody && (broken || self.broken || given(&self.body, "data").is_none()) {
            Err(problem::in_a_200(bytes, now))
        } else {
            Ok(())
        }
    }
}

/// The items of `data`; `None` in the place of one that is no object. Nothing if the answer has neither data nor errors.
fn items<'a>(scan: &mut Scan, body: &Object<'a>) -> Option<Vec<Option<Object<'a>>>> {
    let Some(data) = given(body, "data") else {
        return answer::is_list(body, "errors").then(Vec::new);
    };
    if data.get().starts_with('[') {
        let list = scan.list(Some(data));
        return Some(list.into_iter().map(|raw| scan.object(raw)).collect());
    }
    let object = data.get().starts_with('{').then(|| scan.object(data)).flatten()?;
    match object.get("data") {
        None => Some(vec![Some(object)]),
        Some(inner) if inner.get().starts_with('[') => {
            let list = scan.list(Some(inner));
            Some(list.into_iter().map(|raw| scan.object(raw)).collect())
        }
        Some(inner) => inner.get().starts_with('{').then(|| vec![scan.object(inner)]),
    }
}

/// The numbers of an item: those beside its name first, for they are of the whole range; what is missing there is the sum of the buckets.
fn numbers(scan: &mut Scan, item: &Object<'_>, names: &Names) -> Sums {
    let mut flat = Sums::default();
    let beside = [names.key, "timestamp", "timestamped_metrics"];
    add(scan, &mut flat, item, names, &beside);
    let mut buckets = Sums::default();
    for raw in scan.list(given(item, "timestamped_metrics")) {
        let Some(bucket) = scan.object(raw) else { continue };
        let metrics = scan.inner(&bucket, "metrics");
        add(scan, &mut buckets, &metrics, names, &[]);
    }
    flat.fill(buckets);
    flat
}

fn buckets(scan: &mut Scan, item: &Object<'_>, names: &Names, series: &mut Series) {
    if let Some(start) = given(item, "timestamp").and_then(|_| scan.word::<Timestamp>(item, "timestamp")) {
        let mut sums = Sums::default();
        add(scan, &mut sums, item, names, &[names.key, "timestamp", "timestamped_metrics"]);
        series.take(start, sums);
    }
    for raw in scan.list(given(item, "timestamped_metrics")) {
        let Some(bucket) = scan.object(raw) else { continue };
        let metrics = scan.inner(&bucket, "metrics");
        let mut sums = Sums::default();
        add(scan, &mut sums, &metrics, names, &[]);
        // Numbers of no time are worth nothing here.
        match scan.word::<Timestamp>(&bucket, "timestamp") {
            Some(start) => series.take(start, sums),
            None => scan.bad_values += u64::from(!metrics.is_empty()),
        }
    }
}

fn add(scan: &mut Scan, sums: &mut Sums, object: &Object<'_>, names: &Names, beside: &[&str]) {
    for (key, raw) in object.iter().filter(|(key, _)| !beside.contains(&&***key)) {
        match names.table.iter().find(|(name, _)| **name == **key) {
            Some((_, metric)) => sums.add(*metric, raw, scan),
            None => scan.unknown_fields += 1,
        }
    }
}
