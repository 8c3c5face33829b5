//! What those get to read who are not admitted.

use hyper::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use hyper::{Method, StatusCode};

use crate::door::Refusal;
use crate::server::reply::{Reply, head_only, text, with};

/// The answer; it says nothing about what would be here.
pub(super) fn reply(refusal: Refusal, method: &Method) -> Reply {
    let reply = match refusal {
        Refusal::WhoAreYou => {
            let reply = text(StatusCode::UNAUTHORIZED, "a user name and its password are needed");
            with(reply, WWW_AUTHENTICATE, "Basic realm=\"tweet_exporter\", charset=\"UTF-8\"")
        }
        Refusal::TooMany => with(text(StatusCode::TOO_MANY_REQUESTS, "too many requests"), RETRY_AFTER, "1"),
        Refusal::Busy => with(text(StatusCode::SERVICE_UNAVAILABLE, "too many passwords are being checked"), RETRY_AFTER, "5"),
    };
    if method == Method::HEAD { head_only(reply) } else { reply }
}
