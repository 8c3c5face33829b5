//! How much the plan has to do when far more is due than money or X allow. Work is counted, not timed.

use std::time::Duration;

use crate::config::Tier;
use crate::model::Timestamp;
use crate::schedule::plan_tests::{DAY, START, asked, give, launch, tweets, with_budget};
use crate::schedule::{AccountPlan, Ladder, Plan, Trigger};

const SECOND: Duration = Duration::from_secs(1);

/// What some seconds of running came to.
#[derive(Debug, Default)]
struct Work {
    /// How often the plan was asked for calls.
    wakes: u64,
    /// How often a tweet was looked at.
    visits: u64,
    /// Reads that were sent and given.
    reads: usize,
}

/// Runs as the collector does, each call answered at once.
fn run(plan: &mut Plan, count: u64, begin: Timestamp, end: Timestamp) -> Work {
    let (mut work, mut now) = (Work::default(), begin);
    let before = plan.accounts()[0].queue.looks;
    while now < end {
        work.wakes += 1;
        let calls = launch(plan, Trigger::Interval, now);
        for call in &calls {
            work.reads += asked(call).1.len();
            give(plan, call, now);
        }
        now = plan.wake(now).max(now + Duration::from_millis(1));
    }
    work.visits = (plan.accounts()[0].queue.looks - before) * count;
    work
}

fn plan(count: u64, usd_per_day: f64) -> Plan {
    let ladder = Ladder::new(vec![Tier { younger_than: 40 * DAY, every: SECOND }]);
    Plan::new(ladder, vec![AccountPlan::new(with_budget(usd_per_day), &tweets(count, DAY), START)])
}

#[test]
fn ten_thousand_tweets_a_second_under_a_budget_of_a_dollar_make_the_plan_look_seldom() {
    let count = 10_000;
    let mut plan = plan(count, 1.0);
    let seconds = 4;
    let work = run(&mut plan, count, START, START + SECOND * seconds);
    let most = 100_000 * u64::from(seconds);
    assert!((count..=most).contains(&work.visits), "{work:?}");
    assert!(work.wakes <= 20 * u64::from(seconds), "{work:?}");
    // 200 tweets are paid for and read on each second; the budget buys no other.
    assert!((200 * (seconds as usize - 1)..=200 * (seconds as usize + 1)).contains(&work.reads), "{work:?}");
    let money = plan.accounts()[0].view(START + SECOND * seconds).money;
    assert!((money.spent_today - 1.0).abs() < 1e-9, "{money:?}");
}

#[test]
fn without_money_nothing_but_a_look_now_and_then_is_done() {
    let count = 10_000;
    let mut plan = plan(count, 0.004);
    let work = run(&mut plan, count, START, START + SECOND * 4);
    assert_eq!(work.reads, 0, "{work:?}");
    assert!((count..=400_000).contains(&work.visits) && work.wakes <= 80, "{work:?}");
}
