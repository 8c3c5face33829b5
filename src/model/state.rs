//! The state of a watched tweet.

/// Every tweet of the watch list is in exactly one of these; it is the `state` label of `tweet_state`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TweetState {
    /// Its numbers were read when they were last due.
    Ok,
    /// Not read yet.
    Pending,
    /// Deleted, or it never existed.
    NotFound,
    /// Protected, or the account may not see it.
    NotAuthorized,
    /// It exists, but X does not serve it.
    Unavailable,
    /// Older than every tier: no longer read.
    Retired,
    /// Held back because money is short: the budget's, or X's refusal of payment.
    OverBudget,
    /// The last attempt to read it failed for a reason that is not the tweet's.
    Error,
}

impl TweetState {
    /// Every state.
    pub const ALL: [Self; 8] = [
        Self::Ok,
        Self::Pending,
        Self::NotFound,
        Self::NotAuthorized,
        Self::Unavailable,
        Self::Retired,
        Self::OverBudget,
        Self::Error,
    ];

    /// Value of the `state` label.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Pending => "pending",
            Self::NotFound => "not_found",
            Self::NotAuthorized => "not_authorized",
            Self::Unavailable => "unavailable",
            Self::Retired => "retired",
            Self::OverBudget => "over_budget",
            Self::Error => "error",
        }
    }

    /// Whether the tweet is gone for us: it then has no series but its state.
    pub const fn is_gone(self) -> bool {
        matches!(self, Self::NotFound | Self::NotAuthorized | Self::Unavailable | Self::Retired)
    }
}
