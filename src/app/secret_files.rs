//! Follows the files of secrets and certificate authorities: a rotated secret is taken without a restart.

use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::config::FileStamp;

/// Looking costs one `stat` a file; notifications of the system miss network and container mounts.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Says it whenever one of these files is another one than the version that was read.
pub(super) async fn follow_secret_files(files: Vec<(PathBuf, FileStamp)>, changed: mpsc::Sender<()>, stop: CancellationToken) {
    if files.is_empty() {
        return;
    }
    let (paths, mut known): (Vec<PathBuf>, Vec<FileStamp>) = files.into_iter().unzip();
    let mut seen = known.clone();
    let mut tick = interval(LOOK_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        let look = paths.clone();
        let look = move || look.iter().map(|path| FileStamp::of(path)).collect::<Vec<_>>();
        let Ok(found) = spawn_blocking(look).await else { continue };
        // Somebody may still be writing: only what stays the same from one look to the next is read.
        let is_still = found == std::mem::replace(&mut seen, found.clone());
        if !is_still || found == known {
            continue;
        }
        known = found;
        if changed.send(()).await.is_err() {
            return;
        }
    }
}
