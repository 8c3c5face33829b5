//! X's systems, credentials and price classes: closed sets that many rooms speak of.

use serde::{Deserialize, Serialize};

use crate::model::Ask;

/// One of X's systems. A source of an account is one of the first ten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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

/// Which of X's hosts serves a system: credentials that one refuses may still hold at another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Host {
    /// Everything under `/2` and `/oauth2`.
    V2,
    /// The enterprise Engagement API.
    Engagement,
    /// Labs.
    Labs,
}

impl Api {
    /// Where it is served.
    pub const fn host(self) -> Host {
        match self {
            Self::EngagementTotals | Self::Engagement28hr | Self::EngagementHistorical => Host::Engagement,
            Self::LabsPrivate => Host::Labs,
            _ => Host::V2,
        }
    }

    /// Ids per request (x-api.md 1a to 1e, 2.3). A timeline page has as many tweets as it may ask for.
    pub const fn batch(self) -> usize {
        match self {
            Self::EngagementTotals => 250,
            Self::LabsPrivate => 50,
            Self::Insights28hr | Self::InsightsHistorical | Self::Engagement28hr | Self::EngagementHistorical => 25,
            _ => 100,
        }
    }

    /// What X charges a tweet from it as; nothing where a contract, or nobody, pays. A timeline that is not the own one costs
    /// [`PriceClass::Tweet`] ("Pricing"; x-api.md 5.1).
    pub const fn class(self) -> Option<PriceClass> {
        match self {
            Self::Lookup => Some(PriceClass::Tweet),
            Self::Timeline => Some(PriceClass::OwnedTweet),
            Self::Analytics | Self::MediaAnalytics => Some(PriceClass::Analytics),
            Self::Users => Some(PriceClass::User),
            _ => None,
        }
    }

    /// The credentials that it takes for such a request, the preferred first; none if there is no such request. Tokens of OAuth 2.0
    /// are for v2 alone, what belongs to a user needs the user (x-api.md 1a to 1e, 3.3), and a timeline is cheap only for its owner.
    pub const fn credentials(self, ask: Ask) -> &'static [CredentialKind] {
        use CredentialKind::{Bearer, Oauth1, Oauth2};
        match (self, ask) {
            (Self::Lookup | Self::Users, Ask::Public) => &[Bearer, Oauth1, Oauth2],
            (Self::Timeline, Ask::Public) => &[Oauth1, Oauth2, Bearer],
            (Self::Lookup | Self::Timeline | Self::Users, _) => &[Oauth1, Oauth2],
            (Self::Analytics | Self::MediaAnalytics | Self::Insights28hr | Self::InsightsHistorical, Ask::Private) => {
                &[Oauth1, Oauth2]
            }
            (Self::EngagementTotals | Self::Usage, Ask::Public) => &[Bearer],
            (Self::EngagementTotals | Self::Engagement28hr | Self::EngagementHistorical | Self::LabsPrivate, Ask::Private) => {
                &[Oauth1]
            }
            (Self::Oauth2, _) => &[Oauth2],
            _ => &[],
        }
    }
}

/// How a call identifies itself. The order is that of preference where all would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
