//! Follows the files of secrets and certificate authorities: a rotated secret is taken without a restart.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::config::{Files, Followed, Looks};

const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Says it whenever one of these files is another one than the version that was read.
pub(super) async fn follow_secret_files(files: Files, changed: mpsc::Sender<()>, stop: CancellationToken) {
    if files.is_empty() {
        return;
    }
    let (mut files, mut looks) = (Followed::new(files), Looks::new(LOOK_EVERY, stop));
    while looks.next().await {
        let Some(found) = files.news().await else { continue };
        files.read(found);
        if changed.send(()).await.is_err() {
            return;
        }
    }
}
