//! Reads a long answer in one go, without a tree between: whoever knows a part of it takes what stands in its place. What is of
//! another kind than it should be is passed over and counted; nothing but itself is lost with it.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::x_api::answer::{Decoded, Scan};

/// A part of an answer, empty until it is read. It knows one kind of JSON; of that it has the function.
pub(super) trait Part<'a> {
    /// What it is on the wire.
    const KIND: Kind;

    /// Reads or skips what stands behind a name of an object. A name that comes twice replaces what came before.
    fn entry<D: Deserializer<'a>>(&mut self, _name: &[u8], place: Place<'_, D>) -> Result<Found, D::Error> {
        place.skip()
    }

    /// Reads or skips the next item of a list.
    fn item<D: Deserializer<'a>>(&mut self, place: Place<'_, D>) -> Result<Found, D::Error> {
        place.skip()
    }

    /// Takes a single value, if it can.
    fn single(&mut self, _value: Single<'a>) -> bool {
        false
    }
}

/// Kinds of JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Object,
    List,
    Single,
}

/// A value that is neither object nor list, nor `null`.
pub(super) enum Single<'a> {
    Natural(u64),
    Float(f64),
    Text(Cow<'a, str>),
    /// A number below zero, `true` or `false`.
    Other,
}

/// What stood in a part's place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Found {
    /// The name did not come.
    #[default]
    Missing,
    /// `null`, which is as good as nothing. In a list it is as bad as anything.
    Null,
    /// Something else than expected: counted.
    Bad,
    /// What was expected.
    Good,
}

impl Found {
    /// Something stands there, whatever it is.
    pub(super) fn is_given(self) -> bool {
        matches!(self, Self::Bad | Self::Good)
    }
}

/// Reads a text that is one JSON value.
pub(super) fn read<'a, P: Part<'a> + Default>(json: &'a str) -> serde_json::Result<(Found, Decoded<P>)> {
    // Hardly any answer needs more than the first way.
    attempt(json, Way::Straight).or_else(|_| attempt(json, Way::Apart))
}

fn attempt<'a, P: Part<'a> + Default>(json: &'a str, way: Way) -> serde_json::Result<(Found, Decoded<P>)> {
    let (mut value, mut pass) = (P::default(), Pass { way, scan: Scan::default() });
    let mut from = serde_json::Deserializer::from_str(json);
    let found = Place { from: &mut from, pass: &mut pass }.fill(&mut value)?;
    from.end()?;
    Ok((found, Decoded { value, scan: pass.scan }))
}

/// How values are taken.
#[derive(Clone, Copy)]
enum Way {
    /// As they come. `1e999` and half a surrogate pair are JSON, but stop the parser where it has to look into them.
    Straight,
    /// Each by itself, so that the parser can stop without harm; but every level is scanned once more.
    Apart,
}

/// One way through an answer, and what was strange on it.
struct Pass {
    way: Way,
    scan: Scan,
}

/// A place in an answer, whose value comes next. It must be read or skipped.
pub(super) struct Place<'p, D> {
    from: D,
    pass: &'p mut Pass,
}

impl<'a, D: Deserializer<'a>> Place<'_, D> {
    /// Reads what stands here in the place of what the part was.
    pub(super) fn read<P: Part<'a> + Default>(self, part: &mut P) -> Result<Found, D::Error> {
        *part = P::default();
        self.fill(part)
    }

    /// Reads what stands here into the part.
    pub(super) fn fill<P: Part<'a>>(self, part: &mut P) -> Result<Found, D::Error> {
        let Self { from, pass } = self;
        let found = match pass.way {
            Way::Straight => from.deserialize_any(Reader { part, pass: &mut *pass })?,
            Way::Apart => {
                let raw = <&RawValue>::deserialize(from)?;
                let reader = Reader { part, pass: &mut *pass };
                serde_json::Deserializer::from_str(raw.get()).deserialize_any(reader).unwrap_or(Found::Bad)
            }
        };
        pass.scan.bad_values += u64::from(found == Found::Bad);
        Ok(found)
    }

    /// Keeps what stands here for later.
    pub(super) fn keep(self, raw: &mut Option<&'a RawValue>) -> Result<Found, D::Error> {
        *raw = Some(Deserialize::deserialize(self.from)?);
        Ok(Found::Good)
    }

    /// Passes over what is of no use.
    pub(super) fn skip(self) -> Result<Found, D::Error> {
        IgnoredAny::deserialize(self.from)?;
        Ok(Found::Good)
    }

    /// Passes over what nobody knows, and counts it.
    pub(super) fn skip_unknown(self) -> Result<Found, D::Error> {
        self.pass.scan.unknown_fields += 1;
        self.skip()
    }
}

/// Gives a part what it can take, and skips what it can not.
struct Reader<'p, P> {
    part: &'p mut P,
    pass: &'p mut Pass,
}

impl<'a, P: Part<'a>> Reader<'_, P> {
    #[inline]
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
        self.part.entry(self.name, Place { from, pass: self.pass })
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
        self.part.item(Place { from, pass: self.pass })
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

/// A list of parts. An item that is no such part leaves an empty one.
impl<'a, P: Part<'a> + Default> Part<'a> for Vec<P> {
    const KIND: Kind = Kind::List;

    fn item<D: Deserializer<'a>>(&mut self, place: Place<'_, D>) -> Result<Found, D::Error> {
        self.push(P::default());
        place.fill(self.last_mut().expect("it was pushed just now"))
    }
}

/// Any text.
impl<'a> Part<'a> for Cow<'a, str> {
    const KIND: Kind = Kind::Single;

    fn single(&mut self, value: Single<'a>) -> bool {
        let Single::Text(text) = value else { return false };
        *self = text;
        true
    }
}

/// What a text means, if anything: one that means nothing here is still a text.
pub(super) struct Text<T>(pub(super) Option<T>);

impl<T> Default for Text<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'a, T: FromStr> Part<'a> for Text<T> {
    const KIND: Kind = Kind::Single;

    fn single(&mut self, value: Single<'a>) -> bool {
        let Single::Text(text) = value else { return false };
        self.0 = text.parse().ok();
        true
    }
}
