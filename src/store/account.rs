//! The watched tweets of one account.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::model::{Metric, Roll, Timestamp, TweetId, TweetReading, TweetState, Username};
use crate::store::numbers::Shapes;
use crate::store::{Part, RecordMemory, TweetRecord};

/// A tweet as the watch list has it.
#[derive(Clone, Debug)]
pub struct Watched {
    /// The tweet.
    pub id: TweetId,
    /// Most tweets share theirs with others.
    pub mention: Arc<Mention>,
}

/// What the watch list says of a tweet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mention {
    /// The author's name, where a URL says it.
    pub username: Option<Username>,
    /// The user's own labels.
    pub labels: BTreeMap<String, String>,
}

/// The watched tweets of one account, in the order of the watch list.
#[derive(Clone, Debug)]
pub struct AccountStore {
    name: String,
    username: Option<Username>,
    /// The configuration says the name.
    named: bool,
    /// X's id of the credential's user, once a private number proved it.
    owner: Option<u64>,
    /// The watched tweets, then those that somebody asked for.
    records: Roll<TweetRecord>,
    watched: usize,
    shapes: Shapes,
}

/// A revision that no record of any store had before.
fn next_revision() -> NonZeroU64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    NonZeroU64::MIN.saturating_add(LAST.fetch_add(1, Ordering::Relaxed))
}

impl AccountStore {
    /// An account of which nothing is read yet; the tweets are distinct.
    pub fn new(name: String, username: Option<Username>, watched: Vec<Watched>) -> Self {
        let (records, shapes) = (Roll::default(), Shapes::default());
        let named = username.is_some();
        let mut store = Self { name, username, named, owner: None, records, watched: 0, shapes };
        store.watch(watched);
        store
    }

    /// Another watch list: tweets that are still on it keep what is known of them.
    pub fn watch(&mut self, watched: Vec<Watched>) {
        self.watch_besides(watched, std::iter::empty());
    }

    /// Another watch list, and besides it tweets that somebody asked for: those stand on no page but their own.
    pub fn watch_besides(&mut self, watched: Vec<Watched>, on_demand: impl Iterator<Item = TweetId>) {
        // Who is named by the watch list is taken for the account's own until X says otherwise.
        self.records[self.watched..].iter_mut().for_each(|record| record.foreign = false);
        self.watched = watched.len();
        let mut known: HashMap<TweetId, TweetRecord> =
            self.records.take().into_iter().map(|record| (record.id, record)).collect();
        let revision = next_revision();
        let record = |Watched { id, mention }: Watched| match known.remove(&id) {
            Some(record) => record.mentioned(mention, revision),
            None => TweetRecord::new(id, mention, revision),
        };
        let mut records: Vec<TweetRecord> = watched.into_iter().map(record).collect();
        let stranger =
            |id: TweetId| known.remove(&id).unwrap_or_else(|| TweetRecord::new(id, Arc::default(), revision)).stranger();
        records.extend(on_demand.map(stranger));
        self.records = records.into_iter().collect();
        self.shapes.tidy();
    }

    /// The first tweets of the watch list, as it has them.
    pub fn first(&self, count: usize) -> Vec<Watched> {
        let watched = |record: &TweetRecord| Watched { id: record.id, mention: record.mention.clone() };
        self.records[..count].iter().map(watched).collect()
    }

    /// Value of the `account` label.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its tweets, in the order of the watch list.
    pub fn records(&self) -> &[TweetRecord] {
        &self.records[..self.watched]
    }

    /// The same, and behind them those that somebody asked for.
    pub fn all_records(&self) -> &[TweetRecord] {
        &self.records
    }

    /// Whether the watch list has it.
    pub fn is_watched(&self, tweet: TweetId) -> bool {
        self.records.position(tweet).is_some_and(|position| position < self.watched)
    }

    /// One of them.
    pub fn record(&self, tweet: TweetId) -> Option<&TweetRecord> {
        self.records.find(tweet)
    }

    /// Takes up what was known of a tweet before the restart.
    pub fn recall(&mut self, tweet: TweetId, memory: RecordMemory) {
        if let Some(position) = self.records.position(tweet) {
            self.records[position].recall(memory, &mut self.shapes);
            self.change(position);
        }
    }

    /// X's id of the credential's user, and the account's name, as far as they are known.
    pub fn owner(&self) -> (Option<u64>, Option<&Username>) {
        (self.owner, self.username.as_ref())
    }

    /// Takes up whose account it is; a name that the configuration says stays.
    pub fn recall_owner(&mut self, owner: Option<u64>, username: Option<Username>) {
        self.own(owner, username);
    }

    /// The name that the token turned out to have.
    pub fn learn_username(&mut self, owner: u64, username: Username) {
        self.own(Some(owner), Some(username));
    }

    /// Whose tweet it is, as far as that is known: a wrong name would be worse than none.
    pub fn username<'a>(&'a self, record: &'a TweetRecord) -> Option<&'a Username> {
        let named = record.mention.username.as_ref();
        match (record.author(), self.owner) {
            (Some(author), Some(owner)) if author == owner => self.username.as_ref().or(named),
            (Some(_), Some(_)) => named,
            _ if record.foreign => named,
            _ => named.or(self.username.as_ref()),
        }
    }

    /// Takes a reading. Returns the metrics whose lifetime totals fell.
    pub fn take(&mut self, tweet: TweetId, part: Part, reading: TweetReading, at: Timestamp) -> Vec<Metric> {
        if reading.private && reading.author.is_some() {
            self.own(reading.author, None);
        }
        let Some(position) = self.records.position(tweet) else { return Vec::new() };
        self.change(position);
        self.records[position].take(part, reading, at, &mut self.shapes)
    }

    /// X gives no such numbers of the tweet any more.
    pub fn drop_part(&mut self, tweet: TweetId, part: Part) {
        if let Some(position) = self.records.position(tweet)
            && self.records[position].drop_part(part)
        {
            self.change(position);
        }
    }

    /// X would not give private numbers of it: somebody else wrote it.
    pub fn mark_foreign(&mut self, tweet: TweetId) {
        if let Some(position) = self.records.position(tweet)
            && !std::mem::replace(&mut self.records[position].foreign, true)
        {
            self.change(position);
        }
    }

    /// Sets the state of this tweet.
    pub fn enter_tweet(&mut self, tweet: TweetId, state: TweetState) {
        if let Some(position) = self.records.position(tweet) {
            self.enter(position, state);
        }
    }

    /// Sets the state of the tweet at this position.
    pub fn enter(&mut self, position: usize, state: TweetState) {
        if self.records[position].state() != state {
            self.records[position].enter(state);
            self.change(position);
        }
    }

    /// Takes note of whose account it is; a name that is known stays. It decides which name each tweet shows.
    fn own(&mut self, owner: Option<u64>, username: Option<Username>) {
        let before = (self.owner, self.username.clone());
        self.owner = owner;
        let known = self.username.take();
        self.username = if self.named { known } else { username.or(known) };
        if before != (self.owner, self.username.clone()) {
            let revision = next_revision();
            self.records.iter_mut().for_each(|record| record.revision = revision);
        }
    }

    fn change(&mut self, position: usize) {
        self.records[position].revision = next_revision();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PART: Part = Part { source: 0, request: 0 };

    fn id(number: u64) -> TweetId {
        TweetId::new(number).expect("an id")
    }

    fn store() -> AccountStore {
        let watched = |number, name: Option<&str>| {
            let username = name.map(|name| name.parse().expect("a name"));
            Watched { id: id(number), mention: Arc::new(Mention { username, ..Mention::default() }) }
        };
        AccountStore::new(
            "acme".to_owned(),
            Some("acme".parse().expect("a name")),
            vec![watched(1, None), watched(2, None), watched(3, Some("stranger"))],
        )
    }

    fn names(store: &AccountStore) -> Vec<Option<&str>> {
        store.records().iter().map(|record| store.username(record).map(Username::as_str)).collect()
    }

    #[test]
    fn a_tweet_carries_the_accounts_name_until_it_proves_to_be_foreign() {
        let mut store = store();
        assert_eq!(names(&store), [Some("acme"), Some("acme"), Some("stranger")]);
        let by = |author, private| TweetReading { author: Some(author), private, ..TweetReading::default() };
        let at = Timestamp::from_seconds(0);
        store.take(id(1), PART, by(9001, true), at);
        store.take(id(2), PART, by(77, false), at);
        assert_eq!(names(&store), [Some("acme"), None, Some("stranger")]);
    }

    #[test]
    fn a_tweet_that_was_asked_for_carries_the_name_once_it_is_watched() {
        let mut store = store();
        let watched = |number| Watched { id: id(number), mention: Arc::default() };
        store.watch_besides(vec![watched(1)], [id(7)].into_iter());
        assert_eq!((names(&store).len(), store.is_watched(id(7))), (1, false));
        let name = |store: &AccountStore| store.record(id(7)).and_then(|record| store.username(record).cloned());
        assert_eq!(name(&store), None, "nobody said whose it is");
        store.watch(vec![watched(7)]);
        assert_eq!((name(&store).is_some(), store.is_watched(id(7))), (true, true));
    }

    #[test]
    fn a_refused_private_field_is_proof_too() {
        let mut store = store();
        store.mark_foreign(id(2));
        assert_eq!(names(&store), [Some("acme"), None, Some("stranger")]);
    }
}
