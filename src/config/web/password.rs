//! `basic_auth_users`: names and bcrypt hashes. No message repeats what stands in place of a hash: it may be the password.

use std::collections::BTreeMap;

use crate::config::section::{Entry, Field};

/// Hashes of a higher cost take seconds each, on every computer that asks for the first time, and for as long nobody else is let in.
const MOST_COST: u32 = 14;

/// Hashes by user name.
pub(super) fn users(field: &Field<'_>) -> Option<BTreeMap<String, String>> {
    let read: Vec<_> = field.entries()?.iter().map(user).collect();
    read.into_iter().collect()
}

fn user(entry: &Entry<'_>) -> Option<(String, String)> {
    let name = entry.name;
    if name.contains(':') || name.is_empty() || name.chars().any(char::is_control) {
        // A forgotten space makes the password part of the name.
        let hidden = Field { path: "basic_auth_users".to_owned(), ..entry.key.clone() };
        return hidden
            .refuse("not a user name, not shown as it may hold a password; write name: hash, without a colon in the name");
    }
    entry.value.untagged()?;
    let hash = entry.value.as_text().unwrap_or_default();
    let Some(cost) = cost(hash) else {
        return entry.value.refuse("not a bcrypt hash; write what `htpasswd -nBC 10 \"\"` prints, without its colon");
    };
    if !(4..=MOST_COST).contains(&cost) {
        return entry.value.refuse(format!(
            "bcrypt's cost is {cost}; each first login would take {}; write a hash of cost 10 to {MOST_COST}",
            if cost < 4 { "no time at all" } else { "many seconds" }
        ));
    }
    Some((name.to_owned(), hash.to_owned()))
}

/// The cost of a well-formed hash: `$2y$10$`, 22 characters of salt, 31 of hash.
fn cost(hash: &str) -> Option<u32> {
    let rest = ["$2a$", "$2b$", "$2y$"].iter().find_map(|version| hash.strip_prefix(version))?;
    let (cost, rest) = rest.split_once('$')?;
    let is_whole = cost.len() == 2 && rest.len() == 53;
    let is_base64 = rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"./".contains(&byte));
    if is_whole && is_base64 { cost.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_hashes_have_a_cost() {
        let hash = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi";
        assert_eq!(cost(hash), Some(10));
        for wrong in ["", "hunter2", &hash[..59], &format!("{hash}x"), &hash.replace("$10", "$+1"), &hash.replace("2y", "2x")] {
            assert!(cost(wrong).is_none_or(|cost| cost == 1), "{wrong}");
        }
        assert_eq!(cost(&hash.replace('O', "ö")), None);
    }
}
