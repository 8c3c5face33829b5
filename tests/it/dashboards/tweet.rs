//! Tweet: how does this one do?

use serde_json::json;

use super::overview::VISIBLE;
use super::panel::{Panel, Row};
use super::sheet::{Sheet, account, alerts, publications, tweet};

/// The tweet that is chosen, as a selector.
const THIS: &str = "account=~\"$account\",tweet_id=\"$tweet\"";

/// The whole dashboard.
pub(super) fn sheet() -> Sheet {
    Sheet {
        uid: "tweet-exporter-tweet",
        title: "Tweets: one tweet",
        about: "How one tweet does: growth, pace, contexts, video, and against the others of its author.",
        variables: vec![account(), tweet()],
        annotations: vec![publications(THIS), alerts(THIS)],
        rows: vec![
            Row("At a glance", glance()),
            Row("Growth", vec![growth(), interactions(), pace(), rate()]),
            Row("Against the author's other tweets", vec![ratios(), equal_age()]),
            Row("Where it was seen, and what was done", vec![contexts(), paid(), parts()]),
            Row("Video", vec![funnel(), kept()]),
        ],
    }
}

fn of_this(metric: &str) -> String {
    format!("tweet:tweet_engagement:max{{{THIS},metric=\"{metric}\"}}")
}

fn glance() -> Vec<Panel> {
    let links =
        json!({ "links": [{ "title": "The tweet at X", "url": "https://x.com/i/status/${tweet}", "targetBlank": true }] });
    vec![
        Panel::text("This tweet", "The tweet at X, and what the dashboard is for.",
            "[**${tweet:text}** at X](https://x.com/i/status/$tweet). Growth, pace, contexts, video, and how it does against its author's other tweets. \
             Numbers are cached readings; a fall means unlikes or removed spam.").with(links),
        Panel::stat("Impressions", "Times the tweet was seen, not unique.", "short").query(&of_this("impressions"), "impressions"),
        Panel::stat("Likes", "Likes until now. May fall.", "short").query(&of_this("likes"), "likes"),
        Panel::stat("Retweets and quotes", "Retweets without and with a comment.", "short")
            .query(&format!("sum(tweet:tweet_engagement:max{{{THIS},metric=~\"retweets|quote_tweets\"}})"), "shares"),
        Panel::stat("Replies", "Replies, the author's own in a thread included.", "short").query(&of_this("replies"), "replies"),
        Panel::stat("Age", "Since publication, by the tweet's id.", "s").query(&format!("tweet:age_seconds:max{{{THIS}}}"), "age").decimals(1),
        Panel::stat("Half-life", "After which time the tweet had half of what it has now. Known if the time range goes back to where it had less.", "s")
            .now(&format!("max_over_time((timestamp({0}) and {0} < scalar({0} @ end()) / 2)[$__range:$__interval]) - on (account, tweet_id) group_left () max by (account, tweet_id) (tweet_created_timestamp_seconds)",
                of_this("impressions")), "half-life")
            .otherwise("before the range").decimals(1),
    ]
}

fn growth() -> Panel {
    Panel::curves(
        "Impressions since publication",
        "Lifetime total; steep at first, then ever flatter. A second steep part is a second wave.",
        "short",
    )
    .query(&of_this("impressions"), "{{metric}}")
}

fn interactions() -> Panel {
    Panel::curves("Interactions since publication", "Lifetime totals of what everybody can see.", "short")
        .query(&format!("tweet:tweet_engagement:max{{{THIS},metric=~\"{VISIBLE}\"}}"), "{{metric}}")
}

fn pace() -> Panel {
    Panel::curves("Impressions in an hour: now and usual", "Gain of the trailing hour; four times that of the last 15 minutes; and the tweet's own usual hour before. TweetSpike fires at four times the usual.", "short")
        .query(&format!("tweet:tweet_engagement:delta1h{{{THIS},metric=\"impressions\"}}"), "last hour")
        .query(&format!("4 * tweet:tweet_engagement:delta15m{{{THIS},metric=\"impressions\"}}"), "last 15 minutes × 4")
        .query(&format!("tweet:tweet_engagement:usual1h{{{THIS},metric=\"impressions\"}}"), "usual")
}

fn rate() -> Panel {
    Panel::curves("Engagement rate", "What everybody can see (likes, retweets, quotes, replies, bookmarks) by impressions; and, where X gives it, all engagements by impressions.", "percentunit")
        .query(&format!("sum by (account) (tweet:tweet_engagement:max{{{THIS},metric=~\"{VISIBLE}\"}}) / on (account) {}", of_this("impressions")), "visible")
        .query(&format!("{} / ignoring (metric) {}", of_this("engagements"), of_this("impressions")), "all engagements")
        .decimals(2)
}

fn ratios() -> Panel {
    Panel::curves("Times what is usual", "Against the median of the author's tweets at the same age (once ten of them have reached it), and against the median of the author's tweets older than a day. 1 is usual.", "none")
        .query(&format!("max by (metric) (tweet:tweet_engagement:same_age_ratio{{{THIS},metric=~\"impressions|likes\"}})"), "{{metric}}, equal age")
        .query(&format!("tweet:tweet_engagement:lifetime_ratio{{{THIS},metric=~\"impressions|likes\"}}"), "{{metric}}, whole lives")
        .decimals(1)
}

fn equal_age() -> Panel {
    let author =
        format!("* on (account, username) group_left () group by (account, username) (tweet:tweet_info:named{{{THIS}}})");
    let at_age =
        |record: &str| format!("max by (age) (account:tweet_engagement_at_age:{record}{{metric=\"impressions\"}} {author})");
    Panel::table(
        "Impressions at equal age",
        "What this tweet had at an age, and the median of what its author's tweets of 14 days had at that age.",
    )
    .column(&at_age("p50_14d"))
    .column(&format!("max by (age) (last_over_time(tweet:tweet_engagement_at_age:max{{{THIS},metric=\"impressions\"}}[14d]))"))
    .column(&at_age("count_14d"))
    .column(AGES)
    .joined(
        "age",
        &[("Value #D", "Age"), ("Value #B", "This tweet"), ("Value #A", "Median"), ("Value #C", "Tweets compared")],
        "Age",
        false,
    )
    .override_of("Age", &[("unit", json!("s"))])
    .size(12, 8)
}

/// The ages of the recording rules, as a column that sorts and is there from the first minute.
const AGES: &str = "label_replace(vector(900), \"age\", \"15m\", \"\", \"\") or label_replace(vector(3600), \"age\", \"1h\", \"\", \"\") \
    or label_replace(vector(10800), \"age\", \"3h\", \"\", \"\") or label_replace(vector(21600), \"age\", \"6h\", \"\", \"\") \
    or label_replace(vector(86400), \"age\", \"24h\", \"\", \"\") or label_replace(vector(259200), \"age\", \"72h\", \"\", \"\")";

fn contexts() -> Panel {
    Panel::curves(
        "Impressions by context",
        "Organic and promoted, where X gives the split: own tweets younger than 30 days.",
        "short",
    )
    .query(&format!("max by (context) (tweet_engagement_by_context{{{THIS},metric=\"impressions\"}})"), "{{context}}")
    .stacked()
    .size(8, 8)
}

fn paid() -> Panel {
    Panel::bars("By context", "Lifetime numbers of each context.", "short")
        .now(&format!("sort_desc(max by (metric, context) (tweet_engagement_by_context{{{THIS}}}))"), "{{metric}}, {{context}}")
        .size(8, 8)
}

fn parts() -> Panel {
    Panel::bars("Everything that X counts", "Lifetime totals without the impressions.", "short")
        .now(&format!("sort_desc(max by (metric) (tweet_engagement{{{THIS},metric!=\"impressions\"}}))"), "{{metric}}")
        .size(8, 8)
}

fn funnel() -> Panel {
    Panel::bars("Video: who stays", "Of those who began the video: how many reached a quarter, the half, three quarters, the end. Needs a tweet with a video.", "short")
        .now(&format!("sort_desc(max by (metric) (tweet_media_engagement{{{THIS},metric=~\"playback_.+\"}}))"), "{{metric}}")
        .otherwise("no video")
}

fn kept() -> Panel {
    Panel::curves("Video: share that stays", "Viewers that reached a part, by those who began. TweetVideoDropOff fires when fewer than a quarter reach the first quarter.", "percentunit")
        .query(&format!("max by (reached) (tweet:playback_kept:ratio{{{THIS}}})"), "{{reached}} %")
        .whole()
        .otherwise("no video")
}
