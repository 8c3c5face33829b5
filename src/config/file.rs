//! Reading a file whole, with a bound: whatever a path leads to, it is refused or read in a moment.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Most bytes of a configuration file: parsing takes long for larger ones.
pub(super) const MAX_CONFIG: u64 = 1 << 20;
/// Most bytes of a watch file, some 800,000 ids.
pub(crate) const MAX_WATCH: u64 = 16 << 20;

/// Tells one version of a file from the next without reading it: device, inode and length; seconds and nanoseconds of when it was last
/// written, and of when anything about it, such as who may read it, was last changed. Nothing: it is not there.
///
/// What is replaced by swapping a link, as Kubernetes does, has another inode behind the same path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileStamp(Option<([u64; 3], [i64; 4])>);

impl FileStamp {
    /// Of what the path leads to right now, through links.
    pub fn of(path: &Path) -> Self {
        let stamp = |seen: fs::Metadata| {
            let times = [seen.mtime(), seen.mtime_nsec(), seen.ctime(), seen.ctime_nsec()];
            ([seen.dev(), seen.ino(), seen.len()], times)
        };
        Self(fs::metadata(path).ok().map(stamp))
    }
}

/// Why a file was not read. Prints as the rest of a sentence that names the file.
#[derive(Debug)]
pub(crate) enum FileError {
    Missing,
    Folder,
    NotRegular,
    TooLarge(u64),
    NotUtf8,
    /// Nothing can be opened right now: that says nothing about the file.
    OutOfDescriptors,
    Unreadable(io::Error),
}

impl FileError {
    /// Looking again later may help, without anybody changing the file.
    pub(crate) fn is_passing(&self) -> bool {
        matches!(self, Self::OutOfDescriptors)
    }
}

/// The text of a regular file of at most `most` bytes.
pub(crate) fn read_text(path: &Path, most: u64) -> Result<String, FileError> {
    check_kind(path)?;
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(most + 1).read_to_end(&mut bytes)).map_err(FileError::from)?;
    if bytes.len() as u64 > most {
        return Err(FileError::TooLarge(most));
    }
    String::from_utf8(bytes).map_err(|_| FileError::NotUtf8)
}

/// Looked at before opening: to open a named pipe is to wait for its writer.
fn check_kind(path: &Path) -> Result<(), FileError> {
    let metadata = fs::metadata(path).map_err(FileError::from)?;
    match () {
        () if metadata.is_dir() => Err(FileError::Folder),
        () if !metadata.is_file() => Err(FileError::NotRegular),
        () => Ok(()),
    }
}

impl From<io::Error> for FileError {
    fn from(error: io::Error) -> Self {
        /// Of the process and of the whole system, alike on Linux and macOS; the library has no name for them.
        const EMFILE: i32 = 24;
        const ENFILE: i32 = 23;
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            _ if matches!(error.raw_os_error(), Some(EMFILE | ENFILE)) => Self::OutOfDescriptors,
            _ => Self::Unreadable(error),
        }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("does not exist"),
            Self::Folder => f.write_str("is a folder, not a file"),
            Self::NotRegular => f.write_str("is not a regular file"),
            Self::TooLarge(most) if *most >= 1 << 20 => write!(f, "is larger than {} MiB", most >> 20),
            Self::TooLarge(most) => write!(f, "is larger than {} KiB", most >> 10),
            Self::NotUtf8 => f.write_str("is not UTF-8 text"),
            Self::OutOfDescriptors => f.write_str("cannot be opened now: too many open files; allow more of them (ulimit -n)"),
            Self::Unreadable(error) => write!(f, "cannot be read: {error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_says_why() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let large = folder.path().join("large");
        fs::write(&large, "12345").expect("a file");
        let binary = folder.path().join("binary");
        fs::write(&binary, [0xff, 0xfe]).expect("a file");
        for (path, most, message) in [
            (folder.path().join("none"), 9, "does not exist"),
            (folder.path().to_path_buf(), 9, "is a folder, not a file"),
            ("/dev/null".into(), 9, "is not a regular file"),
            (large.clone(), 4, "is larger than 0 KiB"),
            (binary, 9, "is not UTF-8 text"),
        ] {
            assert_eq!(read_text(&path, most).expect_err("refused").to_string(), message);
        }
        assert_eq!(read_text(&large, 5).expect("read"), "12345");
    }
}
