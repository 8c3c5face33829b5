//! Plumbing without policy: sockets, deadlines, connections. It knows nothing about tweets.

mod address;
mod listener;
mod stall;

pub use address::{Address, AddressError};
pub use listener::{Limits, serve};
