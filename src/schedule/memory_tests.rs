//! What a plan does with what another run of it knew, with a clock that jumps, and with calls of which nobody knows what they cost.

use std::time::Duration;

use crate::config::{Charge, Tier};
use crate::model::{Billed, Failure, ProjectUsage, RateLimit, RateWindow, Reading, Refusal, Timestamp, TweetReading, TweetState};
use crate::schedule::plan_tests::{DAY, MINUTE, START, asked, fail, give, launch, plan, states, terms, tweets, with_budget};
use crate::schedule::{AccountPlan, AccountTerms, Errand, Ladder, Outcome, Plan, Trigger};

fn ladder() -> Ladder {
    Ladder::new(vec![Tier { younger_than: 40 * DAY, every: MINUTE }])
}

fn bought(calls: &[crate::schedule::Call]) -> usize {
    calls.iter().map(|call| asked(call).1.len()).sum()
}

#[test]
fn lost_books_are_opened_with_what_x_has_counted() {
    let mut account = AccountPlan::new(with_budget(0.05), &tweets(20, DAY), START);
    account.lose_books();
    let mut plan = Plan::new(ladder(), vec![account]);
    let usage = plan.launch(Trigger::Interval, START);
    assert_eq!(usage.iter().map(|call| call.errand.clone()).collect::<Vec<_>>(), [Errand::Usage], "nothing is bought before");
    assert_eq!(plan.launch(Trigger::Interval, START), []);
    let counted = ProjectUsage { today: Some(7), ..ProjectUsage::default() };
    plan.finish(&usage[0], &[], Outcome::Counted(&counted), START);
    let calls = launch(&mut plan, Trigger::Interval, START);
    assert_eq!(calls.iter().map(|call| asked(call).1.len()).sum::<usize>(), 3, "seven of the day's ten were bought before");
}

#[test]
fn of_what_x_has_counted_for_all_shards_each_takes_its_part() {
    let terms = AccountTerms { shards: 4, ..with_budget(0.05) };
    let mut account = AccountPlan::new(terms, &tweets(20, DAY), START);
    account.lose_books();
    let mut plan = Plan::new(ladder(), vec![account]);
    let usage = plan.launch(Trigger::Interval, START);
    let counted = ProjectUsage { today: Some(13), ..ProjectUsage::default() };
    plan.finish(&usage[0], &[], Outcome::Counted(&counted), START);
    assert_eq!(bought(&launch(&mut plan, Trigger::Interval, START)), 6, "four of thirteen are taken for its own");
}

#[test]
fn who_has_nothing_to_buy_asks_for_no_books() {
    let mut account = AccountPlan::new(with_budget(0.05), &[], START);
    account.lose_books();
    let mut plan = Plan::new(ladder(), vec![account]);
    assert_eq!(plan.launch(Trigger::Interval, START), []);
    plan.watch(0, &tweets(1, DAY), Default::default(), START);
    assert_eq!(plan.launch(Trigger::Interval, START).len(), 1, "now it does");
}

#[test]
fn what_was_known_is_taken_up_and_nothing_is_bought_twice() {
    let tweets = tweets(10, DAY);
    let mut account = AccountPlan::new(with_budget(0.1), &tweets, START);
    let mut plan = Plan::new(ladder(), vec![account]);
    let calls = launch(&mut plan, Trigger::Interval, START);
    let reading = Reading {
        tweets: tweets[..9].iter().map(|id| (*id, TweetReading::default())).collect(),
        returned: tweets[..9].to_vec(),
        refused: vec![(tweets[9], Refusal::NotFound)],
        ..Reading::default()
    };
    plan.finish(&calls[0], &[], Outcome::Read(&reading), START);
    let known = plan.accounts()[0].tweet_memories();
    let text = serde_json::to_string(&(plan.accounts()[0].memory(), known, plan.take_paid(0))).expect("JSON");
    let (memory, known, paid) = serde_json::from_str(&text).expect("what was written");
    account = AccountPlan::new(with_budget(0.1), &tweets, START);
    account.recall(memory, known, paid, START);
    let mut plan = Plan::new(ladder(), vec![account]);
    assert_eq!(launch(&mut plan, Trigger::Interval, START + MINUTE / 2), [], "a restart reads nothing that is young enough");
    let mut expected = vec![TweetState::Ok; 9];
    expected.push(TweetState::NotFound);
    assert_eq!(states(&plan, START), expected);
    let calls = launch(&mut plan, Trigger::Interval, START + MINUTE);
    assert_eq!(asked(&calls[0]).1, &tweets[..9]);
    assert_eq!(plan.accounts()[0].budgets()[0], Some((0.1, 0.055)));
}

#[test]
fn what_was_under_way_when_the_program_died_counts_as_paid_once() {
    let tweets = tweets(10, DAY);
    let mut plan = Plan::new(ladder(), vec![AccountPlan::new(with_budget(0.05), &tweets, START)]);
    assert_eq!(launch(&mut plan, Trigger::Interval, START).len(), 1);
    let memory = plan.accounts()[0].memory();
    let mut account = AccountPlan::new(with_budget(0.05), &tweets, START);
    account.recall(memory, Vec::new(), (START.utc_day(), Vec::new()), START);
    assert_eq!(account.budgets()[0], Some((0.05, 0.0)));
    let mut plan = Plan::new(ladder(), vec![account]);
    let again = launch(&mut plan, Trigger::Interval, START);
    assert_eq!(again.iter().map(|call| asked(call).1.len()).sum::<usize>(), 10, "reading them again today costs nothing");
}

#[test]
fn lost_books_wait_while_only_a_fault_keeps_the_count_back() {
    let mut account = AccountPlan::new(with_budget(0.05), &tweets(20, DAY), START);
    account.lose_books();
    let mut plan = Plan::new(ladder(), vec![account]);
    let mut now = START;
    let failure = Failure::Transient { retry_after: None };
    for _ in 0..3 {
        let calls = plan.launch(Trigger::Interval, now);
        assert_eq!(calls.iter().map(|call| call.errand.clone()).collect::<Vec<_>>(), [Errand::Usage]);
        fail(&mut plan, &calls[0], &failure, now);
        assert_eq!(plan.launch(Trigger::Interval, now), [], "not at once");
        now = now + MINUTE;
    }
    let calls = plan.launch(Trigger::Interval, now);
    let counted = ProjectUsage { used: Some(8), ..ProjectUsage::default() };
    plan.finish(&calls[0], &[], Outcome::Counted(&counted), now);
    assert_eq!(bought(&launch(&mut plan, Trigger::Interval, now)), 2, "without sums by the day all may have been used today");
}

#[test]
fn lost_books_that_nobody_counts_begin_empty_in_the_end() {
    for (failure, most) in [(Failure::Transient { retry_after: None }, 10), (Failure::Forbidden, 1)] {
        let mut account = AccountPlan::new(with_budget(0.05), &tweets(20, DAY), START);
        account.lose_books();
        let mut plan = Plan::new(ladder(), vec![account]);
        let mut now = START;
        for _ in 0..most {
            let calls = plan.launch(Trigger::Interval, now);
            assert_eq!(calls.iter().map(|call| call.errand.clone()).collect::<Vec<_>>(), [Errand::Usage], "{failure:?}");
            fail(&mut plan, &calls[0], &failure, now);
            now = now + MINUTE;
        }
        assert_eq!(bought(&launch(&mut plan, Trigger::Interval, now)), 10, "{failure:?}");
    }
}

#[test]
fn nothing_that_costs_money_leaves_around_midnight() {
    let tweets = tweets(3, DAY);
    let midnight = Timestamp::from_seconds((START.utc_day() + 1) * 86_400);
    let mut leaves = Vec::new();
    for millis in (-30_000..30_000_i64).step_by(500) {
        let now = Timestamp::from_millis(midnight.millis() + millis);
        let mut plan = plan(terms(), &tweets);
        if !launch(&mut plan, Trigger::Interval, now).is_empty() {
            leaves.push(millis);
        }
    }
    let quiet: Vec<i64> = (-30_000..30_000_i64).step_by(500).filter(|millis| !leaves.contains(millis)).collect();
    assert_eq!((quiet.first(), quiet.last()), (Some(&-12_000), Some(&1_500)), "the longest call and two seconds; {quiet:?}");
}

#[test]
fn a_call_that_was_never_answered_counts_as_paid_and_its_repetition_costs_nothing() {
    let tweets = tweets(20, DAY);
    let mut plan = plan(with_budget(0.05), &tweets);
    let calls = launch(&mut plan, Trigger::Interval, START);
    let failure = Failure::Transient { retry_after: None };
    let outcome = Outcome::Failed { failure: &failure, billed: Billed::Perhaps };
    let bill = plan.finish(&calls[0], &[], outcome, START).expect("a bill");
    assert_eq!((bill.returned, bill.charged), (10, 10));
    assert_eq!(plan.accounts()[0].budgets()[0], Some((0.05, 0.0)));
    let again = launch(&mut plan, Trigger::Interval, START + MINUTE);
    assert_eq!(asked(&again[0]).1, asked(&calls[0]).1, "these are paid, others are not");
    give(&mut plan, &again[0], START + MINUTE);
    assert_eq!(plan.accounts()[0].budgets()[0], Some((0.05, 0.0)));
}

#[test]
fn pauses_that_a_wrong_clock_reckoned_are_forgiven() {
    let far = START + 30 * DAY;
    for failure in [
        Failure::Transient { retry_after: None },
        Failure::RateLimited { until: Some(far + 5 * MINUTE) },
        Failure::CredentialRefused,
        Failure::Forbidden,
    ] {
        let mut terms = terms();
        terms.ledger.charge = Charge::EveryRead;
        let mut plan = Plan::new(ladder(), vec![AccountPlan::new(terms, &tweets(1, DAY), START)]);
        let calls = launch(&mut plan, Trigger::Interval, far);
        calls.iter().for_each(|call| fail(&mut plan, call, &failure, far));
        let mut now = START;
        while launch(&mut plan, Trigger::Interval, now).is_empty() {
            now = now + Duration::from_secs(1);
            assert!(now < START + 2 * MINUTE, "{failure:?} holds on");
        }
    }
}

#[test]
fn absurd_resets_and_missing_headers_cause_neither_a_storm_nor_an_endless_pause() {
    let window = |limit, remaining, reset| RateLimit { window: RateWindow::FifteenMinutes, limit, remaining, reset };
    for limit in [
        window(None, None, None),
        window(Some(0), Some(0), Some(Timestamp::from_seconds(0))),
        window(Some(300), Some(0), Some(START - DAY)),
        window(Some(300), Some(0), Some(Timestamp::MAX)),
        window(Some(u64::MAX), Some(u64::MAX), Some(START)),
        window(Some(1), Some(5), None),
    ] {
        let mut plan = plan(terms(), &tweets(1, DAY));
        let (mut now, mut calls) = (START, 0);
        while now < START + 60 * MINUTE {
            for call in launch(&mut plan, Trigger::Interval, now) {
                calls += 1;
                let tweets = asked(&call).1.iter().map(|id| (*id, TweetReading::default())).collect();
                let reading = Reading { tweets, returned: asked(&call).1.to_vec(), ..Reading::default() };
                plan.finish(&call, &[limit], Outcome::Read(&reading), now);
            }
            now = now + Duration::from_secs(1);
        }
        assert!((3..=60).contains(&calls), "{limit:?}: {calls} calls in an hour");
    }
}

/// The same account in another run, with what the one before had on disk.
fn restarted(plan: &mut Plan, terms: AccountTerms, ids: &[crate::model::TweetId], now: Timestamp) -> Plan {
    let account = &plan.accounts()[0];
    let text = serde_json::to_string(&(account.memory(), account.tweet_memories(), account.paid())).expect("JSON");
    let (memory, known, paid) = serde_json::from_str(&text).expect("what was written");
    let mut next = AccountPlan::new(terms, ids, now);
    next.recall(memory, known, paid, now);
    Plan::new(ladder(), vec![next])
}

#[test]
fn a_restart_makes_the_next_try_after_a_refused_payment_neither_sooner_nor_later() {
    let quarter = 15 * MINUTE;
    for (until, may_count, counted, read) in
        [(None, true, Some(quarter), quarter), (None, false, None, 4 * quarter), (Some(START + 2 * DAY), false, None, 2 * DAY)]
    {
        let ids = tweets(3, DAY);
        let mut terms = terms();
        // Only an app may ask what X has counted.
        terms.credentials.retain(|kind| may_count || kind.is_user());
        let mut plan = plan(terms.clone(), &ids);
        let calls = launch(&mut plan, Trigger::Interval, START);
        fail(&mut plan, &calls[0], &Failure::PaymentRefused { until }, START);
        let (mut now, mut usage) = (START, None);
        let bought = loop {
            // A crash loop: each run lives for half a minute.
            now = now + MINUTE / 2;
            plan = restarted(&mut plan, terms.clone(), &ids, now);
            assert_eq!(states(&plan, now), [TweetState::OverBudget; 3], "{until:?} {may_count}");
            let calls = plan.launch(Trigger::Interval, now);
            let (counts, reads): (Vec<_>, Vec<_>) = calls.iter().partition(|call| call.errand == Errand::Usage);
            for call in counts {
                usage.get_or_insert(now.since(START));
                plan.finish(call, &[], Outcome::Counted(&ProjectUsage::default()), now);
            }
            if !reads.is_empty() {
                assert_eq!(reads.len(), 1, "one is tried");
                break now.since(START);
            }
            assert!(now < START + 3 * DAY, "never tried");
        };
        assert_eq!(usage, counted, "{until:?}");
        assert!((read..=read + MINUTE).contains(&bought), "{until:?} {may_count}: {bought:?}");
    }
}

#[test]
fn lost_books_are_lost_after_another_restart_too() {
    let mut account = AccountPlan::new(with_budget(0.05), &tweets(20, DAY), START);
    account.lose_books();
    let memory = account.memory();
    let mut next = AccountPlan::new(with_budget(0.05), &tweets(20, DAY), START);
    next.recall(memory, Vec::new(), (START.utc_day(), Vec::new()), START);
    let calls = Plan::new(ladder(), vec![next]).launch(Trigger::Interval, START);
    assert_eq!(calls.iter().map(|call| call.errand.clone()).collect::<Vec<_>>(), [Errand::Usage], "nothing is bought before");
}

#[test]
fn a_pulse_that_cannot_be_read_costs_itself_only() {
    let tweets = tweets(1, DAY);
    let mut plan = plan(terms(), &tweets);
    let calls = launch(&mut plan, Trigger::Interval, START);
    give(&mut plan, &calls[0], START);
    let memory = plan.accounts()[0].tweet_memory(tweets[0]).expect("watched");
    let mut json = serde_json::to_value(memory).expect("JSON");
    json["pulse"] = serde_json::json!({"of": "another version"});
    let memory: crate::schedule::TweetMemory = serde_json::from_value(json).expect("the rest is read");
    let mut next = AccountPlan::new(terms(), &tweets, START);
    next.recall(next.memory(), vec![(tweets[0], memory)], (START.utc_day(), Vec::new()), START);
    assert_eq!(launch(&mut Plan::new(ladder(), vec![next]), Trigger::Interval, START), [], "it is known to be read");
}
