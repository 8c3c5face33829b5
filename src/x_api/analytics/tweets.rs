//! `GET /2/tweets/analytics`: up to 100 own tweets a request.

use crate::config::Span;
use crate::model::{Api, History, Reading, Sample, Scope, Stretch, Timestamp, TweetId, TweetReading};
use crate::x_api::analytics::decode::{self, Names};
use crate::x_api::analytics::{Asker, Endpoint, fields, refusal};
use crate::x_api::answer::{Decoded, given};
use crate::x_api::backend::{Batch, comma};
use crate::x_api::error::ApiError;
use crate::x_api::forms::Forms;
use crate::x_api::session::{Answered, Session};
use crate::x_api::verdict::Verdicts;

/// The tweets' analytics of one account.
pub struct TweetAnalytics {
    asker: Asker,
}

impl TweetAnalytics {
    /// Analytics of this span.
    pub fn new(span: Span) -> Self {
        let endpoint = Endpoint {
            api: Api::Analytics,
            path: "/2/tweets/analytics",
            ids: "ids",
            selector: "analytics.fields",
            fields: fields::TWEET_FIELDS,
            older: Some(fields::OLDER_TWEET_FIELDS),
        };
        Self { asker: Asker::new(endpoint, span) }
    }

    /// In which form X wants its requests.
    pub(in crate::x_api) fn forms(&self) -> (Api, &Forms) {
        self.asker.forms()
    }

    /// Reads one batch of at most 100 tweets.
    pub async fn read(&self, session: &Session, batch: &Batch<'_>) -> Answered<Reading> {
        let sent = self.asker.send(session, batch, &comma(batch.tweets)).await;
        let sent = sent.judged(session, |refused| refusal::judge(refused, batch));
        let scope = self.asker.scope();
        sent.read(session, Api::Analytics, |body| decode(body, batch.tweets, &scope, batch.now))
    }

    /// Reads the buckets of one batch.
    pub async fn read_history(&self, session: &Session, batch: &Batch<'_>, stretch: &Stretch) -> Answered<History> {
        let sent = self.asker.send_over(session, batch, &comma(batch.tweets), &stretch.into()).await;
        let sent = sent.judged(session, |refused| refusal::judge(refused, batch));
        sent.read(session, Api::Analytics, |body| decode_history(body, batch.tweets, batch.now))
    }
}

fn decode_history(bytes: &[u8], asked: &[TweetId], now: Timestamp) -> Result<Decoded<History>, ApiError> {
    let mut found = decode::series::<TweetId>(bytes, &Names { key: "id", table: fields::TWEET })?;
    let errors = Verdicts::read(&mut found.scan, given(&found.body, "errors"));
    found.refuse_nameless(bytes, now, errors.named.is_empty(), errors.broken)?;
    let mut history = History::default();
    history.reading.returned = found.sums.keys().copied().collect();
    for &tweet in asked {
        let Some(series) = found.sums.get(&tweet) else { continue };
        history.buckets.insert(tweet, series.counts());
        history.unreadable.insert(tweet, series.unreadable);
        history.reading.tweets.push((tweet, TweetReading::default()));
    }
    errors.settle(&mut history.reading, asked, found.broken || found.scan.bad_values > 0);
    Ok(Decoded { value: history, scan: found.scan })
}

fn decode(bytes: &[u8], asked: &[TweetId], scope: &Scope, now: Timestamp) -> Result<Decoded<Reading>, ApiError> {
    let mut found = decode::read::<TweetId>(bytes, &Names { key: "id", table: fields::TWEET })?;
    let errors = Verdicts::read(&mut found.scan, given(&found.body, "errors"));
    found.refuse_nameless(bytes, now, errors.named.is_empty(), errors.broken)?;
    let mut reading = Reading { returned: found.sums.keys().copied().collect(), ..Reading::default() };
    for &tweet in asked {
        let Some(sums) = found.sums.get(&tweet) else { continue };
        let sample = |(metric, value)| Sample { media: None, metric, scope: scope.clone(), value };
        let samples: Vec<Sample> = sums.whole().map(sample).collect();
        let private = !samples.is_empty();
        reading.tweets.push((tweet, TweetReading { samples, private, ..TweetReading::default() }));
    }
    errors.settle(&mut reading, asked, found.broken || found.scan.bad_values > 0);
    Ok(Decoded { value: reading, scan: found.scan })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Window;
    use crate::model::{Ask, Failure, Refusal};
    use crate::self_metrics::ErrorReason;
    use crate::x_api::stub::{NOW, Stub, USER, id, numbers, scopes};

    fn week() -> Span {
        Span::Window(Window { text: "7d".into(), length: std::time::Duration::from_secs(7 * 86_400) })
    }

    fn read(body: &[u8], asked: &[TweetId]) -> Result<Decoded<Reading>, ApiError> {
        decode(body, asked, &Scope::Window("7d".into()), NOW)
    }

    #[test]
    fn every_metric_and_every_word_on_a_tweet_is_read() {
        let body = include_bytes!("../../../tests/answers/analytics/array.json");
        let asked: Vec<TweetId> = (1..=6).map(id).collect();
        let Decoded { value: reading, scan } = read(body, &asked).expect("an answer");
        let expected = [
            ("impressions", 840),
            ("likes", 21),
            ("retweets", 13),
            ("quote_tweets", 6),
            ("replies", 10),
            ("bookmarks", 5),
            ("engagements", 58),
            ("user_profile_clicks", 11),
            ("follows", 1),
            ("unfollows", 16),
            ("unlikes", 17),
            ("shares", 15),
            ("email_tweet", 2),
            ("detail_expands", 14),
            ("hashtag_clicks", 3),
            ("permalink_clicks", 4),
            ("url_clicks", 7),
            ("link_clicks", 8),
            ("profile_visits", 12),
            ("media_views", 300),
            ("media_engagements", 9),
            ("app_install_attempts", 0),
            ("app_opens", 1),
        ];
        assert_eq!(numbers(&reading, id(1)), expected);
        assert_eq!(numbers(&reading, id(3)), [], "null is no number");
        assert_eq!(scopes(&reading).into_iter().collect::<Vec<_>>(), [(None, Scope::Window("7d".into()))]);
        assert_eq!(reading.returned, [id(1), id(3)]);
        let refused = [(id(2), Refusal::NotFound), (id(4), Refusal::NotAuthorized), (id(6), Refusal::Unavailable)];
        assert_eq!((reading.refused, reading.failed), (refused.to_vec(), vec![id(5)]));
        assert_eq!((scan.unknown_fields, scan.bad_values), (0, 0));
    }

    #[test]
    fn data_is_understood_in_every_shape() {
        let both = vec![("impressions", 840), ("likes", 21)];
        for (body, expected, strange) in [
            (include_bytes!("../../../tests/answers/analytics/object.json").as_slice(), both.clone(), (0, 0)),
            (include_bytes!("../../../tests/answers/analytics/nested.json"), both.clone(), (0, 0)),
            (include_bytes!("../../../tests/answers/analytics/flat.json"), both.clone(), (0, 0)),
            // What is bad beside the buckets is taken from them; a sum with a bad part, or beyond all numbers, is none.
            (include_bytes!("../../../tests/answers/analytics/flat_and_buckets.json"), both, (1, 2)),
            (include_bytes!("../../../tests/answers/analytics/several_items.json"), vec![("likes", 21)], (0, 0)),
        ] {
            let Decoded { value: reading, scan } = read(body, &[id(1)]).expect("an answer");
            assert_eq!((numbers(&reading, id(1)), reading.returned), (expected, vec![id(1)]));
            assert_eq!((scan.unknown_fields, scan.bad_values), strange, "{}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn broken_items_cost_themselves_and_condemn_nobody() {
        let body = include_bytes!("../../../tests/answers/analytics/broken.json");
        let reading = read(body, &[id(1), id(2), id(3)]).expect("an answer").value;
        assert_eq!((numbers(&reading, id(1)), numbers(&reading, id(2))), (vec![], vec![("likes", 4)]));
        assert_eq!((reading.failed, reading.refused), (vec![id(3)], vec![]));
    }

    #[test]
    fn an_answer_about_nobody_is_said_of_the_request() {
        for (body, reason) in [
            ("", ErrorReason::Malformed),
            ("<html>", ErrorReason::Malformed),
            ("{}", ErrorReason::Malformed),
            (r#"{"data":7}"#, ErrorReason::Malformed),
            (r#"{"data":null,"errors":[]}"#, ErrorReason::Malformed),
            (r#"{"data":{}}"#, ErrorReason::Malformed),
            (r#"{"data":{"data":null}}"#, ErrorReason::Malformed),
            (r#"{"data":{"data":{"likes":1}}}"#, ErrorReason::Malformed),
            (r#"{"errors":[{"type":"/internal-error"}]}"#, ErrorReason::ServerError),
            (r#"{"data":[],"errors":[{"code":88}]}"#, ErrorReason::RateLimited),
        ] {
            assert_eq!(read(body.as_bytes(), &[id(1)]).expect_err(body).reason, reason, "{body}");
        }
        let reading = read(br#"{"data":[]}"#, &[id(1)]).expect("an answer").value;
        assert_eq!(reading.refused, [(id(1), Refusal::Unavailable)]);
    }

    fn batch(tweets: &[TweetId]) -> Batch<'_> {
        Batch { ask: Ask::Private, credential: USER, tweets, videos: &[], now: NOW }
    }

    #[tokio::test]
    async fn newer_fields_are_left_out_where_x_does_not_know_them_and_that_is_remembered() {
        let unknown = r#"{"errors":[{"parameters":{"analytics.fields":["likes,unlikes"]},"message":"[unlikes] is not one of [likes]"}],"title":"Invalid Request","type":"https://api.x.com/2/problems/invalid-request"}"#;
        let good = include_str!("../../../tests/answers/analytics/object.json");
        let stub =
            Stub::answering(&[(400, unknown), (200, good), (200, good), (400, unknown), (400, unknown), (400, unknown)]).await;
        let analytics = TweetAnalytics::new(week());
        let tweets = [id(1), id(2)];
        for _ in 0..2 {
            assert!(analytics.read(&stub.session, &batch(&tweets)).await.result.is_ok());
        }
        let asked = stub.asked();
        assert_eq!((asked.len(), asked[0].path.as_str()), (3, "/2/tweets/analytics"));
        for (name, value) in [
            ("ids", "1700000000000000001,1700000000000000002"),
            ("start_time", "2026-01-25T00:00:00Z"),
            ("end_time", "2026-02-01T00:00:00Z"),
            ("granularity", "total"),
            ("analytics.fields", fields::TWEET_FIELDS),
        ] {
            assert_eq!(asked[0].one(name), value);
        }
        assert!(asked[0].authorization.starts_with("OAuth "));
        assert_eq!(asked[1].one("analytics.fields"), fields::OLDER_TWEET_FIELDS);
        assert_eq!(asked[2].one("analytics.fields"), fields::OLDER_TWEET_FIELDS);
        for _ in 0..2 {
            let error = analytics.read(&stub.session, &batch(&tweets)).await.result.expect_err("a refusal");
            assert_eq!((error.failure, error.reason), (Failure::Forbidden, ErrorReason::InvalidRequest));
        }
        assert_eq!(stub.asked().len(), 6, "X knows neither: it is not asked twice again");
    }

    #[tokio::test]
    async fn a_refusal_is_about_the_app_the_money_the_credential_or_a_tweet() {
        let invalid = |culprits: &[(TweetId, Refusal)]| Failure::Invalid { culprits: culprits.to_vec() };
        for (status, body, failure, reason) in [
            (
                403,
                r#"{"title":"Client Forbidden","reason":"client-not-enrolled","type":"about:blank"}"#,
                Failure::Closed,
                ErrorReason::NotEnrolled,
            ),
            (403, r#"{"type":"https://api.x.com/2/problems/client-forbidden"}"#, Failure::Closed, ErrorReason::NotEnrolled),
            (
                403,
                r#"{"title":"SpendCapReached","reset_date":"2026-03-01","reason":"client-not-enrolled"}"#,
                Failure::PaymentRefused { until: Some("2026-03-01T00:00:00Z".parse().expect("RFC 3339")) },
                ErrorReason::PaymentRefused,
            ),
            (403, r#"{"errors":[{"code":99,"message":"no"}]}"#, Failure::CredentialRefused, ErrorReason::CredentialRefused),
            (
                403,
                r#"{"type":"https://api.x.com/2/problems/unsupported-authentication"}"#,
                Failure::Forbidden,
                ErrorReason::Forbidden,
            ),
            (403, "<html>", Failure::Doubtful, ErrorReason::Forbidden),
            (403, r#"{"type":"/not-authorized-for-resource"}"#, invalid(&[]), ErrorReason::Forbidden),
            (
                403,
                r#"{"detail":"status 403: you may not see the tweets [1700000000000000002, 1700000000000000009].","title":"Forbidden"}"#,
                invalid(&[(id(2), Refusal::NotAuthorized)]),
                ErrorReason::Forbidden,
            ),
            (
                403,
                r#"{"errors":[{"resource_id":"1700000000000000001","type":"/resource-not-found"},{"message":"not [1700000000000000002]"}]}"#,
                invalid(&[(id(1), Refusal::NotFound), (id(2), Refusal::NotAuthorized)]),
                ErrorReason::Forbidden,
            ),
            (
                400,
                r#"{"errors":[{"parameters":{"ids":["1700000000000000001"]},"message":"no"}]}"#,
                invalid(&[(id(1), Refusal::Invalid)]),
                ErrorReason::InvalidRequest,
            ),
            (
                400,
                r#"{"errors":[{"parameters":{"start_time":["x"]},"message":"no"}]}"#,
                Failure::Forbidden,
                ErrorReason::InvalidRequest,
            ),
        ] {
            let stub = Stub::answering(&[(status, body)]).await;
            let error = TweetAnalytics::new(Span::Lifetime).read(&stub.session, &batch(&[id(1), id(2)])).await.result;
            let error = error.expect_err(body);
            assert_eq!((error.failure, error.reason), (failure, reason), "{body}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_json_makes_it_panic(body in r#"\{"(data|errors)":(\[(\{("(id|timestamp|likes|timestamped_metrics)":("[0-9]{0,20}"|[0-9.e-]{1,9}|null|\[\{"metrics":\{"likes":[0-9"-]{0,9}\}\}\]|\{\}),?){0,4}\},?){0,4}\]|\{"(data|id)":(\[\]|"1"|7|null)\}|null|[0-9])\}"#) {
            let _ = read(body.as_bytes(), &[id(1)]);
        }
    }
}
