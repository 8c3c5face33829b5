//! One account: what is wrong with it, what it may and does spend, what X allows, what is read when.

use crate::collector::{AccountStatus, CredentialStatus, Money, Pause, PauseCause, Status, TimelineView, Trouble, WindowView};
use crate::model::{Host, Timestamp, format_duration};
use crate::server::status::html::Html;
use crate::server::status::tweets::tweets;
use crate::server::status::view::View;
use crate::server::status::words::{count, moment, moment_or_dash, span, usd};

/// A section about this account, the so-manieth of the page.
pub(super) fn account(html: &mut Html, account: &AccountStatus, index: usize, view: &View, status: &Status, now: Timestamp) {
    html.raw("<section aria-labelledby=\"account-").text(index).raw("\">\n<h2 id=\"account-").text(index).raw("\">Account ");
    html.foreign(&account.name, 100).raw("</h2>\n");
    troubles(html, &account.troubles, now);
    pauses(html, &account.plan.pauses, now);
    html.raw("<div class=\"side\">\n<div>\n");
    money(html, account, now);
    credentials(html, &account.credentials, now);
    html.raw("</div>\n<div>\n");
    windows(html, &account.plan.windows, now);
    html.raw("</div>\n</div>\n");
    reads(html, account, status.reads_on_scrape, now);
    if let Some(timeline) = &account.plan.timeline {
        discovery(html, timeline, now);
    }
    tweets(html, account, view, status, now);
    html.raw("</section>\n");
}

fn troubles(html: &mut Html, troubles: &[Trouble], now: Timestamp) {
    if troubles.is_empty() {
        html.raw("<p>No call to X has failed since the exporter started.</p>\n");
        return;
    }
    html.raw("<h3>Last errors</h3>\n<div class=\"box\" role=\"region\" aria-label=\"Last errors\" tabindex=\"0\"><table>\n")
        .raw("<caption>Calls to X that failed</caption>\n<thead><tr><th scope=\"col\">System</th><th scope=\"col\">Reason</th>")
        .raw("<th scope=\"col\">Last</th><th scope=\"col\">First</th><th scope=\"col\" class=\"n\">Times</th>")
        .raw("<th scope=\"col\">Over</th><th scope=\"col\">What X or the network said</th></tr></thead>\n<tbody>\n");
    for trouble in troubles {
        html.raw("<tr><th scope=\"row\">").text(trouble.api.name());
        if let Some(credential) = trouble.credential {
            html.raw(" with ").text(credential.name());
        }
        html.raw("</th><td><b class=\"").raw(if trouble.ended.is_some() { "past" } else { "bad" }).raw("\">");
        html.text(trouble.reason.name()).raw("</b></td><td>");
        moment(html, trouble.last, now);
        html.raw("</td><td>");
        moment(html, trouble.since, now);
        html.raw("</td><td class=\"n\">").text(count(trouble.failures)).raw("</td><td>");
        match trouble.ended {
            Some(ended) => moment(html, ended, now),
            None => drop(html.raw("no")),
        }
        html.raw("</td><td class=\"wrap\">").foreign(&trouble.detail, 300).raw("</td></tr>\n");
    }
    html.raw("</tbody></table></div>\n");
}

/// A pause that is over shows in that the next call is a trial.
fn pauses(html: &mut Html, pauses: &[Pause], now: Timestamp) {
    if pauses.is_empty() {
        return;
    }
    html.raw("<h3>Calls held back</h3>\n<ul>\n");
    for pause in pauses {
        html.raw("<li>");
        match pause.api {
            Some(api) => html.text(api.name()),
            None => html.raw("all systems"),
        };
        if let Some(credential) = pause.credential {
            html.raw(" with ").text(credential.name());
        }
        html.raw(": <b class=\"warn\">").raw(cause(pause.cause)).raw("</b>, ");
        match pause.until {
            Timestamp::MAX => drop(html.raw("until the configuration is loaded anew")),
            until if until <= now => drop(html.raw("to be tried again")),
            until => {
                html.raw("tried again ");
                moment(html, until, now);
            }
        }
        html.raw("</li>\n");
    }
    html.raw("</ul>\n");
}

fn cause(cause: PauseCause) -> &'static str {
    match cause {
        PauseCause::CredentialRefused(Host::V2) => "X refused the credential",
        PauseCause::CredentialRefused(Host::Engagement) => "the Engagement API refused the credential",
        PauseCause::CredentialRefused(Host::Labs) => "Labs refused the credential",
        PauseCause::NoToken => "there is no token",
        PauseCause::Unbooked => "the state cannot be written, and nothing is bought that is not in it",
        PauseCause::Forbidden => "the credential may not use it",
        PauseCause::Closed => "the system is closed",
        PauseCause::RateLimited => "X's window is used up",
        PauseCause::Fault => "faults of X or of the network",
        PauseCause::PaymentRefused => "X wants money",
    }
}

fn money(html: &mut Html, account: &AccountStatus, now: Timestamp) {
    let Money { spent_today, spent_this_month, tweets_this_month, under_way, budget, day_ends, month_ends } = account.plan.money;
    html.raw("<h3>Budget and spend</h3>\n<div class=\"box\" role=\"region\" aria-label=\"Budget and spend\" tabindex=\"0\"><table>\n")
        .raw("<caption>What is spent, and what may be</caption>\n<thead><tr><th scope=\"col\">Period</th><th scope=\"col\" class=\"n\">Spent")
        .raw("</th><th scope=\"col\" class=\"n\">Budget</th><th scope=\"col\" class=\"n\">Left</th><th scope=\"col\">Begins anew</th></tr></thead>\n<tbody>\n");
    let left = |most: f64, spent: f64| usd((most - spent).max(0.0));
    let lines = [
        ("Today", spent_today, budget.usd_per_day, day_ends),
        ("This month", spent_this_month, budget.usd_per_month, month_ends),
    ];
    for (name, spent, most, ends) in lines {
        let most = most.map(|most| (usd(most), left(most, spent), spent / most));
        line(html, name, usd(spent), most, (ends, now));
    }
    let most = budget.tweets_per_month;
    let most =
        most.map(|most| (count(most), count(most.saturating_sub(tweets_this_month)), tweets_this_month as f64 / most as f64));
    line(html, "Paid tweets this month", count(tweets_this_month), most, (month_ends, now));
    html.raw("</tbody></table></div>\n");
    if under_way > 0.0 {
        html.raw("<p>Calls under way may cost up to ").text(usd(under_way)).raw(" more.</p>\n");
    }
    if account.plan.books_are_lost {
        html.raw("<p><b class=\"warn\">What was spent before is not known</b>: X is asked before anything is bought.</p>\n");
    }
    if let (Some(used), cap) = account.project {
        html.raw("<p>When X was last asked, it had counted ").text(count(used)).raw(" reads of the whole project");
        if let Some(cap) = cap {
            html.raw(" of ").text(count(cap)).raw(" that it allows");
        }
        html.raw(".</p>\n");
    }
}

/// Budget, what is left of it, and the part that is gone.
fn line(
    html: &mut Html,
    name: &'static str,
    spent: String,
    most: Option<(String, String, f64)>,
    (ends, now): (Timestamp, Timestamp),
) {
    html.raw("<tr><th scope=\"row\">").raw(name).raw("</th><td class=\"n\">").text(spent).raw("</td><td class=\"n\">");
    match most {
        Some((most, left, part)) => {
            let class = if part >= 1.0 {
                "bad"
            } else if part >= 0.8 {
                "warn"
            } else {
                "ok"
            };
            html.text(most).raw("</td><td class=\"n\"><b class=\"").raw(class).raw("\">").text(left).raw("</b></td><td>");
        }
        None => drop(html.raw("none</td><td class=\"n\">–</td><td>")),
    }
    moment(html, ends, now);
    html.raw("</td></tr>\n");
}

fn credentials(html: &mut Html, credentials: &[CredentialStatus], now: Timestamp) {
    html.raw(
        "<h3>Credentials</h3>\n<div class=\"box\" role=\"region\" aria-label=\"Credentials\" tabindex=\"0\"><table>\n",
    )
    .raw("<caption>Whether X accepts them</caption>\n<thead><tr><th scope=\"col\">Credential</th><th scope=\"col\">Accepted</th>")
    .raw("<th scope=\"col\">Token expires</th></tr></thead>\n<tbody>\n");
    for credential in credentials {
        html.raw("<tr><th scope=\"row\">").text(credential.kind.name()).raw("</th><td>").raw(match credential.ok {
            Some(true) => "<b class=\"ok\">yes</b>",
            Some(false) => "<b class=\"bad\">refused</b>",
            None => "not used yet",
        });
        html.raw("</td><td>");
        match credential.expires {
            Some(at) if at <= now => html.raw("<b class=\"warn\">"),
            _ => html.raw("<b class=\"plain\">"),
        };
        moment_or_dash(html, credential.expires, now);
        html.raw("</b></td></tr>\n");
    }
    html.raw("</tbody></table></div>\n");
}

fn windows(html: &mut Html, windows: &[WindowView], now: Timestamp) {
    html.raw("<h3>Rate limits</h3>\n");
    if windows.is_empty() {
        html.raw("<p>X has not told of any window yet.</p>\n");
        return;
    }
    html.raw("<div class=\"box\" role=\"region\" aria-label=\"Rate limits\" tabindex=\"0\"><table>\n<caption>Requests that X allows, as it last said</caption>\n")
        .raw("<thead><tr><th scope=\"col\">System</th><th scope=\"col\">Credential</th><th scope=\"col\">Window</th>")
        .raw("<th scope=\"col\" class=\"n\">Left of limit</th><th scope=\"col\">Begins anew</th></tr></thead>\n<tbody>\n");
    for WindowView { credential, api, limit } in windows {
        html.raw("<tr><th scope=\"row\">").text(api.name()).raw("</th><td>").text(credential.name()).raw("</td><td>");
        html.text(limit.window.name()).raw("</td><td class=\"n\">");
        // What is left of a window that is over says nothing.
        let is_over = limit.reset.is_some_and(|reset| reset <= now);
        match limit.remaining.filter(|_| !is_over) {
            Some(0) => html.raw("<b class=\"bad\">0</b>"),
            Some(left) => html.text(count(left)),
            None => html.raw("–"),
        };
        html.raw(" of ");
        match limit.limit {
            Some(limit) => html.text(count(limit)),
            None => html.raw("–"),
        };
        html.raw("</td><td>");
        match limit.reset {
            Some(reset) if is_over => {
                html.raw("over ");
                moment(html, reset, now);
            }
            reset => moment_or_dash(html, reset, now),
        }
        html.raw("</td></tr>\n");
    }
    html.raw("</tbody></table></div>\n");
}

fn reads(html: &mut Html, account: &AccountStatus, on_scrape: bool, now: Timestamp) {
    let plan = &account.plan;
    html.raw("<h3>Reads</h3>\n<dl>\n<div><dt>Sources</dt><dd>");
    for (position, api) in plan.apis.iter().enumerate() {
        html.raw(if position > 0 { ", " } else { "" }).text(api.name());
    }
    html.raw("</dd></div>\n<div><dt>Next</dt><dd>");
    let next = if on_scrape || plan.queued > 0 { Some(now) } else { plan.next_slot };
    match next.map(|next| next.max(plan.opens).max(now)) {
        Some(Timestamp::MAX) => drop(html.raw("not before the configuration is loaded anew")),
        Some(next) if on_scrape && next == now => drop(html.raw("with the next scrape")),
        next => {
            html.raw(if on_scrape { "by a scrape " } else { "" });
            moment_or_dash(html, next, now);
        }
    }
    html.raw("</dd></div>\n<div><dt>Due and waiting</dt><dd>").text(count(plan.queued as u64));
    html.raw("</dd></div>\n<div><dt>Calls under way</dt><dd>")
        .text(plan.under_way)
        .raw("</dd></div>\n<div><dt>Longest overdue</dt><dd>");
    match account.oldest_due {
        Some(due) => html.text(span(now.since(due))),
        None => html.raw("none"),
    };
    html.raw("</dd></div>\n</dl>\n");
}

fn discovery(html: &mut Html, timeline: &TimelineView, now: Timestamp) {
    let looked_for = &timeline.discovery;
    html.raw("<h3>Timeline</h3>\n<dl>\n<div><dt>Whose</dt><dd>");
    match &timeline.username {
        Some(name) => html.raw("@").foreign(name.as_str(), 40),
        None => html.raw("not known yet"),
    };
    html.raw(if timeline.is_reachable { "" } else { "; <b class=\"bad\">X cannot be asked whose it is</b>" });
    html.raw("</dd></div>\n<div><dt>Looked for</dt><dd>younger than ").text(format_duration(looked_for.younger_than));
    html.raw(if looked_for.exclude_replies { ", no replies" } else { "" });
    html.raw(if looked_for.exclude_retweets { ", no retweets" } else { "" });
    html.raw(", at most ").text(count(looked_for.max_tweets as u64)).raw("</dd></div>\n<div><dt>Found</dt><dd>");
    html.text(count(timeline.found as u64));
    if timeline.surplus > 0 {
        html.raw("; <b class=\"bad\">").text(count(timeline.surplus as u64)).raw(" more do not fit</b> (limits.max_tweets)");
    }
    html.raw("</dd></div>\n<div><dt>Known</dt><dd>");
    match timeline.walked_from {
        Some(from) => {
            html.raw("back to ");
            moment(html, from, now);
        }
        None => drop(html.raw("nothing yet")),
    }
    html.raw(if timeline.is_searching { "; the first walk goes on" } else { "" });
    html.raw(if timeline.is_cut_short { "; <b class=\"warn\">money ended the first walk early</b>" } else { "" });
    html.raw("</dd></div>\n<div><dt>Next look</dt><dd>");
    match timeline.next_discovery.filter(|next| *next > now) {
        Some(next) => moment(html, next, now),
        None => drop(html.raw("now")),
    }
    html.raw(if timeline.is_held { "; <b class=\"warn\">less money left than the smallest page may cost</b>" } else { "" });
    html.raw("</dd></div>\n</dl>\n");
}
