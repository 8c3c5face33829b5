//! Rules of the sources beside lookup and timeline, told as stories.

use std::time::Duration;

use crate::config::{Groups, Tier};
use crate::model::{
    Api, Ask, Billed, CredentialKind, Failure, ProjectUsage, Reading, Refusal, Timestamp, TweetId, TweetReading, TweetState,
};
use crate::schedule::plan_tests::{DAY, MINUTE, START, terms, tweets};
use crate::schedule::{AccountPlan, AccountTerms, Call, Errand, Ladder, Outcome, Plan, SourceTerms, Trigger, TweetsAsk};

const PUBLIC: Groups = Groups { public: true, non_public: false, organic: false, promoted: false };

/// An account with these sources that watches these tweets; everything is read once a minute.
fn plan(sources: &[Api], tweets: &[TweetId]) -> Plan {
    let every = |api: Api| (api != Api::Lookup).then_some(5 * MINUTE).filter(|_| api == Api::Analytics);
    let source = |api: &Api| {
        let groups = if *api == Api::Lookup { PUBLIC } else { Groups::NONE };
        SourceTerms { name: api.name().into(), api: *api, groups, every: every(*api) }
    };
    plan_of(sources.iter().map(source).collect(), tweets)
}

fn plan_of(sources: Vec<SourceTerms>, tweets: &[TweetId]) -> Plan {
    let terms = AccountTerms { sources, ..terms() };
    let ladder = Ladder::new(vec![Tier { younger_than: 3_000 * DAY, every: MINUTE }]);
    Plan::new(ladder, vec![AccountPlan::new(terms, tweets, START)])
}

/// The batches of a moment.
fn launch(plan: &mut Plan, now: Timestamp) -> Vec<(Call, TweetsAsk)> {
    let mut batches = Vec::new();
    for call in plan.launch(Trigger::Interval, now) {
        match call.errand.clone() {
            Errand::Read(asked) => batches.push((call, asked)),
            Errand::Usage => drop(plan.finish(&call, &[], Outcome::Counted(&ProjectUsage::default()), now)),
            other => panic!("not played here: {other:?}"),
        }
    }
    batches
}

fn give(plan: &mut Plan, call: &Call, asked: &TweetsAsk, now: Timestamp) {
    let tweets = asked.tweets.iter().map(|id| (*id, TweetReading::default())).collect();
    let reading = Reading { tweets, returned: asked.tweets.clone(), ..Reading::default() };
    plan.finish(call, &[], Outcome::Read(&reading), now);
}

fn fail(plan: &mut Plan, call: &Call, failure: &Failure, now: Timestamp) {
    plan.finish(call, &[], Outcome::Failed { failure, billed: Billed::No }, now);
}

fn states(plan: &Plan) -> Vec<TweetState> {
    plan.states(0, START).collect()
}

#[test]
fn every_system_gets_batches_of_its_own_size() {
    for (api, asks) in [
        (Api::Analytics, vec![(Ask::Private, 100), (Ask::Private, 100), (Ask::Private, 100)]),
        (Api::Insights28hr, vec![(Ask::Private, 25); 12]),
        (Api::EngagementHistorical, vec![(Ask::Private, 25); 12]),
        (Api::LabsPrivate, vec![(Ask::Private, 50); 6]),
        (Api::EngagementTotals, vec![(Ask::Public, 250), (Ask::Public, 50), (Ask::Private, 250), (Ask::Private, 50)]),
    ] {
        let mut plan = plan(&[api], &tweets(300, DAY));
        let mut seen = Vec::new();
        loop {
            let batches = launch(&mut plan, START);
            if batches.is_empty() {
                break;
            }
            for (call, asked) in batches {
                let kind = if asked.ask == Ask::Public { CredentialKind::Bearer } else { CredentialKind::Oauth1 };
                assert_eq!(call.credential, kind, "{api:?}");
                seen.push((asked.ask, asked.tweets.len()));
                give(&mut plan, &call, &asked, START);
            }
        }
        seen.sort_by_key(|(ask, count)| (*ask, std::cmp::Reverse(*count)));
        assert_eq!(seen, asks, "{api:?}");
    }
}

#[test]
fn a_source_with_a_pace_of_its_own_keeps_it() {
    let mut plan = plan(&[Api::Lookup, Api::Analytics], &tweets(3, DAY));
    let mut read = Vec::new();
    for second in 0..=600 {
        let now = START + Duration::from_secs(second);
        for (call, asked) in launch(&mut plan, now) {
            read.push((asked.api, second));
            give(&mut plan, &call, &asked, now);
        }
    }
    let count = |api| read.iter().filter(|(of, _)| *of == api).count();
    assert_eq!((count(Api::Lookup), count(Api::Analytics)), (11, 3), "{read:?}");
}

#[test]
fn a_source_that_fails_delays_no_other() {
    let mut plan = plan(&[Api::Lookup, Api::Analytics, Api::EngagementTotals], &tweets(3, DAY));
    for minute in 0..5 {
        let now = START + minute * MINUTE;
        let batches = launch(&mut plan, now);
        assert!(batches.iter().any(|(_, asked)| asked.api == Api::Lookup), "minute {minute}");
        for (call, asked) in batches {
            match asked.api {
                Api::Lookup => give(&mut plan, &call, &asked, now),
                Api::Analytics => fail(&mut plan, &call, &Failure::Transient { retry_after: None }, now),
                _ => fail(&mut plan, &call, &Failure::CredentialRefused, now),
            }
        }
    }
    assert_eq!(states(&plan), [TweetState::Ok; 3], "the lookup has its numbers, and the other host's refusal is its own");
}

#[test]
fn a_closed_system_is_not_asked_again() {
    let mut plan = plan(&[Api::Analytics], &tweets(250, DAY));
    let mut requests = 0;
    for hour in 0..48 {
        let now = START + hour * 60 * MINUTE;
        for (call, _) in launch(&mut plan, now) {
            requests += 1;
            fail(&mut plan, &call, &Failure::Closed, now);
        }
    }
    assert!(requests <= 3, "{requests} requests, all sent before the first answer");
    assert!(states(&plan).iter().all(|state| *state == TweetState::Unavailable));
    assert!(plan.accounts()[0].is_ready(&states(&plan)));
}

#[test]
fn a_system_that_forbids_everything_without_a_reason_is_closed_after_one_search() {
    let all = tweets(25, DAY);
    let mut plan = plan(&[Api::Insights28hr], &all);
    let mut requests = 0;
    for minute in 0..120 {
        for (call, _) in launch(&mut plan, START + minute * MINUTE) {
            requests += 1;
            fail(&mut plan, &call, &Failure::Doubtful, START + minute * MINUTE);
        }
    }
    assert!(requests <= 20, "{requests} requests");
    assert!(states(&plan).iter().all(|state| *state == TweetState::Unavailable));
}

#[test]
fn a_system_that_disliked_whatever_was_asked_is_tried_again_with_one_tweet() {
    let all = tweets(25, DAY);
    let mut plan = plan(&[Api::Insights28hr], &all);
    let mut now = START;
    loop {
        let calls = launch(&mut plan, now);
        let [(call, _)] = calls.as_slice() else { break };
        fail(&mut plan, call, &Failure::Invalid { culprits: vec![] }, now);
    }
    now = now + 15 * MINUTE;
    let again = launch(&mut plan, now);
    assert_eq!(again.iter().map(|(_, asked)| asked.tweets.len()).collect::<Vec<_>>(), [1]);
    give(&mut plan, &again[0].0, &again[0].1, now);
    let rest = launch(&mut plan, now);
    assert_eq!(rest.iter().map(|(_, asked)| asked.tweets.len()).collect::<Vec<_>>(), [24]);
}

#[test]
fn tweets_of_others_cost_one_resend_and_are_known_to_every_system_from_then_on() {
    let all = tweets(20, DAY);
    let foreign = [all[3], all[11]];
    let mut plan = plan(&[Api::Engagement28hr, Api::EngagementHistorical], &all);
    let first = launch(&mut plan, START);
    assert_eq!(first.len(), 2);
    let culprits = foreign.iter().map(|id| (*id, Refusal::NotAuthorized)).collect();
    fail(&mut plan, &first[0].0, &Failure::Invalid { culprits }, START);
    let culprits = foreign.iter().map(|id| (*id, Refusal::NotAuthorized)).collect();
    fail(&mut plan, &first[1].0, &Failure::Invalid { culprits }, START);
    let second = launch(&mut plan, START);
    assert_eq!(second.len(), 2, "each batch once more");
    for (call, asked) in &second {
        assert_eq!(asked.tweets.len(), 18);
        give(&mut plan, call, asked, START);
    }
    let next = START + MINUTE;
    let third = launch(&mut plan, next);
    assert!(third.iter().all(|(_, asked)| asked.tweets.len() == 18) && third.len() == 2, "none in the next refresh");
    let states = states(&plan);
    assert_eq!(states.iter().filter(|state| **state == TweetState::NotAuthorized).count(), 2);
    assert_eq!(states.iter().filter(|state| **state == TweetState::Ok).count(), 18);
}

#[test]
fn a_batch_is_sent_again_no_more_than_once_in_a_refresh() {
    let all = tweets(20, DAY);
    let mut plan = plan(&[Api::Engagement28hr], &all);
    let mut requests = 0;
    for culprit in &all {
        let Some((call, _)) = launch(&mut plan, START).into_iter().next() else { break };
        requests += 1;
        fail(&mut plan, &call, &Failure::Invalid { culprits: vec![(*culprit, Refusal::NotAuthorized)] }, START);
    }
    assert_eq!(requests, 2);
    let next = launch(&mut plan, START + MINUTE);
    assert_eq!(next.iter().map(|(_, asked)| asked.tweets.len()).collect::<Vec<_>>(), [18]);
}

#[test]
fn a_culprit_that_a_source_does_not_name_is_found_by_halving_and_put_aside() {
    let all = tweets(100, DAY);
    let guilty = all[42];
    let mut plan = plan(&[Api::Analytics], &all);
    let mut requests = 0;
    loop {
        let batches = launch(&mut plan, START);
        if batches.is_empty() {
            break;
        }
        for (call, asked) in batches {
            requests += 1;
            if asked.tweets.contains(&guilty) {
                fail(&mut plan, &call, &Failure::Invalid { culprits: vec![] }, START);
            } else {
                give(&mut plan, &call, &asked, START);
            }
        }
    }
    assert!(requests <= 1 + 7 + 1, "{requests} requests");
    let later = launch(&mut plan, START + 6 * MINUTE);
    assert!(later.iter().all(|(_, asked)| !asked.tweets.contains(&guilty)), "remembered");
    assert_eq!(states(&plan)[42], TweetState::Unavailable);
}

#[test]
fn what_is_too_old_for_a_system_is_not_asked_of_it() {
    let (young, old) = (tweets(1, 89 * DAY)[0], tweets(1, 91 * DAY)[0]);
    let mut totals = plan(&[Api::EngagementTotals], &[young, old]);
    let private: Vec<_> = launch(&mut totals, START).into_iter().filter(|(_, asked)| asked.ask == Ask::Private).collect();
    assert_eq!(private.iter().map(|(_, asked)| asked.tweets.clone()).collect::<Vec<_>>(), [[young]]);
    let (young, old) = (tweets(1, 28 * DAY)[0], tweets(1, 30 * DAY)[0]);
    let mut labs = plan(&[Api::LabsPrivate], &[young, old]);
    let asked: Vec<_> = launch(&mut labs, START).into_iter().map(|(_, asked)| asked.tweets).collect();
    assert_eq!(asked, [[young]]);
    assert_eq!(states(&labs), [TweetState::Pending, TweetState::Unavailable]);
}

#[test]
fn videos_are_learned_once_and_their_tweets_read_by_their_keys() {
    let all = tweets(3, DAY);
    let mut plan = plan_of(
        vec![
            SourceTerms { name: Api::MediaAnalytics.name().into(), api: Api::MediaAnalytics, groups: Groups::NONE, every: None },
            SourceTerms { name: Api::Lookup.name().into(), api: Api::Lookup, groups: Groups::NONE, every: None },
        ],
        &all,
    );
    let scout = launch(&mut plan, START);
    assert_eq!(scout.iter().map(|(_, asked)| asked.api).collect::<Vec<_>>(), [Api::Lookup]);
    let key: crate::model::MediaKey = "13_5".parse().expect("a key");
    let with_video = TweetReading { videos: vec![key], ..TweetReading::default() };
    let tweets = vec![(all[0], with_video.clone()), (all[1], with_video), (all[2], TweetReading::default())];
    plan.finish(&scout[0].0, &[], Outcome::Read(&Reading { tweets, returned: all.clone(), ..Reading::default() }), START);
    let media = launch(&mut plan, START);
    assert_eq!(media.len(), 1);
    assert_eq!(media[0].1.videos, [(key, all[..2].to_vec())]);
    give(&mut plan, &media[0].0, &media[0].1, START);
    let next = launch(&mut plan, START + DAY + MINUTE);
    assert!(next.iter().all(|(_, asked)| asked.api == Api::MediaAnalytics), "media never change");
    assert_eq!(states(&plan), [TweetState::Ok, TweetState::Ok, TweetState::Unavailable]);
}

#[test]
fn a_tweet_that_the_lookup_cannot_find_is_asked_of_no_other_source() {
    let all = tweets(2, DAY);
    let mut plan = plan(&[Api::Lookup, Api::EngagementTotals], &all);
    for (call, asked) in launch(&mut plan, START) {
        if asked.api == Api::Lookup {
            let reading = Reading {
                tweets: vec![(all[0], TweetReading::default())],
                refused: vec![(all[1], Refusal::NotFound)],
                ..Reading::default()
            };
            plan.finish(&call, &[], Outcome::Read(&reading), START);
        } else {
            give(&mut plan, &call, &asked, START);
        }
    }
    assert_eq!(states(&plan), [TweetState::Ok, TweetState::NotFound]);
    let next = launch(&mut plan, START + MINUTE);
    assert!(next.iter().all(|(_, asked)| asked.tweets == all[..1]), "{next:?}");
}

#[test]
fn a_tweet_that_only_another_source_does_not_know_keeps_its_state() {
    let all = tweets(2, DAY);
    let mut plan = plan(&[Api::Lookup, Api::Engagement28hr], &all);
    for (call, asked) in launch(&mut plan, START) {
        match asked.api {
            Api::Lookup => give(&mut plan, &call, &asked, START),
            _ => {
                let refused = all.iter().map(|id| (*id, Refusal::Unavailable)).collect();
                plan.finish(&call, &[], Outcome::Read(&Reading { refused, ..Reading::default() }), START);
            }
        }
    }
    assert_eq!(states(&plan), [TweetState::Ok; 2]);
    assert_eq!(plan.take_dropped(0).len(), 2, "what was known of it there leaves the page");
    let next = launch(&mut plan, START + MINUTE);
    assert_eq!(next.iter().map(|(_, asked)| asked.api).collect::<Vec<_>>(), [Api::Lookup], "re-checked slowly");
}
