//! Wiring only: from a checked configuration to a running exporter.

mod logging;
mod signals;
mod watch_files;
mod wiring;

pub use logging::{LogFormat, LogLevel, start_logging};
pub use signals::until_told_to_stop;
pub use wiring::{App, AppError, check_reach};
