//! What the log says when something runs short, and when it ceases to: once each.

/// Series on the page.
pub(super) fn series(limit: usize, before: usize, surplus: usize) {
    match (before, surplus) {
        (0, 1..) => {
            tracing::warn!(limit, surplus, "series left out because of limits.max_series; raise it or watch fewer tweets")
        }
        (1.., 0) => tracing::info!(limit, "all series fit on the page again"),
        _ => {}
    }
}

/// Money for the tweets.
pub(super) fn budget(account: &str, before: usize, tweets: usize) {
    match (before, tweets) {
        (0, 1..) => {
            tracing::warn!(account, tweets, "tweets are held back for want of money: the budget's, or X's refusal of payment")
        }
        (1.., 0) => tracing::info!(account, "no tweet is held back for want of money any more"),
        _ => {}
    }
}

/// Money for the search for new tweets.
pub(super) fn discovery(account: &str, before: bool, now: bool) {
    match (before, now) {
        (false, true) => {
            tracing::warn!(
                account,
                "new tweets are not looked for: less of the budget is left than X's smallest page, five tweets, may cost"
            )
        }
        (true, false) => tracing::info!(account, "new tweets are looked for again"),
        _ => {}
    }
}
