//! Whether the files of the watch list changed, found out without reading them.

use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use crate::config::Config;
use crate::watchlist::watch_file;

/// Which files there are, how long each is and when it was last written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fingerprint(Vec<(PathBuf, Option<(u64, SystemTime)>)>);

impl Fingerprint {
    /// The files that the configuration's patterns lead to right now.
    pub fn take(config: &Config) -> Self {
        let found = config.accounts.iter().flat_map(|account| watch_file::find(&account.watch.files).files);
        Self(found.map(|path| (path.clone(), look(&path))).collect())
    }
}

fn look(path: &PathBuf) -> Option<(u64, SystemTime)> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.len(), metadata.modified().ok()?))
}
