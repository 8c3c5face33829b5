//! What the plan knows of one tweet.

use std::time::Duration;

use crate::model::{LookupAsk, Refusal, Timestamp, TweetId, TweetState};

/// One watched tweet.
#[derive(Clone, Debug)]
pub(super) struct TweetPlan {
    pub(super) id: TweetId,
    /// X gave no private numbers of it: only public ones are asked for until then.
    pub(super) public_until: Option<Timestamp>,
    /// X refused promoted numbers of it.
    pub(super) unpromoted: bool,
    /// X does not give it; asked again slowly.
    pub(super) refusal: Option<Refusal>,
    /// The budget does not cover it.
    pub(super) held: bool,
    /// Public and private numbers.
    pub(super) main: Track,
    /// Promoted numbers.
    pub(super) promoted: Track,
}

/// Where one kind of reading of a tweet stands.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Track {
    /// It is to be read, since then.
    pub(super) due: Option<Timestamp>,
    /// A call with it is under way, or it is a suspect.
    pub(super) away: bool,
    /// When a call with it last left: those that waited longest go first.
    pub(super) tried: Option<Timestamp>,
    /// X stumbled on it: not before then.
    pub(super) resume: Option<Timestamp>,
    /// When the last call that X answered was planned.
    pub(super) asked: Option<Timestamp>,
    /// X has answered with numbers.
    pub(super) read: bool,
    /// The last attempt failed for a reason that is not the tweet's.
    pub(super) failed: bool,
}

/// A tweet that X does not give is asked for again this seldom.
const RECHECK: Duration = Duration::from_secs(60 * 60);

/// X gives private numbers for 30 days; a day less keeps clear of the edge (x-api.md 1a).
const PRIVATE_AGE: Duration = Duration::from_secs(29 * 86_400);

/// After X refused private numbers of a tweet by name: it is somebody else's, but X has erred before.
pub(super) const REFUSED_FIELDS_PAUSE: Duration = Duration::from_secs(24 * 60 * 60);

/// After X left it out in silence.
pub(super) const SILENCE_PAUSE: Duration = Duration::from_secs(10 * 60);

/// After X stumbled on it; also the longest pause of promise 8.
const STUMBLE_PAUSE: Duration = Duration::from_secs(60);

impl TweetPlan {
    /// A tweet that is to be read now.
    pub(super) fn new(id: TweetId, now: Timestamp) -> Self {
        let due = Track { due: Some(now), ..Track::default() };
        Self { id, public_until: None, unpromoted: false, refusal: None, held: false, main: due, promoted: due }
    }

    /// The track that a call of this kind is about.
    pub(super) fn track(&self, ask: LookupAsk) -> &Track {
        if ask == LookupAsk::Promoted { &self.promoted } else { &self.main }
    }

    /// The same, to be changed.
    pub(super) fn track_mut(&mut self, ask: LookupAsk) -> &mut Track {
        if ask == LookupAsk::Promoted { &mut self.promoted } else { &mut self.main }
    }

    /// How often it is asked for in a tier of this pace.
    pub(super) fn every(&self, tier: Duration) -> Duration {
        if self.refusal.is_some() { tier.max(RECHECK) } else { tier }
    }

    /// Young enough, and nothing shows that it is somebody else's.
    pub(super) fn may_be_private(&self, now: Timestamp) -> bool {
        self.public_until.is_none_or(|until| until <= now)
            && self.id.created().is_some_and(|created| now.since(created) < PRIVATE_AGE)
    }

    /// X does not give it.
    pub(super) fn refuse(&mut self, refusal: Refusal, at: Timestamp) {
        self.refusal = Some(refusal);
        self.main.answered(at);
        self.main.read = false;
    }

    /// The state in which X's refusal leaves it.
    pub(super) fn refused_state(&self) -> Option<TweetState> {
        self.refusal.map(|refusal| match refusal {
            Refusal::NotFound => TweetState::NotFound,
            Refusal::NotAuthorized => TweetState::NotAuthorized,
            Refusal::Unavailable | Refusal::Invalid => TweetState::Unavailable,
        })
    }
}

impl Track {
    /// To be read now.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        self.due.is_some() && !self.away && self.resume.is_none_or(|resume| resume <= now)
    }

    /// X answered, but stumbled on this tweet: it stays due.
    pub(super) fn stumbled(&mut self, at: Timestamp) {
        self.due = Some(at);
        self.failed = true;
        self.resume = Some(at + STUMBLE_PAUSE);
    }

    /// X answered the call that was planned then, whatever it said.
    pub(super) fn answered(&mut self, at: Timestamp) {
        *self = Self { due: None, away: false, resume: None, asked: Some(at), failed: false, ..*self };
    }
}
