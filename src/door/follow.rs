//! Follows the web configuration and the files that it names.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

use crate::config::{ConfigErrors, Files, Followed, Looks};
use crate::door::{Door, Rules};

const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What came of reading the files again.
enum Outcome {
    /// They are at work, or bad, and it was said; these were read. What a bad file names is followed, too: that may be what gets mended.
    Judged(Files),
    /// They could not be opened for want of descriptors.
    Later(ConfigErrors),
}

impl Door {
    /// Reads the files again when they have changed, until `stop` is cancelled. What is bad changes nothing and is logged once.
    pub async fn follow(self: Arc<Self>, stop: CancellationToken) {
        if self.file.is_none() {
            return;
        }
        let mut files = Followed::new(self.rules.load().files.clone());
        let mut is_blind = false;
        let mut looks = Looks::new(LOOK_EVERY, stop);
        while looks.next().await {
            let Some(found) = files.news().await else { continue };
            let door = self.clone();
            let outcome = spawn_blocking(move || door.read_again()).await;
            if let Ok(Outcome::Later(errors)) = outcome {
                if !std::mem::replace(&mut is_blind, true) {
                    tracing::warn!(%errors, "the web configuration cannot be read now; it is tried again");
                }
                continue;
            }
            is_blind = false;
            match outcome {
                Ok(Outcome::Judged(read)) if !read.is_empty() => files.read(read),
                Ok(_) => files.read(found),
                Err(error) => {
                    tracing::error!(%error, "reading the web configuration broke down");
                    files.read(found);
                }
            }
        }
    }

    fn read_again(&self) -> Outcome {
        let Some(file) = &self.file else { return Outcome::Judged(Files::new()) };
        let (mut rules, warnings) = match Rules::load(file) {
            Ok(loaded) => loaded,
            Err(errors) if errors.is_passing() => return Outcome::Later(errors),
            Err(errors) => {
                tracing::error!(%errors, "the web configuration has changed but cannot be used; the one before stays");
                return Outcome::Judged(errors.into_files());
            }
        };
        let before = self.rules.load_full();
        if rules.tls.is_some() != before.tls.is_some() {
            tracing::error!("the web configuration turns TLS on or off, which needs a restart; the one before stays");
            return Outcome::Judged(rules.files);
        }
        warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
        if let (Some(new), Some(old)) = (&rules.bucket, &before.bucket)
            && new.limit() == old.limit()
        {
            // Else every change of the file would fill the bucket.
            rules.bucket = Some(old.copy());
        }
        let files = rules.files.clone();
        self.rules.store(Arc::new(rules));
        tracing::info!("the web configuration was read again");
        Outcome::Judged(files)
    }
}
