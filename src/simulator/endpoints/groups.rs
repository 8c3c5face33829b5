//! The groups of numbers in X's names (x-api.md, section 1a).

use serde_json::{Map, Value, json};

use crate::model::Timestamp;
use crate::simulator::growth::Counts;
use crate::simulator::tweet::Tweet;

/// A group of a tweet's numbers; nothing for an unknown group. A tweet that was never promoted has zeros in `promoted_metrics`:
/// whether X sends it is the endpoint's to decide.
pub(crate) fn tweet_group(tweet: &Tweet, group: &str, simulated: Timestamp) -> Option<Value> {
    let numbers = tweet.numbers(simulated);
    let total = numbers.total();
    match group {
        "public_metrics" => Some(json!({
            "retweet_count": total.retweets, "reply_count": total.replies, "like_count": total.likes,
            "quote_count": total.quotes, "bookmark_count": total.bookmarks, "impression_count": total.impressions,
        })),
        "non_public_metrics" => {
            let group = json!({
                "impression_count": total.impressions, "user_profile_clicks": total.profile_clicks,
                "engagements": total.engagements(tweet.has_link),
            });
            Some(with_links(group, tweet, total))
        }
        "organic_metrics" => Some(context(tweet, numbers.organic)),
        "promoted_metrics" => Some(context(tweet, numbers.promoted)),
        _ => None,
    }
}

fn context(tweet: &Tweet, counts: Counts) -> Value {
    let group = json!({
        "impression_count": counts.impressions, "like_count": counts.likes, "reply_count": counts.replies,
        "retweet_count": counts.retweets, "user_profile_clicks": counts.profile_clicks,
    });
    with_links(group, tweet, counts)
}

/// Link clicks are there only where there is a link.
fn with_links(mut group: Value, tweet: &Tweet, counts: Counts) -> Value {
    if tweet.has_link {
        group["url_link_clicks"] = json!(counts.link_clicks);
    }
    group
}

/// A group of a video's numbers; nothing for other media, which have none, and for an unknown group.
pub(crate) fn media_group(tweet: &Tweet, group: &str, simulated: Timestamp) -> Option<Value> {
    tweet.video()?;
    let numbers = tweet.numbers(simulated);
    match group {
        "public_metrics" => Some(json!({ "view_count": numbers.total().video_views })),
        "non_public_metrics" => Some(Value::Object(playback(added(numbers.organic, numbers.promoted)))),
        "organic_metrics" => Some(media_context(numbers.organic)),
        "promoted_metrics" => Some(media_context(numbers.promoted)),
        _ => None,
    }
}

fn added(organic: Counts, promoted: Counts) -> [u64; 5] {
    let (mut sum, more) = (organic.playback(), promoted.playback());
    sum.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
    sum
}

fn media_context(counts: Counts) -> Value {
    let mut group = playback(counts.playback());
    group.insert("view_count".to_owned(), json!(counts.video_views));
    Value::Object(group)
}

fn playback(counts: [u64; 5]) -> Map<String, Value> {
    let quarters = [0, 25, 50, 75, 100];
    quarters.iter().zip(counts).map(|(quarter, count)| (format!("playback_{quarter}_count"), json!(count))).collect()
}
