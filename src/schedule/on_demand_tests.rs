//! Tweets on demand, more of them than are remembered: what is forgotten is never paid for twice.

use crate::config::Charge;
use crate::model::{Timestamp, TweetId};
use crate::schedule::on_demand::MOST;
use crate::schedule::plan_tests::{DAY, MINUTE, START, asked, give, launch, plan, terms, tweets};
use crate::schedule::{Plan, Trigger};

const NO_AGE: std::time::Duration = std::time::Duration::ZERO;

/// A plan that was asked for these tweets and has read them.
fn full(charge: Charge, ids: &[TweetId]) -> Plan {
    let mut terms = terms();
    terms.ledger.charge = charge;
    let mut plan = plan(terms, &[]);
    assert!(ids.iter().all(|id| plan.order(0, *id, NO_AGE, START)));
    let mut bought = 0;
    loop {
        let calls = launch(&mut plan, Trigger::Probe, START);
        if calls.is_empty() {
            break;
        }
        bought += calls.iter().map(|call| asked(call).1.len()).sum::<usize>();
        calls.iter().for_each(|call| give(&mut plan, call, START));
    }
    assert_eq!(bought, ids.len());
    ids.iter().for_each(|id| plan.forgo(0, *id));
    plan
}

/// Tweets that are bought when somebody asks for this one.
fn bought(plan: &mut Plan, id: TweetId, now: Timestamp) -> Vec<(TweetId, u64)> {
    let calls = launch(plan, Trigger::Probe, now);
    let of = |call: &crate::schedule::Call| {
        give(plan, call, now);
        (asked(call).1[0], call.worst.map_or(0, |(_, unpaid)| unpaid))
    };
    let bought = calls.iter().map(of).collect();
    plan.forgo(0, id);
    bought
}

#[test]
fn what_was_paid_today_is_forgotten_and_read_again_for_nothing() {
    let ids = tweets(MOST as u64 + 1, DAY);
    let mut plan = full(Charge::UtcDay, &ids[..MOST]);
    assert!(plan.order(0, ids[MOST], NO_AGE, START));
    assert_eq!(bought(&mut plan, ids[MOST], START), [(ids[MOST], 1)]);
    assert!(plan.order(0, ids[1], NO_AGE, START));
    assert_eq!(bought(&mut plan, ids[1], START), [], "this one is known still");
    assert!(plan.order(0, ids[0], NO_AGE, START));
    assert_eq!(bought(&mut plan, ids[0], START), [(ids[0], 0)], "forgotten, and free");
    assert_eq!(plan.accounts()[0].on_demand().count(), MOST);
}

#[test]
fn what_would_be_paid_again_is_not_forgotten_before_its_time() {
    let ids = tweets(MOST as u64 + 1, DAY);
    let mut plan = full(Charge::EveryRead, &ids[..MOST]);
    assert!(!plan.order(0, ids[MOST], NO_AGE, START + MINUTE / 2), "there is no room");
    assert!(launch(&mut plan, Trigger::Probe, START + MINUTE / 2).is_empty());
    assert!(plan.order(0, ids[0], NO_AGE, START + MINUTE / 2));
    assert_eq!(bought(&mut plan, ids[0], START + MINUTE / 2), [], "known, and young");
    assert!(plan.order(0, ids[MOST], NO_AGE, START + MINUTE), "others would have to be read again anyway");
    assert_eq!(bought(&mut plan, ids[MOST], START + MINUTE), [(ids[MOST], 1)]);
    assert_eq!(plan.accounts()[0].on_demand().count(), MOST);
}
