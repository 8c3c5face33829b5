//! What keeps an account from calling right now: windows of requests, refused credentials and payments, faults that want a pause.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::{Api, CredentialKind, Failure, RateLimit, RateWindow, Timestamp};

/// The gates of one account.
#[derive(Clone, Debug, Default)]
pub(super) struct Gates {
    /// Makes the pauses of many exporters differ.
    seed: u64,
    /// A refused token is tried again now and then: X has refused good ones.
    credentials: BTreeMap<CredentialKind, Timestamp>,
    /// This credential may not use this system.
    forbidden: BTreeMap<(CredentialKind, Api), Timestamp>,
    windows: BTreeMap<(CredentialKind, Api, RateWindow), RateLimit>,
    closed_windows: BTreeMap<(CredentialKind, Api), Closed>,
    faults: BTreeMap<Api, Closed>,
    payment: Option<Closed>,
    in_flight: BTreeMap<Api, u32>,
    in_flight_with: BTreeMap<(CredentialKind, Api), u64>,
}

/// Closed until then, for the so-manieth time in a row.
#[derive(Clone, Copy, Debug)]
struct Closed {
    times: u32,
    until: Timestamp,
}

/// Whether a call may be made now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passage {
    /// Yes.
    Open,
    /// Not before then.
    Wait(Timestamp),
    /// When a call that is under way has shown that it works again.
    AfterProbe,
    /// X refused the credential, here or everywhere; it is tried again then.
    Refused(Timestamp),
    /// X wants money; it is tried again then.
    Unpaid(Timestamp),
}

/// A refused credential costs nothing to try: X bills no failed request.
const CREDENTIAL_PAUSE: Duration = Duration::from_secs(15 * 60);
const FORBIDDEN_PAUSE: Duration = Duration::from_secs(15 * 60);
/// Promise 8: by one read an hour.
const PAYMENT_PAUSE: Duration = Duration::from_secs(60 * 60);
/// A 429 that names no end.
const UNKNOWN_WINDOW: Duration = Duration::from_secs(60);
/// Promise 8: at most a minute apart.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// An end that lies further off is a mistake of somebody's clock.
const LONGEST_WINDOW: Duration = Duration::from_secs(25 * 60 * 60);
/// Calls under way at a time.
const CONCURRENCY: u32 = 4;

impl Gates {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, ..Self::default() }
    }

    /// Whether this call may be made.
    pub(super) fn passage(&self, credential: CredentialKind, api: Api, now: Timestamp) -> Passage {
        let closed = |until: Option<&Timestamp>| until.copied().filter(|until| *until > now);
        if let Some(payment) = self.payment.filter(|payment| payment.until > now) {
            return Passage::Unpaid(payment.until);
        }
        if let Some(until) = closed(self.credentials.get(&credential)).or(closed(self.forbidden.get(&(credential, api)))) {
            return Passage::Refused(until);
        }
        if let Some(until) = self.window(credential, api, now).or(self.fault(api, now)) {
            return Passage::Wait(until);
        }
        let under_way = self.in_flight.get(&api).copied().unwrap_or(0);
        let one_at_a_time = self.payment.is_some()
            || self.faults.contains_key(&api)
            || self.credentials.contains_key(&credential)
            || self.forbidden.contains_key(&(credential, api));
        let most = if one_at_a_time { 1 } else { CONCURRENCY };
        if under_way < most { Passage::Open } else { Passage::AfterProbe }
    }

    /// X refused this credential or its use for this system, and nothing succeeded since.
    pub(super) fn is_refused(&self, credential: CredentialKind, api: Api) -> bool {
        self.credentials.contains_key(&credential) || self.forbidden.contains_key(&(credential, api))
    }

    /// X wants money, and nothing succeeded since.
    pub(super) fn is_unpaid(&self) -> bool {
        self.payment.is_some()
    }

    fn window(&self, credential: CredentialKind, api: Api, now: Timestamp) -> Option<Timestamp> {
        let told = self.closed_windows.get(&(credential, api)).map(|closed| closed.until).filter(|until| *until > now);
        let under_way = self.in_flight_with.get(&(credential, api)).copied().unwrap_or(0);
        let windows = RateWindow::ALL.iter().filter_map(|window| self.windows.get(&(credential, api, *window)));
        let used_up = windows.filter(|limit| limit.remaining.is_some_and(|left| left <= under_way));
        used_up
            .filter_map(|limit| limit.reset)
            .map(|reset| reset + Duration::from_secs(1))
            .filter(|until| *until > now)
            .max()
            .max(told)
    }

    fn fault(&self, api: Api, now: Timestamp) -> Option<Timestamp> {
        self.faults.get(&api).map(|closed| closed.until).filter(|until| *until > now)
    }

    /// A call leaves.
    pub(super) fn depart(&mut self, credential: CredentialKind, api: Api) {
        *self.in_flight.entry(api).or_default() += 1;
        *self.in_flight_with.entry((credential, api)).or_default() += 1;
    }

    /// It came back; this is what the headers say.
    pub(super) fn arrive(&mut self, credential: CredentialKind, api: Api, limits: &[RateLimit], now: Timestamp) {
        if let Some(count) = self.in_flight.get_mut(&api) {
            *count = count.saturating_sub(1);
        }
        if let Some(count) = self.in_flight_with.get_mut(&(credential, api)) {
            *count = count.saturating_sub(1);
        }
        for limit in limits {
            let reset = limit.reset.map(|reset| reset.min(now + LONGEST_WINDOW));
            self.windows.insert((credential, api, limit.window), RateLimit { reset, ..*limit });
        }
    }

    /// It worked: whatever closed this way is over.
    pub(super) fn succeed(&mut self, credential: CredentialKind, api: Api) {
        self.credentials.remove(&credential);
        self.forbidden.remove(&(credential, api));
        self.closed_windows.remove(&(credential, api));
        self.faults.remove(&api);
        self.payment = None;
    }

    /// It failed: close what must be closed. An invalid request closes nothing; that is the plan's to sort out.
    pub(super) fn fail(&mut self, credential: CredentialKind, api: Api, failure: &Failure, now: Timestamp) {
        match failure {
            Failure::RateLimited { until } => {
                let times = self.closed_windows.get(&(credential, api)).map_or(0, |closed| closed.times) + 1;
                let told = until.map_or(now + UNKNOWN_WINDOW, |until| until + Duration::from_secs(1));
                let until = told.min(now + LONGEST_WINDOW).max(now + self.pause(times, now));
                self.closed_windows.insert((credential, api), Closed { times, until });
            }
            Failure::PaymentRefused { until } => {
                let times = self.payment.map_or(0, |closed| closed.times) + 1;
                self.payment = Some(Closed { times, until: until.unwrap_or(now + PAYMENT_PAUSE) });
            }
            Failure::CredentialRefused => {
                self.credentials.insert(credential, now + CREDENTIAL_PAUSE);
            }
            Failure::Forbidden => {
                self.forbidden.insert((credential, api), now + FORBIDDEN_PAUSE);
            }
            Failure::Transient { retry_after } => {
                // Calls that left together fail together: that is one failure.
                let times = self.faults.get(&api).map_or(1, |closed| closed.times + u32::from(closed.until <= now));
                let pause = self.pause(times, now).max(retry_after.unwrap_or_default().min(LONGEST_PAUSE));
                self.faults.insert(api, Closed { times, until: now + pause });
            }
            Failure::Invalid { .. } => {}
        }
    }

    /// 1 s, 2 s, 4 s … a minute, each shortened by up to a quarter, so that exporters do not march in step.
    fn pause(&self, times: u32, now: Timestamp) -> Duration {
        let full = Duration::from_secs(1 << (times - 1).min(6)).min(LONGEST_PAUSE);
        // Knuth's multiplicative hash: any spread will do.
        let mixed = (self.seed ^ now.millis() as u64 ^ u64::from(times)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        full.mul_f64(1.0 - 0.25 * (mixed >> 40) as f64 / (1u64 << 24) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: (CredentialKind, Api) = (CredentialKind::Bearer, Api::Lookup);
    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    fn after(failure: Failure) -> Passage {
        let mut gates = Gates::new(1);
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
        assert_eq!(after(Failure::Transient { retry_after: Some(Duration::from_secs(90)) }), Passage::Wait(seconds(60)));
        assert_eq!(after(Failure::Invalid { culprits: vec![] }), Passage::Open);
    }

    #[test]
    fn pauses_double_up_to_a_minute_and_one_call_probes() {
        let mut gates = Gates::new(7);
        let mut now = NOW;
        for full in [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0] {
            gates.fail(KEY.0, KEY.1, &Failure::Transient { retry_after: None }, now);
            let Passage::Wait(until) = gates.passage(KEY.0, KEY.1, now) else { panic!("open") };
            let pause = until.since(now).as_secs_f64();
            assert!((full * 0.75..=full).contains(&pause), "{pause} of {full}");
            now = until;
        }
        assert_eq!(gates.passage(KEY.0, KEY.1, now), Passage::Open);
        gates.depart(KEY.0, KEY.1);
        assert_eq!(gates.passage(KEY.0, KEY.1, now), Passage::AfterProbe);
        gates.arrive(KEY.0, KEY.1, &[], now);
        gates.succeed(KEY.0, KEY.1);
        gates.depart(KEY.0, KEY.1);
        assert_eq!(gates.passage(KEY.0, KEY.1, now), Passage::Open);
    }

    #[test]
    fn a_window_is_not_overdrawn_by_calls_under_way() {
        let mut gates = Gates::new(1);
        let limit =
            RateLimit { window: RateWindow::FifteenMinutes, limit: Some(15), remaining: Some(1), reset: Some(seconds(500)) };
        gates.arrive(KEY.0, KEY.1, &[limit], NOW);
        assert_eq!(gates.passage(KEY.0, KEY.1, NOW), Passage::Open);
        gates.depart(KEY.0, KEY.1);
        assert_eq!(gates.passage(KEY.0, KEY.1, NOW), Passage::Wait(seconds(501)));
        assert_eq!(gates.passage(CredentialKind::Oauth1, KEY.1, NOW), Passage::Open, "windows are per credential");
        assert_eq!(gates.passage(KEY.0, KEY.1, seconds(502)), Passage::Open);
    }

    #[test]
    fn a_reset_in_the_past_causes_no_storm() {
        let mut gates = Gates::new(1);
        for _ in 0..8 {
            gates.fail(KEY.0, KEY.1, &Failure::RateLimited { until: Some(Timestamp::from_seconds(5)) }, NOW);
        }
        let Passage::Wait(until) = gates.passage(KEY.0, KEY.1, NOW) else { panic!("open") };
        assert!(until >= seconds(45));
    }
}
