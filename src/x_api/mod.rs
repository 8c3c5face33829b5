//! X's systems, a file or folder each: what to ask, how the answer reads, what a refusal means. Every call goes through one function,
//! `Session::send`; nothing here waits, repeats or decides when to call, except that a request which X wants in another form is sent
//! once more in that form (promise 9; `forms`), as is one whose refused token was renewed.

mod analytics;
mod answer;
mod backend;
mod engagement;
mod error;
mod fields;
mod forms;
mod groups;
mod history;
#[cfg(test)]
mod history_tests;
mod insights;
mod labs;
mod limits;
mod lookup;
#[cfg(test)]
mod mangled;
mod media;
mod number;
mod parts;
mod problem;
mod session;
#[cfg(test)]
mod stub;
mod timeline;
mod tweets;
mod usage;
mod users;
mod verdict;

pub use backend::{Backend, Batch};
pub use error::ApiError;
pub use history::PastOf;
pub use lookup::decode_lookup;
pub use session::{Answered, Session, SessionSettings};
pub use timeline::Timeline;
pub use usage::project_usage;
pub use users::{find_user, who_am_i};
