//! What is to be read and waits for its call. Looking through all tweets costs time, so it is done when something may have become due,
//! not at every answer; in between the queue is worked off.

use std::collections::VecDeque;
use std::time::Duration;

use crate::model::{Ask, Timestamp, TweetId};

/// The due tweets of an account.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// Those that waited longest stand first.
    pub(super) groups: VecDeque<Group>,
    /// Something may have become due.
    stale: bool,
    /// Time alone makes something due then.
    next_look: Option<Timestamp>,
    /// How often all tweets were looked through.
    pub(super) looks: u64,
}

/// Tweets that are asked for alike.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) slot: usize,
    pub(super) ask: Ask,
    /// Each would spoil a batch.
    pub(super) alone: bool,
    pub(super) tweets: VecDeque<TweetId>,
}

impl Queue {
    /// All tweets must be looked through before the next call.
    pub(super) fn disturb(&mut self) {
        self.stale = true;
    }

    /// Whether all tweets must be looked through now.
    pub(super) fn is_stale(&self) -> bool {
        self.stale
    }

    /// Whether time may have made something due. A clock that was set back must not stop the reads.
    pub(super) fn is_late(&self, now: Timestamp) -> bool {
        self.next_look.is_none_or(|next| next <= now || next > now + LONGEST)
    }

    /// When time makes something due, if a slot comes then: not before all may be looked through again.
    pub(super) fn next_look(&self, slot: Timestamp) -> Timestamp {
        self.next_look.map_or(slot, |next| slot.max(next))
    }

    /// All tweets were looked through: again when the next slot comes, or when some may have grown too old for their tier.
    pub(super) fn looked(&mut self, tracks: usize, next_slot: Option<Timestamp>, now: Timestamp) {
        let pause = Duration::from_millis(tracks as u64 / 20).clamp(Duration::from_secs(1), LONGEST);
        let (least, next) = (now + least_pause(tracks), now + pause);
        self.next_look = Some(next_slot.map_or(next, |slot| slot.clamp(least.min(next), next)));
        self.stale = false;
        self.looks += 1;
    }
}

/// All of so many tracks are not looked through again before that, whatever is due: with many tweets and short intervals nothing else would be
/// done, even where neither money nor requests are left. A look takes less than a tenth of it.
pub(super) fn least_pause(tracks: usize) -> Duration {
    Duration::from_millis(tracks as u64 / 100).min(LONGEST)
}

/// Tiers and windows are not exact to the second, but nearly.
const LONGEST: Duration = Duration::from_secs(10);
