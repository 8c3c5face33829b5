//! The standard `process_…` metrics, read from the system when the page is written.

use std::fmt;

use metrics_process::collector::collect;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

/// This process.
#[derive(Debug)]
pub(super) struct Process;

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let now = collect();
        if let Some(seconds) = now.cpu_seconds_total {
            let help = "Total user and system CPU time spent in seconds.";
            let descriptor = encoder.encode_descriptor("process_cpu_seconds", help, None, MetricType::Counter)?;
            ConstCounter::new(seconds).encode(descriptor)?;
        }
        for (name, help, value) in [
            ("process_open_fds", "Number of open file descriptors.", now.open_fds),
            ("process_max_fds", "Maximum number of open file descriptors.", now.max_fds),
            ("process_virtual_memory_bytes", "Virtual memory size in bytes.", now.virtual_memory_bytes),
            (
                "process_virtual_memory_max_bytes",
                "Maximum amount of virtual memory available in bytes.",
                now.virtual_memory_max_bytes,
            ),
            ("process_resident_memory_bytes", "Resident memory size in bytes.", now.resident_memory_bytes),
            ("process_start_time_seconds", "Start time of the process since unix epoch in seconds.", now.start_time_seconds),
            ("process_threads", "Number of OS threads in the process.", now.threads),
        ] {
            if let Some(value) = value {
                ConstGauge::new(value).encode(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?)?;
            }
        }
        Ok(())
    }
}
