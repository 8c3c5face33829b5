//! The families on the page: name, help and labels, in one table.

/// A gauge family about tweets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// Lifetime totals.
    Engagement,
    /// Lifetime numbers, organic and promoted apart.
    EngagementByContext,
    /// Counts inside a window.
    EngagementWindow,
    /// Lifetime totals of an attached video.
    MediaEngagement,
    /// The same, organic and promoted apart.
    MediaEngagementByContext,
    /// Counts of an attached video inside a window.
    MediaEngagementWindow,
    /// What is known about the tweet.
    Info,
    /// When it was created.
    Created,
    /// When its numbers were last read.
    LastSuccess,
    /// What state it is in.
    State,
}

/// The family of backfill files: on no page.
#[derive(Clone, Copy, Debug)]
pub struct Bucketed;

impl Bucketed {
    /// The metric name that Prometheus stores.
    pub const NAME: &str = "tweet_engagement_bucket";
    /// The labels.
    pub const LABELS: &str = "account tweet_id metric step";
    /// The `HELP` text.
    pub const HELP: &str = "Count inside one bucket of the past, 1h or 1d long by the UTC clock, stamped with the end of the bucket; from backfill files only.";
}

impl Family {
    /// Every family, in the order of the page.
    pub const ALL: [Self; 10] = [
        Self::Engagement,
        Self::EngagementByContext,
        Self::EngagementWindow,
        Self::MediaEngagement,
        Self::MediaEngagementByContext,
        Self::MediaEngagementWindow,
        Self::Info,
        Self::Created,
        Self::LastSuccess,
        Self::State,
    ];

    /// The metric name that Prometheus stores.
    pub const fn name(self) -> &'static str {
        self.row().0
    }

    /// The labels, in the order of the page.
    pub const fn labels(self) -> &'static str {
        self.row().1
    }

    /// The `HELP` text: one line without backslashes. Those of X's numbers say that they are cached readings of a paid API.
    pub const fn help(self) -> &'static str {
        self.row().2
    }

    const fn row(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Engagement => (
                "tweet_engagement",
                "account tweet_id metric",
                "Lifetime total, organic and promoted together; cached reading of a paid API, as old as tweet_last_success_timestamp_seconds says.",
            ),
            Self::EngagementByContext => (
                "tweet_engagement_by_context",
                "account tweet_id metric context",
                "Lifetime number by context, organic or promoted; cached reading of a paid API.",
            ),
            Self::EngagementWindow => (
                "tweet_engagement_window",
                "account tweet_id metric window",
                "Count inside a trailing window; cached reading of a paid API.",
            ),
            Self::MediaEngagement => (
                "tweet_media_engagement",
                "account tweet_id media_key metric",
                "Lifetime total of an attached video; cached reading of a paid API.",
            ),
            Self::MediaEngagementByContext => (
                "tweet_media_engagement_by_context",
                "account tweet_id media_key metric context",
                "Lifetime number of an attached video by context; cached reading of a paid API.",
            ),
            Self::MediaEngagementWindow => (
                "tweet_media_engagement_window",
                "account tweet_id media_key metric window",
                "Count of an attached video inside a trailing window; cached reading of a paid API.",
            ),
            Self::Info => (
                "tweet_info",
                "account tweet_id username media_type",
                "What is known about the tweet, with the labels of the watch list.",
            ),
            Self::Created => ("tweet_created_timestamp_seconds", "account tweet_id", "When the tweet was created, from its id."),
            Self::LastSuccess => (
                "tweet_last_success_timestamp_seconds",
                "account tweet_id",
                "When the numbers of the tweet were last read from the paid API.",
            ),
            Self::State => ("tweet_state", "account tweet_id state", "State of the tweet: the one it is in has the value 1."),
        }
    }
}
