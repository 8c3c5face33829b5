//! The public listing: what somebody needs to point an exporter at the simulator.

use serde_json::{Value, json};

use crate::model::{Timestamp, TweetId};
use crate::simulator::authority::Client;
use crate::simulator::tweet::Tweet;
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
    /// Key and secret of the app: what the app-only token is given out for.
    pub app: DirectoryApp,
    /// The app as an OAuth 2.0 client, and the newest tokens.
    pub oauth2: DirectoryOauth2,
    /// What it would watch: its own tweets and, for `acme`, two of strangers.
    pub tweets: Vec<DirectoryTweet>,
    /// Further tweets on its timeline: replies and retweets.
    pub unwatched: Vec<DirectoryTweet>,
}

/// Key and secret of an app.
#[derive(Clone, Debug)]
pub struct DirectoryApp {
    /// Key of the app; that of `oauth1`, if there is one.
    pub consumer_key: String,
    /// Secret of the app.
    pub consumer_secret: String,
}

/// An OAuth 2.0 client and the grant that its owner has given it.
#[derive(Clone, Debug)]
pub struct DirectoryOauth2 {
    /// Id of the client.
    pub client_id: String,
    /// Secret of a confidential client; a public one has none.
    pub client_secret: Option<String>,
    /// Where codes are sent: must be given exactly like this.
    pub redirect_uri: String,
    /// The newest access token; empty, if the grant was revoked.
    pub access_token: String,
    /// The refresh token, if there is one.
    pub refresh_token: Option<String>,
    /// When the access token ends, on the real clock.
    pub expires_at: Option<Timestamp>,
    /// Scopes of the grant, with spaces between.
    pub scope: String,
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
        let listed = |ids: &[TweetId]| ids.iter().filter_map(|id| world.tweets.get(id)).map(DirectoryTweet::of).collect();
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
            app: DirectoryApp {
                consumer_key: account.app.consumer_key.clone(),
                consumer_secret: account.app.consumer_secret.clone(),
            },
            oauth2: DirectoryOauth2::of(&account.oauth2),
            tweets: listed(&account.watched),
            unwatched: listed(&account.unwatched),
        }
    }

    fn json(&self) -> Value {
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
            "app": { "consumer_key": self.app.consumer_key, "consumer_secret": self.app.consumer_secret },
            "oauth2": self.oauth2.json(),
            "tweets": self.tweets.iter().map(DirectoryTweet::json).collect::<Vec<_>>(),
            "unwatched": self.unwatched.iter().map(DirectoryTweet::json).collect::<Vec<_>>(),
        })
    }
}

impl DirectoryOauth2 {
    fn of(client: &Client) -> Self {
        let newest = client.newest();
        Self {
            client_id: client.id.clone(),
            client_secret: client.secret.clone(),
            redirect_uri: client.redirect_uri.clone(),
            access_token: newest.map(|(token, _)| token.to_owned()).unwrap_or_default(),
            refresh_token: client.refresh_token().map(str::to_owned),
            expires_at: newest.map(|(_, expires)| expires),
            scope: client.scope().to_owned(),
        }
    }

    fn json(&self) -> Value {
        json!({
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "redirect_uri": self.redirect_uri,
            "access_token": self.access_token,
            "refresh_token": self.refresh_token,
            "expires_at": self.expires_at.map(|moment| moment.to_string()),
            "scope": self.scope,
        })
    }
}

impl DirectoryTweet {
    fn of(tweet: &Tweet) -> Self {
        Self { id: tweet.id, kind: tweet.kind.to_owned(), about: tweet.about.to_owned() }
    }

    fn json(&self) -> Value {
        json!({ "id": self.id.to_string(), "kind": self.kind, "about": self.about })
    }
}
