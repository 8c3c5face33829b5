//! YAML as a tree that knows its places. The library gives values without places, or the first error with one; so the text is
//! read twice: once for the shape, once along that shape for every scalar's own spelling (`0x1F` and twenty-digit numbers stay
//! what they are) and place. An error raised while a scalar is visited comes back with that scalar's place, and reading goes on
//! after it.

use std::cell::Cell;

use serde::de::DeserializeSeed;

use crate::config::error::Place;
use crate::config::shape::Shape;
use crate::config::walk::Walk;

/// A value of the document.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    /// Of the scalar itself; of a list or mapping the first thing in it, or what came before if it is empty.
    pub(super) place: Place,
    /// It carries a tag such as `!include`.
    pub(super) tagged: bool,
    pub(super) value: Value,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// A scalar, spelled as in the file.
    Scalar(Kind, String),
    List(Vec<Node>),
    /// Keys in the file's order, repeated ones too.
    Mapping(Vec<(Node, Node)>),
}

/// What YAML takes a scalar for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    Bool,
    Number,
    Text,
}

/// Reads one document.
pub(super) fn read(text: &str) -> Result<Node, serde_yaml::Error> {
    // Each node takes a byte at least; what goes beyond that comes from aliases of aliases.
    let left = Cell::new(text.len() + 100_000);
    let mut root = Shape { left: &left }.deserialize(serde_yaml::Deserializer::from_str(text))?;
    let start = Place { line: 1, column: 1 };
    match root.value {
        // An empty file has no events to walk along.
        Value::Scalar(Kind::Null, _) => root.place = start,
        _ => Walk { node: &mut root, last: &Cell::new(start) }.deserialize(serde_yaml::Deserializer::from_str(text))?,
    }
    Ok(root)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(line: u32, column: u32) -> Place {
        Place { line, column }
    }

    /// All scalars with kind and place, in the file's order.
    fn scalars(node: &Node) -> Vec<(Kind, &str, Place)> {
        match &node.value {
            Value::Scalar(kind, text) => vec![(*kind, text, node.place)],
            Value::List(list) => list.iter().flat_map(scalars).collect(),
            Value::Mapping(mapping) => mapping.iter().flat_map(|(key, value)| [scalars(key), scalars(value)].concat()).collect(),
        }
    }

    #[test]
    fn every_scalar_keeps_its_spelling_and_place() {
        let text = "a: 0x1F\nb:\n  - 123456789012345678901234567890123456789012345\n  - \"q\\u0041\"\n  - |\n    two\n    lines\n  - ~\n\
                    ü: {yes: true, at line 9 column 9: 1e3}\na:\n";
        let root = read(text).expect("valid YAML");
        assert_eq!(
            scalars(&root),
            [
                (Kind::Text, "a", place(1, 1)),
                (Kind::Number, "0x1F", place(1, 4)),
                (Kind::Text, "b", place(2, 1)),
                (Kind::Number, "123456789012345678901234567890123456789012345", place(3, 5)),
                (Kind::Text, "qA", place(4, 5)),
                (Kind::Text, "two\nlines\n", place(5, 5)),
                (Kind::Null, "~", place(8, 5)),
                (Kind::Text, "ü", place(9, 1)),
                (Kind::Text, "yes", place(9, 5)),
                (Kind::Bool, "true", place(9, 10)),
                (Kind::Text, "at line 9 column 9", place(9, 16)),
                (Kind::Number, "1e3", place(9, 36)),
                (Kind::Text, "a", place(10, 1)),
                (Kind::Null, "", place(10, 3)),
            ]
        );
    }

    #[test]
    fn aliases_tags_and_strange_keys_are_followed() {
        let root = read("a: &x {k: [1, *y]}\nb: *x\n".replace("*y", "2").as_str()).expect("valid YAML");
        let Value::Mapping(entries) = &root.value else { panic!("{root:?}") };
        assert_eq!(entries[0].1.value, entries[1].1.value, "an alias is a copy");
        let root = read("? [a, b]\n: !secret x\n").expect("valid YAML");
        let Value::Mapping(entries) = &root.value else { panic!("{root:?}") };
        assert!(matches!(entries[0].0.value, Value::List(_)));
        assert!(entries[0].1.tagged);
    }

    #[test]
    fn an_alias_bomb_goes_off_harmlessly() {
        let mut bomb = "a0: &a0 [x, x]\n".to_owned();
        for level in 1..40 {
            let below = level - 1;
            bomb.push_str(&format!("a{level}: &a{level} [*a{below}, *a{below}]\n"));
        }
        assert!(read(&bomb).is_err());
        assert!(read("a: &a [*a]").is_err());
    }
}
