//! A text that must not be seen, and where it comes from: a file of its own or the environment, never the configuration itself.
//! No message repeats what the user wrote, since a secret often stands in the wrong place.

use std::fmt;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};

use crate::config::file::{FileError, read_text};
use crate::config::section::{Field, Section};

/// A secret. It prints as `[redacted]` wherever it is printed, and is wiped from memory when dropped.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Keeps this text secret.
    pub fn new(text: String) -> Self {
        Self(SecretString::from(text))
    }

    /// The text itself. Only `auth` and the HTTP client may ask.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// A secret under `key`, whose value is `${NAME}`, or under `file_key`, whose value is a path. Outside `None` is an error, inside
/// it is absence.
pub(super) fn optional(section: &Section<'_>, key: &'static str, file_key: &'static str) -> Option<Option<Secret>> {
    match (section.field(key), section.field(file_key)) {
        (None, None) => Some(None),
        (Some(field), Some(_)) => field.refuse(format!("{key} and {file_key} are the same secret; keep one of them")),
        (Some(field), None) => from_environment(&field, file_key).map(Some),
        (None, Some(field)) => from_file(&field).map(Some),
    }
}

/// Like [`optional`], where the section makes no sense without it.
pub(super) fn required(section: &Section<'_>, key: &'static str, file_key: &'static str) -> Option<Secret> {
    match optional(section, key, file_key)? {
        Some(secret) => Some(secret),
        None => section.missing(file_key, &format!("write the path of a file that holds the secret, or {key}: ${{NAME}}")),
    }
}

/// A name that is not quite a secret: as it stands, or `${NAME}`.
pub(super) fn literal_or_variable(field: &Field<'_>) -> Option<String> {
    let text = field.text()?;
    if text.starts_with("${") {
        return variable_value(field, variable(text).or_else(|| field.refuse("not exactly one variable; write ${NAME}"))?);
    }
    clean(field, text, "the value")
}

fn from_environment(field: &Field<'_>, file_key: &str) -> Option<Secret> {
    let name = field.as_text().and_then(variable).or_else(|| {
        field.refuse(format!(
            "a secret must not stand in this file; write exactly ${{NAME}}, or {file_key} with the path of a file"
        ))
    })?;
    variable_value(field, name).map(Secret::new)
}

/// `NAME` of exactly `${NAME}`.
pub(super) fn variable(text: &str) -> Option<&str> {
    let name = text.strip_prefix("${")?.strip_suffix('}')?;
    let valid = !name.starts_with(|first: char| first.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    valid.then_some(name)
}

pub(super) fn variable_value(field: &Field<'_>, name: &str) -> Option<String> {
    match (field.findings.environment)(name) {
        Some(value) => clean(field, &value, &format!("the environment variable {name}")),
        None => field.refuse(format!("the environment variable {name} is not set; set it before the start")),
    }
}

/// Larger files hold something else.
const MAX_SECRET: u64 = 64 << 10;

fn from_file(field: &Field<'_>) -> Option<Secret> {
    let path = field.path()?;
    field.findings.reads(&path);
    let text = match read_text(&path, MAX_SECRET) {
        Ok(text) => text,
        Err(FileError::Missing) => {
            let folder = field.findings.folder.display();
            return field.refuse(format!("the file does not exist; write its path, absolute or from {folder}"));
        }
        Err(error) => return field.refuse_file("the file", &error, "write the path of a file that holds the secret alone"),
    };
    warn_if_open(field, &path);
    clean(field, &text, "the file").map(Secret::new)
}

/// Warns if everybody on this computer may read or change the file.
pub(super) fn warn_if_open(field: &Field<'_>, path: &Path) {
    let mode = fs::metadata(path).map_or(0, |metadata| metadata.permissions().mode());
    let may = match mode & 0o006 {
        0 => return,
        0o004 => "read",
        0o002 => "change",
        _ => "read and change",
    };
    field.warn(format!("every user of this computer may {may} the file (mode {:03o}); chmod 600 it", mode & 0o777));
}

/// The text without the newline that editors and `echo` put at its end.
fn clean(field: &Field<'_>, text: &str, holder: &str) -> Option<String> {
    let text = text.trim_end_matches(['\n', '\r']);
    if text.is_empty() {
        return field.refuse(format!("{holder} is empty; put the value into it"));
    }
    if text.to_ascii_lowercase().starts_with("bearer ") {
        return field.refuse(format!("{holder} begins with the word Bearer; leave it out"));
    }
    // X's documents and ours sign with secrets that have a space inside; a token of a header cannot have one.
    let is_signing = field.path.contains("consumer_secret") || field.path.contains("access_token_secret");
    let is_inner = |byte: u8| is_signing && byte == b' ' && text.trim().len() == text.len();
    if !text.bytes().all(|byte| byte.is_ascii_graphic() || is_inner(byte)) {
        return field
            .refuse(format!("{holder} has white space or other strange characters inside; it must hold the value alone"));
    }
    Some(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_prints() {
        let secret = Secret::new("hunter2".to_owned());
        assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "[redacted] Some([redacted])");
        assert_eq!(secret.expose(), "hunter2");
    }

    #[test]
    fn only_exactly_one_variable_is_a_variable() {
        assert_eq!(variable("${X_BEARER_TOKEN}"), Some("X_BEARER_TOKEN"));
        assert_eq!(variable("${_1}"), Some("_1"));
        for text in ["", "$X", "${}", "${1X}", "${X", "X}", "a${X}", "${X}b", "${X:-y}", "${X}${Y}", "${ü}"] {
            assert_eq!(variable(text), None, "{text}");
        }
    }
}
