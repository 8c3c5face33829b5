//! When to call X, for which tweets and with which credential. Pure: `now` is an argument, nothing here waits or sends. The collector
//! asks for calls with [`Plan::launch`], makes them, and tells with [`Plan::finish`] how they went.

mod account;
mod arrival;
mod call;
mod departure;
mod gates;
mod lane;
mod ledger;
mod plan;
#[cfg(test)]
mod plan_tests;
mod suspects;
mod tiers;
mod tweet;

pub use account::{AccountPlan, AccountTerms, LookupTerms};
pub use call::{Call, Errand, Outcome};
pub use ledger::{Bill, LedgerTerms};
pub use plan::{Plan, Trigger};
pub use tiers::Ladder;
