//! The tables of the state file, and their version. Keys begin with the account, so that each account's rows lie together.

use std::collections::BTreeMap;

use redb::{Database, Error, ReadableDatabase, ReadableTable, Table, TableDefinition};

use crate::model::TweetId;

/// What is known of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recalled {
    /// Its name in the configuration.
    pub account: String,
    /// What concerns it as a whole.
    pub header: Vec<u8>,
    /// What concerns one tweet, by id, ascending.
    pub tweets: Vec<(TweetId, Vec<u8>)>,
    /// The UTC day of `paid`.
    pub paid_day: i64,
    /// What was paid for on that day: price class and id of the resource.
    pub paid: Vec<(u8, u64)>,
}

/// Tweets and their new values; `None` forgets the tweet.
pub trait Tweets: IntoIterator<Item = (TweetId, Option<Vec<u8>>)> {}

impl<T: IntoIterator<Item = (TweetId, Option<Vec<u8>>)>> Tweets for T {}

/// What to remember of an account; tweets that are not mentioned stay as they are. Those that are may be made one by one, while they are
/// written: all at once they can be much more than anything else in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change<T = Vec<(TweetId, Option<Vec<u8>>)>> {
    /// Its name in the configuration.
    pub account: String,
    /// Takes the old one's place.
    pub header: Vec<u8>,
    /// What is new of its tweets.
    pub tweets: T,
    /// The UTC day of `paid`. Another one than before drops what was paid on that.
    pub paid_day: i64,
    /// Added to what is there.
    pub paid: Vec<(u8, u64)>,
}

impl Recalled {
    /// What it takes at least.
    pub(super) fn bytes(&self) -> u64 {
        let tweets = self.tweets.iter().map(|(_, value)| value.len() + 8).sum::<usize>();
        (self.header.len() + tweets + self.paid.len() * 9) as u64
    }
}

/// A file of another version is not touched. To be raised with any change of the tables or of what the collector puts into them.
const VERSION: u64 = 1;
const META: TableDefinition<&str, u64> = TableDefinition::new("meta");
const ACCOUNTS: TableDefinition<&str, (i64, &[u8])> = TableDefinition::new("accounts");
const TWEETS: TableDefinition<(&str, u64), &[u8]> = TableDefinition::new("tweets");
const PAID: TableDefinition<(&str, u8, u64), ()> = TableDefinition::new("paid");

/// Makes the tables in an empty file.
pub(super) fn make(database: &Database) -> Result<(), Error> {
    let transaction = database.begin_write()?;
    transaction.open_table(META)?.insert("version", VERSION)?;
    transaction.open_table(ACCOUNTS)?;
    transaction.open_table(TWEETS)?;
    transaction.open_table(PAID)?;
    Ok(transaction.commit()?)
}

/// Whether the file is of our version; anything else is an error that says so.
pub(super) fn check_version(database: &Database) -> Result<(), Error> {
    let meta = database.begin_read()?.open_table(META)?;
    let version = meta.get("version")?.map(|version| version.value());
    match version {
        Some(VERSION) => Ok(()),
        Some(version) if version > VERSION => Err(Error::Corrupted(format!(
            "written by a newer tweet_exporter (format {version}; this one knows formats up to {VERSION})"
        ))),
        _ => Err(broken("has no format version that was ever given out")),
    }
}

/// All that the file holds.
pub(super) fn read(database: &Database) -> Result<Vec<Recalled>, Error> {
    let transaction = database.begin_read()?;
    let mut accounts = BTreeMap::new();
    for row in transaction.open_table(ACCOUNTS)?.iter()? {
        let (account, row) = row?;
        let (account, (paid_day, header)) = (account.value().to_owned(), row.value());
        let recalled =
            Recalled { account: account.clone(), header: header.to_vec(), tweets: Vec::new(), paid_day, paid: Vec::new() };
        accounts.insert(account, recalled);
    }
    for row in transaction.open_table(TWEETS)?.iter()? {
        let (key, value) = row?;
        let (account, id) = key.value();
        let recalled = accounts.get_mut(account).ok_or_else(|| broken("has a tweet of no account"))?;
        let id = TweetId::new(id).map_err(|_| broken("has a tweet with an impossible id"))?;
        recalled.tweets.push((id, value.value().to_vec()));
    }
    for row in transaction.open_table(PAID)?.iter()? {
        let key = row?.0;
        let (account, class, id) = key.value();
        accounts.get_mut(account).ok_or_else(|| broken("has a payment of no account"))?.paid.push((class, id));
    }
    Ok(accounts.into_values().collect())
}

/// All that the file holds of one account; nothing if it does not know it.
pub(super) fn read_account(database: &Database, account: &str) -> Result<Option<Recalled>, Error> {
    let transaction = database.begin_read()?;
    let Some(row) = transaction.open_table(ACCOUNTS)?.get(account)? else { return Ok(None) };
    let (paid_day, header) = row.value();
    let (header, account) = (header.to_vec(), account.to_owned());
    let mut recalled = Recalled { account: account.clone(), header, tweets: Vec::new(), paid_day, paid: Vec::new() };
    let account = &*account;
    for row in transaction.open_table(TWEETS)?.range((account, 0)..=(account, u64::MAX))? {
        let (key, value) = row?;
        let id = TweetId::new(key.value().1).map_err(|_| broken("has a tweet with an impossible id"))?;
        recalled.tweets.push((id, value.value().to_vec()));
    }
    for row in transaction.open_table(PAID)?.range((account, 0, 0)..=(account, u8::MAX, u64::MAX))? {
        let (_, class, id) = row?.0.value();
        recalled.paid.push((class, id));
    }
    Ok(Some(recalled))
}

fn broken(what: &str) -> Error {
    Error::Corrupted(what.to_owned())
}

/// Writes all of it, or nothing.
pub(super) fn write(database: &Database, changes: impl Iterator<Item = Change<impl Tweets>>) -> Result<(), Error> {
    let transaction = database.begin_write()?;
    {
        let mut accounts = transaction.open_table(ACCOUNTS)?;
        let mut tweets = transaction.open_table(TWEETS)?;
        let mut paid = transaction.open_table(PAID)?;
        for change in changes {
            let account = &*change.account;
            let last_day = accounts.get(account)?.map(|row| row.value().0);
            accounts.insert(account, (change.paid_day, &*change.header))?;
            for (id, value) in change.tweets {
                match value {
                    Some(value) => drop(tweets.insert((account, id.number()), &*value)?),
                    None => drop(tweets.remove((account, id.number()))?),
                }
            }
            if last_day.is_some_and(|last| last != change.paid_day) {
                forget_paid(&mut paid, account)?;
            }
            for (class, id) in &change.paid {
                paid.insert((account, *class, *id), ())?;
            }
        }
    }
    Ok(transaction.commit()?)
}

fn forget_paid(paid: &mut Table<(&str, u8, u64), ()>, account: &str) -> Result<(), Error> {
    Ok(paid.retain_in((account, 0, 0)..=(account, u8::MAX, u64::MAX), |_, ()| false)?)
}
