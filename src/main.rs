//! The program. Everything it can do is in `commands`.

use std::process::ExitCode;

fn main() -> ExitCode {
    tweet_exporter::commands::run()
}
