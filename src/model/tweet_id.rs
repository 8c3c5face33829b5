//! The id of a tweet, and the moment of creation that it carries.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::model::Timestamp;

/// Id of a tweet: a decimal number from 1 to 2^63 − 1.
///
/// X documents ids as `^[0-9]{1,19}$` (X API v2, "X IDs"); all that exist fit a signed 64-bit number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct TweetId(u64);

/// Why a text is not a tweet id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TweetIdError {
    /// Something else than one to nineteen digits.
    NotDigits,
    /// Zero is no id.
    Zero,
    /// 2^63 or above: no tweet can have it.
    TooLarge,
}

impl TweetId {
    /// The first id that carries a time; those below were given out one by one (early November 2010).
    const FIRST_SNOWFLAKE: u64 = 29_700_859_247;
    /// Milliseconds since 1970 at which the snowflake clock starts: 2010-11-04T01:42:54.657Z (source of "Snowflake 2010").
    const SNOWFLAKE_EPOCH_MILLIS: i64 = 1_288_834_974_657;
    /// Bits below the time: five of datacenter, five of worker, twelve of sequence.
    const TIME_SHIFT: u32 = 22;

    /// The id with this number, if there can be one.
    pub fn new(number: u64) -> Result<Self, TweetIdError> {
        match number {
            0 => Err(TweetIdError::Zero),
            number if number > i64::MAX as u64 => Err(TweetIdError::TooLarge),
            number => Ok(Self(number)),
        }
    }

    /// The id as a number.
    pub fn number(self) -> u64 {
        self.0
    }

    /// When the tweet was created, to the millisecond; nothing for the ids of 2010 and before, which carry no time.
    pub fn created(self) -> Option<Timestamp> {
        (self.0 >= Self::FIRST_SNOWFLAKE)
            .then(|| Timestamp::from_millis((self.0 >> Self::TIME_SHIFT) as i64 + Self::SNOWFLAKE_EPOCH_MILLIS))
    }
}

impl TryFrom<u64> for TweetId {
    type Error = TweetIdError;

    fn try_from(number: u64) -> Result<Self, TweetIdError> {
        Self::new(number)
    }
}

impl From<TweetId> for u64 {
    fn from(id: TweetId) -> Self {
        id.number()
    }
}

impl FromStr for TweetId {
    type Err = TweetIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(TweetIdError::NotDigits);
        }
        // Leading zeros would give one tweet two spellings.
        if text.len() > 1 && text.starts_with('0') {
            return Err(TweetIdError::NotDigits);
        }
        Self::new(text.parse().map_err(|_| TweetIdError::TooLarge)?)
    }
}

impl fmt::Display for TweetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for TweetIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotDigits => "not a tweet id; write 1 to 19 digits without a leading zero",
            Self::Zero => "0 is no tweet id; write the digits at the end of the tweet's URL",
            Self::TooLarge => "tweet ids end at 9223372036854775807; copy the digits at the end of the tweet's URL",
        })
    }
}

impl std::error::Error for TweetIdError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_snowflake_carries_the_moment_of_creation() {
        // x-api.md section 6: both worked examples.
        for (id, millis) in [("1700000000000000001", 1_694_146_559_129), ("1346889436626259968", 1_609_958_440_344)] {
            let id: TweetId = id.parse().expect("a valid id");
            assert_eq!(id.created(), Some(Timestamp::from_millis(millis)));
        }
    }

    #[test]
    fn sequential_ids_carry_no_time() {
        for (id, timed) in [("20", false), ("29700859246", false), ("29700859247", true)] {
            assert_eq!(id.parse::<TweetId>().expect("a valid id").created().is_some(), timed, "{id}");
        }
    }

    #[test]
    fn impossible_ids_are_refused() {
        for (text, error) in [
            ("", TweetIdError::NotDigits),
            ("12a", TweetIdError::NotDigits),
            ("-5", TweetIdError::NotDigits),
            ("+5", TweetIdError::NotDigits),
            ("007", TweetIdError::NotDigits),
            ("0", TweetIdError::Zero),
            ("9223372036854775808", TweetIdError::TooLarge),
            ("99999999999999999999999", TweetIdError::TooLarge),
        ] {
            assert_eq!(text.parse::<TweetId>(), Err(error), "{text}");
        }
        assert!("9223372036854775807".parse::<TweetId>().is_ok());
    }
}
