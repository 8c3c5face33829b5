//! An app as an OAuth 2.0 client, with the one grant that its owner has given it.

use std::time::Duration;

use crate::model::Timestamp;
use crate::simulator::chance::Chance;

/// A client.
pub(crate) struct Client {
    pub(crate) id: String,
    /// A confidential client has one, a public client none.
    pub(crate) secret: Option<String>,
    pub(crate) redirect_uri: String,
    /// How long access tokens hold that are issued from now on.
    pub(crate) lifetime: Duration,
    /// Start of all its access tokens.
    mark: String,
    chance: Chance,
    codes: Vec<Code>,
    access: Vec<(String, Timestamp)>,
    refresh: Option<String>,
    scope: String,
}

/// What a code was given out for.
pub(crate) struct Code {
    pub(crate) code: String,
    pub(crate) scope: String,
    pub(crate) challenge: String,
    /// Whether the challenge is the verifier's hash.
    pub(crate) hashed: bool,
    pub(crate) expires: Timestamp,
}

/// Tokens just issued.
pub(crate) struct Issued {
    pub(crate) access: String,
    pub(crate) refresh: Option<String>,
    pub(crate) scope: String,
    pub(crate) lifetime: Duration,
}

/// How long a code holds.
const CODE_LIFETIME: Duration = Duration::from_secs(30);
/// How long an access token holds, if nobody turns the dial.
pub(crate) const LIFETIME: Duration = Duration::from_secs(7_200);
/// What the first grant allows.
const FIRST_SCOPE: &str = "tweet.read users.read offline.access";
/// Older codes and access tokens are forgotten.
const MOST_TOKENS: usize = 100;

impl Client {
    /// The client of the account `name`, without a grant.
    pub(crate) fn drawn(seed: u64, name: &str, is_confidential: bool) -> Self {
        let mut chance = Chance::new(seed, &format!("oauth2 {name}"));
        Self {
            id: chance.text(34),
            secret: is_confidential.then(|| chance.text(50)),
            redirect_uri: "http://127.0.0.1:8765/callback".to_owned(),
            lifetime: LIFETIME,
            mark: chance.text(16),
            chance: Chance::new(seed, &format!("oauth2 tokens {name}")),
            codes: Vec::new(),
            access: Vec::new(),
            refresh: None,
            scope: String::new(),
        }
    }

    /// The grant that is there at the start.
    pub(crate) fn grant_first(&mut self, now: Timestamp) {
        self.grant(FIRST_SCOPE.to_owned(), now);
    }

    /// A fresh grant: the one before is no more.
    pub(crate) fn grant(&mut self, scope: String, now: Timestamp) -> Issued {
        self.revoke();
        self.scope = scope;
        self.issue(now)
    }

    /// New tokens of the grant: the refresh token before is dead, access tokens hold until their time is over.
    fn issue(&mut self, now: Timestamp) -> Issued {
        let access = format!("{}{}", self.mark, self.chance.text(75));
        let refresh = self.chance.text(91);
        self.refresh = self.scope.split(' ').any(|part| part == "offline.access").then_some(refresh);
        self.access.retain(|(_, expires)| *expires > now);
        if self.access.len() >= MOST_TOKENS {
            self.access.remove(0);
        }
        self.access.push((access.clone(), now + self.lifetime));
        Issued { access, refresh: self.refresh.clone(), scope: self.scope.clone(), lifetime: self.lifetime }
    }

    /// New tokens for the current refresh token; nothing for any other text.
    pub(crate) fn rotate(&mut self, refresh: &str, now: Timestamp) -> Option<Issued> {
        (self.refresh.as_deref() == Some(refresh)).then(|| self.issue(now))
    }

    /// A code for what the user has agreed to.
    pub(crate) fn give_code(&mut self, scope: String, challenge: String, hashed: bool, now: Timestamp) -> String {
        let code = self.chance.text(91);
        self.codes.retain(|code| code.expires > now);
        if self.codes.len() >= MOST_TOKENS {
            self.codes.remove(0);
        }
        self.codes.push(Code { code: code.clone(), scope, challenge, hashed, expires: now + CODE_LIFETIME });
        code
    }

    /// Takes a code back: it holds once, and for half a minute.
    pub(crate) fn take_code(&mut self, code: &str, now: Timestamp) -> Option<Code> {
        let position = self.codes.iter().position(|known| known.code == code)?;
        Some(self.codes.remove(position)).filter(|code| code.expires > now)
    }

    /// The scopes of an access token that holds.
    pub(crate) fn scope_of(&self, access: &str, now: Timestamp) -> Option<&str> {
        let holds = self.access.iter().any(|(token, expires)| token == access && *expires > now);
        holds.then_some(self.scope.as_str())
    }

    /// Whether a text looks like an access token of this client, one that holds or not.
    pub(crate) fn looks_like_ours(&self, token: &str) -> bool {
        token.starts_with(&self.mark)
    }

    /// The newest access token and when it expires.
    pub(crate) fn newest(&self) -> Option<(&str, Timestamp)> {
        self.access.last().map(|(token, expires)| (token.as_str(), *expires))
    }

    /// The refresh token.
    pub(crate) fn refresh_token(&self) -> Option<&str> {
        self.refresh.as_deref()
    }

    /// What the grant allows.
    pub(crate) fn scope(&self) -> &str {
        &self.scope
    }

    /// Ends the life of all access tokens.
    pub(crate) fn expire(&mut self, now: Timestamp) {
        self.access.iter_mut().for_each(|(_, expires)| *expires = now.min(*expires));
    }

    /// Ends the grant.
    pub(crate) fn revoke(&mut self) {
        self.access.clear();
        self.refresh = None;
        self.scope.clear();
    }

    /// Ends one access token, or with its refresh token the whole grant.
    pub(crate) fn revoke_token(&mut self, token: &str) {
        match self.refresh.as_deref() == Some(token) {
            true => self.revoke(),
            false => self.access.retain(|(known, _)| known != token),
        }
    }
}
