//! `tweet_exporter plan`: what a configuration will ask of X and what that will cost. Asks nobody and starts nothing.

mod report;
mod table;

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use clap::{Args, ValueEnum};

use crate::app::{account_terms, known_state};
use crate::commands::cli::{Common, ShardArg};
use crate::commands::owned_price::owned_price;
use crate::commands::plan::report::{Account, Report, Settings};
use crate::commands::plan::table::{table, usd};
use crate::commands::{check, fail};
use crate::config::{self, Charge, Config, Mode, Tiers};
use crate::model::{Room, Timestamp};
use crate::schedule::{Assumptions, Forecast, Known, Ladder, Named};
use crate::watchlist::{self, Watched, Watchlist};

/// Flags of `plan`.
#[derive(Clone, Debug, Args)]
pub(super) struct PlanArgs {
    /// For people or for programs
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// End with exit code 1 if 30 days cost more, in US dollars, all accounts together
    #[arg(long, value_name = "USD", value_parser = amount)]
    max_usd_per_month: Option<f64>,
    /// Tweets a day that each `watch.timeline` is assumed to find
    #[arg(long, value_name = "NUMBER", default_value = "0", value_parser = clap::value_parser!(u32).range(..=10_000))]
    new_tweets_per_day: u32,
    #[command(flatten)]
    shard: ShardArg,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
}

pub(super) fn run(common: &Common, args: &PlanArgs) -> ExitCode {
    let loaded = match check::load(common, args.shard) {
        Ok(loaded) => loaded,
        Err(errors) => return fail(2, &errors),
    };
    let watchlist = match watchlist::load(&loaded.config) {
        Ok(watchlist) => watchlist,
        Err(errors) => return fail(2, &format!("bad watch list\n{errors}")),
    };
    let now = Timestamp::from(SystemTime::now());
    let settings = Settings { now, new_tweets_per_day: args.new_tweets_per_day, max_usd_per_month: args.max_usd_per_month };
    let warnings = check::warnings(&loaded, &watchlist);
    // The table has them.
    warnings.iter().filter(|_| args.format == Format::Json).for_each(|warning| eprintln!("warning: {warning}"));
    let mut known = known_state(&loaded.config, &common.state_path, now);
    for (known, room) in known.iter_mut().flatten().zip(&watchlist.rooms) {
        known.found.retain(|found| !room.elsewhere.contains(found));
    }
    let mut report = plan(&loaded.config, &watchlist, known.as_deref(), settings);
    report.warnings.splice(0..0, warnings);
    let text = match args.format {
        Format::Table => Ok(table(&report)),
        Format::Json => serde_json::to_string_pretty(&report).map(|json| json + "\n"),
    };
    let written = text.map_err(io::Error::from).and_then(|text| io::stdout().lock().write_all(text.as_bytes()));
    // Who reads only the head of it has seen enough.
    if let Err(error) = written.or_else(|error| if error.kind() == ErrorKind::BrokenPipe { Ok(()) } else { Err(error) }) {
        return fail(1, &format!("cannot write the plan: {error}"));
    }
    match over(&report) {
        Some(why) => fail(1, &why),
        None => ExitCode::SUCCESS,
    }
}

fn amount(text: &str) -> Result<f64, String> {
    let amount = text.parse::<f64>().ok().filter(|amount| amount.is_finite() && *amount >= 0.0);
    amount.ok_or_else(|| "write an amount of US dollars such as 25 or 0.50".to_owned())
}

/// The forecasts of all accounts.
fn plan(config: &Config, watchlist: &Watchlist, known: Option<&[Known]>, settings: Settings) -> Report {
    let ladder = Ladder::new(config.tiers.steps());
    let assumed = Assumptions {
        now: settings.now,
        new_tweets_per_day: settings.new_tweets_per_day,
        min_age: match config.mode {
            Mode::Background => Duration::ZERO,
            Mode::OnScrape { min_age } => min_age,
        },
    };
    let lists = watchlist.accounts.iter().zip(&watchlist.rooms);
    let nothing = Known::default();
    let forecast = |(index, (account, (watched, room))): (usize, (&config::Account, (&Vec<Watched>, &Room)))| {
        let known = known.and_then(|known| known.get(index)).unwrap_or(&nothing);
        let terms = account_terms(config, account, room.clone());
        let named: Vec<Named> = watched.iter().map(|tweet| named(account, tweet)).collect();
        let forecast = Forecast::new(&terms, &ladder, &named, known, &assumed);
        Account::new(account, forecast)
    };
    let accounts: Vec<Account> = config.accounts.iter().zip(lists).enumerate().map(forecast).collect();
    Report::new(accounts, assumptions(config, known.is_some(), settings), settings)
}

fn named(account: &config::Account, tweet: &Watched) -> Named {
    let own = account.username.as_ref().zip(tweet.username.as_ref());
    let foreign = own.is_some_and(|(own, other)| !own.as_str().eq_ignore_ascii_case(other.as_str()));
    Named { id: tweet.tweet, foreign }
}

/// What the numbers rest on, for people.
fn assumptions(config: &Config, has_state: bool, settings: Settings) -> Vec<String> {
    let mut told = vec![
        "a month is 30 UTC days, today the first of them; today counts from now on".to_owned(),
        "every named tweet exists and is the account's own, unless its URL names somebody else".to_owned(),
        match has_state {
            true => "what was found on timelines and paid today is taken from the state (--state.path)".to_owned(),
            false => "nothing is known of what was read or paid before".to_owned(),
        },
    ];
    if !config.shard.is_whole() {
        let shard = config.shard;
        told.push(format!("shard {shard}: its tweets, its part of each budget, and of what X allows, which all shards share"));
    }
    if config.tiers == Tiers::Adaptive {
        told.push(match config.billing.charge {
            Charge::UtcDay => {
                "tiers: adaptive: requests and reads are those of the default tiers, the exporter chooses others; the dollars \
                               are the most that it can come to"
                    .to_owned()
            }
            Charge::EveryRead => {
                "tiers: adaptive: all of the budget is spent, on requests and reads of the exporter's own choice".to_owned()
            }
        });
    }
    let has = |wanted: &str| {
        config.accounts.iter().any(|account| account.reads().iter().any(|source| source.kind.api().name() == wanted))
    };
    if config.accounts.iter().any(|account| account.watch.timeline.is_some()) {
        let pace = settings.new_tweets_per_day;
        told.push(format!("each watch.timeline finds {pace} new tweets a day, and as many a day before (--new-tweets-per-day)"));
    }
    let owned = |account: &config::Account| {
        let price = owned_price(account, &config.billing.usd)?;
        Some(format!("account {}: {price}", account.name))
    };
    told.extend(config.accounts.iter().filter_map(owned));
    if has("media_analytics") {
        told.push("every own tweet carries one video".to_owned());
    }
    if config.billing.charge == Charge::EveryRead {
        told.push("billing.charge: every_read: X charges every read, not each tweet once a day".to_owned());
    }
    if config.mode != Mode::Background {
        told.push("mode: on_scrape: scrapes come at least as often as tweets may be read".to_owned());
    }
    told
}

/// By how much the maximum is exceeded, and what costs most.
fn over(report: &Report) -> Option<String> {
    let over = report.over_by_usd?;
    let lines = report.accounts.iter().flat_map(|account| account.prices.iter().map(move |price| (account, price)));
    let dearest = lines.max_by(|left, right| left.1.per_month.usd.total_cmp(&right.1.per_month.usd));
    let most = dearest.map(|(account, price)| {
        let tier = price.tier.as_ref().map(|tier| format!(" younger than {}", tier.younger_than)).unwrap_or_default();
        let class = price.class.unwrap_or("no price");
        format!("; most goes to account {}, {class}{tier}: ${}", account.account, usd(price.per_month.usd))
    });
    let (total, most) = (usd(report.per_month.usd), most.unwrap_or_default());
    let max = usd(report.max_usd_per_month.unwrap_or_default());
    Some(format!("30 days cost ${total}, ${} more than --max-usd-per-month={max}{most}", usd(over)))
}
