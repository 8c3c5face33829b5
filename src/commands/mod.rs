//! The command line: what the program can do, and how each ends.

mod backfill;
mod browser;
mod check;
mod cli;
mod demo;
mod login;
mod owned_price;
mod plan;
mod redirect;
mod serve;
mod simulator;

use std::io::Write;
use std::num::NonZero;
use std::process::ExitCode;
use std::thread::available_parallelism;

pub use cli::{Cli, command};

use crate::app::report_panics;

/// Sending a finished page and reading an answer take little; a large machine would only give memory to threads that wait.
const MOST_THREADS: usize = 4;

/// Runs the program with the process's arguments. Exit codes: 0 fine, 1 failed, 2 wrong use or bad configuration.
pub fn run() -> ExitCode {
    report_panics();
    let cli = match Cli::read(std::env::args_os()) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let processors = available_parallelism().map_or(1, NonZero::get);
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = match builder.worker_threads(processors.min(MOST_THREADS)).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(1, &format!("cannot start: {error}")),
    };
    let code = runtime.block_on(cli.run());
    runtime.shutdown_background();
    code
}

/// Prints to standard output. Whether somebody could read it: the other end of a pipe may be gone, a disk full.
fn say(text: &str) -> bool {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_ok()
}

/// Says why, and ends with this code.
fn fail(code: u8, why: &str) -> ExitCode {
    eprintln!("tweet_exporter: {why}");
    ExitCode::from(code)
}
