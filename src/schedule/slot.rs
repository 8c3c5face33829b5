//! The kinds of requests that an account makes for its tweets: each source has one or two. A tweet stands in each apart.

use std::sync::Arc;
use std::time::Duration;

use crate::config::Groups;
use crate::model::{Api, PriceClass};

/// How one source of an account is read.
#[derive(Clone, Debug)]
pub struct SourceTerms {
    /// Tells it from the account's other sources, also after a restart.
    pub name: Arc<str>,
    /// Which system.
    pub api: Api,
    /// What a lookup or timeline asks for; none at all: it only learns which media hang on a tweet.
    pub groups: Groups,
    /// Slower than the tiers, if set.
    pub every: Option<Duration>,
}

/// One kind of request of one source.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    /// Name of the source.
    pub(super) name: Arc<str>,
    /// Position of the source in the account's list.
    pub(super) source: usize,
    /// Position of the request within the source.
    pub(super) request: u8,
    pub(super) api: Api,
    pub(super) groups: Groups,
    pub(super) every: Duration,
    pub(super) kind: SlotKind,
}

/// What is asked, of whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SlotKind {
    /// A lookup: private numbers where they may be had, public ones elsewhere.
    Lookup,
    /// A lookup that happens once, to learn which media hang on a tweet.
    Scout,
    /// Pages of the own timeline, asked like a lookup.
    Timeline,
    /// Promoted numbers on top of a lookup or timeline.
    Promoted,
    /// What everybody may see.
    Public,
    /// What the author may see of tweets that are younger than this.
    Own(Duration),
    /// The same by the keys of their videos.
    Videos,
}

pub(super) const DAY: Duration = Duration::from_secs(86_400);

/// X gives private numbers for 30 days; a day less keeps clear of the edge (x-api.md 1a, 1d).
pub(super) const PRIVATE_AGE: Duration = Duration::from_secs(29 * 86_400);

/// `/totals` knows impressions and engagements for 90 days (x-api.md 1e); an hour less keeps clear of the edge.
const TOTALS_AGE: Duration = Duration::from_secs(90 * 86_400 - 3_600);

/// The slots of these sources.
pub(super) fn slots(sources: &[SourceTerms]) -> Vec<Slot> {
    sources
        .iter()
        .enumerate()
        .flat_map(|(source, terms)| kinds(terms).into_iter().map(move |slot| (source, terms, slot)))
        .map(build)
        .collect()
}

fn build((source, terms, (request, kind)): (usize, &SourceTerms, (u8, SlotKind))) -> Slot {
    Slot {
        name: terms.name.clone(),
        source,
        request,
        api: terms.api,
        groups: terms.groups,
        every: terms.every.unwrap_or_default(),
        kind,
    }
}

/// The requests of a source: position and kind.
fn kinds(terms: &SourceTerms) -> Vec<(u8, SlotKind)> {
    let promoted = terms.groups.promoted.then_some((1, SlotKind::Promoted));
    let main = match terms.api {
        Api::Lookup if terms.groups == Groups::NONE => SlotKind::Scout,
        Api::Lookup => SlotKind::Lookup,
        Api::Timeline => SlotKind::Timeline,
        Api::EngagementTotals => return vec![(0, SlotKind::Public), (1, SlotKind::Own(TOTALS_AGE))],
        Api::MediaAnalytics => SlotKind::Videos,
        Api::LabsPrivate => SlotKind::Own(PRIVATE_AGE),
        Api::Analytics | Api::Insights28hr | Api::InsightsHistorical => SlotKind::Own(Duration::MAX),
        Api::Engagement28hr | Api::EngagementHistorical => SlotKind::Own(Duration::MAX),
        Api::Users | Api::Usage | Api::Oauth2 => return Vec::new(),
    };
    [(0, main)].into_iter().chain(promoted).collect()
}

impl Slot {
    /// Tells it from the account's other slots, also after a restart.
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.name, self.request)
    }

    /// It is read page by page.
    pub(super) fn is_paged(&self) -> bool {
        self.api == Api::Timeline
    }

    /// Its refusals are about the tweets themselves, not about one system's numbers of them.
    pub(super) fn judges(&self) -> bool {
        matches!(self.api, Api::Lookup | Api::Timeline)
    }

    /// It decides, with others of its kind, in which state a tweet is.
    pub(super) fn is_main(&self) -> bool {
        !matches!(self.kind, SlotKind::Promoted | SlotKind::Scout)
    }

    /// Tweets per request, as far as its lanes are concerned: pages follow each other without a pause.
    pub(super) fn batch(&self) -> usize {
        if self.is_paged() { usize::MAX } else { self.api.batch() }
    }

    /// What X charges its tweets as.
    pub(super) fn class(&self, own_timeline: bool) -> Option<PriceClass> {
        match self.api {
            Api::Timeline if !own_timeline => Some(PriceClass::Tweet),
            api => api.class(),
        }
    }

    /// Which resource a tweet's reading is, within its price class: analytics of a tweet and of its media are paid apart.
    pub(super) fn resource(&self, tweet: u64) -> u64 {
        if self.api == Api::MediaAnalytics { tweet | 1 << 63 } else { tweet }
    }

    /// How often it reads a tweet that its tier reads this often. Media never change.
    pub(super) fn every(&self, tier: Duration) -> Duration {
        if self.kind == SlotKind::Scout { DAY.max(tier) } else { self.every.max(tier) }
    }
}
