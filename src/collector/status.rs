//! What people see of the collector: plain facts, gathered only when somebody looks, and never more of them than fit on a page.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::collector::Trouble;
use crate::collector::task::{Collector, clock};
use crate::config::Mode;
use crate::model::{CredentialKind, MediaType, Metric, Scope, Timestamp, TweetId, TweetState};
use crate::schedule::{AccountView, NextRead};
use crate::store::{AccountStore, TweetRecord};

/// What somebody wants to see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatusAsk {
    /// One account by its name; nothing: all of them.
    pub account: Option<String>,
    /// Its tweets in this state only.
    pub state: Option<TweetState>,
    /// Pages before this one: of its tweets, or of the accounts.
    pub skip: usize,
}

/// An answer for people.
#[derive(Clone, Debug, Default)]
pub struct Status {
    /// Whether scrapes cause the reads.
    pub reads_on_scrape: bool,
    /// Whether every account has data or a final refusal.
    pub ready: bool,
    /// Another configuration waits for calls under way.
    pub is_reloading: bool,
    /// Named and found tweets that do not fit under `limits.max_tweets`.
    pub refused_tweets: usize,
    /// Series that do not fit under `limits.max_series`.
    pub refused_series: usize,
    /// All accounts there are.
    pub count: usize,
    /// Those that were asked for, in the order of the configuration.
    pub accounts: Vec<AccountStatus>,
}

/// One account.
#[derive(Clone, Debug)]
pub struct AccountStatus {
    /// Value of the `account` label.
    pub name: String,
    /// How many tweets are in each state; states with none are left out.
    pub states: Vec<(TweetState, usize)>,
    /// Since when the read that waits longest is due.
    pub oldest_due: Option<Timestamp>,
    /// Where its plan stands.
    pub plan: AccountView,
    /// Its credentials.
    pub credentials: Vec<CredentialStatus>,
    /// Reads of the whole project that X has counted, and its cap.
    pub project: (Option<u64>, Option<u64>),
    /// What is wrong, and what was, each the newest first.
    pub troubles: Vec<Trouble>,
    /// How many tweets were asked for.
    pub matching: usize,
    /// Those of them that fit on the page, newest first.
    pub tweets: Vec<TweetStatus>,
}

/// One credential.
#[derive(Clone, Copy, Debug)]
pub struct CredentialStatus {
    /// Which.
    pub kind: CredentialKind,
    /// Whether X accepted it when it was last used; nothing before that where that says nothing.
    pub ok: Option<bool>,
    /// When the access token expires, if it does.
    pub expires: Option<Timestamp>,
}

/// One tweet.
#[derive(Clone, Debug)]
pub struct TweetStatus {
    /// Its id.
    pub id: TweetId,
    /// The state it is in.
    pub state: TweetState,
    /// It was found on the timeline; nobody named it.
    pub found: bool,
    /// The author's name, where it is known.
    pub username: Option<String>,
    /// The user's own labels.
    pub labels: Vec<(String, String)>,
    /// Kinds of its media.
    pub media: Vec<MediaType>,
    /// When its numbers were last read.
    pub last_success: Option<Timestamp>,
    /// When they are read next.
    pub next_read: NextRead,
    /// Lifetime totals in the order of [`SHOWN`]; nothing where X sent none.
    pub totals: [Option<u64>; SHOWN.len()],
}

/// The totals that people look for.
pub const SHOWN: [Metric; 7] = [
    Metric::Impressions,
    Metric::Engagements,
    Metric::Likes,
    Metric::Retweets,
    Metric::QuoteTweets,
    Metric::Replies,
    Metric::Bookmarks,
];

/// Accounts on a page.
pub const ACCOUNTS_A_PAGE: usize = 10;
/// Tweets of an account that stands alone on its page.
pub const TWEETS_A_PAGE: usize = 100;
/// Tweets of each account where there are others.
pub const TWEETS_AT_A_GLANCE: usize = 10;
/// Who asks the same again within this time gets the same answer.
const FRESH: Duration = Duration::from_secs(1);

/// What was last shown, and when.
pub(super) type Shown = Option<(Instant, StatusAsk, Arc<Status>)>;

impl Collector {
    /// Answers somebody who looks. The work is bounded: one look at the states of the tweets, and a page of them.
    pub(super) fn show(&mut self, ask: StatusAsk, answer: oneshot::Sender<Arc<Status>>) {
        let known = self.shown.as_ref().filter(|(at, asked, _)| at.elapsed() < FRESH && *asked == ask);
        let status = match known {
            Some((_, _, status)) => status.clone(),
            None => {
                let status = Arc::new(self.status(&ask, clock()));
                self.shown = Some((Instant::now(), ask, status.clone()));
                status
            }
        };
        // Whoever asked may be gone by now.
        let _ = answer.send(status);
    }

    fn status(&self, ask: &StatusAsk, now: Timestamp) -> Status {
        let stores = &self.standing.stores;
        let indexes: Vec<usize> = match &ask.account {
            Some(name) => stores.iter().position(|store| store.name() == name).into_iter().collect(),
            None => (0..stores.len()).skip(ask.skip.saturating_mul(ACCOUNTS_A_PAGE)).take(ACCOUNTS_A_PAGE).collect(),
        };
        let is_alone = ask.account.is_some() || stores.len() == 1;
        let most = if is_alone { TWEETS_A_PAGE } else { TWEETS_AT_A_GLANCE };
        let skip = if ask.account.is_some() { ask.skip.saturating_mul(TWEETS_A_PAGE) } else { 0 };
        let surplus: usize = self.standing.plan.accounts().iter().map(|account| account.surplus()).sum();
        Status {
            reads_on_scrape: self.parts.mode != Mode::Background,
            ready: self.ready.iter().all(|ready| *ready),
            is_reloading: self.reload.is_some(),
            refused_tweets: self.refused + surplus,
            refused_series: self.surplus,
            count: stores.len(),
            accounts: indexes.into_iter().map(|index| self.account_status(index, ask.state, (skip, most), now)).collect(),
        }
    }

    fn account_status(&self, index: usize, state: Option<TweetState>, part: (usize, usize), now: Timestamp) -> AccountStatus {
        let (store, desk) = (&self.standing.stores[index], &self.standing.desks[index]);
        let plan = self.standing.plan.accounts()[index].view(now);
        let credential = |kind: &CredentialKind| {
            let (ok, expires) = desk.metrics.credential(*kind);
            CredentialStatus { kind: *kind, ok, expires }
        };
        let named = self.standing.named[index];
        let (matching, positions) = newest(store, state, part);
        AccountStatus {
            name: store.name().to_owned(),
            states: counts(store),
            oldest_due: self.standing.plan.oldest_due(index, now),
            credentials: plan.credentials.iter().map(credential).collect(),
            plan,
            project: desk.metrics.project(),
            troubles: desk.health.troubles(),
            matching,
            tweets: positions.into_iter().map(|position| self.tweet_status(index, position, position >= named, now)).collect(),
        }
    }

    fn tweet_status(&self, index: usize, position: usize, found: bool, now: Timestamp) -> TweetStatus {
        let store = &self.standing.stores[index];
        let record = &store.records()[position];
        TweetStatus {
            id: record.id,
            state: record.state(),
            found,
            username: store.username(record).map(|name| name.as_str().to_owned()),
            labels: record.mention.labels.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
            media: record.media_types(),
            last_success: record.last_success(),
            next_read: self.standing.plan.next_read(index, record.id, now),
            totals: totals(record),
        }
    }
}

/// Positions of the tweets in this state, newest first: so many of them behind so many others. How many there are in all.
fn newest(store: &AccountStore, state: Option<TweetState>, (skip, most): (usize, usize)) -> (usize, Vec<usize>) {
    let records = store.records();
    let fits = |position: &usize| state.is_none_or(|state| records[*position].state() == state);
    let mut positions: Vec<usize> = (0..records.len()).filter(fits).collect();
    let matching = positions.len();
    let by_age = |position: &usize| std::cmp::Reverse(records[*position].id);
    if skip >= matching {
        return (matching, Vec::new());
    }
    // Sorting all of a hundred thousand for a page of them would keep reads waiting.
    if skip > 0 {
        positions.select_nth_unstable_by_key(skip, by_age);
        positions.drain(..skip);
    }
    if most < positions.len() {
        positions.select_nth_unstable_by_key(most, by_age);
        positions.truncate(most);
    }
    positions.sort_unstable_by_key(by_age);
    (matching, positions)
}

fn counts(store: &AccountStore) -> Vec<(TweetState, usize)> {
    let mut counts = TweetState::ALL.map(|state| (state, 0));
    for record in store.records() {
        let count = counts.iter_mut().find(|(state, _)| *state == record.state());
        count.expect("every state is in the list").1 += 1;
    }
    counts.into_iter().filter(|(_, count)| *count > 0).collect()
}

fn totals(record: &TweetRecord) -> [Option<u64>; SHOWN.len()] {
    let mut totals = [None; SHOWN.len()];
    for number in record.numbers().filter(|number| number.media.is_none() && *number.scope == Scope::Total) {
        if let Some(place) = SHOWN.iter().position(|metric| *metric == number.metric) {
            totals[place] = Some(number.value);
        }
    }
    totals
}
