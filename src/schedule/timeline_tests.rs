//! Rules of the timeline, told as stories: a small X answers every call of the plan until none is left.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::config::{Charge, Groups, Tier};
use crate::model::{
    Api, Ask, Billed, CredentialKind, Failure, PageAsk, ProjectUsage, RateLimit, RateWindow, Reading, Refusal, TimelinePage,
    Timestamp, TweetId, TweetReading, TweetState,
};
use crate::schedule::plan_tests::{self, DAY, MINUTE, START};
use crate::schedule::{
    AccountPlan, AccountTerms, Call, Discovery, Errand, Ladder, Outcome, Plan, SourceTerms, Trigger, TweetsAsk,
};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);
const ALL: Groups = Groups { public: true, non_public: true, organic: true, promoted: false };

/// A tweet that is this old at the start.
fn tweet(age: Duration, number: u64) -> TweetId {
    let millis = (START - age).millis() - 1_288_834_974_657;
    TweetId::new(((millis as u64) << 22) + number).expect("an id")
}

fn source(api: Api) -> SourceTerms {
    let groups = if matches!(api, Api::Lookup | Api::Timeline) { ALL } else { Groups::NONE };
    SourceTerms { name: api.name().into(), api, groups, every: None }
}

fn discovery() -> Discovery {
    Discovery { younger_than: 7 * DAY, exclude_replies: true, exclude_retweets: true, max_tweets: 500, room: 1_000 }
}

fn terms(sources: &[Api], discovery: Option<Discovery>) -> AccountTerms {
    let sources = sources.iter().map(|api| source(*api)).collect();
    AccountTerms { credentials: vec![CredentialKind::Oauth1], sources, discovery, ..plan_tests::terms() }
}

/// X: what is on the timeline, what exists besides, and what it was asked.
#[derive(Default)]
struct World {
    timeline: BTreeSet<TweetId>,
    elsewhere: BTreeSet<TweetId>,
    pages: Vec<PageAsk>,
    lookups: Vec<Vec<TweetId>>,
    /// Every page breaks.
    broken: bool,
    /// So many pages hold nothing but a token for the next.
    hollow: usize,
}

impl World {
    fn with(timeline: impl IntoIterator<Item = TweetId>) -> Self {
        Self { timeline: timeline.into_iter().collect(), ..Self::default() }
    }

    fn page(&mut self, page: &PageAsk) -> TimelinePage {
        self.pages.push(page.clone());
        if self.hollow > 0 {
            self.hollow -= 1;
            let next = Some(format!("hollow {}", self.hollow));
            return TimelinePage { next, ..TimelinePage::default() };
        }
        let from: usize = page.token.as_deref().map_or(0, |token| token.parse().unwrap_or(0));
        let fits = |id: &&TweetId| {
            let created = id.created().expect("a time");
            let after = page.after.map_or(created >= page.start, |after| **id > after);
            after && page.end.is_none_or(|end| created < end)
        };
        let all: Vec<TweetId> = self.timeline.iter().rev().filter(fits).copied().collect();
        let shown: Vec<TweetId> = all.iter().skip(from).take(page.size).copied().collect();
        let next = (from + page.size < all.len()).then(|| (from + page.size).to_string());
        let tweets = shown.iter().map(|id| (*id, TweetReading::default())).collect();
        TimelinePage { reading: Reading { tweets, returned: shown, ..Reading::default() }, earlier: Vec::new(), next }
    }

    fn lookup(&mut self, tweets: &[TweetId]) -> Reading {
        self.lookups.push(tweets.to_vec());
        let exists = |id: &&TweetId| self.timeline.contains(id) || self.elsewhere.contains(id);
        let given: Vec<TweetId> = tweets.iter().filter(exists).copied().collect();
        let refused = tweets.iter().filter(|id| !exists(id)).map(|id| (*id, Refusal::NotFound)).collect();
        let tweets = given.iter().map(|id| (*id, TweetReading::default())).collect();
        Reading { tweets, returned: given, refused, ..Reading::default() }
    }

    /// Answers every call until the plan has none left.
    fn settle(&mut self, plan: &mut Plan, trigger: Trigger, now: Timestamp) {
        let mut calls = plan.launch(trigger, now);
        for round in 0.. {
            assert!(round < 500, "a storm");
            if calls.is_empty() {
                return;
            }
            calls.iter().for_each(|call| self.answer(plan, call, now));
            calls = plan.launch(Trigger::Continue, now);
        }
    }

    fn answer(&mut self, plan: &mut Plan, call: &Call, now: Timestamp) {
        let acme = "acme".parse().expect("a name");
        match &call.errand {
            Errand::Read(TweetsAsk { api: Api::Lookup, tweets, .. }) => {
                let reading = self.lookup(tweets);
                plan.finish(call, &[], Outcome::Read(&reading), now);
            }
            Errand::Read(asked) => panic!("not played here: {asked:?}"),
            Errand::Page { .. } if self.broken => {
                let failure = &Failure::Forbidden;
                plan.finish(call, &[], Outcome::Failed { failure, billed: Billed::No }, now);
            }
            Errand::Page { page, .. } => {
                let page = self.page(page);
                plan.finish(call, &[], Outcome::Page(&page), now);
            }
            Errand::WhoAmI | Errand::FindUser(_) => {
                plan.finish(call, &[], Outcome::User(9_001, &acme), now);
            }
            Errand::Usage => drop(plan.finish(call, &[], Outcome::Counted(&ProjectUsage::default()), now)),
        }
    }
}

fn plan(terms: AccountTerms, named: &[TweetId]) -> Plan {
    Plan::new(ladder(), vec![AccountPlan::new(terms, named, START)])
}

/// Another run with these terms, which takes up what this one knows.
fn restarted(plan: &mut Plan, terms: AccountTerms, now: Timestamp) -> Plan {
    let (memory, known) = (plan.accounts()[0].memory(), plan.accounts()[0].tweet_memories());
    let mut account = AccountPlan::new(terms, &[], now);
    account.recall(memory, known, plan.take_paid(0), now);
    Plan::new(ladder(), vec![account])
}

fn ladder() -> Ladder {
    let tiers = vec![
        Tier { younger_than: HOUR, every: MINUTE },
        Tier { younger_than: DAY, every: 5 * MINUTE },
        Tier { younger_than: 30 * DAY, every: HOUR },
    ];
    Ladder::new(tiers)
}

fn watched(plan: &Plan) -> Vec<TweetId> {
    plan.accounts()[0].watched().map(|(id, _)| id).collect()
}

/// Lets the time pass, second by second, and answers whatever is asked.
fn pass(world: &mut World, plan: &mut Plan, from: Timestamp, duration: Duration) -> Timestamp {
    let mut now = from;
    while now < from + duration {
        now = now + SECOND;
        world.settle(plan, Trigger::Interval, now);
    }
    now
}

#[test]
fn what_is_on_the_timeline_is_found_read_and_not_looked_up() {
    let tweets: Vec<TweetId> = (0..250).map(|number| tweet(DAY + MINUTE, number)).collect();
    let mut world = World::with(tweets.clone());
    world.timeline.insert(tweet(8 * DAY, 0));
    let mut plan = plan(terms(&[Api::Timeline, Api::Lookup], Some(discovery())), &[]);
    assert!(!plan.accounts()[0].is_ready(&[]), "nobody has looked yet");
    world.settle(&mut plan, Trigger::Interval, START);
    assert_eq!(world.pages.len(), 3, "pages of 100");
    assert_eq!(world.pages[0].start, (START - 7 * DAY).whole_second().max(START - 7 * DAY));
    assert!(world.lookups.is_empty());
    let found: BTreeSet<TweetId> = watched(&plan).into_iter().collect();
    assert_eq!(found, tweets.iter().copied().collect());
    assert!(plan.states(0, START).all(|state| state == TweetState::Ok));
    pass(&mut world, &mut plan, START, HOUR + MINUTE);
    assert!(world.lookups.is_empty());
    let refresh: Vec<&PageAsk> = world.pages[3..].iter().filter(|page| page.after.is_none()).collect();
    assert_eq!(refresh.len(), 3, "one refresh an hour, three pages each: {refresh:#?}");
}

#[test]
fn a_new_tweet_appears_within_a_minute_and_an_old_one_leaves() {
    let old = tweet(7 * DAY - 10 * MINUTE, 0);
    let mut world = World::with([old, tweet(DAY, 1)]);
    // As `config::Account::reads` has it for a lookup and a watched timeline.
    let mut terms = terms(&[Api::Lookup, Api::Timeline], Some(discovery()));
    terms.username = None;
    let mut plan = plan(terms, &[]);
    world.settle(&mut plan, Trigger::Interval, START);
    assert_eq!(watched(&plan).len(), 2);
    let now = pass(&mut world, &mut plan, START, 2 * MINUTE);
    let fresh = tweet(Duration::ZERO, 5);
    world.timeline.insert(fresh);
    let now = pass(&mut world, &mut plan, now, MINUTE + 2 * SECOND);
    assert_eq!(watched(&plan)[0], fresh, "the newest first");
    pass(&mut world, &mut plan, now, 8 * MINUTE);
    assert!(!watched(&plan).contains(&old));
    assert!(world.lookups.is_empty());
}

#[test]
fn looking_for_new_tweets_buys_no_known_one() {
    let mut world = World::with((0..50).map(|number| tweet(3 * DAY, number)));
    let mut terms = terms(&[Api::Timeline], Some(discovery()));
    terms.ledger.charge = Charge::EveryRead;
    let mut plan = plan(terms, &[]);
    world.settle(&mut plan, Trigger::Interval, START);
    let before = world.pages.len();
    pass(&mut world, &mut plan, START, 30 * MINUTE);
    let newest = world.timeline.last().copied();
    assert!(world.pages.len() >= before + 25, "looked for every minute");
    assert!(world.pages[before..].iter().all(|page| page.after == newest), "after the newest known one");
}

#[test]
fn a_deleted_tweet_is_judged_by_the_lookup_whether_it_was_found_or_named() {
    let (found, named) = (tweet(DAY, 1), tweet(2 * DAY, 2));
    let mut world = World::with([found, named, tweet(HOUR, 3)]);
    let mut plan = plan(terms(&[Api::Timeline, Api::Lookup], Some(discovery())), &[named]);
    world.settle(&mut plan, Trigger::Interval, START);
    assert!(world.lookups.is_empty());
    world.timeline.remove(&found);
    world.timeline.remove(&named);
    let now = pass(&mut world, &mut plan, START, HOUR + MINUTE);
    assert!(watched(&plan).contains(&found), "until it is too old");
    let gone = plan.states(0, now).filter(|state| *state == TweetState::NotFound).count();
    assert_eq!(gone, 2);
    assert!(world.lookups.concat().contains(&named) && world.lookups.concat().contains(&found));
}

#[test]
fn a_strangers_tweet_goes_to_the_lookup_after_one_look_at_the_timeline() {
    let stranger = tweet(2 * DAY, 2);
    let mut world = World::with([tweet(DAY, 1)]);
    world.elsewhere.insert(stranger);
    let mut plan = plan(terms(&[Api::Timeline, Api::Lookup], Some(discovery())), &[stranger]);
    world.settle(&mut plan, Trigger::Interval, START);
    assert_eq!((world.pages.len(), world.lookups.len()), (1, 1));
    assert!(plan.states(0, START).all(|state| state == TweetState::Ok));
}

#[test]
fn a_timeline_that_x_refuses_leaves_the_work_to_the_lookup() {
    let named = tweet(DAY, 1);
    let mut world = World { broken: true, ..World::with([named]) };
    let mut plan = plan(terms(&[Api::Timeline, Api::Lookup], Some(discovery())), &[named]);
    world.settle(&mut plan, Trigger::Interval, START);
    assert_eq!(world.lookups, [[named]]);
    assert_eq!(plan.states(0, START).collect::<Vec<_>>(), [TweetState::Ok]);
}

#[test]
fn the_youngest_are_kept_where_more_are_found_than_may_be_watched() {
    let mut world = World::with((0..400).map(|number| tweet(DAY + MINUTE * number as u32, number)));
    let mut few = discovery();
    (few.max_tweets, few.room) = (150, 120);
    let mut plan = plan(terms(&[Api::Timeline], Some(few)), &[]);
    world.settle(&mut plan, Trigger::Interval, START);
    assert_eq!(watched(&plan).len(), 120);
    assert_eq!(plan.accounts()[0].surplus(), 30);
    assert_eq!(world.pages.len(), 2, "nobody buys what is not watched");
}

#[test]
fn the_budget_bounds_what_an_unknown_timeline_may_cost() {
    let mut world = World::with((0..300).map(|number| tweet(DAY, number)));
    let mut terms = terms(&[Api::Timeline], Some(discovery()));
    terms.ledger.budget.usd_per_day = Some(0.01 + 0.130);
    let mut plan = plan(terms, &[]);
    world.settle(&mut plan, Trigger::Interval, START);
    let sizes: Vec<usize> = world.pages.iter().map(|page| page.size).collect();
    assert_eq!(sizes, [100, 30], "a hundred and thirty tweets at a tenth of a cent, besides the user");
}

#[test]
fn without_a_lookup_a_named_tweet_of_somebody_else_is_unavailable() {
    let stranger = tweet(2 * DAY, 2);
    let mut world = World::with([tweet(DAY, 1)]);
    let mut plan = plan(terms(&[Api::Timeline], None), &[stranger, tweet(DAY, 1)]);
    world.settle(&mut plan, Trigger::Interval, START);
    assert_eq!(plan.states(0, START).collect::<Vec<_>>(), [TweetState::Unavailable, TweetState::Ok]);
    assert_eq!(world.pages.len(), 1);
}

#[test]
fn private_numbers_of_older_tweets_are_not_asked_for_on_the_timeline() {
    let (young, old) = (tweet(DAY, 1), tweet(29 * DAY + HOUR, 2));
    let mut world = World::with([young, old]);
    let mut plan = plan(terms(&[Api::Timeline], None), &[young, old]);
    world.settle(&mut plan, Trigger::Interval, START);
    let asks: BTreeSet<Ask> = world.pages.iter().map(|page| page.ask).collect();
    assert_eq!(asks, BTreeSet::from([Ask::Public, Ask::Private]));
    assert!(plan.states(0, START).all(|state| state == TweetState::Ok));
}

#[test]
fn many_empty_pages_hide_no_tweet_and_endless_ones_are_told_and_borne() {
    let mut world = World { hollow: 20, ..World::with([tweet(DAY, 1)]) };
    let mut plan = plan(terms(&[Api::Timeline], Some(discovery())), &[]);
    world.settle(&mut plan, Trigger::Interval, START);
    assert_eq!((watched(&plan).len(), world.pages.len(), plan.take_complaint(0)), (1, 21, None));
    world.hollow = usize::MAX;
    let now = pass(&mut world, &mut plan, START, 10 * MINUTE);
    assert!(plan.take_complaint(0).is_some_and(|complaint| complaint.contains("no end")));
    assert!(world.pages.len() < 21 + 32 + 10 * 6, "{} pages in ten minutes", world.pages.len());
    assert_eq!(plan.states(0, now).collect::<Vec<_>>(), [TweetState::Ok], "nobody takes it for gone");
    world.hollow = 0;
    world.timeline.insert(tweet(Duration::ZERO, 2));
    pass(&mut world, &mut plan, now, 2 * MINUTE);
    assert_eq!(watched(&plan).len(), 2, "it goes on when X does");
}

#[test]
fn what_is_paid_is_read_on_when_the_money_is_gone_and_the_rest_is_found_the_next_day() {
    let mut world = World::with((0..120).map(|number| tweet(2 * DAY + MINUTE * number as u32, number)));
    let mut terms = terms(&[Api::Timeline], Some(discovery()));
    terms.ledger.budget.usd_per_day = Some(0.07);
    let mut plan = plan(terms, &[]);
    world.settle(&mut plan, Trigger::Interval, START);
    assert_eq!(watched(&plan).len(), 60, "sixty for the six cents that the user left");
    let before = world.pages.len();
    let now = pass(&mut world, &mut plan, START, 3 * HOUR);
    assert!(plan.states(0, now).all(|state| state == TweetState::Ok));
    let again: Vec<&PageAsk> = world.pages[before..].iter().filter(|page| page.after.is_none()).collect();
    assert_eq!(again.len(), 3, "once an hour, for nothing: {again:?}");
    assert!(again.iter().all(|page| page.size == 100));
    assert!(plan.accounts()[0].is_discovery_held(), "nobody looks for new ones, and that is said");
    let tomorrow = Timestamp::from_seconds((START.utc_day() + 1) * 86_400);
    pass(&mut world, &mut plan, tomorrow, HOUR + MINUTE);
    assert!(watched(&plan).len() > 60, "{}", watched(&plan).len());
}

#[test]
fn a_small_rest_of_money_makes_no_small_pages() {
    let mut world = World::with((0..150).map(|number| tweet(2 * DAY + MINUTE * number as u32, number)));
    let mut terms = terms(&[Api::Timeline], Some(discovery()));
    terms.ledger.budget.usd_per_day = Some(0.165);
    let mut plan = plan(terms, &[]);
    world.settle(&mut plan, Trigger::Interval, START);
    let before = world.pages.len();
    pass(&mut world, &mut plan, START, HOUR + MINUTE);
    let refresh = world.pages[before..].iter().filter(|page| page.after.is_none()).count();
    assert_eq!((watched(&plan).len(), refresh), (150, 2));
    assert!(!plan.accounts()[0].is_discovery_held());
    assert!(world.pages[before..].iter().filter(|page| page.after.is_some()).all(|page| page.size == 5), "new ones, apart");
}

#[test]
fn another_run_goes_on_where_the_first_was_unless_it_looks_for_something_else() {
    let own: Vec<TweetId> = (0..10).map(|day| tweet(day * DAY + HOUR, 1)).collect();
    let with = |change: fn(&mut Discovery)| {
        let mut discovery = discovery();
        change(&mut discovery);
        terms(&[Api::Timeline], Some(discovery))
    };
    type Case = (&'static str, fn(&mut Discovery), usize, bool);
    let cases: [Case; 5] = [
        ("the same", |_| {}, 7, false),
        ("further back", |discovery| discovery.younger_than = 9 * DAY, 9, true),
        ("less far", |discovery| discovery.younger_than = 3 * DAY, 3, false),
        ("fewer", |discovery| discovery.max_tweets = 4, 4, false),
        ("replies, too", |discovery| discovery.exclude_replies = false, 7, true),
    ];
    for (what, change, count, looks) in cases {
        let mut world = World::with(own.clone());
        let mut first = plan(with(|_| {}), &[]);
        world.settle(&mut first, Trigger::Interval, START);
        assert_eq!(watched(&first).len(), 7);
        world.pages.clear();
        let mut next = restarted(&mut first, with(change), START + SECOND);
        world.settle(&mut next, Trigger::Interval, START + SECOND);
        assert_eq!(watched(&next).len(), count, "{what}");
        assert_eq!(!world.pages.is_empty(), looks, "{what}");
    }
}

#[test]
fn another_name_or_token_begins_with_another_timeline() {
    let mut world = World::with((0..3).map(|day| tweet(day * DAY + HOUR, 1)));
    let terms = || terms(&[Api::Timeline], Some(discovery()));
    let mut first = plan(terms(), &[]);
    world.settle(&mut first, Trigger::Interval, START);
    let users = |plan: &mut Plan| {
        let calls = plan.launch(Trigger::Interval, START + SECOND);
        calls.iter().filter(|call| matches!(call.errand, Errand::WhoAmI | Errand::FindUser(_))).count()
    };
    let mut same = restarted(&mut first, terms(), START + SECOND);
    assert_eq!((watched(&same).len(), users(&mut same)), (3, 0));
    let mut other = restarted(&mut first, AccountTerms { username: "bolt".parse().ok(), ..terms() }, START + SECOND);
    assert_eq!((watched(&other).len(), users(&mut other)), (0, 1));
    let mut token = restarted(&mut first, AccountTerms { speaker: 1, ..terms() }, START + SECOND);
    assert_eq!((watched(&token).len(), users(&mut token)), (3, 1), "whether the price is the owner's must be asked");
}

#[test]
fn a_login_as_another_user_takes_his_timeline_where_nobody_wrote_a_name() {
    let mut world = World::with((0..3).map(|day| tweet(day * DAY + HOUR, 1)));
    let mut plan = plan(AccountTerms { username: None, ..terms(&[Api::Timeline], Some(discovery())) }, &[]);
    world.settle(&mut plan, Trigger::Interval, START);
    assert_eq!((watched(&plan).len(), world.pages[0].user), (3, 9_001));
    plan.trust(0, CredentialKind::Oauth1);
    let other = START + SECOND;
    let calls = plan.launch(Trigger::Interval, other);
    let whose = calls.iter().find(|call| call.errand == Errand::WhoAmI).expect("it may be another's token");
    assert!(!calls.iter().any(|call| matches!(call.errand, Errand::Page { .. })), "what a page costs is not known yet");
    let bolt = "bolt".parse().expect("a name");
    plan.finish(whose, &[], Outcome::User(77, &bolt), other);
    assert_eq!(watched(&plan), [], "those were somebody else's");
    world.pages.clear();
    world.settle(&mut plan, Trigger::Interval, other);
    assert!(world.pages.iter().all(|page| page.user == 77) && !world.pages.is_empty());
}

/// When pages leave while X allows so many requests a minute, counted as X does: from the first one on. Each is answered at once.
fn pages_under(allowed: u64, tweets: u64, minutes: u32) -> Vec<Duration> {
    let mut world = World::with((0..tweets).map(|number| tweet(HOUR, number)));
    let mut plan = plan(terms(&[Api::Timeline], Some(discovery())), &[]);
    let (mut left, mut ends, mut pages) = (allowed, START, Vec::new());
    let mut now = START;
    while now < START + minutes * MINUTE {
        for call in plan.launch(Trigger::Interval, now) {
            let Errand::Page { page, .. } = &call.errand else {
                world.answer(&mut plan, &call, now);
                continue;
            };
            if now >= ends {
                (left, ends) = (allowed, now + MINUTE);
            }
            left = left.checked_sub(1).expect("X would answer 429");
            pages.push(now.since(START));
            let window = RateWindow::Minute;
            // X names no end; what is read from it is our own guess.
            let said = RateLimit { window, limit: Some(allowed), remaining: Some(left), reset: Some(now + MINUTE) };
            let page = world.page(page);
            plan.finish(&call, &[said], Outcome::Page(&page), now);
        }
        now = now + SECOND;
    }
    pages
}

#[test]
fn pages_are_spread_over_a_window_that_is_too_small_for_them() {
    let pages = pages_under(4, 450, 2);
    assert!(pages.len() >= 5, "five pages of a hundred: {pages:?}");
    let pauses: Vec<Duration> = pages[..5].windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(pauses.iter().all(|pause| (10 * SECOND..=20 * SECOND).contains(pause)), "evenly: {pages:?}");
}

#[test]
fn a_walk_that_fits_into_its_window_is_finished_at_once() {
    let pages = pages_under(12, 450, 3);
    let first = pages.iter().filter(|at| **at < 10 * SECOND).count();
    assert_eq!(first, 5, "five pages of a hundred: {pages:?}");
}
