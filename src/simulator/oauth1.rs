//! OAuth 1.0a with HMAC-SHA1, seen from the server (x-api.md, section 3.1; RFC 5849, section 3.4).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha1::Sha1;

/// Everything but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A parsed `Authorization: OAuth …` header.
pub(crate) struct Header {
    pairs: Vec<(String, String)>,
}

/// What a signature covers, besides the header's own parameters.
pub(crate) struct Signed<'a> {
    pub(crate) method: &'a str,
    /// Scheme, host and path.
    pub(crate) url: &'a str,
    /// Query parameters, and those of a form body.
    pub(crate) parameters: Vec<(&'a str, &'a str)>,
}

impl Header {
    /// Reads what follows the word `OAuth`. Nothing, if a needed pair is missing, any is there twice, or one is not ours to read.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for part in text.split(',') {
            let (key, value) = part.trim().split_once('=')?;
            let value = value.strip_prefix('"')?.strip_suffix('"')?;
            let (key, value) = (decode(key)?, decode(value)?);
            if !key.starts_with("oauth_") && key != "realm" || pairs.iter().any(|(known, _)| *known == key) {
                return None;
            }
            pairs.push((key, value));
        }
        let header = Self { pairs };
        const NEEDED: [&str; 6] =
            ["oauth_consumer_key", "oauth_nonce", "oauth_signature", "oauth_signature_method", "oauth_timestamp", "oauth_token"];
        let complete = NEEDED.iter().all(|key| header.value(key).is_some_and(|value| !value.is_empty()));
        let known = header.value("oauth_signature_method") == Some("HMAC-SHA1")
            && header.value("oauth_version").is_none_or(|version| version == "1.0");
        (complete && known).then_some(header)
    }

    /// The value of a pair.
    pub(crate) fn value(&self, key: &str) -> Option<&str> {
        self.pairs.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
    }

    /// The moment of signing, in seconds since 1970.
    pub(crate) fn timestamp(&self) -> Option<i64> {
        self.value("oauth_timestamp")?.parse().ok()
    }

    /// Whether the holder of both secrets signed this request.
    pub(crate) fn verifies(&self, signed: &Signed<'_>, consumer_secret: &str, token_secret: &str) -> bool {
        let Some(signature) = self.value("oauth_signature").and_then(|text| STANDARD.decode(text).ok()) else { return false };
        self.mac(signed, consumer_secret, token_secret).verify_slice(&signature).is_ok()
    }

    fn mac(&self, signed: &Signed<'_>, consumer_secret: &str, token_secret: &str) -> Hmac<Sha1> {
        let key = format!("{}&{}", encode(consumer_secret), encode(token_secret));
        let mut mac = Hmac::<Sha1>::new_from_slice(key.as_bytes()).expect("HMAC takes keys of any length");
        mac.update(self.base_string(signed).as_bytes());
        mac
    }

    fn base_string(&self, signed: &Signed<'_>) -> String {
        let own = self.pairs.iter().filter(|(key, _)| key != "oauth_signature" && key != "realm");
        let own = own.map(|(key, value)| (key.as_str(), value.as_str()));
        let mut all: Vec<(String, String)> =
            own.chain(signed.parameters.iter().copied()).map(|(key, value)| (encode(key), encode(value))).collect();
        all.sort();
        let joined = all.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join("&");
        format!("{}&{}&{}", signed.method, encode(signed.url), encode(&joined))
    }
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

fn decode(text: &str) -> Option<String> {
    percent_decode_str(text).decode_utf8().ok().map(|text| text.into_owned())
}

/// The header that a client would send. The published values, not this, show that signatures are right.
#[cfg(test)]
pub(crate) fn signed_for_tests(
    call: &crate::simulator::call::Call,
    keys: &crate::simulator::keys::Oauth1Keys,
    now: crate::model::Timestamp,
    nonce: u64,
) -> String {
    let (key, token, moment) = (&keys.consumer_key, &keys.access_token, now.millis() / 1000);
    let with = |signature: &str| {
        format!(
            "oauth_consumer_key=\"{key}\", oauth_nonce=\"n{nonce}\", oauth_signature=\"{signature}\", \
             oauth_signature_method=\"HMAC-SHA1\", oauth_timestamp=\"{moment}\", oauth_token=\"{token}\", oauth_version=\"1.0\""
        )
    };
    let url = call.signed_url();
    let parameters = call.query.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let signed = Signed { method: call.method.as_str(), url: &url, parameters };
    let header = Header::parse(&with("x")).expect("a whole header");
    let mac = header.mac(&signed, &keys.consumer_secret, &keys.access_token_secret);
    format!("OAuth {}", with(&encode(&STANDARD.encode(mac.finalize().into_bytes()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Vector {
        header: &'static str,
        signed: Signed<'static>,
        secrets: (&'static str, &'static str),
        signature: &'static str,
    }

    const OURS: &str = r#"oauth_consumer_key="ck-test", oauth_nonce="nonce0001", oauth_signature="x",
        oauth_signature_method="HMAC-SHA1", oauth_timestamp="1767225600", oauth_token="at-test", oauth_version="1.0""#;

    /// Both vectors of x-api.md, section 3.1, and the value that X prints on "Creating a signature".
    fn vectors() -> [Vector; 3] {
        [
            Vector {
                header: OURS,
                signed: Signed {
                    method: "GET",
                    url: "https://api.x.com/2/tweets",
                    parameters: vec![
                        ("ids", "1700000000000000001,1700000000000000002"),
                        ("tweet.fields", "public_metrics,non_public_metrics"),
                    ],
                },
                secrets: ("cs test", "ts+test"),
                signature: "ZrdD+Ld1oGCRvFx63Uzs6DWaXJg=",
            },
            Vector {
                header: OURS,
                signed: Signed {
                    method: "POST",
                    url: "https://data-api.twitter.com/insights/engagement/totals",
                    parameters: vec![],
                },
                secrets: ("cs test", "ts+test"),
                signature: "4MSckkxThuP1ZXLq9hRsBN5muwE=",
            },
            Vector {
                header: r#"oauth_consumer_key="xvz1evFS4wEEPTGEFPHBog", oauth_signature="x", oauth_version="1.0",
                    oauth_nonce="kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg", oauth_signature_method="HMAC-SHA1",
                    oauth_timestamp="1318622958", oauth_token="370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb""#,
                signed: Signed {
                    method: "POST",
                    url: "https://api.x.com/1.1/statuses/update.json",
                    parameters: vec![
                        ("status", "Hello Ladies + Gentlemen, a signed OAuth request!"),
                        ("include_entities", "true"),
                    ],
                },
                secrets: ("kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw", "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE"),
                signature: "Ls93hJiZbQ3akF3HF3x1Bz8/zU4=",
            },
        ]
    }

    #[test]
    fn the_published_signatures_come_out() {
        for vector in vectors() {
            let header = Header::parse(vector.header).expect("a whole header");
            let (consumer, token) = vector.secrets;
            let mac = header.mac(&vector.signed, consumer, token);
            assert_eq!(STANDARD.encode(mac.finalize().into_bytes()), vector.signature);
        }
    }

    #[test]
    fn a_signature_holds_for_one_request_only() {
        let [vector, ..] = vectors();
        let text = vector.header.replace(r#"oauth_signature="x""#, r#"oauth_signature="ZrdD%2BLd1oGCRvFx63Uzs6DWaXJg%3D""#);
        let header = Header::parse(&text).expect("a whole header");
        assert!(header.verifies(&vector.signed, "cs test", "ts+test"));
        assert!(!header.verifies(&vector.signed, "cs test", "ts test"));
        assert!(!header.verifies(&Signed { method: "POST", ..vector.signed }, "cs test", "ts+test"));
    }

    #[test]
    fn broken_headers_are_refused() {
        assert!(Header::parse(OURS).is_some());
        for (from, to) in [
            ("oauth_nonce=\"nonce0001\"", "oauth_nonce=\"nonce0001\", oauth_nonce=\"nonce0001\""),
            ("oauth_nonce=\"nonce0001\", ", ""),
            ("HMAC-SHA1", "PLAINTEXT"),
            ("\"1.0\"", "\"2.0\""),
            ("\"at-test\"", "at-test"),
        ] {
            assert!(Header::parse(&OURS.replace(from, to)).is_none(), "{to}");
        }
        assert!(Header::parse("").is_none());
    }
}
