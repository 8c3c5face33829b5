//! Files with further tweets: found by patterns, read whole, refused as a whole if anything in them is wrong.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::config::{ConfigErrors, MAX_WATCH, WatchEntry, hash, parse_watch_entries, read_text};

/// What the patterns of an account lead to.
#[derive(Default)]
pub(super) struct Found {
    /// In the order of the patterns, then of the alphabet; each once.
    pub(super) files: Vec<PathBuf>,
    /// Patterns that fit no file.
    pub(super) unmatched: Vec<String>,
}

/// Looks for the files; a place that cannot be looked into is listed as a file, so that reading it says why.
pub(super) fn find(patterns: &[String]) -> Found {
    let mut found = Found::default();
    let mut seen = HashSet::new();
    for pattern in patterns {
        // As in a shell, `*.yml` leaves out hidden files: editors keep their half-written copies there.
        let options = glob::MatchOptions { require_literal_leading_dot: true, ..glob::MatchOptions::default() };
        let paths = glob::glob_with(pattern, options).into_iter().flatten();
        let paths: Vec<PathBuf> = paths.map(|path| path.unwrap_or_else(|error| error.path().to_path_buf())).collect();
        if paths.is_empty() {
            found.unmatched.push(pattern.clone());
        }
        found.files.extend(paths.into_iter().filter(|path| seen.insert(path.clone())));
    }
    found
}

/// The entries of one file, and a hash of its text.
pub(super) fn read(path: &Path) -> Result<(Vec<WatchEntry>, u64), ConfigErrors> {
    let text = read_text(path, MAX_WATCH).map_err(|error| {
        ConfigErrors::of_file(path, format!("the file {error}; write a list of tweets into it, or change the pattern"))
    })?;
    parse_watch_entries(&text, path).map(|entries| (entries, hash(&text)))
}
