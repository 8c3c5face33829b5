//! The forecast at its edges: nothing to read, little money, other people's tweets.

use std::time::Duration;

use crate::config::Charge;
use crate::model::{Api, Ask, CredentialKind, PriceClass, TweetId};
use crate::schedule::forecast::agreement_tests::{
    HOUR, START, World, agree, forecast, ladder, source, terms, timeline, tweets, with_timeline,
};
use crate::schedule::plan_tests::{DAY, MINUTE};
use crate::schedule::{Amount, Assumptions, Forecast, Known, Named, SourceTerms};

fn month(forecast: &Forecast) -> Amount {
    Amount::sum(&forecast.days)
}

#[test]
fn nothing_to_read_costs_nothing() {
    let lookup = terms(vec![source(Api::Lookup)]);
    let retired = forecast(&lookup, &tweets(3, 30 * DAY, DAY), 0);
    assert_eq!((retired.watched, retired.retired, month(&retired)), (3, 3, Amount::default()));
    let timeless = forecast(&lookup, &[TweetId::new(20).expect("an id")], 0);
    assert_eq!((timeless.retired, month(&timeless)), (1, Amount::default()));
    let empty = forecast(&lookup, &[], 0);
    assert_eq!((empty.watched, month(&empty)), (0, Amount::default()));
}

#[test]
fn a_tweet_that_retires_on_the_fifth_day_costs_nothing_from_the_sixth_on() {
    let forecast = forecast(&terms(vec![source(Api::Lookup)]), &tweets(1, 25 * DAY + HOUR, DAY), 0);
    let paid: Vec<u64> = forecast.days.iter().map(|day| day.paid_reads).collect();
    assert_eq!((&paid[..5], paid[5..].iter().sum::<u64>()), (&[1; 5][..], 0));
    assert!(forecast.days[5..].iter().all(|day| day.requests == 0.0));
}

#[test]
fn tweets_are_told_in_the_tier_in_which_their_day_began() {
    let forecast = forecast(&terms(vec![source(Api::Lookup)]), &tweets(1, 5 * DAY + HOUR, DAY), 0);
    let tiers: Vec<(Duration, u64)> = forecast
        .lines
        .iter()
        .map(|line| (line.tier.expect("a tweet's").younger_than, Amount::sum(&line.days).paid_reads))
        .collect();
    assert_eq!(tiers, [(7 * DAY, 2), (30 * DAY, 23)]);
}

#[test]
fn a_plan_that_charges_every_read_pays_them_all() {
    let mut terms = terms(vec![source(Api::Lookup)]);
    terms.ledger.charge = Charge::EveryRead;
    let forecast = forecast(&terms, &tweets(1, 3 * DAY, DAY), 0);
    assert_eq!((forecast.days[1].reads, forecast.days[1].paid_reads), (12, 12));
}

#[test]
fn a_budget_is_never_exceeded_and_the_young_come_first() {
    let mut terms = terms(vec![source(Api::Lookup)]);
    let all = tweets(40, HOUR, 12 * HOUR);
    let free = month(&forecast(&terms, &all, 0));
    terms.ledger.budget.usd_per_day = Some(0.05);
    let bound = forecast(&terms, &all, 0);
    assert!(bound.days.iter().all(|day| day.usd <= 0.05 && day.paid_reads <= 10), "{:?}", bound.days);
    let sum = month(&bound);
    assert_eq!(sum.paid_reads + sum.held_back, free.paid_reads);
    let held = |tier: usize| Amount::sum(&bound.lines[tier].days).held_back;
    assert_eq!((held(0), held(1)), (0, 0));
    assert!(held(3) > 0);
    terms.ledger.budget.usd_per_month = Some(0.32);
    assert!((month(&forecast(&terms, &all, 0)).usd - 0.32).abs() < 1e-9);
    terms.ledger.budget.tweets_per_month = Some(7);
    assert_eq!(month(&forecast(&terms, &all, 0)).paid_reads, 7);
    terms.ledger.budget.usd_per_day = Some(0.0);
    let none = month(&forecast(&terms, &all, 0));
    assert_eq!((none.usd, none.reads, none.requests), (0.0, 0, 0.0));
    assert_eq!(none.held_back, free.paid_reads);
}

#[test]
fn a_budget_bounds_every_read_too() {
    let mut terms = terms(vec![source(Api::Lookup)]);
    terms.ledger.charge = Charge::EveryRead;
    terms.ledger.budget.usd_per_day = Some(0.10);
    let forecast = forecast(&terms, &tweets(30, HOUR, HOUR), 0);
    assert!(forecast.days.iter().all(|day| day.usd <= 0.10 + 1e-9));
    assert_eq!(forecast.days[0].paid_reads, 20);
}

#[test]
fn a_budget_agrees() {
    let mut terms = terms(vec![source(Api::Lookup)]);
    terms.ledger.budget.usd_per_day = Some(0.2);
    agree("a budget for 40 of 90 tweets", &terms, &tweets(90, 50 * HOUR, MINUTE), &World::default(), 0, 4);
}

#[test]
fn a_timeline_read_by_an_app_agrees() {
    let mut terms = with_timeline(&[Api::Timeline]);
    terms.credentials = vec![CredentialKind::Bearer];
    agree("timeline, bearer token only", &terms, &[], &timeline(6, 4), 6, 4);
}

#[test]
fn other_peoples_tweets_are_looked_up_in_public() {
    let terms = with_timeline(&[Api::Timeline, Api::Lookup]);
    let ids = tweets(2, DAY, DAY);
    let named = [Named { id: ids[0], foreign: false }, Named { id: ids[1], foreign: true }];
    let assumed = Assumptions { now: START, new_tweets_per_day: 0, min_age: Duration::ZERO };
    let forecast = Forecast::new(&terms, &ladder(), &named, &Known::default(), &assumed);
    let paid = |class| {
        let lines = forecast.lines.iter().filter(|line| line.class == Some(class));
        lines.map(|line| line.days[0].paid_reads).sum::<u64>()
    };
    assert_eq!((paid(PriceClass::OwnedTweet), paid(PriceClass::Tweet), paid(PriceClass::User)), (1, 1, 1));
    let lookup = forecast.ways.iter().find(|way| way.api == Api::Lookup).expect("a lookup");
    assert_eq!(lookup.credential, Api::Lookup.credentials(Ask::Public)[0]);
}

#[test]
fn a_source_may_be_slower_than_the_tiers() {
    let slow = SourceTerms { every: Some(6 * HOUR), ..source(Api::Insights28hr) };
    let forecast = forecast(&terms(vec![slow]), &tweets(30, HOUR, MINUTE), 0);
    let way = &forecast.ways[0];
    assert_eq!((way.api, way.requests[1].round()), (Api::Insights28hr, 8.0));
    assert_eq!((month(&forecast).usd, forecast.days[1].reads), (0.0, 120));
}

#[test]
fn a_scout_looks_once() {
    let forecast = forecast(&terms(vec![source(Api::MediaAnalytics), scout()]), &tweets(150, HOUR, MINUTE), 0);
    let paid = |class, day: usize| {
        let lines = forecast.lines.iter().filter(|line| line.class == Some(class));
        lines.map(|line| line.days[day].paid_reads).sum::<u64>()
    };
    assert_eq!([0, 1].map(|day| paid(PriceClass::Tweet, day)), [150, 0]);
    assert_eq!([0, 1].map(|day| paid(PriceClass::Analytics, day)), [150, 150]);
    let lookup = forecast.ways.iter().find(|way| way.api == Api::Lookup).expect("a lookup");
    assert_eq!((lookup.requests[0], lookup.requests[1]), (2.0, 0.0));
}

fn scout() -> SourceTerms {
    SourceTerms { groups: crate::config::Groups::NONE, ..source(Api::Lookup) }
}

#[test]
fn what_is_known_is_neither_invented_nor_paid_again() {
    let terms = with_timeline(&[Api::Timeline]);
    let found = tweets(5, HOUR, HOUR);
    let paid = found.iter().take(3).map(|id| (PriceClass::OwnedTweet, id.number())).collect();
    let assumed = Assumptions { now: START, new_tweets_per_day: 10, min_age: Duration::ZERO };
    let mut known = Known { found, paid, ..Known::default() };
    let paid = |known: &Known| Forecast::new(&terms, &ladder(), &[], known, &assumed).days[0].paid_reads;
    assert_eq!(Forecast::new(&terms, &ladder(), &[], &known, &assumed).watched, 5);
    assert_eq!(paid(&known), 2 + 10 + 1, "two found, ten new, one user");
    known.user = true;
    assert_eq!(paid(&known), 2 + 10, "the user was bought before");
}

#[test]
fn a_tweet_that_is_known_to_be_somebody_elses_is_no_own_one() {
    let terms = with_timeline(&[Api::Timeline, Api::Lookup]);
    let ids = tweets(1, HOUR, HOUR);
    let named = [Named { id: ids[0], foreign: false }];
    let assumed = Assumptions { now: START, new_tweets_per_day: 0, min_age: Duration::ZERO };
    let classes = |foreign: bool| {
        let known = Known { foreign: ids.iter().copied().filter(|_| foreign).collect(), ..Known::default() };
        let lines = Forecast::new(&terms, &ladder(), &named, &known, &assumed).lines;
        lines.iter().filter(|line| line.days[0].reads > 0).filter_map(|line| line.class).collect::<Vec<_>>()
    };
    assert!(classes(false).contains(&PriceClass::OwnedTweet));
    assert!(!classes(true).contains(&PriceClass::OwnedTweet));
}

#[test]
fn the_peak_stands_beside_what_x_allows() {
    let forecast = forecast(&terms(vec![source(Api::LabsPrivate)]), &tweets(1_000, HOUR, Duration::ZERO), 0);
    let way = &forecast.ways[0];
    assert_eq!((way.limit, way.per_window), (Some(15), 60));
    assert!(way.peak >= 80, "all are read at the start: {}", way.peak);
}

#[test]
fn a_budget_for_a_timeline_agrees() {
    let mut terms = with_timeline(&[Api::Timeline]);
    terms.ledger.budget.usd_per_day = Some(0.04);
    let (forecast, days) = (forecast(&terms, &[], 24), 4);
    let (_, usd) = timeline(24, days).run(&terms, &[], days);
    let told = Amount::sum(&forecast.days[..days as usize]);
    println!("a budget for a third of a timeline: ${:.3} told, ${usd:.3} true", told.usd);
    assert!((told.usd / usd - 1.0).abs() <= 0.02);
}
