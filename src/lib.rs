//! Prometheus exporter for engagement on X (Twitter). The rooms and who may import whom: `ARCHITECTURE.md`.

pub mod collector;
pub mod config;
pub mod exposition;
pub mod model;
pub mod net;
pub mod self_metrics;
pub mod server;
