//! `GET /2/media/analytics`: up to 100 videos a request, each told of every tweet of the batch that carries it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::config::Span;
use crate::model::{Api, Billed, MediaKey, RateLimit, Reading, Sample, Scope, Timestamp, TweetId, TweetReading};
use crate::x_api::analytics::decode::{self, Names};
use crate::x_api::analytics::{Asker, Endpoint, fields, refusal};
use crate::x_api::answer::{Decoded, given};
use crate::x_api::backend::{Batch, comma};
use crate::x_api::error::ApiError;
use crate::x_api::forms::Forms;
use crate::x_api::session::{Answered, Session};
use crate::x_api::verdict::{self, Verdict};

/// The videos' analytics of one account.
pub struct MediaAnalytics {
    asker: Asker,
}

/// Keys that X takes in one request.
const KEYS: usize = 100;

impl MediaAnalytics {
    /// Analytics of this span.
    pub fn new(span: Span) -> Self {
        let endpoint = Endpoint {
            api: Api::MediaAnalytics,
            path: "/2/media/analytics",
            ids: "media_keys",
            selector: "media_analytics.fields",
            fields: fields::MEDIA_FIELDS,
            older: None,
        };
        Self { asker: Asker::new(endpoint, span) }
    }

    /// In which form X wants its requests.
    pub(in crate::x_api) fn forms(&self) -> (Api, &Forms) {
        self.asker.forms()
    }

    /// Reads the videos of one batch of tweets; tweets without any need no request. A tweet may carry four videos, so that a batch of
    /// 100 tweets can need more than one request.
    pub async fn read(&self, session: &Session, batch: &Batch<'_>) -> Answered<Reading> {
        let mut videos = Videos::default();
        let mut limits: Vec<RateLimit> = Vec::new();
        let scope = self.asker.scope();
        for part in batch.videos.chunks(KEYS) {
            let keys: Vec<&MediaKey> = part.iter().map(|(key, _)| key).collect();
            let sent = self.asker.send(session, batch, &comma(&keys)).await;
            let sent = sent.judged(session, |refused| refusal::judge(refused, batch));
            let answered = sent.read(session, Api::MediaAnalytics, |body| decode(body, &scope, batch.now));
            limits = answered.limits;
            match answered.result {
                Ok(part) => videos.extend(part),
                // What came before is paid for.
                Err(error) => {
                    let billed = if videos.samples.is_empty() { error.billed } else { Billed::Yes };
                    return Answered { limits, result: Err(ApiError { billed, ..error }) };
                }
            }
        }
        Answered { limits, result: Ok(videos.of(batch)) }
    }
}

/// What is known of the videos.
#[derive(Debug, Default)]
struct Videos {
    samples: BTreeMap<MediaKey, Vec<Sample>>,
    refused: HashMap<MediaKey, Verdict>,
    /// A video on which X is silent may be in what could not be read.
    broken: bool,
}

fn decode(bytes: &[u8], scope: &Scope, now: Timestamp) -> Result<Decoded<Videos>, ApiError> {
    let mut found = decode::read::<MediaKey>(bytes, &Names { key: "media_key", table: fields::MEDIA })?;
    let (refused, broken) = verdict::of_media(&mut found.scan, given(&found.body, "errors"));
    found.refuse_nameless(bytes, now, refused.is_empty(), broken)?;
    let broken = broken || found.broken || found.scan.bad_values > 0;
    let mut samples = BTreeMap::new();
    for (key, sums) in found.sums {
        let sample = |(metric, value)| Sample { media: Some(key), metric, scope: scope.clone(), value };
        let of_key: Vec<Sample> = sums.whole().map(sample).collect();
        samples.insert(key, of_key);
    }
    Ok(Decoded { value: Videos { samples, refused, broken }, scan: found.scan })
}

impl Videos {
    fn extend(&mut self, other: Self) {
        self.samples.extend(other.samples);
        self.refused.extend(other.refused);
        self.broken |= other.broken;
    }

    /// What that says of the tweets of the batch. A tweet is refused if X refuses its videos and gives none; one whose videos X passes
    /// over in silence has no numbers, which is an answer.
    fn of(&self, batch: &Batch<'_>) -> Reading {
        let mut reading = Reading::default();
        let mut returned = BTreeSet::new();
        for &tweet in batch.tweets {
            let keys: Vec<&MediaKey> =
                batch.videos.iter().filter(|(_, carriers)| carriers.contains(&tweet)).map(|(key, _)| key).collect();
            let given: Vec<&Vec<Sample>> = keys.iter().filter_map(|key| self.samples.get(key)).collect();
            if given.is_empty() {
                let verdict = keys.iter().find_map(|key| self.refused.get(key)).copied();
                let silent = self.broken && !keys.is_empty();
                match verdict.or(silent.then_some(Verdict::Stumbled)) {
                    None => reading.tweets.push((tweet, TweetReading::default())),
                    Some(verdict) => match verdict.refusal() {
                        Some(refusal) => reading.refused.push((tweet, refusal)),
                        None => reading.failed.push(tweet),
                    },
                }
                continue;
            }
            returned.insert(tweet);
            let samples: Vec<Sample> = given.into_iter().flatten().cloned().collect();
            let private = !samples.is_empty();
            reading.tweets.push((tweet, TweetReading { samples, private, ..TweetReading::default() }));
        }
        reading.returned = returned.into_iter().collect::<Vec<TweetId>>();
        reading
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Ask, Failure, Refusal};
    use crate::self_metrics::ErrorReason;
    use crate::x_api::stub::{NOW, Stub, USER, id, numbers, scopes};

    fn key(text: &str) -> MediaKey {
        text.parse().expect("a key")
    }

    fn batch<'a>(tweets: &'a [TweetId], videos: &'a [(MediaKey, Vec<TweetId>)]) -> Batch<'a> {
        Batch { ask: Ask::Private, credential: USER, tweets, videos, now: NOW }
    }

    #[tokio::test]
    async fn every_carrier_of_a_video_gets_its_numbers() {
        let stub = Stub::answering(&[(200, include_str!("../../../tests/answers/media_analytics/strings.json"))]).await;
        let tweets: Vec<TweetId> = (1..=7).map(id).collect();
        let videos = [
            (key("13_1"), vec![id(1), id(2)]),
            (key("13_2"), vec![id(2), id(99)]),
            (key("13_3"), vec![id(3), id(2)]),
            (key("13_4"), vec![id(4)]),
            (key("13_5"), vec![id(5)]),
            (key("13_6"), vec![id(6), id(4)]),
        ];
        let media = MediaAnalytics::new(Span::Lifetime);
        let reading = media.read(&stub.session, &batch(&tweets, &videos)).await.result.expect("an answer");
        let first = [
            ("video_views", 300),
            ("playback_start", 250),
            ("playback25", 120),
            ("playback50", 90),
            ("playback75", 60),
            ("playback_complete", 30),
            ("play_from_tap", 3),
            ("cta_url_clicks", 1),
            ("cta_watch_clicks", 2),
            ("watch_time_seconds", 1_234_567),
        ];
        assert_eq!(numbers(&reading, id(1)), first);
        let both: Vec<_> = first.into_iter().chain([("video_views", 5), ("watch_time_seconds", 1500)]).collect();
        assert_eq!(numbers(&reading, id(2)), both);
        let scopes: Vec<_> = scopes(&reading).into_iter().collect();
        assert_eq!(scopes, [(Some(key("13_1")), Scope::Total), (Some(key("13_2")), Scope::Total)]);
        assert_eq!(reading.returned, [id(1), id(2)]);
        assert_eq!(reading.refused, [(id(3), Refusal::NotFound), (id(4), Refusal::NotAuthorized)]);
        for silent in [id(5), id(6), id(7)] {
            assert_eq!(numbers(&reading, silent), [], "silence, and no video at all, are answers");
        }
        let asked = &stub.asked()[0];
        assert_eq!(asked.path, "/2/media/analytics");
        for (name, value) in [
            ("media_keys", "13_1,13_2,13_3,13_4,13_5,13_6"),
            ("granularity", "total"),
            ("start_time", "2023-09-08T04:15:59Z"),
            ("end_time", "2026-02-01T00:00:00Z"),
            ("media_analytics.fields", fields::MEDIA_FIELDS),
        ] {
            assert_eq!(asked.one(name), value);
        }
    }

    #[tokio::test]
    async fn tweets_without_videos_need_no_request_and_many_videos_need_more() {
        let empty = r#"{"data":[]}"#;
        let stub = Stub::answering(&[(200, empty), (200, r#"{"data":[{"media_key":"13_149","video_views":1}]}"#)]).await;
        let media = MediaAnalytics::new(Span::Lifetime);
        let reading = media.read(&stub.session, &batch(&[id(1)], &[])).await.result.expect("nothing");
        assert_eq!((numbers(&reading, id(1)), stub.asked().len()), (vec![], 0));
        let videos: Vec<_> = (0..150).map(|number| (key(&format!("13_{number}")), vec![id(1)])).collect();
        let reading = media.read(&stub.session, &batch(&[id(1)], &videos)).await.result.expect("an answer");
        assert_eq!(numbers(&reading, id(1)), [("video_views", 1)]);
        let sizes: Vec<usize> = stub.asked().iter().map(|asked| asked.one("media_keys").split(',').count()).collect();
        assert_eq!(sizes, [100, 50]);
    }

    #[tokio::test]
    async fn a_video_that_x_refuses_accuses_its_carriers() {
        let videos = [(key("13_1"), vec![id(1), id(2)]), (key("13_2"), vec![id(3)])];
        let invalid = |culprits: &[(TweetId, Refusal)]| Failure::Invalid { culprits: culprits.to_vec() };
        for (status, body, failure, reason) in [
            (
                400,
                r#"{"errors":[{"parameters":{"media_keys":["13_1,13_2"]},"message":"The value [13_1] is not valid"}],"type":"/invalid-request"}"#,
                invalid(&[(id(1), Refusal::Invalid), (id(2), Refusal::Invalid)]),
                ErrorReason::InvalidRequest,
            ),
            (
                403,
                r#"{"detail":"You may not see media [13_2]","title":"Forbidden"}"#,
                invalid(&[(id(3), Refusal::NotAuthorized)]),
                ErrorReason::Forbidden,
            ),
            (403, "", Failure::Doubtful, ErrorReason::Forbidden),
        ] {
            let stub = Stub::answering(&[(status, body)]).await;
            let media = MediaAnalytics::new(Span::Lifetime);
            let error = media.read(&stub.session, &batch(&[id(1), id(2), id(3)], &videos)).await.result.expect_err(body);
            assert_eq!((error.failure, error.reason), (failure, reason), "{body}");
        }
        let stub = Stub::answering(&[(403, r#"{"reason":"client-not-enrolled"}"#)]).await;
        let error = MediaAnalytics::new(Span::Lifetime).read(&stub.session, &batch(&[id(1)], &videos)).await.result;
        assert_eq!(error.expect_err("closed").failure, Failure::Closed);
    }

    #[test]
    fn what_could_not_be_read_condemns_nobody() {
        let videos = [(key("13_1"), vec![id(1)]), (key("13_2"), vec![id(2)])];
        let body = br#"{"data":[{"media_key":"13_1","video_views":[1]},{"media_key":13}]}"#;
        let decoded = decode(body, &Scope::Total, NOW).expect("an answer");
        assert_eq!(decoded.scan.bad_values, 2);
        let reading = decoded.value.of(&batch(&[id(1), id(2)], &videos));
        assert_eq!((numbers(&reading, id(1)), reading.failed), (vec![], vec![id(2)]));
        for body in ["", "{}", r#"{"data":3}"#, r#"{"data":[8]}"#, r#"{"errors":[]}"#] {
            assert!(decode(body.as_bytes(), &Scope::Total, NOW).is_err(), "{body}");
        }
    }
}
