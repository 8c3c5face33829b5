//! Every query of the dashboards, against a Prometheus that scrapes the demo: it answers, with numbers that can be true.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::Demo;
use crate::prometheus::{Prometheus, ROOT};

/// What needs more history than a demo of some seconds has. Their panels have other queries that answer.
const NEEDS_HISTORY: [&str; 4] = ["usual1h", "same_age_ratio", "promoted_share1h", "tweet_engagement_at_age:max"];
/// More series than this nobody can read.
const MOST_SERIES: usize = 100;

/// A query of a panel.
struct Query {
    panel: String,
    unit: String,
    expression: String,
    over_time: bool,
}

fn dashboards() -> Vec<(&'static str, Value)> {
    let read = |name| fs::read_to_string(Path::new(ROOT).join(format!("dashboards/{name}.json"))).expect("the dashboard");
    ["overview", "tweet", "exporter"].map(|name| (name, serde_json::from_str(&read(name)).expect("JSON"))).to_vec()
}

/// The variables as Grafana fills them in, for a minute on a narrow screen.
fn filled(expression: &str, tweet: &str) -> String {
    let values = [
        ("${datasource}", ""),
        ("$account", ".+"),
        ("$job", ".+"),
        ("$instance", ".+"),
        ("$metric", "impressions"),
        ("$topn", "10"),
        ("$tweet", tweet),
        ("$__rate_interval", "15s"),
        ("$__range", "60s"),
        ("$__interval", "1s"),
    ];
    let filled = values.iter().fold(expression.to_owned(), |text, (name, value)| text.replace(name, value));
    assert!(!filled.contains('$'), "a variable is left in {filled}");
    filled
}

fn queries(tweets: &[String]) -> Vec<Query> {
    let mut queries = Vec::new();
    for (name, file) in dashboards() {
        for panel in file["panels"].as_array().expect("panels") {
            for target in panel["targets"].as_array().into_iter().flatten() {
                let expression = target["expr"].as_str().expect("a query");
                let several = if expression.contains("$tweet") { tweets } else { &tweets[..1] };
                queries.extend(several.iter().map(|tweet| Query {
                    panel: format!("{name}: {}", panel["title"].as_str().expect("a title")),
                    unit: panel["fieldConfig"]["defaults"]["unit"].as_str().expect("a unit").to_owned(),
                    expression: filled(expression, tweet),
                    over_time: target["range"] == true,
                }));
            }
        }
    }
    queries
}

/// The smallest and largest value that can be true in a unit, on the demo.
fn can_be(unit: &str) -> (f64, f64) {
    match unit {
        "percentunit" => (0.0, 1.5),
        "s" => (0.0, 40.0 * 86_400.0),
        "none" => (0.0, 100.0),
        "reqps" => (0.0, 50.0),
        "currencyUSD" => (0.0, 2_000.0),
        "bytes" => (1e6, 1e9),
        _ => (0.0, f64::INFINITY),
    }
}

/// Tweets of the demo's first account by kind.
pub(crate) async fn tweet_of(demo: &Demo, kind: &str) -> String {
    let directory = demo.simulated("directory").await;
    let tweets = directory["accounts"][0]["tweets"].as_array().expect("tweets");
    let tweet = tweets.iter().find(|tweet| tweet["kind"] == kind).unwrap_or_else(|| panic!("no {kind}"));
    tweet["id"].as_str().expect("an id").to_owned()
}

/// How many series each query has, or what it lacks.
async fn counted(prometheus: &Prometheus, queries: &[Query]) -> Result<String, String> {
    let (mut by_panel, mut empty) = (BTreeMap::<&str, usize>::new(), BTreeMap::<&str, &str>::new());
    for query in queries {
        let series = prometheus.ask(&query.expression, query.over_time).await;
        assert!(series.len() <= MOST_SERIES, "{}: {} series from {}", query.panel, series.len(), query.expression);
        let (least, most) = can_be(&query.unit);
        for (labels, value) in &series {
            let is_true = (least..=most).contains(value) || value.is_nan() || query.expression.contains("* Inf");
            assert!(is_true, "{}: {value} of {labels:?} from {}", query.panel, query.expression);
        }
        if series.is_empty() && !NEEDS_HISTORY.iter().any(|name| query.expression.contains(name)) {
            empty.insert(&query.panel, &query.expression);
        }
        *by_panel.entry(&query.panel).or_default() += series.len();
    }
    // A tweet without a video has no funnel, and one whose growth was not seen no half-life: another tweet of the demo has.
    empty.retain(|panel, expression| !(expression.contains("tweet_id=\"") && by_panel[panel] > 0));
    empty.extend(by_panel.iter().filter(|(_, count)| **count == 0).map(|(panel, _)| (*panel, "all its queries")));
    let mut list = String::new();
    by_panel.iter().for_each(|(panel, count)| writeln!(list, "{count:4} {panel}").expect("a String takes everything"));
    if empty.is_empty() { Ok(list) } else { Err(format!("{empty:#?}")) }
}

#[tokio::test]
async fn every_panel_has_data_on_the_demo() {
    let demo = Demo::start("--speed=60");
    let prometheus = Prometheus::with_rules(&demo.metrics, None);
    let tweets = [tweet_of(&demo, "viral").await, tweet_of(&demo, "video").await, tweet_of(&demo, "campaign").await];
    let queries = queries(&tweets);
    assert!(queries.len() > 80, "{} queries", queries.len());
    let list = crate::patiently("a panel without data", async || counted(&prometheus, &queries).await).await;
    println!("{list}");
    let number = async |expression: &str| prometheus.query(expression).await[0].1;
    assert_eq!(number("sum(tweet_exporter_watched_tweets{state=\"ok\"})").await, 12.0);
    let rate =
        number(&queries.iter().find(|query| query.panel == "overview: Engagement rate").expect("the panel").expression).await;
    assert!((0.01..0.1).contains(&rate), "engagement rate {rate}");
}

#[tokio::test]
async fn variables_and_annotations_have_values_on_the_demo() {
    let demo = Demo::start("--speed=60");
    let prometheus = Prometheus::with_rules(&demo.metrics, None);
    let tweet = tweet_of(&demo, "viral").await;
    let mut asked = Vec::new();
    for (_, file) in dashboards() {
        for annotation in file["annotations"]["list"].as_array().expect("annotations") {
            // Nothing is wrong with the demo's exporter.
            let expression = annotation["expr"].as_str().expect("a query");
            asked.extend((!expression.contains("topic=\"exporter\"")).then(|| filled(expression, &tweet)));
        }
        for variable in file["templating"]["list"].as_array().expect("variables") {
            let query = variable["query"]["query"].as_str().unwrap_or_default();
            let inside = query.strip_prefix("label_values(").and_then(|rest| rest.split(',').next());
            let inside = inside.or(query.strip_prefix("query_result(").and_then(|rest| rest.strip_suffix(')')));
            asked.extend(inside.map(|expression| filled(expression, &tweet)));
        }
    }
    assert!(asked.len() >= 9, "{asked:#?}");
    for expression in asked {
        crate::patiently("a query without data", async || {
            let series = prometheus.query(&expression).await;
            // Grafana's regular expression for the tweet's name and id relies on their standing side by side.
            for (labels, _) in series.iter().filter(|_| expression.starts_with("sort_desc")) {
                let names: Vec<&String> = labels.keys().collect();
                assert!(names.windows(2).any(|pair| pair == ["tweet", "tweet_id"]), "{names:?}");
            }
            if series.is_empty() { Err(expression.clone()) } else { Ok(()) }
        })
        .await;
    }
}
