//! Closed sets of label values that only the exporter's own metrics know.

/// Why a call to X came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ErrorReason {
    /// No whole answer in time.
    Timeout,
    /// No connection: refused, unreachable, or the name is unknown.
    Connect,
    /// The certificate or the handshake.
    Tls,
    /// The proxy refused.
    Proxy,
    /// The connection broke in the middle.
    Network,
    /// 5xx.
    ServerError,
    /// 429.
    RateLimited,
    /// 401, or a token that X would not renew.
    CredentialRefused,
    /// X was not asked: no token file, no room to write one, another exporter that holds it.
    CredentialUnusable,
    /// 403.
    Forbidden,
    /// The app may not use this system at all.
    NotEnrolled,
    /// X serves this system no more.
    Retired,
    /// 402: no credit, or the spend cap.
    PaymentRefused,
    /// 400 and its kin: the request is wrong.
    InvalidRequest,
    /// A redirect, which no API of X should send.
    Redirect,
    /// The answer is larger than any honest one.
    TooLarge,
    /// The answer is not what X documents.
    Malformed,
}

impl ErrorReason {
    /// Every reason.
    pub const ALL: [Self; 17] = [
        Self::Timeout,
        Self::Connect,
        Self::Tls,
        Self::Proxy,
        Self::Network,
        Self::ServerError,
        Self::RateLimited,
        Self::CredentialRefused,
        Self::CredentialUnusable,
        Self::Forbidden,
        Self::NotEnrolled,
        Self::Retired,
        Self::PaymentRefused,
        Self::InvalidRequest,
        Self::Redirect,
        Self::TooLarge,
        Self::Malformed,
    ];

    /// Value of the `reason` label.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Proxy => "proxy",
            Self::Network => "network",
            Self::ServerError => "server_error",
            Self::RateLimited => "rate_limited",
            Self::CredentialRefused => "credential_refused",
            Self::CredentialUnusable => "credential_unusable",
            Self::Forbidden => "forbidden",
            Self::NotEnrolled => "not_enrolled",
            Self::Retired => "retired",
            Self::PaymentRefused => "payment_refused",
            Self::InvalidRequest => "invalid_request",
            Self::Redirect => "redirect",
            Self::TooLarge => "too_large",
            Self::Malformed => "malformed",
        }
    }
}

/// For how long a budget holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BudgetPeriod {
    /// A UTC day.
    Day,
    /// A UTC calendar month.
    Month,
}

impl BudgetPeriod {
    /// Value of the `period` label.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
        }
    }
}

/// The limits of the configuration that keep something out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Limit {
    /// `limits.max_tweets`
    MaxTweets,
    /// `limits.max_series`
    MaxSeries,
}

impl Limit {
    /// Every limit.
    pub const ALL: [Self; 2] = [Self::MaxTweets, Self::MaxSeries];

    /// Value of the `limit` label.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MaxTweets => "max_tweets",
            Self::MaxSeries => "max_series",
        }
    }
}
