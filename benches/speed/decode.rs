//! What decoding an answer of X costs by itself, against `serde_json` into typed structs.

use std::collections::BTreeMap;
use std::hint::black_box;

use serde::Deserialize;
use tweet_exporter::model::{Ask, Timestamp, TweetId};
use tweet_exporter::x_api::decode_lookup;

use crate::kit::{id, median, timed};
use crate::x::{self, NUMBERS};

pub(crate) fn run() {
    let asked: Vec<TweetId> = (0..100).map(id).collect();
    let texts: Vec<String> = asked.iter().map(ToString::to_string).collect();
    let body = x::body(texts.iter().map(String::as_str), 7);
    let now = Timestamp::from_seconds(1_770_000_000);
    let (mut ours, mut ratios) = (vec![], vec![]);
    for _ in 0..200 {
        let (our, reading) = timed(|| decode_lookup(body.as_bytes(), &asked, Ask::Private, now).expect("an answer"));
        let (their, answer) = timed(|| serde_json::from_str::<Answer<'_>>(&body).expect("an answer"));
        let numbers: usize = reading.tweets.iter().map(|(_, tweet)| tweet.samples.len()).sum();
        assert_eq!((numbers, answer.data.len(), answer.includes.media.len()), (100 * NUMBERS, 100, 100));
        black_box(answer);
        ours.push(our.as_secs_f64());
        ratios.push(our.as_secs_f64() / their.as_secs_f64());
    }
    println!(
        "decoding an answer about 100 tweets ({} kB): {:.1} us a tweet, {:.2} times serde_json into typed structs",
        body.len() >> 10,
        median(ours) * 1e4,
        median(ratios)
    );
}

/// An answer of X the straight way: every key known, every value as documented.
#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    data: Vec<Tweet<'a>>,
    includes: Includes<'a>,
}

#[derive(Deserialize)]
struct Includes<'a> {
    #[serde(borrow)]
    media: Vec<Medium<'a>>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "to be read is all that is asked of them")]
struct Tweet<'a> {
    id: &'a str,
    text: &'a str,
    edit_history_tweet_ids: Vec<&'a str>,
    author_id: &'a str,
    attachments: BTreeMap<&'a str, Vec<&'a str>>,
    public_metrics: Public,
    non_public_metrics: NonPublic,
    organic_metrics: Organic,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "to be read is all that is asked of them")]
struct Public {
    impression_count: u64,
    like_count: u64,
    retweet_count: u64,
    quote_count: u64,
    reply_count: u64,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "to be read is all that is asked of them")]
struct NonPublic {
    impression_count: u64,
    engagements: u64,
    url_link_clicks: u64,
    user_profile_clicks: u64,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "to be read is all that is asked of them")]
struct Organic {
    impression_count: u64,
    like_count: u64,
    retweet_count: u64,
    reply_count: u64,
    url_link_clicks: u64,
    user_profile_clicks: u64,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "to be read is all that is asked of them")]
struct Medium<'a> {
    media_key: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    public_metrics: Views,
    non_public_metrics: Playback,
    organic_metrics: Views,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "to be read is all that is asked of them")]
struct Views {
    view_count: u64,
    playback_0_count: Option<u64>,
    playback_25_count: Option<u64>,
    playback_50_count: Option<u64>,
    playback_75_count: Option<u64>,
    playback_100_count: Option<u64>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "to be read is all that is asked of them")]
struct Playback {
    playback_0_count: u64,
    playback_25_count: u64,
    playback_50_count: u64,
    playback_75_count: u64,
    playback_100_count: u64,
}
