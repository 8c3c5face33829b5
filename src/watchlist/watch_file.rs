//! Files with further tweets: found by patterns, read whole, refused as a whole if anything in them is wrong.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::config::{ConfigErrors, FileError, MAX_WATCH, WatchEntry, hash, parse_watch_entries, read_text};

/// What the patterns of an account lead to.
#[derive(Default)]
pub(super) struct Found {
    /// In the order of the patterns, then of the alphabet; each once.
    pub(super) files: Vec<PathBuf>,
    /// Patterns that fit no file.
    pub(super) unmatched: Vec<String>,
    /// Places that cannot be looked into, and why: there may be files behind them.
    pub(super) unseen: Vec<(PathBuf, FileError)>,
}

impl Found {
    /// What is wrong with the places that cannot be looked into.
    pub(super) fn refusals(&self) -> impl Iterator<Item = ConfigErrors> {
        self.unseen.iter().map(|(place, error)| {
            let text = match error {
                FileError::OutOfDescriptors => error.to_string(),
                FileError::Unreadable(error) => {
                    format!("cannot be looked into: {error}; let the exporter read it, or change the pattern")
                }
                _ => format!("cannot be looked into: it {error}; change the pattern"),
            };
            ConfigErrors::of_file(place, text).passing_if(error.is_passing())
        })
    }
}

/// Looks for the files.
pub(super) fn find(patterns: &[String]) -> Found {
    let mut found = Found::default();
    let mut seen = HashSet::new();
    for pattern in patterns {
        // As in a shell, `*.yml` leaves out hidden files: editors keep their half-written copies there.
        let options = glob::MatchOptions { require_literal_leading_dot: true, ..glob::MatchOptions::default() };
        let paths = glob::glob_with(pattern, options).into_iter().flatten();
        let mut is_unmatched = true;
        for path in paths {
            is_unmatched = false;
            match path {
                Ok(path) => found.files.extend(Some(path).filter(|path| seen.insert(path.clone()))),
                Err(error) => found.unseen.push((error.path().to_path_buf(), io::Error::from(error).into())),
            }
        }
        match obstacle(pattern).filter(|_| is_unmatched) {
            Some(obstacle) => found.unseen.push(obstacle),
            None if is_unmatched => found.unmatched.push(pattern.clone()),
            None => {}
        }
    }
    found
}

/// The library takes a folder on the way that cannot be entered for one that is not there, and a list would lose its tweets for it.
fn obstacle(pattern: &str) -> Option<(PathBuf, FileError)> {
    let mut place = PathBuf::new();
    let is_literal = |part: &&std::ffi::OsStr| !part.to_string_lossy().contains(['*', '?', '[']);
    for part in Path::new(pattern).iter().take_while(is_literal) {
        place.push(part);
        match fs::metadata(&place) {
            Ok(_) => {}
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => return None,
            Err(error) => return Some((place, error.into())),
        }
    }
    None
}

/// The entries of one file, and a hash of its text.
pub(super) fn read(path: &Path) -> Result<(Vec<WatchEntry>, u64), ConfigErrors> {
    let text = read_text(path, MAX_WATCH)
        .map_err(|error| ConfigErrors::of_unread(path, &error, "write a list of tweets into it, or change the pattern"))?;
    parse_watch_entries(&text, path).map(|entries| (entries, hash(&text)))
}
