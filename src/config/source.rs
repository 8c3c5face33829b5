//! `accounts[].sources`: where numbers come from, and what each system needs to answer at all.

use std::time::Duration;

use crate::model::{Api, Ask, CredentialKind, format_duration};

use crate::config::credentials::Named;
use crate::config::groups::Groups;
use crate::config::schema;
use crate::config::section::{Field, Section};
use crate::config::tiers::Tiers;
use crate::config::window::{Span, Window};

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

impl Source {
    /// Tells it from the account's other sources: the system, and the window if it has one.
    pub fn name(&self) -> String {
        let window = match &self.kind {
            SourceKind::Analytics(Span::Lifetime) | SourceKind::MediaAnalytics(Span::Lifetime) => "/lifetime".to_owned(),
            kind => kind.length().map(|length| format!("/{}", format_duration(length))).unwrap_or_default(),
        };
        format!("{}{window}", self.kind.api().name())
    }
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

    /// The length of its window, where it has one.
    fn length(&self) -> Option<Duration> {
        match self {
            Self::Analytics(Span::Window(window))
            | Self::MediaAnalytics(Span::Window(window))
            | Self::InsightsHistorical(window)
            | Self::EngagementHistorical(window) => Some(window.length),
            _ => None,
        }
    }

    fn read(api: Api, source: &Section<'_>, named: &Named) -> Option<Self> {
        match api {
            Api::Lookup => Groups::read(source, named).map(Self::Lookup),
            Api::Timeline => Groups::read(source, named).map(Self::Timeline),
            Api::Analytics => Span::read(source).map(Self::Analytics),
            Api::MediaAnalytics => Span::read(source).map(Self::MediaAnalytics),
            Api::Insights28hr => Some(Self::Insights28hr),
            Api::InsightsHistorical => Window::read(source, "28d").map(Self::InsightsHistorical),
            Api::EngagementTotals => Some(Self::EngagementTotals),
            Api::Engagement28hr => Some(Self::Engagement28hr),
            Api::EngagementHistorical => Window::read_short(source, "7d").map(Self::EngagementHistorical),
            Api::LabsPrivate => Some(Self::LabsPrivate),
            Api::Users | Api::Usage | Api::Oauth2 => None,
        }
    }
}

/// What the rest of the file says that a source must fit to.
pub(super) struct Surroundings<'a> {
    pub(super) named: &'a Named,
    pub(super) tiers: Option<&'a Tiers>,
}

/// The account's sources; a lookup if it names none.
pub(super) fn read(account: &Section<'_>, around: &Surroundings<'_>) -> Option<Vec<Source>> {
    let Some(field) = account.field("sources") else {
        let lookup = SourceKind::read(Api::Lookup, &account.section("sources", &schema::SOURCE)?, around.named)?;
        return Some(vec![Source { kind: lookup, every: None }]);
    };
    let items = field.list()?;
    if items.is_empty() {
        return field.refuse("no source; write at least { api: lookup }, or leave the key out");
    }
    let sources: Vec<Half> = items.iter().map(|item| source(item, around)).collect();
    refuse_repeats(&items, &sources);
    sources.into_iter().map(|half| Some(Source { kind: half.kind?, every: half.every? })).collect()
}

/// What could be read of a source.
#[derive(Default)]
struct Half {
    api: Option<Api>,
    kind: Option<SourceKind>,
    every: Option<Option<Duration>>,
}

impl Half {
    /// Whether it is surely the same source as another, whatever else is wrong with either.
    fn repeats(&self, other: &Self) -> bool {
        match (&self.kind, &other.kind) {
            (Some(left), Some(right)) => left.api() == right.api() && left.length() == right.length(),
            // Without windows there is nothing by which two of a kind could differ.
            _ => self.api.is_some_and(|api| !WITH_WINDOW.contains(&api) && self.api == other.api),
        }
    }
}

fn source(field: &Field<'_>, around: &Surroundings<'_>) -> Half {
    let Some(section) = field.section(&schema::SOURCE) else { return Half::default() };
    let words = Api::SOURCES.map(|api| (api.name(), api));
    let advice = "write which system is read, such as lookup";
    let every = section.optional("every", |field| every(field, around.tiers));
    let Some(api) = section.required("api", advice, |field| field.word(&words)) else { return Half { every, ..Half::default() } };
    refuse_strange_keys(&section, api);
    refuse_without_credential(&section, api, around.named);
    Half { api: Some(api), kind: SourceKind::read(api, &section, around.named), every }
}

fn every(field: &Field<'_>, tiers: Option<&Tiers>) -> Option<Duration> {
    let every = field.duration()?;
    match tiers.and_then(Tiers::shortest) {
        Some(shortest) if every < shortest => {
            let least = format_duration(shortest);
            field.refuse(format!("a source may be slower than the tiers, never faster; write {least} or more, or a faster tier"))
        }
        _ => Some(every),
    }
}

const WITH_WINDOW: [Api; 4] = [Api::Analytics, Api::MediaAnalytics, Api::InsightsHistorical, Api::EngagementHistorical];

/// Keys that this system has no use for.
fn refuse_strange_keys(section: &Section<'_>, api: Api) {
    const WITH_GROUPS: [Api; 2] = [Api::Lookup, Api::Timeline];
    for (key, holders) in [("groups", &WITH_GROUPS[..]), ("window", &WITH_WINDOW[..])] {
        if let Some(field) = section.key(key).filter(|_| !holders.contains(&api)) {
            let names: Vec<_> = holders.iter().map(|api| api.name()).collect();
            field.error(format!("{} has no {key}, only {}; leave it out", api.name(), names.join(", ")));
        }
    }
}

fn refuse_without_credential(section: &Section<'_>, api: Api, named: &Named) {
    let (accepted, advice) = accepted(api);
    if !named.any(&accepted) {
        let field = section.field("api").unwrap_or_else(|| section.field.clone());
        field.error(format!("{} cannot be read with these credentials; add {advice}, or leave the source out", api.name()));
    }
}

/// The credentials that a system takes, any of them, and what to write.
fn accepted(api: Api) -> (Vec<CredentialKind>, String) {
    let mut kinds: Vec<CredentialKind> =
        [Ask::Public, Ask::Private].iter().flat_map(|ask| api.credentials(*ask)).copied().collect();
    kinds.sort();
    kinds.dedup();
    let key = |kind: &CredentialKind| if *kind == CredentialKind::Bearer { "bearer_token_file" } else { kind.name() };
    let keys: Vec<&str> = kinds.iter().map(key).collect();
    (kinds, keys.join(" or "))
}

fn refuse_repeats(items: &[Field<'_>], sources: &[Half]) {
    for (index, source) in sources.iter().enumerate() {
        if let Some(first) = sources[..index].iter().position(|other| source.repeats(other)) {
            items[index]
                .error(format!("the same source as sources[{first}]; leave one of them out, or give them different windows"));
        }
    }
}
