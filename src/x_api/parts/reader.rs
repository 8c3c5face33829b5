//! What stands between `serde` and the parts: objects are told by names, lists by items, and each part gets only what it knows.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::x_api::answer::Scan;
use crate::x_api::parts::{Found, Kind, Part, Place, Single};

/// How values are taken.
#[derive(Clone, Copy)]
pub(super) enum Way {
    /// As they come. `1e999` and half a surrogate pair are JSON, but stop the parser where it has to look into them.
    Straight,
    /// Each by itself, so that the parser can stop without harm; but every level is scanned once more.
    Apart,
}

/// One way through an answer, and what was strange on it.
pub(super) struct Pass {
    pub(super) way: Way,
    pub(super) scan: Scan,
}

/// Gives a part what it can take, and skips what it can not.
pub(super) struct Reader<'p, P> {
    pub(super) part: &'p mut P,
    pub(super) pass: &'p mut Pass,
}

impl<'a, P: Part<'a>> Reader<'_, P> {
    /// Inlined, so that what a number is good for is decided where its kind is known: an answer is mostly numbers.
    #[inline(always)]
    fn single(self, value: Single<'a>) -> Found {
        if P::KIND == Kind::Single && self.part.single(value) { Found::Good } else { Found::Bad }
    }
}

impl<'a, P: Part<'a>> Visitor<'a> for Reader<'_, P> {
    type Value = Found;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_map<M: MapAccess<'a>>(self, mut object: M) -> Result<Found, M::Error> {
        if P::KIND != Kind::Object {
            while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(Found::Bad);
        }
        while let Some(name) = object.next_key_seed(Name(self.pass.way))? {
            object.next_value_seed(Entry { name: &name, part: &mut *self.part, pass: &mut *self.pass })?;
        }
        Ok(Found::Good)
    }

    fn visit_seq<S: SeqAccess<'a>>(self, mut list: S) -> Result<Found, S::Error> {
        if P::KIND != Kind::List {
            while list.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(Found::Bad);
        }
        while let Some(found) = list.next_element_seed(Item { part: &mut *self.part, pass: &mut *self.pass })? {
            self.pass.scan.bad_values += u64::from(found == Found::Null);
        }
        Ok(Found::Good)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Found, E> {
        Ok(self.single(Single::Natural(number)))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Found, E> {
        Ok(self.single(Single::Other))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Found, E> {
        Ok(self.single(Single::Float(number)))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Found, E> {
        Ok(self.single(Single::Other))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'a str) -> Result<Found, E> {
        Ok(self.single(Single::Text(Cow::Borrowed(text))))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Found, E> {
        Ok(self.single(Single::Text(Cow::Owned(text.to_owned()))))
    }

    fn visit_unit<E: Error>(self) -> Result<Found, E> {
        Ok(Found::Null)
    }
}

/// What stands behind a name.
struct Entry<'p, P> {
    name: &'p [u8],
    part: &'p mut P,
    pass: &'p mut Pass,
}

impl<'a, P: Part<'a>> DeserializeSeed<'a> for Entry<'_, P> {
    type Value = Found;

    fn deserialize<D: Deserializer<'a>>(self, from: D) -> Result<Found, D::Error> {
        self.part.entry(self.name, Place::new(from, self.pass))
    }
}

/// What stands in a list.
struct Item<'p, P> {
    part: &'p mut P,
    pass: &'p mut Pass,
}

impl<'a, P: Part<'a>> DeserializeSeed<'a> for Item<'_, P> {
    type Value = Found;

    fn deserialize<D: Deserializer<'a>>(self, from: D) -> Result<Found, D::Error> {
        self.part.item(Place::new(from, self.pass))
    }
}

/// A name in an object; nearly all are borrowed.
struct Name(Way);

impl<'a> DeserializeSeed<'a> for Name {
    type Value = Cow<'a, [u8]>;

    fn deserialize<D: Deserializer<'a>>(self, from: D) -> Result<Cow<'a, [u8]>, D::Error> {
        match self.0 {
            Way::Straight => from.deserialize_str(self),
            // Half a surrogate pair is as good as any bytes.
            Way::Apart => from.deserialize_bytes(self),
        }
    }
}

impl<'a> Visitor<'a> for Name {
    type Value = Cow<'a, [u8]>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E: Error>(self, name: &'a str) -> Result<Cow<'a, [u8]>, E> {
        self.visit_borrowed_bytes(name.as_bytes())
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Cow<'a, [u8]>, E> {
        self.visit_bytes(name.as_bytes())
    }

    fn visit_borrowed_bytes<E: Error>(self, name: &'a [u8]) -> Result<Cow<'a, [u8]>, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_bytes<E: Error>(self, name: &[u8]) -> Result<Cow<'a, [u8]>, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}
