//! Behaviour, tested through the outside.

mod documents;
mod house;
mod openmetrics;
mod self_metrics_sample;
mod server;
