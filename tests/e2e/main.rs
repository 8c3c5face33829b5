//! Runs with the real Prometheus.
fn main() {}
