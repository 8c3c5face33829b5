//! Why there is no history: for people, and for the exit code.

use std::fmt;

/// Why a backfill ended before its time. The text says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BackfillError {
    /// It was asked for something that cannot be.
    Wrong(String),
    /// It failed; what was bought is in the journal.
    Failed(String),
}

impl fmt::Display for BackfillError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Wrong(text) | Self::Failed(text)) = self;
        f.write_str(text)
    }
}

impl std::error::Error for BackfillError {}
