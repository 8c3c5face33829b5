//! The systems that know the past by hours and days, behind one door.

use crate::config::SourceKind;
use crate::model::{Api, History, Stretch};
use crate::x_api::analytics::TweetAnalytics;
use crate::x_api::backend::Batch;
use crate::x_api::engagement::Engagement;
use crate::x_api::insights::Insights;
use crate::x_api::session::{Answered, Session};

/// The past as one source of an account tells it.
pub enum PastOf {
    /// `GET /2/tweets/analytics`
    Analytics(TweetAnalytics),
    /// `GET /2/insights/historical`
    Insights(Insights),
    /// `POST /insights/engagement/historical`
    Engagement(Engagement),
}

impl PastOf {
    /// The past of a source; nothing if it has none.
    pub fn new(kind: &SourceKind) -> Option<Self> {
        match kind {
            SourceKind::Analytics(span) => Some(Self::Analytics(TweetAnalytics::new(span.clone()))),
            SourceKind::InsightsHistorical(window) => Some(Self::Insights(Insights::historical(window.clone()))),
            SourceKind::EngagementHistorical(window) => Some(Self::Engagement(Engagement::historical(window.clone()))),
            SourceKind::Lookup(_)
            | SourceKind::Timeline(_)
            | SourceKind::MediaAnalytics(_)
            | SourceKind::Insights28hr
            | SourceKind::EngagementTotals
            | SourceKind::Engagement28hr
            | SourceKind::LabsPrivate => None,
        }
    }

    /// The system.
    pub fn api(&self) -> Api {
        match self {
            Self::Analytics(_) => Api::Analytics,
            Self::Insights(_) => Api::InsightsHistorical,
            Self::Engagement(_) => Api::EngagementHistorical,
        }
    }

    /// Reads these buckets of one batch with one request; with a second one where a backend knows that the first one's form was wrong.
    pub async fn read(&self, session: &Session, batch: &Batch<'_>, stretch: &Stretch) -> Answered<History> {
        match self {
            Self::Analytics(backend) => backend.read_history(session, batch, stretch).await,
            Self::Insights(backend) => backend.read_history(session, batch, stretch).await,
            Self::Engagement(backend) => backend.read_history(session, batch, stretch).await,
        }
    }
}
