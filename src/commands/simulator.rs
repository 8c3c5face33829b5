//! `tweet_exporter simulator`: a small fake X.

use std::process::ExitCode;

use clap::Args;
use tokio_util::sync::CancellationToken;

use crate::app::{start_logging, until_told_to_stop};
use crate::commands::cli::{Common, address};
use crate::commands::{fail, say};
use crate::model::Timestamp;
use crate::net::{Address, Listener};
use crate::simulator::{Directory, Settings, Simulator};

/// Flags of `simulator`.
#[derive(Clone, Debug, Args)]
pub(super) struct SimulatorArgs {
    /// Address to listen on
    #[arg(long = "listen", value_name = "ADDRESS", default_value = "127.0.0.1:0", value_parser = address)]
    listen: Address,
    /// Same seed, same ids, tokens and numbers
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Simulated seconds per second; 0 stands still
    #[arg(long, default_value_t = 1.0, value_parser = speed)]
    speed: f64,
    /// Moment from which the tweets' ages count, RFC 3339 [default: now]
    #[arg(long, value_name = "TIME")]
    epoch: Option<Timestamp>,
    /// Further plain tweets of the first account
    #[arg(long = "tweets", value_name = "COUNT", default_value_t = 0)]
    extra_tweets: usize,
}

pub(super) async fn run(common: &Common, args: SimulatorArgs) -> ExitCode {
    start_logging(common.log_level, common.log_format);
    let stop = CancellationToken::new();
    if let Err(error) = until_told_to_stop(stop.clone()) {
        return fail(1, &format!("cannot listen to signals: {error}"));
    }
    let listener = match args.listen.bind().await.and_then(Listener::into_tcp) {
        Ok(listener) => listener,
        Err(error) => return fail(1, &format!("cannot listen on {}: {error}; choose another with --listen", args.listen)),
    };
    let settings = Settings { seed: args.seed, speed: args.speed, epoch: args.epoch, extra_tweets: args.extra_tweets };
    let running = match Simulator::start(listener, settings).await {
        Ok(running) => running,
        Err(error) => return fail(1, &format!("cannot start the simulator: {error}")),
    };
    say(&introduce(&format!("http://{}", running.address()), running.world()));
    stop.cancelled().await;
    running.stop().await;
    ExitCode::SUCCESS
}

/// Simulated seconds per second: a number that a clock can follow.
pub(super) fn speed(text: &str) -> Result<f64, String> {
    let advice = || "write a number from 0 to 100000".to_owned();
    let speed: f64 = text.parse().map_err(|_| advice())?;
    if (0.0..=100_000.0).contains(&speed) { Ok(speed) } else { Err(advice()) }
}

/// Where it is and how to use it: `examples/simulator.yml` reads these variables.
fn introduce(url: &str, world: &Directory) -> String {
    let mut lines = vec![format!("simulator listening on {url}"), format!("everything it knows: {url}/_simulator/directory")];
    for account in &world.accounts {
        let name = account.name.to_uppercase();
        lines.push(format!("export {name}_BEARER_TOKEN='{}'", account.bearer_token));
        if let Some(keys) = &account.oauth1 {
            lines.push(format!("export {name}_CONSUMER_KEY='{}'", keys.consumer_key));
            lines.push(format!("export {name}_CONSUMER_SECRET='{}'", keys.consumer_secret));
            lines.push(format!("export {name}_ACCESS_TOKEN='{}'", keys.access_token));
            lines.push(format!("export {name}_ACCESS_TOKEN_SECRET='{}'", keys.access_token_secret));
        }
        lines.extend(account.tweets.iter().map(|tweet| format!("# {} {}: {}", account.name, tweet.id, tweet.about)));
    }
    lines.join("\n") + "\n"
}
