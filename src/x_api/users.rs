//! `GET /2/users/me` and `GET /2/users/by/username/:username`: who a token or a name is (x-api.md 2.1, 2.2). Billed as a user read, so
//! each is asked once.

use serde::Deserialize;

use crate::model::{Api, Billed, CredentialKind, Failure, Timestamp, Username};
use crate::self_metrics::ErrorReason;
use crate::x_api::answer::{self, Decoded, given};
use crate::x_api::error::ApiError;
use crate::x_api::problem::{self, Problem};
use crate::x_api::session::{Answered, Inquiry, Session};

/// The user that a user credential speaks for.
pub async fn who_am_i(session: &Session, credential: CredentialKind, now: Timestamp) -> Answered<(u64, Username)> {
    let inquiry = Inquiry { api: Api::Users, credential, path: "/2/users/me", query: Vec::new(), json: None, now };
    session.send(&inquiry).await.read(session, Api::Users, decode)
}

/// The user of that name. An unknown name is a [`Failure::Forbidden`]: asking again does not help.
pub async fn find_user(
    session: &Session,
    credential: CredentialKind,
    name: &Username,
    now: Timestamp,
) -> Answered<(u64, Username)> {
    let path = format!("/2/users/by/username/{name}");
    let inquiry = Inquiry { api: Api::Users, credential, path: &path, query: Vec::new(), json: None, now };
    let sent = session.send(&inquiry).await;
    let sent = sent.judged(session, |refused| refused.without_resource().map(|_| unknown(name)));
    sent.read(session, Api::Users, |body| decode_named(body, name, now))
}

fn unknown(name: &Username) -> ApiError {
    ApiError {
        failure: Failure::Forbidden,
        reason: ErrorReason::InvalidRequest,
        detail: format!("X knows no user {name}"),
        billed: Billed::No,
    }
}

#[derive(Deserialize)]
struct Body {
    data: User,
}

#[derive(Deserialize)]
struct User {
    id: String,
    username: String,
}

fn decode(body: &[u8]) -> Result<Decoded<(u64, Username)>, ApiError> {
    let unusable = || ApiError::malformed("the answer names no user");
    let body: Body = serde_json::from_slice(body).map_err(|_| unusable())?;
    let id = body.data.id.parse().map_err(|_| unusable())?;
    let value = (id, body.data.username.parse().map_err(|_| unusable())?);
    Ok(Decoded { value, scan: answer::Scan::default() })
}

fn decode_named(bytes: &[u8], name: &Username, now: Timestamp) -> Result<Decoded<(u64, Username)>, ApiError> {
    let body = answer::body(bytes)?;
    if given(&body, "data").is_some() || given(&body, "errors").is_none() {
        return decode(bytes);
    }
    let known = Problem::read(bytes).segment != "resource-not-found";
    Err(if known { problem::of_one_resource(bytes, now) } else { unknown(name) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::x_api::stub::{NOW, Stub, USER};

    #[test]
    fn a_user_is_read_and_anything_else_refused() {
        let (id, name) = decode(br#"{"data":{"id":"9001","name":"Acme Inc.","username":"acme"}}"#).expect("a user").value;
        assert_eq!((id, name.as_str()), (9001, "acme"));
        for body in ["", "{}", r#"{"data":{"id":9001,"username":"acme"}}"#, r#"{"data":{"id":"9001","username":"not a name"}}"#] {
            assert!(decode(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn a_name_that_nobody_has_is_said_by_name() {
        let name: Username = "nobody".parse().expect("a name");
        let now = Timestamp::from_seconds(0);
        let read = |body: &[u8]| decode_named(body, &name, now).map(|decoded| decoded.value.0);
        assert_eq!(read(br#"{"data":{"id":"9002","username":"Nobody"}}"#).expect("a user"), 9002);
        let error = read(include_bytes!("../../tests/answers/users/unknown.json")).expect_err("no user");
        assert_eq!((error.failure, error.reason), (Failure::Forbidden, ErrorReason::InvalidRequest));
        assert_eq!((error.detail.as_str(), error.billed), ("X knows no user nobody", Billed::No));
        for (body, reason) in [
            (r#"{"errors":[{"resource_type":"user","type":"/not-authorized-for-resource"}]}"#, ErrorReason::Forbidden),
            (r#"{"errors":[{"type":"/internal-error"}]}"#, ErrorReason::ServerError),
            (r#"{"errors":[]}"#, ErrorReason::Malformed),
            ("{}", ErrorReason::Malformed),
            ("[]", ErrorReason::Malformed),
        ] {
            assert_eq!(read(body.as_bytes()).expect_err(body).reason, reason, "{body}");
        }
    }

    #[tokio::test]
    async fn a_name_is_asked_for_in_the_path() {
        let missing = r#"{"title":"Not Found Error","type":"https://api.x.com/2/problems/resource-not-found"}"#;
        let stub =
            Stub::answering(&[(200, r#"{"data":{"id":"9001","username":"Acme"}}"#), (404, missing), (404, "<html>")]).await;
        let name: Username = "acme".parse().expect("a name");
        let find = async || find_user(&stub.session, USER, &name, NOW).await.result;
        assert_eq!(find().await.expect("a user").0, 9001);
        assert_eq!(find().await.expect_err("nobody").detail, "X knows no user acme");
        assert_eq!(find().await.expect_err("a bad day").failure, Failure::Transient { retry_after: None });
        assert_eq!(stub.asked()[0].path, "/2/users/by/username/acme");
    }
}
