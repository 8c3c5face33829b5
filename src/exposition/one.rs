//! Text that is made for once: the page of one tweet, for a probe.

use std::iter;

use bytes::Bytes;

use crate::exposition::text::{Lines, account_labels, head};
use crate::model::{Family, TweetId};
use crate::store::{AccountStore, TweetRecord};

/// All families of one tweet, on a page of its own; nothing if the account does not know it.
pub fn build_one(account: &AccountStore, tweet: TweetId) -> Option<Bytes> {
    Some(texts_of(account, iter::once(account.record(tweet)?)).concat().into())
}

/// The text of each family of these tweets of an account, with its head. The page is made of pieces that are kept; this is their text
/// anew, without compression.
pub fn texts_of<'a>(account: &AccountStore, records: impl Iterator<Item = &'a TweetRecord>) -> Vec<String> {
    let (labels, mut lines) = (account_labels(account.name()), Lines::default());
    for record in records {
        if !record.state().is_gone() {
            lines.numbers(&labels, record);
            lines.facts(&labels, account, record);
        }
        lines.state(&labels, record);
    }
    let families = Family::ALL.into_iter().zip(lines.into_texts()).filter(|(_, text)| !text.is_empty());
    families.flat_map(|(family, text)| [head(family), text]).collect()
}
