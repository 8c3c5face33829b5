//! One exporter a token file: two of them would use up each other's refresh tokens.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;

use crate::auth::token_file::TokenFile;

/// Held as long as it lives; the system gives it back however the process ends.
#[derive(Debug)]
pub(super) struct TokenLock {
    _file: File,
}

/// Why the lock was not had.
#[derive(Debug)]
pub(super) enum LockError {
    /// Another process has it.
    Held(String),
    /// The lock file cannot be made.
    Impossible(String),
}

impl TokenLock {
    /// Takes the lock of this token file, at once or not at all.
    pub(super) fn take(token_file: &TokenFile) -> Result<Self, LockError> {
        let path = token_file.lock_path();
        let impossible = |error: std::io::Error| {
            LockError::Impossible(format!(
                "{} cannot be made, so no renewed token could be kept: {error}; make its folder writable for the exporter",
                path.display()
            ))
        };
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
        let mut file = file.map_err(impossible)?;
        match file.try_lock() {
            Ok(()) => {
                // For people only: the system's lock is what counts.
                let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
                Ok(Self { _file: file })
            }
            Err(TryLockError::WouldBlock) => {
                let process = std::fs::read_to_string(&path).unwrap_or_default();
                let process = process.trim().parse().map_or(String::new(), |id: u32| format!(" (process {id})"));
                Err(LockError::Held(format!(
                    "the token file {} is in use by another exporter{process}, which holds {}; stop that one, or log in again with \
                     another token_file",
                    token_file.display(),
                    path.display()
                )))
            }
            Err(TryLockError::Error(error)) => Err(impossible(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_holds_the_lock() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = TokenFile::new(&folder.path().join("acme.token.json"));
        let lock = TokenLock::take(&file).expect("free");
        let Err(LockError::Held(text)) = TokenLock::take(&file) else { panic!("held twice") };
        assert!(text.contains("acme.token.json.lock") && text.contains(&std::process::id().to_string()), "{text}");
        drop(lock);
        TokenLock::take(&file).expect("free again");
        let nowhere = TokenFile::new(std::path::Path::new("/nowhere/acme.token.json"));
        assert!(matches!(TokenLock::take(&nowhere), Err(LockError::Impossible(_))));
    }
}
