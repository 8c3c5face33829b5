//! Rules of the plan, told as stories: calls leave, answers come, time passes.

use std::time::Duration;

use crate::config::{Budget, Charge, Groups, Prices, Tier};
use crate::model::{
    Api, Ask, Billed, CredentialKind, Failure, ProjectUsage, RateLimit, RateWindow, Reading, Refusal, Timestamp, TweetId,
    TweetReading, TweetState,
};
use crate::schedule::{
    AccountPlan, AccountTerms, Call, Errand, Ladder, LedgerTerms, Outcome, Plan, SourceTerms, Trigger, TweetsAsk,
};

pub(super) const START: Timestamp = Timestamp::from_seconds(1_795_000_000);
pub(super) const MINUTE: Duration = Duration::from_secs(60);
pub(super) const DAY: Duration = Duration::from_secs(86_400);

pub(super) fn terms() -> AccountTerms {
    let groups = Groups { public: true, non_public: true, organic: true, promoted: false };
    let prices = Prices { tweet: 0.005, owned_tweet: 0.001, user: 0.01, analytics: 0.005 };
    AccountTerms {
        credentials: vec![CredentialKind::Bearer, CredentialKind::Oauth1],
        derived_bearer: false,
        sources: vec![SourceTerms { name: Api::Lookup.name().into(), api: Api::Lookup, groups, every: None }],
        discovery: None,
        username: "acme".parse().ok(),
        ledger: LedgerTerms { charge: Charge::UtcDay, prices, budget: Budget::default() },
        patience: 0.5,
        speaker: 0,
        longest_call: Duration::from_secs(10),
        seed: 0,
        shards: 1,
        elsewhere: Default::default(),
    }
}

/// Tweets that are this old at the start.
pub(super) fn tweets(count: u64, age: Duration) -> Vec<TweetId> {
    let millis = (START - age).millis() - 1_288_834_974_657;
    (0..count).map(|number| TweetId::new(((millis as u64) << 22) + number).expect("an id")).collect()
}

pub(super) fn plan(terms: AccountTerms, tweets: &[TweetId]) -> Plan {
    let ladder = Ladder::new(vec![Tier { younger_than: 40 * DAY, every: MINUTE }]);
    Plan::new(ladder, vec![AccountPlan::new(terms, tweets, START)])
}

pub(super) fn asked(call: &Call) -> (Ask, &[TweetId]) {
    match &call.errand {
        Errand::Read(TweetsAsk { ask, tweets, .. }) => (*ask, tweets),
        _ => panic!("no lookup: {call:?}"),
    }
}

/// The calls of a moment, but for those that ask X what it has counted.
pub(super) fn launch(plan: &mut Plan, trigger: Trigger, now: Timestamp) -> Vec<Call> {
    let (usage, calls): (Vec<Call>, Vec<Call>) =
        plan.launch(trigger, now).into_iter().partition(|call| call.errand == Errand::Usage);
    for call in &usage {
        plan.finish(call, &[], Outcome::Counted(&ProjectUsage::default()), now);
    }
    calls
}

/// X gives every tweet of the call.
pub(super) fn give(plan: &mut Plan, call: &Call, now: Timestamp) {
    let tweets = asked(call).1.iter().map(|id| (*id, TweetReading::default())).collect();
    let returned = asked(call).1.to_vec();
    plan.finish(call, &[], Outcome::Read(&Reading { tweets, returned, ..Reading::default() }), now);
}

pub(super) fn fail(plan: &mut Plan, call: &Call, failure: &Failure, now: Timestamp) {
    plan.finish(call, &[], Outcome::Failed { failure, billed: Billed::No }, now);
}

pub(super) fn states(plan: &Plan, now: Timestamp) -> Vec<TweetState> {
    plan.states(0, now).collect()
}

pub(super) fn with_budget(usd: f64) -> AccountTerms {
    let mut terms = terms();
    terms.ledger.budget.usd_per_day = Some(usd);
    terms
}

#[test]
fn what_the_budget_does_not_cover_waits_for_the_next_day() {
    let tweets = tweets(20, DAY);
    let mut plan = plan(with_budget(0.05), &tweets);
    let calls = launch(&mut plan, Trigger::Interval, START);
    assert_eq!(calls.iter().map(|call| asked(call).1.len()).sum::<usize>(), 10);
    assert_eq!(launch(&mut plan, Trigger::Interval, START), [], "what is under way is counted in full");
    give(&mut plan, &calls[0], START);
    let held = |plan: &Plan, now| states(plan, now).iter().filter(|state| **state == TweetState::OverBudget).count();
    assert_eq!(held(&plan, START), 10);
    let soon = START + MINUTE;
    let again = launch(&mut plan, Trigger::Interval, soon);
    assert_eq!(again.len(), 1, "what is paid for today is read on");
    assert_eq!(asked(&again[0]).1, asked(&calls[0]).1);
    give(&mut plan, &again[0], soon);
    let tomorrow = START + DAY;
    let calls = launch(&mut plan, Trigger::Interval, tomorrow);
    assert_eq!(calls.iter().map(|call| asked(call).1.len()).sum::<usize>(), 10);
}

#[test]
fn a_budget_smaller_than_a_tweet_buys_none() {
    let mut plan = plan(with_budget(0.0049), &tweets(3, DAY));
    assert_eq!(launch(&mut plan, Trigger::Interval, START), []);
    assert_eq!(states(&plan, START), [TweetState::OverBudget; 3]);
    assert!(plan.accounts()[0].is_ready(&states(&plan, START)), "that is a final refusal");
}

#[test]
fn a_tweet_is_asked_for_in_public_once_x_refused_its_private_fields() {
    let tweets = tweets(2, DAY);
    let mut plan = plan(terms(), &tweets);
    let calls = launch(&mut plan, Trigger::Interval, START);
    assert_eq!(asked(&calls[0]), (Ask::Private, &tweets[..]));
    let reading =
        Reading { tweets: vec![(tweets[0], TweetReading::default())], field_refused: vec![tweets[1]], ..Reading::default() };
    plan.finish(&calls[0], &[], Outcome::Read(&reading), START);
    let calls = launch(&mut plan, Trigger::Continue, START);
    assert_eq!(calls.len(), 1);
    assert_eq!((asked(&calls[0]), calls[0].credential), ((Ask::Public, &tweets[1..]), CredentialKind::Bearer));
    give(&mut plan, &calls[0], START);
    assert_eq!(launch(&mut plan, Trigger::Continue, START), []);
    let next = launch(&mut plan, Trigger::Interval, START + MINUTE);
    let asks: Vec<_> = next.iter().map(asked).collect();
    assert_eq!(asks, [(Ask::Private, &tweets[..1]), (Ask::Public, &tweets[1..])]);
}

#[test]
fn private_numbers_are_no_longer_asked_for_at_29_days() {
    let tweets = tweets(1, 29 * DAY - MINUTE);
    let mut plan = plan(terms(), &tweets);
    let calls = launch(&mut plan, Trigger::Interval, START);
    assert_eq!(asked(&calls[0]).0, Ask::Private);
    give(&mut plan, &calls[0], START);
    let mut now = START;
    let calls = loop {
        now = now + Duration::from_secs(1);
        let calls = launch(&mut plan, Trigger::Interval, now);
        if !calls.is_empty() {
            break calls;
        }
        assert!(now < START + 2 * MINUTE, "it is read on in the other lane");
    };
    assert_eq!(asked(&calls[0]).0, Ask::Public);
}

#[test]
fn an_id_that_x_will_not_name_is_found_by_halving() {
    let tweets = tweets(100, 35 * DAY);
    let guilty = tweets[77];
    let mut plan = plan(terms(), &tweets);
    let mut requests = 0;
    loop {
        let calls = launch(&mut plan, Trigger::Continue, START);
        let [call] = calls.as_slice() else { break };
        requests += 1;
        if asked(call).1.contains(&guilty) {
            fail(&mut plan, call, &Failure::Invalid { culprits: vec![] }, START);
        } else {
            give(&mut plan, call, START);
        }
    }
    // The batch itself, ceil(log2 100) probes, and one request for those that the probes cleared.
    assert!(requests <= 1 + 7 + 1, "{requests} requests");
    let states = states(&plan, START);
    assert_eq!(states.iter().filter(|state| **state == TweetState::Ok).count(), 99);
    assert_eq!(states[77], TweetState::Unavailable);
    assert_eq!(launch(&mut plan, Trigger::Interval, START + MINUTE).len(), 1, "the search is not repeated");
}

#[test]
fn a_request_that_x_dislikes_whatever_is_in_it_causes_no_storm() {
    let tweets = tweets(100, DAY);
    let mut plan = plan(terms(), &tweets);
    let mut requests = 0;
    for _ in 0..200 {
        for call in launch(&mut plan, Trigger::Continue, START) {
            requests += 1;
            fail(&mut plan, &call, &Failure::Invalid { culprits: vec![] }, START);
        }
    }
    assert!(requests <= 50, "{requests} requests, for two credentials");
    assert_eq!(states(&plan, START), [TweetState::Error; 100], "nobody is condemned");
}

#[test]
fn a_refused_user_credential_leaves_the_public_numbers_and_is_tried_again() {
    let tweets = tweets(1, DAY);
    let mut plan = plan(terms(), &tweets);
    let calls = launch(&mut plan, Trigger::Interval, START);
    fail(&mut plan, &calls[0], &Failure::CredentialRefused, START);
    let calls = launch(&mut plan, Trigger::Continue, START);
    assert_eq!((asked(&calls[0]).0, calls[0].credential), (Ask::Public, CredentialKind::Bearer));
    give(&mut plan, &calls[0], START);
    assert_eq!(states(&plan, START), [TweetState::Ok]);
    let later = START + 16 * MINUTE;
    let calls = launch(&mut plan, Trigger::Interval, later);
    assert_eq!(asked(&calls[0]).0, Ask::Private);
}

#[test]
fn a_changed_watch_list_may_meet_calls_under_way() {
    let tweets = tweets(3, DAY);
    let mut plan = plan(terms(), &tweets);
    let calls = launch(&mut plan, Trigger::Interval, START);
    plan.watch(0, &tweets[1..2], Default::default(), START);
    give(&mut plan, &calls[0], START);
    assert_eq!(states(&plan, START), [TweetState::Ok]);
    plan.watch(0, &tweets, Default::default(), START);
    let calls = launch(&mut plan, Trigger::Continue, START);
    assert_eq!(asked(&calls[0]).1, [tweets[0], tweets[2]], "the known one keeps its turn");
    fail(&mut plan, &calls[0], &Failure::Invalid { culprits: vec![] }, START);
    let probe = launch(&mut plan, Trigger::Continue, START);
    plan.watch(0, &tweets[..2], Default::default(), START);
    give(&mut plan, &probe[0], START);
    assert_eq!(states(&plan, START), [TweetState::Ok, TweetState::Ok]);
}

#[test]
fn a_retired_tweet_waits_for_no_read() {
    let mut tweets = tweets(1, DAY);
    tweets.push(TweetId::new(20).expect("an id"));
    let mut plan = plan(terms(), &tweets);
    let calls = launch(&mut plan, Trigger::Interval, START);
    give(&mut plan, &calls[0], START);
    assert_eq!(states(&plan, START), [TweetState::Ok, TweetState::Retired]);
    assert_eq!(plan.oldest_due(0, START + DAY), None);
}

#[test]
fn every_tweet_that_no_credential_can_read_is_in_trouble() {
    let mut terms = terms();
    terms.credentials = vec![CredentialKind::Bearer];
    let mut plan = plan(terms, &tweets(250, DAY));
    let calls = launch(&mut plan, Trigger::Interval, START);
    calls.iter().for_each(|call| fail(&mut plan, call, &Failure::CredentialRefused, START));
    assert_eq!(launch(&mut plan, Trigger::Continue, START), []);
    assert!(states(&plan, START).iter().all(|state| *state == TweetState::Error));
    assert!(plan.accounts()[0].is_ready(&states(&plan, START)));
}

#[test]
fn a_refused_payment_stops_the_account_until_it_can_succeed() {
    let tweets = tweets(101, DAY);
    let mut plan = plan(terms(), &tweets);
    let calls = launch(&mut plan, Trigger::Interval, START);
    assert_eq!(calls.len(), 2);
    let until = START + DAY;
    calls.iter().for_each(|call| fail(&mut plan, call, &Failure::PaymentRefused { until: Some(until) }, START));
    assert!(states(&plan, START).iter().all(|state| *state == TweetState::OverBudget));
    assert_eq!(launch(&mut plan, Trigger::Interval, until - MINUTE), []);
    assert_eq!(launch(&mut plan, Trigger::Interval, until).len(), 1, "one call finds out");
}

#[test]
fn a_tweet_that_is_gone_is_asked_for_once_an_hour() {
    let tweets = tweets(2, DAY);
    let mut plan = plan(terms(), &tweets);
    let calls = launch(&mut plan, Trigger::Interval, START);
    let reading = Reading {
        tweets: vec![(tweets[0], TweetReading::default())],
        refused: vec![(tweets[1], Refusal::NotFound)],
        ..Reading::default()
    };
    plan.finish(&calls[0], &[], Outcome::Read(&reading), START);
    let mut asked_for = Vec::new();
    for second in 1..=7_300 {
        let now = START + Duration::from_secs(second);
        for call in launch(&mut plan, Trigger::Interval, now) {
            if asked(&call).1.contains(&tweets[1]) {
                asked_for.push(second);
                let refused = vec![(tweets[1], Refusal::NotFound)];
                plan.finish(&call, &[], Outcome::Read(&Reading { refused, ..Reading::default() }), now);
            } else {
                give(&mut plan, &call, now);
            }
        }
    }
    assert_eq!(asked_for.len(), 2, "{asked_for:?}");
}

#[test]
fn nobody_starves_where_x_allows_one_request_in_a_quarter_of_an_hour() {
    let tweets = tweets(500, DAY);
    let mut terms = terms();
    terms.credentials = vec![CredentialKind::Oauth1];
    let mut plan = plan(terms, &tweets);
    let mut read = std::collections::BTreeSet::new();
    for quarter in 0..6 {
        let now = START + 16 * quarter * MINUTE;
        let reset = Some(now + 15 * MINUTE);
        let window = RateLimit { window: RateWindow::FifteenMinutes, limit: Some(1), remaining: Some(0), reset };
        for call in launch(&mut plan, Trigger::Interval, now) {
            let ids = asked(&call).1.to_vec();
            if quarter == 0 && !read.is_empty() {
                // Before the first answer nobody knows of the window: the others come back with 429.
                plan.finish(
                    &call,
                    &[window],
                    Outcome::Failed { failure: &Failure::RateLimited { until: reset }, billed: Billed::No },
                    now,
                );
                continue;
            }
            let tweets = ids.iter().map(|id| (*id, TweetReading::default())).collect();
            plan.finish(&call, &[window], Outcome::Read(&Reading { tweets, ..Reading::default() }), now);
            read.extend(ids);
        }
    }
    assert_eq!(read.len(), 500);
}

#[test]
fn a_batch_that_always_fails_holds_no_other() {
    let tweets = tweets(101, 35 * DAY);
    let mut plan = plan(terms(), &tweets);
    let mut now = START;
    let failure = Failure::Transient { retry_after: None };
    for _ in 0..4 {
        for call in launch(&mut plan, Trigger::Interval, now) {
            if asked(&call).1.contains(&tweets[0]) {
                fail(&mut plan, &call, &failure, now);
            } else {
                give(&mut plan, &call, now);
            }
        }
        now = now + MINUTE;
    }
    assert_eq!(states(&plan, START)[100], TweetState::Ok);
}

#[test]
fn refused_promotion_says_nothing_about_the_rest() {
    let mut terms = terms();
    terms.sources[0].groups = Groups { public: true, non_public: true, organic: true, promoted: true };
    let tweets = tweets(1, DAY);
    let mut plan = plan(terms, &tweets);
    for call in launch(&mut plan, Trigger::Interval, START) {
        match asked(&call).0 {
            Ask::Promoted => {
                let reading = Reading { field_refused: tweets.clone(), ..Reading::default() };
                plan.finish(&call, &[], Outcome::Read(&reading), START);
            }
            _ => give(&mut plan, &call, START),
        }
    }
    let calls = launch(&mut plan, Trigger::Interval, START + MINUTE);
    assert_eq!(calls.iter().map(|call| asked(call).0).collect::<Vec<_>>(), [Ask::Private], "promoted is not asked for again");
}

#[test]
fn a_200_that_cannot_be_read_is_paid_for() {
    let mut terms = with_budget(0.05);
    terms.ledger.charge = Charge::EveryRead;
    let mut plan = plan(terms, &tweets(10, DAY));
    let calls = launch(&mut plan, Trigger::Interval, START);
    let failure = Failure::Transient { retry_after: None };
    let bill = plan.finish(&calls[0], &[], Outcome::Failed { failure: &failure, billed: Billed::Yes }, START).expect("a bill");
    assert_eq!((bill.charged, bill.usd), (10, 0.05));
    assert_eq!(launch(&mut plan, Trigger::Interval, START + MINUTE), [], "the budget is gone");
}

#[test]
fn a_request_about_the_user_that_x_dislikes_is_not_repeated_at_once() {
    let mut terms = terms();
    terms.username = None;
    let mut plan = plan(terms, &tweets(1, DAY));
    let calls = launch(&mut plan, Trigger::Interval, START);
    assert_eq!(calls[0].errand, Errand::WhoAmI);
    give(&mut plan, &calls[1], START);
    fail(&mut plan, &calls[0], &Failure::Invalid { culprits: vec![] }, START);
    assert_eq!(launch(&mut plan, Trigger::Interval, START + MINUTE / 2), []);
}

#[test]
fn money_that_does_not_suffice_goes_to_the_young() {
    let (young, old) = (tweets(3, Duration::from_secs(600)), tweets(30, 5 * DAY));
    let all: Vec<TweetId> = old.iter().chain(&young).copied().collect();
    let ladder = Ladder::new(vec![
        Tier { younger_than: DAY, every: 10 * MINUTE },
        Tier { younger_than: 40 * DAY, every: Duration::from_secs(3_600) },
    ]);
    let mut plan = Plan::new(ladder, vec![AccountPlan::new(with_budget(0.05), &all, START)]);
    let calls = launch(&mut plan, Trigger::Interval, START);
    let bought: Vec<TweetId> = calls.iter().flat_map(|call| asked(call).1.to_vec()).collect();
    assert_eq!(bought.len(), 10);
    assert!(young.iter().all(|id| bought.contains(id)), "the young ones are among them");
    calls.iter().for_each(|call| give(&mut plan, call, START));
    assert_eq!(states(&plan, START).iter().filter(|state| **state == TweetState::OverBudget).count(), 23);
}

#[test]
fn money_is_kept_for_young_tweets_that_are_not_due_yet() {
    let (young, old) = (tweets(8, Duration::from_secs(600)), tweets(30, 5 * DAY));
    let ladder = || {
        Ladder::new(vec![
            Tier { younger_than: DAY, every: Duration::from_secs(3_600) },
            Tier { younger_than: 40 * DAY, every: Duration::from_secs(7_200) },
        ])
    };
    let midnight = Timestamp::from_seconds((START.utc_day() + 1) * 86_400);
    let mut plan = Plan::new(ladder(), vec![AccountPlan::new(with_budget(0.05), &young, START)]);
    // The young ones were read shortly before midnight; then old ones join, due at once.
    let before = midnight - MINUTE;
    for call in launch(&mut plan, Trigger::Interval, before) {
        give(&mut plan, &call, before);
    }
    let all: Vec<TweetId> = young.iter().chain(&old).copied().collect();
    plan.watch(0, &all, Default::default(), midnight);
    let calls = launch(&mut plan, Trigger::Interval, midnight + Duration::from_secs(2));
    let bought: usize = calls.iter().map(|call| asked(call).1.len()).sum();
    assert_eq!(bought, 2, "eight of the day's ten stay for those that will be due within the hour");
}

#[test]
fn a_refused_payment_is_tried_again_when_the_free_call_says_nothing_against_it() {
    let mut plan = plan(terms(), &tweets(1, DAY));
    let calls = launch(&mut plan, Trigger::Interval, START);
    fail(&mut plan, &calls[0], &Failure::PaymentRefused { until: None }, START);
    let later = START + 14 * MINUTE;
    assert_eq!(plan.launch(Trigger::Interval, later), []);
    let later = START + 15 * MINUTE;
    let usage = plan.launch(Trigger::Interval, later);
    assert_eq!(usage.iter().map(|call| call.errand.clone()).collect::<Vec<_>>(), [Errand::Usage]);
    let capped = ProjectUsage { used: Some(100), cap: Some(100), ..ProjectUsage::default() };
    plan.finish(&usage[0], &[], Outcome::Counted(&capped), later);
    assert_eq!(plan.launch(Trigger::Interval, later), [], "the cap still stands");
    let later = later + 15 * MINUTE;
    let usage = plan.launch(Trigger::Interval, later);
    let open = ProjectUsage { used: Some(5), cap: Some(100), ..ProjectUsage::default() };
    plan.finish(&usage[0], &[], Outcome::Counted(&open), later);
    assert_eq!(plan.launch(Trigger::Interval, later).len(), 1, "one read finds out");
}
