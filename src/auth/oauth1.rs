//! OAuth 1.0a signatures with HMAC-SHA1, as X's page "Creating a signature" and RFC 5849, section 3.4, describe them.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Url;

use crate::config::Oauth1;
use crate::net::Method;

/// All but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Encodes a text for a query and for a signature alike: one encoder for both, or a comma in a list of ids breaks the signature.
pub fn percent_encode(text: &str) -> Cow<'_, str> {
    utf8_percent_encode(text, RESERVED).into()
}

/// What makes a signature good for one call only.
pub(super) struct Once {
    /// Never used before.
    pub(super) nonce: String,
    /// Unix time in seconds.
    pub(super) seconds: i64,
}

/// The value of the `Authorization` header.
pub(super) fn authorization(keys: &Oauth1, method: Method, url: &Url, query: &[(&str, &str)], once: &Once) -> String {
    let seconds = once.seconds.to_string();
    let mut pairs = vec![
        ("oauth_consumer_key", keys.consumer_key.expose()),
        ("oauth_nonce", &once.nonce),
        ("oauth_signature_method", "HMAC-SHA1"),
        ("oauth_timestamp", &seconds),
        ("oauth_token", keys.access_token.expose()),
        ("oauth_version", "1.0"),
    ];
    let signed: Vec<_> = pairs.iter().chain(query).copied().collect();
    let signature = sign(keys, &base_string(method, url, &signed));
    pairs.push(("oauth_signature", &signature));
    let header: Vec<String> = pairs.iter().map(|(key, value)| format!("{key}=\"{}\"", percent_encode(value))).collect();
    format!("OAuth {}", header.join(", "))
}

/// Pairs are sorted after they are encoded; the URL has neither query nor default port.
fn base_string(method: Method, url: &Url, pairs: &[(&str, &str)]) -> String {
    let mut encoded: Vec<_> = pairs.iter().map(|(key, value)| (percent_encode(key), percent_encode(value))).collect();
    encoded.sort();
    let list: Vec<String> = encoded.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let address = format!("{}://{}{port}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path());
    format!("{}&{}&{}", method.name(), percent_encode(&address), percent_encode(&list.join("&")))
}

fn sign(keys: &Oauth1, base: &str) -> String {
    let (consumer, token) = (keys.consumer_secret.expose(), keys.access_token_secret.expose());
    let key = format!("{}&{}", percent_encode(consumer), percent_encode(token));
    let mut mac = Hmac::<sha1::Sha1>::new_from_slice(key.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(base.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;

    fn keys([consumer_key, consumer_secret, access_token, access_token_secret]: [&str; 4]) -> Oauth1 {
        let secret = |text: &str| Secret::new(text.to_owned());
        Oauth1 {
            consumer_key: secret(consumer_key),
            consumer_secret: secret(consumer_secret),
            access_token: secret(access_token),
            access_token_secret: secret(access_token_secret),
        }
    }

    fn signature(keys: &Oauth1, method: Method, url: &str, query: &[(&str, &str)], nonce: &str, seconds: i64) -> String {
        let url = Url::parse(url).expect("a URL");
        let once = Once { nonce: nonce.to_owned(), seconds };
        let header = authorization(keys, method, &url, query, &once);
        let (_, value) = header.split_once("oauth_signature=\"").expect("a signed header");
        value.trim_end_matches('"').to_owned()
    }

    #[test]
    fn signatures_agree_with_the_vectors_of_the_reference() {
        // x-api.md, section 3.1.
        let keys = keys(["ck-test", "cs test", "at-test", "ts+test"]);
        let query = [("ids", "1700000000000000001,1700000000000000002"), ("tweet.fields", "public_metrics,non_public_metrics")];
        for (method, url, query, expected) in [
            (Method::Get, "https://api.x.com/2/tweets", &query[..], "ZrdD+Ld1oGCRvFx63Uzs6DWaXJg="),
            (Method::Post, "https://data-api.twitter.com/insights/engagement/totals", &[][..], "4MSckkxThuP1ZXLq9hRsBN5muwE="),
        ] {
            assert_eq!(signature(&keys, method, url, query, "nonce0001", 1_767_225_600), percent_encode(expected), "{url}");
        }
    }

    #[test]
    fn signatures_agree_with_the_worked_example_of_x() {
        // X's page "Creating a signature", whose host changed over the years.
        let keys = keys([
            "xvz1evFS4wEEPTGEFPHBog",
            "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
            "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
            "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
        ]);
        let query = [("status", "Hello Ladies + Gentlemen, a signed OAuth request!"), ("include_entities", "true")];
        for (host, expected) in
            [("api.x.com", "Ls93hJiZbQ3akF3HF3x1Bz8/zU4="), ("api.twitter.com", "hCtSmYh+iHYCEqBWrE7C7hYmtUk=")]
        {
            let url = format!("https://{host}/1.1/statuses/update.json");
            let nonce = "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg";
            assert_eq!(signature(&keys, Method::Post, &url, &query, nonce, 1_318_622_958), percent_encode(expected), "{host}");
        }
    }

    #[test]
    fn a_port_that_is_not_the_schemes_own_is_signed() {
        let at = |url: &str| base_string(Method::Get, &Url::parse(url).expect("a URL"), &[]);
        assert_eq!(at("http://127.0.0.1:8080/2/tweets"), "GET&http%3A%2F%2F127.0.0.1%3A8080%2F2%2Ftweets&");
        assert_eq!(at("https://api.x.com:443/2/tweets"), at("https://API.x.com/2/tweets"));
    }
}
