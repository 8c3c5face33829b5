//! The status page: what people see is what Prometheus sees, without secrets, and it stays small.

use std::collections::HashSet;

use serde_json::json;

use crate::harness::{Account, Exporter, Simulator, until, watching};

/// Words of the page, without markup, one space apart.
fn words(html: &str) -> String {
    let body = html.split("<body>").nth(1).unwrap_or_else(|| panic!("no body in {html}"));
    let text: Vec<&str> = body.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text)).collect();
    text.join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Ids of the tweets in the table, in its order.
fn listed(html: &str) -> Vec<String> {
    let links = html.split("href=\"https://x.com/i/status/").skip(1);
    links.map(|rest| rest.split('"').next().expect("an end").to_owned()).collect()
}

async fn look(exporter: &Exporter, path: &str) -> String {
    let (status, html) = exporter.get(path).await;
    assert_eq!(status, 200, "{path}: {html}");
    html
}

fn grouped(number: f64) -> String {
    let digits = format!("{number}");
    let parts: Vec<&str> = digits.as_bytes().rchunks(3).rev().map(|part| std::str::from_utf8(part).expect("digits")).collect();
    parts.join(",")
}

#[tokio::test]
async fn people_see_what_prometheus_sees_and_looking_costs_nothing() {
    let simulator = Simulator::start();
    let (tweet, gone) = (simulator.tweet("acme", "video").await, simulator.tweet("acme", "steady").await);
    simulator.set_state(&gone, "deleted").await;
    let lines = format!("{}\n    budget: {{ usd_per_day: 1, tweets_per_month: 2000 }}", Account::OWNER);
    let account = [Account { name: "acme", lines: &lines, tweets: vec![tweet.clone(), gone.clone()] }];
    let exporter = Exporter::start(&simulator.on_scrape(&account), &simulator.secrets());
    let page = exporter.scrape().await;
    simulator.forget().await;
    let html = look(&exporter, "/?account=acme").await;
    let words = words(&html);
    for (position, metric) in
        ["impressions", "engagements", "likes", "retweets", "quote_tweets", "replies", "bookmarks"].iter().enumerate()
    {
        let value = page.value("tweet_engagement", &[("tweet_id", &tweet), ("metric", metric)]).expect("X has it");
        let row = html.split(&format!("status/{tweet}\"")).nth(1).and_then(|rest| rest.split("</tr>").next()).expect("a row");
        let cell = row.split("<td class=\"n\">").nth(position + 1).and_then(|rest| rest.split('<').next());
        assert_eq!(cell, Some(grouped(value).as_str()), "{metric}");
    }
    assert_eq!(listed(&html).into_iter().collect::<HashSet<_>>(), HashSet::from([tweet.clone(), gone.clone()]));
    let today = 1.0 - page.value("tweet_exporter_budget_remaining_usd", &[("period", "day")]).expect("a budget");
    for fact in [
        format!("Today ${today:.3} $1.000 ${:.3} in ", 1.0 - today),
        "Ready yes".into(),
        "on scrape".into(),
        "State file written".into(),
    ] {
        assert!(words.contains(&fact), "{fact}\n{words}");
    }
    let limit =
        page.value("tweet_exporter_api_rate_limit_limit", &[("api", "lookup"), ("credential", "oauth1")]).expect("a window");
    let left =
        page.value("tweet_exporter_api_rate_limit_remaining", &[("api", "lookup"), ("credential", "oauth1")]).expect("a window");
    let window = format!("lookup oauth1 15m {} of {} in ", grouped(left), grouped(limit));
    assert!(words.contains(&window), "{window}\n{words}");
    assert!(words.contains("all 2 ok 1 not_found 1"), "{words}");
    let html = look(&exporter, "/?account=acme&state=not_found").await;
    assert_eq!(listed(&html), [gone]);
    assert_eq!(listed(&look(&exporter, "/").await).len(), 2);
    assert_eq!(exporter.get("/?account=nobody").await.0, 404);
    assert!(simulator.requests().await.is_empty(), "whoever looks buys nothing");
}

#[tokio::test]
async fn foreign_text_is_no_markup_and_no_secret_is_shown() {
    let simulator = Simulator::start();
    let tweet = simulator.tweet("acme", "steady").await;
    let secrets = simulator.secrets();
    let label = r#"<script>alert("1")</script>'&"#;
    let watch = format!("{{ tweets: [{{ tweet: \"{tweet}\", labels: {{ campaign: '{}' }} }}] }}", label.replace('\'', "''"));
    let text = simulator.acme(Account::OWNER, "[{ api: lookup }]", &watch).replace("- name: acme", "- name: \"<b>a&c 'é'\"");
    let exporter = Exporter::start(&text, &secrets);
    simulator.faults(json!([{"fault": {"kind": "status", "status": 403, "body": "{\"title\": \"<i>no</i>\"}"}}])).await;
    exporter.scrape().await;
    let pages = [look(&exporter, "/").await, look(&exporter, "/?account=%3Cb%3Ea%26c+%27%C3%A9%27&refresh=30").await];
    for html in &pages {
        assert!(!html.contains("<script") && !html.contains("<b>a") && !html.contains("<i>no"), "{html}");
        assert!(html.contains("&lt;b&gt;a&amp;c &#39;é&#39;") && html.contains("&lt;script&gt;"), "{html}");
        assert!(html.contains("?account=%3Cb%3Ea%26c%20%27%C3%A9%27"), "{html}");
        assert_eq!(listed(html), [tweet.as_str()]);
        for (name, secret) in &secrets {
            assert!(!html.contains(secret.as_str()), "{name} is on the page");
        }
    }
    assert!(words(&pages[1]).contains("forbidden"), "{}", pages[1]);
}

#[tokio::test]
async fn errors_are_told_with_their_time_and_remembered_when_they_are_over() {
    let simulator = Simulator::start();
    let tweet = simulator.tweet("acme", "steady").await;
    let exporter =
        Exporter::start(&simulator.acme(Account::OWNER, "[{ api: lookup }]", &watching(&[&tweet])), &simulator.secrets());
    exporter.scrape().await;
    assert!(words(&look(&exporter, "/").await).contains("No call to X has failed since the exporter started"));
    simulator.faults(json!([{"fault": {"kind": "status", "status": 503}}])).await;
    until("the error", async || {
        exporter.scrape().await;
        let words = words(&look(&exporter, "/").await);
        let shown = ["Calls to X that failed", "lookup server_error", "Calls held back lookup: faults of X"];
        shown.iter().all(|fact| words.contains(fact)).then_some(())
    })
    .await;
    simulator.faults(json!([])).await;
    until("the end of it", async || {
        exporter.scrape().await;
        let words = words(&look(&exporter, "/").await);
        (words.contains("lookup server_error") && words.contains("Trouble acme 1 1 ok") && !words.contains("held back"))
            .then_some(())
    })
    .await;
}

#[tokio::test]
async fn five_thousand_tweets_are_small_pages_that_miss_none() {
    let simulator = Simulator::start();
    let ids = simulator.add_tweets("acme", 5_000, 600).await;
    let account = [Account { name: "acme", lines: Account::OWNER, tweets: ids.clone() }];
    let exporter = Exporter::start(&simulator.on_scrape(&account), &simulator.secrets());
    until("all reads", async || {
        let page = exporter.scrape_within("5").await;
        (page.sum("tweet_state", &[("state", "ok")]) == 5_000.0).then_some(())
    })
    .await;
    assert!(look(&exporter, "/").await.len() < 200_000);
    let mut seen = Vec::new();
    for number in 1..=50 {
        let html = look(&exporter, &format!("/?account=acme&page={number}")).await;
        assert!(html.len() < 200_000, "page {number} has {} bytes", html.len());
        assert!(html.contains(&format!("Page {number} of 50")), "{html}");
        seen.extend(listed(&html).iter().map(|id| id.parse::<u64>().expect("an id")));
    }
    assert!(seen.windows(2).all(|pair| pair[0] > pair[1]), "newest first");
    let mut expected: Vec<u64> = ids.iter().map(|id| id.parse().expect("an id")).collect();
    expected.sort_unstable_by_key(|id| std::cmp::Reverse(*id));
    assert_eq!(seen, expected);
    let behind = look(&exporter, "/?account=acme&page=18446744073709551615").await;
    assert!(behind.contains("This page is empty") && behind.contains("page=50\">Previous"), "{behind}");
    assert!(look(&exporter, "/?account=acme&state=error").await.contains("There are none"));
}

#[tokio::test]
async fn the_page_follows_a_reload_and_shows_a_refused_one() {
    let simulator = Simulator::start();
    let tweet = simulator.tweet("acme", "steady").await;
    let text = simulator.acme(Account::PUBLIC, "[{ api: lookup }]", &watching(&[&tweet]));
    let exporter = Exporter::start(&text, &simulator.secrets());
    assert!(words(&look(&exporter, "/").await).contains("Configuration accepted"));
    exporter.write("nonsense: [");
    assert_eq!(exporter.reload().await.0, 500);
    assert!(words(&look(&exporter, "/").await).contains("last reload refused"));
    exporter.reload_with(&text.replace("- name: acme", "- name: renamed")).await;
    let html = look(&exporter, "/").await;
    assert!(html.contains("account=renamed") && !html.contains("account=acme"), "{html}");
    assert!(words(&html).contains("Configuration accepted"));
}

#[tokio::test]
async fn discovery_is_shown() {
    let simulator = Simulator::start();
    let watch = "{ timeline: { younger_than: 1d, exclude: [replies, retweets], labels: { campaign: spring } } }";
    let exporter = Exporter::start(&simulator.acme(Account::OWNER, "[{ api: timeline }]", watch), &simulator.secrets());
    exporter.scrape().await;
    let words = words(&look(&exporter, "/").await);
    for fact in ["Whose @ acme", "younger than 1d, no replies, no retweets", "Found 4 Known back to", "from the timeline"] {
        assert!(words.contains(fact), "{fact}\n{words}");
    }
}

#[tokio::test]
async fn a_refused_payment_is_shown_with_its_true_next_try() {
    let in_background = "tiers: [{ younger_than: 2000d, every: 1s }]";
    for lines in [Account::PUBLIC, Account::KEYS] {
        let simulator = Simulator::start();
        let tweet = simulator.tweet("acme", "steady").await;
        let text = simulator.acme_under(in_background, lines, "[{ api: lookup }]", &watching(&[&tweet]));
        let exporter = Exporter::start(&text, &simulator.secrets());
        until("numbers", async || (exporter.scrape().await.state(&tweet) == "ok").then_some(())).await;
        simulator.faults(json!([{"fault": {"kind": "credits_depleted"}}])).await;
        let words = until("the refusal", async || {
            let words = words(&look(&exporter, "/").await);
            words.contains("Due and waiting 1").then_some(words).filter(|words| words.contains("X wants money"))
        })
        .await;
        // In a quarter of an hour the free usage call is made, and not in an hour.
        for fact in ["all systems: X wants money , tried again in 1", "Next in 1", "waits for money"] {
            assert!(words.contains(fact), "{fact}\n{words}");
        }
    }
}
