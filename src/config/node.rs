//! YAML as a tree that knows its places. The library gives values without places, or the first error with one; so the text is read
//! twice: once for the shape, once along that shape for every scalar's own spelling (`0x1F` and twenty-digit numbers stay what they
//! are) and place. An error raised while a scalar is visited comes back with that scalar's place, and reading goes on after it.

use std::cell::Cell;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, EnumAccess, IgnoredAny, MapAccess, SeqAccess, VariantAccess, Visitor};

use super::error::Place;

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
    // An empty file has no events to walk along.
    if !matches!(root.value, Value::Scalar(Kind::Null, _)) {
        Walk { node: &mut root, last: &Cell::default() }.deserialize(serde_yaml::Deserializer::from_str(text))?;
    }
    Ok(root)
}

/// First pass: lists, mappings and kinds of scalars.
#[derive(Clone, Copy)]
struct Shape<'a> {
    /// Nodes that may still be made.
    left: &'a Cell<usize>,
}

impl<'de> DeserializeSeed<'de> for Shape<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        let left = self.left.get().checked_sub(1).ok_or_else(|| de::Error::custom(TOO_MANY_ALIASES))?;
        self.left.set(left);
        deserializer.deserialize_any(self)
    }
}

/// Said when aliases unfold into far more than the file holds.
pub(super) const TOO_MANY_ALIASES: &str = "its aliases unfold into too many values";

fn scalar<E>(kind: Kind) -> Result<Node, E> {
    Ok(node(Value::Scalar(kind, String::new())))
}

fn node(value: Value) -> Node {
    Node { place: Place::default(), tagged: false, value }
}

impl<'de> Visitor<'de> for Shape<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        scalar(Kind::Null)
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        scalar(Kind::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
        scalar(Kind::Bool)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
        scalar(Kind::Number)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Node, E> {
        scalar(Kind::Number)
    }

    fn visit_i128<E>(self, _: i128) -> Result<Node, E> {
        scalar(Kind::Number)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Node, E> {
        scalar(Kind::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        scalar(Kind::Number)
    }

    fn visit_str<E>(self, _: &str) -> Result<Node, E> {
        scalar(Kind::Text)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(node(Value::List(list)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut mapping = Vec::new();
        while let Some(key) = entries.next_key_seed(self)? {
            mapping.push((key, entries.next_value_seed(self)?));
        }
        Ok(node(Value::Mapping(mapping)))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<Node, A::Error> {
        let (IgnoredAny, content) = tagged.variant()?;
        Ok(Node { tagged: true, ..content.newtype_variant_seed(self)? })
    }
}

/// Second pass: spellings and places.
struct Walk<'n> {
    node: &'n mut Node,
    /// Where the last scalar was.
    last: &'n Cell<Place>,
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.node.place = match &mut self.node.value {
            Value::Scalar(_, text) => place_and_text(deserializer, text)?,
            Value::List(list) => {
                deserializer.deserialize_seq(WalkList { list, last: self.last })?;
                list.first().map_or(self.last.get(), |item| item.place)
            }
            Value::Mapping(mapping) => {
                deserializer.deserialize_map(WalkMapping { mapping, last: self.last })?;
                mapping.first().map_or(self.last.get(), |(key, _)| key.place)
            }
        };
        self.last.set(self.node.place);
        Ok(())
    }
}

struct WalkList<'n> {
    list: &'n mut [Node],
    last: &'n Cell<Place>,
}

impl<'de> Visitor<'de> for WalkList<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        for node in self.list {
            items.next_element_seed(Walk { node, last: self.last })?;
        }
        Ok(())
    }
}

struct WalkMapping<'n> {
    mapping: &'n mut [(Node, Node)],
    last: &'n Cell<Place>,
}

impl<'de> Visitor<'de> for WalkMapping<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        for (key, value) in self.mapping {
            entries.next_key_seed(Walk { node: key, last: self.last })?;
            entries.next_value_seed(Walk { node: value, last: self.last })?;
        }
        Ok(())
    }
}

/// Takes the scalar's text, then fails on purpose: the library notes in the error where the scalar stands.
fn place_and_text<'de, D: Deserializer<'de>>(deserializer: D, text: &mut String) -> Result<Place, D::Error> {
    let mut visited = false;
    match deserializer.deserialize_str(Spelling { text, visited: &mut visited }) {
        Err(error) if visited => Ok(place_in(&error.to_string())),
        Err(error) => Err(error),
        Ok(()) => Ok(Place::default()),
    }
}

struct Spelling<'n> {
    text: &'n mut String,
    visited: &'n mut bool,
}

impl Visitor<'_> for Spelling<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a scalar")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        text.clone_into(self.text);
        *self.visited = true;
        Err(E::custom(""))
    }
}

/// Inside a seed the error's type is unknown and its `location()` out of reach; what it prints ends in `at line 3 column 5`, or in
/// nothing at the very beginning of the file.
fn place_in(message: &str) -> Place {
    let start = Place { line: 1, column: 1 };
    let Some((_, place)) = message.rsplit_once(" at line ") else { return start };
    let Some((line, column)) = place.split_once(" column ") else { return start };
    match (line.parse(), column.parse()) {
        (Ok(line), Ok(column)) => Place { line, column },
        _ => start,
    }
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
