//! A text that is no usable YAML: one error, with a hint about what people usually meant. No word of the file is repeated, since
//! a secret may stand in it.

use crate::config::error::Place;
use crate::config::node::{self, Node};
use crate::config::shape::TOO_MANY_ALIASES;

/// Why a text has no tree.
pub(super) struct SyntaxError {
    pub(super) place: Option<Place>,
    pub(super) text: String,
}

/// The tree of a text with exactly one document.
pub(super) fn read(text: &str) -> Result<Node, SyntaxError> {
    if let Some(place) = too_deep(text) {
        return Err(SyntaxError { place: Some(place), text: "too many open brackets; close them or quote the text".into() });
    }
    node::read(text).map_err(|error| explain(text, &error))
}

/// The parser's time grows with the square of the open brackets: a megabyte of `[` takes an hour. Quoted brackets count too, so
/// the bound is far above what anyone writes.
fn too_deep(text: &str) -> Option<Place> {
    const MOST: usize = 1_000;
    let mut depth = 0_usize;
    for (line, number) in text.lines().zip(1..) {
        for (byte, column) in line.bytes().zip(1..) {
            match byte {
                b'[' | b'{' => depth += 1,
                b']' | b'}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth > MOST {
                return Some(Place { line: number, column });
            }
        }
    }
    None
}

fn explain(text: &str, error: &serde_yaml::Error) -> SyntaxError {
    let message = error.to_string();
    if message.contains("more than one document") {
        return after_the_end(text);
    }
    let place = error.location().map(|at| Place { line: count(at.line()), column: count(at.column()) });
    let known = KNOWN.iter().find(|(found, _)| message.contains(found)).map(|(_, said)| (*said).to_owned());
    let reason = known.unwrap_or_else(|| format!("not valid YAML: {}", without_places(&message)));
    let line = place.and_then(|place| text.lines().nth(place.line as usize - 1)).unwrap_or_default();
    SyntaxError { place, text: hint(line).map_or_else(|| reason.clone(), |hint| format!("{reason}; {hint}")) }
}

/// Messages of the library that repeat the value or need another word.
const KNOWN: [(&str, &str); 5] = [
    ("invalid value", "a value does not fit its !! tag; write it without the tag"),
    ("invalid type", "a value does not fit its !! tag; write it without the tag"),
    (TOO_MANY_ALIASES, "its aliases unfold into too many values; write them out"),
    ("repetition limit", "its aliases unfold into too many values; write them out"),
    ("recursion limit", "nested too deeply, or an alias inside its own anchor; write it flat"),
];

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// The place is already at the head of the line; that of the context stays.
fn without_places(message: &str) -> &str {
    message.split_once(" at line ").map_or(message, |(reason, _)| reason)
}

/// A document may also end without a word, after a value at its very beginning.
fn after_the_end(text: &str) -> SyntaxError {
    let place = second_document(text);
    let said = match place {
        Some(_) => "a second document begins; write one document, without ---",
        None => "the document ends before the file does; begin each line with a key, or quote the text",
    };
    SyntaxError { place, text: said.into() }
}

fn second_document(text: &str) -> Option<Place> {
    let is_content = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#') && !line.starts_with('%');
    let mut lines = text.lines().zip(1..).filter(|(line, _)| is_content(line));
    lines.next();
    lines.find(|(line, _)| line.starts_with("---")).map(|(_, line)| Place { line, column: 1 })
}

/// What was probably meant on the line that YAML could not read.
fn hint(line: &str) -> Option<&'static str> {
    let starts_with_at = |value: &str| value.trim_start().starts_with('@');
    if line.split([':', '-', ',', '[']).any(starts_with_at) {
        return Some("a value that begins with @ needs quotes, and a username is written without it");
    }
    if line.contains("${") {
        return Some("inside { } or [ ] a ${NAME} needs quotes: \"${NAME}\"");
    }
    line.contains('\t').then_some("indent with spaces, not with tabs")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        let error = read(text).err().unwrap_or_else(|| panic!("{text:?} was read"));
        format!("{:?} {}", error.place.map(|place| (place.line, place.column)), error.text)
    }

    #[test]
    fn broken_yaml_is_one_error_with_a_hint() {
        for (text, message) in [
            (
                "a:\n  username: @acme\n",
                "(2, 13)) not valid YAML: found character that cannot start any token; a value that begins with @",
            ),
            ("a:\n\tb: 1\n", "(2, 1)) not valid YAML: found character that cannot start any token; indent with spaces"),
            ("a: {b: ${X}}\n", "needs quotes: \"${NAME}\""),
            ("a: b: c\n", "(1, 5)) not valid YAML: mapping values are not allowed in this context"),
            ("a: 'b\n", "not valid YAML: found unexpected end of stream"),
            ("a: *b\n", "not valid YAML: unknown anchor"),
            ("# c\n---\na: 1\n---\nb: 1\n", "(4, 1)) a second document begins"),
            ("a: !!int hunter2\n", "(1, 4)) a value does not fit its !! tag"),
            (&"[".repeat(100_000), "(1, 1001)) too many open brackets"),
            ("&a &a &a", "None the document ends before the file does"),
            (&"- ".repeat(200), "nested too deeply"),
        ] {
            let refusal = refusal(text);
            assert!(refusal.contains(message), "{text:.40?}: {refusal}");
            assert!(!refusal.contains("hunter2"), "{refusal}");
        }
    }
}
