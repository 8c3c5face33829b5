//! `tweet_exporter check`: loads everything, starts nothing.

use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::SystemTime;

use clap::Args;

use crate::app::check_reach;
use crate::auth::configured_kinds;
use crate::commands::cli::{Common, ShardArg};
use crate::commands::owned_price::owned_price;
use crate::commands::serve::{both, environment, open_door};
use crate::commands::{fail, say};
use crate::config::{self, Account, Config, Loaded};
use crate::model::{Timestamp, TweetId, format_duration};
use crate::watchlist::{self, Watched, Watchlist};

/// Flags of `check`.
#[derive(Clone, Debug, Args)]
pub(super) struct CheckArgs {
    /// Check this web configuration, too
    #[arg(long = "web.config.file", value_name = "FILE")]
    web_config: Option<PathBuf>,
    #[command(flatten)]
    shard: ShardArg,
}

pub(super) fn run(common: &Common, args: &CheckArgs) -> ExitCode {
    let (whole, (_, door_warnings)) = match both(load(common, ShardArg::default()), open_door(args.web_config.as_deref())) {
        Ok(both) => both,
        Err(errors) => return fail(2, &errors),
    };
    let loaded = whole.clone().for_shard(args.shard.shard());
    let watchlist = match watchlist::load(&loaded.config) {
        Ok(watchlist) => watchlist,
        Err(errors) => return fail(2, &format!("bad watch list\n{errors}")),
    };
    if let Err(error) = check_reach(&loaded.config.api) {
        return fail(2, &error.to_string());
    }
    for warning in warnings(&loaded, &watchlist).into_iter().chain(door_warnings) {
        eprintln!("warning: {warning}");
    }
    let files = [Some(&common.config_file), args.web_config.as_ref()].into_iter().flatten();
    let fine: String = files.map(|file| format!("{} is fine\n", file.display())).collect();
    if say(&(fine + &told(&whole.config, &loaded.config, &watchlist))) {
        ExitCode::SUCCESS
    } else {
        fail(1, "standard output cannot be written")
    }
}

/// What would be watched, account by account.
fn told(whole: &Config, config: &Config, watchlist: &Watchlist) -> String {
    let now = Timestamp::from(SystemTime::now());
    let here = config.accounts.iter().zip(&watchlist.accounts);
    let here = here.map(|(account, watched)| describe(account, watched, config, now));
    let elsewhere = whole.accounts.iter().filter(|account| !is_in(config, &account.name));
    let elsewhere = elsewhere
        .map(|account| format!("account {}: all of it is in shard {}\n", account.name, config.shard.home(&account.name)));
    here.chain(elsewhere).collect()
}

/// Loads the configuration, as far as it is this shard's; the error is every error, ready to be printed.
pub(super) fn load(common: &Common, shard: ShardArg) -> Result<Loaded, String> {
    let loaded = config::load(&common.config_file, &environment);
    loaded
        .map(|loaded| loaded.for_shard(shard.shard()))
        .map_err(|errors| format!("bad configuration\n{}", watchlist::also_check(errors)))
}

fn is_in(config: &Config, account: &str) -> bool {
    config.accounts.iter().any(|other| other.name == account)
}

/// Everything that works but may not be meant.
pub(super) fn warnings(loaded: &Loaded, watchlist: &Watchlist) -> Vec<String> {
    let mut warnings: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    warnings.extend(watchlist.warnings.iter().cloned());
    warnings.extend(loaded.config.accounts.iter().filter_map(shared_token));
    warnings
}

/// A refresh token is good once: two shards that had the same would lock each other out.
fn shared_token(account: &Account) -> Option<String> {
    let client = account.credentials.oauth2.as_ref().filter(|_| !account.shard.is_whole())?;
    let (name, count, file) = (&account.name, account.shard.count(), client.token_file.display());
    Some(format!(
        "{name}: {count} shards read it, and a refresh token is good for one of them; {file} must be a file of its own for each shard, such as \
         one on its own volume, with its own login"
    ))
}

/// So many of these, for people.
pub(super) fn counted(count: usize, name: &str) -> String {
    format!("{count} {name}{}", if count == 1 { "" } else { "s" })
}

/// What would be watched, for people.
fn describe(account: &Account, watched: &[Watched], config: &Config, now: Timestamp) -> String {
    let credentials: Vec<&str> = configured_kinds(&account.credentials).into_iter().map(|kind| kind.name()).collect();
    let sources: Vec<&str> = account.sources.iter().map(|source| source.kind.api().name()).collect();
    let part = if account.shard.is_whole() { String::new() } else { format!(" in shard {}", account.shard) };
    let mut text = format!("account {}: {}{part}\n", account.name, counted(watched.len(), "tweet"));
    let add = |text: &mut String, line: String| writeln!(text, "  {line}").expect("a String takes everything");
    add(&mut text, format!("credentials: {}", credentials.join(", ")));
    add(&mut text, format!("sources: {}", sources.join(", ")));
    if let Some(timeline) = &account.watch.timeline {
        let (age, most) = (format_duration(timeline.younger_than), timeline.max_tweets);
        add(&mut text, format!("and of the timeline: younger than {age}, at most {most}"));
    }
    if let Some(price) = owned_price(account, &config.billing.usd) {
        add(&mut text, price);
    }
    let steps = config.tiers.steps();
    let tier = |tweet: TweetId| {
        steps.iter().position(|step| tweet.created().is_some_and(|created| now.since(created) < step.younger_than))
    };
    for (position, step) in steps.iter().enumerate() {
        let count = watched.iter().filter(|watched| tier(watched.tweet) == Some(position)).count();
        let (age, every) = (format_duration(step.younger_than), format_duration(step.every));
        add(&mut text, format!("younger than {age}, every {every}: {}", counted(count, "tweet")));
    }
    let retired = watched.iter().filter(|watched| tier(watched.tweet).is_none()).count();
    add(&mut text, format!("older, not read: {}", counted(retired, "tweet")));
    text
}
