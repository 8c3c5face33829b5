//! Overview: what goes well right now?

use serde_json::{Value, json};

use super::panel::{Panel, Row, tweet_links};
use super::sheet::{Sheet, account, alerts, choice, publications};

/// The whole dashboard.
pub(super) fn sheet() -> Sheet {
    Sheet {
        uid: "tweet-exporter-overview",
        title: "Tweets: overview",
        about: "Which tweets do well right now, which rush, and what is paid for.",
        variables: vec![
            account(),
            choice("metric", "Metric", &["impressions", "likes", "retweets", "quote_tweets", "replies", "bookmarks"]),
            choice("topn", "Tweets", &["10", "20", "50"]),
        ],
        annotations: vec![publications("account=~\"$account\""), alerts("topic=\"engagement\",account=~\"$account\"")],
        rows: vec![Row("At a glance", glance()), Row("Tweets", vec![top(), gains(), totals(), typical(), contexts(), firing()])],
    }
}

/// The interactions that everybody can see.
pub(super) const VISIBLE: &str = "likes|retweets|quote_tweets|replies|bookmarks";

fn glance() -> Vec<Panel> {
    vec![
        Panel::text("What this shows", "What the dashboard is for, and what it needs.",
            "Which tweets do well right now. Numbers are cached readings of a paid API, each as old as its tier allows. Click a tweet for \
             its own dashboard or for X. Names come from the labels `title`, `campaign` or `kind` of your watch list. \
             Most panels need the recording rules in `rules/`."),
        Panel::stat("Tweets with numbers", "Tweets whose last reading worked, on all watch lists.", "short")
            .query("sum(tweet_exporter_watched_tweets{account=~\"$account\",state=\"ok\"})", "tweets"),
        Panel::stat("Last hour: $metric", "What all watched tweets gained together in the last hour. Falls as tweets fade.", "short")
            .query("sum(account:tweet_engagement:delta1h{account=~\"$account\",metric=\"$metric\"})", "gain"),
        Panel::stat("Engagement rate", "Likes, retweets, quotes, replies and bookmarks by impressions, over the lives of all watched tweets.", "percentunit")
            .query(&format!("sum(tweet:tweet_engagement:max{{account=~\"$account\",metric=~\"{VISIBLE}\"}}) / sum(tweet:tweet_engagement:max{{account=~\"$account\",metric=\"impressions\"}})"), "rate")
            .decimals(2).whole(),
        Panel::stat("Rushing now", "Tweets for which TweetGoingViral, TweetSpike or TweetOverperforming fires.", "short")
            .query("count(count by (account, tweet_id) (ALERTS{alertstate=\"firing\",alertname=~\"TweetGoingViral|TweetSpike|TweetOverperforming\",account=~\"$account\"})) or vector(0)", "tweets")
            .thresholds(&[(1.0, "orange")], "blue"),
        Panel::stat("Age of the numbers", "The oldest reading among tweets younger than a day. Rises when reads are held back.", "s")
            .query("max(time() - tweet:tweet_last_success_timestamp_seconds:max{account=~\"$account\"} and on (account, tweet_id) tweet:age_seconds:max < 86400)", "age")
            .thresholds(&[(3600.0, "orange"), (10_800.0, "red")], "blue"),
        Panel::stat("Gone or out of reach", "Tweets that X does not give: deleted, protected, withheld, not ours.", "short")
            .query("sum(tweet_exporter_watched_tweets{account=~\"$account\",state=~\"not_found|not_authorized|unavailable\"})", "tweets"),
    ]
}

/// A number of the tweets that lead in the chosen metric.
fn of_leaders(expression: &str) -> String {
    format!("max by (tweet_id) ({expression} and on (account, tweet_id) {LEADERS})")
}

const LEADERS: &str = "topk($topn, tweet:tweet_engagement:max{account=~\"$account\",metric=\"$metric\"})";

fn top() -> Panel {
    let lifetime = |metric: &str| of_leaders(&format!("tweet:tweet_engagement:max{{metric=\"{metric}\"}}"));
    let link = |links: Value| ("links", links);
    let times = json!({ "mode": "absolute", "steps": [{ "color": "transparent", "value": null }, { "color": "orange", "value": 3 }, { "color": "red", "value": 10 }] });
    Panel::table("Top tweets by $metric", "The tweets with the most of the chosen metric. Gain is that of the last hour; 'typical' compares with the median of the author's tweets older than a day; 'paid' is the promoted part of the last hour's impressions.")
        .column(&format!("tweet:tweet_info:named and on (account, tweet_id) {LEADERS}"))
        .column(&of_leaders("tweet:age_seconds:max"))
        .column(&lifetime("impressions"))
        .column(&lifetime("likes"))
        .column(&lifetime("retweets"))
        .column(&lifetime("replies"))
        .column(&of_leaders("tweet:tweet_engagement:delta1h{metric=\"$metric\"}"))
        .column(&of_leaders("tweet:tweet_engagement:lifetime_ratio{metric=\"$metric\"}"))
        .column(&of_leaders("tweet:tweet_engagement:promoted_share1h{metric=\"impressions\"}"))
        .joined(
            "tweet_id",
            &[("tweet", "Tweet"), ("account", "Account"), ("media_type", "Media"), ("Value #B", "Age"), ("Value #C", "Impressions"), ("Value #D", "Likes"),
                ("Value #E", "Retweets"), ("Value #F", "Replies"), ("Value #G", "Gain"), ("Value #H", "× typical"), ("Value #I", "Paid"), ("tweet_id", "Id")],
            "Gain",
            true,
        )
        .override_of("Tweet", &[link(tweet_links("${__data.fields.Account}", "${__data.fields.Id}")), ("custom.width", json!(170))])
        .override_of("Id", &[link(tweet_links("${__data.fields.Account}", "${__value.text}")), ("custom.width", json!(170))])
        .override_of("Media", &[("custom.width", json!(110))])
        .override_of("Age", &[("unit", json!("s")), ("decimals", json!(1))])
        .override_of("Paid", &[("unit", json!("percentunit")), ("decimals", json!(0)), ("min", json!(0)), ("max", json!(1))])
        .override_of("× typical", &[("decimals", json!(1)), ("custom.cellOptions", json!({ "type": "color-background", "mode": "basic" })),
            ("color", json!({ "mode": "thresholds" })), ("thresholds", times)])
}

fn gains() -> Panel {
    Panel::curves("Gained in an hour: $metric", "Trailing hour, of the tweets that lead at the end of the time range. A hill is a rush; fading is normal.", "short")
        .query("tweet:tweet_engagement:delta1h{account=~\"$account\",metric=\"$metric\"} and on (account, tweet_id) topk($topn, tweet:tweet_engagement:delta1h{account=~\"$account\",metric=\"$metric\"} @ end())", "{{account}} {{tweet}}")
        .linked()
}

fn totals() -> Panel {
    Panel::curves(
        "All watched tweets: $metric",
        "Lifetime totals by account. Steps up and down when a tweet enters or leaves the watch list.",
        "short",
    )
    .query("sum by (account) (tweet:tweet_engagement:max{account=~\"$account\",metric=\"$metric\"})", "{{account}}")
}

fn typical() -> Panel {
    Panel::bars(
        "Times a typical tweet of its author",
        "The tweet's $metric by the median of its author's tweets older than a day. 1 is usual; needs three such tweets.",
        "none",
    )
    .now(
        "sort_desc(topk($topn, tweet:tweet_engagement:lifetime_ratio{account=~\"$account\",metric=\"$metric\"}))",
        "{{account}} {{tweet}}",
    )
    .decimals(1)
    .thresholds(&[(3.0, "orange"), (10.0, "red")], "blue")
    .linked()
}

fn contexts() -> Panel {
    Panel::curves("Impressions, organic and promoted", "Lifetime impressions by context, where X gives the split: own tweets younger than 30 days.", "short")
        .query("sum by (context) (max by (account, tweet_id, context) (tweet_engagement_by_context{account=~\"$account\",metric=\"impressions\"}))", "{{context}}")
        .stacked()
}

fn firing() -> Panel {
    Panel::table("Alerts about tweets", "What fires now. The runbook is docs/alerts.md.")
        .column("max by (alertname, severity, account, tweet, tweet_id) (ALERTS{alertstate=\"firing\",topic=\"engagement\",account=~\"$account\"}) or on () label_replace(vector(0), \"alertname\", \"none\", \"\", \"\")")
        .joined("tweet_id", &[("alertname", "Alert"), ("severity", "Severity"), ("account", "Account"), ("tweet", "Tweet"), ("tweet_id", "Id")], "Severity", false)
        .override_of("Id", &[("links", tweet_links("${__data.fields.Account}", "${__value.text}"))])
        .size(24, 6)
}
