//! A counter of US dollars. They are added up in billionths, as the ledger does: a sum of small prices is the sum, to the last digit.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::encoding::{EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::{MetricType, TypedMetric};

/// What was spent; clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Dollars(Arc<AtomicU64>);

const NANOS: f64 = 1e9;

impl Dollars {
    /// So many more. A counter that falls would be read as a restart: what is less than nothing, or no number, counts as nothing.
    pub(super) fn add(&self, usd: f64) {
        if usd.is_finite() && usd > 0.0 {
            // The cast saturates.
            self.0.fetch_add((usd * NANOS).round() as u64, Ordering::Relaxed);
        }
    }
}

impl TypedMetric for Dollars {
    const TYPE: MetricType = MetricType::Counter;
}

impl EncodeMetric for Dollars {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        let usd = self.0.load(Ordering::Relaxed) as f64 / NANOS;
        encoder.encode_counter::<NoLabelSet, f64, f64>(&usd, None)
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }
}
