//! What X would charge for: distinct resources of a class, for each app and UTC day (x-api.md, section 5.2).

use std::collections::{BTreeMap, HashSet};

use serde_json::{Map, Value, json};

use crate::model::{PriceClass, Timestamp};

/// The bill.
#[derive(Default)]
pub(crate) struct Meter {
    requests: u64,
    by_path: BTreeMap<&'static str, u64>,
    days: BTreeMap<i64, BTreeMap<PriceClass, HashSet<(usize, u64)>>>,
}

/// Days that are kept.
const MOST_DAYS: usize = 400;

impl Meter {
    /// Counts a request to X, whatever became of it. `path` is the endpoint's pattern.
    pub(crate) fn request(&mut self, path: &'static str) {
        self.requests += 1;
        *self.by_path.entry(path).or_default() += 1;
    }

    /// Counts resources that an app was given at the real moment `now`.
    pub(crate) fn charge(&mut self, account: usize, resources: &[(PriceClass, u64)], now: Timestamp) {
        let day = self.days.entry(now.utc_day()).or_default();
        for (class, id) in resources {
            day.entry(*class).or_default().insert((account, *id));
        }
        if self.days.len() > MOST_DAYS {
            self.days.pop_first();
        }
    }

    /// UTC days on which something was given.
    pub(crate) fn days(&self) -> impl Iterator<Item = i64> {
        self.days.keys().copied()
    }

    /// Distinct resources of a class that an app was given on a UTC day.
    pub(crate) fn distinct(&self, account: usize, class: PriceClass, day: i64) -> usize {
        let ids = self.days.get(&day).and_then(|day| day.get(&class));
        ids.map_or(0, |ids| ids.iter().filter(|(owner, _)| *owner == account).count())
    }

    /// The bill as `GET /_simulator/bill` sends it.
    pub(crate) fn json(&self) -> Value {
        let day = |day: i64| {
            let noon = Timestamp::from_seconds(day.saturating_mul(86_400)).to_string();
            noon.split('T').next().unwrap_or_default().to_owned()
        };
        let classes = |classes: &BTreeMap<PriceClass, HashSet<(usize, u64)>>| -> Map<String, Value> {
            classes.iter().map(|(class, ids)| (class.name().to_owned(), json!(ids.len()))).collect()
        };
        let days = self.days.iter().filter(|(_, day)| !day.is_empty());
        let days: Map<String, Value> = days.map(|(number, sets)| (day(*number), Value::Object(classes(sets)))).collect();
        json!({ "requests": self.requests, "by_path": self.by_path, "days": days })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_is_charged_once_a_day_and_app() {
        let noon: Timestamp = "2026-11-21T12:00:00Z".parse().expect("RFC 3339");
        let mut meter = Meter::default();
        for account in [0, 0, 1] {
            meter.request("/2/tweets");
            meter.charge(account, &[(PriceClass::Tweet, 5), (PriceClass::User, 5)], noon);
        }
        meter.charge(0, &[(PriceClass::Tweet, 5)], noon + std::time::Duration::from_secs(43_200));
        let days = json!({ "2026-11-21": { "tweet": 2, "user": 2 }, "2026-11-22": { "tweet": 1 } });
        assert_eq!(meter.json(), json!({ "requests": 3, "by_path": { "/2/tweets": 3 }, "days": days }));
    }
}
