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

    /// All tweets were looked through: again when the next slot comes, or when some may have grown too old for their tier.
    pub(super) fn looked(&mut self, tracks: usize, next_slot: Option<Timestamp>, now: Timestamp) {
        let pause = Duration::from_millis(tracks as u64 / 20).clamp(Duration::from_secs(1), LONGEST);
        let next = now + pause;
        self.next_look = Some(next_slot.map_or(next, |slot| slot.clamp(now, next)));
        self.stale = false;
    }
}

/// Tiers and windows are not exact to the second, but nearly.
const LONGEST: Duration = Duration::from_secs(10);
