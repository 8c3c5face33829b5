//! `GET /2/tweets` and `GET /2/tweets/:id` (x-api.md 1a).

use serde_json::{Map, Value, json};

use crate::model::{PriceClass, Timestamp, TweetId};
use crate::simulator::call::Call;
use crate::simulator::endpoints::Scene;
use crate::simulator::endpoints::selection::Selection;
use crate::simulator::growth::{Counts, Numbers};
use crate::simulator::reply::{Invalid, Missing, Reply, missing, refused_field, refused_media_field};
use crate::simulator::tweet::{State, Tweet};

const MOST_IDS: usize = 100;
const PRIVATE_GROUPS: [&str; 3] = ["non_public_metrics", "organic_metrics", "promoted_metrics"];

/// The answer to many ids.
pub(crate) fn many(scene: &Scene<'_>, call: &Call) -> Reply {
    let ids: Vec<&str> = call.items("ids").collect();
    let mut wrong = wrong_ids(&ids, call.parameter("ids").unwrap_or_default());
    let selection = match Selection::read(call, &["ids"], scene.only_parameter) {
        Ok(selection) if wrong.is_empty() => selection,
        Ok(_) => return Reply::invalid(&wrong),
        Err(more) => {
            wrong.extend(more);
            return Reply::invalid(&wrong);
        }
    };
    let mut answer = Answer::new(scene, &selection);
    ids.iter().for_each(|id| answer.add(id, "ids"));
    answer.finish(Value::Array, 200)
}

/// The answer to one id: `data` is an object, and a missing tweet is a 404.
pub(crate) fn one(scene: &Scene<'_>, call: &Call, id: &str) -> Reply {
    let wrong = wrong_ids(&[id], id);
    let selection = match Selection::read(call, &[], scene.only_parameter) {
        Ok(selection) if wrong.is_empty() => selection,
        Ok(_) => return Reply::invalid(&wrong),
        Err(wrong) => return Reply::invalid(&wrong),
    };
    let mut answer = Answer::new(scene, &selection);
    answer.add(id, "id");
    answer.finish(|mut data| data.pop().unwrap_or_default(), 404)
}

fn wrong_ids(ids: &[&str], value: &str) -> Vec<Invalid> {
    let invalid = |message: String| Invalid { parameter: "ids".to_owned(), value: value.to_owned(), message };
    if ids.is_empty() {
        return vec![invalid("The `ids` query parameter can not be empty".to_owned())];
    }
    if ids.len() > MOST_IDS {
        let message = format!("The number of values in the `ids` query parameter list [{}] is not between 1 and 100", ids.len());
        return vec![invalid(message)];
    }
    let is_wrong = |id: &&&str| id.is_empty() || id.len() > 19 || !id.bytes().all(|byte| byte.is_ascii_digit());
    let message = |id: &&str| invalid(format!("The `ids` query parameter value [{id}] is not valid"));
    ids.iter().filter(is_wrong).map(message).collect()
}

/// An answer that grows tweet by tweet.
struct Answer<'a> {
    scene: &'a Scene<'a>,
    selection: &'a Selection,
    data: Vec<Value>,
    media: Vec<Value>,
    errors: Vec<Value>,
    billed: Vec<(PriceClass, u64)>,
}

impl<'a> Answer<'a> {
    fn new(scene: &'a Scene<'a>, selection: &'a Selection) -> Self {
        Self { scene, selection, data: Vec::new(), media: Vec::new(), errors: Vec::new(), billed: Vec::new() }
    }

    fn add(&mut self, id: &str, parameter: &str) {
        let found = id.parse::<TweetId>().ok().and_then(|id| self.scene.world.tweets.get(&id));
        let gone = match found.map(|tweet| tweet.state) {
            None | Some(State::Deleted) => Some(Missing::NotFound),
            Some(State::Protected) => Some(Missing::NotAuthorized),
            Some(State::Withheld) => Some(Missing::Unavailable),
            Some(State::Normal) => None,
        };
        match (found, gone) {
            (Some(tweet), None) => self.give(tweet, id, parameter),
            (_, why) => self.errors.push(missing(why.unwrap_or(Missing::NotFound), "tweet", parameter, id)),
        }
    }

    /// A refused field costs the whole tweet; so does, in silence, the promotion that never was.
    fn give(&mut self, tweet: &Tweet, id: &str, parameter: &str) {
        let is_owner = self.scene.caller.user == Some(tweet.author) && tweet.is_young(self.scene.now);
        let numbers = tweet.numbers(self.scene.simulated);
        let refused = PRIVATE_GROUPS.iter().filter(|group| self.selection.tweet(group) && !is_owner);
        let refused: Vec<Value> = refused
            .flat_map(|group| tweet_group(tweet, &numbers, group).into_iter().map(move |(key, _)| format!("{group}.{key}")))
            .map(|field| refused_field(parameter, id, &field))
            .collect();
        if !refused.is_empty() {
            return self.errors.extend(refused);
        }
        if self.selection.tweet("promoted_metrics") && !tweet.is_promoted() {
            return;
        }
        self.billed.push((PriceClass::Tweet, tweet.id.number()));
        self.data.push(self.tweet(tweet, &numbers));
        if self.selection.expands_media() {
            self.include(tweet, &numbers, is_owner);
        }
    }

    fn tweet(&self, tweet: &Tweet, numbers: &Numbers) -> Value {
        let id = tweet.id.to_string();
        let mut data = Map::new();
        data.insert("id".to_owned(), json!(id));
        data.insert("text".to_owned(), json!(tweet.text));
        data.insert("edit_history_tweet_ids".to_owned(), json!([id]));
        for (field, value) in [
            ("created_at", json!(created_at(tweet.created))),
            ("author_id", json!(tweet.author.to_string())),
            ("attachments", tweet.medium.as_ref().map_or(Value::Null, |medium| json!({ "media_keys": [medium.key] }))),
        ] {
            if self.selection.tweet(field) && !value.is_null() {
                data.insert(field.to_owned(), value);
            }
        }
        for group in PRIVATE_GROUPS.iter().chain(&["public_metrics"]).filter(|group| self.selection.tweet(group)) {
            data.insert((*group).to_owned(), Value::Object(tweet_group(tweet, numbers, group)));
        }
        Value::Object(data)
    }

    fn include(&mut self, tweet: &Tweet, numbers: &Numbers, is_owner: bool) {
        let Some(medium) = &tweet.medium else { return };
        let mut data = Map::new();
        data.insert("media_key".to_owned(), json!(medium.key));
        data.insert("type".to_owned(), json!(medium.kind.name()));
        if let Some(duration) = medium.duration_ms().filter(|_| self.selection.media("duration_ms")) {
            data.insert("duration_ms".to_owned(), json!(duration));
        }
        let wanted = PRIVATE_GROUPS.iter().chain(&["public_metrics"]).filter(|group| self.selection.media(group));
        for group in wanted.filter(|_| tweet.video().is_some()) {
            let values = media_group(numbers, group);
            if *group == "public_metrics" || is_owner {
                data.insert((*group).to_owned(), Value::Object(values));
            } else {
                let refused = values.keys().map(|key| refused_media_field(&medium.key, &format!("{group}.{key}")));
                self.errors.extend(refused.collect::<Vec<_>>());
            }
        }
        self.media.push(Value::Object(data));
    }

    /// Where nothing is given there is no `data` key at all.
    fn finish(self, wrap: impl FnOnce(Vec<Value>) -> Value, status_without_data: u16) -> Reply {
        let mut body = Map::new();
        let status = if self.data.is_empty() { status_without_data } else { 200 };
        if !self.data.is_empty() {
            body.insert("data".to_owned(), wrap(self.data));
        }
        if !self.media.is_empty() {
            body.insert("includes".to_owned(), json!({ "media": self.media }));
        }
        if !self.errors.is_empty() || body.is_empty() {
            body.insert("errors".to_owned(), Value::Array(self.errors));
        }
        Reply { status, ..Reply::ok(Value::Object(body), self.billed) }
    }
}

/// X cuts the milliseconds.
fn created_at(created: Timestamp) -> String {
    created.to_string().replace('Z', ".000Z")
}

fn tweet_group(tweet: &Tweet, numbers: &Numbers, group: &str) -> Map<String, Value> {
    let total = numbers.total();
    let links = |counts: &Counts| if tweet.has_link { json!(counts.link_clicks) } else { Value::Null };
    let by_context = |counts: &Counts| {
        object(json!({
            "impression_count": counts.impressions, "like_count": counts.likes, "reply_count": counts.replies,
            "retweet_count": counts.retweets, "url_link_clicks": links(counts), "user_profile_clicks": counts.profile_clicks,
        }))
    };
    match group {
        "public_metrics" => object(json!({
            "retweet_count": total.retweets, "reply_count": total.replies, "like_count": total.likes,
            "quote_count": total.quotes, "bookmark_count": total.bookmarks, "impression_count": total.impressions,
        })),
        "non_public_metrics" => object(json!({
            "impression_count": total.impressions, "url_link_clicks": links(&total),
            "user_profile_clicks": total.profile_clicks, "engagements": total.engagements(tweet.has_link),
        })),
        "organic_metrics" => by_context(&numbers.organic),
        _ => by_context(&numbers.promoted),
    }
}

fn media_group(numbers: &Numbers, group: &str) -> Map<String, Value> {
    let counts = match group {
        "organic_metrics" => numbers.organic,
        "promoted_metrics" => numbers.promoted,
        _ => numbers.total(),
    };
    let quartiles = ["0", "25", "50", "75", "100"].into_iter().zip(counts.playback());
    let quartiles = quartiles.map(|(part, users)| (format!("playback_{part}_count"), json!(users)));
    let views = ("view_count".to_owned(), json!(counts.video_views));
    match group {
        "public_metrics" => [views].into_iter().collect(),
        "non_public_metrics" => quartiles.collect(),
        _ => quartiles.chain([views]).collect(),
    }
}

/// The members that have a value: X leaves out what it does not have.
fn object(value: Value) -> Map<String, Value> {
    let Value::Object(members) = value else { return Map::new() };
    members.into_iter().filter(|(_, value)| !value.is_null()).collect()
}

/// What X would tell the owner about a tweet in every group, whatever its age.
pub(crate) fn truth(tweet: &Tweet, simulated: Timestamp) -> Value {
    let numbers = tweet.numbers(simulated);
    let groups = PRIVATE_GROUPS.iter().chain(&["public_metrics"]);
    let tweet_groups: Map<String, Value> =
        groups.clone().map(|group| ((*group).to_owned(), Value::Object(tweet_group(tweet, &numbers, group)))).collect();
    let media = tweet.video().map(|medium| {
        let groups = groups.map(|group| ((*group).to_owned(), Value::Object(media_group(&numbers, group))));
        json!({ "media_key": medium.key, "groups": groups.collect::<Map<_, _>>() })
    });
    json!({ "tweet": tweet.id.to_string(), "groups": tweet_groups, "media": media, "simulated_time": simulated.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CredentialKind;
    use crate::simulator::call::pairs;
    use crate::simulator::gate::Caller;
    use crate::simulator::world::World;

    const START: Timestamp = Timestamp::from_seconds(1_795_000_000);

    /// The answer to acme's owner, for tweets of these kinds.
    fn ask(kinds: &[&str], rest: &str) -> (Vec<String>, Reply) {
        let world = World::new(42, START);
        let id = |kind: &&str| world.tweets.values().find(|tweet| tweet.kind == *kind).expect("cast").id.to_string();
        let ids: Vec<String> = kinds.iter().map(id).collect();
        let caller = Caller { account: 0, kind: CredentialKind::Oauth1, user: Some(world.accounts[0].user) };
        let scene = Scene { world: &world, caller, now: START, simulated: START, only_parameter: None };
        let call = Call {
            method: hyper::Method::GET,
            path: "/2/tweets".to_owned(),
            query: pairs(&format!("ids={}{rest}", ids.join(","))),
            host: String::new(),
            authorization: None,
            accepts_gzip: false,
            form: Vec::new(),
            body: bytes::Bytes::new(),
        };
        let reply = many(&scene, &call);
        (ids, reply)
    }

    fn given(reply: &Reply) -> Vec<&str> {
        reply.body["data"].as_array().into_iter().flatten().filter_map(|tweet| tweet["id"].as_str()).collect()
    }

    #[test]
    fn a_private_field_of_a_foreign_or_old_tweet_costs_the_tweet() {
        let fields = "&tweet.fields=public_metrics,non_public_metrics,organic_metrics";
        let (ids, reply) = ask(&["video", "foreign", "overage", "archive"], fields);
        assert_eq!(given(&reply), [&ids[0], &ids[3]]);
        let errors = reply.body["errors"].as_array().expect("errors");
        assert!(errors.iter().all(|error| error["title"] == "Field Authorization Error"));
        assert!(errors.len() >= 12, "one for each sub-field: {}", errors.len());
        assert_eq!(reply.billed.len(), 2);
        let (ids, reply) = ask(&["foreign", "overage"], "&tweet.fields=public_metrics");
        assert_eq!(given(&reply), [&ids[0], &ids[1]]);
    }

    #[test]
    fn promotion_that_never_was_costs_the_tweet_in_silence() {
        let (ids, reply) = ask(&["plain", "campaign"], "&tweet.fields=promoted_metrics");
        assert_eq!(given(&reply), [&ids[1]]);
        assert!(reply.body.get("errors").is_none());
    }

    #[test]
    fn what_is_missing_is_said_and_all_missing_has_no_data() {
        let (_, reply) = ask(&["deleted", "protected"], "");
        assert_eq!(reply.status, 200);
        assert!(reply.body.get("data").is_none());
        let kinds: Vec<&str> =
            reply.body["errors"].as_array().expect("errors").iter().filter_map(|error| error["type"].as_str()).collect();
        assert!(kinds[0].ends_with("/resource-not-found") && kinds[1].ends_with("/not-authorized-for-resource"));
    }

    #[test]
    fn one_wrong_word_makes_the_whole_request_invalid() {
        for rest in [",12a", ",", "&tweet.fields=likes", "&tweetfields=public_metrics", "&expansions=attachment.media_keys"] {
            assert_eq!(ask(&["plain"], rest).1.status, 400, "{rest}");
        }
        assert_eq!(ask(&vec!["plain"; 101], "").1.status, 400);
    }

    #[test]
    fn no_part_exceeds_its_whole_and_fields_not_asked_for_are_not_given() {
        let fields = "&tweet.fields=public_metrics,organic_metrics,promoted_metrics&expansions=attachments.media_keys";
        let (_, reply) = ask(&["campaign"], fields);
        let tweet = &reply.body["data"][0];
        let count = |group: &str, key: &str| tweet[group][key].as_u64().expect("a count");
        for key in ["impression_count", "like_count", "retweet_count", "reply_count"] {
            assert_eq!(count("organic_metrics", key) + count("promoted_metrics", key), count("public_metrics", key), "{key}");
        }
        assert!(tweet.get("non_public_metrics").is_none() && tweet.get("author_id").is_none());
        assert_eq!(reply.body["includes"]["media"][0]["type"], "photo");
    }
}
