//! Other shapes of the same answer.

use serde_json::{Map, Value, json};

use crate::simulator::faults::kinds::DataShape;
use crate::simulator::reply::Reply;

/// A page without tweets whose tokens stay.
pub(super) fn empty_page(reply: &mut Reply) {
    if let Some(body) = reply.body.as_object_mut().filter(|body| body.contains_key("meta")) {
        ["data", "includes", "errors"].iter().for_each(|key| drop(body.remove(*key)));
        reply.billed.clear();
    }
    recount(&mut reply.body);
}

/// Counts the tweets of a page anew.
pub(super) fn recount(body: &mut Value) {
    let count = body["data"].as_array().map_or(0, Vec::len);
    let end = |tweets: Option<&Value>| tweets.map(|tweet| tweet["id"].clone());
    let tweets = body["data"].as_array();
    let ends = [
        ("newest_id", end(tweets.and_then(|tweets| tweets.first()))),
        ("oldest_id", end(tweets.and_then(|tweets| tweets.last()))),
    ];
    let Some(meta) = body.get_mut("meta").and_then(Value::as_object_mut) else { return };
    meta.insert("result_count".to_owned(), json!(count));
    for (name, id) in ends {
        match id {
            Some(id) => meta.insert(name.to_owned(), id),
            None => meta.remove(name),
        };
    }
}

/// The other shapes that analytics were documented in.
pub(super) fn reshape(body: &mut Value, shape: DataShape) {
    let Some(Value::Array(items)) = body.get("data").cloned() else { return };
    body["data"] = match shape {
        DataShape::Array => return,
        DataShape::Object => items.into_iter().next().unwrap_or_default(),
        DataShape::Nested => json!({ "data": items }),
        DataShape::Flat => items.iter().flat_map(flat).collect(),
    };
}

fn flat(item: &Value) -> Vec<Value> {
    let Some(fields) = item.as_object() else { return Vec::new() };
    let own: Map<String, Value> = fields
        .iter()
        .filter(|(name, _)| *name != "timestamped_metrics")
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let bucket = |bucket: &Value| {
        let mut flat = own.clone();
        flat.insert("timestamp".to_owned(), bucket["timestamp"].clone());
        flat.extend(bucket["metrics"].as_object().cloned().unwrap_or_default());
        Value::Object(flat)
    };
    item["timestamped_metrics"].as_array().into_iter().flatten().map(bucket).collect()
}

/// The Engagement API's numbers as integers.
pub(super) fn numbers(body: &mut Value) {
    let number = |leaf: &mut Value| {
        if let Some(number) = leaf.as_str().and_then(|text| text.parse::<u64>().ok()) {
            *leaf = json!(number);
        }
    };
    groupings(body).for_each(|grouping| leaves(grouping, &mut |leaf| number(leaf)));
}

/// The first four of the Engagement API's numbers in each grouping as what they must not be.
pub(super) fn bend_leaves(body: &mut Value) {
    for grouping in groupings(body) {
        let mut wrong = vec![json!({ "value": 7 }), json!(3.5), json!("-5"), json!("a dozen")];
        leaves(grouping, &mut |leaf| {
            if let Some(value) = wrong.pop() {
                *leaf = value;
            }
        });
    }
}

/// Removes tweets from every level of the Engagement API's answer; says which were in it.
pub(super) fn leave_out_of_groupings(body: &mut Value, ids: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    groupings(body).for_each(|grouping| without(grouping, ids, &mut found));
    found.sort();
    found.dedup();
    found
}

fn without(value: &mut Value, ids: &[String], found: &mut Vec<String>) {
    let Some(fields) = value.as_object_mut() else { return };
    found.extend(fields.keys().filter(|key| ids.contains(key)).cloned());
    fields.retain(|key, _| !ids.contains(key));
    fields.values_mut().for_each(|value| without(value, ids, found));
}

/// Lists tweets as unavailable instead.
pub(super) fn unavailable(body: &mut Value, ids: &[String]) {
    let found = leave_out_of_groupings(body, ids);
    let Some(body) = body.as_object_mut().filter(|_| !found.is_empty()) else { return };
    if let Some(list) = body.entry("unavailable_tweet_ids").or_insert_with(|| json!([])).as_array_mut() {
        list.extend(found.into_iter().map(Value::from));
    }
}

/// A list that no document knows.
pub(super) fn add_list(body: &mut Value) {
    if let Some(body) = body.as_object_mut() {
        body.insert("unsupported_for_sparkles_tweet_ids".to_owned(), json!(["1"]));
        body.insert("aura".to_owned(), json!({ "level": 3 }));
    }
}

/// Wrong types in the first bucket of an analytics item.
pub(super) fn malform_buckets(item: &mut Value) {
    let bucket = item.get_mut("timestamped_metrics").and_then(|buckets| buckets.get_mut(0));
    let Some(metrics) = bucket.and_then(|bucket| bucket.get_mut("metrics")).and_then(Value::as_object_mut) else { return };
    let wrong =
        [("likes", json!("12")), ("replies", json!(-5)), ("quote_tweets", json!(3.5)), ("bookmarks", json!({ "value": 7 }))];
    metrics.extend(wrong.map(|(name, value)| (name.to_owned(), value)));
}

fn groupings(body: &mut Value) -> impl Iterator<Item = &mut Value> {
    body.as_object_mut().into_iter().flatten().map(|(_, value)| value).filter(|value| value.is_object())
}

fn leaves(value: &mut Value, change: &mut dyn FnMut(&mut Value)) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(|value| leaves(value, change)),
        leaf => change(leaf),
    }
}
