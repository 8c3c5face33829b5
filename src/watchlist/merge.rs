//! Mentions of the same tweet become one: labels are united, and what was said first holds.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::btree_map::Entry;

use crate::config::WatchEntry;
use crate::model::TweetId;

use crate::watchlist::Watched;

/// The distinct tweets so far.
#[derive(Default)]
pub(super) struct Merge {
    watched: Vec<Watched>,
    /// Where each tweet lies in `watched`.
    places: HashMap<TweetId, usize>,
}

impl Merge {
    /// Takes one mention; answers with a warning for each label that contradicts an earlier mention.
    pub(super) fn add(&mut self, entry: WatchEntry) -> Vec<String> {
        let WatchEntry { tweet, labels } = entry;
        let Some(place) = self.places.get(&tweet.id) else {
            self.places.insert(tweet.id, self.watched.len());
            self.watched.push(Watched { tweet: tweet.id, username: tweet.username, labels });
            return Vec::new();
        };
        let known = &mut self.watched[*place];
        known.username = known.username.take().or(tweet.username);
        unite(tweet.id, &mut known.labels, labels)
    }

    pub(super) fn into_watched(self) -> Vec<Watched> {
        self.watched
    }
}

fn unite(tweet: TweetId, known: &mut BTreeMap<String, String>, labels: BTreeMap<String, String>) -> Vec<String> {
    let mut warnings = Vec::new();
    for (name, value) in labels {
        match known.entry(name) {
            Entry::Vacant(vacant) => {
                vacant.insert(value);
            }
            Entry::Occupied(first) if *first.get() != value => {
                let (name, first) = (first.key(), first.get());
                warnings.push(format!(
                    "tweet {tweet} is listed with {name}={first:?} and later with {name}={value:?}; the first holds"
                ));
            }
            Entry::Occupied(_) => {}
        }
    }
    warnings
}
