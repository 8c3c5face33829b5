//! What survives a restart, on disk: one file, each commit whole or not at all, and durable once it returns. The values are opaque
//! bytes; what they mean is the collector's.

mod error;
mod folder;
mod peek;
mod tables;

#[cfg(test)]
mod tests;

pub use error::{StateError, expects_panic};
pub use peek::peek;
pub use tables::{Change, Recalled, Tweets};

use std::fs;
use std::path::{Path, PathBuf};

use redb::{Builder, Database, Error};

use crate::state::error::{Fault, caught, guarded};
use crate::state::folder::Folder;

/// The open database. Its folder belongs to this process until it is dropped, or the process ends in whatever way.
#[derive(Debug)]
pub struct State {
    /// Nothing after a failed commit, until the next one opens the file anew: redb refuses all work after the first failed write.
    database: Option<Database>,
    folder: Folder,
}

/// What opening it found.
#[derive(Debug)]
pub struct Opened {
    /// Takes the changes from now on.
    pub state: State,
    /// What is known of each account, by name.
    pub recalled: Vec<Recalled>,
    /// The file that could not be used, if there was one.
    pub set_aside: Option<SetAside>,
    /// There was no file, or none that could be used; nothing is recalled.
    pub is_new: bool,
}

/// A file that is broken, or newer than this program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// Where it lies now.
    pub copy: PathBuf,
    /// What is wrong with it.
    pub why: String,
}

/// redb would take 1 GiB. All is read once, at the start; a commit touches some hundred pages.
const CACHE_BYTES: usize = 2 << 20;
/// Below this size a file's free pages are not worth the time.
const SMALL: u64 = 16 << 20;
/// So many times its content may a file be long before it is compacted.
const SLACK: u64 = 4;

impl State {
    /// Opens the file in this folder, which is made if it is missing, and reads all of it. Blocks.
    ///
    /// A file that is broken or newer is renamed, and a new one begun: the caller must find out otherwise what was spent. With an
    /// error nothing can be kept, and the caller goes on without state.
    pub fn open(folder: &Path) -> Result<Opened, StateError> {
        let folder = Folder::take(folder)?;
        let mut set_aside = None;
        if folder.has_file()? {
            match load(&folder.file()) {
                Ok((database, recalled)) => {
                    let state = Self { database: Some(database), folder };
                    return Ok(Opened { state, recalled, set_aside, is_new: false });
                }
                Err(Fault::InUse) => return Err(folder.in_use()),
                Err(Fault::Disk(why)) => return Err(folder.unusable(&why)),
                Err(Fault::Broken(why)) => set_aside = Some(SetAside { copy: folder.set_aside()?, why }),
            }
        }
        let database = begin(&folder).map_err(|fault| folder.unusable(&fault.to_string()))?;
        Ok(Opened { state: Self { database: Some(database), folder }, recalled: Vec::new(), set_aside, is_new: true })
    }

    /// Writes these changes in one transaction, on disk when it returns. Blocks.
    ///
    /// After an error all that was committed before is still there. These changes may be or not be; they are repeated with the next
    /// ones, which work again as soon as the disk does.
    pub fn commit(&mut self, changes: impl IntoIterator<Item = Change<impl Tweets>>) -> Result<(), StateError> {
        let mut changes = changes.into_iter().peekable();
        if changes.peek().is_none() {
            return Ok(());
        }
        let written = self.attempt(changes);
        if written.is_err() {
            self.close();
        }
        written.map_err(|fault| self.folder.not_written(&fault.to_string()))
    }

    /// What the file holds of one account; nothing if it does not know it. Blocks.
    pub fn recall(&self, account: &str) -> Result<Option<Recalled>, StateError> {
        let database = self.database.as_ref().ok_or_else(|| self.folder.unusable("the last commit failed"))?;
        guarded(|| tables::read_account(database, account)).map_err(|fault| self.folder.unusable(&fault.to_string()))
    }

    fn attempt(&mut self, changes: impl Iterator<Item = Change<impl Tweets>>) -> Result<(), Fault> {
        if self.database.is_none() {
            self.database = Some(guarded(|| Ok(builder().open(self.folder.file())?))?);
        }
        let database = self.database.as_ref().expect("opened just now");
        guarded(|| tables::write(database, changes))
    }

    fn close(&mut self) {
        if let Some(database) = self.database.take() {
            close(database);
        }
    }
}

impl Drop for State {
    fn drop(&mut self) {
        self.close();
    }
}

/// Closing writes, and what writes may panic in a file that was broken under our hands. There is nothing left to save then.
fn close(database: Database) {
    let _ = caught(|| drop(database));
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES);
    builder
}

/// Opens the file, and believes nothing in it before all its checksums are right.
fn load(path: &Path) -> Result<(Database, Vec<Recalled>), Fault> {
    let mut database = guarded(|| Ok(builder().open(path)?))?;
    let checked = guarded(|| {
        tables::check_version(&database)?;
        database.check_integrity()?;
        tables::read(&database)
    });
    let recalled = match checked {
        Ok(recalled) => recalled,
        Err(fault) => {
            close(database);
            return Err(fault);
        }
    };
    let content = recalled.iter().map(Recalled::bytes).sum::<u64>();
    let length = fs::metadata(path).map_or(0, |metadata| metadata.len());
    if length <= SMALL || length / SLACK <= content {
        return Ok((database, recalled));
    }
    // Needs some space itself; a disk that has none is the next commit's affair.
    if guarded(|| database.compact().map_err(Error::from)).is_err() {
        close(database);
        database = guarded(|| Ok(builder().open(path)?))?;
    }
    Ok((database, recalled))
}

/// Makes an empty file. It gets its name when it is complete, so that an end before that leaves none that looks broken.
fn begin(folder: &Folder) -> Result<Database, Fault> {
    let disk = |error: std::io::Error| Fault::Disk(error.to_string());
    let made = folder.draft().map_err(disk).and_then(|file| {
        let database = guarded(move || Ok(builder().create_file(file)?))?;
        guarded(|| tables::make(&database))?;
        folder.adopt_draft().map_err(disk)?;
        Ok(database)
    });
    if made.is_err() {
        folder.drop_draft();
    }
    made
}
