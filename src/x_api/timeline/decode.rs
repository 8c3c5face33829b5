//! Reads a page of a timeline. Nobody was asked for by name, so what X does not name is simply not on the page.

use std::collections::HashSet;

use crate::model::{Ask, Refusal, TimelinePage, Timestamp};
use crate::x_api::answer::{self, Decoded, Object, Scan, given, is_list, is_object};
use crate::x_api::error::ApiError;
use crate::x_api::problem;
use crate::x_api::tweets::{self, Media};
use crate::x_api::verdict::{Verdict, Verdicts};

/// Reads the body of a 200.
pub(super) fn decode(bytes: &[u8], ask: Ask, now: Timestamp) -> Result<Decoded<TimelinePage>, ApiError> {
    let body = answer::body(bytes)?;
    let has_data = is_list(&body, "data");
    if !has_data && (given(&body, "data").is_some() || !is_object(&body, "meta") && !is_list(&body, "errors")) {
        return Err(ApiError::malformed("the answer has no list of tweets and says not that there are none"));
    }
    let mut scan = Scan::default();
    let meta = scan.inner(&body, "meta");
    let errors = Verdicts::read(&mut scan, &body);
    let promised = given(&meta, "result_count").and_then(|raw| scan.count(raw)).unwrap_or_default();
    if !has_data && errors.named.is_empty() {
        // An empty page says so; errors that name no tweet are about the request or about the user.
        if errors.broken || !is_object(&body, "meta") {
            return Err(problem::of_one_resource(bytes, now));
        }
        if promised > 0 {
            return Err(ApiError::malformed("the answer has no list of tweets, but counts some"));
        }
    }
    let mut page = TimelinePage { next: scan.read(&meta, "next_token"), ..TimelinePage::default() };
    fill(&mut page, &mut scan, &body);
    let answered: HashSet<_> = page.reading.tweets.iter().map(|(id, _)| *id).collect();
    let mut named: Vec<_> = errors.named.into_iter().filter(|(id, _)| !answered.contains(id)).collect();
    named.sort_by_key(|(id, _)| *id);
    for (tweet, verdict) in named {
        match verdict {
            Verdict::Refused(refusal) => page.reading.refused.push((tweet, refusal)),
            Verdict::Field if ask == Ask::Public => page.reading.refused.push((tweet, Refusal::NotAuthorized)),
            Verdict::Field => page.reading.field_refused.push(tweet),
            Verdict::Silent | Verdict::Stumbled => page.reading.failed.push(tweet),
        }
    }
    Ok(Decoded { value: page, scan })
}

/// `data[]`.
fn fill(page: &mut TimelinePage, scan: &mut Scan, body: &Object<'_>) {
    let media = Media::read(scan, body);
    let mut seen = HashSet::new();
    for raw in scan.list(given(body, "data")) {
        let tweet = scan.object(raw).unwrap_or_default();
        let names = tweets::names(scan, &tweet);
        let Some(&newest) = names.first().filter(|id| !seen.contains(*id)) else { continue };
        page.reading.returned.push(newest);
        let reading = tweets::reading(scan, &tweet, &media);
        for id in names.into_iter().filter(|id| seen.insert(*id)) {
            page.reading.tweets.push((id, reading.clone()));
            if id != newest {
                page.earlier.push((id, newest));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Billed;
    use crate::model::{Failure, Metric, TweetId};
    use crate::self_metrics::ErrorReason;

    const NOW: Timestamp = Timestamp::from_seconds(0);

    fn id(last: u64) -> TweetId {
        TweetId::new(1_700_000_000_000_000_000 + last).expect("an id")
    }

    #[test]
    fn a_page_has_its_tweets_under_every_id_of_theirs() {
        let body = include_bytes!("../../../tests/answers/timeline/page.json");
        let Decoded { value: page, scan } = decode(body, Ask::Private, NOW).expect("a page");
        assert_eq!(page.reading.returned, [id(9), id(2)]);
        assert_eq!(page.earlier, [(id(5), id(9)), (id(3), id(9))]);
        assert_eq!(page.reading.tweets.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [id(9), id(5), id(3), id(2)]);
        for (_, edited) in &page.reading.tweets[..3] {
            assert_eq!((edited.samples[0].metric, edited.samples[0].value), (Metric::Likes, 21));
            assert_eq!(edited.videos.iter().map(ToString::to_string).collect::<Vec<_>>(), ["13_7"]);
            assert_eq!((edited.author, edited.private), (Some(9001), true));
        }
        assert_eq!(page.reading.field_refused, [id(4)]);
        assert_eq!(page.reading.refused, [(id(6), Refusal::NotFound)]);
        assert_eq!(page.reading.failed, [id(7)]);
        assert_eq!(page.next.as_deref(), Some("7140dibdnow9c7btw482"));
        assert_eq!((scan.unknown_fields, scan.bad_values), (0, 2));
    }

    #[test]
    fn an_empty_page_is_a_page() {
        for (body, next) in [
            (r#"{"meta":{"result_count":0}}"#, None),
            (r#"{"meta":{"result_count":"0","next_token":"on"}}"#, Some("on")),
            (r#"{"data":[],"meta":{"next_token":null}}"#, None),
            (r#"{"data":[]}"#, None),
        ] {
            let page = decode(body.as_bytes(), Ask::Public, NOW).expect(body).value;
            assert_eq!((page.next.as_deref(), page.reading.returned.len()), (next, 0), "{body}");
        }
    }

    #[test]
    fn what_is_no_page_says_why() {
        for (body, reason) in [
            ("{}", ErrorReason::Malformed),
            ("[]", ErrorReason::Malformed),
            ("<html>", ErrorReason::Malformed),
            (r#"{"data":"none","meta":{"result_count":0}}"#, ErrorReason::Malformed),
            (r#"{"data":null}"#, ErrorReason::Malformed),
            (r#"{"meta":{"result_count":5}}"#, ErrorReason::Malformed),
            (r#"{"meta":7}"#, ErrorReason::Malformed),
            (r#"{"errors":[{"type":"https://api.x.com/2/problems/internal-error"}]}"#, ErrorReason::ServerError),
            (r#"{"errors":[{"code":88}]}"#, ErrorReason::RateLimited),
        ] {
            let error = decode(body.as_bytes(), Ask::Public, NOW).expect_err(body);
            assert_eq!(error.reason, reason, "{body}");
        }
        let body = include_bytes!("../../../tests/answers/timeline/no_user.json");
        let error = decode(body, Ask::Public, NOW).expect_err("no user");
        assert_eq!((error.failure, error.reason, error.billed), (Failure::Forbidden, ErrorReason::InvalidRequest, Billed::No));
    }

    #[test]
    fn errors_alone_may_be_a_page() {
        let body =
            br#"{"errors":[{"resource_id":"1700000000000000004","type":"/not-authorized-for-field","field":"organic_metrics"}]}"#;
        let page = decode(body, Ask::Private, NOW).expect("a page").value;
        assert_eq!((page.reading.field_refused, page.next), (vec![id(4)], None));
        let page = decode(body, Ask::Public, NOW).expect("a page").value;
        assert_eq!(page.reading.refused, [(id(4), Refusal::NotAuthorized)]);
    }

    proptest::proptest! {
        #[test]
        fn no_json_makes_it_panic(body in r#"\{("(data|meta|errors|includes)":(\[(\{"(id|edit_history_tweet_ids|resource_id|media)":("[0-9]{0,20}"|[0-9.e-]{1,9}|null|\["[0-9]{1,3}"\]|\{\})\},?){0,3}\]|\{"(result_count|next_token|media)":[0-9"-]{0,9}\}|null|7),?){0,4}\}"#) {
            let _ = decode(body.as_bytes(), Ask::Private, NOW);
        }
    }
}
