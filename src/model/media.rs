//! Media that hang on a tweet.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Key of an attached medium, `<type>_<id>`: `^([0-9]+)_([0-9]+)$` (X's OpenAPI, `MediaKey`). As with tweet ids, a leading zero would give
/// one medium two spellings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MediaKey {
    kind: u64,
    id: u64,
}

impl MediaKey {
    /// Both numbers: the type and the id.
    pub fn numbers(self) -> [u64; 2] {
        [self.kind, self.id]
    }
}

impl From<[u64; 2]> for MediaKey {
    fn from([kind, id]: [u64; 2]) -> Self {
        Self { kind, id }
    }
}

impl TryFrom<String> for MediaKey {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map_err(|()| "not a media key")
    }
}

impl From<MediaKey> for String {
    fn from(key: MediaKey) -> Self {
        key.to_string()
    }
}

impl FromStr for MediaKey {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let number = |part: &str| {
            let is_plain = part.bytes().all(|byte| byte.is_ascii_digit()) && (part == "0" || !part.starts_with('0'));
            part.parse().ok().filter(|_| is_plain).ok_or(())
        };
        let (kind, id) = text.split_once('_').ok_or(())?;
        Ok(Self { kind: number(kind)?, id: number(id)? })
    }
}

impl fmt::Display for MediaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.kind, self.id)
    }
}

/// Kind of an attached medium, in X's spelling and in alphabetical order, which is the order in `media_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaType {
    /// `animated_gif`
    AnimatedGif,
    /// `photo`
    Photo,
    /// `video`
    Video,
}

impl MediaType {
    /// X's word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AnimatedGif => "animated_gif",
            Self::Photo => "photo",
            Self::Video => "video",
        }
    }
}

impl FromStr for MediaType {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::AnimatedGif, Self::Photo, Self::Video].into_iter().find(|kind| kind.name() == text).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_two_numbers_and_has_one_spelling() {
        for text in ["3_1", "13_1699999999999999999", "0_0", "18446744073709551615_18446744073709551615"] {
            assert_eq!(text.parse::<MediaKey>().map(|key| key.to_string()), Ok(text.to_owned()));
        }
        for text in ["", "_", "3", "3_", "_1", "03_1", "3_01", "+3_1", "3_-1", "3_1_2", "3_18446744073709551616", "3_x", " 3_1"] {
            assert_eq!(text.parse::<MediaKey>(), Err(()), "{text}");
        }
    }
}
