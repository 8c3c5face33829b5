//! Faults that change what an endpoint says.

use serde_json::{Map, Value, json};

use crate::model::{PriceClass, TweetId};
use crate::simulator::faults::kind::{Kind, Problem, Style};
use crate::simulator::reply::{Missing, Reply, missing, refused_field};

/// Changes the reply as this kind of fault does, if it is one that does.
pub(crate) fn change(kind: &Kind, reply: &mut Reply) {
    match kind {
        Kind::MalformedValue => malform(&mut reply.body),
        Kind::UnknownFields => tweets(&mut reply.body).for_each(add_unknown),
        Kind::Omit { tweets } => omit(reply, tweets),
        Kind::PartialErrors { tweets, problem } => {
            omit(reply, tweets);
            let errors: Vec<Value> = tweets.iter().map(|tweet| error(tweet, *problem)).collect();
            if let Some(body) = reply.body.as_object_mut() {
                let list = body.entry("errors").or_insert_with(|| json!([]));
                list.as_array_mut().into_iter().for_each(|list| list.extend(errors.clone()));
            }
        }
        Kind::Names { style: Style::Post } => rename(&mut reply.body),
        _ => {}
    }
}

fn tweets(body: &mut Value) -> impl Iterator<Item = &mut Value> {
    body.get_mut("data").and_then(Value::as_array_mut).into_iter().flatten()
}

/// A string, a negative number, a fraction, an object; then numbers again.
fn malform(body: &mut Value) {
    let Some(first) = tweets(body).next() else { return };
    for metrics in ["public_metrics", "organic_metrics", "non_public_metrics"] {
        let Some(Value::Object(metrics)) = first.get_mut(metrics) else { continue };
        let wrong = [json!("12"), json!(-3), json!(0.5), json!({ "value": 1 })];
        metrics.values_mut().zip(wrong).for_each(|(value, wrong)| *value = wrong);
    }
}

fn add_unknown(tweet: &mut Value) {
    if let Some(Value::Object(metrics)) = tweet.get_mut("public_metrics") {
        metrics.insert("telepathy_count".to_owned(), json!(7));
    }
}

fn omit(reply: &mut Reply, omitted: &[String]) {
    let is_omitted = |id: &str| omitted.iter().any(|other| other == id);
    let Some(body) = reply.body.as_object_mut() else { return };
    let left = body.get_mut("data").and_then(Value::as_array_mut).map_or(0, |data| {
        data.retain(|tweet| !tweet["id"].as_str().is_some_and(is_omitted));
        data.len()
    });
    if left == 0 {
        body.remove("data");
        body.entry("errors").or_insert_with(|| json!([]));
    }
    let numbers: Vec<u64> = omitted.iter().filter_map(|id| id.parse().ok()).map(TweetId::number).collect();
    reply.billed.retain(|(class, id)| *class != PriceClass::Tweet || !numbers.contains(id));
}

fn error(tweet: &str, problem: Problem) -> Value {
    match problem {
        Problem::NotFound => missing(Missing::NotFound, "tweet", "ids", tweet),
        Problem::NotAuthorized => missing(Missing::NotAuthorized, "tweet", "ids", tweet),
        Problem::Unavailable => missing(Missing::Unavailable, "tweet", "ids", tweet),
        Problem::Field => refused_field("ids", tweet, "non_public_metrics.impression_count"),
    }
}

/// Contradictions 2 and 4 of x-api.md, section 8.
fn rename(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(rename),
        Value::Object(members) => {
            let renamed = std::mem::take(members).into_iter().map(|(name, mut value)| {
                rename(&mut value);
                let name = match name.as_str() {
                    "retweet_count" => "repost_count".to_owned(),
                    "edit_history_tweet_ids" => "edit_history_post_ids".to_owned(),
                    _ => name,
                };
                (name, value)
            });
            *members = renamed.collect::<Map<_, _>>();
        }
        _ => {}
    }
}
