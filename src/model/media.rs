//! Media that hang on a tweet.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Key of an attached medium, `<type>_<id>`: `^([0-9]+)_([0-9]+)$` (X's OpenAPI, `MediaKey`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MediaKey(Arc<str>);

impl MediaKey {
    /// The key as X writes it.
    pub fn as_str(&self) -> &str {
        &self.0
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
        key.0.as_ref().to_owned()
    }
}

impl FromStr for MediaKey {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let digits = |part: &str| !part.is_empty() && part.len() <= 20 && part.bytes().all(|byte| byte.is_ascii_digit());
        match text.split_once('_') {
            Some((kind, id)) if digits(kind) && digits(id) => Ok(Self(text.into())),
            _ => Err(()),
        }
    }
}

impl fmt::Display for MediaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
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
