//! What `check` and `plan` say of X's lower price for the own timeline: who gets it, X alone knows.

use crate::auth::configured_kinds;
use crate::config::{Account, Prices};
use crate::model::Api;

/// At which price the reads of an account's own timeline are planned, on what that rests, and what to write where it does not hold. Nothing
/// for an account that reads no timeline with a user's token, or where that price is no lower than any tweet's.
pub(super) fn owned_price(account: &Account, prices: &Prices) -> Option<String> {
    let reads_it = account.reads().iter().any(|source| source.kind.api() == Api::Timeline);
    let speaks = configured_kinds(&account.credentials).iter().any(|kind| kind.is_user());
    let (owned, full) = (prices.owned_tweet, prices.tweet);
    if !(reads_it && speaks && owned < full) {
        return None;
    }
    let who = account.username.as_ref().map_or("its owner".to_owned(), |name| format!("@{name}"));
    Some(format!(
        "its timeline's reads are planned at ${owned} a tweet, since {who} is taken for the token's own user; X gives that price to the \
         owner of the developer app alone: where that is somebody else, write billing.usd.owned_tweet: {full}"
    ))
}
