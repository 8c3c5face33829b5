//! Follows the web configuration and the files that it names. Looking costs one `stat` a file and second; a certificate that is
//! replaced by swapping a link, as Kubernetes does, has another inode behind the same path.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::config::ConfigErrors;
use crate::door::{Door, Rules};

const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What files looked like; nothing for a file that is not there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fingerprint(Vec<(PathBuf, Option<Look>)>);

/// Device, inode, length, seconds and nanoseconds of the last change.
type Look = (u64, u64, u64, i64, i64);

impl Fingerprint {
    pub(super) fn of(files: &[PathBuf]) -> Self {
        let look = |file: &PathBuf| {
            let seen = fs::metadata(file).ok();
            let seen = seen.map(|seen| (seen.dev(), seen.ino(), seen.len(), seen.ctime(), seen.ctime_nsec()));
            (file.clone(), seen)
        };
        Self(files.iter().map(look).collect())
    }

    pub(super) fn and(mut self, mut more: Self) -> Self {
        self.0.append(&mut more.0);
        self
    }

    /// What the same files look like now.
    fn again(&self) -> Self {
        let files: Vec<PathBuf> = self.0.iter().map(|(file, _)| file.clone()).collect();
        Self::of(&files)
    }
}

/// What came of reading the files again.
enum Outcome {
    /// They are at work; this is what they look like.
    Taken(Fingerprint),
    /// They are bad, and it was said.
    Refused,
    /// They could not be opened for want of descriptors.
    Later(ConfigErrors),
}

impl Door {
    /// Reads the files again when they have changed, until `stop` is cancelled. What is bad changes nothing and is logged once.
    pub async fn follow(self: Arc<Self>, stop: CancellationToken) {
        if self.file.is_none() {
            return;
        }
        let mut known = self.rules.load().fingerprint.clone();
        let mut seen = known.clone();
        let mut is_blind = false;
        let mut tick = interval(LOOK_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = tick.tick() => {}
            }
            let look = known.clone();
            let Ok(found) = spawn_blocking(move || look.again()).await else { continue };
            // Somebody may still be writing: half a file could have lost its users. Only what stays the same for a second is read.
            let is_still = found == std::mem::replace(&mut seen, found.clone());
            if !is_still || found == known {
                continue;
            }
            let door = self.clone();
            let outcome = spawn_blocking(move || door.read_again()).await;
            if let Ok(Outcome::Later(errors)) = outcome {
                if !std::mem::replace(&mut is_blind, true) {
                    tracing::warn!(%errors, "the web configuration cannot be read now; it is tried again");
                }
                continue;
            }
            (known, is_blind) = (found, false);
            match outcome {
                Ok(Outcome::Taken(read)) => (known, seen) = (read.clone(), read),
                Ok(_) => {}
                Err(error) => tracing::error!(%error, "reading the web configuration broke down"),
            }
        }
    }

    fn read_again(&self) -> Outcome {
        let Some(file) = &self.file else { return Outcome::Refused };
        let (mut rules, warnings) = match Rules::load(file) {
            Ok(loaded) => loaded,
            Err(errors) if errors.is_passing() => return Outcome::Later(errors),
            Err(errors) => {
                tracing::error!(%errors, "the web configuration has changed but cannot be used; the one before stays");
                return Outcome::Refused;
            }
        };
        let before = self.rules.load_full();
        if rules.tls.is_some() != before.tls.is_some() {
            tracing::error!("the web configuration turns TLS on or off, which needs a restart; the one before stays");
            return Outcome::Refused;
        }
        warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
        if let (Some(new), Some(old)) = (&rules.bucket, &before.bucket)
            && new.limit() == old.limit()
        {
            // Else every change of the file would fill the bucket.
            rules.bucket = Some(old.copy());
        }
        let fingerprint = rules.fingerprint.clone();
        self.rules.store(Arc::new(rules));
        tracing::info!("the web configuration was read again");
        Outcome::Taken(fingerprint)
    }
}
