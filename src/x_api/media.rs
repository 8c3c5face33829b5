//! Media that hang on tweets: `includes.media[]` of an answer, and how a tweet names its own (x-api.md 1a).

use std::collections::HashMap;

use serde::Deserializer;

use crate::model::{MediaKey, MediaType};
use crate::x_api::groups::Groups;
use crate::x_api::parts::{Found, Kind, Part, Place, Single, Text};

/// `includes`.
#[derive(Debug, Default)]
pub(super) struct Includes {
    media: Vec<Medium>,
}

impl Includes {
    /// The media by key; of two with the same key the last.
    pub(super) fn by_key(&self) -> Media<'_> {
        Media(self.media.iter().filter_map(|medium| Some((medium.key?, medium))).collect())
    }
}

impl<'a> Part<'a> for Includes {
    const KIND: Kind = Kind::Object;

    fn entry<D: Deserializer<'a>>(&mut self, name: &[u8], place: Place<'_, D>) -> Result<Found, D::Error> {
        if name == b"media" { place.read(&mut self.media) } else { place.skip() }
    }
}

/// One item of `includes.media[]`.
#[derive(Debug, Default)]
pub(super) struct Medium {
    key: Option<MediaKey>,
    pub(super) kind: Text<MediaType>,
    pub(super) groups: Groups,
}

impl<'a> Part<'a> for Medium {
    const KIND: Kind = Kind::Object;

    fn entry<D: Deserializer<'a>>(&mut self, name: &[u8], place: Place<'_, D>) -> Result<Found, D::Error> {
        match name {
            b"media_key" => place.read(&mut self.key),
            b"type" => place.read(&mut self.kind),
            _ => self.groups.of_medium(name, place),
        }
    }
}

/// Any text that is no key is bad.
impl<'a> Part<'a> for Option<MediaKey> {
    const KIND: Kind = Kind::Single;

    fn single(&mut self, value: Single<'a>) -> bool {
        let Single::Text(text) = value else { return false };
        *self = text.parse().ok();
        self.is_some()
    }
}

/// `attachments` of a tweet.
#[derive(Debug, Default)]
pub(super) struct Attachments {
    media_keys: Vec<Text<MediaKey>>,
}

impl<'a> Part<'a> for Attachments {
    const KIND: Kind = Kind::Object;

    fn entry<D: Deserializer<'a>>(&mut self, name: &[u8], place: Place<'_, D>) -> Result<Found, D::Error> {
        if name == b"media_keys" { place.read(&mut self.media_keys) } else { place.skip() }
    }
}

/// The media of an answer.
pub(super) struct Media<'m>(HashMap<MediaKey, &'m Medium>);

impl<'m> Media<'m> {
    /// What is attached, each once, in the order of the keys.
    pub(super) fn of(&self, attachments: &Attachments) -> Vec<(MediaKey, &'m Medium)> {
        let named = attachments.media_keys.iter().filter_map(|key| key.0);
        let mut media: Vec<_> = named.filter_map(|key| Some((key, *self.0.get(&key)?))).collect();
        media.sort_unstable_by_key(|(key, _)| *key);
        media.dedup_by_key(|(key, _)| *key);
        media
    }
}
