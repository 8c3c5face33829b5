//! Faults that change what an endpoint said.

use serde_json::{Value, json};

use crate::simulator::call::Call;
use crate::simulator::endpoints::selection::{PRIVATE_GROUPS, Selection};
use crate::simulator::endpoints::{engagement, sub_fields};
use crate::simulator::faults::kinds::{Fault, FieldsName, Problem, Style};
use crate::simulator::faults::shapes::{
    add_list, bend_leaves, empty_page, leave_out_of_groupings, malform_buckets, numbers, recount, reshape, unavailable,
};
use crate::simulator::reply::{self, Invalid, Missing, Reply};

impl Fault {
    /// The refusal of a parameter that this X does not know.
    pub(crate) fn refused_parameter(&self, call: &Call) -> Option<Reply> {
        let Self::FieldsParameter { only } = self else { return None };
        let (known, unknown) = match only {
            FieldsName::Tweet => ("tweet.fields", "post.fields"),
            FieldsName::Post => ("post.fields", "tweet.fields"),
        };
        let value = call.parameter(unknown)?.to_owned();
        let message = format!("The query parameter [{unknown}] is not one of [expansions,ids,media.fields,{known},user.fields]");
        Some(Reply::invalid(&[Invalid { parameter: unknown.to_owned(), value, message }]))
    }

    /// Changes what the endpoint said.
    pub(crate) fn distort(&self, reply: &mut Reply, call: &Call) {
        match self {
            Self::MalformedValue { .. } if engagement::is_called(call) => bend_leaves(&mut reply.body),
            Self::MalformedValue { tweet } => malform(&mut reply.body, tweet.as_deref()),
            Self::UnknownFields {} if engagement::is_called(call) => add_list(&mut reply.body),
            Self::UnknownFields {} => tweets(&mut reply.body).for_each(add_unknown),
            Self::Omit { tweets } if engagement::is_called(call) => drop(leave_out_of_groupings(&mut reply.body, tweets)),
            Self::PartialErrors { tweets, .. } if engagement::is_called(call) => unavailable(&mut reply.body, tweets),
            Self::Omit { tweets } => drop(leave_out(reply, tweets)),
            Self::PartialErrors { tweets, problem } => partial_errors(reply, call, tweets, *problem),
            Self::Names { style: Style::Post } => rename(&mut reply.body),
            Self::EmptyPage {} => empty_page(reply),
            Self::AnalyticsShape { shape } => reshape(&mut reply.body, *shape),
            Self::Integers {} => numbers(&mut reply.body),
            _ => {}
        }
    }
}

/// The tweets in an answer, whether it has one or many.
fn tweets(body: &mut Value) -> impl Iterator<Item = &mut Value> {
    let (many, one) = match body.get_mut("data") {
        Some(Value::Array(many)) => (many.as_mut_slice(), None),
        Some(one) => (Default::default(), Some(one)),
        None => (Default::default(), None),
    };
    many.iter_mut().chain(one)
}

/// Wrong types in the public numbers of the tweet `id`, or of the first one: `like_count` a text, `reply_count` negative,
/// `quote_count` a fraction, `bookmark_count` an object. The others stay.
fn malform(body: &mut Value, id: Option<&str>) {
    let Some(tweet) = tweets(body).find(|tweet| id.is_none_or(|id| tweet["id"] == id)) else { return };
    malform_buckets(tweet);
    let Some(numbers) = tweet.get_mut("public_metrics").and_then(Value::as_object_mut) else { return };
    for (key, value) in [
        ("like_count", json!("12")),
        ("reply_count", json!(-5)),
        ("quote_count", json!(3.5)),
        ("bookmark_count", json!({ "value": 7 })),
    ] {
        numbers.insert(key.to_owned(), value);
    }
}

fn add_unknown(tweet: &mut Value) {
    let Some(fields) = tweet.as_object_mut() else { return };
    let groups = fields.iter_mut().filter(|(name, _)| name.ends_with("_metrics"));
    for numbers in groups.flat_map(|(_, group)| maps(group)) {
        numbers.insert("sparkle_count".to_owned(), json!(7));
        numbers.insert("mood".to_owned(), json!("sunny"));
    }
    fields.insert("aura".to_owned(), json!({ "level": 3 }));
}

/// The numbers of a group, or of the buckets in its stead.
fn maps(group: &mut Value) -> Vec<&mut serde_json::Map<String, Value>> {
    match group {
        Value::Object(numbers) => vec![numbers],
        Value::Array(buckets) => buckets.iter_mut().filter_map(|bucket| bucket.get_mut("metrics")?.as_object_mut()).collect(),
        _ => Vec::new(),
    }
}

/// Removes tweets from an answer and from the bill; says which were in it.
fn leave_out(reply: &mut Reply, ids: &[String]) -> Vec<String> {
    let is_out = |tweet: &Value| ids.iter().any(|id| tweet["id"] == id.as_str());
    let present: Vec<String> = tweets(&mut reply.body)
        .filter(|tweet| is_out(tweet))
        .filter_map(|tweet| tweet["id"].as_str().map(str::to_owned))
        .collect();
    let is_left = match reply.body.get_mut("data") {
        Some(Value::Array(many)) => {
            many.retain(|tweet| !is_out(tweet));
            !many.is_empty()
        }
        Some(one) => !is_out(one),
        None => true,
    };
    if let (false, Some(body)) = (is_left, reply.body.as_object_mut()) {
        body.remove("data");
        body.remove("includes");
    }
    recount(&mut reply.body);
    reply.billed.retain(|(_, id)| !present.contains(&id.to_string()));
    present
}

fn partial_errors(reply: &mut Reply, call: &Call, ids: &[String], problem: Problem) {
    let entries: Vec<Value> = leave_out(reply, ids).iter().flat_map(|id| entries(call, id, problem)).collect();
    let Some(body) = reply.body.as_object_mut().filter(|_| !entries.is_empty()) else { return };
    if let Some(errors) = body.entry("errors").or_insert_with(|| json!([])).as_array_mut() {
        errors.extend(entries);
    }
}

fn entries(call: &Call, id: &str, problem: Problem) -> Vec<Value> {
    let missing = |why| vec![reply::missing(why, "tweet", "ids", id)];
    match problem {
        Problem::NotFound => missing(Missing::NotFound),
        Problem::NotAuthorized => missing(Missing::NotAuthorized),
        Problem::Unavailable => missing(Missing::Unavailable),
        Problem::Field => {
            let selection = Selection::of(call);
            let wanted: Vec<&str> = PRIVATE_GROUPS.into_iter().filter(|group| selection.wants(group)).collect();
            let groups = if wanted.is_empty() { vec!["non_public_metrics"] } else { wanted };
            let fields = groups.iter().flat_map(|group| sub_fields(group).iter().map(move |field| format!("{group}.{field}")));
            fields.map(|field| reply::refused_field("ids", id, &field)).collect()
        }
    }
}

/// The spelling of the specification from 2.167 on.
fn rename(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(rename),
        Value::Object(fields) => {
            for (old, new) in [("retweet_count", "repost_count"), ("edit_history_tweet_ids", "edit_history_post_ids")] {
                if let Some(value) = fields.remove(old) {
                    fields.insert(new.to_owned(), value);
                }
            }
            fields.values_mut().for_each(rename);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use hyper::Method;
    use serde_json::{Value, json};

    use crate::simulator::trial::{As, Trial};

    fn struck(fault: Value, query: &str) -> (u16, Value) {
        let mut trial = Trial::new();
        let plain = trial.tweet("plain").to_string();
        let steady = trial.tweet("steady");
        let rules = json!([{ "fault": fault }]).to_string().replace("PLAIN", &plain);
        assert_eq!(trial.control(Method::PUT, "faults", &rules).0, 200, "{rules}");
        trial.ask(As::App, &format!("/2/tweets?ids={plain},{steady}&{query}"))
    }

    #[test]
    fn numbers_and_names_are_bent() {
        let (_, body) = struck(json!({ "kind": "malformed_value" }), "tweet.fields=public_metrics");
        assert_eq!((&body["data"][0]["public_metrics"]["like_count"]), (&json!("12")));
        assert!(body["data"][1]["public_metrics"]["like_count"].is_u64());
        let (_, body) = struck(json!({ "kind": "names", "style": "post" }), "tweet.fields=public_metrics");
        let tweet = &body["data"][0];
        assert!(tweet["public_metrics"]["repost_count"].is_u64() && tweet["public_metrics"].get("retweet_count").is_none());
        assert!(tweet["edit_history_post_ids"].is_array());
        let (_, body) = struck(json!({ "kind": "unknown_fields" }), "tweet.fields=public_metrics");
        assert_eq!(body["data"][1]["public_metrics"]["sparkle_count"], 7);
    }

    #[test]
    fn tweets_are_left_out_with_and_without_a_word() {
        let (_, body) = struck(json!({ "kind": "omit", "tweets": ["PLAIN"] }), "");
        assert_eq!((body["data"].as_array().map(Vec::len), body.get("errors")), (Some(1), None));
        for (problem, entries) in [("not-found", 1), ("not-authorized", 1), ("unavailable", 1), ("field", 3)] {
            let (_, body) = struck(json!({ "kind": "partial_errors", "tweets": ["PLAIN"], "problem": problem }), "");
            let lengths = ["data", "errors"].map(|key| body[key].as_array().map(Vec::len));
            assert_eq!(lengths, [Some(1), Some(entries)], "{problem}");
        }
    }

    #[test]
    fn the_other_fields_parameter_is_refused_by_name() {
        let fault = json!({ "kind": "fields_parameter", "only": "post.fields" });
        let (status, body) = struck(fault.clone(), "tweet.fields=public_metrics");
        assert_eq!(status, 400);
        assert!(body["errors"][0]["parameters"].get("tweet.fields").is_some());
        assert_eq!(struck(fault, "post.fields=public_metrics").0, 200);
    }

    #[test]
    fn refusals_have_the_shapes_that_were_seen() {
        for (fault, status, title) in [
            (json!({ "kind": "rate_limited", "reset_in_seconds": 60 }), 429, "Too Many Requests"),
            (json!({ "kind": "rate_limited_24h" }), 429, "Too Many Requests"),
            (json!({ "kind": "usage_capped" }), 429, "UsageCapExceeded"),
            (json!({ "kind": "credits_depleted" }), 402, "Payment Required"),
            (json!({ "kind": "credits_depleted", "wording": "old" }), 402, "CreditsDepleted"),
            (json!({ "kind": "spend_cap", "reset_date": "2026-12-01" }), 403, "SpendCapReached"),
            (json!({ "kind": "client_not_enrolled" }), 403, "Client Forbidden"),
            (json!({ "kind": "unauthorized" }), 401, "Unauthorized"),
            (json!({ "kind": "unavailable" }), 503, "Service Unavailable"),
        ] {
            let (got, body) = struck(fault.clone(), "");
            assert_eq!((got, body["title"].as_str()), (status, Some(title)), "{fault}");
        }
        let (_, body) = struck(json!({ "kind": "rate_limited", "reset_in_seconds": 60, "shape": "v1" }), "");
        assert_eq!(body["errors"][0]["code"], 88);
    }
}
