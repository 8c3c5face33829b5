//! A call to X as the plan wants it, and how it went.

use crate::model::{
    Api, Ask, Billed, CredentialKind, Failure, MediaKey, PageAsk, PriceClass, ProjectUsage, Reading, TimelinePage, Timestamp,
    TweetId, Username,
};

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
    /// Tells it from the account's other calls.
    pub(super) number: u64,
    /// What X charges for, and how many of them at worst: put aside until it is finished.
    pub(super) worst: Option<(PriceClass, u64)>,
    /// It looks for the id that X refuses, in the search of this number.
    pub(super) probe: Option<u64>,
}

impl Call {
    /// X may charge for it.
    pub fn may_cost(&self) -> bool {
        self.worst.is_some_and(|(_, count)| count > 0)
    }
}

/// What a call is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Errand {
    /// Read these tweets.
    Read(TweetsAsk),
    /// Read a page of the timeline.
    Page {
        /// Position of the source.
        source: usize,
        /// Position of the request within the source.
        request: u8,
        /// Which page.
        page: PageAsk,
    },
    /// Learn whose token it is.
    WhoAmI,
    /// Learn the id of this user.
    FindUser(Username),
    /// Learn what X has counted.
    Usage,
}

/// A batch of one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TweetsAsk {
    /// Position of the source.
    pub source: usize,
    /// Position of the request within the source.
    pub request: u8,
    /// Which system.
    pub api: Api,
    /// What may be asked.
    pub ask: Ask,
    /// Distinct, at most [`Api::batch`].
    pub tweets: Vec<TweetId>,
    /// Their videos, each with its tweets; only where the system goes by these.
    pub videos: Vec<(MediaKey, Vec<TweetId>)>,
}

impl Errand {
    /// The system it goes to.
    pub fn api(&self) -> Api {
        match self {
            Self::Read(ask) => ask.api,
            Self::Page { .. } => Api::Timeline,
            Self::WhoAmI | Self::FindUser(_) => Api::Users,
            Self::Usage => Api::Usage,
        }
    }
}

/// How a call went.
#[derive(Clone, Copy, Debug)]
pub enum Outcome<'a> {
    /// Tweets were answered.
    Read(&'a Reading),
    /// A page was answered.
    Page(&'a TimelinePage),
    /// A user is known.
    User(u64, &'a Username),
    /// It is known what X has counted.
    Counted(&'a ProjectUsage),
    /// It brought nothing.
    Failed {
        /// What to do next.
        failure: &'a Failure,
        /// Whether X charges for it all the same.
        billed: Billed,
    },
}
