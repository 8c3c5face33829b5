//! The tweets of an account, a page of them.

use crate::collector::{AccountStatus, NextRead, SHOWN, Status, TWEETS_A_PAGE, TweetStatus};
use crate::model::{Metric, Timestamp, TweetState};
use crate::server::status::html::Html;
use crate::server::status::page::pages;
use crate::server::status::view::View;
use crate::server::status::words::{count, moment, moment_or_dash};

/// The newest tweets, or the page that was asked for, with ways to the others.
pub(super) fn tweets(html: &mut Html, account: &AccountStatus, view: &View, status: &Status, now: Timestamp) {
    let is_alone = view.ask.account.is_some();
    html.raw("<h3>Tweets</h3>\n");
    filter(html, account, view);
    if account.tweets.is_empty() {
        html.raw(if account.matching == 0 { "<p>There are none.</p>\n" } else { "<p>This page is empty.</p>\n" });
    } else {
        table(html, account, status, now);
    }
    let shown = account.tweets.len();
    if is_alone {
        pages(html, view, account.matching.div_ceil(TWEETS_A_PAGE), "Pages of tweets");
    } else if shown < account.matching {
        html.raw("<p><a href=\"").text(view.in_state(&account.name, view.ask.state)).raw("\">All ");
        html.text(count(account.matching as u64)).raw(" of them</a></p>\n");
    }
}

/// Links to the tweets in each state.
fn filter(html: &mut Html, account: &AccountStatus, view: &View) {
    let all: usize = account.states.iter().map(|(_, count)| count).sum();
    let choices = account.states.iter().map(|(state, count)| (Some(*state), *count));
    html.raw("<nav aria-label=\"Tweets by state\"><ul class=\"states\">\n");
    for (state, tweets) in [(None, all)].into_iter().chain(choices) {
        let is_chosen = view.ask.account.is_some() && view.ask.state == state;
        html.raw("<li><a href=\"").text(view.in_state(&account.name, state)).raw("\"");
        html.raw(if is_chosen { " aria-current=\"true\">" } else { ">" });
        html.text(state.map_or("all", TweetState::name)).raw("</a> ").text(count(tweets as u64)).raw("</li>\n");
    }
    html.raw("</ul></nav>\n");
}

fn table(html: &mut Html, account: &AccountStatus, status: &Status, now: Timestamp) {
    html.raw("<div class=\"box\" role=\"region\" aria-label=\"Tweets\" tabindex=\"0\"><table class=\"tweets\">\n<caption>");
    html.text(count(account.tweets.len() as u64))
        .raw(" of ")
        .text(count(account.matching as u64))
        .raw(", newest first</caption>\n");
    html.raw("<thead><tr><th scope=\"col\">Tweet</th><th scope=\"col\">State</th><th scope=\"col\">Written</th>");
    for metric in SHOWN {
        html.raw("<th scope=\"col\" class=\"n\">").raw(heading(metric)).raw("</th>");
    }
    html.raw("<th scope=\"col\">Last read</th><th scope=\"col\">Next read</th><th scope=\"col\">Whose, labels</th></tr></thead>\n<tbody>\n");
    for tweet in &account.tweets {
        row(html, tweet, status.reads_on_scrape, now);
    }
    html.raw("</tbody></table></div>\n");
}

fn heading(metric: Metric) -> &'static str {
    match metric {
        Metric::QuoteTweets => "quotes",
        other => other.name(),
    }
}

fn row(html: &mut Html, tweet: &TweetStatus, on_scrape: bool, now: Timestamp) {
    html.raw("<tr><th scope=\"row\"><a href=\"https://x.com/i/status/").text(tweet.id).raw("\">").text(tweet.id).raw("</a>");
    html.raw("</th><td><b class=\"").raw(class(tweet.state)).raw("\">").text(tweet.state.name()).raw("</b></td><td>");
    moment_or_dash(html, tweet.id.created(), now);
    html.raw("</td>");
    for total in tweet.totals {
        html.raw("<td class=\"n\">");
        match total {
            Some(total) => html.text(count(total)),
            None => html.raw("–"),
        };
        html.raw("</td>");
    }
    html.raw("<td>");
    moment_or_dash(html, tweet.last_success, now);
    html.raw("</td><td>");
    next(html, tweet.next_read, on_scrape, now);
    html.raw("</td><td>");
    labels(html, tweet);
    html.raw("</td></tr>\n");
}

/// Good, a matter of time or money, or trouble.
fn class(state: TweetState) -> &'static str {
    match state {
        TweetState::Ok => "ok",
        TweetState::Pending | TweetState::OverBudget => "warn",
        TweetState::Error => "bad",
        TweetState::NotFound | TweetState::NotAuthorized | TweetState::Unavailable | TweetState::Retired => "past",
    }
}

fn next(html: &mut Html, next: NextRead, on_scrape: bool, now: Timestamp) {
    match next {
        NextRead::UnderWay => drop(html.raw("under way")),
        NextRead::Held => drop(html.raw("waits for money")),
        NextRead::Never => drop(html.raw("never")),
        NextRead::At(Timestamp::MAX) => drop(html.raw("not before the configuration is loaded anew")),
        NextRead::At(at) if at > now => {
            html.raw(if on_scrape { "by a scrape " } else { "" });
            moment(html, at, now);
        }
        NextRead::Due(_) | NextRead::At(_) => drop(html.raw(if on_scrape { "by the next scrape" } else { "due" })),
    }
}

fn labels(html: &mut Html, tweet: &TweetStatus) {
    /// More would bury the numbers; `tweet_info` has all of them.
    const MOST: usize = 4;
    let mut separator = "";
    if let Some(name) = &tweet.username {
        html.raw("@").text(name);
        separator = ", ";
    }
    for (name, value) in tweet.labels.iter().take(MOST) {
        html.raw(separator).text(name).raw("=").foreign(value, 40);
        separator = ", ";
    }
    html.raw(if tweet.labels.len() > MOST { ", …" } else { "" });
    for kind in &tweet.media {
        html.raw(separator).text(kind.name());
        separator = ", ";
    }
    html.raw(if tweet.found { separator } else { "" }).raw(if tweet.found { "from the timeline" } else { "" });
}
