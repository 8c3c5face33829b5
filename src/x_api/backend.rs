//! The sources that are read by lists of tweets, behind one door.

use crate::config::SourceKind;
use crate::model::{Api, Ask, CredentialKind, MediaKey, Reading, Timestamp, TweetId};
use crate::x_api::analytics::{MediaAnalytics, TweetAnalytics};
use crate::x_api::engagement::Engagement;
use crate::x_api::forms::Forms;
use crate::x_api::insights::Insights;
use crate::x_api::labs::LabsPrivate;
use crate::x_api::lookup::Lookup;
use crate::x_api::session::{Answered, Session};

/// One request for numbers of distinct tweets, no more than the system takes at once.
pub struct Batch<'a> {
    /// What is asked.
    pub ask: Ask,
    /// How the call identifies itself.
    pub credential: CredentialKind,
    /// Whose numbers.
    pub tweets: &'a [TweetId],
    /// Their videos, each with the tweets of the batch that carry it; media analytics go by these.
    pub videos: &'a [(MediaKey, Vec<TweetId>)],
    /// The moment of sending; trailing windows end here.
    pub now: Timestamp,
}

/// One source of an account. The timeline is read page by page and stands apart.
pub enum Backend {
    /// `GET /2/tweets`
    Lookup(Lookup),
    /// `GET /2/tweets/analytics`
    Analytics(TweetAnalytics),
    /// `GET /2/media/analytics`
    MediaAnalytics(MediaAnalytics),
    /// `GET /2/insights/28hr` and `GET /2/insights/historical`
    Insights(Insights),
    /// `POST /insights/engagement/…`
    Engagement(Engagement),
    /// `GET /labs/1/tweets/metrics/private`
    Labs(LabsPrivate),
}

impl Backend {
    /// The backend of a source; a timeline has none.
    pub fn new(kind: &SourceKind) -> Option<Self> {
        Some(match kind {
            SourceKind::Lookup(groups) => Self::Lookup(Lookup::new(*groups)),
            SourceKind::Timeline(_) => return None,
            SourceKind::Analytics(span) => Self::Analytics(TweetAnalytics::new(span.clone())),
            SourceKind::MediaAnalytics(span) => Self::MediaAnalytics(MediaAnalytics::new(span.clone())),
            SourceKind::Insights28hr => Self::Insights(Insights::last_28_hours()),
            SourceKind::InsightsHistorical(window) => Self::Insights(Insights::historical(window.clone())),
            SourceKind::EngagementTotals => Self::Engagement(Engagement::totals()),
            SourceKind::Engagement28hr => Self::Engagement(Engagement::last_28_hours()),
            SourceKind::EngagementHistorical(window) => Self::Engagement(Engagement::historical(window.clone())),
            SourceKind::LabsPrivate => Self::Labs(LabsPrivate),
        })
    }

    /// The system, if it was found to want its requests in another form than its documents have. Worth remembering: who forgets it asks
    /// in vain once more.
    pub fn other_form(&self) -> Option<Api> {
        let (api, forms) = self.forms()?;
        forms.wants_other().then_some(api)
    }

    /// Begins with the other form if the system is among these.
    pub fn recall_forms(&self, other: &[Api]) {
        if let Some((_, forms)) = self.forms().filter(|(api, _)| other.contains(api)) {
            forms.use_other();
        }
    }

    fn forms(&self) -> Option<(Api, &Forms)> {
        match self {
            Self::Lookup(backend) => Some(backend.forms()),
            Self::Analytics(backend) => Some(backend.forms()),
            Self::MediaAnalytics(backend) => Some(backend.forms()),
            Self::Insights(backend) => Some(backend.forms()),
            Self::Engagement(_) | Self::Labs(_) => None,
        }
    }

    /// Reads one batch with one request; with a second one where a backend knows that the first one's form was wrong.
    pub async fn read(&self, session: &Session, batch: &Batch<'_>) -> Answered<Reading> {
        match self {
            Self::Lookup(backend) => backend.read(session, batch).await,
            Self::Analytics(backend) => backend.read(session, batch).await,
            Self::MediaAnalytics(backend) => backend.read(session, batch).await,
            Self::Insights(backend) => backend.read(session, batch).await,
            Self::Engagement(backend) => backend.read(session, batch).await,
            Self::Labs(backend) => backend.read(session, batch).await,
        }
    }
}

/// A list of ids or keys as X wants it: one value, without spaces.
pub(super) fn comma<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}
