//! `GET /2/users/me`: whose token it is (x-api.md 2.1). Billed as a user read, so it is asked once and only when nobody wrote the name.

use serde::Deserialize;

use crate::model::{Api, CredentialKind, Timestamp, Username};
use crate::x_api::error::ApiError;
use crate::x_api::session::{Answered, Get, Session};

/// The user that a user credential speaks for.
pub async fn who_am_i(session: &Session, credential: CredentialKind, now: Timestamp) -> Answered<(u64, Username)> {
    let get = Get { api: Api::Users, credential, path: "/2/users/me", query: Vec::new(), now };
    let answered = session.get(&get).await;
    let result = answered.result.map_err(|refused| refused.error).and_then(|body| decode(&body));
    Answered { limits: answered.limits, result }
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

fn decode(body: &[u8]) -> Result<(u64, Username), ApiError> {
    let unusable = || ApiError::malformed("the answer names no user");
    let body: Body = serde_json::from_slice(body).map_err(|_| unusable())?;
    let id = body.data.id.parse().map_err(|_| unusable())?;
    Ok((id, body.data.username.parse().map_err(|_| unusable())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_read_and_anything_else_refused() {
        let (id, name) = decode(br#"{"data":{"id":"9001","name":"Acme Inc.","username":"acme"}}"#).expect("a user");
        assert_eq!((id, name.as_str()), (9001, "acme"));
        for body in ["", "{}", r#"{"data":{"id":9001,"username":"acme"}}"#, r#"{"data":{"id":"9001","username":"not a name"}}"#] {
            assert!(decode(body.as_bytes()).is_err(), "{body}");
        }
    }
}
