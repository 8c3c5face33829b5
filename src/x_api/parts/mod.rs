//! Reads a long answer in one go, without a tree between: whoever knows a part of it takes what stands in its place. What is of
//! another kind than it should be is passed over and counted; nothing but itself is lost with it.

mod reader;

use std::borrow::Cow;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, IgnoredAny};
use serde_json::value::RawValue;

use crate::x_api::answer::{Decoded, Scan};
use crate::x_api::parts::reader::{Pass, Reader, Way};

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
    let found = Place::new(&mut from, &mut pass).fill(&mut value)?;
    from.end()?;
    Ok((found, Decoded { value, scan: pass.scan }))
}

/// A place in an answer, whose value comes next. It must be read or skipped.
pub(super) struct Place<'p, D> {
    from: D,
    pass: &'p mut Pass,
}

impl<'p, 'a, D: Deserializer<'a>> Place<'p, D> {
    fn new(from: D, pass: &'p mut Pass) -> Self {
        Self { from, pass }
    }

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

    fn skip_surplus(self) -> Result<Found, D::Error> {
        self.pass.scan.bad_values += 1;
        self.skip()
    }
}

/// The most items that are taken of a list: a part is larger than the `0` that may stand in its place. X answers with 100 tweets at
/// most, and with a few media and versions of each.
const LONGEST: usize = 1_000;

/// A list of parts. An item that is no such part leaves an empty one; so do all those together that are too many.
impl<'a, P: Part<'a> + Default> Part<'a> for Vec<P> {
    const KIND: Kind = Kind::List;

    fn item<D: Deserializer<'a>>(&mut self, place: Place<'_, D>) -> Result<Found, D::Error> {
        if self.len() >= LONGEST {
            self.resize_with(LONGEST + 1, P::default);
            return place.skip_surplus();
        }
        self.push(P::default());
        place.fill(self.last_mut().expect("it was pushed just now"))
    }
}

/// What a text means, if anything: one that means nothing here is still a text.
#[derive(Debug)]
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::x_api::mangled::mangled;
    use crate::x_api::tweets::Answer;

    proptest::proptest! {
        #[test]
        fn both_ways_find_the_same(body in mangled()) {
            let read = |way| attempt::<Answer<'_>>(&body, way).map(|read| format!("{read:?}"));
            if let Ok(straight) = read(Way::Straight) {
                assert_eq!(straight, read(Way::Apart).expect("what is whole is whole in pieces"));
            }
        }
    }
}
