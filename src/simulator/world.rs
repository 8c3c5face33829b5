//! What exists: users, accounts, tweets. The seed decides everything about them but the moment, which is the epoch's.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::{Timestamp, TweetId};
use crate::simulator::authority::Client;
use crate::simulator::cast::{self, Role};
use crate::simulator::chance::Chance;
use crate::simulator::growth::{Growth, Rates};
use crate::simulator::keys::{self, AppKeys, Oauth1Keys};
use crate::simulator::systems::Systems;
use crate::simulator::tweet::{Medium, Tweet};

/// The simulated world.
pub(crate) struct World {
    seed: u64,
    /// Tweets so far, without those that nobody watches: what is drawn for a tweet depends on its number.
    numbered: usize,
    /// What the simulated clock showed at the start.
    start: Timestamp,
    /// Who can call.
    pub(crate) accounts: Vec<Account>,
    /// Who can write.
    pub(crate) users: Vec<User>,
    /// Every tweet; the order is that of age.
    pub(crate) tweets: BTreeMap<TweetId, Tweet>,
}

/// An account of ours: a developer app and its owner.
pub(crate) struct Account {
    /// What the exporter's configuration may call it.
    pub(crate) name: &'static str,
    /// Id of the user who owns it.
    pub(crate) user: u64,
    /// App-only token, verbatim.
    pub(crate) bearer: String,
    /// Keys of the owner's user context; `None`: the account has no such credential.
    pub(crate) oauth1: Option<Oauth1Keys>,
    /// The app's own keys: those of `oauth1`, if there are any.
    pub(crate) app: AppKeys,
    /// The app as an OAuth 2.0 client, and its tokens.
    pub(crate) oauth2: Client,
    /// What X lets it call.
    pub(crate) systems: Systems,
    /// Tweets that it would watch.
    pub(crate) watched: Vec<TweetId>,
    /// Further tweets of its own.
    pub(crate) unwatched: Vec<TweetId>,
}

/// A user of X.
pub(crate) struct User {
    pub(crate) id: u64,
    pub(crate) name: &'static str,
    pub(crate) username: &'static str,
}

/// More tweets than this are refused.
pub(crate) const MOST_TWEETS: usize = 200_000;
/// The second wave of the viral tweets starts so long after the start.
const WAVE_AFTER: Duration = Duration::from_secs(5 * 60);
/// The purge comes so long after the start.
const PURGE_AFTER: Duration = Duration::from_secs(10 * 60);
/// Snowflakes count milliseconds from here (x-api.md, section 6), above 22 bits of other things.
const SNOWFLAKE_EPOCH_MILLIS: i64 = 1_288_834_974_657;
const SNOWFLAKE_SHIFT: u32 = 22;

impl World {
    /// The world when the simulated clock shows `start`, from which all ages count.
    pub(crate) fn new(seed: u64, start: Timestamp) -> Self {
        let user = |name, username| User { id: keys::user_id(seed, username), name, username };
        let users = vec![
            user("Acme Corporation", "acme"),
            user("Globex", "globex"),
            user("Anvil Weekly", "anvil_weekly"),
            user("A private person", "quiet_person"),
        ];
        let accounts = vec![Account::acme(seed, users[0].id), Account::globex(seed, users[1].id)];
        let authors = [users[0].id, users[1].id, users[2].id, users[3].id];
        let mut world = Self { seed, numbered: 0, start, accounts, users, tweets: BTreeMap::new() };
        world.cast(authors);
        world
    }

    fn cast(&mut self, [acme, globex, stranger, private]: [u64; 4]) {
        let acmes = cast::ACME.iter().map(|role| (0, acme, role));
        let watched = [(0, stranger, &cast::FOREIGN), (0, private, &cast::PROTECTED)];
        let globexes = cast::GLOBEX.iter().map(|role| (1, globex, role));
        for (account, author, role) in acmes.chain(watched).chain(globexes) {
            let moment = self.start - Duration::from_secs(role.age_seconds);
            self.add_watched(account, author, role, (moment, moment));
        }
        for (number, role) in cast::ACME_UNWATCHED.iter().enumerate() {
            let moment = self.start - Duration::from_secs(role.age_seconds);
            let id = self.add(&format!("unwatched {number} {acme}"), acme, role, (moment, moment));
            self.accounts[0].unwatched.push(id);
        }
    }

    /// Adds tweets of an account's own, `age` old, one a minute older than the last where `spread` says so.
    /// `real` and `simulated` are what both clocks show now.
    pub(crate) fn add_own(
        &mut self,
        account: usize,
        role: &Role,
        count: usize,
        age: Duration,
        spread: bool,
        (real, simulated): (Timestamp, Timestamp),
    ) -> Vec<TweetId> {
        const SPREAD_MINUTES: u64 = 25 * 24 * 60;
        let author = self.accounts[account].user;
        let count = count.min(MOST_TWEETS.saturating_sub(self.tweets.len())) as u64;
        let mut add = |number: u64| {
            let age = age + Duration::from_secs(if spread { number % SPREAD_MINUTES * 60 } else { 0 });
            self.add_watched(account, author, role, (real - age, simulated - age))
        };
        (0..count).map(&mut add).collect()
    }

    fn add_watched(&mut self, account: usize, author: u64, role: &Role, moments: (Timestamp, Timestamp)) -> TweetId {
        let id = self.add(&format!("tweet {} {author}", self.numbered), author, role, moments);
        self.numbered += 1;
        self.accounts[account].watched.push(id);
        id
    }

    fn add(&mut self, label: &str, author: u64, role: &Role, (created, born): (Timestamp, Timestamp)) -> TweetId {
        let mut chance = Chance::new(self.seed, label);
        let id = self.free_id(created, &mut chance);
        let growth = self.growth(role, &mut chance);
        let medium = role.media.map(|kind| Medium::new(kind, id.number().saturating_sub(chance.below(1 << 30))));
        let tweet = Tweet {
            id,
            author,
            kind: role.kind,
            about: role.about,
            text: role.text.to_owned(),
            created: id.created().unwrap_or(created),
            born,
            state: role.state,
            reference: role.reference,
            medium,
            has_link: role.has_link,
            growth,
        };
        self.tweets.insert(id, tweet);
        id
    }

    /// An id of that moment that no tweet has. The low bits are drawn; there are four million for each millisecond.
    fn free_id(&self, created: Timestamp, chance: &mut Chance) -> TweetId {
        let millis = created.millis().saturating_sub(SNOWFLAKE_EPOCH_MILLIS).clamp(1 << 20, (1 << 41) - 1) as u64;
        loop {
            let number = (millis << SNOWFLAKE_SHIFT) | chance.below(1 << SNOWFLAKE_SHIFT);
            let id = TweetId::new(number).expect("41 bits of time and 22 others are below 2^63");
            if !self.tweets.contains_key(&id) {
                return id;
            }
        }
    }

    fn growth(&self, role: &Role, chance: &mut Chance) -> Growth {
        let luck = chance.factor(0.2);
        let some = |views: f64| (views > 0.0).then_some(views * luck);
        Growth {
            views: role.views * luck,
            promoted_views: some(role.promoted_views),
            wave: some(role.wave_views).map(|views| (self.start + WAVE_AFTER, views)),
            purge: role.purged.then_some(self.start + PURGE_AFTER),
            rates: Rates::drawn(chance),
        }
    }

    /// Gives every account the OAuth 2.0 grant that it starts with.
    pub(crate) fn grant_first(&mut self, now: Timestamp) {
        self.accounts.iter_mut().for_each(|account| account.oauth2.grant_first(now));
    }

    /// What everything is drawn from.
    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// Tweets of a user, the newest first.
    pub(crate) fn timeline(&self, user: u64) -> impl Iterator<Item = &Tweet> {
        self.tweets.values().rev().filter(move |tweet| tweet.author == user)
    }

    /// The user with this name; X ignores case.
    pub(crate) fn user_named(&self, username: &str) -> Option<&User> {
        self.users.iter().find(|user| user.username.eq_ignore_ascii_case(username))
    }

    /// The user with this id.
    pub(crate) fn user(&self, id: u64) -> Option<&User> {
        self.users.iter().find(|user| user.id == id)
    }

    /// The account with this name.
    pub(crate) fn account_named(&self, name: &str) -> Option<usize> {
        self.accounts.iter().position(|account| account.name == name)
    }
}

impl Account {
    /// Has everything: a confidential client, an Enterprise contract.
    fn acme(seed: u64, user: u64) -> Self {
        let oauth1 = Oauth1Keys::drawn(seed, "acme", user);
        let app = AppKeys { consumer_key: oauth1.consumer_key.clone(), consumer_secret: oauth1.consumer_secret.clone() };
        Self {
            name: "acme",
            user,
            bearer: keys::bearer(seed, "acme"),
            oauth1: Some(oauth1),
            app,
            oauth2: Client::drawn(seed, "acme", true),
            systems: Systems::ENTERPRISE,
            watched: Vec::new(),
            unwatched: Vec::new(),
        }
    }

    /// Gives it a new app-only token, and the old one back.
    pub(crate) fn renew_bearer(&mut self, seed: u64) -> String {
        let next = keys::bearer(seed, &format!("{} after {}", self.name, self.bearer));
        std::mem::replace(&mut self.bearer, next)
    }

    /// Pays per use, and its app is a public client.
    fn globex(seed: u64, user: u64) -> Self {
        Self {
            name: "globex",
            user,
            bearer: keys::bearer(seed, "globex"),
            oauth1: None,
            app: AppKeys::drawn(seed, "globex"),
            oauth2: Client::drawn(seed, "globex", false),
            systems: Systems::PAY_PER_USE,
            watched: Vec::new(),
            unwatched: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_seconds(1_795_000_000);

    #[test]
    fn the_seed_decides_ids_tokens_and_numbers() {
        let (one, same, other) = (World::new(7, START), World::new(7, START), World::new(8, START));
        let later = START + Duration::from_secs(1_000);
        let numbers = |world: &World| world.tweets.values().map(|tweet| (tweet.id, tweet.numbers(later))).collect::<Vec<_>>();
        assert_eq!(numbers(&one), numbers(&same));
        assert_ne!(numbers(&one), numbers(&other));
        assert_eq!(one.accounts[0].bearer, World::new(7, later).accounts[0].bearer, "tokens come from the seed alone");
        assert_ne!(one.accounts[0].bearer, other.accounts[0].bearer);
    }

    #[test]
    fn ids_carry_the_age() {
        let world = World::new(42, START);
        for tweet in world.tweets.values() {
            assert_eq!(tweet.id.created(), Some(tweet.created));
            assert_eq!(tweet.created, tweet.born, "{}", tweet.kind);
        }
    }

    #[test]
    fn many_tweets_of_one_moment_have_ids_of_their_own() {
        let mut world = World::new(42, START);
        let ids = world.add_own(0, &cast::PLAIN, 5_000, Duration::from_secs(600), false, (START, START));
        assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), 5_000);
    }
}
