//! Exporter: is it well, what does X allow, what does it cost?

use super::panel::{Panel, Row};
use super::sheet::{Sheet, account, alerts, instance, job};

/// Which accounts of which exporters.
const THESE: &str = "account=~\"$account\",job=~\"$job\",instance=~\"$instance\"";
const THERE: &str = "job=~\"$job\",instance=~\"$instance\"";
/// Recorded for an account of an exporter, whatever its job.
const RECORDED: &str = "account=~\"$account\",instance=~\"$instance\"";

/// The whole dashboard.
pub(super) fn sheet() -> Sheet {
    Sheet {
        uid: "tweet-exporter-exporter",
        title: "Tweets: exporter and API",
        about: "Whether the exporter is well, what X allows, and what the reads cost.",
        variables: vec![account(), job(), instance()],
        annotations: vec![alerts("topic=\"exporter\"")],
        rows: vec![
            Row("At a glance", glance()),
            Row("Freshness", vec![lag(), states()]),
            Row("Calls to X", vec![requests(), errors(), remaining(), duration(), credentials()]),
            Row("Money", vec![today(), month(), forecast(), usage(), spend(), reads()]),
            Row("Exporter", vec![scrapes(), oddities(), resources()]),
        ],
    }
}

fn glance() -> Vec<Panel> {
    vec![
        Panel::text("What this shows", "What the dashboard is for.",
            "Whether the exporter is well, what X allows, and what the reads cost. A scrape reads nothing at X and costs nothing. What to do about each alert is in `docs/alerts.md`."),
        Panel::stat("Up", "Whether Prometheus can scrape the exporter.", "short")
            .query("min(up{job=~\"$job\",instance=~\"$instance\"})", "up").thresholds(&[(1.0, "green")], "red").yes_or_no(),
        Panel::stat("Reads late by", "For how long the oldest overdue read has been due. 0 is right; it grows when rate limits, faults or refusals hold reads back.", "s")
            .query(&format!("max(tweet_exporter_refresh_lag_seconds{{{THESE}}})"), "lag").thresholds(&[(300.0, "orange"), (900.0, "red")], "green"),
        Panel::stat("Series about tweets", "Series on the page, without the exporter's own.", "short")
            .query(&format!("sum(tweet_exporter_series{{{THERE}}})"), "series"),
        Panel::stat("State on disk", "Whether what must survive a restart is saved: yes, no, or none where nothing is kept, as in the demo.", "short")
            .query(&format!("min(tweet_exporter_state_ok{{{THERE}}}) or on () vector(2)"), "saved")
            .thresholds(&[(1.0, "green"), (2.0, "blue")], "red").yes_or_no(),
        Panel::stat("Configuration loaded", "Since when the configuration in use has been in use.", "s")
            .query(&format!("time() - max(tweet_exporter_config_last_reload_success_timestamp_seconds{{{THERE}}})"), "ago"),
        Panel::stat("Version", "Of the running program.", "short")
            .now(&format!("max by (version) (tweet_exporter_build_info{{{THERE}}})"), "{{version}}")
            .with(serde_json::json!({ "options": { "textMode": "name", "graphMode": "none" } })),
    ]
}

fn lag() -> Panel {
    Panel::curves("Reads that are late", "The oldest overdue read of each account.", "s")
        .query(&format!("max by (account) (tweet_exporter_refresh_lag_seconds{{{THESE}}})"), "{{account}}")
        .reaching(60.0)
}

fn states() -> Panel {
    Panel::curves(
        "Tweets by state",
        "Every watched tweet is in one state. `over_budget` waits for money, `retired` is older than the oldest tier.",
        "short",
    )
    .query(&format!("sum by (state) (tweet_exporter_watched_tweets{{{THESE}}}) > 0"), "{{state}}")
    .stacked()
}

fn requests() -> Panel {
    Panel::curves("Calls by answer", "Calls to X in a second, by status; none where no answer came.", "reqps").query(
        &format!("sum by (api, code) (rate(tweet_exporter_api_requests_total{{{THESE}}}[$__rate_interval])) > 0"),
        "{{api}} {{code}}",
    )
}

fn errors() -> Panel {
    Panel::curves("Calls that came to nothing", "By reason; the flat line at 0 is right.", "reqps")
        .query(&format!("sum by (reason) (rate(tweet_exporter_api_errors_total{{{THESE}}}[$__rate_interval]))"), "{{reason}}")
        .reaching(0.1)
}

fn remaining() -> Panel {
    Panel::curves(
        "Left of the rate limits",
        "Share of each window's calls that is left, as X last said. At 0 the exporter waits for the next window.",
        "percentunit",
    )
    .query(
        &format!("tweet_exporter_api_rate_limit_remaining{{{THESE}}} / tweet_exporter_api_rate_limit_limit{{{THESE}}}"),
        "{{account}} {{api}} {{credential}} {{window}}",
    )
    .whole()
}

fn duration() -> Panel {
    let quantile = |part: &str| {
        format!(
            "histogram_quantile({part}, sum by (le, api) (rate(tweet_exporter_api_request_duration_seconds_bucket{{{THERE}}}[$__rate_interval]))) > 0"
        )
    };
    Panel::curves("Duration of calls", "Half and 95 % of the calls take no longer.", "s")
        .query(&quantile("0.5"), "{{api}} 50 %")
        .query(&quantile("0.95"), "{{api}} 95 %")
}

fn credentials() -> Panel {
    Panel::table("Credentials", "Whether X accepted each when last used, and how long the access token lives; tokens are renewed when they are used.")
        .column(&format!("max by (account, credential) (tweet_exporter_credential_ok{{{THESE}}})"))
        .column(&format!("max by (account, credential) (tweet_exporter_token_expiry_timestamp_seconds{{{THESE}}} - time()) or max by (account, credential) (tweet_exporter_credential_ok{{{THESE}}}) * Inf"))
        .with(serde_json::json!({ "transformations": [
            { "id": "merge", "options": {} },
            { "id": "organize", "options": { "excludeByName": { "Time": true }, "indexByName": { "account": 0, "credential": 1, "Value #A": 2, "Value #B": 3 },
                "renameByName": { "account": "Account", "credential": "Credential", "Value #A": "Accepted", "Value #B": "Token lives" } } },
            { "id": "sortBy", "options": { "fields": {}, "sort": [{ "field": "Account", "desc": false }] } },
        ] }))
        .override_of("Accepted", &[("mappings", serde_json::json!([{ "type": "value", "options": { "0": { "text": "refused", "color": "red", "index": 0 }, "1": { "text": "yes", "color": "green", "index": 1 } } }]))])
        .override_of("Token lives", &[("unit", serde_json::json!("s")), ("mappings", serde_json::json!([{ "type": "special", "options": { "match": "null+nan", "result": { "text": "for ever", "index": 0 } } }, { "type": "range", "options": { "from": 1e300, "to": null, "result": { "text": "does not expire", "index": 1 } } }]))])
        .size(24, 6)
}

fn budget(title: &'static str, about: &'static str, period: &str) -> Panel {
    let remaining = format!("tweet_exporter_budget_remaining_usd{{{THESE},period=\"{period}\"}}");
    Panel::bars(title, about, "percentunit")
        .now(&format!("1 - {remaining} / tweet_exporter_budget_usd{{{THESE},period=\"{period}\"}}"), "{{account}}")
        .thresholds(&[(0.8, "orange"), (0.95, "red")], "green")
        .with(serde_json::json!({ "fieldConfig": { "defaults": { "max": 1 } } }))
        .size(6, 5)
}

fn today() -> Panel {
    budget(
        "Used of the day's budget",
        "Spent since 00:00 UTC by the budget of the day. X charges a tweet once a UTC day, so most of it is spent early.",
        "day",
    )
}

fn month() -> Panel {
    budget("Used of the month's budget", "Spent since the first of the month, UTC, by the budget of the month.", "month")
}

/// What the alert asks as well.
fn forecast() -> Panel {
    Panel::bars("The month's end, of the budget", "Spent so far and the last day's pace until the month ends, by the budget of the month. Over 100 % the exporter will stop reading before the month does.", "percentunit")
        .now(&format!("(tweet_exporter_budget_usd{{{THESE},period=\"month\"}} - tweet_exporter_budget_remaining_usd + on (account, instance) group_left () account:tweet_exporter_spend_usd:increase1d{{{RECORDED}}} * scalar(days_in_month() - day_of_month() + 1 - hour() / 24)) / tweet_exporter_budget_usd"), "{{account}}")
        .thresholds(&[(0.9, "orange"), (1.0, "red")], "green")
        .with(serde_json::json!({ "fieldConfig": { "defaults": { "max": 1.5 } } }))
        .size(6, 5)
}

fn usage() -> Panel {
    Panel::bars("Used of the project's cap", "As X counts it, with whatever else reads in the same project.", "percentunit")
        .now(&format!("tweet_exporter_project_usage{{{THESE}}} / tweet_exporter_project_cap{{{THESE}}}"), "{{account}}")
        .thresholds(&[(0.8, "orange"), (0.9, "red")], "green")
        .with(serde_json::json!({ "fieldConfig": { "defaults": { "max": 1, "decimals": 1 } } }))
        .size(6, 5)
}

fn spend() -> Panel {
    Panel::curves(
        "Spent in the last day, US dollars",
        "Of the trailing 24 hours, by the exporter's ledger and the configured prices; what was bought before the first scrape is in it.",
        "currencyUSD",
    )
    .query(&format!("sum by (account) (account:tweet_exporter_spend_usd:increase1d{{{RECORDED}}})"), "{{account}}")
    .with(serde_json::json!({ "fieldConfig": { "defaults": { "decimals": 2 } } }))
    .reaching(0.1)
}

fn reads() -> Panel {
    Panel::curves(
        "Reads: returned and paid",
        "Resources that X returned, and those that it charges for: a tweet is paid once a UTC day. In a minute.",
        "short",
    )
    .query(
        &format!("60 * sum by (class) (rate(tweet_exporter_tweets_read_total{{{THESE}}}[$__rate_interval])) > 0"),
        "{{class}}, returned",
    )
    .query(
        &format!("60 * sum by (class) (rate(tweet_exporter_billable_reads_total{{{THESE}}}[$__rate_interval]))"),
        "{{class}}, paid",
    )
}

fn scrapes() -> Panel {
    let quantile = |part: &str| {
        format!(
            "histogram_quantile({part}, sum by (le) (rate(tweet_exporter_scrape_duration_seconds_bucket{{{THERE}}}[$__rate_interval]))) > 0"
        )
    };
    Panel::curves("Duration of scrapes", "Time from a scrape's request to its answer, and what Prometheus needed in all.", "s")
        .query(&quantile("0.5"), "50 %")
        .query(&quantile("0.95"), "95 %")
        .query("max(scrape_duration_seconds{job=~\"$job\",instance=~\"$instance\"})", "with transfer and parsing")
        .size(8, 8)
}

fn oddities() -> Panel {
    Panel::curves("Oddities", "In an interval of the graph: lifetime numbers that fell, fields and values in X's answers that this version does not know; and what a limit keeps out.", "short")
        .query(&format!("sum by (account) (increase(tweet_exporter_decreases_total{{{THESE}}}[$__rate_interval]))"), "{{account}}: numbers that fell")
        .query(&format!("sum(increase(tweet_exporter_unknown_fields_total{{{THERE}}}[$__rate_interval]))"), "unknown fields")
        .query(&format!("sum(increase(tweet_exporter_bad_values_total{{{THERE}}}[$__rate_interval]))"), "bad values")
        .query(&format!("sum by (limit) (tweet_exporter_refused_by_limit{{{THERE}}})"), "left out by {{limit}}")
        .size(8, 8)
}

fn resources() -> Panel {
    Panel::curves("Memory", "Resident memory of the exporter.", "bytes")
        .query("process_resident_memory_bytes{job=~\"$job\",instance=~\"$instance\"}", "{{instance}}")
        .size(8, 8)
}
