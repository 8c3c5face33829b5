//! Certificates and keys: inside the file, or in a file of their own.

use std::fmt;

use crate::config::file::read_text;
use crate::config::secret::warn_if_open;
use crate::config::section::{Field, Section};

/// PEM text and where it came from. Never printed: it may be a private key.
#[derive(Clone)]
pub struct Pem {
    /// The blocks, with whatever stands around them.
    pub text: String,
    /// The key of the configuration that holds it or names its file.
    pub key: &'static str,
}

impl fmt::Debug for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[PEM of {}]", self.key)
    }
}

/// Where one PEM text may stand.
pub(super) struct Keys {
    pub(super) inline: &'static str,
    pub(super) file: &'static str,
    /// What its first line says.
    pub(super) label: &'static str,
    pub(super) is_secret: bool,
}

/// The text under one of the two keys. Outside `None` is an error, inside it is absence.
pub(super) fn optional(section: &Section<'_>, keys: &Keys) -> Option<Option<Pem>> {
    let (text, key) = match (given(section, keys.inline), given(section, keys.file)) {
        (None, None) => return Some(None),
        (Some(field), Some(_)) => {
            return field.refuse(format!("{} and {} say the same; keep one of them", keys.inline, keys.file));
        }
        (Some(field), None) => (field.text()?.to_owned(), keys.inline),
        (None, Some(field)) => (from_file(&field, keys)?, keys.file),
    };
    if !text.contains("-----BEGIN ") || !text.contains(keys.label) {
        let field = section.field(key)?;
        return field.refuse(format!("no PEM block of a {}; it begins with -----BEGIN", keys.label.to_lowercase()));
    }
    Some(Some(Pem { text, key }))
}

/// A key whose value is neither missing nor empty: the toolkit takes an empty text for nothing.
pub(super) fn given<'a>(section: &Section<'a>, key: &'static str) -> Option<Field<'a>> {
    section.field(key).filter(|field| field.as_text() != Some(""))
}

fn from_file(field: &Field<'_>, keys: &Keys) -> Option<String> {
    /// A chain has some ten kilobytes, a bundle of a system's authorities half a megabyte.
    const MOST: u64 = 4 << 20;
    let path = field.path()?;
    field.findings.reads(&path);
    match read_text(&path, MOST) {
        Ok(text) => {
            if keys.is_secret {
                warn_if_open(field, &path);
            }
            Some(text)
        }
        Err(error) => field.refuse_file(path.display(), &error, "write the path of a PEM file"),
    }
}
