//! How much of X's windows of requests is ours, and how it is spread over them. Several exporters that share a credential share its
//! windows: X counts them together and tells each only what is left for all, so each counts its own and stops at its part. Together they
//! do not overdraw, whoever is faster.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{Api, CredentialKind, RateLimit, RateWindow, Timestamp};

type Key = (CredentialKind, Api, RateWindow);

/// One exporter's part of X's windows.
#[derive(Clone, Debug)]
pub(super) struct Quota {
    /// So many share them; one: nothing is counted.
    shards: u64,
    used: BTreeMap<Key, Used>,
    /// What X allows is known, as far as it says anything.
    heard: BTreeSet<(CredentialKind, Api)>,
}

/// Requests of our own in the window that ends then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Used {
    until: Timestamp,
    count: u64,
}

/// What must survive a restart.
pub(super) type QuotaMemory = Vec<(CredentialKind, Api, RateWindow, Timestamp, u64)>;

impl Default for Quota {
    fn default() -> Self {
        Self::new(1)
    }
}

impl Quota {
    /// The part of one of so many.
    pub(super) fn new(shards: u32) -> Self {
        Self { shards: u64::from(shards.max(1)), used: BTreeMap::new(), heard: BTreeSet::new() }
    }

    /// How many share a system's windows. A timeline is read by one of them only.
    fn sharers(&self, api: Api) -> u64 {
        if api == Api::Timeline { 1 } else { self.shards }
    }

    /// Our part of so many requests. Where X allows less than one each, one: who never asks never reads, and X still says when none is left.
    pub(super) fn part(&self, api: Api, limit: u64) -> u64 {
        (limit / self.sharers(api)).max(1).min(limit)
    }

    /// Requests left of our part of this window; nothing where it bounds nobody.
    pub(super) fn left(&self, credential: CredentialKind, api: Api, limit: &RateLimit, now: Timestamp) -> Option<u64> {
        let most = self.part(api, limit.limit.filter(|_| self.sharers(api) > 1)?);
        let used = self.used.get(&(credential, api, limit.window)).filter(|used| used.until > now);
        Some(most.saturating_sub(used.map_or(0, |used| used.count)))
    }

    /// Until when our part of this window is used up, if it is.
    pub(super) fn spent_until(
        &self,
        credential: CredentialKind,
        api: Api,
        limit: &RateLimit,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let is_spent = self.left(credential, api, limit, now)? == 0;
        self.used.get(&(credential, api, limit.window)).map(|used| used.until).filter(|_| is_spent)
    }

    /// Nobody knows yet how little X allows: calls go one at a time.
    pub(super) fn is_unheard(&self, credential: CredentialKind, api: Api) -> bool {
        self.sharers(api) > 1 && !self.heard.contains(&(credential, api))
    }

    /// A call leaves: it counts in the windows that are known.
    pub(super) fn depart(&mut self, credential: CredentialKind, api: Api, now: Timestamp) {
        for window in RateWindow::ALL {
            let Some(used) = self.used.get_mut(&(credential, api, window)) else { continue };
            // X opens a new one with the first request; when it ends, the answer says.
            let is_over = used.until <= now;
            *used =
                if is_over { Used { until: now + window.length(), count: 1 } } else { Used { count: used.count + 1, ..*used } };
        }
    }

    /// A call came back; this is what X says of a window. So many others are under way.
    pub(super) fn arrive(
        &mut self,
        credential: CredentialKind,
        api: Api,
        said: Option<&RateLimit>,
        under_way: u64,
        now: Timestamp,
    ) {
        if self.sharers(api) == 1 {
            return;
        }
        self.heard.insert((credential, api));
        let Some(said) = said else { return };
        let length = said.window.length();
        let until = said.reset.unwrap_or(now + length);
        let begun = Used { until, count: 1 + under_way };
        let used = self.used.entry((credential, api, said.window)).or_insert(begun);
        // Of two clocks one may be ahead: a window that ends much later is the next one, even if ours has not ended by our clock. The end
        // of a minute is our own guess and proves nothing.
        let is_next = used.until <= now || said.window != RateWindow::Minute && until >= used.until + length / 2;
        *used = if is_next { begun } else { Used { until, ..*used } };
    }

    /// What must survive a restart: a crash loop must not use the same window again and again.
    pub(super) fn memory(&self) -> QuotaMemory {
        let memory = |(key, used): (&Key, &Used)| (key.0, key.1, key.2, used.until, used.count);
        self.used.iter().map(memory).collect()
    }

    /// Takes up what was known before the restart. No window ends later than this.
    pub(super) fn recall(&mut self, memory: QuotaMemory, now: Timestamp, slack: Duration) {
        for (credential, api, window, until, count) in memory {
            if self.sharers(api) > 1 {
                let until = until.min(now + window.length() + slack);
                self.used.insert((credential, api, window), Used { until, count });
                self.heard.insert((credential, api));
            }
        }
    }
}

/// What the plan would like to send to one system.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Demand {
    /// Requests that could leave now.
    pub(super) queued: u64,
    /// Requests that will be due each second from now on.
    pub(super) per_second: f64,
}

/// Until when a call should wait so that the window lasts to its end, where so many requests are allowed in it and so many left: each is
/// earned by the time that has passed.
pub(super) fn spread(limit: &RateLimit, (most, left): (u64, u64), demand: Demand, now: Timestamp) -> Option<Timestamp> {
    let reset = limit.reset?;
    let length = limit.window.length();
    if reset <= now || most == 0 || left == 0 || reset > now + length {
        return None;
    }
    let to_come = demand.per_second * reset.since(now).as_secs_f64();
    if demand.queued as f64 + to_come <= left as f64 {
        return None;
    }
    // A tenth of the window may leave at once: a small refresh is better whole than spread.
    let burst = 1 + most / 10;
    let used = most.saturating_sub(left);
    let earned_at = reset - length + length.mul_f64((used + 1).saturating_sub(burst) as f64 / most as f64);
    (earned_at > now).then_some(earned_at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::gates::{Gates, Passage};

    const BEARER: CredentialKind = CredentialKind::Bearer;
    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    fn seconds(seconds: u64) -> Timestamp {
        NOW + Duration::from_secs(seconds)
    }

    fn window(reset: u64) -> RateLimit {
        let window = RateWindow::FifteenMinutes;
        RateLimit { window, limit: Some(15), remaining: Some(9), reset: Some(seconds(reset)) }
    }

    #[test]
    fn a_shard_stops_at_its_part_until_the_window_ends() {
        let mut quota = Quota::new(4);
        assert!(quota.is_unheard(BEARER, Api::Lookup));
        quota.depart(BEARER, Api::Lookup, NOW);
        quota.arrive(BEARER, Api::Lookup, Some(&window(600)), 0, NOW);
        assert!(!quota.is_unheard(BEARER, Api::Lookup));
        assert_eq!(quota.left(BEARER, Api::Lookup, &window(600), NOW), Some(2), "three of fifteen, one is used");
        quota.depart(BEARER, Api::Lookup, NOW);
        assert_eq!(quota.spent_until(BEARER, Api::Lookup, &window(600), NOW), None);
        quota.depart(BEARER, Api::Lookup, NOW);
        assert_eq!(quota.spent_until(BEARER, Api::Lookup, &window(600), seconds(599)), Some(seconds(600)));
        let after = seconds(601);
        assert_eq!(quota.left(BEARER, Api::Lookup, &window(600), after), Some(3));
        // What leaves before X has told the new window's end counts in it.
        (0..3).for_each(|_| quota.depart(BEARER, Api::Lookup, after));
        assert_eq!(quota.left(BEARER, Api::Lookup, &window(600), after), Some(0));
        quota.arrive(BEARER, Api::Lookup, Some(&window(1_500)), 2, after);
        assert_eq!(quota.spent_until(BEARER, Api::Lookup, &window(1_500), after), Some(seconds(1_500)));
    }

    #[test]
    fn a_clock_that_is_behind_does_not_carry_the_old_window_over() {
        let mut quota = Quota::new(4);
        quota.arrive(BEARER, Api::Lookup, Some(&window(600)), 0, NOW);
        (0..2).for_each(|_| quota.depart(BEARER, Api::Lookup, seconds(598)));
        quota.arrive(BEARER, Api::Lookup, Some(&window(1_502)), 1, seconds(598));
        assert_eq!(quota.left(BEARER, Api::Lookup, &window(1_502), seconds(598)), Some(1));
    }

    #[test]
    fn where_x_allows_less_than_one_each_everybody_may_try() {
        let quota = Quota::new(20);
        for (limit, part) in [(15, 1), (20, 1), (39, 1), (40, 2), (3_500, 175), (0, 0)] {
            assert_eq!(quota.part(Api::Lookup, limit), part, "{limit}");
        }
        assert_eq!(quota.part(Api::Timeline, 900), 900, "nobody else reads it");
        assert_eq!(Quota::default().part(Api::Lookup, 15), 15);
    }

    #[test]
    fn who_is_alone_counts_nothing() {
        let mut quota = Quota::default();
        quota.arrive(BEARER, Api::Lookup, Some(&window(600)), 0, NOW);
        quota.depart(BEARER, Api::Lookup, NOW);
        assert_eq!(quota.left(BEARER, Api::Lookup, &window(600), NOW), None);
        assert!(!quota.is_unheard(BEARER, Api::Lookup) && quota.memory().is_empty());
    }

    #[test]
    fn a_restart_forgets_nothing() {
        let mut quota = Quota::new(4);
        quota.arrive(BEARER, Api::Lookup, Some(&window(600)), 2, NOW);
        let mut again = Quota::new(4);
        again.recall(quota.memory(), NOW, Duration::ZERO);
        assert_eq!(again.spent_until(BEARER, Api::Lookup, &window(600), NOW), Some(seconds(600)));
        assert!(!again.is_unheard(BEARER, Api::Lookup));
    }

    /// Four that always want to ask, answered a second later by an X that allows 15 requests in 15 minutes.
    #[test]
    fn greedy_shards_never_overdraw_together_and_use_their_parts() {
        let mut shards: Vec<Gates> = (0..4).map(|seed| Gates::new(seed, None).among(4)).collect();
        let (mut end, mut left, mut asked) = (NOW, 0, [0; 4]);
        let mut under_way: Vec<(usize, RateLimit)> = Vec::new();
        for second in 0..3 * 900 {
            let now = seconds(second);
            for (shard, said) in std::mem::take(&mut under_way) {
                shards[shard].arrive(BEARER, Api::Lookup, &[said], now);
                shards[shard].succeed(BEARER, Api::Lookup, now);
            }
            // Whoever is first today is last tomorrow.
            for shard in (0..4).map(|turn| (turn + second as usize) % 4) {
                while shards[shard].passage(BEARER, Api::Lookup, now) == Passage::Open {
                    if now >= end {
                        assert!(second == 0 || asked == [3; 4], "{asked:?}");
                        (end, left, asked) = (now + Duration::from_secs(900), 15, [0; 4]);
                    }
                    assert!(left > 0, "X would answer 429");
                    left -= 1;
                    asked[shard] += 1;
                    shards[shard].depart(BEARER, Api::Lookup, now);
                    under_way.push((shard, RateLimit { remaining: Some(left), reset: Some(end), ..window(0) }));
                }
            }
        }
        assert_eq!(asked, [3; 4]);
    }
}
