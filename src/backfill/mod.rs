//! `tweet_exporter backfill`: the past by hours or days, bought once, kept in a journal until it is whole, written as OpenMetrics with
//! timestamps. Its one rule: what has its final name is complete.

mod error;
mod journal;
mod output;
mod pieces;
mod run;
mod series;
mod warnings;

pub use error::BackfillError;
pub use run::{Job, Progress, Report, run};
