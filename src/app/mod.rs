//! Wiring only: from a checked configuration to a running exporter.

mod account;
mod assembly;
mod history;
mod logging;
mod reload;
mod secret_files;
mod signals;
mod supervisor;
mod token_files;
mod watch_files;
mod wiring;

pub use account::terms as account_terms;
pub use assembly::{account_key, connect};
pub use history::open_history;
pub use logging::{LogFormat, LogLevel, report_panics, start_logging};
pub use reload::Origin;
pub use signals::until_told_to_stop;
pub use wiring::{App, AppError, check_reach, known_state};
