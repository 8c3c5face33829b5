//! What the plan shows of itself is what it does.

use std::time::Duration;

use crate::model::{Api, CredentialKind, Failure, ProjectUsage, RateLimit, RateWindow, Timestamp};
use crate::schedule::plan_tests::{DAY, MINUTE, START, fail, give, launch, plan, terms, tweets, with_budget};
use crate::schedule::{Errand, NextRead, Outcome, PauseCause, Trigger};

#[test]
fn a_tweets_next_read_is_told_as_it_comes() {
    let ids = tweets(1, MINUTE);
    let mut plan = plan(terms(), &ids);
    assert_eq!(plan.next_read(0, ids[0], START), NextRead::Due(START));
    let calls = launch(&mut plan, Trigger::Interval, START);
    assert_eq!(plan.next_read(0, ids[0], START), NextRead::UnderWay);
    give(&mut plan, &calls[0], START);
    assert_eq!(plan.next_read(0, ids[0], START), NextRead::At(START + MINUTE));
    let late = START + 50 * DAY;
    assert_eq!(plan.next_read(0, ids[0], late), NextRead::Never, "older than every tier");
}

#[test]
fn what_waits_for_money_says_so() {
    let ids = tweets(3, MINUTE);
    let mut plan = plan(with_budget(0.005), &ids);
    let calls = launch(&mut plan, Trigger::Interval, START);
    calls.iter().for_each(|call| give(&mut plan, call, START));
    launch(&mut plan, Trigger::Interval, START + Duration::from_secs(1));
    let held = ids.iter().filter(|id| plan.next_read(0, **id, START + Duration::from_secs(1)) == NextRead::Held).count();
    assert_eq!(held, 2);
    let money = plan.accounts()[0].view(START).money;
    assert_eq!((money.spent_today, money.spent_this_month, money.tweets_this_month), (0.005, 0.005, 1));
    assert_eq!((money.day_ends.millis() % 86_400_000, money.month_ends.utc_month()), (0, START.utc_month() + 1));
    let tomorrow = plan.accounts()[0].view(START + DAY).money;
    assert_eq!((tomorrow.spent_today, tomorrow.spent_this_month), (0.0, 0.005));
}

#[test]
fn pauses_are_shown_while_they_last() {
    let ids = tweets(1, MINUTE);
    let mut plan = plan(terms(), &ids);
    let calls = launch(&mut plan, Trigger::Interval, START);
    let until = START + Duration::from_secs(600);
    fail(&mut plan, &calls[0], &Failure::RateLimited { until: Some(until) }, START);
    let pauses = |at: Timestamp| plan.accounts()[0].view(at).pauses;
    let shown = pauses(START);
    assert_eq!((shown.len(), shown[0].cause, shown[0].api), (1, PauseCause::RateLimited, Some(Api::Lookup)));
    assert!(pauses(until + MINUTE).is_empty());
}

#[test]
fn after_a_refused_payment_the_next_try_is_told_as_it_comes() {
    let quarter = 15 * MINUTE;
    for (until, usage, expected) in [
        (None, true, START + quarter),
        (None, false, START + 4 * quarter),
        (Some(START + 3 * DAY), true, START + 3 * DAY),
        (Some(START + 3 * DAY), false, START + 3 * DAY),
    ] {
        let ids = tweets(2, MINUTE);
        let mut terms = terms();
        if !usage {
            // Only an app may ask what X has counted.
            terms.credentials = vec![CredentialKind::Oauth1];
        }
        let mut plan = plan(terms, &ids);
        let calls = launch(&mut plan, Trigger::Interval, START);
        fail(&mut plan, &calls[0], &Failure::PaymentRefused { until }, START);
        launch(&mut plan, Trigger::Interval, START);
        let view = plan.accounts()[0].view(START);
        assert_eq!((view.pauses.len(), view.pauses[0].until, view.opens), (1, expected, expected), "{until:?} {usage}");
        let step = if until.is_some() { 10 * MINUTE } else { Duration::from_secs(5) };
        let mut now = START;
        let tried = loop {
            now = now + step;
            for call in plan.launch(Trigger::Interval, now) {
                match call.errand {
                    Errand::Usage => drop(plan.finish(&call, &[], Outcome::Counted(&ProjectUsage::default()), now)),
                    _ => fail(&mut plan, &call, &Failure::PaymentRefused { until: None }, now),
                }
            }
            let view = plan.accounts()[0].view(now);
            if view.pauses[0].until != expected && view.pauses[0].until != now {
                break now;
            }
            assert!(now < START + 4 * DAY, "never tried");
        };
        assert!(tried.since(expected) <= 2 * step && tried >= expected, "{tried} for {expected}");
    }
}

#[test]
fn a_read_that_falls_due_while_x_wants_money_is_told_for_after_that() {
    let ids = tweets(2, MINUTE);
    let mut plan = plan(terms(), &ids);
    let calls = launch(&mut plan, Trigger::Interval, START);
    give(&mut plan, &calls[0], START);
    let until = START + 5 * MINUTE;
    let window = Failure::RateLimited { until: Some(until) };
    let calls = launch(&mut plan, Trigger::Interval, START + MINUTE);
    fail(&mut plan, &calls[0], &window, START + MINUTE);
    let now = START + MINUTE + Duration::from_secs(1);
    launch(&mut plan, Trigger::Interval, now);
    let opens = until + Duration::from_secs(1);
    assert_eq!(plan.next_read(0, ids[0], now), NextRead::At(opens));
    assert_eq!(plan.accounts()[0].view(now).opens, opens);
}

#[test]
fn windows_are_shown_as_x_told_of_them() {
    let ids = tweets(1, MINUTE);
    let mut plan = plan(terms(), &ids);
    let calls = launch(&mut plan, Trigger::Interval, START);
    let said =
        RateLimit { window: RateWindow::FifteenMinutes, limit: Some(900), remaining: Some(7), reset: Some(START + MINUTE) };
    plan.finish(&calls[0], &[said], Outcome::Read(&Default::default()), START);
    let view = plan.accounts()[0].view(START);
    assert_eq!((view.windows.len(), view.windows[0].limit, view.windows[0].credential), (1, said, calls[0].credential));
    assert_eq!((view.credentials, view.apis), (vec![CredentialKind::Bearer, CredentialKind::Oauth1], vec![Api::Lookup]));
}
