//! `GET /2/users/:id/tweets` (x-api.md 2.3): an account's own tweets with their numbers, page by page, at the owned price.

mod decode;

use crate::config::Groups;
use crate::model::{Api, CredentialKind, PageAsk, TimelinePage, Timestamp};
use crate::x_api::fields::Fields;
use crate::x_api::session::{Answered, Inquiry, Refused, Session};

/// The timelines that one account reads.
pub struct Timeline {
    fields: Fields,
}

impl Timeline {
    /// A timeline that asks for these groups where it may.
    pub fn new(groups: Groups) -> Self {
        Self { fields: Fields::new(groups) }
    }

    /// Whether X was found to want its requests in the other form; see [`crate::x_api::Backend::other_form`].
    pub fn other_form(&self) -> Option<Api> {
        self.fields.forms().wants_other().then_some(Api::Timeline)
    }

    /// Begins with the other form if the timeline is among these systems.
    pub fn recall_forms(&self, other: &[Api]) {
        if other.contains(&Api::Timeline) {
            self.fields.forms().use_other();
        }
    }

    /// Reads one page with one request; with a second one when X does not know the parameter that selects the fields.
    pub async fn page(
        &self,
        session: &Session,
        credential: CredentialKind,
        page: &PageAsk,
        now: Timestamp,
    ) -> Answered<TimelinePage> {
        let path = format!("/2/users/{}/tweets", page.user);
        let query = query(page);
        let query = query.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let inquiry = Inquiry { api: Api::Timeline, credential, path: &path, query, json: None, now };
        let sent = self.fields.send(session, &inquiry, page.ask).await.judged(session, Refused::without_resource);
        sent.read(session, Api::Timeline, |body| decode::decode(body, page.ask, now))
    }
}

/// Everything but the fields.
fn query(page: &PageAsk) -> Vec<(&'static str, String)> {
    let kinds = [("replies", page.exclude_replies), ("retweets", page.exclude_retweets)];
    let excluded: Vec<&str> = kinds.into_iter().filter(|(_, excluded)| *excluded).map(|(name, _)| name).collect();
    let mut query =
        vec![("max_results", page.size.clamp(5, 100).to_string()), ("start_time", page.start.max(FIRST_MOMENT).to_string())];
    query.extend(page.end.map(|end| ("end_time", end.max(FIRST_MOMENT).to_string())));
    query.extend(page.after.map(|tweet| ("since_id", tweet.to_string())));
    query.extend((!excluded.is_empty()).then(|| ("exclude", excluded.join(","))));
    query.extend(page.token.clone().map(|token| ("pagination_token", token)));
    query
}

/// v2's time filters accept nothing before 2010-11-06T00:00:00Z (x-api.md section 6).
pub(super) const FIRST_MOMENT: Timestamp = Timestamp::from_seconds(1_289_001_600);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Ask, TweetId};
    use crate::x_api::stub::{NOW, Stub, USER};

    #[test]
    fn a_page_is_asked_for_in_x_s_words() {
        assert_eq!(FIRST_MOMENT.to_string(), "2010-11-06T00:00:00Z");
        let mut page = PageAsk {
            user: 9001,
            ask: Ask::Public,
            after: None,
            start: Timestamp::MIN,
            end: None,
            token: None,
            size: 3,
            exclude_replies: false,
            exclude_retweets: false,
        };
        let plain = [("max_results", "5"), ("start_time", "2010-11-06T00:00:00Z")];
        assert_eq!(query(&page), plain.map(|(name, value)| (name, value.to_owned())));
        page.start = "2026-01-31T12:00:00.999Z".parse().expect("RFC 3339");
        page.end = Some("2026-02-01T00:00:00.5Z".parse().expect("RFC 3339"));
        page.after = Some(TweetId::new(17).expect("an id"));
        (page.token, page.size) = (Some("7140w".to_owned()), 500);
        (page.exclude_replies, page.exclude_retweets) = (true, true);
        let full = [
            ("max_results", "100"),
            ("start_time", "2026-01-31T12:00:00Z"),
            ("end_time", "2026-02-01T00:00:00Z"),
            ("since_id", "17"),
            ("exclude", "replies,retweets"),
            ("pagination_token", "7140w"),
        ];
        assert_eq!(query(&page), full.map(|(name, value)| (name, value.to_owned())));
    }

    #[tokio::test]
    async fn the_other_name_of_the_fields_is_tried_and_remembered() {
        let unknown = r#"{"errors":[{"parameters":{"tweet.fields":["x"]},"message":"The query parameter [tweet.fields] is not one of [id]"}],"type":"https://api.x.com/2/problems/invalid-request"}"#;
        let empty = r#"{"meta":{"result_count":0}}"#;
        let stub = Stub::answering(&[(400, unknown), (200, empty), (200, empty)]).await;
        let timeline = Timeline::new(Groups { public: true, non_public: true, organic: false, promoted: false });
        let page = PageAsk {
            user: 9001,
            ask: Ask::Private,
            after: None,
            start: NOW,
            end: None,
            token: None,
            size: 100,
            exclude_replies: false,
            exclude_retweets: true,
        };
        for _ in 0..2 {
            let answered = timeline.page(&stub.session, USER, &page, NOW).await;
            assert_eq!(answered.result.expect("a page").next, None);
        }
        let asked = stub.asked();
        assert_eq!((asked.len(), asked[0].path.as_str()), (3, "/2/users/9001/tweets"));
        let fields = "author_id,attachments,public_metrics,non_public_metrics";
        for (request, name) in asked.iter().zip(["tweet.fields", "post.fields", "post.fields"]) {
            assert_eq!(request.one(name), fields);
            assert_eq!(request.one("expansions"), "attachments.media_keys");
            assert_eq!((request.one("max_results"), request.one("exclude")), ("100", "retweets"));
        }
    }
}
