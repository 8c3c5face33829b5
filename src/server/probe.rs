//! The page of one tweet, on demand: `/probe?target=<id or URL>&account=<name>`.

use hyper::StatusCode;
use hyper::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, VARY};
use hyper::http::request::Parts;
use percent_encoding::percent_decode_str;
use tokio::time::Instant;

use crate::collector::Probed;
use crate::exposition::{Pieces, accepts_gzip, negotiate};
use crate::model::{TweetRef, TweetRefError};
use crate::server::Server;
use crate::server::reply::{Reply, holding, reply, said, text, with};
use crate::server::scrape::{list, patience};

/// What is asked for.
struct Asked {
    target: TweetRef,
    account: String,
}

/// The tweet's families alone. It waits for X as long as the scrape's time allows, and says then what is known.
pub(super) async fn page(server: &Server, head: &Parts) -> Reply {
    let deadline = Instant::now() + patience(&head.headers);
    let asked = match Asked::read(head.uri.query().unwrap_or_default()) {
        Ok(asked) => asked,
        Err(why) => return said(StatusCode::BAD_REQUEST, &why),
    };
    let Ok(place) = server.probes.clone().try_acquire_owned() else {
        return text(StatusCode::SERVICE_UNAVAILABLE, "too many probes at a time");
    };
    let page = match server.handle.probe(asked.account, asked.target.id, deadline).await {
        Some(Probed::Page(page)) => page,
        Some(Probed::Forbidden) => {
            return text(StatusCode::FORBIDDEN, "probes may not spend for this account; list its name under probe.accounts");
        }
        Some(Probed::Full) => {
            return text(
                StatusCode::SERVICE_UNAVAILABLE,
                "too many tweets were asked for lately; list those that are asked for again under watch",
            );
        }
        None => return text(StatusCode::SERVICE_UNAVAILABLE, "no answer in time; ask again"),
    };
    let negotiated = negotiate(list(&head.headers, ACCEPT).as_deref());
    let gzip = accepts_gzip(list(&head.headers, ACCEPT_ENCODING).as_deref());
    let reply = reply(StatusCode::OK, negotiated.content_type, Pieces::of_text(page, negotiated.format, gzip));
    let reply = if gzip { with(reply, CONTENT_ENCODING, "gzip") } else { reply };
    holding(with(reply, VARY, "Accept, Accept-Encoding"), place)
}

impl Asked {
    /// Reads a query; an error says what to write. Parameters that nobody knows are left alone, as scrapers add some.
    fn read(query: &str) -> Result<Self, String> {
        let (target, account) = (one(query, "target")?, one(query, "account")?);
        let target = target.parse().map_err(|error: TweetRefError| format!("target: {error}"))?;
        Ok(Self { target, account })
    }
}

/// The value of a parameter that must be there once.
fn one(query: &str, name: &str) -> Result<String, String> {
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let mut values = pairs.filter(|(key, _)| *key == name).map(|(_, value)| value);
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(format!("{name} must be given once; write /probe?target=<id or URL of a tweet>&account=<name>"));
    };
    let plain = value.replace('+', " ");
    let value = percent_decode_str(&plain).decode_utf8().map_err(|_| format!("{name} is not UTF-8"))?;
    if value.trim().is_empty() {
        return Err(format!("{name} is empty; write /probe?target=<id or URL of a tweet>&account=<name>"));
    }
    Ok(value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_names_one_tweet_and_one_account() {
        for (query, id) in [
            ("target=20&account=acme", 20),
            ("account=acme&target=20&debug=1", 20),
            ("target=https%3A%2F%2Fx.com%2Facme%2Fstatus%2F20%3Fs%3D20&account=a", 20),
            ("target=https://x.com/acme/status/20&account=two+words", 20),
        ] {
            assert_eq!(Asked::read(query).map(|asked| asked.target.id.number()), Ok(id), "{query}");
        }
        assert_eq!(Asked::read("target=20&account=two+words%2B").map(|asked| asked.account), Ok("two words+".to_owned()));
    }

    #[test]
    fn anything_else_says_what_is_wrong() {
        for (query, says) in [
            ("", "target must be given once"),
            ("target=20", "account must be given once"),
            ("target=20&target=21&account=a", "target must be given once"),
            ("target=20&account=", "account is empty"),
            ("target=%FF&account=a", "target is not UTF-8"),
            ("target=zwanzig&account=a", "target: "),
            ("target=https://example.com/acme/status/20&account=a", "target: "),
            ("target=0&account=a", "target: "),
        ] {
            let error = Asked::read(query).map(|asked| asked.account).expect_err(query);
            assert!(error.starts_with(says), "{query}: {error}");
        }
    }
}
