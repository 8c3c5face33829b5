//! The one owner of plan and store: it makes the calls that the plan wants, takes in the answers and publishes finished pages. No
//! lock, no shared state: scrapes see only what is published.

mod desk;
mod handle;
mod health;
mod memory;
mod task;

pub use desk::Desk;
pub use handle::{AccountSummary, Handle, Order, Snapshot, Waiting};
pub use health::Health;
pub use memory::{Memory, Readings, known, recall};
pub use task::{Collector, CollectorParts};
