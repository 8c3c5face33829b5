//! Reads the answer to a lookup. What is not as documented costs the value, at worst the tweet, never the batch.

use std::{iter, mem};

use crate::model::{Ask, Reading, Refusal, Timestamp, TweetId};
use crate::x_api::answer::Decoded;
use crate::x_api::error::ApiError;
use crate::x_api::parts::Found;
use crate::x_api::problem;
use crate::x_api::tweets::Answer;
use crate::x_api::verdict::{Verdict, Verdicts};

/// Reads the body of a 200 to a request for these tweets.
pub(super) fn decode(bytes: &[u8], asked: &[TweetId], ask: Ask, now: Timestamp) -> Result<Decoded<Reading>, ApiError> {
    let Decoded { value: answer, mut scan } = Answer::read(bytes)?;
    let has_list = answer.data == Found::Good || answer.has_errors() && answer.data != Found::Bad;
    // Where nothing was ever promoted, an empty object is all that X says.
    if !has_list && (ask != Ask::Promoted || answer.data != Found::Missing) {
        return Err(ApiError::malformed("the answer has no list of tweets and none of errors"));
    }
    let mut open = Open::of(asked);
    let (mut reading, is_whole) = tweets(&answer, &mut open);
    let errors = Verdicts::read(&mut scan, answer.errors);
    let broken = !is_whole || errors.broken;
    if reading.tweets.is_empty() && errors.named.is_empty() && (ask == Ask::Public || broken) {
        // Nobody is named at all: it is said of the request.
        return Err(problem::in_a_200(bytes, now));
    }
    let silence = match ask {
        // Never promoted (x-api.md 1a, the promoted trap).
        Ask::Promoted => None,
        // It may be in what could not be read.
        _ if broken => Some(Verdict::Stumbled),
        Ask::Private => Some(Verdict::Silent),
        Ask::Public => Some(Verdict::Refused(Refusal::Unavailable)),
    };
    for &tweet in asked.iter().filter(|tweet| open.has(**tweet)) {
        match errors.named.get(&tweet).copied().or(silence) {
            Some(Verdict::Refused(refusal)) => reading.refused.push((tweet, refusal)),
            Some(Verdict::Stumbled) => reading.failed.push(tweet),
            // Not even the public fields: there is nothing left to ask for.
            Some(Verdict::Field) if ask == Ask::Public => reading.refused.push((tweet, Refusal::NotAuthorized)),
            Some(Verdict::Silent) if ask != Ask::Private => reading.failed.push(tweet),
            Some(Verdict::Field) => reading.field_refused.push(tweet),
            Some(Verdict::Silent) => reading.passed_over.push(tweet),
            None => {}
        }
    }
    Ok(Decoded { value: reading, scan })
}

/// `data[]`: the tweets that were asked for, which are open no more; and whether all the others are tweets, too.
fn tweets(answer: &Answer<'_>, open: &mut Open) -> (Reading, bool) {
    let media = answer.includes.by_key();
    let (mut reading, mut is_whole) = (Reading::default(), true);
    for tweet in &answer.tweets {
        let mut names = tweet.names();
        is_whole &= !names.is_empty();
        if let Some(id) = names.first().filter(|id| !reading.returned.contains(id)) {
            reading.returned.push(*id);
        }
        // An edited tweet is answered under its newest id; it is ours under the id that was asked for (x-api.md 1a).
        names.retain(|id| open.close(*id));
        if !names.is_empty() {
            let copies = iter::repeat_n(tweet.reading(&media), names.len());
            reading.tweets.extend(iter::zip(names, copies));
        }
    }
    (reading, is_whole)
}

/// The asked tweets in order, and which of them still wait for their answer.
struct Open(Vec<(TweetId, bool)>);

impl Open {
    fn of(asked: &[TweetId]) -> Self {
        let mut open: Vec<_> = asked.iter().map(|id| (*id, true)).collect();
        open.sort_unstable();
        open.dedup();
        Self(open)
    }

    fn has(&self, tweet: TweetId) -> bool {
        self.0.binary_search(&(tweet, true)).is_ok()
    }

    /// Whether it was open.
    fn close(&mut self, tweet: TweetId) -> bool {
        let place = self.0.binary_search(&(tweet, true));
        place.is_ok_and(|place| mem::take(&mut self.0[place].1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Billed;
    use crate::model::{Context, MediaType, Sample, Scope};
    use crate::self_metrics::ErrorReason;
    use crate::x_api::mangled::mangled;

    const NOW: Timestamp = Timestamp::from_seconds(0);

    fn id(last: u64) -> TweetId {
        TweetId::new(1_700_000_000_000_000_000 + last).expect("an id")
    }

    fn samples(decoded: &Decoded<Reading>, tweet: TweetId) -> Vec<(Option<String>, &'static str, Scope, u64)> {
        let (_, reading) = decoded.value.tweets.iter().find(|(id, _)| *id == tweet).expect("answered");
        let flat = |sample: &Sample| {
            (sample.media.as_ref().map(ToString::to_string), sample.metric.name(), sample.scope.clone(), sample.value)
        };
        reading.samples.iter().map(flat).collect()
    }

    #[test]
    fn every_group_of_a_private_answer_becomes_samples() {
        let body = include_bytes!("../../../tests/answers/lookup/private.json");
        let decoded = decode(body, &[id(1)], Ask::Private, NOW).expect("an answer");
        let samples = samples(&decoded, id(1));
        let organic = Scope::Context(Context::Organic);
        for (media, metric, scope, value) in [
            (None, "impressions", Scope::Total, 840), // public_metrics come first
            (None, "retweets", Scope::Total, 4),
            (None, "quote_tweets", Scope::Total, 2),
            (None, "engagements", Scope::Total, 58),
            (None, "url_link_clicks", Scope::Total, 7),
            (None, "impressions", organic.clone(), 800),
            (None, "user_profile_clicks", organic.clone(), 10),
            (Some("13_1699999999999999999"), "video_views", Scope::Total, 300),
            (Some("13_1699999999999999999"), "playback_0", Scope::Total, 250),
            (Some("13_1699999999999999999"), "video_views", organic.clone(), 290),
            (Some("13_1699999999999999999"), "playback_100", organic, 29),
        ] {
            let sample = (media.map(str::to_owned), metric, scope, value);
            assert!(samples.contains(&sample), "{sample:?} in {samples:?}");
        }
        assert_eq!(samples.len(), 27);
        let reading = &decoded.value.tweets[0].1;
        assert_eq!((reading.author, reading.private), (Some(9001), true));
        assert_eq!(reading.media_types, [MediaType::Photo, MediaType::Video]);
        assert_eq!(reading.videos.iter().map(ToString::to_string).collect::<Vec<_>>(), ["13_1699999999999999999"]);
        assert_eq!((decoded.scan.unknown_fields, decoded.scan.bad_values), (0, 0));
    }

    #[test]
    fn each_partial_error_costs_its_own_tweet_only() {
        let body = include_bytes!("../../../tests/answers/lookup/lossy.json");
        let asked: Vec<TweetId> = (1..=9).map(id).collect();
        let reading = decode(body, &asked, Ask::Private, NOW).expect("an answer").value;
        assert_eq!(reading.tweets.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [id(1)]);
        assert!(!reading.tweets[0].1.private);
        assert_eq!((reading.field_refused, reading.passed_over), (vec![id(2)], vec![id(8)]));
        let refused = [
            (id(3), Refusal::NotFound),
            (id(4), Refusal::NotAuthorized),
            (id(5), Refusal::Unavailable),
            (id(6), Refusal::NotFound),
            (id(9), Refusal::Unavailable),
        ];
        assert_eq!(reading.refused, refused);
        assert_eq!(reading.failed, [id(7)]);
    }

    #[test]
    fn silence_means_something_else_in_each_request() {
        let body = br#"{"data":[{"id":"1700000000000000001"}]}"#;
        for (ask, refused, passed_over) in [
            (Ask::Public, vec![(id(2), Refusal::Unavailable)], vec![]),
            (Ask::Private, vec![], vec![id(2)]),
            (Ask::Promoted, vec![], vec![]),
        ] {
            let reading = decode(body, &[id(1), id(2)], ask, NOW).expect("an answer").value;
            assert_eq!((reading.refused, reading.passed_over), (refused, passed_over), "{ask:?}");
        }
        assert!(decode(b"{}", &[id(1)], Ask::Promoted, NOW).is_ok(), "nothing was ever promoted");
    }

    #[test]
    fn an_answer_without_any_tweet_is_an_answer() {
        let body = include_bytes!("../../../tests/answers/lookup/all_missing.json");
        let reading = decode(body, &[id(1)], Ask::Public, NOW).expect("an answer").value;
        assert_eq!(reading.refused, [(id(1), Refusal::NotFound)]);
    }

    #[test]
    fn an_error_that_names_nobody_is_said_of_the_request() {
        for (body, reason) in [
            (r#"{"errors":[{"title":"Service Unavailable","type":"about:blank","status":503}]}"#, ErrorReason::ServerError),
            (r#"{"errors":[{"type":"https://api.x.com/2/problems/internal-error"}]}"#, ErrorReason::ServerError),
            (r#"{"errors":[{"type":"https://api.x.com/2/problems/rate-limit-exceeded"}]}"#, ErrorReason::RateLimited),
            (r#"{"errors":[{"code":88,"message":"Rate limit exceeded"}]}"#, ErrorReason::RateLimited),
            (r#"{"errors":[{"type":"https://api.x.com/2/problems/credits-depleted"}]}"#, ErrorReason::PaymentRefused),
            (r#"{"errors":["oops"]}"#, ErrorReason::Malformed),
            (r#"{"errors":[]}"#, ErrorReason::Malformed),
            (r#"{"data":[]}"#, ErrorReason::Malformed),
        ] {
            let error = decode(body.as_bytes(), &[id(1)], Ask::Public, NOW).expect_err(body);
            assert_eq!(error.reason, reason, "{body}");
        }
        let some = br#"{"data":[{"id":"1700000000000000001"}],"errors":[{"title":"Oops"}]}"#;
        let reading = decode(some, &[id(1), id(2)], Ask::Public, NOW).expect("an answer").value;
        assert_eq!(reading.failed, [id(2)], "it may be the one that is meant");
    }

    #[test]
    fn both_spellings_and_every_number_are_understood() {
        let body = include_bytes!("../../../tests/answers/lookup/new_spelling.json");
        let decoded = decode(body, &[id(1)], Ask::Private, NOW).expect("an answer");
        let expected = [
            (None, "likes", Scope::Total, 21),
            (None, "retweets", Scope::Total, 6),
            (None, "quote_tweets", Scope::Total, 2),
            (None, "retweets", Scope::Context(Context::Organic), 4),
        ];
        assert_eq!(samples(&decoded, id(1)), expected, "found by the chain of edits; the larger of two spellings");
        assert_eq!((decoded.scan.unknown_fields, decoded.scan.bad_values), (1, 3));
    }

    #[test]
    fn broken_items_cost_themselves_and_condemn_nobody() {
        let body = include_bytes!("../../../tests/answers/lookup/broken_items.json");
        let decoded = decode(body, &[id(1), id(2), id(8)], Ask::Public, NOW).expect("an answer");
        assert_eq!(samples(&decoded, id(1)), []);
        assert_eq!(samples(&decoded, id(8)).len(), 1);
        assert_eq!(decoded.value.failed, [id(2)], "it may be in what could not be read");
        assert!(decoded.scan.bad_values >= 5, "{}", decoded.scan.bad_values);
    }

    #[test]
    fn what_is_no_answer_is_malformed() {
        for body in [
            "",
            "null",
            "[]",
            "{}",
            "<html>",
            r#"{"data":null}"#,
            r#"{"data":"x","errors":[]}"#,
            r#"{"data":[{"id":"1"#,
            r#"{"meta":{}}"#,
        ] {
            assert!(decode(body.as_bytes(), &[id(1)], Ask::Public, NOW).is_err(), "{body}");
        }
        assert!(decode(b"{\"data\":[\xff]}", &[id(1)], Ask::Public, NOW).is_err());
    }

    #[test]
    fn deep_nesting_costs_no_stack() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        for body in [format!("{{\"data\":{deep}}}"), format!("{{\"data\":[{{\"id\":{deep}}}],\"errors\":[{deep}]}}")] {
            let error = decode(body.as_bytes(), &[id(1)], Ask::Public, NOW).expect_err("no tweet is in it");
            assert_eq!((error.reason, error.billed), (ErrorReason::Malformed, Billed::Yes));
        }
    }

    #[test]
    fn what_stops_a_parser_costs_itself_only() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        for odd in ["1e999", "-1e999", r#""\ud800""#, r#"[1e999,"\ud800"]"#, r#"{"\ud800":1e999}"#, "true", &deep] {
            let body = format!(
                r#"{{"includes":{odd},"\ud800":{odd},"data":[{{"id":"1700000000000000002","text":{odd},"author_id":{odd},"attachments":{odd},
                "edit_history_tweet_ids":["1700000000000000001",{odd}],"public_metrics":{{"\ud800":{odd},"reply_count":{odd},"like_count":5}},
                "organic_metrics":{odd}}},{odd},{{"id":"1700000000000000003","public_metrics":{{"like_count":7}}}}]}}"#
            );
            let odd = &odd[..odd.len().min(20)];
            let decoded = decode(body.as_bytes(), &[id(1), id(2), id(3), id(4)], Ask::Public, NOW).expect(odd);
            for (last, likes) in [(1, 5), (2, 5), (3, 7)] {
                assert_eq!(samples(&decoded, id(last)), [(None, "likes", Scope::Total, likes)], "{odd}");
            }
            assert_eq!(decoded.value.failed, [id(4)], "{odd}");
            // Where objects belong an object is none of the bad values, but a group has its odd name.
            let expected = if odd.starts_with('{') { (2, 3) } else { (1, 7) };
            assert_eq!((decoded.scan.unknown_fields, decoded.scan.bad_values), expected, "{odd}");
        }
    }

    #[test]
    fn of_what_comes_twice_the_last_counts() {
        let body = br#"{"data":[{"id":"1700000000000000002"}],"data":[{"id":"1700000000000000003","id":"1700000000000000001",
            "organic_metrics":{"like_count":1},"organic_metrics":null,"public_metrics":{"like_count":9,"like_count":8,"reply_count":7,"reply_count":null}}]}"#;
        let decoded = decode(body, &[id(1), id(2), id(3)], Ask::Private, NOW).expect("an answer");
        assert_eq!(samples(&decoded, id(1)), [(None, "likes", Scope::Total, 8)]);
        assert!(!decoded.value.tweets[0].1.private);
        assert_eq!(decoded.value.passed_over, [id(2), id(3)]);
    }

    #[test]
    fn what_is_too_long_condemns_nobody() {
        let zeros = "0,".repeat(2_000);
        let body = format!(r#"{{"data":[{{"id":"1700000000000000001"}},{zeros}{{"id":"1700000000000000002"}}]}}"#);
        let decoded = decode(body.as_bytes(), &[id(1), id(2)], Ask::Public, NOW).expect("an answer");
        assert_eq!(decoded.value.returned, [id(1)]);
        assert_eq!((decoded.value.failed, decoded.scan.bad_values), (vec![id(2)], 2_001));
    }

    proptest::proptest! {
        #[test]
        fn no_json_makes_it_panic(body in r#"\{"data":\[(\{("(id|public_metrics|attachments)":("[0-9]{0,20}"|[0-9.e-]{1,9}|null|\[\]|\{\}|\{"like_count":[0-9"-]{0,9}\}),?){0,4}\},?){0,4}\]\}"#) {
            let _ = decode(body.as_bytes(), &[id(1)], Ask::Public, NOW);
        }

        #[test]
        fn no_mangled_answer_makes_it_panic_or_say_two_things(body in mangled()) {
            let asked: Vec<TweetId> = (1..=9).map(id).collect();
            for ask in [Ask::Public, Ask::Private, Ask::Promoted] {
                let Ok(Decoded { value: reading, .. }) = decode(body.as_bytes(), &asked, ask, NOW) else { continue };
                let told = reading.tweets.iter().map(|(id, _)| id).chain(reading.refused.iter().map(|(id, _)| id));
                let told = told.chain(&reading.field_refused).chain(&reading.passed_over).chain(&reading.failed);
                let mut told: Vec<&TweetId> = told.collect();
                told.sort();
                assert!(told.windows(2).all(|two| two[0] != two[1]), "{reading:?}");
                assert!(told.iter().all(|id| asked.contains(id)), "{reading:?}");
                assert!(ask == Ask::Promoted || told.len() == asked.len(), "{reading:?}");
            }
        }
    }
}
