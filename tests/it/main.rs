//! Behaviour, tested through the outside.

mod config;
mod documents;
mod faults;
mod harness;
mod house;
mod lookup;
mod modes;
mod openmetrics;
mod program;
mod self_metrics_sample;
mod server;
mod watchlist;
