//! `GET /2/usage/tweets` (x-api.md, section 2.4).

use hyper::Method;
use serde_json::{Value, json};

use crate::model::{PriceClass, Timestamp};
use crate::simulator::endpoints::arguments::Arguments;
use crate::simulator::endpoints::selection::{self, List};
use crate::simulator::endpoints::{Ask, Endpoint};
use crate::simulator::limits::Allowance;
use crate::simulator::reply::Reply;
use crate::simulator::systems::System;

/// `GET /2/usage/tweets`
pub(crate) const TWEETS: Endpoint = Endpoint {
    method: Method::GET,
    system: System::Usage,
    pattern: "/2/usage/tweets",
    allowance: Allowance { app: Some(50), user: None },
    answer: tweets,
};

const LISTS: [List; 1] = [List {
    name: "usage.fields",
    values: &["cap_reset_day", "daily_client_app_usage", "daily_project_usage", "project_cap", "project_id", "project_usage"],
}];
/// The cap of pay-per-use from August 2026 on.
const PROJECT_CAP: &str = "3000000";
const PROJECT_ID: &str = "1234567890";
const CLIENT_APP_ID: &str = "29000000";
/// Day of month on which the cycle starts.
const CAP_RESET_DAY: u32 = 2;
const DAY_SECONDS: i64 = 86_400;

fn tweets(ask: &Ask<'_>) -> Reply {
    let mut arguments = Arguments { call: ask.call, wrong: selection::check_against(ask.call, &LISTS, &["days"]) };
    let days = arguments.number("days", 1..=90, 7);
    if !arguments.wrong.is_empty() {
        return Reply::invalid(&arguments.wrong);
    }
    let used = |day| ask.meter.distinct(ask.caller.account, PriceClass::Tweet, day);
    let total: usize = ask.meter.days().map(used).sum();
    let mut data = json!({
        "cap_reset_day": CAP_RESET_DAY, "project_cap": PROJECT_CAP, "project_id": PROJECT_ID, "project_usage": total.to_string(),
    });
    let today = ask.now.utc_day();
    let daily: Vec<Value> =
        (0..days as i64).map(|back| today - back).filter(|day| used(*day) > 0).map(|day| entry(day, used(day))).collect();
    let wants = |field: &str| ask.call.items("usage.fields").any(|item| item == field);
    if wants("daily_project_usage") {
        data["daily_project_usage"] = json!({ "project_id": PROJECT_ID, "usage": daily });
    }
    if wants("daily_client_app_usage") {
        let app = json!({ "client_app_id": CLIENT_APP_ID, "usage_result_count": daily.len(), "usage": daily });
        data["daily_client_app_usage"] = json!([app]);
    }
    Reply::ok(json!({ "data": data }), Vec::new())
}

fn entry(day: i64, used: usize) -> Value {
    let midnight = Timestamp::from_seconds(day.saturating_mul(DAY_SECONDS)).to_string().replace('Z', ".000Z");
    json!({ "date": midnight, "usage": used.to_string() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::simulator::trial::{As, Trial};

    #[test]
    fn only_an_app_is_told_and_only_what_was_billed_as_tweets_counts() {
        let mut trial = Trial::new();
        let (plain, steady) = (trial.tweet("plain"), trial.tweet("steady"));
        trial.ask(As::App, &format!("/2/tweets?ids={plain},{steady}"));
        trial.ask(As::User, &format!("/2/users/{}/tweets", trial.me()));
        trial.ask(As::GlobexApp, &format!("/2/tweets?ids={plain}"));
        let (status, body) = trial.ask(As::App, "/2/usage/tweets");
        let data = json!({ "cap_reset_day": 2, "project_cap": "3000000", "project_id": "1234567890", "project_usage": "2" });
        assert_eq!((status, &body["data"]), (200, &data));
        let fields = "usage.fields=daily_project_usage,daily_client_app_usage&days=90";
        let (_, body) = trial.ask(As::App, &format!("/2/usage/tweets?{fields}"));
        let day = json!([{ "date": "2026-11-21T00:00:00.000Z", "usage": "2" }]);
        assert_eq!(body["data"]["daily_project_usage"]["usage"], day);
        assert_eq!(body["data"]["daily_client_app_usage"][0]["usage_result_count"], 1);
        for caller in [As::User, As::Oauth2] {
            let (status, body) = trial.ask(caller, "/2/usage/tweets");
            assert_eq!((status, body["title"].as_str()), (403, Some("Unsupported Authentication")));
        }
        for query in ["days=0", "days=91", "usage.fields=price", "ids=1"] {
            assert_eq!(trial.ask(As::App, &format!("/2/usage/tweets?{query}")).0, 400, "{query}");
        }
    }
}
