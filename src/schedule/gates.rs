//! What keeps an account from calling right now: windows of requests, refused credentials and payments, faults that want a pause.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{Api, CredentialKind, Failure, Host, RateLimit, RateWindow, Timestamp};
use crate::schedule::memory::{ApiGate, Window};
use crate::schedule::quota::{Demand, Quota, QuotaMemory, spread};

/// The gates of one account.
#[derive(Clone, Debug, Default)]
pub(super) struct Gates {
    /// Makes the pauses of many exporters differ.
    seed: u64,
    /// Nothing that costs money leaves so long before midnight, nor just after it.
    quiet: Option<Duration>,
    /// A refused token is tried again now and then: X has refused good ones.
    pub(super) credentials: BTreeMap<(CredentialKind, Host), Timestamp>,
    /// No token could be had.
    pub(super) tokenless: BTreeMap<CredentialKind, Timestamp>,
    /// What calls may cost could not be kept on disk.
    pub(super) unbooked: Option<Timestamp>,
    /// This credential may not use this system.
    pub(super) forbidden: BTreeMap<(CredentialKind, Api), Timestamp>,
    /// Systems that have answered.
    proven: BTreeSet<Api>,
    /// Systems that are closed for good.
    pub(super) closed: BTreeSet<Api>,
    pub(super) windows: BTreeMap<(CredentialKind, Api, RateWindow), RateLimit>,
    pub(super) closed_windows: BTreeMap<(CredentialKind, Api), Closed>,
    pub(super) faults: BTreeMap<Api, Closed>,
    pub(super) payment: Option<Closed>,
    /// When X first answered something.
    first_success: Option<Timestamp>,
    in_flight: BTreeMap<Api, u32>,
    /// Since when calls have been under way without a break.
    busy_since: BTreeMap<Api, Timestamp>,
    in_flight_with: BTreeMap<(CredentialKind, Api), u64>,
    /// Our part of windows that others use, too.
    quota: Quota,
}

/// The gates that outlast a restart: a crash loop must neither forget X's windows nor ask for money again and again. Faults of the
/// network do not, nor do refused credentials, which somebody may have mended and which cost nothing to try, nor systems that were
/// closed: a start is a reload.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct GatesMemory {
    windows: Vec<Window>,
    closed_windows: Vec<ApiGate>,
    payment: Option<Closed>,
    used: QuotaMemory,
}

/// Closed until then, for the so-manieth time in a row.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Closed {
    times: u32,
    pub(super) until: Timestamp,
    /// X itself named the end.
    #[serde(default)]
    pub(super) told: bool,
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

/// X names no end of its minutes: one in which less is left than before is the same as before (x-api.md 4.4).
fn is_same_minute(known: &RateLimit, said: &RateLimit, now: Timestamp) -> bool {
    let goes_on = known.reset.is_some_and(|reset| reset > now) && said.remaining < known.remaining;
    said.window == RateWindow::Minute && goes_on
}

/// A refused credential costs nothing to try: X bills no failed request.
const CREDENTIAL_PAUSE: Duration = Duration::from_secs(15 * 60);
const FORBIDDEN_PAUSE: Duration = Duration::from_secs(15 * 60);
/// Two clocks that are kept right differ by less.
const CLOCK_ERROR: Duration = Duration::from_secs(2);
/// It has not come yet. What lies further off than any such pause was reckoned with a clock that has been set back since.
pub(super) fn is_to_come(until: Timestamp, longest: Duration, now: Timestamp) -> bool {
    until > now && (until == Timestamp::MAX || until <= now + longest + SLACK)
}

/// X's clock may be a little ahead of ours.
const SLACK: Duration = Duration::from_secs(60);
/// No billing cycle is longer.
const LONGEST_CYCLE: Duration = Duration::from_secs(32 * 86_400);
/// Where nobody says when a token can be had again.
const TOKEN_PAUSE: Duration = Duration::from_secs(5);
/// Promise 8: by one read an hour.
const PAYMENT_PAUSE: Duration = Duration::from_secs(60 * 60);
/// A 429 that names no end.
const UNKNOWN_WINDOW: Duration = Duration::from_secs(60);
/// Promise 8: at most a minute apart.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// An end that lies further off is a mistake of somebody's clock.
const LONGEST_WINDOW: Duration = Duration::from_secs(25 * 60 * 60);
/// X answers most calls in a fraction of this.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);
/// So many faults in a row are no hiccup.
const TROUBLE: u32 = 3;
/// Calls under way at a time.
const CONCURRENCY: u32 = 4;

impl Gates {
    pub(super) fn new(seed: u64, quiet: Option<Duration>) -> Self {
        Self { seed, quiet, ..Self::default() }
    }

    /// So many exporters share the account's windows.
    pub(super) fn among(self, shards: u32) -> Self {
        Self { quota: Quota::new(shards), ..self }
    }

    /// Whether this call may be made.
    pub(super) fn passage(&self, credential: CredentialKind, api: Api, now: Timestamp) -> Passage {
        let closed = |until: Option<&Timestamp>| until.copied().filter(|until| is_to_come(*until, CREDENTIAL_PAUSE, now));
        if self.is_closed(api) {
            return Passage::Refused(Timestamp::MAX);
        }
        let is_unpaid = |payment: &Closed| is_to_come(payment.until, LONGEST_CYCLE, now) && api.class().is_some();
        if let Some(payment) = self.payment.filter(is_unpaid) {
            return Passage::Unpaid(payment.until);
        }
        if let Some(until) =
            closed(self.credentials.get(&(credential, api.host()))).or(closed(self.forbidden.get(&(credential, api))))
        {
            return Passage::Refused(until);
        }
        if let Some(until) =
            closed(self.tokenless.get(&credential)).or(self.window(credential, api, now)).or(self.fault(api, now))
        {
            return Passage::Wait(until);
        }
        let dear = closed(self.unbooked.as_ref()).or(self.midnight(now)).filter(|_| api.class().is_some());
        if let Some(until) = dear {
            return Passage::Wait(until);
        }
        let under_way = self.in_flight.get(&api).copied().unwrap_or(0);
        let unsure = self.payment.is_some() && api.class().is_some() || self.faults.contains_key(&api);
        // Whether a system that X may keep closed is open is found out with one call, not with many.
        let is_unproven = !matches!(api, Api::Lookup | Api::Timeline | Api::Users) && !self.is_proven(api);
        let is_unproven = is_unproven || self.quota.is_unheard(credential, api);
        let one_at_a_time = unsure || is_unproven || self.is_refused(credential, api);
        let most = if one_at_a_time { 1 } else { CONCURRENCY };
        if under_way < most { Passage::Open } else { Passage::AfterProbe }
    }

    /// When the seconds around 00:00 UTC are over, if it is that time.
    fn midnight(&self, now: Timestamp) -> Option<Timestamp> {
        let next = now + self.quiet? + CLOCK_ERROR;
        let midnight = Timestamp::from_seconds(next.utc_day() * 86_400);
        Some(midnight + CLOCK_ERROR).filter(|end| *end > now)
    }

    /// X refused this credential or its use for this system, and nothing succeeded since.
    pub(super) fn is_refused(&self, credential: CredentialKind, api: Api) -> bool {
        self.credentials.contains_key(&(credential, api.host()))
            || self.forbidden.contains_key(&(credential, api))
            || self.is_closed(api)
    }

    /// It has answered something since the start.
    pub(super) fn is_proven(&self, api: Api) -> bool {
        self.proven.contains(&api)
    }

    /// It has failed, and nothing succeeded since.
    pub(super) fn fails(&self, api: Api) -> bool {
        self.faults.contains_key(&api)
    }

    /// Calls have been under way for so long that others should not wait for their end.
    pub(super) fn is_slow(&self, api: Api, now: Timestamp) -> bool {
        self.busy_since.get(&api).is_some_and(|since| now.since(*since) >= PATIENCE)
    }

    /// It has failed some times in a row, and nothing succeeded since.
    pub(super) fn is_troubled(&self, api: Api) -> bool {
        self.faults.get(&api).is_some_and(|fault| fault.times >= TROUBLE)
    }

    /// The free usage call shows nothing that would speak against another attempt; where X named the end, it is waited for.
    pub(super) fn try_payment(&mut self, now: Timestamp) {
        if let Some(payment) = self.payment.as_mut().filter(|payment| !payment.told) {
            payment.until = payment.until.min(now);
        }
    }

    /// When X first answered a call of this account.
    pub(super) fn first_success(&self) -> Option<Timestamp> {
        self.first_success
    }

    /// The credential has changed: whatever it was refused for may be over.
    pub(super) fn trust(&mut self, credential: CredentialKind) {
        self.credentials.retain(|(kind, _), _| *kind != credential);
        self.forbidden.retain(|(kind, _), _| *kind != credential);
        self.tokenless.remove(&credential);
    }

    /// The system is closed to the account, or to everybody.
    pub(super) fn is_closed(&self, api: Api) -> bool {
        self.closed.contains(&api)
    }

    /// X wants money, and nothing succeeded since.
    pub(super) fn is_unpaid(&self) -> bool {
        self.payment.is_some()
    }

    fn window(&self, credential: CredentialKind, api: Api, now: Timestamp) -> Option<Timestamp> {
        let told = self.closed_windows.get(&(credential, api)).map(|closed| closed.until);
        let told = told.filter(|until| is_to_come(*until, LONGEST_WINDOW, now));
        let under_way = self.in_flight_with.get(&(credential, api)).copied().unwrap_or(0);
        let used_up = |limit: &RateLimit| limit.reset.filter(|_| limit.remaining.is_some_and(|left| left <= under_way));
        let ends =
            self.windows(credential, api).flat_map(|limit| [used_up(limit), self.quota.spent_until(credential, api, limit, now)]);
        ends.flatten()
            .map(|end| end + Duration::from_secs(1))
            .filter(|until| is_to_come(*until, LONGEST_WINDOW, now))
            .max()
            .max(told)
    }

    fn fault(&self, api: Api, now: Timestamp) -> Option<Timestamp> {
        self.faults.get(&api).map(|closed| closed.until).filter(|until| is_to_come(*until, LONGEST_PAUSE, now))
    }

    /// Until when a call should wait so that a window lasts to its end: where less is left in it than is queued and still to come, calls
    /// are spread evenly over it instead of leaving at once, so that no refresh is cut in half by a 429.
    pub(super) fn ahead(&self, credential: CredentialKind, api: Api, demand: Demand, now: Timestamp) -> Option<Timestamp> {
        let under_way = self.in_flight_with.get(&(credential, api)).copied().unwrap_or(0);
        let standing = |limit: &RateLimit| {
            let left = limit.remaining?.saturating_sub(under_way);
            let own = self.quota.left(credential, api, limit, now).unwrap_or(left);
            Some((self.quota.part(api, limit.limit?), left.min(own)))
        };
        self.windows(credential, api).filter_map(|limit| spread(limit, standing(limit)?, demand, now)).max()
    }

    /// What X has said of windows.
    fn windows(&self, credential: CredentialKind, api: Api) -> impl Iterator<Item = &RateLimit> {
        RateWindow::ALL.iter().filter_map(move |window| self.windows.get(&(credential, api, *window)))
    }

    /// Requests a second that X allows us, as far as it has said.
    pub(super) fn capacity(&self, credential: CredentialKind, api: Api) -> Option<f64> {
        let rate = |limit: &RateLimit| Some(self.quota.part(api, limit.limit?) as f64 / limit.window.length().as_secs_f64());
        self.windows(credential, api).filter_map(rate).min_by(f64::total_cmp)
    }

    /// Calls are under way.
    pub(super) fn is_busy(&self) -> bool {
        self.in_flight.values().any(|count| *count > 0)
    }

    /// A call leaves.
    pub(super) fn depart(&mut self, credential: CredentialKind, api: Api, now: Timestamp) {
        self.quota.depart(credential, api, now);
        self.busy_since.entry(api).or_insert(now);
        *self.in_flight.entry(api).or_default() += 1;
        *self.in_flight_with.entry((credential, api)).or_default() += 1;
    }

    /// It came back; this is what the headers say.
    pub(super) fn arrive(&mut self, credential: CredentialKind, api: Api, limits: &[RateLimit], now: Timestamp) {
        if let Some(count) = self.in_flight.get_mut(&api) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.busy_since.remove(&api);
            }
        }
        if let Some(count) = self.in_flight_with.get_mut(&(credential, api)) {
            *count = count.saturating_sub(1);
        }
        let under_way = self.in_flight_with.get(&(credential, api)).copied().unwrap_or(0);
        self.quota.arrive(credential, api, None, under_way, now);
        for limit in limits {
            let reset = limit.reset.map(|reset| reset.min(now + limit.window.length() + SLACK));
            let known = self.windows.get(&(credential, api, limit.window));
            let reset = known.filter(|known| is_same_minute(known, limit, now)).map_or(reset, |known| known.reset);
            let limit = RateLimit { reset, ..*limit };
            self.quota.arrive(credential, api, Some(&limit), under_way, now);
            self.windows.insert((credential, api, limit.window), limit);
        }
    }

    /// It worked: whatever closed this way is over.
    pub(super) fn succeed(&mut self, credential: CredentialKind, api: Api, now: Timestamp) {
        self.first_success.get_or_insert(now);
        self.proven.insert(api);
        self.credentials.remove(&(credential, api.host()));
        self.forbidden.remove(&(credential, api));
        self.closed_windows.remove(&(credential, api));
        self.faults.remove(&api);
        if api.class().is_some() {
            self.payment = None;
        }
    }

    /// Its faults are over.
    pub(super) fn recover(&mut self, api: Api) {
        self.faults.remove(&api);
    }

    /// It failed: close what must be closed. An invalid request closes nothing; that is the plan's to sort out.
    pub(super) fn fail(&mut self, credential: CredentialKind, api: Api, failure: &Failure, now: Timestamp) {
        match failure {
            Failure::RateLimited { until } => {
                let times = self.closed_windows.get(&(credential, api)).map_or(0, |closed| closed.times) + 1;
                let told = until.map_or(now + UNKNOWN_WINDOW, |until| until + Duration::from_secs(1));
                let until = told.min(now + LONGEST_WINDOW).max(now + self.pause(times, now));
                self.closed_windows.insert((credential, api), Closed { times, until, told: true });
            }
            Failure::PaymentRefused { until } => {
                let times = self.payment.map_or(0, |closed| closed.times) + 1;
                self.payment = Some(Closed {
                    times,
                    until: until.map_or(now + PAYMENT_PAUSE, |until| until.min(now + LONGEST_CYCLE)),
                    told: until.is_some(),
                });
            }
            Failure::CredentialRefused => {
                self.credentials.insert((credential, api.host()), now + CREDENTIAL_PAUSE);
            }
            Failure::Tokenless { retry_after } => {
                let pause = retry_after.unwrap_or(TOKEN_PAUSE).min(CREDENTIAL_PAUSE);
                self.tokenless.insert(credential, now + pause);
            }
            Failure::Unbooked { retry_after } => self.unbooked = Some(now + *retry_after),
            Failure::Closed => drop(self.closed.insert(api)),
            Failure::Forbidden => {
                self.forbidden.insert((credential, api), now + FORBIDDEN_PAUSE);
            }
            Failure::Transient { retry_after } => {
                // Calls that left together fail together: that is one failure.
                let times = self.faults.get(&api).map_or(1, |closed| closed.times + u32::from(closed.until <= now));
                let pause = self.pause(times, now).max(retry_after.unwrap_or_default().min(LONGEST_PAUSE));
                self.faults.insert(api, Closed { times, until: now + pause, told: false });
            }
            Failure::Invalid { .. } | Failure::Doubtful => {}
        }
    }

    /// What must survive a restart.
    pub(super) fn memory(&self) -> GatesMemory {
        GatesMemory {
            windows: self.windows.iter().map(|((kind, api, _), limit)| (*kind, *api, *limit)).collect(),
            closed_windows: self.closed_windows.iter().map(|((kind, api), closed)| (*kind, *api, closed.until)).collect(),
            payment: self.payment,
            used: self.quota.memory(),
        }
    }

    /// Takes up what was known before the restart. A moment further off than any window is a mistake of somebody's clock.
    pub(super) fn recall(&mut self, memory: GatesMemory, now: Timestamp) {
        let sane = |until: Timestamp| until.min(now + LONGEST_WINDOW);
        self.windows = memory.windows.into_iter().map(|(kind, api, limit)| ((kind, api, limit.window), limit)).collect();
        let closed = |until| Closed { times: 1, until: sane(until), told: true };
        self.closed_windows = memory.closed_windows.into_iter().map(|(kind, api, until)| ((kind, api), closed(until))).collect();
        self.payment = memory.payment;
        self.quota.recall(memory.used, now, SLACK);
    }

    /// Besides what it recalls: faults of the network are none of the configuration's, and their pauses hold across a reload.
    pub(super) fn inherit(&mut self, old: &Self) {
        self.faults.clone_from(&old.faults);
        self.first_success = old.first_success;
    }

    /// 1 s, 2 s, 4 s … a minute, each shortened by up to a quarter, so that exporters do not march in step.
    fn pause(&self, times: u32, now: Timestamp) -> Duration {
        let full = Duration::from_secs(1 << (times - 1).min(6)).min(LONGEST_PAUSE);
        // Knuth's multiplicative hash: any spread will do.
        let mixed = (self.seed ^ now.millis() as u64 ^ u64::from(times)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        full.mul_f64(1.0 - 0.25 * (mixed >> 40) as f64 / (1u64 << 24) as f64)
    }
}
