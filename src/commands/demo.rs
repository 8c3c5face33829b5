//! `tweet_exporter demo`: simulator and exporter in one process. Nothing is read from disk, nothing is left behind.

use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::app::{App, LogLevel, start_logging, until_told_to_stop};
use crate::commands::cli::{Common, address};
use crate::commands::serve::{listen, options};
use crate::commands::simulator::speed;
use crate::commands::{fail, say};
use crate::config;
use crate::door::Door;
use crate::net::{Address, Listener};
use crate::simulator::{Directory, DirectoryAccount, Running, Settings, Simulator};
use crate::watchlist;

/// Flags of `demo`.
#[derive(Clone, Debug, Args)]
pub(super) struct DemoArgs {
    /// Address to listen on; may be given more than once [default: :10280]
    #[arg(long = "web.listen-address", value_name = "ADDRESS", value_parser = address)]
    listen: Vec<Address>,
    /// Same seed, same numbers
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Simulated seconds per second: a minute makes an hour; 0 stands still
    #[arg(long, default_value_t = 60.0, value_parser = speed)]
    speed: f64,
}

pub(super) async fn run(common: &Common, args: DemoArgs) -> ExitCode {
    // The lines on standard output say what there is to say.
    let level = if common.log_level == LogLevel::Info { LogLevel::Warn } else { common.log_level };
    start_logging(level, common.log_format);
    let stop = CancellationToken::new();
    if let Err(error) = until_told_to_stop(stop.clone()) {
        return fail(1, &format!("cannot listen to signals: {error}"));
    }
    let simulator = match simulator(&args).await {
        Ok(running) => running,
        Err(error) => return fail(1, &format!("cannot start the simulator: {error}")),
    };
    let listeners = match listen(args.listen).await {
        Ok(listeners) => listeners,
        Err(why) => return fail(1, &why),
    };
    let (app, watched) = match wire(&simulator) {
        Ok(wired) => wired,
        Err(why) => return fail(1, &why),
    };
    let options = options(None).expect("the default path is a path");
    say(&introduce(&args.speed, &simulator, &listeners, watched));
    if let Err(error) = app.run(listeners, Door::open(), options, stop).await {
        return fail(1, &error.to_string());
    }
    simulator.stop().await;
    say("demo stopped; nothing was left behind\n");
    ExitCode::SUCCESS
}

async fn simulator(args: &DemoArgs) -> std::io::Result<Running> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    Simulator::start(listener, Settings { seed: args.seed, speed: args.speed, ..Settings::default() }).await
}

/// The exporter takes the same way as from a file: text, parser, checks.
fn wire(simulator: &Running) -> Result<(App, usize), String> {
    let url = format!("http://{}", simulator.address());
    let text = configuration(&url, simulator.world());
    let loaded = config::parse(&text, Path::new("demo.yml"), &|name| secret(simulator.world(), name))
        .map_err(|errors| errors.to_string())?;
    let watchlist = watchlist::load(&loaded.config).map_err(|errors| errors.to_string())?;
    let watched = watchlist.accounts.iter().map(Vec::len).sum();
    App::new(&loaded, watchlist, None).map(|app| (app, watched)).map_err(|error| error.to_string())
}

/// Tiers are short, so that the numbers move while somebody looks.
fn configuration(url: &str, world: &Directory) -> String {
    let mut lines = vec![
        format!("api: {{ url: \"{url}\", engagement_url: \"{url}\" }}"),
        "tiers:".to_owned(),
        "  - { younger_than: 1h, every: 2s }".to_owned(),
        "  - { younger_than: 1d, every: 5s }".to_owned(),
        "  - { younger_than: 30d, every: 15s }".to_owned(),
        "accounts:".to_owned(),
    ];
    for account in &world.accounts {
        lines.push(format!("  - name: {}", account.name));
        lines.push(format!("    username: {}", account.username));
        lines.push(format!("    credentials: {{ bearer_token: \"${{{}_BEARER_TOKEN}}\"{} }}", prefix(account), oauth1(account)));
        let groups = if account.oauth1.is_some() { "public, non_public, organic, promoted" } else { "public" };
        lines.push(format!("    sources: [{{ api: lookup, groups: [{groups}] }}]"));
        lines.push("    budget: { usd_per_day: 1, usd_per_month: 20 }".to_owned());
        lines.push("    watch:".to_owned());
        lines.push("      tweets:".to_owned());
        for tweet in &account.tweets {
            lines.push(format!("        - {{ tweet: \"{}\", labels: {{ kind: \"{}\" }} }}", tweet.id, tweet.kind));
        }
    }
    lines.join("\n")
}

fn oauth1(account: &DirectoryAccount) -> String {
    let keys = ["consumer_key", "consumer_secret", "access_token", "access_token_secret"];
    let pairs = keys.map(|key| format!("{key}: \"${{{}_{}}}\"", prefix(account), key.to_uppercase())).join(", ");
    if account.oauth1.is_some() { format!(", oauth1: {{ {pairs} }}") } else { String::new() }
}

/// Takes the place of the environment, under the names that `tweet_exporter simulator` prints.
fn secret(world: &Directory, name: &str) -> Option<String> {
    let parts = |account| name.strip_prefix(&prefix(account))?.strip_prefix('_').map(|key| (account, key));
    let (account, key) = world.accounts.iter().find_map(parts)?;
    let keys = account.oauth1.as_ref();
    match key {
        "BEARER_TOKEN" => Some(account.bearer_token.clone()),
        "CONSUMER_KEY" => keys.map(|keys| keys.consumer_key.clone()),
        "CONSUMER_SECRET" => keys.map(|keys| keys.consumer_secret.clone()),
        "ACCESS_TOKEN" => keys.map(|keys| keys.access_token.clone()),
        "ACCESS_TOKEN_SECRET" => keys.map(|keys| keys.access_token_secret.clone()),
        _ => None,
    }
}

fn prefix(account: &DirectoryAccount) -> String {
    account.name.to_uppercase()
}

fn introduce(speed: &f64, simulator: &Running, listeners: &[Listener], watched: usize) -> String {
    let mut lines = vec![
        format!("A simulated X runs at http://{}; its clock goes {speed} times as fast as yours.", simulator.address()),
        format!(
            "The exporter reads {watched} tweets of {} accounts from it; the numbers move every few seconds.",
            simulator.world().accounts.len()
        ),
    ];
    for address in listeners.iter().filter_map(Listener::tcp_address) {
        let host = if address.ip().is_unspecified() { "localhost".to_owned() } else { address.ip().to_string() };
        let host = if host.contains(':') { format!("[{host}]") } else { host };
        lines.push(format!("Look at http://{host}:{port}/ or scrape http://{host}:{port}/metrics", port = address.port()));
    }
    lines.push("Stop it with Ctrl-C. Nothing is written to disk.".to_owned());
    lines.join("\n") + "\n"
}
