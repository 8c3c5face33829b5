//! Looks into a state that may be in use: at a copy, which is thrown away.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::state::folder::FILE;
use crate::state::{Recalled, close, load};

/// An exporter may be writing while the file is copied; what comes out then does not fit together, and the next copy may.
const ATTEMPTS: u32 = 5;

/// What is known of each account in this folder, for somebody who only looks; nothing if there is no state that can be read. Blocks.
pub fn peek(folder: &Path) -> Option<Vec<Recalled>> {
    let file = folder.join(FILE);
    if !file.is_file() {
        return None;
    }
    let copies = Copies::make()?;
    (0..ATTEMPTS).find_map(|attempt| {
        let copy = copies.0.join(attempt.to_string());
        fs::copy(&file, &copy).ok()?;
        let (database, recalled) = load(&copy).ok()?;
        close(database);
        Some(recalled)
    })
}

/// A folder that nobody else may look into, gone when dropped.
struct Copies(PathBuf);

impl Copies {
    fn make() -> Option<Self> {
        let mut random = [0u8; 8];
        getrandom::fill(&mut random).ok()?;
        let name = format!("tweet_exporter-{:016x}", u64::from_ne_bytes(random));
        let path = std::env::temp_dir().join(name);
        DirBuilder::new().mode(0o700).create(&path).ok()?;
        Some(Self(path))
    }
}

impl Drop for Copies {
    fn drop(&mut self) {
        // A copy that stays behind is a nuisance, no more.
        let _ = fs::remove_dir_all(&self.0);
    }
}
