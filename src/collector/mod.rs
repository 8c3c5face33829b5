//! The one owner of plan and store: it makes the calls that the plan wants, takes in the answers and publishes finished pages. No
//! lock, no shared state: scrapes see only what is published.

mod desk;
mod handle;
mod health;
mod task;

pub use desk::Desk;
pub use handle::{AccountSummary, Ask, Handle, Order, Snapshot};
pub use health::Health;
pub use task::{Collector, CollectorParts};
