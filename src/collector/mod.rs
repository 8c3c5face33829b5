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
mod status;
mod task;
mod tidings;

pub use assembly::{AccountParts, Blueprint};
pub use desk::{Desk, named};
pub use handle::{Handle, Order, Publisher, ReloadAsk, Snapshot, Waiting};
pub use health::{Health, Trouble};
pub use history::{Forgetful, HistoryDesk};
pub use memory::{Memory, known};
pub use probe::{Probe, Probed, Targets};
pub use reload::Reload;
pub use status::{
    ACCOUNTS_A_PAGE, AccountStatus, CredentialStatus, SHOWN, Status, StatusAsk, TWEETS_A_PAGE, TWEETS_AT_A_GLANCE, TweetStatus,
};
pub use task::{Collector, CollectorParts};

// Who shows a status need not know who plans.
pub use crate::config::Budget;
pub use crate::schedule::{AccountView, Discovery, Money, NextRead, Pause, PauseCause, TimelineView, WindowView};
