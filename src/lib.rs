//! Prometheus exporter for engagement on X (Twitter). The rooms and who may import whom: `ARCHITECTURE.md`.

pub mod collector;
pub mod config;
pub mod exposition;
pub mod model;
pub mod watchlist;
