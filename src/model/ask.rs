//! What a source may be asked for.

use serde::{Deserialize, Serialize};

/// What may be asked of a batch of tweets. Numbers that only the author may see make X drop the tweets of others from the answer, or
/// refuse it whole (x-api.md 1a, 1e), so this is decided before the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// What everybody may see: any tweet, any credential that the system takes.
    Public,
    /// What only the author may see, with public numbers where the system mixes them: own tweets, a user's credential.
    Private,
    /// Promoted metrics: own tweets too, in a request of their own, because X leaves out those that were never promoted.
    Promoted,
}

impl Ask {
    /// Whether only the author's own credential will do.
    pub const fn is_private(self) -> bool {
        !matches!(self, Self::Public)
    }
}
