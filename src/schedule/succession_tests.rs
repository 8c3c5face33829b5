//! What a plan takes over from the one before it: money, turns, and the next page.

use std::time::Duration;

use crate::config::{Budget, Charge, Groups, Prices, Tier};
use crate::model::{Api, Billed, CredentialKind, Failure, PriceClass, Timestamp, TweetId};
use crate::schedule::{AccountPlan, AccountTerms, Call, Ladder, LedgerTerms, Outcome, SourceTerms, Trigger};

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

fn terms(usd_per_day: f64, groups: Groups) -> AccountTerms {
    let prices = Prices { tweet: 0.005, owned_tweet: 0.001, user: 0.01, analytics: 0.005 };
    let budget = Budget { usd_per_day: Some(usd_per_day), ..Budget::default() };
    AccountTerms {
        credentials: vec![CredentialKind::Bearer],
        derived_bearer: false,
        sources: vec![SourceTerms { name: "lookup".into(), api: Api::Lookup, groups, every: None }],
        discovery: None,
        username: None,
        ledger: LedgerTerms { charge: Charge::UtcDay, prices, budget },
        patience: 0.5,
        shards: 1,
        elsewhere: Default::default(),
        speaker: 0,
        longest_call: Duration::from_secs(10),
        seed: 1,
    }
}

fn public() -> Groups {
    Groups { public: true, ..Groups::NONE }
}

/// Tweets of the last hour.
fn tweets(count: u64) -> Vec<TweetId> {
    let first = ((NOW.millis() as u64 - 1_800_000) - 1_288_834_974_657) << 22;
    (first..first + count).map(|id| TweetId::new(id).expect("an id")).collect()
}

fn ladder() -> Ladder {
    let hour = Duration::from_secs(3_600);
    Ladder::new(vec![Tier { younger_than: 24 * hour, every: hour }])
}

fn reads(plan: &mut AccountPlan, now: Timestamp) -> Vec<Call> {
    let mut calls = plan.launch(0, &ladder(), Trigger::Interval, now);
    calls.retain(|call| call.errand.api() == Api::Lookup);
    calls
}

/// The plan after a reload to these terms.
fn reloaded(old: &AccountPlan, terms: AccountTerms, tweets: &[TweetId]) -> AccountPlan {
    let mut plan = AccountPlan::new(terms, tweets, NOW);
    plan.succeed(old, true, NOW);
    plan
}

#[test]
fn what_a_call_that_was_given_up_may_have_cost_is_spent() {
    let tweets = tweets(30);
    let mut plan = AccountPlan::new(terms(0.1, public()), &tweets[..20], NOW);
    assert_eq!(reads(&mut plan, NOW).len(), 1, "the whole budget is under way");
    for usd_per_day in [0.1, 0.05, 0.1] {
        plan = reloaded(&plan, terms(usd_per_day, public()), &tweets);
        assert_eq!(plan.ledger.affordable(PriceClass::Tweet), 0);
    }
    let again = reads(&mut plan, NOW);
    assert_eq!(again.iter().map(|call| call.worst).collect::<Vec<_>>(), [Some((PriceClass::Tweet, 0))], "only what is paid");
    let mut richer = reloaded(&plan, terms(0.15, public()), &tweets);
    assert_eq!(richer.ledger.affordable(PriceClass::Tweet), 10);
    assert_eq!(reads(&mut richer, NOW).iter().filter_map(|call| call.worst).map(|(_, count)| count).sum::<u64>(), 10);
}

#[test]
fn faults_pause_across_a_reload_and_refusals_do_not() {
    for (failure, calls) in [(Failure::Transient { retry_after: None }, 0), (Failure::CredentialRefused, 1), (Failure::Closed, 1)]
    {
        let mut plan = AccountPlan::new(terms(1.0, public()), &tweets(3), NOW);
        let call = reads(&mut plan, NOW).remove(0);
        plan.finish(&call, &ladder(), &[], Outcome::Failed { failure: &failure, billed: Billed::No }, NOW);
        let mut plan = reloaded(&plan, terms(1.0, public()), &tweets(3));
        assert_eq!(reads(&mut plan, NOW).len(), calls, "{failure:?}");
    }
}

#[test]
fn a_tweet_that_was_read_keeps_its_turn_unless_something_else_is_asked() {
    let mut plan = AccountPlan::new(terms(1.0, public()), &tweets(3), NOW);
    let call = reads(&mut plan, NOW).remove(0);
    let reading = crate::model::Reading {
        tweets: tweets(3).into_iter().map(|id| (id, crate::model::TweetReading::default())).collect(),
        returned: tweets(3),
        ..crate::model::Reading::default()
    };
    plan.finish(&call, &ladder(), &[], Outcome::Read(&reading), NOW);
    let mut same = reloaded(&plan, terms(1.0, public()), &tweets(4));
    let calls = reads(&mut same, NOW);
    assert_eq!(calls.iter().filter_map(|call| call.worst).collect::<Vec<_>>(), [(PriceClass::Tweet, 1)], "the new one alone");
    let mut other = reloaded(&plan, terms(1.0, Groups { organic: true, ..public() }), &tweets(3));
    let calls = reads(&mut other, NOW);
    assert_eq!(calls.iter().filter_map(|call| call.worst).collect::<Vec<_>>(), [(PriceClass::Tweet, 0)], "all, and free today");
}
