//! `tweet_exporter serve`: the main job.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use tokio_util::sync::CancellationToken;

use crate::app::{App, AppError, LogFormat, Origin, start_logging, until_told_to_stop};
use crate::commands::cli::{Common, ShardArg, address};
use crate::commands::{check, fail};
use crate::door::Door;
use crate::net::{Address, Listener};
use crate::self_metrics::VERSION;
use crate::server::Options;
use crate::watchlist;

/// Flags of `serve`.
#[derive(Clone, Debug, Default, PartialEq, Args)]
pub(super) struct ServeArgs {
    /// Address to listen on, such as :10280, 127.0.0.1:10280, [::1]:10280 or unix:/run/tweet_exporter.sock; may be given more than
    /// once [default: :10280]
    #[arg(long = "web.listen-address", value_name = "ADDRESS", value_parser = address)]
    listen: Vec<Address>,
    /// Listen on the sockets that systemd passes, instead of on addresses
    #[arg(long = "web.systemd-socket")]
    systemd_socket: bool,
    /// File with TLS, client certificates, users, headers and rate limit, in the format of Prometheus' exporter-toolkit
    #[arg(long = "web.config.file", value_name = "FILE")]
    web_config: Option<PathBuf>,
    /// Path of the metrics page [default: /metrics]
    #[arg(long = "web.telemetry-path", value_name = "PATH")]
    telemetry_path: Option<String>,
    /// Let POST /-/reload have the configuration read again; SIGHUP always does
    #[arg(long = "web.enable-lifecycle")]
    lifecycle: bool,
    #[command(flatten)]
    shard: ShardArg,
}

const DEFAULT_ADDRESS: &str = ":10280";

impl ServeArgs {
    /// Flags before and behind the word `serve` count alike.
    pub(super) fn with(mut self, more: Self) -> Self {
        self.listen.extend(more.listen);
        self.systemd_socket |= more.systemd_socket;
        self.web_config = more.web_config.or(self.web_config);
        self.telemetry_path = more.telemetry_path.or(self.telemetry_path);
        self.lifecycle |= more.lifecycle;
        self.shard = more.shard.or(self.shard);
        self
    }
}

pub(super) async fn run(common: &Common, args: ServeArgs) -> ExitCode {
    start_logging(common.log_level, common.log_format);
    match serve(common, args).await {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads it by machine can read nothing else.
        Err((code, why)) if common.log_format == LogFormat::Json => {
            tracing::error!("{why}");
            ExitCode::from(code)
        }
        Err((code, why)) => fail(code, &why),
    }
}

/// Serves until it is told to stop. The error has the exit code, and says why.
async fn serve(common: &Common, args: ServeArgs) -> Result<(), (u8, String)> {
    // Before anything that takes time: whoever waits for the log to speak may stop it at the first word.
    let stop = CancellationToken::new();
    if let Err(error) = until_told_to_stop(stop.clone()) {
        return Err((1, format!("cannot listen to signals: {error}")));
    }
    if args.systemd_socket && !args.listen.is_empty() {
        return Err((2, "--web.systemd-socket takes the place of --web.listen-address; leave one of them out".to_owned()));
    }
    let (loaded, (door, door_warnings)) = match both(check::load(common, args.shard), open_door(args.web_config.as_deref())) {
        Ok(both) => both,
        Err(errors) => return Err((2, errors)),
    };
    let watchlist = match watchlist::load(&loaded.config) {
        Ok(watchlist) => watchlist,
        Err(errors) => return Err((2, format!("bad watch list\n{errors}"))),
    };
    let shard = loaded.config.shard;
    tracing::info!(version = VERSION, config_file = %common.config_file.display(), %shard, "starting tweet_exporter");
    for warning in check::warnings(&loaded, &watchlist).into_iter().chain(door_warnings) {
        tracing::warn!("{warning}");
    }
    let options = match options(args.telemetry_path) {
        Ok(options) => Options { lifecycle: args.lifecycle, ..options },
        Err(why) => return Err((2, why)),
    };
    let app = match App::new(&loaded, watchlist, Some(&common.state_path)) {
        Ok(app) => app,
        Err(error @ (AppError::TokenFile(_) | AppError::State(_))) => return Err((1, error.to_string())),
        Err(error) => return Err((2, error.to_string())),
    };
    // Before anybody can know that it runs: an early SIGHUP must not end it.
    let origin = Origin { path: common.config_file.clone(), environment, shard };
    let app = match app.reloading(origin, &stop) {
        Ok(app) => app,
        Err(error) => return Err((1, format!("cannot listen to signals: {error}"))),
    };
    let listeners = match listeners(args.listen, args.systemd_socket).await {
        Ok(listeners) => listeners,
        Err(why) => return Err((1, why)),
    };
    if door.tls().is_some() {
        tracing::info!(http2 = door.offers_http2(), "TLS is enabled");
    }
    if let Err(error) = app.run(listeners, door, options, stop).await {
        return Err((1, error.to_string()));
    }
    tracing::info!("stopped");
    Ok(())
}

/// What the server is told; the path must be one.
pub(super) fn options(telemetry_path: Option<String>) -> Result<Options, String> {
    let path = telemetry_path.unwrap_or_else(|| "/metrics".to_owned());
    let is_path = path.starts_with('/')
        && path.len() > 1
        && path.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#%\"<>".contains(&byte));
    if !is_path || path.starts_with("/-/") || ["/probe", "/sd"].contains(&&*path) {
        return Err(format!("--web.telemetry-path={path} is no path of its own; write one such as /metrics"));
    }
    Ok(Options { telemetry_path: path, ..Options::default() })
}

/// The door by the web configuration, if one is named, and what deserves a look.
pub(super) fn open_door(file: Option<&Path>) -> Result<(Door, Vec<String>), String> {
    let Some(file) = file else { return Ok((Door::open(), Vec::new())) };
    let (door, warnings) = Door::load(file).map_err(|errors| format!("bad web configuration\n{errors}"))?;
    Ok((door, warnings.iter().map(ToString::to_string).collect()))
}

/// Both, or the errors of both.
pub(super) fn both<A, B>(first: Result<A, String>, second: Result<B, String>) -> Result<(A, B), String> {
    match (first, second) {
        (Ok(first), Ok(second)) => Ok((first, second)),
        (Err(first), Err(second)) => Err(format!("{first}\n{second}")),
        (Err(errors), _) | (_, Err(errors)) => Err(errors),
    }
}

async fn listeners(addresses: Vec<Address>, systemd_socket: bool) -> Result<Vec<Listener>, String> {
    if !systemd_socket {
        return listen(addresses).await;
    }
    let listeners = Listener::of_systemd().map_err(|error| format!("--web.systemd-socket: {error}"))?;
    Ok(listeners.into_iter().inspect(announce).collect())
}

fn announce(listener: &Listener) {
    tracing::info!(address = listener.name(), "listening");
}

/// Opens every address, the default one if none is named, and logs where it really listens.
pub(super) async fn listen(addresses: Vec<Address>) -> Result<Vec<Listener>, String> {
    let default = || vec![DEFAULT_ADDRESS.parse::<Address>().expect("the default is an address")];
    let addresses = if addresses.is_empty() { default() } else { addresses };
    let mut listeners = Vec::new();
    for address in addresses {
        let advice = "choose another with --web.listen-address";
        let listener = address.bind().await.map_err(|error| format!("cannot listen on {address}: {error}; {advice}"))?;
        announce(&listener);
        listeners.push(listener);
    }
    Ok(listeners)
}

/// The environment as the configuration sees it.
pub(super) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
