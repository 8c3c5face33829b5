//! Single values: texts, words, durations, counts, amounts, paths. Each says what it expected and what to write.

use std::path::PathBuf;
use std::time::Duration;

use crate::model::parse_duration;

use crate::config::node::{Kind, Value};
use crate::config::section::{Field, shown};
use crate::config::suggestion::nearest;

impl<'a> Field<'a> {
    /// A text that is not empty. Its value is not repeated: this reads secrets too.
    pub(super) fn text(&self) -> Option<&'a str> {
        self.untagged()?;
        match self.as_text() {
            Some("") => self.refuse("empty; write a text"),
            Some(text) => Some(text),
            None if matches!(self.node.value, Value::Scalar(..)) => {
                self.refuse(format!("expected a text, found {}; write it in quotes", self.found()))
            }
            None => self.refuse(format!("expected a text, found {}", self.found())),
        }
    }

    /// The spelling of any scalar.
    pub(super) fn scalar_text(&self) -> Option<&'a str> {
        self.untagged()?;
        match &self.node.value {
            Value::Scalar(_, text) => Some(text),
            _ => self.refuse(format!("expected a text, found {}", self.found())),
        }
    }

    /// One of a few words.
    pub(super) fn word<T: Copy>(&self, words: &[(&'static str, T)]) -> Option<T> {
        self.untagged()?;
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let choice = format!("write {}", alternatives(&known));
        let Some(text) = self.as_text() else {
            return self.refuse(format!("expected a word, found {}; {choice}", self.found()));
        };
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
            return Some(*value);
        }
        let meant = nearest(text, &known).map(|word| format!("did you mean {word}? ")).unwrap_or_default();
        self.refuse(format!("unknown word {}; {meant}{choice}", shown(text)))
    }

    /// `true` or `false`.
    pub(super) fn flag(&self) -> Option<bool> {
        self.untagged()?;
        match &self.node.value {
            Value::Scalar(Kind::Bool, text) => Some(text.eq_ignore_ascii_case("true")),
            _ => self.refuse(format!("expected true or false, found {}; write one of the two", self.found())),
        }
    }

    /// `true` or `false` as YAML 1.1 spells them, too: the toolkit's files are read so by Go.
    pub(super) fn old_flag(&self) -> Option<bool> {
        self.untagged()?;
        match self.as_text() {
            Some("y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON") => Some(true),
            Some("n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF") => Some(false),
            _ => self.flag(),
        }
    }

    /// A duration of at least one second.
    pub(super) fn duration(&self) -> Option<Duration> {
        self.untagged()?;
        let text = match &self.node.value {
            Value::Scalar(Kind::Text, text) => text,
            Value::Scalar(Kind::Number, text) => {
                return self.refuse(format!("{} has no unit; write {}", shown(text), example(text)));
            }
            _ => return self.refuse(format!("expected a duration, found {}; write one such as 30s, 5m, 6h or 7d", self.found())),
        };
        match parse_duration(text) {
            Ok(duration) if duration >= Duration::from_secs(1) => Some(duration),
            Ok(_) => self.refuse(format!("{} is too short; write 1s or more", shown(text))),
            Err(error) => self.refuse(format!("{}: {error}", shown(text))),
        }
    }

    /// A whole number within bounds.
    pub(super) fn count(&self, least: u64, most: u64) -> Option<u64> {
        self.untagged()?;
        let bounds = match most {
            u64::MAX => format!("write a whole number from {least} on"),
            _ => format!("write a whole number from {least} to {most}"),
        };
        let Value::Scalar(Kind::Number, text) = &self.node.value else {
            return self.refuse(format!("expected a whole number, found {}; {bounds}", self.found()));
        };
        match text.parse() {
            Ok(number) if (least..=most).contains(&number) => Some(number),
            _ => self.refuse(format!("{} does not fit; {bounds}", shown(text))),
        }
    }

    /// An amount of US dollars.
    pub(super) fn amount(&self) -> Option<f64> {
        self.untagged()?;
        const ADVICE: &str = "write US dollars as a number from 0 on, such as 2.50";
        let Value::Scalar(Kind::Number, text) = &self.node.value else {
            return self.refuse(format!("expected a number, found {}; {ADVICE}", self.found()));
        };
        match text.parse::<f64>() {
            // Minus zero compares as zero, and would print its sign.
            Ok(number) if number.is_finite() && number >= 0.0 => Some(number.abs()),
            _ => self.refuse(format!("{} is no price; {ADVICE}", shown(text))),
        }
    }

    /// A path, made absolute from the file's folder.
    pub(super) fn path(&self) -> Option<PathBuf> {
        let text = self.text()?;
        if text.contains('\0') {
            return self.refuse("not a path; write one without NUL characters");
        }
        Some(self.findings.folder.join(text))
    }
}

/// `a, b or c`
fn alternatives(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [word] => (*word).to_owned(),
        [before @ .., last] => format!("{} or {last}", before.join(", ")),
    }
}

/// The same number as durations.
fn example(number: &str) -> String {
    let digits = !number.is_empty() && number.len() < 7 && number.bytes().all(|byte| byte.is_ascii_digit());
    if digits && number != "0" { format!("{number}s, {number}m, {number}h or {number}d") } else { "30s, 5m, 6h or 7d".to_owned() }
}
