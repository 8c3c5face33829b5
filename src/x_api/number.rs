//! The one lenient number of X's answers.

use serde_json::value::RawValue;

use crate::x_api::answer::Decoded;
use crate::x_api::parts::{self, Found, Kind, Part, Single};

/// A count as X may write it. x-api.md section 8: integers, floats without a fraction and decimal strings have all been seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Count {
    /// From 0 to 2^63 − 1.
    Number(u64),
    /// `null`: X has no number. That is no zero.
    #[default]
    Absent,
    /// Anything else, negative numbers included.
    Bad,
}

impl Count {
    /// Reads one JSON value.
    pub(super) fn read(raw: &RawValue) -> Self {
        match parts::read::<Self>(raw.get()) {
            Ok((Found::Good, Decoded { value, .. })) => value,
            Ok((Found::Null, _)) => Self::Absent,
            _ => Self::Bad,
        }
    }

    /// The number, if there is one.
    pub(super) fn number(self) -> Option<u64> {
        if let Self::Number(number) = self { Some(number) } else { None }
    }

    fn bounded(number: u64) -> Self {
        if number <= i64::MAX as u64 { Self::Number(number) } else { Self::Bad }
    }

    fn from_text(text: &str) -> Self {
        let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|_| is_plain).map_or(Self::Bad, Self::bounded)
    }

    /// Above 2^53 a float is no longer one certain integer.
    fn from_float(number: f64) -> Self {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        if number.fract() == 0.0 && (0.0..=EXACT).contains(&number) { Self::Number(number as u64) } else { Self::Bad }
    }
}

impl<'a> Part<'a> for Count {
    const KIND: Kind = Kind::Single;

    #[inline(always)]
    fn single(&mut self, value: Single<'a>) -> bool {
        *self = match value {
            Single::Natural(number) => Self::bounded(number),
            Single::Float(number) => Self::from_float(number),
            Single::Text(text) => Self::from_text(&text),
            Single::Other => Self::Bad,
        };
        *self != Self::Bad
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_count_is_understood_and_nothing_else() {
        for (json, expected) in [
            ("0", Count::Number(0)),
            ("840", Count::Number(840)),
            ("840.0", Count::Number(840)),
            ("8.4e2", Count::Number(840)),
            ("\"840\"", Count::Number(840)),
            ("9223372036854775807", Count::Number(i64::MAX as u64)),
            ("null", Count::Absent),
            ("9223372036854775808", Count::Bad),
            ("\"9223372036854775808\"", Count::Bad),
            ("-1", Count::Bad),
            ("\"-1\"", Count::Bad),
            ("0.5", Count::Bad),
            ("1e300", Count::Bad),
            ("\"\"", Count::Bad),
            ("\" 8\"", Count::Bad),
            ("\"8k\"", Count::Bad),
            ("true", Count::Bad),
            ("[840]", Count::Bad),
            ("{\"value\":840}", Count::Bad),
        ] {
            let raw: &RawValue = serde_json::from_str(json).expect("JSON");
            assert_eq!(Count::read(raw), expected, "{json}");
        }
    }
}
