//! What people are told of a history that is not all they may think it is: sentences, each of which names the tweets.

use std::collections::{BTreeMap, BTreeSet};

use crate::backfill::journal::{Journal, Without};
use crate::model::{Api, TweetId};

/// Sentences about what has become of the watch list since the journal was begun.
pub(super) fn watched(journal: &Journal, tweets: &[TweetId]) -> Vec<String> {
    let now: BTreeSet<TweetId> = tweets.iter().copied().collect();
    let begun: BTreeSet<TweetId> = journal.header.tweets.iter().copied().collect();
    let known: BTreeSet<TweetId> = begun.iter().copied().chain(journal.bought()).collect();
    let new = (now.difference(&begun), "new on the watch list since this backfill was begun, and taken in");
    let gone =
        (known.difference(&now), "watched no more: nothing is bought of them from now on, what was bought stays in the output");
    [new, gone].into_iter().filter_map(|(tweets, what)| Some(format!("{}: {what}", listed(tweets)?))).collect()
}

/// A sentence about each system of whose values some could not be read.
pub(super) fn unreadable(journal: &Journal) -> Vec<String> {
    let mut by_api: BTreeMap<Api, (u64, Vec<&TweetId>)> = BTreeMap::new();
    for ((api, tweet), count) in &journal.unreadable {
        let (sum, tweets) = by_api.entry(*api).or_default();
        *sum += count;
        tweets.push(tweet);
    }
    let sentence = |(api, (sum, tweets)): (Api, (u64, Vec<&TweetId>))| {
        let tweets = listed(tweets).unwrap_or_default();
        format!("{}: {sum} unreadable values, the output has no number in their place: {tweets}", api.name())
    };
    by_api.into_iter().map(sentence).collect()
}

/// How many tweets, and which; nothing of none.
fn listed<'a>(tweets: impl IntoIterator<Item = &'a TweetId>) -> Option<String> {
    let tweets: Vec<String> = tweets.into_iter().map(TweetId::to_string).collect();
    match tweets.len() {
        0 => None,
        1 => Some(format!("1 tweet ({})", tweets[0])),
        count => Some(format!("{count} tweets ({})", tweets.join(", "))),
    }
}

/// Sentences about tweets of which there are no numbers, one for each reason.
pub(super) fn without(journal: &Journal) -> Vec<String> {
    let mut sorted: BTreeMap<(Api, Without), Vec<String>> = BTreeMap::new();
    for ((tweet, api), why) in &journal.without {
        sorted.entry((*api, *why)).or_default().push(tweet.to_string());
    }
    let sentence = |((api, why), tweets): ((Api, Without), Vec<String>)| {
        let why = match why {
            Without::NotFound => "does not find",
            Without::NotAuthorized => "does not give us",
            Without::Unavailable => "does not give",
            Without::Invalid => "calls invalid",
            Without::Stumbled => "stumbles over",
        };
        format!("{} {why} {}", api.name(), tweets.join(", "))
    };
    sorted.into_iter().map(sentence).collect()
}
