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
use crate::x_api::session::{Answered, Get, Session};

/// The lookup of one account.
pub struct Lookup {
    groups: Groups,
    /// X's documents name the parameter `tweet.fields`, its OpenAPI from 2.167 on `post.fields`.
    says_post: AtomicBool,
    /// The other spelling is tried once in the life of a session.
    switched: AtomicBool,
}

impl Lookup {
    /// Ids per request.
    pub const BATCH: usize = 100;

    /// A lookup that asks for these groups where it may.
    pub fn new(groups: Groups) -> Self {
        Self { groups, says_post: AtomicBool::new(false), switched: AtomicBool::new(false) }
    }

    /// Reads one batch of at most [`Self::BATCH`] distinct tweets with one request; with a second one when X does not know
    /// `tweet.fields`, once.
    pub async fn read(
        &self,
        session: &Session,
        ask: LookupAsk,
        credential: CredentialKind,
        tweets: &[TweetId],
        now: Timestamp,
    ) -> Answered<Reading> {
        let batch = Batch { groups: self.groups, ask, credential, tweets, now };
        let spelling = self.spelling();
        let answered = batch.read(session, spelling).await;
        match answered {
            BatchAnswered::WrongSpelling(_) if !self.switched.swap(true, Ordering::Relaxed) => {
                self.says_post.store(true, Ordering::Relaxed);
                tracing::info!("X does not know tweet.fields; asking with post.fields from now on");
                let second = batch.read(session, self.spelling()).await;
                if let BatchAnswered::WrongSpelling(_) = second {
                    self.says_post.store(false, Ordering::Relaxed);
                }
                second.into()
            }
            answered => answered.into(),
        }
    }

    fn spelling(&self) -> &'static str {
        if self.says_post.load(Ordering::Relaxed) { fields::POST } else { fields::TWEET }
    }
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
enum BatchAnswered {
    Answered(Answered<Reading>),
    /// X does not know the parameter that selects the fields.
    WrongSpelling(Answered<Reading>),
}

impl From<BatchAnswered> for Answered<Reading> {
    fn from(answered: BatchAnswered) -> Self {
        match answered {
            BatchAnswered::Answered(answered) | BatchAnswered::WrongSpelling(answered) => answered,
        }
    }
}

impl Batch<'_> {
    async fn read(&self, session: &Session, spelling: &'static str) -> BatchAnswered {
        let ids = self.tweets.iter().map(TweetId::to_string).collect::<Vec<_>>().join(",");
        let query = fields::query(self.groups, self.ask, &ids, spelling);
        let query = query.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let get = Get { api: Api::Lookup, credential: self.credential, path: "/2/tweets", query, now: self.now };
        let answered = session.try_get(&get).await;
        let limits = answered.limits;
        match answered.result {
            Ok(body) => BatchAnswered::Answered(Answered { limits, result: self.decode(session, &body) }),
            Err(refused) if refused.problem.segment == "invalid-request" && refused.problem.blames(spelling) => {
                BatchAnswered::WrongSpelling(Answered { limits, result: Err(refused.error) })
            }
            Err(refused) => BatchAnswered::Answered(Answered { limits, result: Err(refused.error) }),
        }
    }

    fn decode(&self, session: &Session, body: &[u8]) -> Result<Reading, ApiError> {
        let decoded = decode::decode(body, self.tweets, self.ask)?;
        session.metrics().unknown_fields(Api::Lookup, decoded.unknown_fields);
        session.metrics().bad_values(Api::Lookup, decoded.bad_values);
        Ok(decoded.reading)
    }
}
