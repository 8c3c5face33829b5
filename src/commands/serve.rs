//! `tweet_exporter serve`: the main job.

use std::process::ExitCode;

use clap::Args;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::app::{App, AppError, start_logging, until_told_to_stop};
use crate::commands::cli::{Common, ShardArg, address};
use crate::commands::{check, fail};
use crate::net::Address;
use crate::self_metrics::VERSION;
use crate::server::Options;
use crate::watchlist;

/// Flags of `serve`.
#[derive(Clone, Debug, Default, PartialEq, Args)]
pub(super) struct ServeArgs {
    /// Address to listen on; may be given more than once [default: :10280]
    #[arg(long = "web.listen-address", value_name = "ADDRESS", value_parser = address)]
    listen: Vec<Address>,
    /// Path of the metrics page [default: /metrics]
    #[arg(long = "web.telemetry-path", value_name = "PATH")]
    telemetry_path: Option<String>,
    #[command(flatten)]
    shard: ShardArg,
}

const DEFAULT_ADDRESS: &str = ":10280";

impl ServeArgs {
    /// Flags before and behind the word `serve` count alike.
    pub(super) fn with(mut self, more: Self) -> Self {
        self.listen.extend(more.listen);
        self.telemetry_path = more.telemetry_path.or(self.telemetry_path);
        self.shard = more.shard.or(self.shard);
        self
    }
}

pub(super) async fn run(common: &Common, args: ServeArgs) -> ExitCode {
    start_logging(common.log_level, common.log_format);
    // Before anything that takes time: whoever waits for the log to speak may stop it at the first word.
    let stop = CancellationToken::new();
    if let Err(error) = until_told_to_stop(stop.clone()) {
        return fail(1, &format!("cannot listen to signals: {error}"));
    }
    let loaded = match check::load(common, args.shard) {
        Ok(loaded) => loaded,
        Err(errors) => return fail(2, &errors),
    };
    let watchlist = match watchlist::load(&loaded.config) {
        Ok(watchlist) => watchlist,
        Err(errors) => return fail(2, &format!("bad watch list\n{errors}")),
    };
    let shard = loaded.config.shard;
    tracing::info!(version = VERSION, config_file = %common.config_file.display(), %shard, "starting tweet_exporter");
    for warning in check::warnings(&loaded, &watchlist) {
        tracing::warn!("{warning}");
    }
    let options = match options(args.telemetry_path) {
        Ok(options) => options,
        Err(why) => return fail(2, &why),
    };
    let app = match App::new(&loaded, watchlist, Some(&common.state_path)) {
        Ok(app) => app,
        Err(error @ (AppError::TokenFile(_) | AppError::State(_))) => return fail(1, &error.to_string()),
        Err(error) => return fail(2, &error.to_string()),
    };
    let listeners = match listen(args.listen).await {
        Ok(listeners) => listeners,
        Err(why) => return fail(1, &why),
    };
    if let Err(error) = app.run(listeners, options, stop).await {
        return fail(1, &error.to_string());
    }
    tracing::info!("stopped");
    ExitCode::SUCCESS
}

/// What the server is told; the path must be one.
pub(super) fn options(telemetry_path: Option<String>) -> Result<Options, String> {
    let path = telemetry_path.unwrap_or_else(|| "/metrics".to_owned());
    let is_path = path.starts_with('/')
        && path.len() > 1
        && path.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#%\"<>".contains(&byte));
    if !is_path || path.starts_with("/-/") {
        return Err(format!("--web.telemetry-path={path} is no path of its own; write one such as /metrics"));
    }
    Ok(Options { telemetry_path: path, ..Options::default() })
}

/// Opens every address, the default one if none is named, and logs where it really listens.
pub(super) async fn listen(addresses: Vec<Address>) -> Result<Vec<TcpListener>, String> {
    let default = || vec![DEFAULT_ADDRESS.parse::<Address>().expect("the default is an address")];
    let addresses = if addresses.is_empty() { default() } else { addresses };
    let mut listeners = Vec::new();
    for address in addresses {
        let advice = "choose another with --web.listen-address";
        let listener = address.bind().await.map_err(|error| format!("cannot listen on {address}: {error}; {advice}"))?;
        if let Ok(local) = listener.local_addr() {
            tracing::info!(address = %local, "listening");
        }
        listeners.push(listener);
    }
    Ok(listeners)
}

/// The environment as the configuration sees it.
pub(super) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
