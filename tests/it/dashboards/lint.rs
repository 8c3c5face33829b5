//! A linter's rules for dashboards, after those of Grafana's own.

use std::collections::BTreeSet;

use serde_json::Value;

use super::files;

/// Units of Grafana that we use.
const UNITS: [&str; 7] = ["short", "none", "percentunit", "s", "reqps", "currencyUSD", "bytes"];
/// The forecast looks a day back whatever the graph shows.
const FIXED_RANGE: &str = "[1d]";

fn list<'a>(of: &'a Value, name: &str) -> &'a [Value] {
    of[name].as_array().unwrap_or_else(|| panic!("{name} is no list")).as_slice()
}

fn text<'a>(of: &'a Value, name: &str) -> &'a str {
    of[name].as_str().unwrap_or_else(|| panic!("{name} is no text in {of}"))
}

/// Panels without the headings, with the name of their dashboard.
fn panels() -> Vec<(String, Value)> {
    let of = |(name, file): (&str, Value)| {
        let members = list(&file, "panels").iter().filter(|panel| panel["type"] != "row").cloned();
        members.map(|panel| (format!("{name}: {}", text(&panel, "title")), panel)).collect::<Vec<_>>()
    };
    files().into_iter().flat_map(of).collect()
}

#[test]
fn each_dashboard_can_be_imported_and_provisioned() {
    for (name, file) in files() {
        assert!(file["id"].is_null() && file["__inputs"].is_null() && file["editable"] == false, "{name}");
        assert_eq!((text(&file, "uid"), &file["schemaVersion"]), (format!("tweet-exporter-{name}").as_str(), &Value::from(42)));
        assert!(list(&file, "tags").contains(&"tweet_exporter".into()), "{name}");
        assert!(list(&file, "links")[0]["keepTime"] == true && list(&file, "links")[0]["includeVars"] == true, "{name}");
        let variables = list(&file["templating"], "list");
        assert!(variables[0]["name"] == "datasource" && variables[0]["type"] == "datasource", "{name}");
        for variable in variables {
            assert!(!text(variable, "label").is_empty(), "{name}: {variable}");
            if variable["type"] == "query" {
                assert!(variable["refresh"] == 2 && variable["datasource"]["uid"] == "${datasource}", "{name}: {variable}");
            }
        }
    }
}

#[test]
fn each_panel_says_what_it_shows_and_in_which_unit() {
    for (name, panel) in panels() {
        assert!(text(&panel, "description").ends_with('.'), "{name} has no description");
        let unit = text(&panel["fieldConfig"]["defaults"], "unit");
        assert!(UNITS.contains(&unit), "{name}: {unit}");
        if panel["type"] == "text" {
            continue;
        }
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{name}");
        let targets = list(&panel, "targets");
        assert!(!targets.is_empty(), "{name} asks nothing");
        let letters: BTreeSet<&str> = targets.iter().map(|target| text(target, "refId")).collect();
        assert_eq!(letters.len(), targets.len(), "{name}");
        for target in targets {
            assert!(target["format"] == "table" || !text(target, "legendFormat").is_empty(), "{name} has a nameless series");
            assert_eq!(target["datasource"]["uid"], "${datasource}", "{name}");
        }
    }
}

#[test]
fn queries_keep_the_rules_of_their_functions() {
    for (name, panel) in panels().into_iter().filter(|(_, panel)| panel["type"] != "text") {
        for target in list(&panel, "targets") {
            let expression = text(target, "expr");
            for function in ["rate(", "increase("] {
                for call in expression.split(function).skip(1) {
                    let range = call.split('}').nth(1).unwrap_or_default();
                    assert!(range.starts_with("[$__rate_interval]") || range.starts_with(FIXED_RANGE), "{name}: {expression}");
                    assert!(!call.starts_with("tweet_engagement"), "{name}: lifetime numbers may fall");
                }
            }
            let counters = expression.matches("_total{").count() + expression.matches("_bucket{").count();
            let calls = expression.matches("rate(").count() + expression.matches("increase(").count();
            assert_eq!(counters, calls, "{name}: a counter outside of rate() or increase()");
            let picks_anew = target["range"] == true && expression.contains("topk(");
            assert!(!picks_anew || expression.contains("@ end()"), "{name}: topk picks winners anew at each step");
        }
    }
}

#[test]
fn panels_do_not_overlap_and_have_ids_of_their_own() {
    for (name, file) in files() {
        let (mut taken, mut ids) = (BTreeSet::new(), BTreeSet::new());
        for panel in list(&file, "panels") {
            assert!(ids.insert(panel["id"].as_u64()), "{name}: an id twice");
            let at = |key: &str| panel["gridPos"][key].as_u64().expect("a number");
            assert!(at("x") + at("w") <= 24, "{name}: {}", panel["title"]);
            for (x, y) in (at("x")..at("x") + at("w")).flat_map(|x| (at("y")..at("y") + at("h")).map(move |y| (x, y))) {
                assert!(taken.insert((x, y)), "{name}: {} lies on another panel", panel["title"]);
            }
        }
    }
}

#[test]
fn links_lead_to_x_or_to_a_dashboard_of_ours() {
    let uids: Vec<String> = files().iter().map(|(_, file)| format!("/d/{}?", text(file, "uid"))).collect();
    fn urls(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                found.extend(map.get("url").and_then(Value::as_str).filter(|url| !url.is_empty()).map(str::to_owned));
                map.values().for_each(|value| urls(value, found));
            }
            Value::Array(list) => list.iter().for_each(|value| urls(value, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    files().iter().for_each(|(_, file)| urls(file, &mut found));
    assert!(found.len() > 10, "{found:?}");
    for url in found {
        assert!(url.starts_with("https://x.com/i/status/$") || uids.iter().any(|uid| url.starts_with(uid)), "{url}");
    }
}

#[test]
fn queries_about_the_exporter_select_by_job_and_instance() {
    let (_, exporter) = files().into_iter().find(|(name, _)| *name == "exporter").expect("the dashboard");
    let names: Vec<&str> = list(&exporter["templating"], "list").iter().map(|variable| text(variable, "name")).collect();
    assert_eq!(names, ["datasource", "account", "job", "instance"]);
    for panel in list(&exporter, "panels") {
        for target in panel["targets"].as_array().into_iter().flatten() {
            let expression = text(target, "expr");
            for selector in expression.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
                let is_recorded = expression.contains(&format!("increase1d{{{selector}}}"));
                assert!(selector.contains("instance=~\"$instance\""), "{expression}");
                assert!(is_recorded || selector.contains("job=~\"$job\""), "{expression}");
            }
        }
    }
}

#[test]
fn curves_have_a_shortest_interval_and_shares_a_whole_axis() {
    // Both go beyond or stay far below the whole: docs/dashboards.md says so.
    const OWN_AXIS: [&str; 2] = ["exporter: The month's end, of the budget", "tweet: Engagement rate"];
    for (name, panel) in panels() {
        assert!(panel["type"] != "timeseries" || panel["interval"] == "1m", "{name}");
        let defaults = &panel["fieldConfig"]["defaults"];
        let is_share = defaults["unit"] == "percentunit" && !OWN_AXIS.contains(&&*name);
        assert!(!is_share || defaults["max"] == 1, "{name}: {}", defaults["max"]);
    }
}

#[test]
fn a_tweet_is_shown_by_its_name_whatever_the_name_holds() {
    let (_, tweet) = files().into_iter().find(|(name, _)| *name == "tweet").expect("the dashboard");
    let heading = list(&tweet, "panels").iter().find(|panel| panel["type"] == "text").expect("a heading");
    assert!(text(&heading["options"], "content").starts_with("[**${tweet:text}** at X]"), "{heading}");
    let variable = list(&tweet["templating"], "list").iter().find(|variable| variable["name"] == "tweet").expect("the variable");
    let part = |name: &str| text(variable, "regex").split(&format!("?<{name}>")).nth(1).and_then(|rest| rest.split(')').next());
    assert_eq!((part("text"), part("value")), (Some(".+?"), Some("[0-9]+")), "a name may have quotes in it, an id has none");
}
