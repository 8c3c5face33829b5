//! The body of a request to the Engagement API, and every reason to refuse it.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::model::TweetId;
use crate::simulator::endpoints::concepts::{Name, named};
use crate::simulator::endpoints::engagement::{Period, Rules};

/// A checked request.
pub(super) struct Request {
    pub(super) ids: Vec<TweetId>,
    pub(super) names: Vec<Name>,
    pub(super) groupings: Vec<Grouping>,
    pub(super) start: Option<String>,
    pub(super) end: Option<String>,
}

/// A grouping.
pub(super) struct Grouping {
    pub(super) name: String,
    pub(super) items: Vec<Item>,
}

/// What a level of the answer is keyed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    Tweet,
    Type,
    Day,
    Hour,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    tweet_ids: Vec<Value>,
    engagement_types: Vec<String>,
    groupings: Map<String, Value>,
    start: Option<String>,
    end: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupBy {
    group_by: Vec<String>,
}

const MOST_GROUPINGS: usize = 3;
const MOST_ITEMS: usize = 4;
/// The only two orders of all four items.
const FOUR: [[Item; 4]; 2] = [[Item::Tweet, Item::Type, Item::Day, Item::Hour], [Item::Type, Item::Tweet, Item::Day, Item::Hour]];

/// The ids in a body, for the journal and for faults; whatever else is wrong with it.
pub(crate) fn tweet_ids(body: &[u8]) -> Vec<String> {
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return Vec::new() };
    body["tweet_ids"].as_array().into_iter().flatten().map(text).collect()
}

/// The documents write ids as texts, one sample as numbers.
fn text(id: &Value) -> String {
    id.as_str().map_or_else(|| id.to_string(), str::to_owned)
}

impl Request {
    /// Reads a body.
    pub(super) fn read(body: &[u8], rules: &Rules) -> Result<Self, String> {
        let body: Body = serde_json::from_slice(body).map_err(|error| format!("The request body is invalid: {error}"))?;
        if rules.period != Period::Given && (body.start.is_some() || body.end.is_some()) {
            return Err("start and end are supported by the historical endpoint only".to_owned());
        }
        Ok(Self {
            ids: ids(&body.tweet_ids, rules)?,
            names: names(&body.engagement_types, rules)?,
            groupings: groupings(body.groupings, rules)?,
            start: body.start,
            end: body.end,
        })
    }
}

fn ids(given: &[Value], rules: &Rules) -> Result<Vec<TweetId>, String> {
    let most = rules.most_ids;
    if !(1..=most).contains(&given.len()) {
        return Err(format!("tweet_ids must have 1 to {most} Tweet IDs, got {}", given.len()));
    }
    let mut ids: Vec<TweetId> = Vec::new();
    for id in given {
        let id = text(id).parse().map_err(|_| format!("tweet_ids has an invalid Tweet ID {id}"))?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

fn names(given: &[String], rules: &Rules) -> Result<Vec<Name>, String> {
    if given.is_empty() {
        return Err("engagement_types must not be empty".to_owned());
    }
    let name = |name: &String| named(rules.names, name).ok_or_else(|| format!("engagement type {name:?} is not supported"));
    given.iter().map(name).collect()
}

fn groupings(given: Map<String, Value>, rules: &Rules) -> Result<Vec<Grouping>, String> {
    if !(1..=MOST_GROUPINGS).contains(&given.len()) {
        return Err(format!("groupings must have 1 to {MOST_GROUPINGS} groupings, got {}", given.len()));
    }
    let groupings: Vec<Grouping> =
        given.into_iter().map(|(name, value)| grouping(name, value, rules)).collect::<Result<_, _>>()?;
    match groupings.iter().filter(|grouping| grouping.items.len() == MOST_ITEMS).count() {
        0 | 1 => Ok(groupings),
        _ => Err(format!("only one grouping may have {MOST_ITEMS} items")),
    }
}

fn grouping(name: String, value: Value, rules: &Rules) -> Result<Grouping, String> {
    let is_taken =
        ["start", "end", "errors", "unavailable_tweet_ids"].contains(&name.as_str()) || name.starts_with("unsupported_for_");
    if name.is_empty() || is_taken {
        return Err(format!("{name:?} cannot be the name of a grouping"));
    }
    let body: GroupBy = serde_json::from_value(value).map_err(|error| format!("grouping {name}: {error}"))?;
    let items = body.group_by.iter().map(|item| Item::parse(item, rules)).collect::<Result<Vec<_>, _>>();
    let items = items.map_err(|why| format!("grouping {name}: {why}"))?;
    check(&items).map_err(|why| format!("grouping {name}: {why}"))?;
    Ok(Grouping { name, items })
}

fn check(items: &[Item]) -> Result<(), &'static str> {
    let position = |wanted: Item| items.iter().position(|item| *item == wanted);
    if items.is_empty() || items.len() > MOST_ITEMS {
        return Err("group_by must have 1 to 4 items");
    }
    if items.iter().enumerate().any(|(place, item)| items[..place].contains(item)) {
        return Err("group_by has an item twice");
    }
    if items.len() == MOST_ITEMS && !FOUR.iter().any(|legal| legal == items) {
        return Err("this order of four items is not supported");
    }
    match (position(Item::Hour), position(Item::Day)) {
        (Some(hour), Some(day)) if hour < day => Err("engagement.hour must come after engagement.day"),
        _ => Ok(()),
    }
}

impl Item {
    fn parse(text: &str, rules: &Rules) -> Result<Self, String> {
        let windowed = rules.period != Period::Lifetime;
        match text {
            "tweet.id" => Ok(Self::Tweet),
            "engagement.type" => Ok(Self::Type),
            "engagement.day" if windowed => Ok(Self::Day),
            "engagement.hour" if windowed => Ok(Self::Hour),
            _ => Err(format!("{text:?} is not supported")),
        }
    }
}
