//! The forecast agrees with what the plan then does: a month of virtual time with an X that gives whatever it is asked for.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::config::{Charge, Groups, Tier};
use crate::model::{Api, PageAsk, ProjectUsage, Reading, TimelinePage, Timestamp, TweetId, TweetReading};
use crate::schedule::plan_tests::{self, DAY, MINUTE};
use crate::schedule::{
    AccountPlan, AccountTerms, Amount, Assumptions, Call, Discovery, Errand, Forecast, Known, Ladder, Named, Outcome, Plan,
    SourceTerms, Trigger,
};

/// 2026-11-18, a second after midnight.
pub(super) const START: Timestamp = Timestamp::from_seconds(20_775 * 86_400 + 2);
pub(super) const HOUR: Duration = Duration::from_secs(3_600);
const ALL: Groups = Groups { public: true, non_public: true, organic: true, promoted: false };

pub(super) fn source(api: Api) -> SourceTerms {
    let groups = if matches!(api, Api::Lookup | Api::Timeline) { ALL } else { Groups::NONE };
    SourceTerms { name: api.name().into(), api, groups, every: None }
}

pub(super) fn terms(sources: Vec<SourceTerms>) -> AccountTerms {
    AccountTerms { sources, seed: 1, ..plan_tests::terms() }
}

pub(super) fn ladder() -> Ladder {
    Ladder::new(vec![
        Tier { younger_than: 6 * HOUR, every: 5 * MINUTE },
        Tier { younger_than: 2 * DAY, every: 20 * MINUTE },
        Tier { younger_than: 7 * DAY, every: 2 * HOUR },
        Tier { younger_than: 30 * DAY, every: DAY },
    ])
}

/// Tweets, one after the other with this pause, the youngest this old at the start.
pub(super) fn tweets(count: u32, youngest: Duration, pause: Duration) -> Vec<TweetId> {
    let id = |number: u32| {
        let millis = (START - youngest - pause * number).millis() - 1_288_834_974_657;
        TweetId::new(((millis as u64) << 22) + u64::from(number)).expect("an id")
    };
    (0..count).map(id).collect()
}

fn named(tweets: &[TweetId]) -> Vec<Named> {
    tweets.iter().map(|id| Named { id: *id, foreign: false }).collect()
}

pub(super) fn forecast(terms: &AccountTerms, tweets: &[TweetId], new_tweets_per_day: u32) -> Forecast {
    let assumed = Assumptions { now: START, new_tweets_per_day, min_age: Duration::ZERO };
    Forecast::new(terms, &ladder(), &named(tweets), &Known::default(), &assumed)
}

/// An X that has everything.
#[derive(Default)]
pub(super) struct World {
    timeline: BTreeSet<TweetId>,
}

impl World {
    fn page(&self, page: &PageAsk, now: Timestamp) -> TimelinePage {
        let from: usize = page.token.as_deref().map_or(0, |token| token.parse().expect("our own token"));
        let fits = |id: &&TweetId| {
            let created = id.created().expect("a time");
            let after = page.after.map_or(created >= page.start, |after| **id > after);
            created <= now && after && page.end.is_none_or(|end| created < end)
        };
        let all: Vec<TweetId> = self.timeline.iter().rev().filter(fits).copied().collect();
        let shown: Vec<TweetId> = all.iter().skip(from).take(page.size).copied().collect();
        let next = (from + page.size < all.len()).then(|| (from + page.size).to_string());
        let tweets = shown.iter().map(|id| (*id, TweetReading::default())).collect();
        TimelinePage { reading: Reading { tweets, returned: shown, ..Reading::default() }, earlier: Vec::new(), next }
    }

    /// Answers a call; what it costs.
    fn answer(&self, plan: &mut Plan, call: &Call, now: Timestamp) -> f64 {
        let acme = "acme".parse().expect("a name");
        let bill = match &call.errand {
            Errand::Read(asked) => {
                let tweets = asked.tweets.iter().map(|id| (*id, TweetReading::default())).collect();
                let reading = Reading { tweets, returned: asked.tweets.clone(), ..Reading::default() };
                plan.finish(call, &[], Outcome::Read(&reading), now)
            }
            Errand::Page { page, .. } => plan.finish(call, &[], Outcome::Page(&self.page(page, now)), now),
            Errand::WhoAmI | Errand::FindUser(_) => plan.finish(call, &[], Outcome::User(9_001, &acme), now),
            Errand::Usage => plan.finish(call, &[], Outcome::Counted(&ProjectUsage::default()), now),
        };
        bill.map_or(0.0, |bill| bill.usd)
    }

    /// Runs the plan for so many days; requests and US dollars.
    pub(super) fn run(&self, terms: &AccountTerms, tweets: &[TweetId], days: u32) -> (u64, f64) {
        let mut plan = Plan::new(ladder(), vec![AccountPlan::new(terms.clone(), tweets, START)]);
        let end = START + DAY * days - Duration::from_secs(1);
        let (mut requests, mut usd, mut now) = (0, 0.0, START);
        while now < end {
            let mut calls = plan.launch(Trigger::Interval, now);
            while !calls.is_empty() {
                requests += calls.len() as u64;
                usd += calls.iter().map(|call| self.answer(&mut plan, call, now)).sum::<f64>();
                calls = plan.launch(Trigger::Continue, now);
            }
            // From event to event; in between nothing but age changes, and a few seconds are soon enough for that.
            let slot = plan.accounts()[0].next_slot().unwrap_or(end);
            now = plan.wake(now).max(slot.clamp(now + Duration::from_millis(500), now + MINUTE));
        }
        (requests, usd)
    }
}

/// Forecast and plan agree: money within 2 %, requests within 5 %.
pub(super) fn agree(what: &str, terms: &AccountTerms, tweets: &[TweetId], world: &World, new_tweets_per_day: u32, days: u32) {
    let forecast = forecast(terms, tweets, new_tweets_per_day);
    let told = Amount::sum(&forecast.days[..days as usize]);
    let (requests, usd) = world.run(terms, tweets, days);
    let off = |told: f64, true_: f64| if true_ == 0.0 { told } else { (told / true_ - 1.0) * 100.0 };
    let (money, traffic) = (off(told.usd, usd), off(told.requests, requests as f64));
    println!(
        "{what}: ${:.3} told, ${usd:.3} true ({money:+.2} %); {:.0} requests told, {requests} true ({traffic:+.2} %)",
        told.usd, told.requests
    );
    assert!(money.abs() <= 2.0, "{what}: money is off by {money} %");
    assert!(traffic.abs() <= 5.0, "{what}: requests are off by {traffic} %");
}

#[test]
fn a_lookup_agrees() {
    let tweets = tweets(240, HOUR, 3 * HOUR);
    agree("lookup, 240 tweets of 30 days", &terms(vec![source(Api::Lookup)]), &tweets, &World::default(), 0, 6);
}

#[test]
fn batches_agree() {
    let tweets = tweets(250, 50 * HOUR, MINUTE);
    agree("lookup, three batches", &terms(vec![source(Api::Lookup)]), &tweets, &World::default(), 0, 4);
}

#[test]
fn a_plan_that_charges_every_read_agrees() {
    let mut terms = terms(vec![source(Api::Lookup)]);
    terms.ledger.charge = Charge::EveryRead;
    terms.patience = 0.95;
    agree("every read is paid", &terms, &tweets(120, HOUR, 3 * HOUR), &World::default(), 0, 5);
}

#[test]
fn several_sources_agree() {
    let promoted = SourceTerms { groups: Groups { promoted: true, ..ALL }, ..source(Api::Lookup) };
    let slower = SourceTerms { every: Some(3 * HOUR), ..source(Api::Analytics) };
    let sources = vec![promoted, slower, source(Api::EngagementTotals), source(Api::Engagement28hr), source(Api::LabsPrivate)];
    agree("five sources", &terms(sources), &tweets(130, HOUR, 3 * HOUR), &World::default(), 0, 4);
}

pub(super) fn with_timeline(sources: &[Api]) -> AccountTerms {
    let discovery =
        Discovery { younger_than: 5 * DAY, exclude_replies: true, exclude_retweets: true, max_tweets: 500, room: 500 };
    AccountTerms { discovery: Some(discovery), ..terms(sources.iter().map(|api| source(*api)).collect()) }
}

/// A timeline that gets so many tweets a day, evenly.
pub(super) fn timeline(per_day: u32, days: u32) -> World {
    let pause = DAY / per_day;
    let past = tweets(per_day * 10, pause / 2, pause);
    let future = |number: u32| {
        let millis = (START + pause / 2 + pause * number).millis() - 1_288_834_974_657;
        TweetId::new(((millis as u64) << 22) + 4_000_000).expect("an id")
    };
    World { timeline: past.into_iter().chain((0..per_day * days).map(future)).collect() }
}

#[test]
fn a_timeline_agrees() {
    agree("timeline, 24 a day", &with_timeline(&[Api::Timeline]), &[], &timeline(24, 6), 24, 6);
    agree("timeline, 2 a day", &with_timeline(&[Api::Timeline]), &[], &timeline(2, 6), 2, 6);
}

#[test]
fn a_quiet_timeline_agrees() {
    agree("timeline, nothing new", &with_timeline(&[Api::Timeline]), &[], &World::default(), 0, 4);
}

#[test]
fn a_timeline_beside_a_lookup_agrees() {
    let world = timeline(24, 5);
    let old = tweets(60, 6 * DAY, 6 * HOUR);
    agree("timeline and lookup", &with_timeline(&[Api::Timeline, Api::Lookup]), &old, &world, 24, 5);
}
