//! Walking the tree without stopping: a [`Field`] is a value at its path, a [`Section`] a mapping with known keys. What does not
//! fit is noted in [`Findings`] and read as `None`, so that one run finds every error.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::Environment;
use crate::config::error::{ConfigErrors, ConfigWarning, Finding, Place};
use crate::config::file::{FileError, FileStamp};
use crate::config::follow::Files;
use crate::config::node::{Kind, Node, Value};
use crate::config::schema::Schema;
use crate::config::suggestion::nearest;

/// What was found so far, and what reading needs to know of the world.
pub(super) struct Findings<'a> {
    file: Arc<Path>,
    /// Folder from which relative paths count.
    pub(super) folder: PathBuf,
    pub(super) environment: &'a Environment<'a>,
    errors: RefCell<Vec<Finding>>,
    surplus: Cell<usize>,
    warnings: RefCell<Vec<Finding>>,
    /// Patterns of watch files: with errors elsewhere these files are still worth a look.
    pub(super) globs: RefCell<Vec<String>>,
    /// Files besides, and which version of them was read.
    pub(super) files: RefCell<Files>,
    /// A file could not be opened for want of descriptors.
    is_passing: Cell<bool>,
}

impl<'a> Findings<'a> {
    /// Nothing found yet in this file.
    pub(super) fn new(file: &Path, environment: &'a Environment<'a>) -> Self {
        let absolute = std::path::absolute(file).unwrap_or_else(|_| file.to_path_buf());
        let folder = absolute.parent().unwrap_or(&absolute).to_path_buf();
        Self {
            file: file.into(),
            folder,
            environment,
            errors: RefCell::default(),
            surplus: Cell::default(),
            warnings: RefCell::default(),
            globs: RefCell::default(),
            files: RefCell::default(),
            is_passing: Cell::default(),
        }
    }

    pub(super) fn error(&self, place: Option<Place>, path: &str, text: String) {
        if self.errors.borrow().len() == ConfigErrors::KEPT {
            self.surplus.set(self.surplus.get() + 1);
        } else {
            self.errors.borrow_mut().push(self.finding(place, path, text));
        }
    }

    /// What this file holds is read next: it is followed from here on.
    pub(super) fn reads(&self, path: &Path) {
        self.files.borrow_mut().push((path.to_owned(), FileStamp::of(path)));
    }

    fn finding(&self, place: Option<Place>, path: &str, text: String) -> Finding {
        Finding { file: Arc::clone(&self.file), place, path: path.to_owned(), text }
    }

    /// The value with all warnings if nothing is wrong, else all errors.
    pub(super) fn conclude<T>(self, value: Option<T>) -> Result<(T, Vec<ConfigWarning>), ConfigErrors> {
        let errors = self.errors.into_inner();
        match value {
            Some(value) if errors.is_empty() => {
                let mut warnings = self.warnings.into_inner();
                warnings.sort_by_key(|warning| warning.place);
                Ok((value, warnings.into_iter().map(ConfigWarning).collect()))
            }
            _ => {
                let errors = ConfigErrors::new(errors, self.surplus.get()).and_watch_files(self.globs.into_inner());
                let errors = errors.and_files(self.files.into_inner());
                Err(errors.passing_if(self.is_passing.get()))
            }
        }
    }
}

/// A value with its path.
#[derive(Clone)]
pub(super) struct Field<'a> {
    pub(super) node: &'a Node,
    pub(super) path: String,
    pub(super) findings: &'a Findings<'a>,
}

impl<'a> Field<'a> {
    /// Notes what is wrong with this value.
    pub(super) fn error(&self, text: impl Into<String>) {
        self.findings.error(Some(self.node.place), &self.path, text.into());
    }

    /// [`Field::error`] where a value is expected.
    pub(super) fn refuse<T>(&self, text: impl Into<String>) -> Option<T> {
        self.error(text);
        None
    }

    /// [`Field::refuse`] for a file that was not read: what it is called, why, and what to do if it is the file's fault.
    pub(super) fn refuse_file<T>(&self, what: impl std::fmt::Display, error: &FileError, advice: &str) -> Option<T> {
        if error.is_passing() {
            self.findings.is_passing.set(true);
            return self.refuse(format!("{what} {error}"));
        }
        self.refuse(format!("{what} {error}; {advice}"))
    }

    /// Notes what deserves a look.
    pub(super) fn warn(&self, text: impl Into<String>) {
        let warning = self.findings.finding(Some(self.node.place), &self.path, text.into());
        self.findings.warnings.borrow_mut().push(warning);
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self.node.value, Value::Scalar(Kind::Null, _))
    }

    /// The text of a text, said nothing if it is none.
    pub(super) fn as_text(&self) -> Option<&'a str> {
        match &self.node.value {
            Value::Scalar(Kind::Text, text) => Some(text),
            _ => None,
        }
    }

    /// What it is, for `expected …, found …`; never the value itself, which may be a secret in the wrong place.
    pub(super) fn found(&self) -> &'static str {
        match &self.node.value {
            Value::Scalar(Kind::Null, _) => "nothing",
            Value::Scalar(Kind::Bool, _) => "true or false",
            Value::Scalar(Kind::Number, _) => "a number",
            Value::Scalar(Kind::Text, _) => "a text",
            Value::List(_) => "a list",
            Value::Mapping(_) => "a mapping",
        }
    }

    /// A field inside, for a key that may be missing; nothing is noted.
    pub(super) fn inside(&self, key: &str) -> Option<Field<'a>> {
        let Value::Mapping(entries) = &self.node.value else { return None };
        let (_, node) = entries.iter().find(|(name, _)| matches!(&name.value, Value::Scalar(_, text) if text == key))?;
        Some(self.at(node, key))
    }

    fn at(&self, node: &'a Node, key: &str) -> Self {
        let plain = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-<".contains(&byte));
        let key = if plain { key.to_owned() } else { shown(key) };
        let path = if self.path.is_empty() { key } else { format!("{}.{key}", self.path) };
        Field { node, path, findings: self.findings }
    }

    /// The items of a list; anything else has none and is not complained about.
    pub(super) fn items(&self) -> Vec<Field<'a>> {
        let Value::List(list) = &self.node.value else { return Vec::new() };
        let item = |(index, node)| Field { node, path: format!("{}[{index}]", self.path), findings: self.findings };
        list.iter().enumerate().map(item).collect()
    }

    /// The items of what must be a list.
    pub(super) fn list(&self) -> Option<Vec<Field<'a>>> {
        self.untagged()?;
        match self.node.value {
            Value::List(_) => Some(self.items()),
            _ => self.refuse(format!("expected a list, found {}; write items that begin with -", self.found())),
        }
    }

    /// The entries of a mapping, each key once and with the place of the key itself.
    pub(super) fn entries(&self) -> Option<Vec<Entry<'a>>> {
        self.untagged()?;
        let Value::Mapping(mapping) = &self.node.value else {
            return self.refuse(format!("expected a mapping, found {}; write key: value", self.found()));
        };
        let mut entries = Vec::new();
        let mut names = HashSet::new();
        for (name, value) in mapping {
            let Value::Scalar(_, text) = &name.value else {
                Field { node: name, ..self.clone() }.error("a key must be a text");
                continue;
            };
            let entry = Entry { name: text, key: self.at(name, text), value: self.at(value, text) };
            if names.insert(entry.name) {
                entries.push(entry);
            } else {
                entry.key.error("the key is repeated; write it once");
            }
        }
        Some(entries)
    }

    /// The mapping by its known keys.
    pub(super) fn section(&self, schema: &'static Schema) -> Option<Section<'a>> {
        let entries = self.entries()?;
        for entry in entries.iter().filter(|entry| !schema.keys.contains(&entry.name)) {
            let meant = nearest(entry.name, schema.keys).map(|word| format!("did you mean {word}? ")).unwrap_or_default();
            let known = schema.keys.join(", ");
            if meant.is_empty() && self.path.ends_with("credentials") {
                // A forgotten space makes a secret part of the key.
                let hidden = Self { path: self.path.clone(), ..entry.key };
                hidden.error(format!("unknown key, not shown as it may hold a secret; write key: value; known here: {known}"));
            } else {
                entry.key.error(format!("unknown key; {meant}known here: {known}"));
            }
        }
        Some(Section { field: self.clone(), schema, entries })
    }

    /// Nothing if it carries a tag, which would otherwise be ignored in silence.
    pub(super) fn untagged(&self) -> Option<()> {
        match self.node.tagged {
            true => self.refuse("tags such as !include have no meaning here; write the value without it"),
            false => Some(()),
        }
    }
}

/// A key and its value.
pub(super) struct Entry<'a> {
    pub(super) name: &'a str,
    pub(super) key: Field<'a>,
    pub(super) value: Field<'a>,
}

/// A mapping with known keys. A key without a value is read as if it were not there.
pub(super) struct Section<'a> {
    pub(super) field: Field<'a>,
    schema: &'static Schema,
    entries: Vec<Entry<'a>>,
}

impl<'a> Section<'a> {
    /// The value of a key, if it has one.
    pub(super) fn field(&self, key: &'static str) -> Option<Field<'a>> {
        debug_assert!(self.schema.keys.contains(&key), "{key} is in the schema");
        self.entries.iter().find(|entry| entry.name == key && !entry.value.is_null()).map(|entry| entry.value.clone())
    }

    /// The key itself, for errors that are not about its value.
    pub(super) fn key(&self, key: &str) -> Option<Field<'a>> {
        self.entries.iter().find(|entry| entry.name == key).map(|entry| entry.key.clone())
    }

    /// Notes that a key is missing, where it was left empty or at the section's beginning.
    pub(super) fn missing<T>(&self, key: &'static str, what_to_write: &str) -> Option<T> {
        let field = self.key(key).unwrap_or_else(|| self.field.at(self.field.node, key));
        field.refuse(format!("missing; {what_to_write}"))
    }

    /// A key that must be there.
    pub(super) fn required<T>(
        &self,
        key: &'static str,
        what_to_write: &str,
        read: impl FnOnce(&Field<'a>) -> Option<T>,
    ) -> Option<T> {
        match self.field(key) {
            Some(field) => read(&field),
            None => self.missing(key, what_to_write),
        }
    }

    /// A key with a default.
    pub(super) fn or<T>(&self, key: &'static str, default: T, read: impl FnOnce(&Field<'a>) -> Option<T>) -> Option<T> {
        self.field(key).map_or(Some(default), |field| read(&field))
    }

    /// A key that may be missing: outside `None` is an error, inside it is absence.
    pub(super) fn optional<T>(&self, key: &'static str, read: impl FnOnce(&Field<'a>) -> Option<T>) -> Option<Option<T>> {
        self.field(key).map_or(Some(None), |field| read(&field).map(Some))
    }

    /// The mapping under a key; a missing one has no entries, so that its defaults hold.
    pub(super) fn section(&self, key: &'static str, schema: &'static Schema) -> Option<Section<'a>> {
        match self.field(key) {
            Some(field) => field.section(schema),
            None => Some(Section { field: self.field.at(self.field.node, key), schema, entries: Vec::new() }),
        }
    }
}

/// A text of the file for a message: quoted, cut, without control characters.
pub(super) fn shown(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}
