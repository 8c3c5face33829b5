//! Plumbing without policy: the HTTP client towards X and the HTTP listener towards scrapers. It knows nothing about tweets.

mod address;
mod client;
mod listener;
mod stall;

pub use address::{Address, AddressError};
pub use client::{Answer, Client, ClientError, ClientSettings, Method, Request, SendError, SendFault};
pub use listener::{Limits, serve};
