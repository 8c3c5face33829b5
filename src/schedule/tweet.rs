//! What the plan knows of one tweet.

use std::time::Duration;

use smallvec::SmallVec;

use crate::model::{MediaKey, OfTweet, Refusal, Timestamp, TweetId, TweetState};
use crate::schedule::gates::is_to_come;
use crate::schedule::pulse::Pulse;

/// One watched tweet.
#[derive(Clone, Debug)]
pub(super) struct TweetPlan {
    pub(super) id: TweetId,
    /// It was found on the timeline, nobody named it: it leaves when it is old or gone.
    pub(super) found: bool,
    /// Nobody watches it, but somebody asked for it.
    pub(super) on_demand: bool,
    /// It was on the timeline when that was last read.
    pub(super) on_timeline: bool,
    /// X does not give it; asked again slowly.
    pub(super) refusal: Option<Refusal>,
    /// Somebody else wrote it: no private numbers are asked for until then.
    pub(super) foreign_until: Option<Timestamp>,
    /// Keys of its videos, once an answer told.
    pub(super) videos: Option<SmallVec<[MediaKey; 1]>>,
    /// How its numbers move.
    pub(super) pulse: Option<Pulse>,
    /// With `tiers: adaptive`: how often it is read.
    pub(super) pace: Option<Duration>,
    /// It was just written when it came to the list that was being watched.
    pub(super) newborn: bool,
    /// Where it stands in each slot of the account.
    pub(super) tracks: SmallVec<[Track; 1]>,
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
    /// The budget does not cover it.
    pub(super) held: bool,
    /// X left it out in silence when private numbers were asked for: not asked so until then.
    pub(super) silent_until: Option<Timestamp>,
    /// X does not give it here: not asked for until then. Apart from its reason it takes no room of its own.
    pub(super) barred_until: Option<Timestamp>,
    pub(super) barred_for: Option<Refusal>,
    /// X refused a batch because of it: it goes alone from then on, until it is answered.
    pub(super) spoils: bool,
    /// Its batch was refused because of others and is to be sent once more, and no oftener.
    pub(super) resent: bool,
}

/// A tweet that X does not give is asked for again this seldom.
pub(super) const RECHECK: Duration = Duration::from_secs(60 * 60);

/// After X refused private numbers of a tweet by name: it is somebody else's, but X has erred before.
pub(super) const FOREIGN_PAUSE: Duration = Duration::from_secs(24 * 60 * 60);

/// After X left it out in silence.
pub(super) const SILENCE_PAUSE: Duration = Duration::from_secs(10 * 60);

/// Who is younger was written after all others were listed.
const NEW: Duration = Duration::from_secs(60 * 60);

/// After X stumbled on it; also the longest pause of promise 8.
const STUMBLE_PAUSE: Duration = Duration::from_secs(60);

impl OfTweet for TweetPlan {
    fn tweet(&self) -> TweetId {
        self.id
    }
}

impl TweetPlan {
    /// A tweet that is to be read now, in each of so many slots.
    pub(super) fn new(id: TweetId, slots: usize, now: Timestamp) -> Self {
        let due = Track { due: Some(now), ..Track::default() };
        Self {
            id,
            found: false,
            on_demand: false,
            on_timeline: false,
            refusal: None,
            foreign_until: None,
            videos: None,
            pulse: None,
            pace: None,
            newborn: id.created().is_some_and(|created| now.since(created) < NEW),
            tracks: SmallVec::from_elem(due, slots),
        }
    }

    /// How often it is asked for in a tier of this pace.
    pub(super) fn every(&self, tier: Duration) -> Duration {
        if self.refusal.is_some() { tier.max(RECHECK) } else { tier }
    }

    /// It is younger than this.
    pub(super) fn is_younger(&self, than: Duration, now: Timestamp) -> bool {
        self.id.created().is_some_and(|created| now.since(created) < than)
    }

    /// X showed that somebody else wrote it.
    pub(super) fn is_foreign(&self, now: Timestamp) -> bool {
        self.foreign_until.is_some_and(|until| is_to_come(until, FOREIGN_PAUSE, now))
    }

    /// X does not give the tweet itself; found out in this slot.
    pub(super) fn refuse(&mut self, slot: usize, refusal: Refusal, at: Timestamp) {
        self.refusal = Some(refusal);
        self.tracks[slot].answered(at);
        self.tracks.iter_mut().for_each(|track| track.read = false);
    }

    /// The state in which X's refusal leaves it.
    pub(super) fn refused_state(&self) -> Option<TweetState> {
        self.refusal.map(state_of)
    }
}

/// The state of a tweet that X does not give for this reason.
pub(super) fn state_of(refusal: Refusal) -> TweetState {
    match refusal {
        Refusal::NotFound => TweetState::NotFound,
        Refusal::NotAuthorized => TweetState::NotAuthorized,
        Refusal::Unavailable | Refusal::Invalid => TweetState::Unavailable,
    }
}

impl Track {
    /// To be read now.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        self.due.is_some() && !self.away && self.resume.is_none_or(|resume| !is_to_come(resume, STUMBLE_PAUSE, now))
    }

    /// X will not give it here before then.
    pub(super) fn is_barred(&self, now: Timestamp) -> bool {
        self.barred_until.is_some_and(|until| is_to_come(until, FOREIGN_PAUSE, now))
    }

    /// X was silent on it when private numbers were asked for.
    pub(super) fn is_silent(&self, now: Timestamp) -> bool {
        self.silent_until.is_some_and(|until| is_to_come(until, SILENCE_PAUSE, now))
    }

    /// X answered, but stumbled on this tweet: it stays due.
    pub(super) fn stumbled(&mut self, at: Timestamp) {
        self.due = Some(at);
        self.failed = true;
        self.resume = Some(at + STUMBLE_PAUSE);
    }

    /// X answered the call that was planned then, whatever it said.
    pub(super) fn answered(&mut self, at: Timestamp) {
        *self = Self { due: None, away: false, resume: None, asked: Some(at), failed: false, resent: false, ..*self };
    }

    /// It was in the answer.
    pub(super) fn given(&mut self) {
        *self = Self { read: true, spoils: false, ..*self };
        self.set_barred(None);
    }

    /// X does not give it in this slot.
    pub(super) fn bar(&mut self, refusal: Refusal, at: Timestamp, pause: Duration) {
        self.answered(at);
        self.read = false;
        self.set_barred(Some((at + pause, refusal)));
    }

    /// Until when X does not give it here, and why.
    pub(super) fn barred(&self) -> Option<(Timestamp, Refusal)> {
        self.barred_until.zip(self.barred_for)
    }

    pub(super) fn set_barred(&mut self, barred: Option<(Timestamp, Refusal)>) {
        (self.barred_until, self.barred_for) = barred.unzip();
    }
}
