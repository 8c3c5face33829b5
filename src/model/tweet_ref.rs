//! A tweet as a person names it: by its id, or by the URL in the address bar.

use std::fmt;
use std::str::FromStr;

use crate::model::{TweetId, TweetIdError, Username};

/// A tweet that somebody named, with the author's name where the URL says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TweetRef {
    /// The tweet.
    pub id: TweetId,
    /// From `x.com/<username>/status/…`; X follows such a URL whatever the name is, so it is a hint.
    pub username: Option<Username>,
}

/// Why a text names no tweet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TweetRefError {
    /// It is a bare number, or a URL's number, that is no id.
    Id(TweetIdError),
    /// A URL of another site.
    Host,
    /// A URL of X that does not lead to a tweet.
    Path,
}

const HOSTS: [&str; 2] = ["x.com", "twitter.com"];
const SUBDOMAINS: [&str; 3] = ["www.", "mobile.", "m."];

impl FromStr for TweetRef {
    type Err = TweetRefError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        match strip_scheme(text) {
            Some(url) => from_url(url),
            None if text.contains('/') => from_url(text),
            None => text.parse().map(|id| Self { id, username: None }).map_err(TweetRefError::Id),
        }
    }
}

fn strip_scheme(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once("://")?;
    (scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http")).then_some(rest)
}

fn from_url(url: &str) -> Result<TweetRef, TweetRefError> {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let (host, path) = url.split_once('/').unwrap_or((url, ""));
    if !is_x(host) {
        return Err(TweetRefError::Host);
    }
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    let mut next = || parts.next().unwrap_or_default();
    let (username, id) = match (next(), next(), next()) {
        ("i", "web", status) if is_status(status) => (None, next()),
        ("i", status, id) if is_status(status) => (None, id),
        (name, status, id) if is_status(status) => (Some(name.parse().map_err(|_| TweetRefError::Path)?), id),
        _ => return Err(TweetRefError::Path),
    };
    if id.is_empty() {
        return Err(TweetRefError::Path);
    }
    id.parse().map(|id| TweetRef { id, username }).map_err(TweetRefError::Id)
}

fn is_x(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let host = host.strip_suffix(":443").unwrap_or(&host);
    let bare = SUBDOMAINS.iter().find_map(|subdomain| host.strip_prefix(subdomain)).unwrap_or(host);
    HOSTS.contains(&bare)
}

/// Old links say `statuses`.
fn is_status(part: &str) -> bool {
    part.eq_ignore_ascii_case("status") || part.eq_ignore_ascii_case("statuses")
}

impl fmt::Display for TweetRefError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(error) => error.fmt(f),
            Self::Host => f.write_str("not a tweet; write an id or a URL of x.com or twitter.com"),
            Self::Path => f.write_str("the URL leads to no tweet; write it as https://x.com/<username>/status/<id>"),
        }
    }
}

impl std::error::Error for TweetRefError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_every_kind_of_url_name_the_tweet() {
        for (text, username) in [
            ("1346889436626259968", None),
            ("  1346889436626259968\n", None),
            ("https://x.com/acme/status/1346889436626259968", Some("acme")),
            ("http://twitter.com/acme/status/1346889436626259968/", Some("acme")),
            ("https://mobile.twitter.com/acme/status/1346889436626259968?s=20&t=abc", Some("acme")),
            ("https://www.x.com/acme/status/1346889436626259968/photo/1", Some("acme")),
            ("HTTPS://X.com/Acme_1/Status/1346889436626259968#m", Some("Acme_1")),
            ("x.com/acme/statuses/1346889436626259968", Some("acme")),
            ("https://x.com/i/status/1346889436626259968", None),
            ("https://x.com/i/web/status/1346889436626259968?x=/y", None),
        ] {
            let tweet: TweetRef = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(tweet.id.to_string(), "1346889436626259968", "{text}");
            assert_eq!(tweet.username.as_ref().map(Username::as_str), username, "{text}");
        }
    }

    #[test]
    fn what_names_no_tweet_is_refused() {
        for (text, error) in [
            ("", TweetRefError::Id(TweetIdError::NotDigits)),
            ("hello", TweetRefError::Id(TweetIdError::NotDigits)),
            ("9223372036854775808", TweetRefError::Id(TweetIdError::TooLarge)),
            ("https://x.com/acme/status/9223372036854775808", TweetRefError::Id(TweetIdError::TooLarge)),
            ("https://x.com/acme/status/12abc", TweetRefError::Id(TweetIdError::NotDigits)),
            ("https://x.com.evil.example/acme/status/12", TweetRefError::Host),
            ("https://evil.example/x.com/status/12", TweetRefError::Host),
            ("https://fox.com/acme/status/12", TweetRefError::Host),
            ("ftp://x.com/acme/status/12", TweetRefError::Host),
            ("https://x.com/acme", TweetRefError::Path),
            ("https://x.com/acme/status/", TweetRefError::Path),
            ("https://x.com/acme/lists/12", TweetRefError::Path),
            ("https://x.com/i/spaces/12", TweetRefError::Path),
        ] {
            assert_eq!(text.parse::<TweetRef>(), Err(error), "{text}");
        }
    }
}
