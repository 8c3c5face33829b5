//! X's systems, a file each: what to ask, how the answer reads, what a refusal means. Every call goes through one function,
//! `Session::get`; nothing here waits, repeats or decides when to call, except for the one repetition that promise 9 names.

mod error;
mod limits;
mod lookup;
mod number;
mod problem;
mod session;
mod users;

pub use error::ApiError;
pub use lookup::Lookup;
pub use session::{Answered, Session, SessionSettings};
pub use users::who_am_i;
