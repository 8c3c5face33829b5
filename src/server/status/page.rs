//! The page around the accounts.

use crate::collector::{ACCOUNTS_A_PAGE, AccountStatus, Status};
use crate::model::{Timestamp, TweetState};
use crate::self_metrics::{REVISION, VERSION};
use crate::server::status::account::account;
use crate::server::status::html::Html;
use crate::server::status::view::{REFRESH_SECONDS, View};
use crate::server::status::words::{count, moment, usd};

/// What the page says of the exporter as a whole.
pub(super) struct Frame<'a> {
    pub(super) telemetry_path: &'a str,
    /// The last configuration was accepted.
    pub(super) config_is_good: bool,
    /// When one was.
    pub(super) config_since: Timestamp,
    /// Whether what must survive a restart is on disk; nothing where none is kept.
    pub(super) state_is_good: Option<bool>,
    /// Series of tweets on the page for Prometheus.
    pub(super) series: u64,
    pub(super) now: Timestamp,
}

/// Light and dark, narrow and wide.
pub(super) const STYLE: &str = include_str!("style.css");

/// The whole page. Pure.
pub(super) fn render(status: &Status, view: &View, frame: &Frame<'_>) -> String {
    let mut html = Html::default();
    head(&mut html, view, frame);
    html.raw("<main>\n");
    exporter(&mut html, status, frame);
    if view.ask.account.is_none() {
        overview(&mut html, status, view, frame);
    } else if status.accounts.is_empty() {
        html.raw("<p class=\"bad\">There is no such account: ").foreign(view.ask.account.as_deref().unwrap_or_default(), 100);
        html.raw(". <a href=\"").text(view.of(None)).raw("\">All accounts</a></p>\n");
    } else {
        html.raw("<p><a href=\"").text(view.of(None)).raw("\">All accounts</a></p>\n");
    }
    for (index, one) in status.accounts.iter().enumerate() {
        account(&mut html, one, index, view, status, frame.now);
    }
    html.raw("</main>\n<footer><p>Times are UTC and from ").text(frame.now).raw(
        "; sums are by this exporter's own ledger and the configured prices. A dash: X sent no such number.</p></footer>\n</body>\n</html>\n",
    );
    html.done()
}

fn head(html: &mut Html, view: &View, frame: &Frame<'_>) {
    html.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
        .raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n");
    if let Some(seconds) = view.refresh {
        html.raw("<meta http-equiv=\"refresh\" content=\"").text(seconds).raw("\">\n");
    }
    html.raw("<title>").text(view.ask.account.as_deref().map(|name| format!("{name} – ")).unwrap_or_default());
    html.raw("tweet_exporter</title>\n<style>")
        .raw(STYLE)
        .raw("</style>\n</head>\n<body>\n<header>\n<h1>tweet_exporter</h1>\n")
        .raw("<p>Prometheus exporter for engagement on X (Twitter), version ")
        .text(VERSION)
        .raw(", revision ")
        .text(REVISION)
        .raw("</p>\n")
        .raw("<nav aria-label=\"Elsewhere\"><ul>\n<li><a href=\"")
        .text(frame.telemetry_path)
        .raw("\">Metrics</a></li>\n")
        .raw("<li><a href=\"/-/healthy\">Healthy</a></li>\n<li><a href=\"/-/ready\">Ready</a></li>\n<li><a href=\"");
    match view.refresh {
        Some(seconds) => html.text(view.refreshed(None)).raw("\">Stop reloading every ").text(seconds).raw(" s"),
        None => html.text(view.refreshed(Some(REFRESH_SECONDS))).raw("\">Reload every ").text(REFRESH_SECONDS).raw(" s"),
    };
    html.raw("</a></li>\n</ul></nav>\n</header>\n");
}

fn exporter(html: &mut Html, status: &Status, frame: &Frame<'_>) {
    html.raw("<h2>Exporter</h2>\n<dl>\n<div><dt>Ready</dt><dd>");
    html.raw(if status.ready {
        "<b class=\"ok\">yes</b>"
    } else {
        "<b class=\"warn\">not yet</b>: an account has neither data nor a final refusal"
    });
    html.raw("</dd></div>\n<div><dt>Reads</dt><dd>").raw(if status.reads_on_scrape { "on scrape" } else { "in the background" });
    html.raw("</dd></div>\n<div><dt>Configuration</dt><dd>");
    if frame.config_is_good {
        html.raw("<b class=\"ok\">accepted</b> ");
    } else {
        html.raw("<b class=\"bad\">last reload refused</b>, the log says why; in use since ");
    }
    moment(html, frame.config_since, frame.now);
    html.raw(if status.is_reloading { "; another one waits for calls under way" } else { "" });
    html.raw("</dd></div>\n<div><dt>State file</dt><dd>").raw(match frame.state_is_good {
        Some(true) => "<b class=\"ok\">written</b>",
        Some(false) => "<b class=\"bad\">cannot be written</b>: a restart forgets",
        None => "none is kept",
    });
    html.raw("</dd></div>\n<div><dt>Series of tweets</dt><dd>").text(count(frame.series));
    left_out(html, status.refused_series, "limits.max_series");
    html.raw("</dd></div>\n<div><dt>Accounts</dt><dd>").text(status.count);
    left_out(html, status.refused_tweets, "tweets: limits.max_tweets");
    html.raw("</dd></div>\n</dl>\n");
}

fn left_out(html: &mut Html, number: usize, why: &'static str) {
    if number > 0 {
        html.raw("; <b class=\"bad\">").text(count(number as u64)).raw(" left out</b> (").raw(why).raw(")");
    }
}

/// All accounts of the page in one table, a line each.
fn overview(html: &mut Html, status: &Status, view: &View, frame: &Frame<'_>) {
    if status.count == 0 {
        html.raw("<p>There is no account.</p>\n");
        return;
    }
    html.raw("<h2>Accounts</h2>\n<div class=\"box\" role=\"region\" aria-label=\"Accounts\" tabindex=\"0\"><table>\n")
        .raw("<caption>Accounts at a glance</caption>\n<thead><tr><th scope=\"col\">Account</th><th scope=\"col\" class=\"n\">Tweets</th>")
        .raw("<th scope=\"col\">States</th><th scope=\"col\" class=\"n\">Spent today</th><th scope=\"col\" class=\"n\">This month</th>")
        .raw("<th scope=\"col\">Trouble</th></tr></thead>\n<tbody>\n");
    for account in &status.accounts {
        glance(html, account, view, frame.now);
    }
    html.raw("</tbody></table></div>\n");
    pages(html, view, status.count.div_ceil(ACCOUNTS_A_PAGE), "Pages of accounts");
}

fn glance(html: &mut Html, account: &AccountStatus, view: &View, now: Timestamp) {
    let tweets: usize = account.states.iter().map(|(_, count)| count).sum();
    html.raw("<tr><th scope=\"row\"><a href=\"").text(view.of(Some(&account.name))).raw("\">").foreign(&account.name, 60);
    html.raw("</a></th><td class=\"n\">").text(count(tweets as u64)).raw("</td><td>");
    states(html, &account.states);
    html.raw("</td><td class=\"n\">").text(usd(account.plan.money.spent_today)).raw("</td><td class=\"n\">");
    html.text(usd(account.plan.money.spent_this_month)).raw("</td><td>");
    match account.troubles.iter().find(|trouble| trouble.ended.is_none()) {
        Some(trouble) => {
            html.raw("<b class=\"bad\">").text(trouble.reason.name()).raw("</b> (").text(trouble.api.name()).raw(") ");
            moment(html, trouble.last, now);
        }
        None if account.plan.pauses.is_empty() => drop(html.raw("none")),
        None => drop(html.raw("<b class=\"warn\">calls held back</b>")),
    }
    html.raw("</td></tr>\n");
}

fn states(html: &mut Html, states: &[(TweetState, usize)]) {
    for (position, (state, tweets)) in states.iter().enumerate() {
        html.raw(if position > 0 { ", " } else { "" }).text(count(*tweets as u64)).raw(" ").text(state.name());
    }
    if states.is_empty() {
        html.raw("none");
    }
}

/// Links to the pages before and behind this one, if there are any.
pub(super) fn pages(html: &mut Html, view: &View, count: usize, name: &'static str) {
    let skip = view.ask.skip;
    if count <= 1 && skip == 0 {
        return;
    }
    html.raw("<nav aria-label=\"").raw(name).raw("\"><ul>\n");
    if skip > 0 && count > 0 {
        html.raw("<li><a href=\"").text(view.behind(0)).raw("\">First</a></li>\n<li><a href=\"");
        html.text(view.behind((skip - 1).min(count - 1))).raw("\">Previous</a></li>\n");
    }
    html.raw("<li>Page ").text(skip.saturating_add(1)).raw(" of ").text(count).raw("</li>\n");
    if skip + 1 < count {
        html.raw("<li><a href=\"").text(view.behind(skip + 1)).raw("\">Next</a></li>\n<li><a href=\"");
        html.text(view.behind(count - 1)).raw("\">Last</a></li>\n");
    }
    html.raw("</ul></nav>\n");
}
