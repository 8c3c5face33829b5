//! A Unix socket's file: made for owner and group, removed when nobody listens any more.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixStream};

/// The file of a socket of ours.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    /// Device and inode: a successor's socket at the same path is not ours to remove.
    id: (u64, u64),
}

impl SocketFile {
    /// Owner and group may connect.
    const MODE: u32 = 0o660;

    /// Listens at this path. What a crash has left there is removed if nobody answers at it, and if it is a socket at all.
    pub(super) async fn listen(path: &Path) -> io::Result<(UnixListener, Self)> {
        if let Ok(found) = fs::symlink_metadata(path) {
            if !found.file_type().is_socket() {
                return Err(io::Error::new(io::ErrorKind::AlreadyExists, "there is a file that is no socket"));
            }
            match UnixStream::connect(path).await {
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path)?,
                Ok(_) => return Err(io::Error::new(io::ErrorKind::AddrInUse, "somebody listens there already")),
                Err(error) => return Err(error),
            }
        }
        let listener = UnixListener::bind(path)?;
        let metadata = fs::symlink_metadata(path)?;
        let file = Self { path: path.to_path_buf(), id: (metadata.dev(), metadata.ino()) };
        fs::set_permissions(path, Permissions::from_mode(Self::MODE))?;
        Ok((listener, file))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if fs::symlink_metadata(&self.path).is_ok_and(|metadata| (metadata.dev(), metadata.ino()) == self.id) {
            // Whoever comes next removes it, too.
            let _ = fs::remove_file(&self.path);
        }
    }
}
