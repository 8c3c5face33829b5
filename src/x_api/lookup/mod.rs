//! `GET /2/tweets` (x-api.md 1a): up to 100 tweets a request, public metrics for any, private ones for the owner's recent tweets.
//!
//! A private field asked of a tweet that is not ours makes X drop the whole tweet from the answer, so what is asked must be decided
//! before: [`LookupAsk`]. Promoted metrics make X drop tweets that were never promoted, so they go alone.

mod decode;
mod fields;

use std::sync::atomic::{AtomicBool, Ordering};

use crate::config::Groups;
use crate::model::{Api, CredentialKind, LookupAsk, Reading, Timestamp, TweetId};
use crate::x_api::error::ApiError;
use crate::x_api::problem::Problem;
use crate::x_api::session::{Answered, Get, GetAnswered, Session};

/// The lookup of one account.
pub struct Lookup {
    groups: Groups,
    /// X's documents name the parameter `tweet.fields`, its OpenAPI from 2.167 on `post.fields`.
    says_post: AtomicBool,
    /// X knew neither: it is not asked in the other way again.
    knows_neither: AtomicBool,
}

impl Lookup {
    /// A lookup that asks for these groups where it may.
    pub fn new(groups: Groups) -> Self {
        Self { groups, says_post: AtomicBool::new(false), knows_neither: AtomicBool::new(false) }
    }

    /// Reads one batch of at most 100 distinct tweets with one request; with a second one when X does not know the parameter that
    /// selects the fields. The spelling that worked is remembered (promise 9).
    pub async fn read(
        &self,
        session: &Session,
        ask: LookupAsk,
        credential: CredentialKind,
        tweets: &[TweetId],
        now: Timestamp,
    ) -> Answered<Reading> {
        let batch = Batch { groups: self.groups, ask, credential, tweets, now };
        let says_post = self.says_post.load(Ordering::Relaxed);
        let first = batch.read(session, spelling(says_post)).await;
        if !first.wrong_spelling || self.knows_neither.load(Ordering::Relaxed) {
            return first.answered;
        }
        // Other batches may have found out meanwhile; each still has its own request to repeat.
        let second = batch.read(session, spelling(!says_post)).await;
        if second.wrong_spelling {
            self.knows_neither.store(true, Ordering::Relaxed);
        } else if second.answered.result.is_ok() && self.says_post.swap(!says_post, Ordering::Relaxed) == says_post {
            tracing::info!(parameter = spelling(!says_post), "X wants another name for the fields; using it from now on");
        }
        second.answered
    }
}

fn spelling(says_post: bool) -> &'static str {
    if says_post { fields::POST } else { fields::TWEET }
}

/// One request.
struct Batch<'a> {
    groups: Groups,
    ask: LookupAsk,
    credential: CredentialKind,
    tweets: &'a [TweetId],
    now: Timestamp,
}

/// What came of it.
struct BatchAnswered {
    answered: Answered<Reading>,
    /// X does not know the parameter that selects the fields.
    wrong_spelling: bool,
}

impl Batch<'_> {
    async fn read(&self, session: &Session, spelling: &'static str) -> BatchAnswered {
        let ids = self.tweets.iter().map(TweetId::to_string).collect::<Vec<_>>().join(",");
        let query = fields::query(self.groups, self.ask, &ids, spelling);
        let query = query.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let get = Get { api: Api::Lookup, credential: self.credential, path: "/2/tweets", query, now: self.now };
        let GetAnswered { limits, result } = session.get(&get).await;
        let is_blamed = |problem: &Problem| problem.segment == "invalid-request" && problem.blames(spelling);
        let wrong_spelling = result.as_ref().is_err_and(|refused| is_blamed(&refused.problem));
        let result = result.map_err(|refused| refused.error).and_then(|body| self.decode(session, &body));
        BatchAnswered { answered: Answered { limits, result }, wrong_spelling }
    }

    fn decode(&self, session: &Session, body: &[u8]) -> Result<Reading, ApiError> {
        let decoded = decode::decode(body, self.tweets, self.ask, self.now).map_err(|error| session.tame(error))?;
        session.metrics().unknown_fields(Api::Lookup, decoded.unknown_fields);
        session.metrics().bad_values(Api::Lookup, decoded.bad_values);
        Ok(decoded.reading)
    }
}
