//! The page of one tweet, for a probe.

use bytes::Bytes;

use crate::exposition::text::{Lines, account_labels, head};
use crate::model::{Family, TweetId};
use crate::store::AccountStore;

/// All families of one tweet, on a page of its own; nothing if the account does not know it.
pub fn build_one(account: &AccountStore, tweet: TweetId) -> Option<Bytes> {
    let record = account.record(tweet)?;
    let (labels, mut lines) = (account_labels(account.name()), Lines::default());
    if !record.state().is_gone() {
        lines.numbers(&labels, record);
        lines.facts(&labels, account, record);
    }
    lines.state(&labels, record);
    let families = Family::ALL.into_iter().filter(|family| !lines.of(*family).is_empty());
    Some(families.map(|family| head(family) + lines.of(family)).collect::<String>().into())
}
