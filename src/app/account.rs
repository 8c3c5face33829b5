//! Puts one account together: what its plan may do, how its calls are made.

use std::sync::Arc;
use std::time::SystemTime;

use crate::app::AppError;
use crate::auth::{Credential, CredentialContext, configured_kinds, speaker};
use crate::collector::{Desk, Health};
use crate::config::{Account, Charge, Config, Groups, Source, SourceKind, WatchTimeline};
use crate::model::{Api, CredentialKind, Room, Timestamp};
use crate::net::Client;
use crate::schedule::{AccountTerms, Discovery, LedgerTerms, SourceTerms};
use crate::self_metrics::{AccountMetrics, SelfMetrics};
use crate::store::Mention;
use crate::x_api::{Backend, Session, SessionSettings, Timeline};

/// What the account's plan may do.
pub fn terms(config: &Config, account: &Account, room: Room) -> AccountTerms {
    let charge = config.billing.charge;
    AccountTerms {
        credentials: configured_kinds(&account.credentials),
        derived_bearer: has_derived_bearer(account),
        sources: account.reads().iter().map(source_terms).collect(),
        discovery: account.watch.timeline.as_ref().map(|timeline| discovery(timeline, room.tweets)),
        username: account.username.clone(),
        ledger: LedgerTerms { charge, prices: config.billing.usd, budget: account.budget },
        // One early read parts the batches of a start; a legacy plan would pay for it.
        patience: if charge == Charge::UtcDay { 0.5 } else { 0.95 },
        speaker: speaker(&account.credentials),
        longest_call: config.api.timeout,
        seed: account.name.bytes().fold(u64::from(std::process::id()), |seed, byte| seed.wrapping_mul(31) + u64::from(byte)),
        shards: account.shard.count(),
        elsewhere: room.elsewhere,
    }
}

/// The keys of OAuth 1.0a are good for an app-only token, too (x-api.md 3.2).
fn has_derived_bearer(account: &Account) -> bool {
    account.credentials.bearer.is_none() && account.credentials.oauth1.is_some()
}

fn source_terms(source: &Source) -> SourceTerms {
    let groups = match source.kind {
        SourceKind::Lookup(groups) | SourceKind::Timeline(groups) => groups,
        _ => Groups::NONE,
    };
    SourceTerms { name: source.name().into(), api: source.kind.api(), groups, every: source.every }
}

fn discovery(timeline: &WatchTimeline, room: usize) -> Discovery {
    Discovery {
        younger_than: timeline.younger_than,
        exclude_replies: timeline.exclude_replies,
        exclude_retweets: timeline.exclude_retweets,
        max_tweets: timeline.max_tweets,
        room,
    }
}

/// The account's way to X. Its token file is this process's from here on; `others` may hold it already.
pub(super) fn session(
    config: &Config,
    account: &Account,
    client: &Client,
    metrics: &Arc<SelfMetrics>,
    others: &[Credential],
) -> Result<SessionSettings, AppError> {
    let own = account_metrics(account, metrics);
    let context = CredentialContext {
        credentials: &account.credentials,
        account: &account.name,
        client,
        api_url: &config.api.url,
        metrics: &own,
        now: Timestamp::from(SystemTime::now()),
    };
    let credentials: Vec<Credential> =
        Credential::of(&context).into_iter().map(|credential| credential.succeed(others)).collect();
    credentials.iter().try_for_each(Credential::lock).map_err(AppError::TokenFile)?;
    Ok(SessionSettings {
        client: client.clone(),
        url: config.api.url.clone(),
        engagement_url: config.api.engagement_url.clone(),
        credentials,
        account: own,
        metrics: metrics.clone(),
    })
}

/// The account's own metrics; what can happen to it exists at 0.
fn account_metrics(account: &Account, metrics: &Arc<SelfMetrics>) -> AccountMetrics {
    metrics.account(&account.name, &apis(account, &configured_kinds(&account.credentials)))
}

/// The systems that an account may call.
fn apis(account: &Account, kinds: &[CredentialKind]) -> Vec<Api> {
    let sources = account.reads();
    let has_timeline = sources.iter().any(|source| source.kind.api() == Api::Timeline);
    let needs_name = account.username.is_none() && kinds.iter().any(|kind| kind.is_user());
    let has_bearer = kinds.contains(&CredentialKind::Bearer) || has_derived_bearer(account);
    let fetches_tokens = account.credentials.oauth2.is_some() || has_derived_bearer(account);
    let others = [(Api::Users, has_timeline || needs_name), (Api::Usage, has_bearer), (Api::Oauth2, fetches_tokens)];
    let others = others.into_iter().filter_map(|(api, is_called)| is_called.then_some(api));
    let mut apis: Vec<Api> = sources.iter().map(|source| source.kind.api()).chain(others).collect();
    apis.sort();
    apis.dedup();
    apis
}

/// How the account's calls are made.
pub(super) fn desk(account: &Account, settings: SessionSettings) -> Desk {
    let sources = account.reads();
    let metrics = settings.account.clone();
    let groups = sources.iter().find_map(|source| match source.kind {
        SourceKind::Timeline(groups) => Some(groups),
        _ => None,
    });
    let timeline_labels = account.watch.timeline.as_ref().map(|timeline| timeline.labels.clone()).unwrap_or_default();
    Desk {
        session: Arc::new(Session::new(settings)),
        backends: sources.iter().map(|source| Backend::new(&source.kind).map(Arc::new)).collect(),
        timeline: Arc::new(Timeline::new(groups.unwrap_or(Groups::NONE))),
        precedence: precedence(&sources),
        places: sources.iter().map(place_name).collect(),
        found: Arc::new(Mention { username: None, labels: timeline_labels }),
        metrics,
        health: health(account),
    }
}

/// What may be wrong with it: what it calls, and with what.
fn health(account: &Account) -> Health {
    let kinds = configured_kinds(&account.credentials);
    let derived = has_derived_bearer(account).then_some(CredentialKind::Bearer);
    Health::new(account.name.clone(), apis(account, &kinds), kinds, derived)
}

/// Lookup and timeline share a place, whichever stands first.
fn place_name(source: &Source) -> String {
    match source.kind {
        SourceKind::Lookup(_) | SourceKind::Timeline(_) => "tweets".to_owned(),
        _ => source.name(),
    }
}

/// Whose numbers win: sources in their order, but lookup and timeline share the place of the first of them.
fn precedence(sources: &[Source]) -> Vec<u8> {
    let is_twin = |source: &Source| matches!(source.kind, SourceKind::Lookup(_) | SourceKind::Timeline(_));
    let first = sources.iter().position(is_twin);
    let place = |(position, source): (usize, &Source)| first.filter(|_| is_twin(source)).unwrap_or(position);
    sources.iter().enumerate().map(place).map(|place| u8::try_from(place).unwrap_or(u8::MAX)).collect()
}
