//! Following what a configuration names: looking again and again, and taking what has changed once it stands still. Notifications of
//! the system miss network and container mounts; looking costs one `stat` a file.

use std::path::PathBuf;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::{Interval, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::config::file::FileStamp;

/// Times to look, until it is told to stop.
#[derive(Debug)]
pub struct Looks {
    tick: Interval,
    stop: CancellationToken,
}

impl Looks {
    /// The first one at once, then with this pause.
    pub fn new(every: Duration, stop: CancellationToken) -> Self {
        let mut tick = interval(every);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { tick, stop }
    }

    /// Waits for the next one. False: there is none.
    pub async fn next(&mut self) -> bool {
        tokio::select! {
            () = self.stop.cancelled() => false,
            _ = self.tick.tick() => true,
        }
    }
}

/// Files, and which version of each.
pub type Files = Vec<(PathBuf, FileStamp)>;

/// What files looked like when they were read, and at the last look.
#[derive(Clone, Debug)]
pub struct Followed<T> {
    read: T,
    seen: T,
}

impl<T: Clone + PartialEq> Followed<T> {
    /// They were read when they looked so.
    pub fn new(read: T) -> Self {
        Self { seen: read.clone(), read }
    }

    /// Whether it is time to read them anew. Somebody may still be writing, and half a file could have lost its users or its tweets: only
    /// what stays the same from one look to the next is read.
    pub fn is_news(&mut self, found: &T) -> bool {
        let is_still = *found == std::mem::replace(&mut self.seen, found.clone());
        is_still && *found != self.read
    }

    /// They were read, with whatever result, when they looked so.
    pub fn read(&mut self, found: T) {
        *self = Self::new(found);
    }
}

impl Followed<Files> {
    /// Looks at the files: which versions there are now, if it is time to read them anew.
    pub async fn news(&mut self) -> Option<Files> {
        let files = self.read.clone();
        let look = |(path, _): &(PathBuf, FileStamp)| (path.clone(), FileStamp::of(path));
        let found = spawn_blocking(move || files.iter().map(look).collect()).await.ok()?;
        self.is_news(&found).then_some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_is_what_changed_and_then_stood_still() {
        let mut files = Followed::new(1);
        for (found, is_news) in [(1, false), (2, false), (3, false), (3, true), (3, true), (1, false), (1, false)] {
            assert_eq!(files.is_news(&found), is_news, "{found}");
        }
        files.read(3);
        assert!(!files.is_news(&3));
    }
}
