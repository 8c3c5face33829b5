//! The one owner of plan and store: it makes the calls that the plan wants, takes in the answers and publishes finished pages. No
//! lock, no shared state: scrapes see only what is published.

mod assembly;
mod desk;
mod handle;
mod health;
mod history;
mod memory;
mod probe;
mod reload;
mod task;

pub use assembly::{AccountParts, Blueprint};
pub use desk::Desk;
pub use handle::{AccountSummary, Handle, Order, Publisher, ReloadAsk, Snapshot, Waiting};
pub use health::Health;
pub use history::{Forgetful, HistoryDesk};
pub use memory::{Memory, known};
pub use probe::{Probe, Probed, Targets};
pub use reload::Reload;
pub use task::{Collector, CollectorParts};
