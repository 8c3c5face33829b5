//! A family whose series stay in the order of their labels. `prometheus_client`'s own `Family` writes them in hash order, which
//! differs from run to run.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::encoding::{EncodeLabel, EncodeLabelSet, EncodeMetric, LabelSetEncoder, MetricEncoder};
use prometheus_client::metrics::{MetricType, TypedMetric};

/// Series of one kind by the values of their `N` labels; clones share them.
#[derive(Debug)]
pub(super) struct Table<const N: usize, M> {
    names: [&'static str; N],
    fresh: fn() -> M,
    rows: Arc<Mutex<BTreeMap<[String; N], M>>>,
}

impl<const N: usize, M: Clone> Table<N, M> {
    /// An empty family; `fresh` makes a series that starts.
    pub(super) fn new(names: [&'static str; N], fresh: fn() -> M) -> Self {
        Self { names, fresh, rows: Arc::default() }
    }

    /// The series with these label values; it starts if there is none.
    pub(super) fn at(&self, values: [&str; N]) -> M {
        self.with(|rows| rows.entry(values.map(str::to_owned)).or_insert_with(self.fresh).clone())
    }

    /// Drops the series with these label values.
    pub(super) fn remove(&self, values: [&str; N]) {
        self.with(|rows| rows.remove(&values.map(str::to_owned)));
    }

    /// Drops every series whose first label has this value.
    pub(super) fn remove_first(&self, value: &str) {
        self.with(|rows| rows.retain(|values, _| values.first().is_none_or(|first| first != value)));
    }

    /// Keeps the series that fit.
    pub(super) fn retain(&self, fits: impl Fn(&[String; N]) -> bool) {
        self.with(|rows| rows.retain(|values, _| fits(values)));
    }

    /// The series with these label values, if there is one.
    pub(super) fn known(&self, values: [&str; N]) -> Option<M> {
        self.with(|rows| rows.get(&values.map(str::to_owned)).cloned())
    }

    /// Whether there is such a series.
    pub(super) fn has(&self, values: [&str; N]) -> bool {
        self.with(|rows| rows.contains_key(&values.map(str::to_owned)))
    }

    /// Numbers cannot be left half changed, so a panic elsewhere does not spoil them.
    fn with<R>(&self, work: impl FnOnce(&mut BTreeMap<[String; N], M>) -> R) -> R {
        work(&mut self.rows.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<const N: usize, M> Clone for Table<N, M> {
    fn clone(&self) -> Self {
        Self { names: self.names, fresh: self.fresh, rows: self.rows.clone() }
    }
}

impl<const N: usize, M: Clone + EncodeMetric + TypedMetric> EncodeMetric for Table<N, M> {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        self.with(|rows| {
            if let (0, Some(row)) = (N, rows.values().next()) {
                // Without labels there are no braces.
                return row.encode(encoder);
            }
            rows.iter().try_for_each(|(values, row)| row.encode(encoder.encode_family(&Labels { names: &self.names, values })?))
        })
    }

    fn metric_type(&self) -> MetricType {
        M::TYPE
    }

    fn is_empty(&self) -> bool {
        self.with(|rows| rows.is_empty())
    }
}

struct Labels<'a> {
    names: &'a [&'static str],
    values: &'a [String],
}

impl EncodeLabelSet for Labels<'_> {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> fmt::Result {
        self.names.iter().zip(self.values).try_for_each(|(name, value)| (*name, value.as_str()).encode(encoder.encode_label()))
    }
}
