//! What a plan knows that must survive a restart, and how it is taken up again. When it is read back the configuration may be another
//! one: slots go by name, and what is watched no more is left out.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};
use smallvec::SmallVec;

use crate::model::{Api, CredentialKind, MediaKey, PriceClass, RateLimit, Refusal, Timestamp, TweetId, Username};
use crate::schedule::account::{AccountPlan, Books};
use crate::schedule::gates::GatesMemory;
use crate::schedule::periods::Periods;
use crate::schedule::pulse::Pulse;
use crate::schedule::slot::SlotKind;
use crate::schedule::tweet::{Track, TweetPlan};

/// A UTC day, and the resources that were paid on it.
pub type PaidOn = (i64, Vec<(PriceClass, u64)>);

/// What an account's plan knows, but for its tweets.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AccountMemory {
    pub(super) ledger: LedgerMemory,
    pub(super) gates: GatesMemory,
    pub(super) identity: IdentityMemory,
    pub(super) timeline: TimelineMemory,
    pub(super) usage_due: Option<Timestamp>,
    /// Nobody has told yet what was spent before.
    pub(super) books_lost: bool,
}

impl AccountMemory {
    /// Tweets that were found on the timeline.
    pub fn found(&self) -> &[TweetId] {
        &self.timeline.found
    }

    /// Whose timeline it is has been bought already.
    pub fn knows_user(&self) -> bool {
        self.identity.target.is_some()
    }
}

/// The sums of the books.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct LedgerMemory {
    pub(super) days: Periods,
    pub(super) months: Periods,
    /// Calls that were under way: X may have charged for them.
    pub(super) under_way: Vec<Reservation>,
}

/// What one call may cost at worst.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Reservation {
    pub(super) class: Option<PriceClass>,
    /// Resources that are known by name, and not paid yet.
    pub(super) resources: Vec<u64>,
    /// How many others.
    pub(super) others: u64,
    /// The UTC day on which the call left.
    pub(super) day: Option<i64>,
}

/// Whose token, whose timeline.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct IdentityMemory {
    pub(super) username: Option<Username>,
    pub(super) owner: Option<u64>,
    pub(super) target: Option<u64>,
    /// Tells the tokens by which the owner was learned from others.
    pub(super) speaker: u64,
}

/// What was on the timeline.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct TimelineMemory {
    pub(super) found: Vec<TweetId>,
    pub(super) listed: Vec<TweetId>,
    pub(super) walked_from: Option<Timestamp>,
    /// What was looked for; another search begins anew.
    pub(super) looked_for: Option<LookedFor>,
    pub(super) next_discovery: Option<Timestamp>,
    pub(super) cut_short: bool,
}

/// Terms of the search through a timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LookedFor {
    pub(super) younger_than: Duration,
    pub(super) exclude_replies: bool,
    pub(super) exclude_retweets: bool,
    pub(super) max_tweets: usize,
}

/// What a plan knows of one tweet.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TweetMemory {
    pub(super) on_timeline: bool,
    refusal: Option<Refusal>,
    pub(super) foreign_until: Option<Timestamp>,
    videos: Option<Box<[MediaKey]>>,
    /// One that cannot be read is learned anew: it is worth less than what stands beside it.
    #[serde(deserialize_with = "pulse")]
    pulse: Option<Pulse>,
    /// By the slot's name.
    pub(super) tracks: BTreeMap<String, TrackMemory>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct TrackMemory {
    pub(super) asked: Option<Timestamp>,
    read: bool,
    pub(super) silent_until: Option<Timestamp>,
    pub(super) barred: Option<(Timestamp, Refusal)>,
    spoils: bool,
}

fn pulse<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Pulse>, D::Error> {
    let value = serde_json::Value::deserialize(from)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}

impl TweetMemory {
    /// X showed that somebody else wrote it.
    pub fn is_foreign(&self, now: Timestamp) -> bool {
        self.foreign_until.is_some_and(|until| until > now)
    }
}

impl From<&Track> for TrackMemory {
    fn from(track: &Track) -> Self {
        let Track { asked, read, silent_until, spoils, .. } = *track;
        Self { asked, read, silent_until, barred: track.barred(), spoils }
    }
}

impl AccountPlan {
    /// What must survive a restart, but for the tweets.
    pub fn memory(&self) -> AccountMemory {
        AccountMemory {
            ledger: self.ledger.memory(self.under_way.values().cloned().collect()),
            gates: self.gates.memory(),
            identity: self.timeline.identity.memory(),
            timeline: self.timeline.memory(),
            usage_due: Some(self.usage_due),
            books_lost: self.books != Books::Open,
        }
    }

    /// What must survive of one tweet; nothing if it is not watched.
    pub fn tweet_memory(&self, id: TweetId) -> Option<TweetMemory> {
        let tweet = self.tweets.find(id)?;
        let tracks = self.slots.iter().zip(&tweet.tracks).map(|(slot, track)| (slot.name(), track.into())).collect();
        let TweetPlan { on_timeline, refusal, foreign_until, videos, pulse, .. } = tweet.clone();
        let videos = videos.map(|videos| videos.into_boxed_slice());
        Some(TweetMemory { on_timeline, refusal, foreign_until, videos, pulse, tracks })
    }

    /// The same of all.
    pub fn tweet_memories(&self) -> Vec<(TweetId, TweetMemory)> {
        self.tweets.iter().filter_map(|tweet| Some((tweet.id, self.tweet_memory(tweet.id)?))).collect()
    }

    /// Whether this request of the source at this position is one whose numbers are kept.
    pub fn keeps(&self, source: usize, request: u8) -> bool {
        self.slot_of(source, request).is_some_and(|slot| self.slots[slot].kind != SlotKind::Scout)
    }

    /// Resources that were paid since this was last asked, and the UTC day on which.
    pub fn take_paid(&mut self) -> PaidOn {
        self.ledger.take_news()
    }

    /// Tweets of which something new is known since this was last asked; of those that nobody watches nothing need survive.
    pub fn take_touched(&mut self) -> Vec<TweetId> {
        let is_watched = |id: &TweetId| self.tweets.find(*id).is_none_or(|tweet| !tweet.on_demand);
        std::mem::take(&mut self.touched).into_iter().filter(is_watched).collect()
    }

    /// Takes up what was known before the restart. Readings that are young enough are not due again.
    pub fn recall(&mut self, memory: AccountMemory, tweets: Vec<(TweetId, TweetMemory)>, paid: PaidOn, now: Timestamp) {
        self.ledger.recall(memory.ledger, paid, now);
        self.gates.recall(memory.gates, now);
        if memory.books_lost {
            self.lose_books();
        }
        // Another's timeline is another timeline.
        if self.timeline.identity.recall(memory.identity) {
            self.timeline.recall(memory.timeline);
        }
        self.usage_due = memory.usage_due.unwrap_or(now).min(now + Duration::from_secs(900));
        let named = self.named();
        self.watch(&named, now);
        // What is kept of tweets that are watched no more can be forgotten.
        let unwatched = tweets.iter().map(|(id, _)| *id).filter(|id| !self.tweets.contains(*id)).collect();
        for (id, memory) in tweets {
            let names: Vec<String> = self.slots.iter().map(|slot| slot.name()).collect();
            self.tweet(id, |tweet| tweet.recall(memory, &names));
        }
        self.touched = unwatched;
    }
}

impl TweetPlan {
    fn recall(&mut self, mut memory: TweetMemory, slots: &[String]) {
        self.on_timeline = memory.on_timeline;
        self.refusal = memory.refusal;
        self.foreign_until = memory.foreign_until;
        self.videos = memory.videos.map(|videos| SmallVec::from(&*videos));
        self.pulse = memory.pulse;
        for (track, name) in self.tracks.iter_mut().zip(slots) {
            let Some(known) = memory.tracks.remove(name) else { continue };
            let TrackMemory { asked, read, silent_until, barred, spoils } = known;
            // What was asked for waits for its turn; what never was is due.
            let due = track.due.filter(|_| asked.is_none());
            *track = Track { due, asked, tried: asked, read, silent_until, spoils, ..*track };
            track.set_barred(barred);
        }
    }
}

/// A gate by credential and system.
pub(super) type ApiGate = (CredentialKind, Api, Timestamp);
/// A window by credential and system.
pub(super) type Window = (CredentialKind, Api, RateLimit);
