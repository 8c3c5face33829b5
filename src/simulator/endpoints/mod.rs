//! X's endpoints: a file for each family, a row in [`ALL`] for each path.

pub(crate) mod engagement;
pub(crate) mod selection;

mod analytics;
mod arguments;
mod concepts;
mod groups;
mod insights;
mod labs;
mod lookup;
mod pages;
mod timeline;
mod tweet_view;
mod usage;
mod users;
mod window;

use hyper::Method;

use crate::model::Timestamp;
use crate::simulator::call::Call;
use crate::simulator::faults::Fault;
use crate::simulator::gate::Caller;
use crate::simulator::limits::Allowance;
use crate::simulator::meter::Meter;
use crate::simulator::reply::Reply;
use crate::simulator::systems::System;
use crate::simulator::world::World;

pub(crate) use groups::{media_group, tweet_group};
pub(crate) use tweet_view::sub_fields;

/// One endpoint.
pub(crate) struct Endpoint {
    pub(crate) method: Method,
    pub(crate) system: System,
    /// Path; a segment that starts with `:` stands for any text.
    pub(crate) pattern: &'static str,
    pub(crate) allowance: Allowance,
    pub(crate) answer: fn(&Ask<'_>) -> Reply,
}

/// A call that passed the gate.
pub(crate) struct Ask<'a> {
    pub(crate) world: &'a World,
    pub(crate) call: &'a Call,
    pub(crate) caller: Caller,
    /// What the real clock shows: X's rules go by it.
    pub(crate) now: Timestamp,
    /// What the simulated clock shows: growth goes by it.
    pub(crate) simulated: Timestamp,
    /// What the `:` segment stands for.
    pub(crate) argument: &'a str,
    /// What X would charge so far.
    pub(crate) meter: &'a Meter,
    /// The fault that strikes, if it lets the endpoint answer.
    pub(crate) fault: Option<&'a Fault>,
}

/// Every endpoint; the first that fits answers, so fixed paths stand before those with a `:`.
pub(crate) const ALL: [Endpoint; 15] = [
    analytics::TWEETS,
    analytics::MEDIA,
    insights::TRAILING,
    insights::HISTORICAL,
    engagement::TOTALS,
    engagement::TRAILING,
    engagement::HISTORICAL,
    labs::PRIVATE,
    usage::TWEETS,
    lookup::MANY,
    lookup::ONE,
    users::ME,
    users::MANY,
    users::ONE,
    timeline::TWEETS,
];

/// The endpoint of a call and what its `:` segment stands for.
pub(crate) fn find(call: &Call) -> Option<(&'static Endpoint, &str)> {
    const TABLE: &[Endpoint] = &ALL;
    TABLE.iter().filter(|endpoint| endpoint.method == call.method).find_map(|endpoint| {
        let argument = matched(endpoint.pattern, &call.path)?;
        Some((endpoint, argument))
    })
}

fn matched<'a>(pattern: &str, path: &'a str) -> Option<&'a str> {
    let (mut wanted, mut given, mut argument) = (pattern.split('/'), path.split('/'), "");
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(argument),
            (Some(wanted), Some(given)) if wanted.starts_with(':') && !given.is_empty() => argument = given,
            (Some(wanted), Some(given)) if wanted == given => {}
            _ => return None,
        }
    }
}
