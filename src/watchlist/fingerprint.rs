//! Whether the files of the watch list changed, found out without reading them.

use std::path::PathBuf;

use crate::config::{Config, ConfigErrors, FileStamp};
use crate::watchlist::watch_file;

/// Which files there are, and which version of each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fingerprint(Vec<(PathBuf, FileStamp)>);

impl Fingerprint {
    /// The files that the configuration's patterns lead to right now. Fails where nobody can tell right now, for want of descriptors.
    pub fn take(config: &Config) -> Result<Self, ConfigErrors> {
        let mut places = Vec::new();
        for account in &config.accounts {
            let found = watch_file::find(&account.watch.files);
            if let Some(errors) = found.refusals().find(ConfigErrors::is_passing) {
                return Err(errors);
            }
            places.extend(found.files.iter().map(|path| (path.clone(), FileStamp::of(path))));
            places.extend(found.unseen.into_iter().map(|(place, _)| (place, FileStamp::default())));
        }
        Ok(Self(places))
    }
}
