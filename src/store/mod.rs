//! What is known of each watched tweet right now: the last true numbers, where they came from and when. It knows no X and no page.

mod account;
mod numbers;
mod record;

pub use account::{AccountStore, Mention, Watched};
pub use numbers::Number;
pub use record::{Part, RecordMemory, TweetRecord};
