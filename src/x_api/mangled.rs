//! Answers of X as nobody documents them, for the tests: whole ones with pieces replaced, moved, repeated and lost.

use std::ops::Range;

use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Answers to lookups and pages of timelines, whole and mangled.
pub(super) fn mangled() -> impl Strategy<Value = String> {
    let wounds = prop::collection::vec((any::<Index>(), wound()), 0..4);
    (select(WHOLE), wounds, prop::option::weighted(0.1, any::<Index>())).prop_map(|(whole, wounds, cut)| {
        let mut body = whole.to_owned();
        for (place, wound) in wounds {
            let pieces = pieces(&body);
            if pieces.is_empty() {
                continue;
            }
            let at = place.get(&pieces).clone();
            let piece = body[at.clone()].to_owned();
            let other = match wound {
                Wound::Other(other) => other.to_owned(),
                Wound::Moved(from) => body[from.get(&pieces).clone()].to_owned(),
                Wound::Twice => format!("{piece},{piece}"),
                Wound::Lost => String::new(),
            };
            body.replace_range(at, &other);
        }
        if let Some(cut) = cut {
            let ends: Vec<usize> = body.char_indices().map(|(place, _)| place).chain([body.len()]).collect();
            body.truncate(*cut.get(&ends));
        }
        body
    })
}

const WHOLE: &[&str] = &[
    include_str!("../../tests/answers/lookup/private.json"),
    include_str!("../../tests/answers/lookup/new_spelling.json"),
    include_str!("../../tests/answers/lookup/broken_items.json"),
    include_str!("../../tests/answers/lookup/lossy.json"),
    include_str!("../../tests/answers/timeline/page.json"),
];

/// What may happen to a piece.
#[derive(Clone, Debug)]
enum Wound {
    /// It is something else.
    Other(&'static str),
    /// It is what stands elsewhere.
    Moved(Index),
    Twice,
    Lost,
}

fn wound() -> impl Strategy<Value = Wound> {
    prop_oneof![
        4 => select(OTHER).prop_map(Wound::Other),
        4 => any::<Index>().prop_map(Wound::Moved),
        1 => Just(Wound::Twice),
        1 => Just(Wound::Lost),
    ]
}

/// The last ones are JSON that the parser stumbles on.
const OTHER: &[&str] = &[
    "null",
    "true",
    "0",
    "-0",
    "-1",
    "7.0",
    "7.5",
    "18446744073709551616",
    "[]",
    "{}",
    "[null]",
    "[[[[[[]]]]]]",
    "{\"id\":[]}",
    "\"\"",
    "\"7\"",
    "\"1700000000000000001\"",
    "\"data\"",
    "\"i\\u0064\"",
    "\"like_count\"",
    "\"13_7\"",
    "\"\u{1f600}\"",
    "1e999",
    "[1e999]",
    "\"\\ud800\"",
    "{\"\\ud800\":1}",
];

/// Where the values and names of a text stand.
fn pieces(json: &str) -> Vec<Range<usize>> {
    let bytes = json.as_bytes();
    let (mut pieces, mut open, mut at) = (Vec::new(), Vec::new(), 0);
    while at < bytes.len() {
        let start = at;
        at += 1;
        match bytes[start] {
            b'{' | b'[' => open.push(start),
            b'}' | b']' => pieces.extend(open.pop().map(|start| start..at)),
            b'"' => {
                while at < bytes.len() && bytes[at] != b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                at = (at + 1).min(bytes.len());
                pieces.push(start..at);
            }
            b',' | b':' | b' ' | b'\n' => {}
            _ => {
                at += bytes[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte)).count();
                pieces.push(start..at);
            }
        }
    }
    pieces.retain(|piece| json.get(piece.clone()).is_some());
    pieces
}
