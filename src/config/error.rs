//! What is wrong with a configuration, and where. Every finding is one line: `file:line:column: path: what is wrong; what to
//! write`.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use crate::config::file::FileError;
use crate::config::follow::Files;

/// Where in a file something stands, both counted from one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) line: u32,
    pub(super) column: u32,
}

/// One line for the person who wrote the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) file: Arc<Path>,
    /// Absent if the file itself is the trouble.
    pub(super) place: Option<Place>,
    /// `accounts[0].budget`; empty for the whole file.
    pub(super) path: String,
    pub(super) text: String,
}

/// Everything that is wrong with a configuration, in the order of its lines; there is at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors {
    findings: Vec<Finding>,
    surplus: usize,
    /// Patterns of the watch files that the configuration names all the same.
    watch_files: Vec<String>,
    /// Files that were read all the same, in which the trouble may be.
    files: Files,
    is_passing: bool,
}

impl ConfigErrors {
    /// A file with more errors than this is not read by a person line by line.
    const SHOWN: usize = 100;
    /// So many are kept for the order of lines; further ones are only counted.
    pub(super) const KEPT: usize = 1_000;

    pub(super) fn new(mut findings: Vec<Finding>, surplus: usize) -> Self {
        findings.sort_by_key(|finding| finding.place);
        Self { findings, surplus, watch_files: Vec::new(), files: Files::new(), is_passing: false }
    }

    pub(super) fn and_watch_files(self, watch_files: Vec<String>) -> Self {
        Self { watch_files, ..self }
    }

    /// Patterns of the watch files that the configuration names all the same: they may have errors of their own.
    pub(crate) fn watch_files(&self) -> &[String] {
        &self.watch_files
    }

    pub(super) fn and_files(self, files: Files) -> Self {
        Self { files, ..self }
    }

    /// The file and those that it names, and which version of each was read: the trouble is over when one of them is another one. None: the
    /// file itself could not be read.
    pub(crate) fn into_files(self) -> Files {
        self.files
    }

    /// The same, if so marked as what is no verdict; see [`Self::is_passing`].
    pub(crate) fn passing_if(self, is_passing: bool) -> Self {
        Self { is_passing, ..self }
    }

    /// Something could not be looked at for want of descriptors, so nobody knows whether the files are good: look again later.
    pub(crate) fn is_passing(&self) -> bool {
        self.is_passing
    }

    /// Something is wrong with a whole file.
    pub(crate) fn of_file(file: &Path, text: String) -> Self {
        Self::new(vec![Finding { file: file.into(), place: None, path: String::new(), text }], 0)
    }

    /// A whole file was not read: why, and what to do if that is the file's fault.
    pub(crate) fn of_unread(file: &Path, error: &FileError, advice: &str) -> Self {
        if error.is_passing() {
            return Self::of_file(file, format!("the file {error}")).passing_if(true);
        }
        Self::of_file(file, format!("the file {error}; {advice}"))
    }

    /// Adds the errors of another file after these.
    pub(crate) fn append(&mut self, mut other: Self) {
        self.findings.append(&mut other.findings);
        self.surplus += other.surplus;
        self.is_passing |= other.is_passing;
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.findings.len() + self.surplus
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.findings.len().min(Self::SHOWN);
        for (index, finding) in self.findings[..shown].iter().enumerate() {
            write!(f, "{}{finding}", if index == 0 { "" } else { "\n" })?;
        }
        match self.count() - shown {
            0 => Ok(()),
            more => write!(f, "\n… and {more} more"),
        }
    }
}

impl std::error::Error for ConfigErrors {}

/// Something that works but deserves a look. Printed like an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigWarning(pub(super) Finding);

impl fmt::Display for ConfigWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file.display())?;
        if let Some(Place { line, column }) = self.place {
            write!(f, "{line}:{column}:")?;
        }
        if !self.path.is_empty() {
            write!(f, " {}:", self.path)?;
        }
        write!(f, " {}", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(line: u32) -> Finding {
        Finding {
            file: Path::new("a.yml").into(),
            place: Some(Place { line, column: 3 }),
            path: "x[0]".into(),
            text: "bad".into(),
        }
    }

    #[test]
    fn errors_are_sorted_by_line() {
        let errors = ConfigErrors::new(vec![finding(9), finding(2)], 0);
        assert_eq!(errors.to_string(), "a.yml:2:3: x[0]: bad\na.yml:9:3: x[0]: bad");
    }

    #[test]
    fn a_flood_is_cut_and_counted() {
        let text = ConfigErrors::new((0..150).map(finding).collect(), 7).to_string();
        assert_eq!(text.lines().count(), 101);
        assert!(text.ends_with("… and 57 more"), "{text}");
    }
}
