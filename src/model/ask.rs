//! What a lookup may be asked for.

/// What may be asked of a batch of tweets. A private field asked of a tweet that is not the credential's own makes X drop the whole
/// tweet from the answer (x-api.md 1a), so this is decided before the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LookupAsk {
    /// Public metrics: any tweet, any credential.
    Public,
    /// Public and private metrics: tweets of the credential's user, younger than 29 days.
    Private,
    /// Promoted metrics: the same tweets, in a request of their own, because X leaves out those that were never promoted.
    Promoted,
}

impl LookupAsk {
    /// Whether only the author's own credential will do.
    pub const fn is_private(self) -> bool {
        !matches!(self, Self::Public)
    }
}
