//! A whole dashboard: its head, variables, annotations, links to the others.

use serde_json::{Value, json};

use super::panel::{Row, datasource, lay_out};

/// What one dashboard has of its own.
pub(super) struct Sheet {
    pub(super) uid: &'static str,
    pub(super) title: &'static str,
    pub(super) about: &'static str,
    pub(super) variables: Vec<Value>,
    pub(super) annotations: Vec<Value>,
    pub(super) rows: Vec<Row>,
}

/// The newest schema that is not the one of dynamic dashboards: Grafana 11 migrates nothing in it, file provisioning takes it.
const SCHEMA: u32 = 42;
/// All dashboards of ours have it; the links find them by it.
const TAG: &str = "tweet_exporter";

impl Sheet {
    /// The file that Grafana imports.
    pub(super) fn json(self) -> Value {
        let mut variables = vec![json!({
            "name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "regex": "", "hide": 0,
            "includeAll": false, "multi": false, "refresh": 1, "current": {}, "options": [],
        })];
        variables.extend(self.variables);
        json!({
            "id": null, "uid": self.uid, "title": self.title, "description": self.about, "tags": [TAG],
            "schemaVersion": SCHEMA, "version": 1, "editable": false, "graphTooltip": 1, "timezone": "browser",
            "time": { "from": "now-24h", "to": "now" }, "refresh": "1m", "fiscalYearStartMonth": 0,
            "timepicker": { "refresh_intervals": ["10s", "1m", "5m", "15m"] },
            "links": [{ "type": "dashboards", "title": "tweet_exporter", "tags": [TAG], "asDropdown": false, "icon": "external link",
                "includeVars": true, "keepTime": true, "targetBlank": false, "url": "", "tooltip": "" }],
            "templating": { "list": variables },
            "annotations": { "list": self.annotations },
            "panels": lay_out(self.rows),
        })
    }
}

/// The accounts, all of them at first.
pub(super) fn account() -> Value {
    query_variable("account", "Account", "label_values(tweet_exporter_watched_tweets, account)", "", true)
}

/// The jobs that scrape exporters.
pub(super) fn job() -> Value {
    query_variable("job", "Job", "label_values(tweet_exporter_build_info, job)", "", true)
}

/// The instances of the exporter.
pub(super) fn instance() -> Value {
    query_variable("instance", "Instance", "label_values(tweet_exporter_build_info{job=~\"$job\"}, instance)", "", true)
}

/// A tweet: its name is shown, its id is meant; the newest first. Grafana puts the labels side by side as they are, so a name may have
/// quotes in it: it ends where the id begins.
pub(super) fn tweet() -> Value {
    let newest = "query_result(sort_desc(tweet:tweet_info:named{account=~\"$account\"} * on (account, tweet_id) group_left () \
        max by (account, tweet_id) (tweet_created_timestamp_seconds)))";
    query_variable("tweet", "Tweet", newest, "/tweet=\"(?<text>.+?)\",tweet_id=\"(?<value>[0-9]+)\"/", false)
}

fn query_variable(name: &str, label: &str, query: &str, regex: &str, several: bool) -> Value {
    let all = several.then_some(".+");
    json!({
        "name": name, "label": label, "type": "query", "datasource": datasource(), "definition": query,
        "query": { "query": query, "refId": format!("variable-{name}"), "qryType": 5 }, "regex": regex,
        "refresh": 2, "sort": if several { 1 } else { 0 }, "multi": several, "includeAll": several, "allValue": all, "hide": 0,
        "current": if several { json!({ "selected": true, "text": ["All"], "value": ["$__all"] }) } else { json!({}) }, "options": [],
    })
}

/// A choice among fixed values, the first of them at first.
pub(super) fn choice(name: &str, label: &str, values: &[&str]) -> Value {
    let option = |value: &&str| json!({ "selected": *value == values[0], "text": value, "value": value });
    json!({
        "name": name, "label": label, "type": "custom", "query": values.join(","), "multi": false, "includeAll": false, "hide": 0,
        "current": option(&values[0]), "options": values.iter().map(option).collect::<Vec<_>>(),
    })
}

/// When tweets were published: the value is the moment, in milliseconds.
pub(super) fn publications(of: &str) -> Value {
    let expression = format!(
        "1000 * max by (account, tweet_id) (tweet_created_timestamp_seconds{{{of}}}) * on (account, tweet_id) group_left (tweet) tweet:tweet_info:named"
    );
    annotation("Published", "blue", &expression, "published", "{{tweet}} ({{account}})", true)
}

/// Alerts while they fire.
pub(super) fn alerts(of: &str) -> Value {
    let expression = format!("ALERTS{{alertstate=\"firing\",{of}}}");
    annotation("Alerts", "red", &expression, "{{alertname}}", "{{tweet}} {{account}} {{severity}}", false)
}

fn annotation(name: &str, color: &str, expression: &str, title: &str, text: &str, value_is_moment: bool) -> Value {
    json!({
        "name": name, "enable": true, "hide": false, "iconColor": color, "datasource": datasource(), "expr": expression,
        "titleFormat": title, "textFormat": text, "tagKeys": "account,severity", "step": "60s",
        "useValueForTime": if value_is_moment { "on" } else { "" },
        "target": { "expr": expression, "refId": "Anno", "range": true, "instant": false, "interval": "60s" },
    })
}
