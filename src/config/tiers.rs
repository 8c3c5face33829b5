//! `tiers`: how often a tweet is read.

use std::time::Duration;

use crate::model::format_duration;

use crate::config::schema;
use crate::config::section::{Field, Section};

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

impl Tiers {
    pub(super) fn read(root: &Section<'_>) -> Option<Self> {
        root.or("tiers", Self::default(), |field| match field.as_text() {
            Some("adaptive") => Some(Self::Adaptive),
            Some(_) => {
                field.refuse("neither a list nor adaptive; write tiers such as { younger_than: 7d, every: 1h }, or adaptive")
            }
            None => ladder(field).map(Self::Fixed),
        })
    }

    /// The steps by age. Adaptive reading starts from the default ones.
    pub fn steps(&self) -> Vec<Tier> {
        match self {
            Self::Fixed(tiers) => tiers.clone(),
            Self::Adaptive => Self::default().steps(),
        }
    }

    /// The shortest interval, which no source may undercut.
    pub(super) fn shortest(&self) -> Option<Duration> {
        match self {
            Self::Fixed(tiers) => tiers.iter().map(|tier| tier.every).min(),
            Self::Adaptive => None,
        }
    }
}

impl Default for Tiers {
    fn default() -> Self {
        const MINUTE: u64 = 60;
        const HOUR: u64 = 60 * MINUTE;
        const DAY: u64 = 24 * HOUR;
        let ladder = [(HOUR, MINUTE), (DAY, 5 * MINUTE), (7 * DAY, HOUR), (30 * DAY, DAY)];
        let seconds = Duration::from_secs;
        Self::Fixed(ladder.map(|(age, every)| Tier { younger_than: seconds(age), every: seconds(every) }).to_vec())
    }
}

fn ladder(field: &Field<'_>) -> Option<Vec<Tier>> {
    let items = field.list()?;
    if items.is_empty() {
        return field.refuse("without a tier nothing is read; write one such as { younger_than: 7d, every: 1h }, or adaptive");
    }
    let tiers: Vec<Rung> = items.iter().map(tier).collect();
    refuse_disorder(&items, &tiers);
    tiers.into_iter().map(|(younger_than, every)| Some(Tier { younger_than: younger_than?, every: every? })).collect()
}

/// What could be read of a tier: `younger_than` and `every`.
type Rung = (Option<Duration>, Option<Duration>);

/// Ages are compared wherever they can be read, so that another error hides none of theirs.
fn refuse_disorder(items: &[Field<'_>], tiers: &[Rung]) {
    let mut before = None;
    for (item, (younger_than, _)) in items.iter().zip(tiers) {
        let Some(younger_than) = *younger_than else { continue };
        if let Some(last) = before.filter(|last| younger_than <= *last).map(format_duration) {
            let age = item.inside("younger_than").unwrap_or_else(|| item.clone());
            age.error(format!("ages must ascend and the tier before ends at {last}; write more than {last}, or sort the list"));
        }
        before = Some(younger_than);
    }
}

fn tier(field: &Field<'_>) -> Rung {
    let Some(section) = field.section(&schema::TIER) else { return (None, None) };
    let younger_than = section.required("younger_than", "write the age at which the tier ends, such as 7d", Field::duration);
    let every = section.required("every", "write how often these tweets are read, such as 1h", Field::duration);
    (younger_than, every)
}
