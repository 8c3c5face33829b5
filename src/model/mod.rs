//! The words of the domain: tweets, metrics, samples, states, moments. Pure: no I/O, no clock, no async; every other room imports
//! this one and this one imports none.

mod api;
mod ask;
mod duration;
mod failure;
mod family;
mod history;
mod media;
mod metric;
mod reading;
mod roll;
mod room;
mod shard;
mod state;
mod timeline;
mod timestamp;
mod tweet_id;
mod tweet_ref;
mod username;

pub use api::{Api, CredentialKind, Host, PriceClass};
pub use ask::Ask;
pub use duration::{DurationError, format_duration, parse_duration};
pub use failure::{Billed, Failure, RateLimit, RateWindow};
pub use family::{Bucketed, Family};
pub use history::{Counts, History, Step, Stretch};
pub use media::{MediaKey, MediaType};
pub use metric::Metric;
pub use reading::{Context, Reading, Refusal, Sample, Scope, TweetReading};
pub use roll::{OfTweet, Roll};
pub use room::Room;
pub use shard::{Shard, ShardError};
pub use state::TweetState;
pub use timeline::{PageAsk, ProjectUsage, TimelinePage};
pub use timestamp::Timestamp;
pub use tweet_id::{TweetId, TweetIdError};
pub use tweet_ref::{TweetRef, TweetRefError};
pub use username::{Username, UsernameError};
