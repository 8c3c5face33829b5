//! A call to X as the plan wants it, and how it went.

use crate::model::{Api, CredentialKind, Failure, LookupAsk, PriceClass, Reading, Timestamp, TweetId};

/// One call to X.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Index of the account.
    pub account: usize,
    /// How it identifies itself.
    pub credential: CredentialKind,
    /// What it is for.
    pub errand: Errand,
    /// When it was planned; a reading counts as of this moment, so that slow answers do not stretch the interval.
    pub at: Timestamp,
    /// How many resources X would charge for at worst: put aside until it is finished.
    pub(super) worst: u64,
    /// It looks for the id that X refuses, in the search of this number.
    pub(super) probe: Option<u64>,
}

/// What a call is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Errand {
    /// Read these tweets, at most [`Errand::LOOKUP_BATCH`].
    Lookup {
        /// What may be asked of them.
        ask: LookupAsk,
        /// Distinct.
        tweets: Vec<TweetId>,
    },
    /// Learn whose token it is.
    WhoAmI,
}

impl Errand {
    /// Ids per request of `GET /2/tweets` (x-api.md 1a).
    pub const LOOKUP_BATCH: usize = 100;

    /// The system it goes to.
    pub fn api(&self) -> Api {
        match self {
            Self::Lookup { .. } => Api::Lookup,
            Self::WhoAmI => Api::Users,
        }
    }

    /// What X charges it as.
    pub fn class(&self) -> PriceClass {
        match self {
            Self::Lookup { .. } => PriceClass::Tweet,
            Self::WhoAmI => PriceClass::User,
        }
    }
}

/// How a call went.
#[derive(Clone, Copy, Debug)]
pub enum Outcome<'a> {
    /// Tweets were answered.
    Read(&'a Reading),
    /// The token's user is known.
    Known,
    /// It brought nothing.
    Failed {
        /// What to do next.
        failure: &'a Failure,
        /// X answered with 200, so it may charge for what could not be read.
        charged: bool,
    },
}
