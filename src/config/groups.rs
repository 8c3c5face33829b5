//! `groups` of a lookup or timeline: public numbers for everybody, private ones for the author alone.

use crate::config::credentials::Named;
use crate::config::section::{Field, Section};

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

#[derive(Clone, Copy, PartialEq, Eq)]
enum Group {
    Public,
    NonPublic,
    Organic,
    Promoted,
}

const WORDS: [(&str, Group); 4] =
    [("public", Group::Public), ("non_public", Group::NonPublic), ("organic", Group::Organic), ("promoted", Group::Promoted)];

impl Groups {
    /// Nothing at all: what a lookup asks for that only learns which media hang on a tweet.
    pub const NONE: Self = Self { public: false, non_public: false, organic: false, promoted: false };

    /// All that these credentials may see, promoted numbers excepted: asking for them costs a request, and loses tweets that were
    /// never promoted.
    pub(super) const fn allowed(user: bool) -> Self {
        Self { public: true, non_public: user, organic: user, promoted: false }
    }

    pub(super) fn read(source: &Section<'_>, named: &Named) -> Option<Self> {
        source.or("groups", Self::allowed(named.user()), |field| listed(field, named))
    }
}

fn listed(field: &Field<'_>, named: &Named) -> Option<Groups> {
    let items = field.list()?;
    if items.is_empty() {
        return field.refuse("no group; write at least public");
    }
    let read: Option<Vec<Group>> = items.iter().map(|item| group(item, named)).collect::<Vec<_>>().into_iter().collect();
    let groups = read?;
    for (index, group) in groups.iter().enumerate() {
        if groups[..index].contains(group) {
            return items[index].refuse("the group is repeated; write it once");
        }
    }
    if groups == [Group::Promoted] {
        return field.refuse("promoted numbers come on top of others; write public, promoted");
    }
    let has = |group| groups.contains(&group);
    Some(Groups {
        public: has(Group::Public),
        non_public: has(Group::NonPublic),
        organic: has(Group::Organic),
        promoted: has(Group::Promoted),
    })
}

fn group(item: &Field<'_>, named: &Named) -> Option<Group> {
    let group = item.word(&WORDS)?;
    if group != Group::Public && named.only_bearer() {
        return item.refuse("only the author may see these numbers; add oauth1 or oauth2 to the credentials, or write public");
    }
    Some(group)
}
