//! Behaviour, tested through the outside.

mod openmetrics;
mod server;
