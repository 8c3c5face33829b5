//! Finds the id that makes X refuse a whole batch without naming it, by halving.
//!
//! A batch of n costs at most ceil(log2 n) probes and one request for those that the probes cleared. An id is guilty only if X refused
//! it while X answered something else in the same search; if X refuses whatever is asked, the request is to blame, not an id.

use crate::model::{Ask, TweetId};

/// A batch that X refused whole.
#[derive(Clone, Debug)]
pub(super) struct Suspects {
    pub(super) ask: Ask,
    /// Tells its probes from those of other searches.
    pub(super) number: u64,
    /// A probe is under way.
    pub(super) probing: bool,
    /// A culprit is among these.
    tweets: Vec<TweetId>,
    /// Probe them all, not a half.
    whole: bool,
    /// No longer suspected, but not read: they wait for the end of the search, to be read with one request.
    cleared: Vec<TweetId>,
    /// Refused alone; guilty if X answers anything at all.
    accused: Vec<TweetId>,
    has_answered: bool,
    has_refused: bool,
}

/// Where the search stands after a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// Nobody is found yet.
    Open,
    /// The search is over, and these are to blame; nobody, if X changed its mind.
    Guilty(Vec<TweetId>),
    /// X refuses whatever is asked.
    Hopeless,
}

/// So many ids refused alone and nothing answered: it is not the ids.
const HOPELESS: usize = 3;

impl Suspects {
    /// One of these is to blame; at least two.
    pub(super) fn new(ask: Ask, number: u64, tweets: Vec<TweetId>) -> Self {
        let (cleared, accused) = (Vec::new(), Vec::new());
        Self { ask, number, probing: false, tweets, whole: false, cleared, accused, has_answered: false, has_refused: false }
    }

    /// What to ask for next.
    pub(super) fn probe(&self) -> &[TweetId] {
        let count = if self.whole { self.tweets.len() } else { self.tweets.len().div_ceil(2) };
        &self.tweets[..count]
    }

    /// Leaves out those that are watched no more.
    pub(super) fn retain(&mut self, is_watched: impl Fn(&TweetId) -> bool) {
        [&mut self.tweets, &mut self.cleared, &mut self.accused].into_iter().for_each(|list| list.retain(&is_watched));
    }

    /// Takes in how the probe went.
    pub(super) fn learn(&mut self, refused: bool) -> Finding {
        self.probing = false;
        let probed = self.probe().len();
        let rest = self.tweets.split_off(probed);
        self.whole = false;
        if !refused {
            self.has_answered = true;
            self.tweets = rest;
            // What remains of a refused batch after its other half was answered is to blame, if it is one.
            return match self.tweets.as_slice() {
                [] => self.end(None),
                [last] if self.has_refused => self.end(Some(*last)),
                _ => Finding::Open,
            };
        }
        self.has_refused = true;
        self.cleared.extend(rest);
        match self.tweets.as_slice() {
            [last] if self.has_answered => self.end(Some(*last)),
            [last] => self.accuse(*last),
            _ => Finding::Open,
        }
    }

    /// Everybody who waits for the end of the search.
    pub(super) fn all(&self) -> Vec<TweetId> {
        [&self.tweets[..], &self.cleared, &self.accused].concat()
    }

    /// Refused alone, like everything so far: ask for all others, to see whether X answers at all.
    fn accuse(&mut self, tweet: TweetId) -> Finding {
        self.accused.push(tweet);
        self.tweets = std::mem::take(&mut self.cleared);
        // Culprits often stand together: the next halves are cut elsewhere.
        let half = self.tweets.len() / 2;
        self.tweets.rotate_left(half);
        self.whole = true;
        if self.accused.len() >= HOPELESS || self.tweets.is_empty() { Finding::Hopeless } else { Finding::Open }
    }

    fn end(&mut self, last: Option<TweetId>) -> Finding {
        Finding::Guilty(self.accused.iter().copied().chain(last).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(count: usize) -> Vec<TweetId> {
        (1..=count as u64).map(|number| TweetId::new(number).expect("an id")).collect()
    }

    /// Searches while X refuses what these are in; returns what was found, the probes, and how many were read by them.
    fn search(count: usize, is_refused: impl Fn(&TweetId) -> bool) -> (Finding, u32, usize) {
        let mut suspects = Suspects::new(Ask::Public, 1, ids(count));
        let (mut probes, mut read) = (0, 0);
        loop {
            probes += 1;
            let refused = suspects.probe().iter().any(&is_refused);
            read += if refused { 0 } else { suspects.probe().len() };
            let finding = suspects.learn(refused);
            if finding != Finding::Open {
                return (finding, probes, read);
            }
        }
    }

    #[test]
    fn the_culprit_is_found_within_the_bound_wherever_it_stands() {
        for count in [2usize, 3, 50, 100] {
            for guilty in ids(count) {
                let (finding, probes, read) = search(count, |id| *id == guilty);
                assert_eq!(finding, Finding::Guilty(vec![guilty]), "{guilty} of {count}");
                let others = u32::from(read < count - 1);
                let bound = count.next_power_of_two().ilog2() + 1;
                assert!(probes + others <= bound, "{probes} probes and {others} requests for {guilty} of {count}");
            }
        }
    }

    #[test]
    fn nobody_is_condemned_when_x_changes_its_mind() {
        for count in [2, 3, 100] {
            assert_eq!(search(count, |_| false).0, Finding::Guilty(vec![]), "{count}");
        }
    }

    #[test]
    fn nobody_is_condemned_when_x_refuses_whatever_is_asked() {
        for count in [2, 3, 100] {
            let (finding, probes, _) = search(count, |_| true);
            assert_eq!(finding, Finding::Hopeless, "{count}");
            assert!(probes <= 25, "{probes} probes for {count}");
        }
    }

    #[test]
    fn culprits_that_stand_together_do_not_pass_for_a_hopeless_request() {
        for guilty in [&[1u64, 2, 3][..], &[23, 24, 25], &[1, 2, 3, 4, 5]] {
            let guilty: Vec<_> = guilty.iter().map(|number| TweetId::new(*number).expect("an id")).collect();
            let (Finding::Guilty(found), ..) = search(25, |id| guilty.contains(id)) else { panic!("{guilty:?}: not found") };
            assert!(!found.is_empty() && found.iter().all(|id| guilty.contains(id)), "{found:?}");
        }
    }

    #[test]
    fn two_culprits_in_one_batch_are_both_found_in_time() {
        let all = ids(100);
        for other in [1, 50, 99] {
            let guilty = [all[0], all[other]];
            let (Finding::Guilty(found), ..) = search(100, |id| guilty.contains(id)) else { panic!("not found") };
            assert!(found.contains(&guilty[0]) && found.iter().all(|id| guilty.contains(id)), "{found:?}");
        }
    }
}
