//! Dashboards, rules and the page about alerts use no name that is not in the catalogue, and the rules are complete.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::files;

/// PromQL's own words, as far as we use them.
const LANGUAGE: &str = "and or unless on by without ignoring group_left bool offset end Inf sum max min count avg quantile group topk \
    max_over_time last_over_time rate increase changes absent label_join label_replace clamp_min clamp_max time timestamp floor log10 \
    scalar vector histogram_quantile sort_desc days_in_month day_of_month hour";
/// Labels: of the page, of Prometheus, of the rules, and those of the user that a tweet's name is taken from.
const LABELS: &str = "account tweet_id metric context window media_key username media_type state api code reason credential period class \
    version limit job instance le alertname alertstate severity topic tweet age reached stem tail title campaign kind";
/// What Prometheus itself makes.
const PROMETHEUS: &str = "up ALERTS scrape_duration_seconds";

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn yaml(path: &str) -> Value {
    serde_yaml::from_str(&read(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// All rules, alerts and recorded ones.
fn rules() -> Vec<Value> {
    let of = |file: &str| {
        let groups = yaml(&format!("rules/{file}.yml"))["groups"].as_array().expect("groups").clone();
        groups.into_iter().flat_map(|group| group["rules"].as_array().expect("rules").clone())
    };
    ["recording", "engagement", "exporter"].into_iter().flat_map(of).collect()
}

fn alerts() -> BTreeMap<String, Value> {
    let named = |rule: Value| rule["alert"].as_str().map(str::to_owned).map(|name| (name, rule));
    rules().into_iter().filter_map(named).collect()
}

/// Families of the generated reference, and recorded series.
fn families() -> BTreeSet<String> {
    let reference = read("docs/metrics.md");
    let rows = reference.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let recorded = rules().into_iter().filter_map(|rule| rule["record"].as_str().map(str::to_owned)).collect::<Vec<_>>();
    rows.map(str::to_owned).chain(recorded).collect()
}

/// The words of an expression outside of texts, variables, numbers and durations.
fn words(expression: &str) -> Vec<String> {
    let code: String = expression.split('"').step_by(2).collect::<Vec<_>>().join(" ");
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "_:$".contains(letter);
    let words = code.split(|letter| !is_part(letter)).filter(|word| word.starts_with(|first: char| first.is_ascii_alphabetic()));
    words.map(str::to_owned).collect()
}

fn expressions() -> Vec<(String, String)> {
    fn collect(of: &Value, name: &str, found: &mut Vec<(String, String)>) {
        match of {
            Value::Object(map) => {
                found.extend(map.get("expr").and_then(Value::as_str).map(|text| (name.to_owned(), text.to_owned())));
                map.values().for_each(|value| collect(value, name, found));
            }
            Value::Array(list) => list.iter().for_each(|value| collect(value, name, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    files().iter().for_each(|(name, file)| collect(file, name, &mut found));
    rules().iter().for_each(|rule| collect(rule, "rules", &mut found));
    found
}

#[test]
fn expressions_use_only_names_of_the_catalogue() {
    let families = families();
    let known: BTreeSet<&str> = [LANGUAGE, LABELS, PROMETHEUS].iter().flat_map(|words| words.split_whitespace()).collect();
    let found = expressions();
    assert!(found.len() > 100, "{} expressions", found.len());
    for (place, expression) in found {
        for word in words(&expression) {
            let family = word.strip_suffix("_bucket").unwrap_or(&word);
            assert!(known.contains(&*word) || families.contains(family), "{place}: {word} in {expression}");
        }
    }
}

#[test]
fn every_recorded_series_is_used() {
    let used: BTreeSet<String> = expressions().iter().flat_map(|(_, expression)| words(expression)).collect();
    for rule in rules() {
        let Some(name) = rule["record"].as_str() else { continue };
        assert!(used.contains(name), "nobody reads {name}");
    }
}

#[test]
fn every_alert_tells_a_person_what_to_do() {
    let alerts = alerts();
    assert!(alerts.len() >= 25);
    for (name, rule) in &alerts {
        let annotation = |key: &str| rule["annotations"][key].as_str().unwrap_or_else(|| panic!("{name} has no {key}"));
        assert!(annotation("summary").contains("{{") || name == "TweetExporterAbsent", "{name}");
        assert!(annotation("description").ends_with(['.', '?']), "{name}");
        assert!(annotation("dashboard").starts_with("/d/tweet-exporter-"), "{name}");
        assert_eq!(annotation("runbook"), format!("docs/alerts.md#{}", name.to_lowercase()));
        let topic = rule["labels"]["topic"].as_str().expect("a topic");
        let of_a_tweet = topic == "engagement" && name != "TweetNumbersStale";
        assert_eq!(rule["annotations"]["tweet_url"].is_string(), of_a_tweet, "{name}");
        assert!(["critical", "warning", "info"].contains(&rule["labels"]["severity"].as_str().expect("a severity")), "{name}");
    }
}

#[test]
fn every_alert_has_an_entry_in_the_runbook_that_is_true() {
    let page = read("docs/alerts.md");
    let sections: BTreeMap<&str, &str> =
        page.split("\n### ").skip(1).map(|section| section.split_once('\n').expect("more than a heading")).collect();
    let alerts = alerts();
    assert_eq!(sections.keys().copied().collect::<Vec<_>>(), alerts.keys().map(String::as_str).collect::<Vec<_>>());
    for (name, rule) in &alerts {
        let wait = rule["for"].as_str().map_or("at once".to_owned(), |wait| format!("after {wait}"));
        let head = format!("`{}`, {wait}.", rule["labels"]["severity"].as_str().expect("a severity"));
        assert!(sections[&**name].trim_start().starts_with(&head), "{name} should begin with {head}");
        assert!(sections[&**name].contains("**Do:** "), "{name} does not say what to do");
    }
    let families = families();
    for word in
        page.split('`').skip(1).step_by(2).filter(|word| word.starts_with("tweet_exporter_") || word.starts_with("tweet:"))
    {
        let family = word.split('{').next().expect("a name");
        assert!(families.contains(family), "docs/alerts.md names {word}");
    }
}

/// The cases of promtool's unit tests: alert, and whether it fires.
fn cases() -> (BTreeSet<(String, bool)>, String) {
    let (mut cases, mut all) = (BTreeSet::new(), String::new());
    for name in ["spike", "tweet", "same_age", "exporter", "false_alarms"] {
        let file = yaml(&format!("rules/tests/{name}.test.yml"));
        for test in file["tests"].as_array().expect("tests") {
            for check in test["alert_rule_test"].as_array().into_iter().flatten() {
                let fires = !check["exp_alerts"].as_array().expect("alerts").is_empty();
                cases.insert((check["alertname"].as_str().expect("a name").to_owned(), fires));
            }
        }
        all.push_str(&read(&format!("rules/tests/{name}.test.yml")));
    }
    (cases, all)
}

#[test]
fn every_alert_is_tested_when_it_fires_and_when_it_does_not() {
    let (cases, _) = cases();
    for name in alerts().into_keys() {
        assert!(cases.contains(&(name.clone(), true)), "no test in which {name} fires");
        assert!(cases.contains(&(name.clone(), false)), "no test in which {name} does not fire");
    }
}

#[test]
fn every_recorded_series_is_tested_by_itself_or_through_an_alert() {
    let (_, tests) = cases();
    let rules = rules();
    let mut tested: BTreeSet<String> = rules
        .iter()
        .filter(|rule| rule["alert"].is_string())
        .flat_map(|rule| words(rule["expr"].as_str().expect("text")))
        .collect();
    // What a tested series is made of is tested with it.
    for _ in 0..rules.len() {
        let made = rules.iter().filter(|rule| rule["record"].as_str().is_some_and(|name| tested.contains(name)));
        let parts: Vec<String> = made.flat_map(|rule| words(rule["expr"].as_str().expect("text"))).collect();
        tested.extend(parts);
    }
    for name in rules.iter().filter_map(|rule| rule["record"].as_str()) {
        assert!(tested.contains(name) || tests.contains(name), "{name} is not tested");
    }
}
