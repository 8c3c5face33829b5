//! Finds the one id that makes X refuse a whole batch without naming it, by halving: at most ceil(log2 n) probes, and one request
//! for those that were cleared.

use crate::model::{LookupAsk, TweetId};

/// A batch that X refused whole.
#[derive(Clone, Debug)]
pub(super) struct Suspects {
    pub(super) ask: LookupAsk,
    /// The culprit is among these; at least one.
    tweets: Vec<TweetId>,
    /// No longer suspected, but not read: they wait for the end of the search, to be read with one request.
    cleared: Vec<TweetId>,
    /// A probe is under way.
    pub(super) probing: bool,
}

impl Suspects {
    /// One of these is to blame.
    pub(super) fn new(ask: LookupAsk, tweets: Vec<TweetId>) -> Self {
        Self { ask, tweets, cleared: Vec::new(), probing: false }
    }

    /// The half to ask for next.
    pub(super) fn probe(&self) -> &[TweetId] {
        &self.tweets[..self.tweets.len().div_ceil(2)]
    }

    /// Takes in how the probe went. Says who it is once that is certain.
    pub(super) fn learn(&mut self, refused: bool) -> Option<TweetId> {
        self.probing = false;
        let rest = self.tweets.split_off(self.tweets.len().div_ceil(2));
        if refused {
            self.cleared.extend(rest);
        } else {
            self.tweets = rest;
        }
        (self.tweets.len() == 1).then(|| self.tweets[0])
    }

    /// Everybody who waits for the end of the search.
    pub(super) fn into_tweets(self) -> Vec<TweetId> {
        [self.tweets, self.cleared].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_culprit_is_found_within_the_bound_wherever_it_stands() {
        for count in [2usize, 3, 50, 100] {
            for guilty in 0..count {
                let all: Vec<TweetId> = (1..=count as u64).map(|number| TweetId::new(number).expect("an id")).collect();
                let mut suspects = Suspects::new(LookupAsk::Public, all.clone());
                let (mut read, mut probes) = (0, 0);
                let culprit = loop {
                    probes += 1;
                    let refused = suspects.probe().contains(&all[guilty]);
                    read += if refused { 0 } else { suspects.probe().len() };
                    if let Some(culprit) = suspects.learn(refused) {
                        break culprit;
                    }
                };
                assert_eq!(culprit, all[guilty]);
                assert_eq!(read + suspects.into_tweets().len(), count, "everybody is read or waits");
                assert!(probes <= count.next_power_of_two().ilog2(), "{probes} probes for {count}");
            }
        }
    }
}
