//! Behaviour, tested through the outside.

mod config;
mod documents;
mod house;
mod openmetrics;
mod self_metrics_sample;
mod server;
mod watchlist;
