//! The token file: `{"access_token", "refresh_token", "expires_at", "scope"}`. It is replaced as a whole or not at all, and on disk
//! before anybody uses what is in it: X takes a refresh token only once.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, Write as _};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, chown};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::config::{Secret, read_text};
use crate::model::Timestamp;

/// A pair of tokens.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// Goes with each call.
    pub access: Secret,
    /// Buys the next pair, once; absent without the scope `offline.access`.
    pub refresh: Option<Secret>,
    /// When the access token ends.
    pub expires_at: Timestamp,
    /// What the user allowed, separated by spaces.
    pub scope: String,
}

#[derive(Serialize, Deserialize)]
struct Written {
    access_token: String,
    refresh_token: Option<String>,
    expires_at: String,
    #[serde(default)]
    scope: String,
}

impl Tokens {
    /// Reads the file's text. The error repeats nothing of it.
    fn parse(text: &str) -> Result<Self, String> {
        let written: Written = serde_json::from_str(text).map_err(|error| {
            let place = format!("line {}, column {}", error.line(), error.column());
            format!("is no token file ({place}); it has access_token, refresh_token, expires_at and scope")
        })?;
        let token = |text: String| text.bytes().all(|byte| byte.is_ascii_graphic()).then(|| Secret::new(text));
        let refresh = written.refresh_token.filter(|text| !text.is_empty());
        let (access, refresh) = match (token(written.access_token), refresh.map(token)) {
            (Some(access), None) => (access, None),
            (Some(access), Some(Some(refresh))) => (access, Some(refresh)),
            _ => return Err("holds a token with white space or other strange characters inside".to_owned()),
        };
        if access.expose().is_empty() {
            return Err("holds an empty access_token".to_owned());
        }
        let expires_at = written.expires_at.parse().map_err(|_| "has an expires_at that is no RFC 3339 moment".to_owned())?;
        Ok(Self { access, refresh, expires_at, scope: written.scope })
    }

    fn text(&self) -> String {
        let written = Written {
            access_token: self.access.expose().to_owned(),
            refresh_token: self.refresh.as_ref().map(|refresh| refresh.expose().to_owned()),
            expires_at: self.expires_at.to_string(),
            scope: self.scope.clone(),
        };
        serde_json::to_string_pretty(&written).expect("four texts are JSON") + "\n"
    }

    /// Whether the refresh token is this one.
    pub(super) fn has_refresh(&self, other: Option<&Secret>) -> bool {
        self.refresh.as_ref().map(Secret::expose) == other.map(Secret::expose)
    }
}

/// Tells one version of the file from the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    modified: Option<SystemTime>,
    bytes: u64,
    inode: u64,
}

impl Stamp {
    fn of(metadata: &fs::Metadata) -> Self {
        Self { modified: metadata.modified().ok(), bytes: metadata.len(), inode: metadata.ino() }
    }
}

/// Where the tokens of an account lie.
#[derive(Clone, Debug)]
pub struct TokenFile(PathBuf);

/// No token file is larger.
const MOST: u64 = 64 << 10;

impl TokenFile {
    /// The file need not exist.
    pub fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Which version lies there; nothing if none does.
    pub(super) fn stamp(&self) -> Option<Stamp> {
        fs::metadata(&self.0).ok().as_ref().map(Stamp::of)
    }

    /// The tokens; an error is a sentence that names the file.
    pub(super) fn read(&self) -> Result<Tokens, String> {
        let text = read_text(&self.0, MOST).map_err(|error| format!("the token file {} {error}", self.0.display()))?;
        Tokens::parse(&text).map_err(|error| format!("the token file {} {error}", self.0.display()))
    }

    /// The permissions, if others than the owner have any.
    pub(super) fn open_mode(&self) -> Option<u32> {
        fs::metadata(&self.0).ok().map(|metadata| metadata.mode() & 0o777).filter(|mode| mode & 0o077 != 0)
    }

    /// For messages.
    pub(super) fn display(&self) -> impl std::fmt::Display {
        self.0.display()
    }

    /// The file next to it that says who uses it.
    pub(super) fn lock_path(&self) -> PathBuf {
        // Two names of one file have one lock.
        let mut name = fs::canonicalize(&self.0).unwrap_or_else(|_| self.0.clone()).into_os_string();
        name.push(".lock");
        name.into()
    }

    /// Makes room for the next version: what could keep it from being written shows now, before X makes the old one worthless.
    pub fn draft(&self) -> Result<Draft, String> {
        // Through a link: the file it leads to is the one to be replaced.
        let target = fs::canonicalize(&self.0).unwrap_or_else(|_| self.0.clone());
        let fail =
            |what: &str, error: io::Error| format!("the token file {} cannot be written: {what}: {error}", self.0.display());
        if is_mount_point(&target) {
            let shown = self.0.display();
            return Err(format!("the token file {shown} is a mount of its own and cannot be replaced; mount its folder instead"));
        }
        let folder = target.parent().map_or_else(|| PathBuf::from("/"), Path::to_owned);
        let mut random = [0u8; 6];
        getrandom::fill(&mut random).map_err(|_| "the operating system gives no random bytes".to_owned())?;
        let mut name = target.file_name().unwrap_or_default().to_os_string();
        random.iter().for_each(|byte| write!(name, ".{byte:02x}").expect("a name takes everything"));
        let temporary = folder.join(name).with_added_extension("new");
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary);
        let file = file.map_err(|error| fail(&format!("no new file in {}", folder.display()), error))?;
        let mut draft = Draft { target, folder, temporary, file };
        draft.reserve().map_err(|error| fail("no room for it", error))?;
        Ok(draft)
    }
}

/// A file that will take the token file's place; removed if it does not.
#[derive(Debug)]
pub struct Draft {
    target: PathBuf,
    folder: PathBuf,
    temporary: PathBuf,
    file: File,
}

impl Draft {
    fn reserve(&mut self) -> io::Result<()> {
        self.file.write_all(&[b' '; 8 << 10])?;
        self.file.sync_all()
    }

    /// Puts these tokens into the token file's place. Once it returns they survive a power cut.
    pub fn commit(self, tokens: &Tokens) -> Result<(), String> {
        self.put(tokens).map(|_| ())
    }

    pub(super) fn put(mut self, tokens: &Tokens) -> Result<Stamp, String> {
        self.replace(tokens).map_err(|error| format!("the token file {} cannot be written: {error}", self.target.display()))
    }

    fn replace(&mut self, tokens: &Tokens) -> io::Result<Stamp> {
        let text = tokens.text();
        self.file.rewind()?;
        self.file.write_all(text.as_bytes())?;
        self.file.set_len(text.len() as u64)?;
        self.keep_owner();
        self.file.sync_all()?;
        let stamp = Stamp::of(&self.file.metadata()?);
        fs::rename(&self.temporary, &self.target)?;
        File::open(&self.folder)?.sync_all()?;
        Ok(stamp)
    }

    /// A login as root must leave a file that the exporter can read. Without the right to do so the file stays the process's own.
    fn keep_owner(&self) {
        let of = |path: &Path| fs::metadata(path).ok().map(|metadata| (metadata.uid(), metadata.gid()));
        if let Some((user, group)) = of(&self.target).or_else(|| of(&self.folder)) {
            let _ = chown(&self.temporary, Some(user), Some(group));
        }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // Gone already if it took the place.
        let _ = fs::remove_file(&self.temporary);
    }
}

/// Containers mount single files; such a file cannot be renamed over.
fn is_mount_point(path: &Path) -> bool {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    mounts.lines().filter_map(|line| line.split(' ').nth(4)).any(|mount| Path::new(mount) == path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn tokens() -> Tokens {
        Tokens {
            access: Secret::new("at".to_owned()),
            refresh: Some(Secret::new("rt".to_owned())),
            expires_at: Timestamp::from_seconds(1_767_225_600),
            scope: "tweet.read offline.access".to_owned(),
        }
    }

    #[test]
    fn tokens_are_read_as_they_were_written() {
        let read = Tokens::parse(&tokens().text()).expect("a token file");
        assert_eq!((read.access.expose(), read.expires_at), ("at", tokens().expires_at));
        assert!(read.has_refresh(tokens().refresh.as_ref()) && read.scope == tokens().scope);
        let bare = Tokens::parse(r#"{"access_token":"at","refresh_token":"","expires_at":"2026-01-01T00:00:00Z"}"#);
        assert!(bare.expect("no refresh token").refresh.is_none());
    }

    #[test]
    fn what_is_no_token_file_is_refused_without_repeating_it() {
        for text in [
            "",
            "hunter2",
            r#""hunter2""#,
            r#"{"access_token":"hunter2"}"#,
            r#"{"access_token":"hunter2","expires_at":"hunter2"}"#,
            r#"{"access_token":"hunter2 ","expires_at":"2026-01-01T00:00:00Z"}"#,
            r#"{"access_token":"","refresh_token":"hunter2","expires_at":"2026-01-01T00:00:00Z"}"#,
            r#"{"access_token":["hunter2"],"expires_at":"2026-01-01T00:00:00Z"}"#,
        ] {
            let error = Tokens::parse(text).expect_err(text);
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_draft_takes_the_place_or_leaves_nothing_behind() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = TokenFile::new(&folder.path().join("acme.token.json"));
        let names = || fs::read_dir(folder.path()).expect("readable").count();
        drop(file.draft().expect("writable"));
        assert_eq!(names(), 0);
        let stamp = file.draft().and_then(|draft| draft.put(&tokens())).expect("written");
        assert_eq!((file.stamp(), names(), file.open_mode()), (Some(stamp), 1, None));
        assert_eq!(fs::metadata(&file.0).expect("there").permissions().mode() & 0o777, 0o600);
        assert_eq!(file.read().expect("tokens").access.expose(), "at");
        fs::set_permissions(&file.0, fs::Permissions::from_mode(0o640)).expect("ours");
        assert_eq!(file.open_mode(), Some(0o640));
    }

    #[test]
    fn a_link_stays_a_link() {
        let folder = tempfile::tempdir().expect("a folder");
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, "").expect("written");
        std::os::unix::fs::symlink(&real, &link).expect("linked");
        TokenFile::new(&link).draft().and_then(|draft| draft.commit(&tokens())).expect("written");
        assert!(link.is_symlink() && TokenFile::new(&real).read().is_ok());
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let error = TokenFile::new(Path::new("/nowhere/acme.token.json")).draft().expect_err("no folder");
        assert!(error.contains("no new file in /nowhere"), "{error}");
    }
}
