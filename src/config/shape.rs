//! First reading of a document: its lists, mappings and kinds of scalars, without texts and places.

use std::cell::Cell;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, EnumAccess, IgnoredAny, MapAccess, SeqAccess, VariantAccess, Visitor};

use crate::config::error::Place;
use crate::config::node::{Kind, Node, Value};

/// Makes nodes out of whatever comes.
#[derive(Clone, Copy)]
pub(super) struct Shape<'a> {
    /// Nodes that may still be made.
    pub(super) left: &'a Cell<usize>,
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
