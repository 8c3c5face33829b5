//! The watch list: which tweets each account watches, from the configuration and from the files that it names. Each tweet is
//! there once, at its first mention, with the labels of all its mentions. What is found on timelines is added later by who reads
//! them. Tweets of other shards are left out.

mod fingerprint;
mod merge;
mod watch_file;

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

use crate::config::{Account, Config, ConfigErrors, WatchEntry};
use crate::model::{Room, TweetId, Username};

pub use fingerprint::Fingerprint;

use merge::Merge;

/// A tweet that an account watches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    /// The tweet.
    pub tweet: TweetId,
    /// From the URL by which it was named; a hint.
    pub username: Option<Username>,
    /// The user's own labels for `tweet_info`.
    pub labels: BTreeMap<String, String>,
}

/// What all accounts watch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watchlist {
    /// By index of `config.accounts`, in the order of first mention, each tweet once.
    pub accounts: Vec<Vec<Watched>>,
    /// What works but deserves a look.
    pub warnings: Vec<String>,
    /// Which tweets of its timeline each account may watch besides.
    pub rooms: Vec<Room>,
    /// Tweets refused because of `limits.max_tweets`.
    pub surplus: usize,
    /// The files that were read, sorted, each once: a change of one of them changes the list.
    pub files: Vec<PathBuf>,
    /// What the files looked like before they were read.
    pub fingerprint: Fingerprint,
    /// 48 bits of a hash of their texts, in the order in which they are named; 0 without files.
    pub hash: u64,
}

/// Reads the files that the accounts name and puts everything together.
pub fn load(config: &Config) -> Result<Watchlist, ConfigErrors> {
    let mut list = Watchlist { fingerprint: Fingerprint::take(config)?, ..Watchlist::default() };
    let mut errors: Option<ConfigErrors> = None;
    for account in &config.accounts {
        let (entries, refused) = entries(account, &mut list);
        let (entries, elsewhere) = distribute(account, entries);
        list.rooms.push(Room { tweets: 0, elsewhere });
        list.accounts.push(merged(account, entries, &mut list.warnings));
        errors = match (errors, refused) {
            (Some(mut errors), Some(more)) => {
                errors.append(more);
                Some(errors)
            }
            (before, refused) => before.or(refused),
        };
    }
    list.files.sort();
    list.files.dedup();
    cut(&mut list, config);
    errors.map_or(Ok(list), Err)
}

/// Adds what is wrong with the watch files to what is wrong with the configuration that names them: all errors at once.
pub fn also_check(mut errors: ConfigErrors) -> ConfigErrors {
    let found = watch_file::find(errors.watch_files());
    let wrong = found.files.iter().filter_map(|path| watch_file::read(path).err()).chain(found.refusals());
    wrong.for_each(|more| errors.append(more));
    errors
}

/// All mentions, those of the configuration first, and what is wrong with the files.
fn entries(account: &Account, list: &mut Watchlist) -> (Vec<WatchEntry>, Option<ConfigErrors>) {
    let mut entries = account.watch.tweets.clone();
    let found = watch_file::find(&account.watch.files);
    let mut refused: Option<ConfigErrors> = None;
    let mut refuse = |errors| match &mut refused {
        Some(refused) => ConfigErrors::append(refused, errors),
        None => refused = Some(errors),
    };
    found.refusals().for_each(&mut refuse);
    list.warnings.extend(found.unmatched.iter().map(|glob| format!("{}: no file fits {glob}", account.name)));
    for path in found.files {
        match watch_file::read(&path) {
            Ok((more, hash)) => {
                list.hash = (list.hash.rotate_left(5) ^ hash) & 0xFFFF_FFFF_FFFF;
                entries.extend(more);
            }
            Err(errors) => refuse(errors),
        }
        list.files.push(path);
    }
    (entries, refused)
}

/// The mentions of this shard's tweets. If the timeline is this one's, the tweets of others are on it all the same: which those are.
fn distribute(account: &Account, entries: Vec<WatchEntry>) -> (Vec<WatchEntry>, HashSet<TweetId>) {
    let (here, others): (Vec<_>, Vec<_>) = entries.into_iter().partition(|entry| account.shard.holds(entry.tweet.id));
    let is_wanted = account.watch.timeline.is_some();
    (here, others.into_iter().filter(|_| is_wanted).map(|entry| entry.tweet.id).collect())
}

fn merged(account: &Account, entries: Vec<WatchEntry>, warnings: &mut Vec<String>) -> Vec<Watched> {
    let mut merge = Merge::default();
    for entry in entries {
        warnings.extend(merge.add(entry).into_iter().map(|warning| format!("{}: {warning}", account.name)));
    }
    merge.into_watched()
}

/// Keeps the bound over all accounts: the first ones in the file's order stay.
fn cut(list: &mut Watchlist, config: &Config) {
    let most = config.limits.max_tweets;
    let mut room = most;
    for watched in &mut list.accounts {
        let kept = watched.len().min(room);
        list.surplus += watched.len() - kept;
        room -= kept;
        watched.truncate(kept);
    }
    for (account, timeline) in config.accounts.iter().zip(&mut list.rooms) {
        timeline.tweets = account.watch.timeline.as_ref().map_or(0, |timeline| timeline.max_tweets).min(room);
        room -= timeline.tweets;
    }
    if list.surplus > 0 {
        let surplus = list.surplus;
        list.warnings
            .push(format!("{surplus} tweets are above limits.max_tweets = {most} and are not watched; raise it or watch fewer"));
    }
}
