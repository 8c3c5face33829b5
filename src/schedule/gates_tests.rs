//! What opens and closes the gates.

use std::time::Duration;

use crate::model::{Api, CredentialKind, Failure, RateLimit, RateWindow, Timestamp};
use crate::schedule::gates::{Gates, Passage};
use crate::schedule::quota::Demand;

const KEY: (CredentialKind, Api) = (CredentialKind::Bearer, Api::Lookup);
const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

fn after(failure: Failure) -> Passage {
    let mut gates = Gates::new(1, None);
    gates.fail(KEY.0, KEY.1, &failure, NOW);
    gates.passage(KEY.0, KEY.1, NOW)
}

fn seconds(seconds: u64) -> Timestamp {
    NOW + Duration::from_secs(seconds)
}

#[test]
fn each_failure_closes_for_as_long_as_it_lasts() {
    assert_eq!(after(Failure::RateLimited { until: Some(seconds(600)) }), Passage::Wait(seconds(601)));
    assert_eq!(after(Failure::RateLimited { until: None }), Passage::Wait(seconds(60)));
    assert_eq!(after(Failure::RateLimited { until: Some(Timestamp::MAX) }), Passage::Wait(seconds(25 * 3_600)));
    assert_eq!(after(Failure::PaymentRefused { until: None }), Passage::Unpaid(seconds(3_600)));
    assert_eq!(after(Failure::PaymentRefused { until: Some(seconds(86_400)) }), Passage::Unpaid(seconds(86_400)));
    assert_eq!(after(Failure::CredentialRefused), Passage::Refused(seconds(900)));
    assert_eq!(after(Failure::Forbidden), Passage::Refused(seconds(900)));
    assert_eq!(after(Failure::Closed), Passage::Refused(Timestamp::MAX));
    assert_eq!(after(Failure::Transient { retry_after: Some(Duration::from_secs(90)) }), Passage::Wait(seconds(60)));
    assert_eq!(after(Failure::Invalid { culprits: vec![] }), Passage::Open);
}

#[test]
fn pauses_double_up_to_a_minute_and_one_call_probes() {
    let mut gates = Gates::new(7, None);
    let mut now = NOW;
    for full in [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0] {
        gates.fail(KEY.0, KEY.1, &Failure::Transient { retry_after: None }, now);
        let Passage::Wait(until) = gates.passage(KEY.0, KEY.1, now) else { panic!("open") };
        let pause = until.since(now).as_secs_f64();
        assert!((full * 0.75..=full).contains(&pause), "{pause} of {full}");
        now = until;
    }
    assert_eq!(gates.passage(KEY.0, KEY.1, now), Passage::Open);
    gates.depart(KEY.0, KEY.1, NOW);
    assert_eq!(gates.passage(KEY.0, KEY.1, now), Passage::AfterProbe);
    gates.arrive(KEY.0, KEY.1, &[], now);
    gates.succeed(KEY.0, KEY.1, now);
    gates.depart(KEY.0, KEY.1, NOW);
    assert_eq!(gates.passage(KEY.0, KEY.1, now), Passage::Open);
}

#[test]
fn a_window_is_not_overdrawn_by_calls_under_way() {
    let mut gates = Gates::new(1, None);
    let limit = RateLimit { window: RateWindow::FifteenMinutes, limit: Some(15), remaining: Some(1), reset: Some(seconds(500)) };
    gates.arrive(KEY.0, KEY.1, &[limit], NOW);
    assert_eq!(gates.passage(KEY.0, KEY.1, NOW), Passage::Open);
    gates.depart(KEY.0, KEY.1, NOW);
    assert_eq!(gates.passage(KEY.0, KEY.1, NOW), Passage::Wait(seconds(501)));
    assert_eq!(gates.passage(CredentialKind::Oauth1, KEY.1, NOW), Passage::Open, "windows are per credential");
    assert_eq!(gates.passage(KEY.0, KEY.1, seconds(502)), Passage::Open);
}

#[test]
fn a_scarce_window_is_spread_to_its_end_and_a_plentiful_one_is_not() {
    let mut gates = Gates::new(1, None);
    let window = |remaining| RateLimit {
        window: RateWindow::FifteenMinutes,
        limit: Some(100),
        remaining: Some(remaining),
        reset: Some(seconds(450)),
    };
    let demand = Demand { queued: 60, per_second: 0.0 };
    gates.arrive(KEY.0, KEY.1, &[window(60)], NOW);
    assert_eq!(gates.ahead(KEY.0, KEY.1, demand, NOW), None, "it is enough");
    gates.arrive(KEY.0, KEY.1, &[window(45)], NOW);
    // Half of the window is over: 50 requests and a burst of 11 are earned, 55 are used.
    assert_eq!(gates.ahead(KEY.0, KEY.1, demand, NOW), None);
    gates.arrive(KEY.0, KEY.1, &[window(30)], NOW);
    assert_eq!(gates.ahead(KEY.0, KEY.1, demand, NOW), Some(seconds(90)));
    let steady = Demand { queued: 1, per_second: 0.05 };
    assert_eq!(gates.ahead(KEY.0, KEY.1, steady, NOW), None, "23 of 30 until the end");
    let hungry = Demand { queued: 1, per_second: 0.1 };
    assert_eq!(gates.ahead(KEY.0, KEY.1, hungry, NOW), Some(seconds(90)), "46 of 30 until the end");
}

#[test]
fn a_minute_without_an_end_is_spread_evenly() {
    let mut gates = Gates::new(1, None);
    let demand = Demand { queued: 100, per_second: 1.0 };
    let (mut now, mut left, mut sent) = (NOW, 20, Vec::new());
    let mut began = NOW;
    while now < seconds(120) {
        if now.since(began) >= Duration::from_secs(60) {
            (began, left) = (now, 20);
        }
        let may = gates.passage(KEY.0, KEY.1, now) == Passage::Open;
        if may && gates.ahead(KEY.0, KEY.1, demand, now).is_none() {
            left -= 1;
            sent.push(now);
            let (window, reset) = (RateWindow::Minute, Some(now + Duration::from_secs(60)));
            gates.arrive(KEY.0, KEY.1, &[RateLimit { window, limit: Some(20), remaining: Some(left), reset }], now);
        }
        now = now + Duration::from_millis(500);
    }
    assert!(sent.len() >= 38, "{} of 40 allowed calls", sent.len());
    assert!(sent.windows(2).all(|pair| pair[1].since(pair[0]) <= Duration::from_secs(10)), "evenly");
}

#[test]
fn a_reset_in_the_past_causes_no_storm() {
    let mut gates = Gates::new(1, None);
    for _ in 0..8 {
        gates.fail(KEY.0, KEY.1, &Failure::RateLimited { until: Some(Timestamp::from_seconds(5)) }, NOW);
    }
    let Passage::Wait(until) = gates.passage(KEY.0, KEY.1, NOW) else { panic!("open") };
    assert!(until >= seconds(45));
}
