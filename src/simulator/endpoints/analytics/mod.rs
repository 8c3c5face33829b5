//! `GET /2/tweets/analytics` and `GET /2/media/analytics` (x-api.md, section 1b).

#[cfg(test)]
mod tests;

use std::time::Duration;

use hyper::Method;
use serde_json::{Map, Value, json};

use crate::model::{PriceClass, TweetId};
use crate::simulator::endpoints::arguments::{Arguments, is_id};
use crate::simulator::endpoints::concepts::{Concept, Name};
use crate::simulator::endpoints::selection::{self, List};
use crate::simulator::endpoints::window::{Bucket, DAY, HOUR, WEEK, Window};
use crate::simulator::endpoints::{Ask, Endpoint};
use crate::simulator::limits::Allowance;
use crate::simulator::reply::{Missing, PROBLEMS, Reply};
use crate::simulator::systems::System;
use crate::simulator::tweet::{State, Tweet};

/// `GET /2/tweets/analytics`
pub(crate) const TWEETS: Endpoint = Endpoint {
    method: Method::GET,
    system: System::Analytics,
    pattern: "/2/tweets/analytics",
    allowance: Allowance { app: None, user: Some(300) },
    answer: tweets,
};

/// `GET /2/media/analytics`
pub(crate) const MEDIA: Endpoint = Endpoint {
    method: Method::GET,
    system: System::MediaAnalytics,
    pattern: "/2/media/analytics",
    allowance: Allowance { app: None, user: Some(300) },
    answer: media,
};

const TWEET_NAMES: [Name; 20] = [
    ("app_install_attempts", Concept::Never),
    ("app_opens", Concept::Never),
    ("bookmarks", Concept::Bookmarks),
    ("detail_expands", Concept::DetailExpands),
    ("email_tweet", Concept::Never),
    ("engagements", Concept::Engagements),
    ("follows", Concept::Follows),
    ("hashtag_clicks", Concept::HashtagClicks),
    ("impressions", Concept::Impressions),
    ("likes", Concept::Likes),
    ("media_views", Concept::MediaViews),
    ("permalink_clicks", Concept::PermalinkClicks),
    ("quote_tweets", Concept::Quotes),
    ("replies", Concept::Replies),
    ("retweets", Concept::Retweets),
    ("shares", Concept::Shares),
    ("unfollows", Concept::Never),
    ("unlikes", Concept::Never),
    ("url_clicks", Concept::UrlClicks),
    ("user_profile_clicks", Concept::UserProfileClicks),
];
const MEDIA_NAMES: [Name; 10] = [
    ("cta_url_clicks", Concept::Never),
    ("cta_watch_clicks", Concept::Never),
    ("play_from_tap", Concept::PlaysFromTap),
    ("playback25", Concept::Quarter(1)),
    ("playback50", Concept::Quarter(2)),
    ("playback75", Concept::Quarter(3)),
    ("playback_complete", Concept::Quarter(4)),
    ("playback_start", Concept::Quarter(0)),
    ("video_views", Concept::VideoViews),
    ("watch_time_ms", Concept::WatchTimeMillis),
];
const TWEET_LISTS: [List; 1] = [List {
    name: "analytics.fields",
    values: &[
        "app_install_attempts",
        "app_opens",
        "bookmarks",
        "detail_expands",
        "email_tweet",
        "engagements",
        "follows",
        "hashtag_clicks",
        "id",
        "impressions",
        "likes",
        "media_views",
        "permalink_clicks",
        "quote_tweets",
        "replies",
        "retweets",
        "shares",
        "timestamp",
        "timestamped_metrics",
        "unfollows",
        "unlikes",
        "url_clicks",
        "user_profile_clicks",
    ],
}];
const MEDIA_LISTS: [List; 1] = [List {
    name: "media_analytics.fields",
    values: &[
        "cta_url_clicks",
        "cta_watch_clicks",
        "media_key",
        "play_from_tap",
        "playback25",
        "playback50",
        "playback75",
        "playback_complete",
        "playback_start",
        "timestamp",
        "timestamped_metrics",
        "video_views",
        "watch_time_ms",
    ],
}];
/// Counters of media that come as texts.
const TEXTS: [&str; 2] = ["video_views", "watch_time_ms"];
/// More ids or keys than this are refused.
const MOST_IDS: usize = 100;
/// More buckets than this, over all ids, are refused: a limit of the simulator, not of X.
const MOST_BUCKETS: u128 = 50_000;

/// What both endpoints do alike.
struct Family {
    ids: &'static str,
    item: &'static str,
    names: &'static [Name],
    lists: &'static [List],
    default: Option<Duration>,
}

const TWEET_FAMILY: Family = Family { ids: "ids", item: "id", names: &TWEET_NAMES, lists: &TWEET_LISTS, default: None };
const MEDIA_FAMILY: Family =
    Family { ids: "media_keys", item: "media_key", names: &MEDIA_NAMES, lists: &MEDIA_LISTS, default: Some(DAY) };

/// A checked request.
struct Wanted<'a> {
    ids: Vec<&'a str>,
    buckets: Vec<Bucket>,
    names: Vec<Name>,
}

fn tweets(ask: &Ask<'_>) -> Reply {
    let mut arguments = Arguments { call: ask.call, wrong: Vec::new() };
    let ids = arguments.list("ids", MOST_IDS, is_id);
    let length = length(&mut arguments, &["hourly", "daily", "weekly", "total"]);
    let wanted = TWEET_FAMILY.read(ask, arguments, ids, length);
    wanted.map_or_else(
        |refusal| refusal,
        |wanted| {
            let find = |id: &str| id.parse::<TweetId>().ok().and_then(|id| ask.world.tweets.get(&id));
            TWEET_FAMILY.answer(ask, &wanted, find, |tweet| tweet.id.number())
        },
    )
}

fn media(ask: &Ask<'_>) -> Reply {
    let mut arguments = Arguments { call: ask.call, wrong: Vec::new() };
    let keys = arguments.list("media_keys", MOST_IDS, is_media_key);
    let length = length(&mut arguments, &["hourly", "daily", "total"]);
    let wanted = MEDIA_FAMILY.read(ask, arguments, keys, length);
    wanted.map_or_else(
        |refusal| refusal,
        |wanted| {
            let find = |key: &str| ask.world.tweets.values().find(|tweet| tweet.video().is_some_and(|video| video.key == key));
            MEDIA_FAMILY.answer(ask, &wanted, find, |tweet| tweet.video().map_or(0, |video| video.number()))
        },
    )
}

/// X's pattern: `^([0-9]+)_([0-9]+)$`.
fn is_media_key(text: &str) -> bool {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once('_').is_some_and(|(kind, id)| is_number(kind) && is_number(id))
}

/// The length of a bucket; nothing, if it was not said.
fn length(arguments: &mut Arguments<'_>, words: &[&'static str]) -> Option<Option<Duration>> {
    Some(match arguments.word("granularity", words)? {
        "hourly" => Some(HOUR),
        "daily" => Some(DAY),
        "weekly" => Some(WEEK),
        _ => None,
    })
}

impl Family {
    fn read<'a>(
        &self,
        ask: &Ask<'_>,
        mut arguments: Arguments<'_>,
        ids: Vec<&'a str>,
        length: Option<Option<Duration>>,
    ) -> Result<Wanted<'a>, Reply> {
        let others = [self.ids, "start_time", "end_time", "granularity"];
        arguments.wrong.extend(selection::check_against(ask.call, self.lists, &others));
        let length = length.unwrap_or(self.default);
        let window = arguments.window().map(|(from, to)| Window { from, to });
        if window.is_some_and(|window| window.count(length) * ids.len() as u128 > MOST_BUCKETS) {
            arguments.refuse("start_time", "The window has too many buckets".to_owned());
        }
        let Some(window) = window.filter(|_| arguments.wrong.is_empty()) else { return Err(Reply::invalid(&arguments.wrong)) };
        let fields: Vec<&str> = ask.call.items(self.lists[0].name).collect();
        let names = self.names.iter().filter(|(name, _)| fields.is_empty() || fields.contains(name)).copied().collect();
        Ok(Wanted { ids, buckets: window.buckets(length), names })
    }

    fn answer<'a>(
        &self,
        ask: &Ask<'_>,
        wanted: &Wanted<'_>,
        find: impl Fn(&str) -> Option<&'a Tweet>,
        number: fn(&Tweet) -> u64,
    ) -> Reply {
        let (mut data, mut errors, mut billed) = (Vec::new(), Vec::new(), Vec::new());
        for id in &wanted.ids {
            match visible(ask, find(id)) {
                Ok(tweet) => {
                    data.push(json!({ self.item: id, "timestamped_metrics": self.buckets(ask, wanted, tweet) }));
                    billed.push((PriceClass::Analytics, number(tweet)));
                }
                Err(why) => errors.push(self.error(why, id)),
            }
        }
        let mut body = Map::new();
        if !data.is_empty() {
            body.insert("data".to_owned(), Value::Array(data));
        }
        if !errors.is_empty() {
            body.insert("errors".to_owned(), Value::Array(errors));
        }
        Reply::ok(Value::Object(body), billed)
    }

    fn buckets(&self, ask: &Ask<'_>, wanted: &Wanted<'_>, tweet: &Tweet) -> Vec<Value> {
        let bucket = |bucket: &Bucket| {
            let (from, to) = (bucket.part.from.min(ask.simulated), bucket.part.to.min(ask.simulated));
            let metric = |(name, concept): &Name| ((*name).to_owned(), self.value(name, concept.grown(tweet, from, to)));
            let metrics: Map<String, Value> = wanted.names.iter().map(metric).collect();
            json!({ "timestamp": bucket.starts.to_string(), "metrics": metrics })
        };
        wanted.buckets.iter().map(bucket).collect()
    }

    fn value(&self, name: &str, number: u64) -> Value {
        if TEXTS.contains(&name) { json!(number.to_string()) } else { json!(number) }
    }

    fn error(&self, why: Missing, id: &str) -> Value {
        let ids = self.ids;
        let (title, segment, status, detail) = match why {
            Missing::NotFound => {
                ("Not Found Error", "resource-not-found", 404, format!("Could not find analytics with {ids}: [{id}]."))
            }
            Missing::NotAuthorized => {
                let detail = format!("Sorry, you are not authorized to see the analytics with {ids}: [{id}].");
                ("Authorization Error", "not-authorized-for-resource", 403, detail)
            }
            Missing::Unavailable => {
                let detail = format!("The analytics with {ids}: [{id}] are not available.");
                ("Resource Unavailable Error", "resource-unavailable", 404, detail)
            }
        };
        json!({ "title": title, "type": format!("{PROBLEMS}/{segment}"), "detail": detail, "status": status })
    }
}

/// The tweet, if it is there and the caller's own.
fn visible<'a>(ask: &Ask<'_>, tweet: Option<&'a Tweet>) -> Result<&'a Tweet, Missing> {
    let tweet = tweet.ok_or(Missing::NotFound)?;
    match tweet.state {
        State::Deleted => Err(Missing::NotFound),
        State::Withheld => Err(Missing::Unavailable),
        State::Protected => Err(Missing::NotAuthorized),
        State::Normal if ask.caller.user != Some(tweet.author) => Err(Missing::NotAuthorized),
        State::Normal => Ok(tweet),
    }
}
