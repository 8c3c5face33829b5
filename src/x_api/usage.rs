//! `GET /2/usage/tweets` (x-api.md 2.4): how much of the project's cap is used. Asking costs nothing and counts for nothing.

use crate::model::{Api, CredentialKind, ProjectUsage, Timestamp};
use crate::x_api::answer::{self, Decoded, Object, Scan, given, is_object};
use crate::x_api::error::ApiError;
use crate::x_api::problem;
use crate::x_api::session::{Answered, Inquiry, Session};

/// What X says of the project's reads, asked with the app's bearer token.
pub async fn project_usage(session: &Session, now: Timestamp) -> Answered<ProjectUsage> {
    let inquiry = Inquiry {
        api: Api::Usage,
        credential: CredentialKind::Bearer,
        path: "/2/usage/tweets",
        // The sums of the days come on demand alone; they open books that were lost.
        query: vec![("days", "31"), ("usage.fields", "project_usage,project_cap,daily_project_usage")],
        json: None,
        now,
    };
    session.send(&inquiry).await.read(session, Api::Usage, |body| decode(body, now))
}

fn decode(bytes: &[u8], now: Timestamp) -> Result<Decoded<ProjectUsage>, ApiError> {
    let body = answer::body(bytes)?;
    if !is_object(&body, "data") {
        return Err(problem::in_a_200(bytes, now));
    }
    let mut scan = Scan::default();
    let data = scan.inner(&body, "data");
    let mut number = |name| given(&data, name).and_then(|raw| scan.count(raw));
    let (used, cap) = (number("project_usage"), number("project_cap"));
    let days = days(&mut scan, &data);
    let sum = |fits: &dyn Fn(Timestamp) -> bool| {
        let fitting = days.iter().filter(|(day, _)| fits(*day)).map(|(_, count)| count);
        (!days.is_empty()).then(|| fitting.fold(0, |sum: u64, count| sum.saturating_add(*count)))
    };
    let today = sum(&|day| day.utc_day() == now.utc_day());
    let this_month = sum(&|day| day.utc_month() == now.utc_month());
    Ok(Decoded { value: ProjectUsage { used, cap, today, this_month }, scan })
}

/// What was read on each day. One page of X's documents shows a list in its place, which nobody has seen in an answer.
fn days(scan: &mut Scan, data: &Object<'_>) -> Vec<(Timestamp, u64)> {
    if !is_object(data, "daily_project_usage") {
        return Vec::new();
    }
    let project = scan.inner(data, "daily_project_usage");
    let mut days = Vec::new();
    for raw in scan.list(given(&project, "usage")) {
        let Some(day) = scan.object(raw) else { continue };
        let date = scan.word(&day, "date");
        let count = given(&day, "usage").and_then(|raw| scan.count(raw));
        days.extend(date.zip(count));
    }
    days
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::self_metrics::ErrorReason;
    use crate::x_api::stub::{NOW, Stub};

    #[test]
    fn numbers_come_as_texts_and_as_numbers() {
        let strings = include_bytes!("../../tests/answers/usage/strings.json").as_slice();
        let integers = include_bytes!("../../tests/answers/usage/integers.json").as_slice();
        for (body, used, cap, bad) in [
            (strings, Some(57), Some(3_000_000), 0),
            (integers, Some(57), Some(2_000_000), 0),
            (br#"{"data":{"project_usage":-1,"project_cap":null}}"#, None, None, 1),
            (br#"{"data":{}}"#, None, None, 0),
        ] {
            let decoded = decode(body, NOW).expect("an answer");
            assert_eq!((decoded.value.used, decoded.value.cap, decoded.scan.bad_values), (used, cap, bad));
        }
    }

    #[test]
    fn days_are_summed_by_the_calendar() {
        let day = |date: &str, usage: &str| format!(r#"{{"date":"{date}T00:00:00.000Z","usage":{usage}}}"#);
        let days = [day("2026-02-01", "\"5\""), day("2026-01-31", "7"), day("2026-01-15", "8")].join(",");
        let body = format!(r#"{{"data":{{"project_usage":"57","daily_project_usage":{{"usage":[{days}]}}}}}}"#);
        let usage = decode(body.as_bytes(), NOW).expect("an answer").value;
        assert_eq!((usage.today, usage.this_month), (Some(5), Some(5)));
    }

    #[test]
    fn what_is_no_usage_is_none() {
        for body in ["", "{}", r#"{"data":[]}"#, r#"{"data":null}"#] {
            assert_eq!(decode(body.as_bytes(), NOW).expect_err(body).reason, ErrorReason::Malformed, "{body}");
        }
    }

    #[tokio::test]
    async fn the_app_asks_with_its_own_token() {
        let stub = Stub::answering(&[(200, include_str!("../../tests/answers/usage/strings.json"))]).await;
        let usage = project_usage(&stub.session, NOW).await.result.expect("an answer");
        assert_eq!((usage.used, usage.cap), (Some(57), Some(3_000_000)));
        let asked = &stub.asked()[0];
        assert_eq!((asked.path.as_str(), asked.authorization.as_str()), ("/2/usage/tweets", "Bearer bearer-test"));
    }
}
