//! Plumbing without policy: the HTTP client towards X and the HTTP listener towards scrapers. It knows nothing about tweets.

mod address;
mod answering;
mod client;
mod connection;
mod http2;
mod limits;
mod listener;
mod patience;
mod seats;
mod serve;
mod socket_file;
mod stall;
mod stream;

pub use address::{Address, AddressError};
pub use client::{Answer, Client, ClientError, ClientSettings, Method, Request, SendError, SendFault};
pub use limits::Limits;
pub use listener::Listener;
pub use serve::serve;
pub use stream::Peer;
