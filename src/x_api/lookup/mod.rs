//! `GET /2/tweets` (x-api.md 1a): up to 100 tweets a request, public metrics for any, private ones for the owner's recent tweets.
//!
//! A private field asked of a tweet that is not ours makes X drop the whole tweet from the answer, so what is asked must be decided
//! before: [`Ask`](crate::model::Ask). Promoted metrics make X drop tweets that were never promoted, so they go alone.

mod decode;

use crate::config::Groups;
use crate::model::{Api, Ask, Reading, Timestamp, TweetId};
use crate::x_api::backend::{Batch, comma};
use crate::x_api::error::ApiError;
use crate::x_api::fields::Fields;
use crate::x_api::forms::Forms;
use crate::x_api::session::{Answered, Inquiry, Session};

/// The lookup of one account.
pub struct Lookup {
    fields: Fields,
}

impl Lookup {
    /// A lookup that asks for these groups where it may.
    pub fn new(groups: Groups) -> Self {
        Self { fields: Fields::new(groups) }
    }

    /// In which form X wants its requests.
    pub(super) fn forms(&self) -> (Api, &Forms) {
        (Api::Lookup, self.fields.forms())
    }

    /// Reads one batch of at most 100 distinct tweets with one request; with a second one when X does not know the parameter that
    /// selects the fields.
    pub async fn read(&self, session: &Session, batch: &Batch<'_>) -> Answered<Reading> {
        let ids = comma(batch.tweets);
        let inquiry = Inquiry {
            api: Api::Lookup,
            credential: batch.credential,
            path: "/2/tweets",
            query: vec![("ids", &ids)],
            json: None,
            now: batch.now,
        };
        let sent = self.fields.send(session, &inquiry, batch.ask).await;
        sent.read(session, Api::Lookup, |body| decode::decode(body, batch.tweets, batch.ask, batch.now))
    }
}

/// What the body of a 200 says about the tweets that were asked for: decoding alone, without a call. The benches measure it.
pub fn decode_lookup(body: &[u8], asked: &[TweetId], ask: Ask, now: Timestamp) -> Result<Reading, ApiError> {
    decode::decode(body, asked, ask, now).map(|decoded| decoded.value)
}
