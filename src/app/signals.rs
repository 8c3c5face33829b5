//! When to stop, and when to read the configuration again.

use std::io;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::collector::ReloadAsk;

/// Cancels `stop` on the first SIGTERM or SIGINT; a second one ends the process at once. Fails if the handlers cannot be set.
pub fn until_told_to_stop(stop: CancellationToken) -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        for is_second in [false, true] {
            let name = tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt.recv() => "SIGINT",
            };
            if is_second {
                tracing::warn!(signal = name, "stopping at once");
                std::process::exit(1);
            }
            tracing::info!(signal = name, "stopping; requests under way are answered first");
            stop.cancel();
        }
    });
    Ok(())
}

/// Asks for a reload at each SIGHUP. Fails if the handler cannot be set.
pub(super) fn reload_on_hangup(reloads: mpsc::Sender<ReloadAsk>, stop: CancellationToken) -> io::Result<()> {
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                Some(()) = hangup.recv() => {}
            }
            // Signals that come while others wait are one with them; the outcome is in the log.
            let (done, _) = oneshot::channel();
            let _ = reloads.try_send(ReloadAsk { done });
        }
    });
    Ok(())
}
