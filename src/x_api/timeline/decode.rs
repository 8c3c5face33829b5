//! Reads a page of a timeline. Nobody was asked for by name, so what X does not name is simply not on the page.

use std::collections::HashSet;
use std::iter;

use crate::model::{Ask, Refusal, TimelinePage, Timestamp};
use crate::x_api::answer::Decoded;
use crate::x_api::error::ApiError;
use crate::x_api::number::Count;
use crate::x_api::parts::Found;
use crate::x_api::problem;
use crate::x_api::tweets::Answer;
use crate::x_api::verdict::{Verdict, Verdicts};

/// Reads the body of a 200.
pub(super) fn decode(bytes: &[u8], ask: Ask, now: Timestamp) -> Result<Decoded<TimelinePage>, ApiError> {
    let Decoded { value: answer, mut scan } = Answer::read(bytes)?;
    let (has_data, has_meta) = (answer.data == Found::Good, answer.about == Found::Good);
    if !has_data && (answer.data == Found::Bad || !has_meta && !answer.has_errors()) {
        return Err(ApiError::malformed("the answer has no list of tweets and says not that there are none"));
    }
    let errors = Verdicts::read(&mut scan, answer.errors);
    if !has_data && errors.named.is_empty() {
        // An empty page says so; errors that name no tweet are about the request or about the user.
        if errors.broken || !has_meta {
            return Err(problem::of_one_resource(bytes, now));
        }
        if matches!(answer.meta.result_count, Count::Number(1..)) {
            return Err(ApiError::malformed("the answer has no list of tweets, but counts some"));
        }
    }
    let mut page = page(answer);
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

/// `data[]`, each tweet under every id of its edit chain.
fn page(answer: Answer<'_>) -> TimelinePage {
    let (mut page, mut seen) = (TimelinePage::default(), HashSet::new());
    let media = answer.includes.by_key();
    for tweet in &answer.tweets {
        let mut names = tweet.names();
        let Some(&newest) = names.first().filter(|id| !seen.contains(*id)) else { continue };
        page.reading.returned.push(newest);
        names.retain(|id| seen.insert(*id));
        page.earlier.extend(names[1..].iter().map(|id| (*id, newest)));
        let copies = iter::repeat_n(tweet.reading(&media), names.len());
        page.reading.tweets.extend(iter::zip(names, copies));
    }
    drop(media);
    page.next = answer.meta.next_token.0;
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Billed;
    use crate::model::{Failure, Metric, TweetId};
    use crate::self_metrics::ErrorReason;
    use crate::x_api::mangled::mangled;

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

        #[test]
        fn no_mangled_page_makes_it_panic(body in mangled()) {
            for ask in [Ask::Public, Ask::Private] {
                let _ = decode(body.as_bytes(), ask, NOW);
            }
        }
    }
}
