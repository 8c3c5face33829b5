//! Which of several exporters reads a tweet. The hash is a promise: every version and every machine must give the same answer, or a
//! tweet is read by two exporters or by none. `docs/sharding.md` has it in words.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use crate::model::TweetId;

/// One of several exporters that share a watch list, written `i/n`: the `i`th, from 0, of `n`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: u32,
    count: NonZeroU32,
}

/// Why a text is no shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShardError {
    /// Not two numbers with a slash between.
    NotAFraction,
    /// No shard at all, or more than anybody runs.
    Count(u32),
    /// The shards are counted from 0.
    Index {
        /// What was written before the slash.
        index: u32,
        /// How many shards there are.
        count: u32,
    },
}

impl Shard {
    /// The only one.
    pub const WHOLE: Self = Self { index: 0, count: NonZeroU32::MIN };
    /// Each weighs every tweet against all others.
    pub const MOST: u32 = 1_000;

    /// The `index`th of `count`.
    pub fn new(index: u32, count: u32) -> Result<Self, ShardError> {
        let nonzero = NonZeroU32::new(count).filter(|count| count.get() <= Self::MOST).ok_or(ShardError::Count(count))?;
        if index < count { Ok(Self { index, count: nonzero }) } else { Err(ShardError::Index { index, count }) }
    }

    /// Which one it is, from 0.
    pub fn index(self) -> u32 {
        self.index
    }

    /// How many there are.
    pub fn count(self) -> u32 {
        self.count.get()
    }

    /// There are no others.
    pub fn is_whole(self) -> bool {
        self.count() == 1
    }

    /// The tweet is this one's.
    pub fn holds(self, tweet: TweetId) -> bool {
        self.heaviest(tweet.number()) == self.index
    }

    /// What cannot be divided and has this name is this one's.
    pub fn holds_name(self, name: &str) -> bool {
        self.home(name) == self
    }

    /// The shard that has what cannot be divided and has this name.
    pub fn home(self, name: &str) -> Self {
        Self { index: self.heaviest(fnv1a(name)), ..self }
    }

    /// This one's part of an amount. The parts of all shards add up to it exactly, and differ by one at most.
    pub fn part(self, whole: u64) -> u64 {
        let (index, count) = (u128::from(self.index), u128::from(self.count()));
        let below = |index: u128| u128::from(whole) * index / count;
        u64::try_from(below(index + 1) - below(index)).expect("a part is no more than the whole")
    }

    /// Rendezvous hashing (Thaler and Ravishankar, 1998): the shard whose weight for the key is greatest. One shard more takes some keys
    /// of each and moves no other. Of equal weights the lower number wins.
    fn heaviest(self, key: u64) -> u32 {
        let key = mix(key);
        let weight = |index: u32| mix(key ^ mix(u64::from(index)));
        (0..self.count()).rev().max_by_key(|index| weight(*index)).expect("there is at least one shard")
    }
}

/// One step of SplitMix64 (Steele, Lea and Flood, 2014).
fn mix(number: u64) -> u64 {
    let mixed = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ mixed >> 31
}

/// FNV-1a of 64 bits over the UTF-8 bytes.
fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3))
}

impl Default for Shard {
    fn default() -> Self {
        Self::WHOLE
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = |text: &str| {
            let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<u32>().ok().filter(|_| is_plain).ok_or(ShardError::NotAFraction)
        };
        let (index, count) = text.split_once('/').ok_or(ShardError::NotAFraction)?;
        Self::new(number(index)?, number(count)?)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl fmt::Display for ShardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAFraction => f.write_str("not a shard; write its number from 0 and how many there are, such as 0/4"),
            Self::Count(count) => {
                write!(f, "there are 1 to {} shards, not {count}; write 0/1 for a single exporter", Shard::MOST)
            }
            Self::Index { index, count } => {
                let last = count - 1;
                write!(f, "shards are counted from 0: of {count} the last is {last}/{count}, found {index}/{count}")
            }
        }
    }
}

impl std::error::Error for ShardError {}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Ids as X gives them out: a busy account's of some months.
    fn tweets() -> Vec<TweetId> {
        let id = |number: u64| TweetId::new(1_800_000_000_000_000_000 + ((number * 97_003) << 22) + number % 3).expect("an id");
        (0..100_000).map(id).collect()
    }

    fn home(count: u32, tweet: TweetId) -> u32 {
        let shard = |index| Shard::new(index, count).expect("a shard");
        let holders: Vec<u32> = (0..count).filter(|index| shard(*index).holds(tweet)).collect();
        assert_eq!(holders.len(), 1, "{tweet} is held by {holders:?} of {count}");
        holders[0]
    }

    /// Computed by another program from the words in docs/sharding.md. If this test fails, a new version would read what others read.
    #[test]
    fn the_hash_is_the_same_in_all_versions() {
        let golden = [
            ("1346889436626259968", [0, 1, 2, 2, 6]),
            ("1700000000000000001", [0, 0, 0, 0, 14]),
            ("20", [0, 0, 0, 4, 4]),
            ("9223372036854775807", [0, 1, 2, 2, 12]),
        ];
        for (id, homes) in golden {
            let id: TweetId = id.parse().expect("an id");
            let found = [1, 2, 4, 5, 16].map(|count| home(count, id));
            assert_eq!(found, homes, "{id}");
        }
        for (name, homes) in [("acme", [0, 1, 3, 4, 6]), ("größe", [0, 1, 3, 3, 5])] {
            assert_eq!([1, 2, 4, 5, 16].map(|count| Shard::new(0, count).expect("a shard").home(name).index()), homes, "{name}");
        }
    }

    #[test]
    fn shards_hold_about_as_much_each() {
        let tweets = tweets();
        for count in [2, 3, 4, 16] {
            let mut held: BTreeMap<u32, f64> = BTreeMap::new();
            tweets.iter().for_each(|tweet| *held.entry(home(count, *tweet)).or_default() += 1.0);
            let even = tweets.len() as f64 / f64::from(count);
            assert_eq!(held.len(), count as usize);
            assert!(held.values().all(|held| (held / even - 1.0).abs() < 0.05), "{count}: {held:?}");
        }
    }

    #[test]
    fn one_shard_more_takes_its_part_and_moves_nothing_else() {
        let tweets = tweets();
        for count in [1, 2, 4, 15] {
            let mut moved = 0.0;
            for tweet in &tweets {
                let (before, after) = (home(count, *tweet), home(count + 1, *tweet));
                assert!(after == before || after == count, "{tweet} moved from {before} to {after}");
                moved += f64::from(u8::from(after != before));
            }
            let most = tweets.len() as f64 / f64::from(count + 1);
            assert!(moved < most * 1.03 && moved > most * 0.97, "{moved} moved, {most} are a fair part");
        }
    }

    #[test]
    fn parts_add_up_to_the_whole() {
        for whole in [0, 1, 3, 10, 1_000_000_007, u64::MAX] {
            for count in [1, 2, 3, 7, 1_000] {
                let parts: Vec<u64> = (0..count).map(|index| Shard::new(index, count).expect("a shard").part(whole)).collect();
                assert_eq!(parts.iter().map(|part| u128::from(*part)).sum::<u128>(), u128::from(whole), "{whole} by {count}");
                let (least, most) = (parts.iter().min(), parts.iter().max());
                assert!(most.zip(least).is_some_and(|(most, least)| most - least <= 1), "{whole} by {count}");
            }
        }
    }

    #[test]
    fn a_shard_is_written_with_a_slash() {
        assert_eq!("3/4".parse(), Shard::new(3, 4));
        assert_eq!("3/4".parse::<Shard>().map(|shard| shard.to_string()), Ok("3/4".to_owned()));
        for text in ["", "4", "/4", "1/", "a/b", "-1/4", "+1/4", "1/4/5", "1 / 4", "99999999999/4"] {
            assert_eq!(text.parse::<Shard>(), Err(ShardError::NotAFraction), "{text}");
        }
        assert_eq!("0/0".parse::<Shard>(), Err(ShardError::Count(0)));
        assert_eq!("0/1001".parse::<Shard>(), Err(ShardError::Count(1_001)));
        assert_eq!("4/4".parse::<Shard>(), Err(ShardError::Index { index: 4, count: 4 }));
    }
}
