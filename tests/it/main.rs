//! Behaviour, tested through the outside.

mod config;
mod watchlist;
