//! The configuration: a YAML file in, a checked model or every error at once out. After [`load`] nothing is a text that should be a
//! number, and no combination is left that cannot work.

mod error;
mod file;
mod node;
mod secret;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use secret::Secret;

use crate::model::{Api, TweetRef, Username};

/// A whole configuration, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// How X is reached.
    pub api: ApiConfig,
    /// When X is read.
    pub mode: Mode,
    /// How often a tweet is read, by its age.
    pub tiers: Tiers,
    /// How X charges.
    pub billing: Billing,
    /// What bounds memory and page.
    pub limits: Limits,
    /// Names of the accounts that `/probe` may spend for.
    pub probe_accounts: Vec<String>,
    /// Whose tweets are read; names are distinct.
    pub accounts: Vec<Account>,
}

/// How X is reached.
#[derive(Clone, Debug)]
pub struct ApiConfig {
    /// Base of the v2 and Labs systems, without a slash at the end.
    pub url: String,
    /// Base of the Engagement API, without a slash at the end.
    pub engagement_url: String,
    /// Page on which a user allows the app.
    pub oauth2_authorize_url: String,
    /// For one request, from connecting to the last byte.
    pub timeout: Duration,
    /// Proxy for all requests; without it the usual environment variables hold.
    pub proxy_url: Option<Secret>,
    /// PEM bundle of further certificate authorities.
    pub ca_file: Option<PathBuf>,
}

/// When X is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// On each tier's interval, whoever scrapes.
    Background,
    /// When a scrape asks and the reading is older than this.
    OnScrape {
        /// Youngest reading that is read again.
        min_age: Duration,
    },
}

/// How often a tweet is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tiers {
    /// By age: the first tier that fits; ages ascend; there is at least one.
    Fixed(Vec<Tier>),
    /// Where the numbers are expected to move, within the budget that every account then has.
    Adaptive,
}

/// One step of the ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tier {
    /// Tweets younger than this are in it.
    pub younger_than: Duration,
    /// How often they are read.
    pub every: Duration,
}

/// How X charges.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Billing {
    /// Once per day, or each time.
    pub charge: Charge,
    /// US dollars for each.
    pub usd: Prices,
}

/// Whether a second read on the same day is paid again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charge {
    /// Once per tweet and UTC day (X's "Usage and Billing", de-duplication).
    UtcDay,
    /// Every time (legacy plans).
    EveryRead,
}

/// US dollars per resource.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prices {
    /// A tweet from a lookup or a foreign timeline.
    pub tweet: f64,
    /// A tweet from the own timeline.
    pub owned_tweet: f64,
    /// A user.
    pub user: f64,
    /// A tweet's analytics.
    pub analytics: f64,
}

/// What bounds memory and page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Tweets watched, all accounts together.
    pub max_tweets: usize,
    /// Series of tweets on the page.
    pub max_series: usize,
}

/// An account: credentials, sources, budget and watch list that belong together.
#[derive(Clone, Debug)]
pub struct Account {
    /// Value of the `account` label.
    pub name: String,
    /// Whose tweets these are; learned from the token when absent.
    pub username: Option<Username>,
    /// How its calls identify themselves; at least one.
    pub credentials: Credentials,
    /// Where its numbers come from, in order of precedence; at least one.
    pub sources: Vec<Source>,
    /// What it may cost.
    pub budget: Budget,
    /// Which tweets.
    pub watch: Watch,
}

/// How calls identify themselves.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    /// App-only bearer token, sent verbatim.
    pub bearer: Option<Secret>,
    /// OAuth 1.0a user context.
    pub oauth1: Option<Oauth1>,
    /// OAuth 2.0 with PKCE.
    pub oauth2: Option<Oauth2>,
}

/// The four parts of OAuth 1.0a.
#[derive(Clone, Debug)]
pub struct Oauth1 {
    /// The app.
    pub consumer_key: Secret,
    /// The app's secret.
    pub consumer_secret: Secret,
    /// The user.
    pub access_token: Secret,
    /// The user's secret.
    pub access_token_secret: Secret,
}

/// An OAuth 2.0 client and where its tokens lie.
#[derive(Clone, Debug)]
pub struct Oauth2 {
    /// The app.
    pub client_id: String,
    /// Of a confidential client; a public one has none.
    pub client_secret: Option<Secret>,
    /// Where `login` puts the tokens; need not exist yet.
    pub token_file: PathBuf,
    /// Where X sends the browser back to.
    pub redirect_uri: String,
}

/// Where numbers come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Which system, with what only that system knows.
    pub kind: SourceKind,
    /// Slower than the tiers, if set.
    pub every: Option<Duration>,
}

/// A system and its own settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// `GET /2/tweets`
    Lookup(Groups),
    /// `GET /2/users/:id/tweets`
    Timeline(Groups),
    /// `GET /2/tweets/analytics`
    Analytics(Span),
    /// `GET /2/media/analytics`
    MediaAnalytics(Span),
    /// `GET /2/insights/28hr`
    Insights28hr,
    /// `GET /2/insights/historical`
    InsightsHistorical(Window),
    /// `POST /insights/engagement/totals`
    EngagementTotals,
    /// `POST /insights/engagement/28hr`
    Engagement28hr,
    /// `POST /insights/engagement/historical`
    EngagementHistorical(Window),
    /// `GET /labs/1/tweets/metrics/private`
    LabsPrivate,
}

impl SourceKind {
    /// The system.
    pub fn api(&self) -> Api {
        match self {
            Self::Lookup(_) => Api::Lookup,
            Self::Timeline(_) => Api::Timeline,
            Self::Analytics(_) => Api::Analytics,
            Self::MediaAnalytics(_) => Api::MediaAnalytics,
            Self::Insights28hr => Api::Insights28hr,
            Self::InsightsHistorical(_) => Api::InsightsHistorical,
            Self::EngagementTotals => Api::EngagementTotals,
            Self::Engagement28hr => Api::Engagement28hr,
            Self::EngagementHistorical(_) => Api::EngagementHistorical,
            Self::LabsPrivate => Api::LabsPrivate,
        }
    }
}

/// Which groups of metrics a lookup or timeline asks for. At least one is set; the last three need a user's credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Groups {
    /// `public_metrics`
    pub public: bool,
    /// `non_public_metrics`
    pub non_public: bool,
    /// `organic_metrics`
    pub organic: bool,
    /// `promoted_metrics`, in a request of its own.
    pub promoted: bool,
}

/// A lifetime or a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Span {
    /// From the tweet's creation on.
    Lifetime,
    /// A trailing window.
    Window(Window),
}

/// A trailing window, with the text that the user wrote: it becomes the `window` label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// As written: `7d`.
    pub text: Arc<str>,
    /// Its length.
    pub length: Duration,
}

/// What an account may cost; absent is without bound.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Budget {
    /// US dollars in a UTC day.
    pub usd_per_day: Option<f64>,
    /// US dollars in a UTC calendar month.
    pub usd_per_month: Option<f64>,
    /// Paid tweets in a UTC calendar month.
    pub tweets_per_month: Option<u64>,
}

/// Which tweets an account watches.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// Named in the configuration itself.
    pub tweets: Vec<WatchEntry>,
    /// Globs of files with further lists, absolute or made so from the configuration's folder.
    pub files: Vec<String>,
    /// Tweets found on the own timeline.
    pub timeline: Option<WatchTimeline>,
}

/// One watched tweet with the user's own labels for `tweet_info`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchEntry {
    /// The tweet.
    pub tweet: TweetRef,
    /// Label names and values; names are valid and none is ours.
    pub labels: BTreeMap<String, String>,
}

/// Which tweets of the own timeline are watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchTimeline {
    /// How far back.
    pub younger_than: Duration,
    /// Leave out replies.
    pub exclude_replies: bool,
    /// Leave out retweets.
    pub exclude_retweets: bool,
    /// At most so many, the youngest first.
    pub max_tweets: usize,
    /// Labels of all of them.
    pub labels: BTreeMap<String, String>,
}
