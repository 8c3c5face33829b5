//! The flags. Names follow Prometheus' own programs.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand};

use crate::app::{LogFormat, LogLevel};
use crate::commands::{backfill, check, demo, login, plan, serve, simulator};
use crate::model::Shard;
use crate::net::Address;
use crate::self_metrics::{REVISION, RUST_VERSION, VERSION};

/// Prometheus exporter for engagement on X (Twitter).
///
/// Reads a watch list of tweets from X's APIs and serves their numbers as gauges. Without a command it serves.
#[derive(Debug, Parser)]
#[command(name = "tweet_exporter", disable_help_subcommand = true)]
pub struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    serve: serve::ServeArgs,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Flags that every command knows.
#[derive(Clone, Debug, Args)]
pub(super) struct Common {
    /// Configuration file
    #[arg(long = "config.file", global = true, value_name = "FILE", default_value = "tweet_exporter.yml")]
    pub(super) config_file: PathBuf,
    /// Folder for what must survive a restart: readings, books, rate limits, what was found; one exporter a folder
    #[arg(long = "state.path", global = true, value_name = "DIR", default_value = "./tweet_exporter-state")]
    pub(super) state_path: PathBuf,
    /// Least severe lines to log
    #[arg(long = "log.level", global = true, value_enum, default_value = "info")]
    pub(super) log_level: LogLevel,
    /// Format of the log
    #[arg(long = "log.format", global = true, value_enum, default_value = "logfmt")]
    pub(super) log_format: LogFormat,
}

/// The flag of all commands that look at a watch list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Args)]
pub(super) struct ShardArg {
    /// Read only this part of the watch list, the I-th (from 0) of N, with its part of every budget and rate limit; see docs/sharding.md
    /// [default: 0/1]
    #[arg(long, value_name = "I/N", value_parser = shard)]
    shard: Option<Shard>,
}

impl ShardArg {
    /// The later flag holds.
    pub(super) fn or(self, other: Self) -> Self {
        Self { shard: self.shard.or(other.shard) }
    }

    /// The part; the whole where nobody says otherwise.
    pub(super) fn shard(self) -> Shard {
        self.shard.unwrap_or(Shard::WHOLE)
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Read tweets and serve their numbers (the default)
    Serve(serve::ServeArgs),
    /// Load the configuration and the watch list, start nothing; print all errors, or what would be watched
    Check(check::CheckArgs),
    /// Forecast requests, reads and US dollars of 30 days for this configuration; asks nobody and starts nothing
    Plan(plan::PlanArgs),
    /// Allow the app to read for an account (OAuth 2.0, in the browser) and keep the tokens in its token file
    Login(login::LoginArgs),
    /// Buy the past of an account's tweets by hours or days, and write it as OpenMetrics for promtool
    Backfill(backfill::BackfillArgs),
    /// Run a small fake X API for tests and trials
    Simulator(simulator::SimulatorArgs),
    /// Run simulator and exporter in one process: no X account and no file needed
    Demo(demo::DemoArgs),
}

/// The command line for those who describe it: help, completions, documents.
pub fn command() -> clap::Command {
    let version = format!("{VERSION} (revision {REVISION}, {RUST_VERSION})");
    Cli::command().version(version)
}

impl Cli {
    /// Reads the arguments, the program's name first.
    pub fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let matches = command().try_get_matches_from(arguments)?;
        let cli = <Self as clap::FromArgMatches>::from_arg_matches(&matches)?;
        let serves = matches!(cli.command, None | Some(Command::Serve(_)));
        if !serves && cli.serve != serve::ServeArgs::default() {
            let why = "flags of `serve` stand before another command; put the flags of a command behind it";
            return Err(command().error(clap::error::ErrorKind::ArgumentConflict, why));
        }
        Ok(cli)
    }

    /// Carries out the command.
    pub async fn run(self) -> ExitCode {
        match self.command {
            None => serve::run(&self.common, self.serve).await,
            Some(Command::Serve(args)) => serve::run(&self.common, self.serve.with(args)).await,
            Some(Command::Check(args)) => check::run(&self.common, &args),
            Some(Command::Plan(args)) => plan::run(&self.common, &args),
            Some(Command::Login(args)) => login::run(&self.common, args).await,
            Some(Command::Backfill(args)) => backfill::run(&self.common, args).await,
            Some(Command::Simulator(args)) => simulator::run(&self.common, args).await,
            Some(Command::Demo(args)) => demo::run(&self.common, args).await,
        }
    }
}

/// Reads a listen address such as `:10280`.
pub(super) fn address(text: &str) -> Result<Address, String> {
    text.parse::<Address>().map_err(|error| error.to_string())
}

/// Reads a shard such as `0/4`.
fn shard(text: &str) -> Result<Shard, String> {
    text.parse::<Shard>().map_err(|error| error.to_string())
}
