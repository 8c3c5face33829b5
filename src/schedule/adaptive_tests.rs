//! Adaptive reading, told as stories.

use std::time::Duration;

use crate::config::{Budget, Groups, Tier};
use crate::model::{
    Api, CredentialKind, Metric, ProjectUsage, RateLimit, RateWindow, Reading, Sample, Scope, Timestamp, TweetId, TweetReading,
};
use crate::schedule::plan_tests::{DAY, MINUTE, START, terms, tweets};
use crate::schedule::{AccountPlan, AccountTerms, Errand, Ladder, LedgerTerms, Outcome, Plan, SourceTerms, Trigger, TweetsAsk};

const HOUR: Duration = Duration::from_secs(3_600);

fn plan(tweets: &[TweetId], budget: Budget) -> Plan {
    let groups = Groups { public: true, non_public: false, organic: false, promoted: false };
    let sources = vec![SourceTerms { name: "lookup".into(), api: Api::Lookup, groups, every: None }];
    let ledger = LedgerTerms { budget, ..terms().ledger };
    let terms = AccountTerms { credentials: vec![CredentialKind::Bearer], sources, ledger, ..terms() };
    let ladder = Ladder::adaptive(vec![Tier { younger_than: 30 * DAY, every: MINUTE }]);
    Plan::new(ladder, vec![AccountPlan::new(terms, tweets, START)])
}

/// Answers what is asked at this moment; returns the tweets that were read.
fn answer(plan: &mut Plan, now: Timestamp, value: impl Fn(TweetId) -> u64) -> Vec<TweetId> {
    let window = |limit| RateLimit {
        window: RateWindow::FifteenMinutes,
        limit: Some(limit),
        remaining: Some(limit),
        reset: Some(now + 15 * MINUTE),
    };
    let mut read = Vec::new();
    for call in plan.launch(Trigger::Interval, now) {
        match &call.errand {
            Errand::Read(TweetsAsk { tweets, .. }) => {
                let reading = |id: &TweetId| {
                    let samples = vec![Sample { media: None, metric: Metric::Likes, scope: Scope::Total, value: value(*id) }];
                    (*id, TweetReading { samples, ..TweetReading::default() })
                };
                let given =
                    Reading { tweets: tweets.iter().map(reading).collect(), returned: tweets.clone(), ..Reading::default() };
                plan.finish(&call, &[window(2)], Outcome::Read(&given), now);
                read.extend(tweets);
            }
            _ => drop(plan.finish(&call, &[], Outcome::Counted(&ProjectUsage::default()), now).is_some()),
        }
    }
    read
}

#[test]
fn a_tweet_that_heats_up_again_is_read_more_often_at_once() {
    let all = tweets(200, 10 * DAY);
    let hot = all[7];
    let mut plan = plan(&all, Budget::default());
    let value = |now: Timestamp| {
        move |id: TweetId| {
            let base = 1_000 + now.since(START).as_secs() / 600;
            if id == hot { base + 20 * now.since(START + 6 * HOUR).as_secs() } else { base }
        }
    };
    let mut reads = Vec::new();
    for second in (0..12 * 3_600).step_by(10) {
        let now = START + Duration::from_secs(second);
        if answer(&mut plan, now, value(now)).contains(&hot) {
            reads.push(second);
        }
    }
    let (calm, hot): (Vec<u64>, Vec<u64>) = reads.iter().partition(|second| **second < 6 * 3_600);
    assert!(hot.len() > 5 * calm.len(), "{} reads in six calm hours, {} in six hot ones", calm.len(), hot.len());
    let noticed = hot.windows(2).position(|pair| pair[1] - pair[0] <= 120).expect("every minute or two");
    assert!(noticed <= 2, "after {noticed} readings");
}

#[test]
fn the_days_money_goes_to_tweets_that_move() {
    let all = tweets(40, 5 * DAY);
    let budget = Budget { usd_per_day: Some(0.1), usd_per_month: None, tweets_per_month: None };
    let mut plan = plan(&all, budget);
    let moving: Vec<TweetId> = all.iter().copied().filter(|id| id.number() % 4 == 0).collect();
    let mut read = std::collections::BTreeMap::<(i64, TweetId), u32>::new();
    for minute in 0..6 * 24 * 60 {
        let now = START + MINUTE * minute;
        let value = |id: TweetId| if moving.contains(&id) { u64::from(minute) * 10 } else { 5 };
        for id in answer(&mut plan, now, value) {
            *read.entry((now.utc_day(), id)).or_default() += 1;
        }
    }
    let last = read.keys().map(|(day, _)| *day).max().expect("days") - 1;
    let bought: Vec<TweetId> = read.keys().filter(|(day, _)| *day == last).map(|(_, id)| *id).collect();
    assert_eq!(bought.len(), 20, "the whole budget, and no more");
    assert!(moving.iter().all(|id| bought.contains(id)), "all that move are among them");
    let quiet: std::collections::BTreeSet<TweetId> = read.keys().map(|(_, id)| *id).filter(|id| !moving.contains(id)).collect();
    assert_eq!(quiet.len(), 30, "the quiet ones take turns");
}

#[test]
fn a_months_money_lasts_to_its_end() {
    let all = tweets(100, DAY);
    let budget = Budget { usd_per_day: None, usd_per_month: Some(3.0), tweets_per_month: None };
    let mut plan = plan(&all, budget);
    let left = f64::from(u32::try_from(START.days_left_in_month()).expect("a month"));
    for minute in (0..60).step_by(5) {
        answer(&mut plan, START + MINUTE * minute, |_| 1);
    }
    let (_, remaining) = plan.accounts()[0].budgets()[1].expect("a budget");
    let share = 3.0 / left;
    assert!(remaining >= 3.0 - share - 1e-9 && remaining <= 3.0 - share + 0.006, "{remaining} left, a share is {share}");
}

#[test]
fn a_months_tweets_are_shared_out_by_the_day() {
    let all = tweets(100, 5 * DAY);
    // Thirteen days are left of the month.
    let budget = Budget { usd_per_day: None, usd_per_month: None, tweets_per_month: Some(130) };
    let mut plan = plan(&all, budget);
    let mut read = std::collections::BTreeSet::new();
    for minute in 0..12 * 60 {
        read.extend(answer(&mut plan, START + MINUTE * minute, |_| 1));
    }
    assert_eq!(read.len(), 10, "the day's share neither shrinks nor creeps while it is bought");
}

#[test]
fn money_is_kept_for_tweets_that_will_be_written_later_in_the_day() {
    let dawn = Timestamp::from_seconds(START.utc_day() * 86_400);
    let mut all = tweets(60, 5 * DAY);
    let mut plan = plan(&all, Budget { usd_per_day: Some(0.05), usd_per_month: None, tweets_per_month: None });
    let mut bought = std::collections::BTreeMap::<i64, std::collections::BTreeSet<TweetId>>::new();
    for minute in (720..5 * 1_440).step_by(5) {
        let now = dawn + MINUTE * minute;
        // Three a day, in the evening.
        if [1_080, 1_200, 1_320].contains(&(minute % 1_440)) {
            let id = ((now.millis() - 1_288_834_974_657) as u64) << 22;
            all.push(TweetId::new(id).expect("an id"));
            plan.watch(0, &all, Default::default(), now);
        }
        let read = answer(&mut plan, now, |_| 1);
        bought.entry(now.utc_day()).or_default().extend(read);
        let is_new = |id: &&TweetId| id.created().is_some_and(|created| now.since(created) < MINUTE);
        for id in all.iter().filter(is_new).filter(|_| minute > 2 * 1_440) {
            assert!(bought[&now.utc_day()].contains(id), "a new tweet found the money spent at minute {minute}");
        }
    }
    let full: Vec<usize> = bought.values().skip(2).map(|tweets| tweets.len()).collect();
    assert_eq!(full, [10, 10, 10], "what was kept in vain is spent at the end of the day");
}

#[test]
fn all_tweets_are_compared_now_and_then_not_at_each_look() {
    let all = tweets(3_000, 5 * DAY);
    let mut plan = plan(&all, Budget { usd_per_day: Some(1.0), usd_per_month: None, tweets_per_month: None });
    let mut read = std::collections::BTreeSet::new();
    for second in (0..1_800).step_by(2) {
        read.extend(answer(&mut plan, START + Duration::from_secs(second), |_| 1));
    }
    let rounds = plan.accounts()[0].allowance.rounds;
    assert_eq!(read.len(), 200, "all that the day's money covers");
    assert!((1..=7).contains(&rounds), "{rounds} comparisons in half an hour");
}
