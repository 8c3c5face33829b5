//! Prometheus exporter for engagement on X (Twitter). The rooms and who may import whom: `ARCHITECTURE.md`.

pub mod app;
pub mod auth;
pub mod backfill;
pub mod collector;
pub mod commands;
pub mod config;
pub mod door;
pub mod exposition;
pub mod model;
pub mod net;
pub mod schedule;
pub mod self_metrics;
pub mod server;
pub mod simulator;
pub mod state;
pub mod store;
pub mod watchlist;
pub mod x_api;
