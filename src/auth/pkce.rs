//! The browser's part of OAuth 2.0: the page to open, and what it sends back (RFC 6749, section 4.1; RFC 7636).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Url;
use sha2::{Digest, Sha256};

use crate::auth::error::AuthError;
use crate::auth::oauth1::percent_encode;
use crate::config::{Oauth2, Secret};

/// One attempt to be allowed in; good for one code.
#[derive(Debug)]
pub struct Authorization {
    /// Proves to X that whoever brings the code asked for it.
    pub verifier: Secret,
    state: Secret,
}

/// Why what came back is of no use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedirectError {
    /// The state of another attempt, or none.
    WrongState,
    /// The user, or X, said no.
    Denied(String),
    /// No code and no error.
    NoCode,
    /// Not an address, nor the part of one behind the question mark.
    NotAnAddress,
}

impl Authorization {
    /// The scopes that this program needs (x-api.md 3.3).
    pub const SCOPES: [&'static str; 3] = ["tweet.read", "users.read", "offline.access"];

    /// A new attempt.
    pub fn new() -> Result<Self, AuthError> {
        Ok(Self { verifier: random()?, state: random()? })
    }

    /// The page on which the user allows the app.
    pub fn url(&self, page: &str, oauth2: &Oauth2) -> String {
        let scope = Self::SCOPES.join(" ");
        let challenge = challenge(self.verifier.expose());
        let pairs = [
            ("response_type", "code"),
            ("client_id", &oauth2.client_id),
            ("redirect_uri", &oauth2.redirect_uri),
            ("scope", &scope),
            ("state", self.state.expose()),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        let query: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={}", percent_encode(value))).collect();
        format!("{page}?{}", query.join("&"))
    }

    /// The code from the address that X sent the browser to: the whole address, or what stands behind its question mark.
    pub fn code(&self, redirect: &str) -> Result<Secret, RedirectError> {
        let redirect = redirect.trim();
        let query = redirect.split_once('?').map_or(redirect, |(_, query)| query);
        if !query.contains('=') {
            return Err(RedirectError::NotAnAddress);
        }
        let url = Url::parse(&format!("http://localhost/?{query}")).map_err(|_| RedirectError::NotAnAddress)?;
        let value = |wanted: &str| url.query_pairs().find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned());
        if value("state").as_deref() != Some(self.state.expose()) {
            return Err(RedirectError::WrongState);
        }
        if let Some(error) = value("error") {
            let words: Vec<String> = [Some(error), value("error_description")].into_iter().flatten().collect();
            let letters =
                words.join(": ").chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(300).collect();
            return Err(RedirectError::Denied(letters));
        }
        let code = value("code").filter(|code| !code.is_empty() && code.len() < 4_096);
        code.map(Secret::new).ok_or(RedirectError::NoCode)
    }
}

/// 32 random bytes make 43 characters, the least that RFC 7636 allows.
fn random() -> Result<Secret, AuthError> {
    let mut random = [0u8; 32];
    getrandom::fill(&mut random).map_err(|_| AuthError::local("the operating system gives no random bytes"))?;
    Ok(Secret::new(URL_SAFE_NO_PAD.encode(random)))
}

fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

impl fmt::Display for RedirectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongState => {
                f.write_str("its state is not that of this login: it belongs to another attempt, or a part is missing")
            }
            Self::Denied(said) => write!(f, "X did not allow it: {said}"),
            Self::NoCode => f.write_str("there is no code in it"),
            Self::NotAnAddress => f.write_str("that is no address with code and state in it"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt() -> Authorization {
        let secret = |text: &str| Secret::new(text.to_owned());
        Authorization { verifier: secret("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"), state: secret("st") }
    }

    #[test]
    fn the_challenge_is_that_of_rfc_7636_appendix_b() {
        assert_eq!(challenge(attempt().verifier.expose()), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn no_two_attempts_are_alike() {
        let (one, other) = (Authorization::new().expect("random"), Authorization::new().expect("random"));
        let texts = [&one.verifier, &one.state, &other.verifier, &other.state].map(Secret::expose);
        assert!(texts.iter().all(|text| (43..=128).contains(&text.len())));
        assert_eq!(texts.iter().collect::<std::collections::BTreeSet<_>>().len(), 4);
    }

    #[test]
    fn the_page_is_asked_for_with_everything_encoded() {
        let oauth2 = Oauth2 {
            client_id: "id".to_owned(),
            client_secret: None,
            token_file: "t.json".into(),
            redirect_uri: "http://127.0.0.1:10281/callback".to_owned(),
        };
        assert_eq!(
            attempt().url("https://x.com/i/oauth2/authorize", &oauth2),
            "https://x.com/i/oauth2/authorize?response_type=code&client_id=id&redirect_uri=http%3A%2F%2F127.0.0.1%3A10281%2Fcallback\
             &scope=tweet.read%20users.read%20offline.access&state=st\
             &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
        );
    }

    #[test]
    fn codes_are_found_in_whatever_people_paste() {
        let denied = || RedirectError::Denied("access_denied: No thanks".to_owned());
        for (pasted, expected) in [
            ("http://127.0.0.1:10281/callback?state=st&code=c%2Bd", Ok("c+d")),
            (" https://acme.example/?code=c&state=st#_\n", Ok("c")),
            ("code=c&state=st", Ok("c")),
            ("?state=st&code=c", Ok("c")),
            ("http://127.0.0.1/?state=other&code=c", Err(RedirectError::WrongState)),
            ("http://127.0.0.1/?code=c", Err(RedirectError::WrongState)),
            ("?state=other&error=access_denied", Err(RedirectError::WrongState)),
            ("?error=access_denied&error_description=No%20thanks&state=st", Err(denied())),
            ("?state=st", Err(RedirectError::NoCode)),
            ("?state=st&code=", Err(RedirectError::NoCode)),
            ("justacode", Err(RedirectError::NotAnAddress)),
            ("http://127.0.0.1:10281/callback", Err(RedirectError::NotAnAddress)),
            ("", Err(RedirectError::NotAnAddress)),
        ] {
            let found = attempt().code(pasted).map(|code| code.expose().to_owned());
            assert_eq!(found.as_deref().map_err(Clone::clone), expected, "{pasted}");
        }
    }
}
