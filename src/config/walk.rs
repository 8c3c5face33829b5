//! Second reading of a document, along the nodes of the first: each scalar's own spelling and its place.

use std::cell::Cell;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::config::error::Place;
use crate::config::node::{Node, Value};

/// Fills in one node and those inside it.
pub(super) struct Walk<'n> {
    pub(super) node: &'n mut Node,
    /// Where the last scalar was.
    pub(super) last: &'n Cell<Place>,
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

/// Inside a seed the error's type is unknown and its `location()` out of reach; what it prints ends in `at line 3 column 5`, or
/// in nothing at the very beginning of the file.
fn place_in(message: &str) -> Place {
    let start = Place { line: 1, column: 1 };
    let Some((_, place)) = message.rsplit_once(" at line ") else { return start };
    let Some((line, column)) = place.split_once(" column ") else { return start };
    match (line.parse(), column.parse()) {
        (Ok(line), Ok(column)) => Place { line, column },
        _ => start,
    }
}
