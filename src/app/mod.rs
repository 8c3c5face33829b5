//! Wiring only: from a checked configuration to a running exporter.

mod account;
mod logging;
mod signals;
mod supervisor;
mod token_files;
mod watch_files;
mod wiring;

pub use account::terms as account_terms;
pub use logging::{LogFormat, LogLevel, start_logging};
pub use signals::until_told_to_stop;
pub use wiring::{App, AppError, check_reach, connect, known_state};
