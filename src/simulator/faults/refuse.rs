//! Faults that refuse a whole request in the words of the system that was called.

use serde_json::json;

use crate::simulator::call::Call;
use crate::simulator::endpoints::engagement;
use crate::simulator::faults::kinds::{Fault, TokenError};
use crate::simulator::journal::asked_ids;
use crate::simulator::reply::{Invalid, PROBLEMS, Reply};
use crate::simulator::systems::{System, not_listed};

impl Fault {
    /// The refusal, if this is such a fault, or the Engagement API is asked, which has shapes of its own.
    pub(crate) fn refusal(&self, call: &Call) -> Option<Reply> {
        match self {
            Self::Poison { status: 403, bare: true, .. } => Some(Reply::blank(403, "Forbidden")),
            Self::Poison { tweets, status, named, .. } => Some(poisoned(call, tweets, *status, *named)),
            Self::Reissue { error } => Some(token_error(*error)),
            Self::RateLimited { .. } if engagement::is_called(call) => Some(rate_limited()),
            Self::Unauthorized {} if engagement::is_called(call) => Some(System::Engagement.unauthenticated()),
            Self::ClientNotEnrolled {} if engagement::is_called(call) => Some(not_listed()),
            _ => None,
        }
    }
}

/// The Engagement API has windows of a minute and says nothing of their end.
fn rate_limited() -> Reply {
    let mut reply = System::Engagement.exceeded();
    reply.headers.extend([("x-per-minute-limit", "60".to_owned()), ("x-per-minute-remaining", "0".to_owned())]);
    reply
}

fn poisoned(call: &Call, tweets: &[String], status: u16, named: bool) -> Reply {
    let culprits: Vec<String> = asked_ids(call).into_iter().filter(|id| named && tweets.contains(id)).collect();
    let list = culprits.join(", ");
    if engagement::is_called(call) {
        let text = if named { format!("Forbidden to access tweets: {list}") } else { "Forbidden".to_owned() };
        return Reply::texts(status, &[&text]);
    }
    if status == 400 {
        let message = if named { format!("The ids [{list}] are not valid") } else { "One of the ids is not valid".to_owned() };
        let all = asked_ids(call).join(",");
        return Reply::invalid(&[Invalid {
            parameter: "ids".to_owned(),
            value: if named { culprits.join(",") } else { all },
            message,
        }]);
    }
    let detail = if named {
        format!("You are not permitted to access [{list}].")
    } else {
        "You are not permitted to perform this action.".to_owned()
    };
    let kind = format!("{PROBLEMS}/not-authorized-for-resource");
    Reply::refused(403, json!({ "title": "Forbidden", "detail": detail, "type": kind, "status": 403 }))
}

fn token_error(error: TokenError) -> Reply {
    match error {
        TokenError::Unavailable => Reply::blank(503, "Service Unavailable"),
        TokenError::InvalidGrant => Reply::oauth2(400, "invalid_grant", "The grant is not valid any more."),
        TokenError::InvalidRequest => Reply::oauth2(400, "invalid_request", "Value passed for the token was invalid."),
        TokenError::UnauthorizedClient => Reply::oauth2(401, "unauthorized_client", "Missing valid authorization header"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::simulator::trial::{As, Trial};

    #[test]
    fn a_poisonous_tweet_spoils_every_request_that_has_it() {
        let mut trial = Trial::new();
        let (plain, steady) = (trial.tweet("plain").to_string(), trial.tweet("steady"));
        for (status, named) in [(400, true), (400, false), (403, true), (403, false)] {
            trial.faults(json!([{ "fault": { "kind": "poison", "tweets": [plain], "status": status, "named": named } }]));
            assert_eq!(trial.ask(As::App, &format!("/2/tweets?ids={steady}")).0, 200);
            let (got, body) = trial.ask(As::App, &format!("/2/tweets?ids={steady},{plain}"));
            let names = body["detail"].to_string() + &body["errors"][0]["message"].to_string();
            assert_eq!((got, names.contains(&plain)), (status, named), "{body}");
            assert_eq!(trial.ask(As::App, &format!("/2/tweets/{plain}")).0, status);
            let analytics = "start_time=2026-11-20T00:00:00Z&end_time=2026-11-21T00:00:00Z";
            assert_eq!(trial.ask(As::User, &format!("/2/tweets/analytics?ids={plain}&{analytics}")).0, status);
        }
    }
}
