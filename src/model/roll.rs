//! Tweets in an order of their own, each found by its id.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::ops::{Deref, DerefMut};

use hashbrown::HashTable;

use crate::model::TweetId;

/// What is known of one tweet.
pub trait OfTweet {
    /// Which.
    fn tweet(&self) -> TweetId;
}

/// What is known of tweets, in their order; otherwise a slice. Of two with one id the last is found. For each it takes some five bytes
/// besides itself: a map from id to position would take twenty.
#[derive(Clone, Debug)]
pub struct Roll<T> {
    entries: Vec<T>,
    positions: HashTable<u32>,
    hasher: RandomState,
}

impl<T: OfTweet> Roll<T> {
    /// Where this tweet stands.
    pub fn position(&self, tweet: TweetId) -> Option<usize> {
        let is_it = |position: &u32| self.entries[*position as usize].tweet() == tweet;
        self.positions.find(self.hasher.hash_one(tweet), is_it).map(|position| *position as usize)
    }

    /// What is known of this tweet.
    pub fn find(&self, tweet: TweetId) -> Option<&T> {
        self.position(tweet).map(|position| &self.entries[position])
    }

    /// The same, to be changed.
    pub fn find_mut(&mut self, tweet: TweetId) -> Option<&mut T> {
        self.position(tweet).map(|position| &mut self.entries[position])
    }

    /// Whether it is there.
    pub fn contains(&self, tweet: TweetId) -> bool {
        self.position(tweet).is_some()
    }

    /// Puts it at the end.
    pub fn push(&mut self, entry: T) {
        let (entries, hasher) = (&mut self.entries, &self.hasher);
        let position = u32::try_from(entries.len()).expect("fewer fit into memory");
        let hash = |tweet: TweetId| hasher.hash_one(tweet);
        let (tweet, known) = (entry.tweet(), &*entries);
        let is_it = |position: &u32| known[*position as usize].tweet() == tweet;
        if let Some(before) = self.positions.find_mut(hash(tweet), is_it) {
            *before = position;
        } else {
            self.positions.insert_unique(hash(tweet), position, |other| hash(known[*other as usize].tweet()));
        }
        entries.push(entry);
    }

    /// All of them; none are left.
    pub fn take(&mut self) -> Vec<T> {
        std::mem::take(self).entries
    }
}

impl<T> Default for Roll<T> {
    fn default() -> Self {
        Self { entries: Vec::new(), positions: HashTable::new(), hasher: RandomState::new() }
    }
}

impl<T> Deref for Roll<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.entries
    }
}

impl<T> DerefMut for Roll<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.entries
    }
}

impl<T: OfTweet> FromIterator<T> for Roll<T> {
    fn from_iter<I: IntoIterator<Item = T>>(entries: I) -> Self {
        let entries = entries.into_iter();
        let count = entries.size_hint().0;
        let mut roll =
            Self { entries: Vec::with_capacity(count), positions: HashTable::with_capacity(count), hasher: RandomState::new() };
        entries.for_each(|entry| roll.push(entry));
        roll
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl OfTweet for (TweetId, char) {
        fn tweet(&self) -> TweetId {
            self.0
        }
    }

    fn id(number: u64) -> TweetId {
        TweetId::new(number).expect("an id")
    }

    #[test]
    fn each_is_found_where_it_stands() {
        let mut roll: Roll<_> = [(id(7), 'a'), (id(3), 'b')].into_iter().collect();
        (100..1_000).for_each(|number| roll.push((id(number), 'c')));
        assert_eq!((roll.position(id(3)), roll.find(id(999)), roll.find(id(8))), (Some(1), Some(&(id(999), 'c')), None));
        roll[1].1 = 'd';
        assert_eq!(roll.find(id(3)).map(|entry| entry.1), Some('d'));
        roll.push((id(3), 'e'));
        assert_eq!((roll.len(), roll.find(id(3)).map(|entry| entry.1)), (903, Some('e')));
        assert_eq!((roll.take().len(), roll.len(), roll.contains(id(3))), (903, 0, false));
    }
}
