//! A plan in the place of another one of the same account, as a reload wants it: it takes up all that a restart would, and besides what
//! only the running process knows, so that nothing is bought twice, nobody loses a turn, and no pause is cut short.

use crate::model::{Roll, Timestamp};
use crate::schedule::account::AccountPlan;
use crate::schedule::memory::{IdentityMemory, TimelineMemory, TweetMemory};
use crate::schedule::queue::Queue;
use crate::schedule::slot::Slot;
use crate::schedule::timeline::Walk;
use crate::schedule::tweet::Track;
use crate::schedule::{AccountMemory, Discovery, PaidOn};

impl AccountPlan {
    /// Takes the place of the plan that the account had so far, of which no call is under way any more; what a call that was given up may
    /// have cost counts as spent. `is_same_user`: nothing suggests that the tokens or the timeline are somebody else's now.
    pub fn succeed(&mut self, old: &Self, is_same_user: bool, now: Timestamp) {
        let (mut memory, mut tweets) = (old.memory(), old.tweet_memories());
        let is_same_user = is_same_user && self.has_name_of(old);
        // Who may go on need not prove it again.
        memory.identity.speaker = self.timeline.identity.speaker;
        if !is_same_user {
            memory.identity = IdentityMemory::default();
            tweets.iter_mut().for_each(|(_, tweet)| tweet.forget_author());
        }
        let searches_alike = is_same_user && self.search_on(old, &mut memory);
        if !is_same_user {
            memory.timeline = TimelineMemory::default();
        }
        for name in self.changed_slots(old) {
            tweets.iter_mut().for_each(|(_, tweet)| tweet.ask_anew(&name));
        }
        self.recall(memory, tweets, old.ledger.paid(), now);
        self.gates.inherit(&old.gates);
        self.books = old.books.unanswered();
        self.timeline.identity.doubted |= is_same_user && old.timeline.identity.doubted;
        if is_same_user && self.has_slots_of(old) {
            self.take_turns(old, now);
            if searches_alike {
                self.walk_on(old);
            }
        }
    }

    /// Whose tweets they are was not said, or is said as it turned out to be.
    fn has_name_of(&self, old: &Self) -> bool {
        let (new, known) = (&self.timeline.identity.username, &old.timeline.identity.username);
        new.as_ref().zip(known.as_ref()).is_none_or(|(new, known)| new.as_str().eq_ignore_ascii_case(known.as_str()))
    }

    /// All resources that were paid today, and which UTC day that is.
    pub fn paid(&self) -> PaidOn {
        self.ledger.paid()
    }

    /// The books of an account that left.
    pub fn without_tweets(mut self) -> Self {
        self.timeline.recall(TimelineMemory::default());
        (self.tweets, self.queue) = (Roll::default(), Queue::default());
        self.lanes.clear();
        self.touched.clear();
        self
    }

    /// Changes what is known of the timeline to what still holds. Whether its walks can go on.
    fn search_on(&self, old: &Self, memory: &mut AccountMemory) -> bool {
        let (new, before) = (self.terms.discovery, old.terms.discovery);
        let fit = |discovery: Discovery| discovery.max_tweets.min(discovery.room);
        let was_full = before.is_some_and(|before| memory.timeline.found.len() >= fit(before));
        if was_full && new.map(fit) > before.map(fit) {
            // What did not fit was not looked at.
            (memory.timeline.walked_from, memory.timeline.next_discovery) = (None, None);
        }
        memory.timeline.walked_from.is_some() && new.map(Discovery::looked_for) == before.map(Discovery::looked_for)
    }

    /// Names of slots that ask for something else than before: what they should have brought is read at once.
    fn changed_slots(&self, old: &Self) -> Vec<String> {
        let changed = |slot: &&Slot| {
            let before = old.slots.iter().find(|before| before.name() == slot.name());
            before.is_some_and(|before| before.groups != slot.groups || before.kind != slot.kind)
        };
        self.slots.iter().filter(changed).map(Slot::name).collect()
    }

    fn has_slots_of(&self, old: &Self) -> bool {
        let place = |slot: &Slot| (slot.name(), slot.source, slot.request, slot.kind);
        self.slots.iter().map(place).eq(old.slots.iter().map(place))
    }

    /// Tweets keep their turns to the second: what is due, what is held, who rests.
    fn take_turns(&mut self, old: &Self, now: Timestamp) {
        self.lanes.clone_from(&old.lanes);
        for before in old.tweets.iter() {
            let Some(tweet) = self.tweets.find_mut(before.id) else { continue };
            tweet.pace = before.pace;
            for (track, before) in tweet.tracks.iter_mut().zip(&before.tracks) {
                let is_anew = track.asked.is_none();
                let due = before.due.or(is_anew.then_some(now));
                *track = Track { due, asked: track.asked, away: false, ..*before };
            }
        }
    }

    /// Walks go on at their next page: under some bills the pages before would be paid again.
    fn walk_on(&mut self, old: &Self) {
        for walk in &old.timeline.walks {
            let expected: Vec<_> = walk.expected.iter().copied().filter(|id| self.tweets.contains(*id)).collect();
            for id in &expected {
                self.tweets.find_mut(*id).expect("it was there").tracks[walk.slot].away = true;
            }
            self.timeline.walks.push_back(Walk { expected, under_way: false, ..walk.clone() });
        }
        self.timeline.impatient_until = old.timeline.impatient_until;
    }
}

impl TweetMemory {
    /// What was found out about whose it is was found out with somebody else's token.
    fn forget_author(&mut self) {
        (self.foreign_until, self.on_timeline) = (None, false);
        for track in self.tracks.values_mut() {
            (track.silent_until, track.barred) = (None, None);
        }
    }

    /// It is due in this slot.
    fn ask_anew(&mut self, slot: &str) {
        if let Some(track) = self.tracks.get_mut(slot) {
            track.asked = None;
        }
    }
}
