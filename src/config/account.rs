//! `accounts` and `probe`: whose tweets are read.

use std::collections::HashMap;

use crate::model::{Api, Shard, Username};

use crate::config::billing::Budget;
use crate::config::credentials::{self, Credentials};
use crate::config::groups::Groups;
use crate::config::schema;
use crate::config::section::{Field, Section, shown};
use crate::config::source::{self, Source, SourceKind, Surroundings};
use crate::config::suggestion::nearest;
use crate::config::tiers::Tiers;
use crate::config::watch::{self, Watch};

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
    /// Of the named ones only this part.
    pub shard: Shard,
}

/// All accounts; their names are distinct.
pub(super) fn read(root: &Section<'_>, tiers: Option<&Tiers>) -> Option<Vec<Account>> {
    const ADVICE: &str = "write a list with at least one account";
    let field = root.required("accounts", ADVICE, |field| Some(field.clone()))?;
    let items = field.list()?;
    if items.is_empty() {
        return field.refuse(format!("no account; {ADVICE}"));
    }
    refuse_repeated(&items, &["name"], "name");
    refuse_repeated(&items, &["credentials", "oauth2", "token_file"], "token file");
    let accounts: Vec<_> = items.iter().map(|item| Account::read(item, tiers)).collect();
    accounts.into_iter().collect()
}

/// Names tell the accounts apart; a refresh token is good once, so two accounts cannot share a file of them.
fn refuse_repeated(items: &[Field<'_>], way: &[&str], what: &str) {
    let mut first = HashMap::new();
    for (index, item) in items.iter().enumerate() {
        let field = way.iter().try_fold(item.clone(), |field, key| field.inside(key));
        let Some(field) = field else { continue };
        if let Some(text) = field.as_text()
            && let Some(first) = first.insert(text, index)
        {
            field.error(format!("accounts[{first}] has the same {what}; write another one"));
        }
    }
}

impl Account {
    /// The sources, and behind them those that nobody named but that the others need: a timeline on which tweets are found, and a
    /// lookup that learns which videos hang on them. The positions of the named ones stay.
    pub fn reads(&self) -> Vec<Source> {
        let mut reads = self.sources.clone();
        let has = |reads: &[Source], wanted: &[Api]| reads.iter().any(|source| wanted.contains(&source.kind.api()));
        let implied = |kind| Source { kind, every: None };
        if self.watch.timeline.is_some() && !has(&reads, &[Api::Timeline]) {
            reads.push(implied(SourceKind::Timeline(self.lookup_groups())));
        }
        if has(&reads, &[Api::MediaAnalytics]) && !has(&reads, &[Api::Lookup, Api::Timeline]) {
            reads.push(implied(SourceKind::Lookup(Groups::NONE)));
        }
        reads
    }

    /// What its lookup asks for; all that is allowed if it has none.
    fn lookup_groups(&self) -> Groups {
        let lookup = self.sources.iter().find_map(|source| match source.kind {
            SourceKind::Lookup(groups) => Some(groups),
            _ => None,
        });
        lookup.unwrap_or(Groups::allowed(self.credentials.oauth1.is_some() || self.credentials.oauth2.is_some()))
    }

    fn read(field: &Field<'_>, tiers: Option<&Tiers>) -> Option<Self> {
        let section = field.section(&schema::ACCOUNT)?;
        let name = section.required("name", "write the value of the account label, such as acme", name);
        let username = section.optional("username", username);
        let (named, credentials) = credentials::read(&section);
        let sources = source::read(&section, &Surroundings { named: &named, tiers });
        let budget = Budget::read(&section);
        refuse_boundless(&section, budget, tiers);
        let watch = Watch::read(&section);
        watch::check_timeline_owner(&section, &named);
        Some(Self {
            name: name?,
            username: username?,
            credentials: credentials?,
            sources: sources?,
            budget: budget?,
            watch: watch?,
            shard: Shard::WHOLE,
        })
    }
}

fn name(field: &Field<'_>) -> Option<String> {
    let text = field.text()?;
    if text.trim() != text || text.contains(char::is_control) {
        return field.refuse("spaces around it or control characters inside; write a plain name such as acme");
    }
    Some(text.to_owned())
}

fn username(field: &Field<'_>) -> Option<Username> {
    let text = field.text()?;
    text.parse().map_err(|error| field.error(format!("{}: {error}", shown(text)))).ok()
}

/// Adaptive reading spends what it is given, so it must be given something.
fn refuse_boundless(account: &Section<'_>, budget: Option<Budget>, tiers: Option<&Tiers>) {
    if tiers == Some(&Tiers::Adaptive) && budget.is_some_and(|budget| !budget.is_set()) {
        account.missing::<()>("budget", "adaptive tiers need usd_per_day, usd_per_month or tweets_per_month");
    }
}

/// Names of the accounts that `/probe` may spend for; each is that of an account.
pub(super) fn probe(root: &Section<'_>) -> Option<Vec<String>> {
    let section = root.section("probe", &schema::PROBE)?;
    let accounts = root.field("accounts").map(|accounts| accounts.items()).unwrap_or_default();
    let fields: Vec<_> = accounts.iter().filter_map(|account| account.inside("name")).collect();
    let names: Vec<&str> = fields.iter().filter_map(Field::as_text).collect();
    section.or("accounts", Vec::new(), |field| {
        let items = field.list()?;
        let read: Vec<_> = items.iter().map(|item| known_name(item, &names)).collect();
        read.into_iter().collect()
    })
}

fn known_name(field: &Field<'_>, names: &[&str]) -> Option<String> {
    let text = field.text()?;
    if names.contains(&text) {
        return Some(text.to_owned());
    }
    let meant = nearest(text, names).map(|name| format!("did you mean {}? ", shown(name))).unwrap_or_default();
    field.refuse(format!("no account is named {}; {meant}write a name from accounts", shown(text)))
}
