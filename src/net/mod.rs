//! Plumbing without policy: the HTTP client towards X and the HTTP listener towards scrapers.

mod client;

pub use client::{Answer, Client, ClientError, ClientSettings, Method, Request, SendError, SendFault};
