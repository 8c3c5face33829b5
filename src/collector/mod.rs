//! The one owner of plan and store: it calls X when the plan says so and publishes finished pages.

mod handle;

pub use handle::{AccountSummary, Ask, Handle, Snapshot};
