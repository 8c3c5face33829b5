//! The public listing: what somebody needs to point an exporter at the simulator.

use serde_json::{Value, json};

use crate::model::TweetId;
use crate::simulator::world::{Account, World};

/// Everything that can be watched, and with what.
#[derive(Clone, Debug)]
pub struct Directory {
    /// The accounts, `acme` first.
    pub accounts: Vec<DirectoryAccount>,
}

/// An account and its credentials. They come from the seed alone and open nothing but a simulator.
#[derive(Clone, Debug)]
pub struct DirectoryAccount {
    /// One word for it.
    pub name: String,
    /// Id of its user.
    pub user_id: u64,
    /// Name of its user.
    pub username: String,
    /// App-only token, to be sent verbatim.
    pub bearer_token: String,
    /// User context; absent for an account that has none.
    pub oauth1: Option<DirectoryOauth1>,
    /// What it would watch: its own tweets and, for `acme`, two of strangers.
    pub tweets: Vec<DirectoryTweet>,
}

/// The four values of an OAuth 1.0a user context.
#[derive(Clone, Debug)]
pub struct DirectoryOauth1 {
    /// Key of the app.
    pub consumer_key: String,
    /// Secret of the app.
    pub consumer_secret: String,
    /// Token of the user.
    pub access_token: String,
    /// Secret of the token.
    pub access_token_secret: String,
}

/// A tweet to watch.
#[derive(Clone, Debug)]
pub struct DirectoryTweet {
    /// Its id.
    pub id: TweetId,
    /// One word for what it is there for: `plain`, `viral`, `campaign` and so on.
    pub kind: String,
    /// One sentence for the same.
    pub about: String,
}

impl Directory {
    /// The listing of a world as it is now.
    pub(crate) fn of(world: &World) -> Self {
        Self { accounts: world.accounts.iter().map(|account| DirectoryAccount::of(world, account)).collect() }
    }

    /// The listing as `GET /_simulator/directory` sends it.
    pub(crate) fn json(&self) -> Value {
        json!({ "accounts": self.accounts.iter().map(DirectoryAccount::json).collect::<Vec<_>>() })
    }
}

impl DirectoryAccount {
    fn of(world: &World, account: &Account) -> Self {
        let tweets = account.watched.iter().filter_map(|id| world.tweets.get(id));
        let username = world.user(account.user).map_or("", |user| user.username);
        Self {
            name: account.name.to_owned(),
            user_id: account.user,
            username: username.to_owned(),
            bearer_token: account.bearer.clone(),
            oauth1: account.oauth1.as_ref().map(|keys| DirectoryOauth1 {
                consumer_key: keys.consumer_key.clone(),
                consumer_secret: keys.consumer_secret.clone(),
                access_token: keys.access_token.clone(),
                access_token_secret: keys.access_token_secret.clone(),
            }),
            tweets: tweets
                .map(|tweet| DirectoryTweet { id: tweet.id, kind: tweet.kind.to_owned(), about: tweet.about.to_owned() })
                .collect(),
        }
    }

    fn json(&self) -> Value {
        let tweet = |tweet: &DirectoryTweet| json!({ "id": tweet.id.to_string(), "kind": tweet.kind, "about": tweet.about });
        let oauth1 = self.oauth1.as_ref().map(|keys| {
            json!({
                "consumer_key": keys.consumer_key,
                "consumer_secret": keys.consumer_secret,
                "access_token": keys.access_token,
                "access_token_secret": keys.access_token_secret,
            })
        });
        json!({
            "name": self.name,
            "user_id": self.user_id.to_string(),
            "username": self.username,
            "bearer_token": self.bearer_token,
            "oauth1": oauth1,
            "tweets": self.tweets.iter().map(tweet).collect::<Vec<_>>(),
        })
    }
}
