//! Credentials of the simulated accounts. They come from the seed alone and open nothing but a simulator.

use crate::simulator::chance::Chance;

/// The four values of an OAuth 1.0a user context.
pub(crate) struct Oauth1Keys {
    pub(crate) consumer_key: String,
    pub(crate) consumer_secret: String,
    pub(crate) access_token: String,
    pub(crate) access_token_secret: String,
}

impl Oauth1Keys {
    /// Keys of the account `name`, whose user is `user`.
    pub(crate) fn drawn(seed: u64, name: &str, user: u64) -> Self {
        let mut chance = Chance::new(seed, &format!("oauth1 {name}"));
        Self {
            consumer_key: chance.text(25),
            consumer_secret: chance.text(50),
            access_token: format!("{user}-{}", chance.text(40)),
            access_token_secret: chance.text(45),
        }
    }
}

/// Key and secret of an app.
pub(crate) struct AppKeys {
    pub(crate) consumer_key: String,
    pub(crate) consumer_secret: String,
}

impl AppKeys {
    /// Keys of the app of the account `name`, if it has no user context of OAuth 1.0a.
    pub(crate) fn drawn(seed: u64, name: &str) -> Self {
        let mut chance = Chance::new(seed, &format!("app {name}"));
        Self { consumer_key: chance.text(25), consumer_secret: chance.text(50) }
    }
}

/// An app-only token as long as X's, with the `%2F` and `%3D` that must be sent as they are.
pub(crate) fn bearer(seed: u64, name: &str) -> String {
    let mut chance = Chance::new(seed, &format!("bearer {name}"));
    let mut part = |length| chance.text(length);
    format!("{}{}AAAAAAA{}%2F{}%2B{}%3D{}", "A".repeat(21), part(6), part(9), part(7), part(20), part(50))
}

/// Id of a user: long, as those given out since 2013 are.
pub(crate) fn user_id(seed: u64, username: &str) -> u64 {
    1_200_000_000_000_000_000 + Chance::new(seed, &format!("user {username}")).below(400_000_000_000_000_000)
}
