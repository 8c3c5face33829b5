//! Finds the one id that makes X refuse a whole batch without naming it, by halving: at most ceil(log2 n) probes, and one request
//! for those that were cleared.

use crate::model::{LookupAsk, TweetId};

/// A batch that X refused whole.
#[derive(Clone, Debug)]
pub(super) struct Suspects {
    pub(super) ask: LookupAsk,
    /// The culprit is among these; at least one.
    tweets: Vec<TweetId>,
    /// A probe is under way.
    pub(super) probing: bool,
}

/// What a probe brought to light.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Finding {
    /// No longer suspected.
    pub(super) cleared: Vec<TweetId>,
    /// Found.
    pub(super) culprit: Option<TweetId>,
}

impl Suspects {
    /// One of these is to blame.
    pub(super) fn new(ask: LookupAsk, tweets: Vec<TweetId>) -> Self {
        Self { ask, tweets, probing: false }
    }

    /// The half to ask for next.
    pub(super) fn probe(&self) -> &[TweetId] {
        &self.tweets[..self.tweets.len().div_ceil(2)]
    }

    /// Takes in how the probe went.
    pub(super) fn learn(&mut self, refused: bool) -> Finding {
        self.probing = false;
        let rest = self.tweets.split_off(self.tweets.len().div_ceil(2));
        let cleared = if refused { rest } else { std::mem::replace(&mut self.tweets, rest) };
        let culprit = (self.tweets.len() == 1).then(|| self.tweets[0]);
        Finding { cleared, culprit }
    }

    /// Those still suspected.
    pub(super) fn into_tweets(self) -> Vec<TweetId> {
        self.tweets
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
                let mut cleared = Vec::new();
                let mut probes = 0;
                let culprit = loop {
                    probes += 1;
                    let refused = suspects.probe().contains(&all[guilty]);
                    let finding = suspects.learn(refused);
                    cleared.extend(finding.cleared);
                    if let Some(culprit) = finding.culprit {
                        break culprit;
                    }
                };
                assert_eq!(culprit, all[guilty]);
                assert_eq!(cleared.len(), count - 1);
                assert!(probes <= count.next_power_of_two().ilog2(), "{probes} probes for {count}");
            }
        }
    }
}
