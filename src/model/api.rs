//! X's systems, credentials and price classes: closed sets that many rooms speak of.

/// One of X's systems. A source of an account is one of the first ten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Api {
    /// `GET /2/tweets`
    Lookup,
    /// `GET /2/users/:id/tweets`
    Timeline,
    /// `GET /2/tweets/analytics`
    Analytics,
    /// `GET /2/media/analytics`
    MediaAnalytics,
    /// `GET /2/insights/28hr`
    Insights28hr,
    /// `GET /2/insights/historical`
    InsightsHistorical,
    /// `POST /insights/engagement/totals`
    EngagementTotals,
    /// `POST /insights/engagement/28hr`
    Engagement28hr,
    /// `POST /insights/engagement/historical`
    EngagementHistorical,
    /// `GET /labs/1/tweets/metrics/private`
    LabsPrivate,
    /// `GET /2/users/me` and `GET /2/users/by`
    Users,
    /// `GET /2/usage/tweets`
    Usage,
    /// `POST /2/oauth2/token`
    Oauth2,
}

impl Api {
    /// Those that a source may name.
    pub const SOURCES: [Self; 10] = [
        Self::Lookup,
        Self::Timeline,
        Self::Analytics,
        Self::MediaAnalytics,
        Self::Insights28hr,
        Self::InsightsHistorical,
        Self::EngagementTotals,
        Self::Engagement28hr,
        Self::EngagementHistorical,
        Self::LabsPrivate,
    ];

    /// Name in the configuration and value of the `api` label.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lookup => "lookup",
            Self::Timeline => "timeline",
            Self::Analytics => "analytics",
            Self::MediaAnalytics => "media_analytics",
            Self::Insights28hr => "insights_28hr",
            Self::InsightsHistorical => "insights_historical",
            Self::EngagementTotals => "engagement_totals",
            Self::Engagement28hr => "engagement_28hr",
            Self::EngagementHistorical => "engagement_historical",
            Self::LabsPrivate => "labs_private",
            Self::Users => "users",
            Self::Usage => "usage",
            Self::Oauth2 => "oauth2",
        }
    }
}

/// How a call identifies itself. The order is that of preference where all would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CredentialKind {
    /// App-only bearer token.
    Bearer,
    /// OAuth 1.0a user context.
    Oauth1,
    /// OAuth 2.0 user token.
    Oauth2,
}

impl CredentialKind {
    /// Value of the `credential` label.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bearer => "bearer",
            Self::Oauth1 => "oauth1",
            Self::Oauth2 => "oauth2",
        }
    }

    /// Whether it speaks for a user, who may see private numbers of own tweets.
    pub const fn is_user(self) -> bool {
        !matches!(self, Self::Bearer)
    }
}

/// What X charges a read as: a key of `billing.usd`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PriceClass {
    /// A tweet from a lookup or a foreign timeline.
    Tweet,
    /// A tweet from the own timeline.
    OwnedTweet,
    /// A user.
    User,
    /// A tweet's analytics.
    Analytics,
}

impl PriceClass {
    /// Every class.
    pub const ALL: [Self; 4] = [Self::Tweet, Self::OwnedTweet, Self::User, Self::Analytics];

    /// Value of the `class` label.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tweet => "tweet",
            Self::OwnedTweet => "owned_tweet",
            Self::User => "user",
            Self::Analytics => "analytics",
        }
    }
}
