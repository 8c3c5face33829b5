//! The folder of the state: one process at a time, and nobody but the owner reads what is in it.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::state::StateError;

/// A folder that is ours; the system gives it back however the process ends.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    _lock: File,
}

pub(super) const FILE: &str = "state.redb";
const DRAFT: &str = "state.redb.new";
const LOCK: &str = "state.lock";

impl Folder {
    /// Makes the folder if it is missing, and takes it at once or not at all.
    pub(super) fn take(path: &Path) -> Result<Self, StateError> {
        make(path)?;
        let lock_path = path.join(LOCK);
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&lock_path);
        let mut lock = file.map_err(|error| unusable(path, &format!("{LOCK} cannot be made: {error}")))?;
        match lock.try_lock() {
            Ok(()) => {
                // For people only: the system's lock is what counts.
                let _ = lock.set_len(0).and_then(|()| writeln!(lock, "{}", std::process::id()));
                Ok(Self { path: path.to_owned(), _lock: lock })
            }
            Err(TryLockError::WouldBlock) => Err(in_use(path)),
            Err(TryLockError::Error(error)) => Err(unusable(path, &format!("{LOCK} cannot be locked: {error}"))),
        }
    }

    /// Where the database lies.
    pub(super) fn file(&self) -> PathBuf {
        self.path.join(FILE)
    }

    /// Whether there is one.
    pub(super) fn has_file(&self) -> Result<bool, StateError> {
        self.file().try_exists().map_err(|error| self.unusable(&error.to_string()))
    }

    /// Renames the file to a name that is free, and gives that.
    pub(super) fn set_aside(&self) -> Result<PathBuf, StateError> {
        let now = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
        let first = self.path.join(format!("{FILE}.{now}.broken"));
        let more = (2..).map(|count| self.path.join(format!("{FILE}.{now}-{count}.broken")));
        // Nobody takes the name in between: the folder is ours.
        let copy = std::iter::once(first).chain(more).find(|path| path.symlink_metadata().is_err()).expect("some name is free");
        fs::rename(self.file(), &copy).map_err(|error| self.unusable(&format!("it is broken and cannot be renamed: {error}")))?;
        Ok(copy)
    }

    /// An empty file that will take the database's place.
    pub(super) fn draft(&self) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).create(true).truncate(true).mode(0o600).open(self.path.join(DRAFT))
    }

    /// Gives the draft its name, also after a power cut.
    pub(super) fn adopt_draft(&self) -> io::Result<()> {
        fs::rename(self.path.join(DRAFT), self.file())?;
        File::open(&self.path)?.sync_all()
    }

    /// Removes it; it may be what filled the disk.
    pub(super) fn drop_draft(&self) {
        let _ = fs::remove_file(self.path.join(DRAFT));
    }

    pub(super) fn in_use(&self) -> StateError {
        in_use(&self.path)
    }

    pub(super) fn unusable(&self, why: &str) -> StateError {
        StateError::Unusable(format!(
            "the state file {} cannot be used: {why}; free or repair the disk, or choose another --state.path",
            self.file().display()
        ))
    }

    pub(super) fn not_written(&self, why: &str) -> StateError {
        StateError::Write(format!(
            "the state file {} cannot be written: {why}; free or repair the disk, it is tried again with the next change",
            self.file().display()
        ))
    }
}

/// Makes the last part of the path only: a missing parent is more likely a typing error, or a disk that is not mounted.
fn make(path: &Path) -> Result<(), StateError> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => {
            // Some file systems cannot sync a folder: not worth a refusal.
            let _ = File::open(parent).and_then(|parent| parent.sync_all());
            Ok(())
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(unusable(path, "it is not a folder")),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(unusable(path, &format!("its parent folder {} is missing; make that first", parent.display())))
        }
        Err(error) => Err(unusable(path, &format!("it cannot be made: {error}"))),
    }
}

fn in_use(path: &Path) -> StateError {
    let process = fs::read_to_string(path.join(LOCK)).unwrap_or_default();
    let process = process.trim().parse().map_or(String::new(), |id: u32| format!(" (process {id})"));
    StateError::InUse(format!(
        "the state folder {} is in use by another exporter{process}; stop that one, or give this one a --state.path of its own",
        path.display()
    ))
}

fn unusable(path: &Path, why: &str) -> StateError {
    StateError::Unusable(format!(
        "the state folder {} cannot be used: {why}; let --state.path name a folder that the exporter may write",
        path.display()
    ))
}
