//! The whole page from made-up facts.

use std::time::Duration;

use crate::collector::{
    AccountStatus, AccountView, Budget, CredentialStatus, Discovery, Money, NextRead, Pause, PauseCause, SHOWN, Status,
    StatusAsk, TimelineView, Trouble, TweetStatus, WindowView,
};
use crate::model::{Api, CredentialKind, MediaType, RateLimit, RateWindow, Timestamp, TweetState};
use crate::self_metrics::ErrorReason;
use crate::server::status::page::{Frame, render};
use crate::server::status::view::View;

const NOW: Timestamp = Timestamp::from_seconds(1_767_225_600);
const HOSTILE: &str = "</b><script>alert('1')</script>\"&";

fn later(seconds: u64) -> Timestamp {
    NOW + Duration::from_secs(seconds)
}

fn account(name: &str, tweets: Vec<TweetStatus>) -> AccountStatus {
    let money = Money {
        spent_today: 0.9,
        spent_this_month: 4.0,
        tweets_this_month: 1_234,
        under_way: 0.5,
        budget: budget(),
        day_ends: later(3_600),
        month_ends: later(86_400),
    };
    let limit =
        |remaining, reset| RateLimit { window: RateWindow::FifteenMinutes, limit: Some(3_500), remaining, reset: Some(reset) };
    let window = |limit| WindowView { credential: CredentialKind::Bearer, api: Api::Lookup, limit };
    let trouble = Trouble {
        api: Api::Lookup,
        credential: Some(CredentialKind::Oauth1),
        reason: ErrorReason::Forbidden,
        detail: HOSTILE.to_owned(),
        since: NOW - Duration::from_secs(120),
        last: NOW - Duration::from_secs(60),
        failures: 3,
        needs_a_person: true,
        ended: None,
    };
    let pause = Pause { cause: PauseCause::Closed, credential: None, api: Some(Api::LabsPrivate), until: Timestamp::MAX };
    let plan = AccountView {
        credentials: vec![CredentialKind::Oauth2],
        apis: vec![Api::Lookup, Api::Timeline],
        money,
        windows: vec![window(limit(Some(3_497), later(900))), window(limit(Some(5), NOW))],
        pauses: vec![pause],
        timeline: Some(timeline()),
        queued: 7,
        under_way: 1,
        next_slot: Some(later(5)),
        opens: NOW,
        books_are_lost: true,
    };
    AccountStatus {
        name: name.to_owned(),
        states: vec![(TweetState::Ok, tweets.len())],
        oldest_due: Some(NOW - Duration::from_secs(30)),
        plan,
        credentials: vec![CredentialStatus { kind: CredentialKind::Oauth2, ok: Some(false), expires: Some(later(7_200)) }],
        project: (Some(10), Some(3_000_000)),
        troubles: vec![trouble],
        matching: 205,
        tweets,
    }
}

fn budget() -> Budget {
    Budget { usd_per_day: Some(1.0), usd_per_month: Some(4.0), tweets_per_month: None }
}

fn timeline() -> TimelineView {
    let discovery = Discovery {
        younger_than: Duration::from_secs(604_800),
        exclude_replies: true,
        exclude_retweets: false,
        max_tweets: 500,
        room: 100,
    };
    TimelineView {
        discovery,
        username: "acme".parse().ok(),
        is_reachable: true,
        found: 42,
        surplus: 3,
        is_searching: false,
        is_cut_short: true,
        is_held: true,
        walked_from: Some(NOW - Duration::from_secs(86_400)),
        next_discovery: Some(later(61)),
    }
}

fn tweet(id: &str) -> TweetStatus {
    let mut totals = [None; SHOWN.len()];
    totals[0] = Some(1_234_567);
    TweetStatus {
        id: id.parse().expect("an id"),
        state: TweetState::Ok,
        found: true,
        username: Some("acme".to_owned()),
        labels: vec![("campaign".to_owned(), HOSTILE.to_owned())],
        media: vec![MediaType::Video],
        last_success: Some(NOW - Duration::from_secs(90)),
        next_read: NextRead::At(later(30)),
        totals,
    }
}

fn page(status: &Status, view: &View) -> String {
    let frame = Frame {
        telemetry_path: "/a\"b",
        config_is_good: false,
        config_since: NOW - Duration::from_secs(5),
        state_is_good: Some(false),
        series: 12_345,
        now: NOW,
    };
    render(status, view, &frame)
}

fn status(name: &str) -> Status {
    let accounts = vec![account(name, vec![tweet("1346889436626259968"), tweet("20")])];
    Status { count: 11, refused_tweets: 9, accounts, ..Status::default() }
}

/// The page without tags, its words one space apart.
fn words(html: &str) -> String {
    let body = html.split("<body>").nth(1).expect("a body");
    let text: Vec<&str> = body.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text)).collect();
    text.join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Every element ends, and ends inside the one that it began in.
fn well_formed(html: &str) {
    let mut open = Vec::new();
    for tag in html.split('<').skip(1).filter(|part| !part.starts_with('!')) {
        let inside = tag.split_once('>').expect("an end of the tag").0;
        let name = inside.split_whitespace().next().expect("a name");
        match name.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name), "{html}"),
            None if name == "meta" => {}
            None => open.push(name),
        }
    }
    assert_eq!(open, Vec::<&str>::new());
}

#[test]
fn every_fact_is_told() {
    let html = page(&status("acme"), &View::default());
    well_formed(&html);
    let words = words(&html);
    for fact in [
        "Ready not yet",
        "last reload refused , the log says why; in use since 5s ago",
        "State file cannot be written",
        "Series of tweets 12,345",
        "Accounts 11; 9 left out",
        "Today $0.900 $1.000 $0.100 in 1h",
        "This month $4.000 $4.000 $0.000 in 1d",
        "Paid tweets this month 1,234 none – in 1d",
        "may cost up to $0.500 more",
        "What was spent before is not known",
        "it had counted 10 reads of the whole project of 3,000,000",
        "oauth2 refused in 2h",
        "lookup bearer 15m 3,497 of 3,500 in 15m",
        "lookup bearer 15m – of 3,500 over now",
        "lookup with oauth1 forbidden 1m ago 2m ago 3 no",
        "labs_private: the system is closed , until the configuration is loaded anew",
        "Sources lookup, timeline",
        "Due and waiting 7",
        "Longest overdue 30s",
        "younger than 7d, no replies, at most 500",
        "Found 42; 3 more do not fit",
        "money ended the first walk early",
        "Next look in 1m1s ; less money left than the smallest page may cost",
        "2 of 205, newest first",
        "1346889436626259968 ok",
        "1,234,567 – – – – – – 1m30s ago in 30s @acme, campaign=",
        "All 205 of them",
        "Page 1 of 2",
    ] {
        assert!(words.contains(fact), "{fact}\n{words}");
    }
    assert!(html.contains("href=\"https://x.com/i/status/20\""));
}

#[test]
fn foreign_text_is_never_markup() {
    let view = View { ask: StatusAsk { account: Some(HOSTILE.to_owned()), ..StatusAsk::default() }, refresh: Some(30) };
    for html in [page(&status(HOSTILE), &view), page(&Status::default(), &view), page(&status(HOSTILE), &View::default())] {
        assert!(!html.contains("<script") && !html.contains("alert('"), "{html}");
        assert!(html.contains("&lt;script&gt;alert(&#39;1&#39;)") && html.contains("href=\"/a&quot;b\""), "{html}");
        assert_eq!(html.matches("<table").count(), html.matches("<caption").count());
        well_formed(&html);
    }
}

#[test]
fn the_page_is_loaded_anew_only_for_who_wants_it() {
    assert!(!page(&Status::default(), &View::default()).contains("http-equiv"));
    let view = View { refresh: Some(30), ..View::default() };
    let html = page(&Status { count: 200, ..status("acme") }, &view.behind(3));
    assert!(html.contains("<meta http-equiv=\"refresh\" content=\"30\">"));
    for link in
        ["?page=3&amp;refresh=30\">Previous", "?page=5&amp;refresh=30\">Next", "?page=20&amp;refresh=30\">Last", "?page=4\">Stop"]
    {
        assert!(html.contains(link), "{link}\n{html}");
    }
}
