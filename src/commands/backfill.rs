//! `tweet_exporter backfill`: history as OpenMetrics for promtool.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime};

use clap::{Args, ValueEnum};
use tokio_util::sync::CancellationToken;

use crate::app::{AppError, account_key, open_history, start_logging, until_told_to_stop};
use crate::backfill::{self, BackfillError, Job, Progress, Report};
use crate::commands::cli::{Common, ShardArg};
use crate::commands::{check, fail, say};
use crate::config::{Account, Config};
use crate::model::{Shard, Step, Stretch, Timestamp};
use crate::watchlist;
use crate::x_api::PastOf;

/// Flags of `backfill`.
#[derive(Clone, Debug, Args)]
pub(super) struct BackfillArgs {
    /// Name of the account in the configuration
    #[arg(long, value_name = "NAME")]
    account: String,
    /// From when on, RFC 3339, such as 2026-01-01T00:00:00Z
    #[arg(long, value_name = "TIME", value_parser = moment)]
    start: Timestamp,
    /// Until when; only hours or days that are over by then are read
    #[arg(long, value_name = "TIME", value_parser = moment)]
    end: Timestamp,
    /// Length of a bucket, by the UTC clock
    #[arg(long, value_enum, default_value = "day")]
    step: StepArg,
    /// Where the history goes; until it is complete there is only FILE.part, from which the same command goes on
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Running totals as tweet_engagement besides, of tweets that were born inside the span
    #[arg(long)]
    lifetime: bool,
    /// Replace the output if it is there already
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    shard: ShardArg,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum StepArg {
    Hour,
    Day,
}

fn moment(text: &str) -> Result<Timestamp, String> {
    text.parse::<Timestamp>().map_err(|error| format!("{error}; write RFC 3339 such as 2026-01-01T00:00:00Z"))
}

pub(super) async fn run(common: &Common, args: BackfillArgs) -> ExitCode {
    start_logging(common.log_level, common.log_format);
    let stop = CancellationToken::new();
    if let Err(error) = until_told_to_stop(stop.clone()) {
        return fail(1, &format!("cannot listen to signals: {error}"));
    }
    tokio::select! {
        ended = carry_out(common, &args) => match ended {
            Ok(report) => {
                let recent = reaches_into_the_head(args.end, Timestamp::from(SystemTime::now()));
                report.warnings.iter().chain(&recent).for_each(|warning| eprintln!("warning: {warning}"));
                say(&describe(&args, &report));
                ExitCode::SUCCESS
            }
            Err(BackfillError::Wrong(why)) => fail(2, &why),
            Err(BackfillError::Failed(why)) => fail(1, &why),
        },
        () = stop.cancelled() => fail(1, "stopped; what was bought is kept: the same command goes on where this one stopped"),
    }
}

async fn carry_out(common: &Common, args: &BackfillArgs) -> Result<Report, BackfillError> {
    let wrong = BackfillError::Wrong;
    let stretch = stretch(args, Timestamp::from(SystemTime::now())).map_err(wrong)?;
    check_output(args).map_err(wrong)?;
    let loaded = check::load(common, args.shard).map_err(wrong)?;
    let watchlist = watchlist::load(&loaded.config).map_err(|errors| wrong(format!("bad watch list\n{errors}")))?;
    let position = find(&loaded.config, &args.account).map_err(wrong)?;
    let account = &loaded.config.accounts[position];
    let sources = sources(account).map_err(wrong)?;
    let mut desk = open_history(&loaded, &watchlist, position, &common.state_path).map_err(|error| match error {
        AppError::State(_) | AppError::TokenFile(_) => BackfillError::Failed(format!(
            "{error}; a backfill buys from the same books as the server: stop the server until it is done, or ask for the history of \
             another account from its own folder"
        )),
        error => wrong(error.to_string()),
    })?;
    let job = Job {
        account: account.name.clone(),
        key: key(&loaded.config, account),
        stretch,
        sources,
        lifetime: args.lifetime,
        output: args.output.clone(),
    };
    let mut teller = Teller::new();
    let ended = backfill::run(&job, &mut desk, &mut |progress| teller.say(progress)).await;
    teller.end();
    ended
}

/// What makes two histories the same, besides their span.
fn key(config: &Config, account: &Account) -> String {
    let shard = if config.shard == Shard::WHOLE { String::new() } else { format!(" shard {}", config.shard) };
    format!("{}{shard}", account_key(config, account))
}

/// The whole buckets of the span.
fn stretch(args: &BackfillArgs, now: Timestamp) -> Result<Stretch, String> {
    // X's posts have ids with times, and numbers, from then on (x-api.md section 6).
    const FIRST: &str = "2010-11-06T00:00:00Z";
    let BackfillArgs { start, end, .. } = *args;
    let step = match args.step {
        StepArg::Hour => Step::Hour,
        StepArg::Day => Step::Day,
    };
    let first: Timestamp = FIRST.parse().expect("RFC 3339");
    if start >= end {
        return Err(format!("--start={start} is not before --end={end}; turn them round"));
    }
    if end > now {
        return Err(format!("--end={end} lies in the future; write {} or earlier", step.floor(now)));
    }
    if start < first {
        return Err(format!("--start={start} is before X's first numbers; write {FIRST} or later"));
    }
    let whole = Stretch { start: step.ceil(start), end: step.floor(end), step };
    if whole.start >= whole.end {
        let name = step.name();
        return Err(format!("between --start={start} and --end={end} there is no whole {name} of the UTC clock; widen the span"));
    }
    Ok(whole)
}

fn check_output(args: &BackfillArgs) -> Result<(), String> {
    let path = args.output.display();
    if args.output.is_dir() {
        return Err(format!("--output={path} is a folder; name a file"));
    }
    if args.output.symlink_metadata().is_ok() && !args.force {
        return Err(format!("--output={path} is there already; name another file, or add --force to replace it"));
    }
    Ok(())
}

fn find(config: &Config, name: &str) -> Result<usize, String> {
    let all = config.accounts.iter().map(|account| account.name.as_str()).collect::<Vec<_>>().join(", ");
    let found = config.accounts.iter().position(|account| account.name == name);
    found.ok_or_else(|| format!("there is no account {name}; the accounts are {all}"))
}

/// The sources that know the past, each system once: two windows of one system have the same past.
fn sources(account: &Account) -> Result<Vec<(usize, PastOf)>, String> {
    let mut sources: Vec<(usize, PastOf)> = Vec::new();
    for (position, source) in account.reads().iter().enumerate() {
        let past = PastOf::new(&source.kind);
        let is_new = |past: &PastOf| sources.iter().all(|(_, known)| known.api() != past.api());
        if let Some(past) = past.filter(is_new) {
            sources.push((position, past));
        }
    }
    let name = &account.name;
    let others: Vec<&str> = account.sources.iter().map(|source| source.kind.api().name()).collect();
    let advice = "add analytics, insights_historical or engagement_historical";
    match sources.is_empty() {
        true => Err(format!("no source of the account {name} has a history ({}); {advice}", others.join(", "))),
        false => Ok(sources),
    }
}

/// Prometheus still writes to the block of the last hours: blocks from elsewhere must not reach into it.
fn reaches_into_the_head(end: Timestamp, now: Timestamp) -> Option<String> {
    const HEAD: Duration = Duration::from_secs(3 * 3_600);
    let safe = end + HEAD;
    (safe > now).then(|| format!("the history ends less than three hours ago; give it to a running Prometheus after {safe}"))
}

fn describe(args: &BackfillArgs, report: &Report) -> String {
    let Report { series, samples, .. } = report;
    // Without a length promtool makes blocks of two hours, and reads the whole file for each.
    format!(
        "{path}: {samples} numbers in {series} series, with {requests}\n  to load it: promtool tsdb create-blocks-from \
         openmetrics --max-block-duration=720h {path} <data folder of Prometheus>\n",
        path = args.output.display(),
        requests = check::counted(report.requests as usize, "request"),
    )
}

/// Tells how far it is: on a terminal in one line that changes, else in the log now and then.
struct Teller {
    is_terminal: bool,
    told: Option<Instant>,
    wrote: bool,
}

impl Teller {
    fn new() -> Self {
        Self { is_terminal: std::io::stderr().is_terminal(), told: None, wrote: false }
    }

    fn say(&mut self, progress: &Progress) {
        let Progress { requests, left, waits_until } = progress;
        if self.is_terminal {
            let waits = waits_until.map(|until| format!(", waiting until {until}")).unwrap_or_default();
            // Goes to the line's start and clears what was longer.
            eprint!("\r{requests} requests made, {left} to come{waits}\u{1b}[K");
            let _ = std::io::stderr().flush();
            self.wrote = true;
            return;
        }
        const PACE: Duration = Duration::from_secs(30);
        if self.told.is_some_and(|told| told.elapsed() < PACE) {
            return;
        }
        self.told = Some(Instant::now());
        match waits_until {
            Some(until) => tracing::info!(requests, left, %until, "backfill waits for X"),
            None => tracing::info!(requests, left, "backfill goes on"),
        }
    }

    fn end(&self) {
        if self.wrote {
            eprintln!();
        }
    }
}
