//! Tweets as `GET /2/tweets` and `GET /2/users/:id/tweets` alike write them (x-api.md 1a).

use serde::Deserializer;
use serde_json::value::RawValue;

use crate::model::{MediaType, TweetId, TweetReading};
use crate::x_api::answer::Decoded;
use crate::x_api::error::ApiError;
use crate::x_api::groups::Groups;
use crate::x_api::media::{Attachments, Includes, Media};
use crate::x_api::number::Count;
use crate::x_api::parts::{self, Found, Kind, Part, Place, Text};

/// The body of a 200.
#[derive(Debug, Default)]
pub(super) struct Answer<'a> {
    /// What stands behind `data`.
    pub(super) data: Found,
    pub(super) tweets: Vec<Tweet>,
    pub(super) includes: Includes,
    pub(super) errors: Option<&'a RawValue>,
    /// What stands behind `meta`.
    pub(super) about: Found,
    pub(super) meta: Meta,
}

impl<'a> Answer<'a> {
    /// Takes the body apart.
    pub(super) fn read(body: &'a [u8]) -> Result<Decoded<Self>, ApiError> {
        let none = |why: String| ApiError::malformed(format!("the answer is no JSON object: {why}"));
        let text = str::from_utf8(body).map_err(|error| none(format!("byte {} is no UTF-8", error.valid_up_to())))?;
        match parts::read(text) {
            Ok((Found::Good, decoded)) => Ok(decoded),
            Ok(_) => Err(none("it is something else".to_owned())),
            Err(error) => Err(none(format!("line {}, column {}", error.line(), error.column()))),
        }
    }

    /// Whether `errors` is a list.
    pub(super) fn has_errors(&self) -> bool {
        self.errors.is_some_and(|raw| raw.get().starts_with('['))
    }
}

impl<'a> Part<'a> for Answer<'a> {
    const KIND: Kind = Kind::Object;

    fn entry<D: Deserializer<'a>>(&mut self, name: &[u8], place: Place<'_, D>) -> Result<Found, D::Error> {
        match name {
            b"data" => {
                self.data = place.read(&mut self.tweets)?;
                Ok(self.data)
            }
            b"meta" => {
                self.about = place.read(&mut self.meta)?;
                Ok(self.about)
            }
            b"includes" => place.read(&mut self.includes),
            b"errors" => place.keep(&mut self.errors),
            _ => place.skip(),
        }
    }
}

/// `meta`.
#[derive(Debug, Default)]
pub(super) struct Meta {
    pub(super) result_count: Count,
    pub(super) next_token: Text<String>,
}

impl<'a> Part<'a> for Meta {
    const KIND: Kind = Kind::Object;

    fn entry<D: Deserializer<'a>>(&mut self, name: &[u8], place: Place<'_, D>) -> Result<Found, D::Error> {
        match name {
            b"result_count" => place.read(&mut self.result_count),
            b"next_token" => place.read(&mut self.next_token),
            _ => place.skip(),
        }
    }
}

/// One item of `data[]`.
#[derive(Debug, Default)]
pub(super) struct Tweet {
    id: Text<TweetId>,
    /// Its versions, in both of X's spellings. X begins with the original.
    chains: [Vec<Text<TweetId>>; 2],
    author: Text<u64>,
    attachments: Attachments,
    groups: Groups,
}

impl<'a> Part<'a> for Tweet {
    const KIND: Kind = Kind::Object;

    fn entry<D: Deserializer<'a>>(&mut self, name: &[u8], place: Place<'_, D>) -> Result<Found, D::Error> {
        match name {
            b"id" => place.read(&mut self.id),
            b"edit_history_tweet_ids" => place.read(&mut self.chains[0]),
            b"edit_history_post_ids" => place.read(&mut self.chains[1]),
            b"author_id" => place.read(&mut self.author),
            b"attachments" => place.read(&mut self.attachments),
            _ => self.groups.of_tweet(name, place),
        }
    }
}

impl Tweet {
    /// Its id and those of its earlier versions, the newest first. What has none is no tweet.
    pub(super) fn names(&self) -> Vec<TweetId> {
        let earlier = self.chains.iter().flat_map(|chain| chain.iter().rev());
        let mut names = Vec::with_capacity(1 + self.chains[0].len());
        for id in [&self.id].into_iter().chain(earlier).filter_map(|id| id.0) {
            if !names.contains(&id) {
                names.push(id);
            }
        }
        names
    }

    /// What it says.
    pub(super) fn reading(&self, media: &Media<'_>) -> TweetReading {
        let attached = media.of(&self.attachments);
        let count = attached.iter().map(|(_, medium)| medium.groups.len()).sum::<usize>() + self.groups.len();
        let mut samples = Vec::with_capacity(count);
        self.groups.tell(None, &mut samples);
        let (mut media_types, mut videos) = (Vec::new(), Vec::new());
        for (key, medium) in attached {
            medium.groups.tell(Some(key), &mut samples);
            media_types.extend(medium.kind.0);
            if medium.kind.0 == Some(MediaType::Video) {
                videos.push(key);
            }
        }
        media_types.sort_unstable();
        media_types.dedup();
        TweetReading { samples, media_types, videos, author: self.author.0, private: self.groups.are_private() }
    }
}
