//! Basic authentication against bcrypt hashes. An unknown user costs the same work as a known one, and what was once checked is
//! remembered by a keyed digest: nothing that is kept tells a password.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use hyper::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// Who may come in.
pub(super) struct Users {
    hashes: BTreeMap<String, String>,
    /// New in every process, so that digests are worth nothing to others.
    key: [u8; 32],
    verdicts: Mutex<Verdicts>,
}

/// What somebody says of himself.
pub(super) struct Login {
    user: String,
    password: SecretString,
}

type Digest = [u8; 32];

/// What is known already. Right logins are kept by user, so that no crowd of wrong ones can push them out.
#[derive(Default)]
struct Verdicts {
    right: HashMap<String, Digest>,
    /// A scraper with an old password asks for ever.
    wrong: VecDeque<Digest>,
}

impl Verdicts {
    const WRONG: usize = 128;
}

impl Login {
    /// What an `Authorization` header says, if it is one of the basic kind.
    pub(super) fn read(header: &HeaderValue) -> Option<Self> {
        let (scheme, rest) = header.to_str().ok()?.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let text = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
        let (user, password) = text.split_once(':')?;
        Some(Self { user: user.to_owned(), password: SecretString::from(password) })
    }
}

impl Default for Users {
    fn default() -> Self {
        Self::new(BTreeMap::new())
    }
}

impl Users {
    pub(super) fn new(hashes: BTreeMap<String, String>) -> Self {
        let mut key = [0; 32];
        getrandom::fill(&mut key).expect("the system has randomness");
        Self { hashes, key, verdicts: Mutex::default() }
    }

    /// Nobody is named: everybody may come in.
    pub(super) fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// What was found before about the very same login.
    pub(super) fn known_verdict(&self, login: &Login) -> Option<bool> {
        let digest = self.digest(login);
        let verdicts = self.verdicts();
        if verdicts.right.get(&login.user) == Some(&digest) {
            return Some(true);
        }
        verdicts.wrong.contains(&digest).then_some(false)
    }

    /// Which hash a login is to be checked against. For an unknown user it is some known one's, always the same: neither the
    /// time that it takes nor its variation tells who is known.
    pub(super) fn hash_for(&self, login: &Login) -> String {
        let known = self.hashes.get(&login.user);
        let decoy = || {
            let digest = self.mac(&[login.user.as_bytes()]);
            let index = usize::from(u16::from_be_bytes([digest[0], digest[1]])) % self.hashes.len();
            self.hashes.values().nth(index).expect("below the length")
        };
        known.unwrap_or_else(decoy).clone()
    }

    /// Remembers and gives the verdict, when it is known whether the password fits the hash.
    pub(super) fn judge(&self, login: &Login, fits: bool) -> bool {
        let is_right = fits && self.hashes.contains_key(&login.user);
        let digest = self.digest(login);
        let mut verdicts = self.verdicts();
        if is_right {
            verdicts.right.insert(login.user.clone(), digest);
        } else if !verdicts.wrong.contains(&digest) {
            verdicts.wrong.push_back(digest);
            if verdicts.wrong.len() > Verdicts::WRONG {
                verdicts.wrong.pop_front();
            }
        }
        is_right
    }

    fn digest(&self, login: &Login) -> Digest {
        self.mac(&[login.user.as_bytes(), login.password.expose_secret().as_bytes()])
    }

    /// Over the parts and their lengths: `a` and `bc` are not `ab` and `c`.
    fn mac(&self, parts: &[&[u8]]) -> Digest {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("any length will do");
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    fn verdicts(&self) -> MutexGuard<'_, Verdicts> {
        self.verdicts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The work itself: some 70 ms at cost 10. Bcrypt looks at 72 bytes only; what is longer cannot be right, but costs the same.
pub(super) fn fits(login: &Login, hash: &str) -> bool {
    let password = login.password.expose_secret();
    let fits = bcrypt::verify(password, hash).unwrap_or(false);
    fits && password.len() <= 72
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(user: &str, password: &str) -> Login {
        Login { user: user.to_owned(), password: SecretString::from(password) }
    }

    fn users() -> Users {
        let hash = |password: &str| bcrypt::hash(password, 4).expect("hashed");
        Users::new(BTreeMap::from([("alice".to_owned(), hash("secret")), ("bob".to_owned(), hash(&"b".repeat(72)))]))
    }

    fn check(users: &Users, login: &Login) -> bool {
        let verdict = users.judge(login, fits(login, &users.hash_for(login)));
        assert_eq!(users.known_verdict(login), Some(verdict));
        verdict
    }

    #[test]
    fn only_the_right_password_of_the_right_user_opens() {
        let users = users();
        assert_eq!(users.known_verdict(&login("alice", "secret")), None);
        assert!(check(&users, &login("alice", "secret")));
        assert!(check(&users, &login("bob", &"b".repeat(72))));
        for (user, password) in
            [("alice", "Secret"), ("alice", ""), ("bob", "secret"), ("", "secret"), ("alic", "esecret"), ("bob", &"b".repeat(73))]
        {
            assert!(!check(&users, &login(user, password)), "{user}");
        }
        // Whatever hash an unknown user is checked against, its password does not open.
        for name in 0..50 {
            assert!(!check(&users, &login(&format!("mallory{name}"), "secret")));
        }
        assert_eq!(users.known_verdict(&login("alice", "secret")), Some(true), "a crowd does not push it out");
    }

    #[test]
    fn an_unknown_user_always_meets_the_same_hash_and_all_are_met() {
        let users = users();
        let met: std::collections::BTreeSet<String> = (0..64).map(|n| users.hash_for(&login(&format!("u{n}"), ""))).collect();
        assert_eq!(met.len(), 2);
        assert_eq!(users.hash_for(&login("u1", "a")), users.hash_for(&login("u1", "b")));
    }

    #[test]
    fn headers_are_read_or_are_no_login() {
        let read = |text: &str| {
            let login = Login::read(&HeaderValue::from_str(text).expect("a header"))?;
            Some((login.user, login.password.expose_secret().to_owned()))
        };
        let pair = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
        assert_eq!(read("Basic YWxpY2U6c2VjcmV0"), pair("alice", "secret"));
        assert_eq!(read("basic  YWxpY2U6YTpi "), pair("alice", "a:b"));
        assert_eq!(read("BASIC Og=="), pair("", ""));
        for text in ["", "Basic", "Basic ", "Basic !", "Bearer YWxpY2U6c2VjcmV0", "Basic YWxpY2U=", "Basic /zo="] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
