//! What is held of a user's tokens, and what to do next with them. Pure: `now` is given, files and X are others'.

use std::time::Duration;

use crate::auth::error::AuthError;
use crate::auth::pause::Pause;
use crate::auth::token_file::{Stamp, Tokens};
use crate::auth::token_lock::TokenLock;
use crate::config::Secret;
use crate::model::Timestamp;

/// What is held of a user's tokens.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// How to mend what only a person can.
    advice: String,
    pub(super) lock: Option<TokenLock>,
    /// In use, and as the file has them.
    pub(super) tokens: Option<Tokens>,
    /// From X, but not on disk yet: the refresh token of `tokens` is worthless.
    pub(super) unsaved: Option<Tokens>,
    /// Why there are no tokens.
    pub(super) problem: String,
    /// Of the file as last seen or written.
    pub(super) stamp: Option<Stamp>,
    pub(super) looked: Option<Timestamp>,
    /// The refresh token that X refused for good, and what it said.
    pub(super) refused: Option<(Secret, String)>,
    pause: Pause,
    trouble: Option<AuthError>,
    /// The tokens in use were given for less than a minute: they are renewed when they end.
    is_short_lived: bool,
    pub(super) is_closed: bool,
    pub(super) has_warned: bool,
    pub(super) has_complained: bool,
}

/// What to do next.
#[derive(Debug)]
pub(super) enum Step {
    /// This access token is good.
    Use(Secret),
    /// Write the new pair.
    Save,
    /// Ask X for the next pair.
    Renew,
    /// Nothing helps now.
    Fail(AuthError),
}

/// So long before its end a token is renewed.
const EARLY: Duration = Duration::from_secs(60);
/// The file is looked at no more often than that.
const LOOK_EVERY: Duration = Duration::from_secs(1);

impl Held {
    pub(super) fn new(account: &str) -> Self {
        Self { advice: advice(account), ..Self::default() }
    }

    /// This account speaks for the tokens now, and a refusal that was final may be none any more.
    pub(super) fn reopen(&mut self, account: &str) {
        self.advice = advice(account);
        self.refused = None;
        self.is_closed = false;
    }

    /// What to do, where X may have refused this access token.
    pub(super) fn step(&self, refused: Option<&str>, now: Timestamp) -> Step {
        let paused = self.pause.left(now);
        if self.unsaved.is_some() && paused.is_none() {
            return Step::Save;
        }
        let Some(tokens) = &self.tokens else {
            return Step::Fail(AuthError::Unusable(format!("{}; {}", self.advice, self.problem)));
        };
        let is_good = is_good(tokens, refused, now);
        if is_good && (self.is_short_lived || tokens.expires_at > now + EARLY) {
            return Step::Use(tokens.access.clone());
        }
        match self.hindrance(tokens, paused) {
            None => Step::Renew,
            Some(_) if is_good => Step::Use(tokens.access.clone()),
            Some(error) => Step::Fail(error),
        }
    }

    /// The pair that was just renewed wants to be renewed again. Whether it can be used until it ends.
    pub(super) fn is_good_once(&mut self, refused: Option<&str>, now: Timestamp) -> bool {
        self.is_short_lived = self.tokens.as_ref().is_some_and(|tokens| is_good(tokens, refused, now));
        self.is_short_lived
    }

    /// What forbids a renewal.
    fn hindrance(&self, tokens: &Tokens, paused: Option<Duration>) -> Option<AuthError> {
        if tokens.refresh.is_none() {
            let why = "there is no refresh token; the app must be allowed offline.access";
            return Some(AuthError::Refused(format!("{}; {why}", self.advice)));
        }
        if let Some((_, said)) = self.refused.as_ref().filter(|(refresh, _)| tokens.has_refresh(Some(refresh))) {
            return Some(AuthError::Refused(format!("{}; X does not renew the token: {said}", self.advice)));
        }
        if self.is_closed {
            return Some(AuthError::local("the exporter is stopping"));
        }
        let unknown = || AuthError::local("the token cannot be renewed right now");
        paused.map(|left| self.trouble.clone().unwrap_or_else(unknown).after(Some(left)))
    }

    /// Whether the file was looked at a moment ago.
    pub(super) fn was_looked_at(&self, now: Timestamp) -> bool {
        self.looked.is_some_and(|looked| looked <= now && now.since(looked) < LOOK_EVERY)
    }

    /// The file has these tokens now. If they are the ones that were just used up, somebody only touched it.
    pub(super) fn take(&mut self, found: Tokens) {
        let is_used_up = self.tokens.as_ref().is_some_and(|known| known.has_refresh(found.refresh.as_ref()));
        if self.unsaved.is_some() && is_used_up {
            return;
        }
        self.unsaved = None;
        self.tokens = Some(found);
        self.forget_trouble();
    }

    /// The new pair is on disk.
    pub(super) fn saved(&mut self, stamp: Stamp) {
        self.tokens = self.unsaved.take().or(self.tokens.take());
        self.stamp = Some(stamp);
        self.forget_trouble();
    }

    fn forget_trouble(&mut self) {
        self.is_short_lived = false;
        self.pause.end();
        self.trouble = None;
        self.has_complained = false;
    }

    /// An attempt failed: the next one is made after a pause.
    pub(super) fn stumble(&mut self, error: AuthError, longest: Duration, now: Timestamp) {
        self.trouble = Some(error);
        self.pause.fail(longest, now);
    }
}

fn advice(account: &str) -> String {
    let is_plain = account.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    let name = if is_plain { account.to_owned() } else { format!("{account:?}") };
    format!("log in again: run tweet_exporter login --account={name}")
}

fn is_good(tokens: &Tokens, refused: Option<&str>, now: Timestamp) -> bool {
    tokens.expires_at > now && refused != Some(tokens.access.expose())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    fn tokens(access: &str, refresh: Option<&str>, seconds: i64) -> Tokens {
        Tokens {
            access: Secret::new(access.to_owned()),
            refresh: refresh.map(|text| Secret::new(text.to_owned())),
            expires_at: Timestamp::from_seconds(1_000_000 + seconds),
            scope: String::new(),
        }
    }

    fn held(tokens: Tokens) -> Held {
        Held { tokens: Some(tokens), ..Held::new("acme") }
    }

    fn told(step: &Step) -> &'static str {
        match step {
            Step::Use(_) => "use",
            Step::Save => "save",
            Step::Renew => "renew",
            Step::Fail(AuthError::Refused(_)) => "refused",
            Step::Fail(AuthError::Unusable(_)) => "unusable",
            Step::Fail(AuthError::Transient { .. }) => "transient",
        }
    }

    fn steps(held: &Held) -> [&'static str; 2] {
        [told(&held.step(None, NOW)), told(&held.step(Some("at"), NOW))]
    }

    #[test]
    fn a_token_is_renewed_a_minute_early_or_when_x_refuses_it() {
        for (seconds, expected) in
            [(7_200, ["use", "renew"]), (61, ["use", "renew"]), (60, ["renew", "renew"]), (-1, ["renew", "renew"])]
        {
            assert_eq!(steps(&held(tokens("at", Some("rt"), seconds))), expected, "{seconds} s left");
            let renewed_by_another = held(tokens("other", Some("rt"), seconds));
            assert_eq!(told(&renewed_by_another.step(Some("at"), NOW)), expected[0], "{seconds} s left");
        }
    }

    #[test]
    fn a_token_for_less_than_a_minute_is_used_until_it_ends() {
        let mut held = held(tokens("at", Some("rt"), 5));
        assert!(!held.is_good_once(Some("at"), NOW) && held.is_good_once(None, NOW));
        assert_eq!(steps(&held), ["use", "renew"]);
        assert_eq!(told(&held.step(None, NOW + Duration::from_secs(5))), "renew");
        held.take(tokens("next", Some("rt2"), 5));
        assert_eq!(steps(&held)[0], "renew", "nobody knows yet whether X gives longer ones");
    }

    #[test]
    fn what_hinders_a_renewal_does_not_spoil_a_token_that_is_valid() {
        let refused = |seconds| Held {
            refused: Some((Secret::new("rt".to_owned()), "invalid_grant".to_owned())),
            ..held(tokens("at", Some("rt"), seconds))
        };
        let paused = |seconds| {
            let mut held = held(tokens("at", Some("rt"), seconds));
            held.stumble(AuthError::transient(crate::self_metrics::ErrorReason::ServerError, "503"), Duration::MAX, NOW);
            held
        };
        assert_eq!(steps(&refused(30)), ["use", "refused"]);
        assert_eq!(steps(&refused(0)), ["refused", "refused"]);
        assert_eq!(steps(&paused(30)), ["use", "transient"]);
        assert_eq!(steps(&paused(0)), ["transient", "transient"]);
        assert_eq!(told(&paused(0).step(None, NOW + Duration::from_secs(5))), "renew");
        assert_eq!(steps(&held(tokens("at", None, 30))), ["use", "refused"]);
        assert_eq!(steps(&Held::new("acme")), ["unusable", "unusable"]);
        let Step::Fail(error) = refused(0).step(None, NOW) else { panic!("refused") };
        assert!(error.to_string().starts_with("log in again: run tweet_exporter login --account=acme;"), "{error}");
    }

    #[test]
    fn another_login_ends_every_trouble_but_a_touched_file_none() {
        let mut held = Held {
            refused: Some((Secret::new("rt".to_owned()), String::new())),
            unsaved: Some(tokens("new", Some("rt2"), 7_200)),
            ..held(tokens("at", Some("rt"), 0))
        };
        held.take(tokens("at", Some("rt"), 0));
        assert_eq!(steps(&held), ["save", "save"]);
        held.stumble(AuthError::local("disk full"), Duration::MAX, NOW);
        assert_eq!(steps(&held)[0], "refused", "the old one is used up, and the new one must not be used");
        held.take(tokens("login", Some("rt3"), 7_200));
        assert_eq!(steps(&held), ["use", "use"]);
        assert!(held.unsaved.is_none());
    }
}
