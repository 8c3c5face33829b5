//! When to call X, for which tweets and with which credential. Pure: `now` is an argument, nothing here waits or sends. The collector
//! asks for calls with [`Plan::launch`], makes them, and tells with [`Plan::finish`] how they went. What all this will cost: [`Forecast`].

mod account;
mod adaptive;
#[cfg(test)]
mod adaptive_tests;
mod allowance;
mod arrival;
mod call;
mod culprits;
mod departure;
mod errands;
mod forecast;
mod gates;
#[cfg(test)]
mod gates_tests;
mod history;
mod lane;
mod ledger;
#[cfg(test)]
mod load_tests;
mod memory;
#[cfg(test)]
mod memory_tests;
mod on_demand;
#[cfg(test)]
mod on_demand_tests;
mod periods;
mod plan;
#[cfg(test)]
mod plan_tests;
mod pulse;
mod queue;
mod quota;
mod slot;
#[cfg(test)]
mod sources_tests;
mod succession;
#[cfg(test)]
mod succession_tests;
mod suspects;
mod tiers;
mod timeline;
#[cfg(test)]
mod timeline_tests;
mod tweet;
mod view;
#[cfg(test)]
mod view_tests;
mod walking;

pub use account::{AccountPlan, AccountTerms};
pub use call::{Call, Errand, Outcome, TweetsAsk};
pub use forecast::{Amount, Assumptions, Forecast, Known, Line, Named, Way};
pub use history::Leave;
pub use ledger::{Bill, LedgerTerms};
pub use memory::{AccountMemory, PaidOn, TweetMemory};
pub use plan::{Plan, Trigger};
pub use slot::SourceTerms;
pub use tiers::Ladder;
pub use timeline::Discovery;
pub use view::{AccountView, Money, NextRead, Pause, PauseCause, TimelineView, WindowView};
