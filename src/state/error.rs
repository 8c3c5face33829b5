//! What can go wrong with the state: for people, and inside, where it decides about the file's fate.

use std::any::Any;
use std::cell::Cell;
use std::fmt;
use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};

use redb::Error;

/// Why nothing can be kept. The text says what, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateError {
    /// Another process has the folder.
    InUse(String),
    /// The folder or its file cannot be used; nothing in them is lost.
    Unusable(String),
    /// A commit failed; the ones before it are safe.
    Write(String),
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::InUse(text) | Self::Unusable(text) | Self::Write(text)) = self;
        f.write_str(text)
    }
}

impl std::error::Error for StateError {}

/// What redb's many errors mean here.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Another process, an older or foreign program, has locked the file itself.
    InUse,
    /// The file is at fault: it will never open.
    Broken(String),
    /// The disk is at fault: the file may open once that is put right.
    Disk(String),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        // What redb asks of a file that is shorter, or other, than it should be.
        let of_content = [ErrorKind::UnexpectedEof, ErrorKind::InvalidData, ErrorKind::InvalidInput];
        match error {
            Error::DatabaseAlreadyOpen => Self::InUse,
            Error::Io(error) if !of_content.contains(&error.kind()) => Self::Disk(error.to_string()),
            Error::PreviousIo | Error::Unsupported => Self::Disk(error.to_string()),
            Error::Corrupted(why) => Self::Broken(why),
            error => Self::Broken(error.to_string()),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InUse => f.write_str("another program has locked it"),
            Self::Broken(why) | Self::Disk(why) => f.write_str(why),
        }
    }
}

/// Runs what touches the file. redb reports most broken files, and panics over some.
pub(super) fn guarded<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Fault> {
    match caught(work) {
        Ok(result) => result.map_err(Fault::from),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            Err(Fault::Broken(format!("redb gave up on it: {}", text.unwrap_or_default())))
        }
    }
}

thread_local! {
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic of this thread, right now, is one that becomes an error of the state: whoever reports panics need not.
pub fn expects_panic() -> bool {
    IS_GUARDED.get()
}

/// Runs it, and gives what it panicked with.
pub(super) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, Box<dyn Any + Send>> {
    IS_GUARDED.set(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    IS_GUARDED.set(false);
    result
}
