//! The outward half of an account's plan: which tweets are due, in which batches they leave, with which credential.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::config::Charge;
use crate::model::{Api, Ask, CredentialKind, MediaKey, PriceClass, Timestamp, TweetId};
use crate::schedule::account::{AccountPlan, Books};
use crate::schedule::call::TweetsAsk;
use crate::schedule::gates::Passage;
use crate::schedule::lane::{Lane, Pace, Waiting};
use crate::schedule::memory::Reservation;
use crate::schedule::queue::{Group, least_pause};
use crate::schedule::quota::Demand;
use crate::schedule::slot::SlotKind;
use crate::schedule::{Call, Errand, Ladder, Trigger};

impl AccountPlan {
    /// The calls to make now.
    pub(super) fn launch(&mut self, account: usize, ladder: &Ladder, trigger: Trigger, now: Timestamp) -> Vec<Call> {
        self.ledger.turn(now);
        if self.books != Books::Open {
            let asked = self.ask_books(account, now);
            if self.books != Books::Open {
                return asked.into_iter().collect();
            }
        }
        let is_stuck = self.timeline.identity.is_needed && self.is_timeline_stuck(now);
        if std::mem::replace(&mut self.timeline.stuck, is_stuck) != is_stuck {
            // Another source reads what was never read yet.
            self.queue.disturb();
        }
        self.look(ladder, trigger, now);
        let mut calls = Vec::new();
        calls.extend(self.ask_users(account, ladder, now));
        for slot in 0..self.slots.len() {
            calls.extend(self.probe(account, slot, now));
        }
        calls.extend(self.next_page(account, now));
        self.depart(account, ladder, now, &mut calls);
        // A scrape that needs nothing else is not kept waiting for it.
        let waits_for_it = self.gates.is_unpaid() && matches!(trigger, Trigger::Interval | Trigger::Scrape { .. });
        if trigger == Trigger::Interval || !calls.is_empty() || waits_for_it {
            calls.extend(self.ask_usage(account, trigger, now));
        }
        calls
    }

    /// Finds what is due, if anything may have become so.
    fn look(&mut self, ladder: &Ladder, trigger: Trigger, now: Timestamp) {
        if ladder.is_adaptive() {
            self.adapt(ladder, now);
        }
        match trigger {
            Trigger::Interval if self.queue.is_late(now) || self.queue.is_stale() => self.mark_by_slot(ladder, now),
            Trigger::Scrape { min_age } => self.mark_by_age(ladder, min_age, now),
            Trigger::Continue | Trigger::Probe if self.queue.is_stale() => {}
            Trigger::Interval | Trigger::Continue | Trigger::Probe => return,
        }
        self.only_ordered = trigger == Trigger::Probe;
        self.drop_outgrown(now);
        self.allot(ladder, now);
        self.plan_walks(ladder, !matches!(trigger, Trigger::Continue | Trigger::Probe), now);
        self.line_up(ladder, now);
        self.queue.looked(self.tracks(), self.next_slot, now);
    }

    /// Numbers of a tweet that has grown too old for a system are read no more: they leave the page before they are old themselves.
    fn drop_outgrown(&mut self, now: Timestamp) {
        for (slot, terms) in self.slots.iter().enumerate() {
            let SlotKind::Own(age) = terms.kind else { continue };
            for tweet in self.tweets.iter_mut().filter(|tweet| tweet.tracks[slot].read && !tweet.is_younger(age, now)) {
                tweet.tracks[slot].read = false;
                self.touched.insert(tweet.id);
                self.dropped.push((tweet.id, terms.source, terms.request));
            }
        }
    }

    /// Puts into the queue what is to be read in batches now. Who waited longest goes first, whatever is asked: where X allows little,
    /// nobody starves.
    fn line_up(&mut self, ladder: &Ladder, now: Timestamp) {
        let mut due: BTreeMap<(usize, Ask, bool), Vec<usize>> = BTreeMap::new();
        for (position, tweet) in self.tweets.iter().enumerate().filter(|(_, tweet)| self.is_wanted(tweet)) {
            for (slot, _) in self.slots.iter().enumerate().filter(|(_, terms)| !terms.is_paged()) {
                if !tweet.tracks[slot].is_due(now) {
                    continue;
                }
                if let Some((_, ask, _)) = self.lane(tweet, slot, ladder, now) {
                    due.entry((slot, ask, tweet.tracks[slot].spoils)).or_default().push(position);
                }
            }
        }
        // Private readings bring public numbers with them; extras come last.
        let rank = |ask: Ask| [Ask::Private, Ask::Public, Ask::Promoted].iter().position(|other| *other == ask);
        let tried = |slot: usize, position: usize| self.tweets[position].tracks[slot].tried;
        let mut groups: Vec<(_, Group)> = Vec::new();
        for ((slot, ask, alone), mut due) in due {
            due.sort_by_key(|position| tried(slot, *position));
            let first = due.first().map(|position| tried(slot, *position));
            let tweets = due.iter().map(|position| self.tweets[*position].id).collect();
            groups.push(((first, alone, rank(ask)), Group { slot, ask, alone, tweets }));
        }
        groups.sort_by_key(|(order, _)| *order);
        self.queue.groups = groups.into_iter().map(|(_, group)| group).collect();
    }

    fn mark_by_slot(&mut self, ladder: &Ladder, now: Timestamp) {
        let mut lanes: BTreeMap<_, (usize, Vec<Waiting>)> = BTreeMap::new();
        for (position, tweet) in self.tweets.iter().enumerate().filter(|(_, tweet)| !tweet.on_demand) {
            for slot in 0..self.slots.len() {
                let Some(key) = self.lane(tweet, slot, ladder, now) else { continue };
                let (members, waiting) = lanes.entry(key).or_default();
                let track = &tweet.tracks[slot];
                // Who waits for money takes no part in the lane's slots: the others would be read too often.
                *members += usize::from(!track.held);
                if track.due.is_none() && !track.away {
                    waiting.push(Waiting { position, asked: track.asked.unwrap_or(Timestamp::MIN) });
                }
            }
        }
        self.lanes.retain(|key, _| lanes.contains_key(key));
        // While a walk waits for X or for money, what it was to find is no reason to look again and again.
        self.next_slot = self.timeline.next_discovery.filter(|due| *due > now);
        self.demand.clear();
        for ((slot, ask, every), (members, waiting)) in lanes {
            let pace = self.pace(slot, every, members);
            // A lane that tweets have moved to goes on from where they were.
            let asked = waiting.iter().map(|tweet| tweet.asked).min().filter(|asked| *asked > Timestamp::MIN);
            let since = asked.map_or(now - self.jitter(ladder), |asked| asked.min(now));
            let lane = self.lanes.entry((slot, ask, every)).or_insert_with(|| Lane::new(since));
            let api = self.slots[slot].api;
            *self.demand.entry(api).or_default() += members.div_ceil(api.batch()) as f64 / every.as_secs_f64().max(1.0);
            for position in lane.fire(pace, waiting, now) {
                self.tweets[position].tracks[slot].due = Some(now);
            }
            let next = lane.next_slot(pace, now);
            self.next_slot = Some(self.next_slot.map_or(next, |known| known.min(next)));
        }
    }

    fn tracks(&self) -> usize {
        self.tweets.len() * self.slots.len()
    }

    fn pace(&self, slot: usize, every: Duration, members: usize) -> Pace {
        let (midnight, least) = (self.midnight(), least_pause(self.tracks()));
        Pace { every, members, batch: self.slots[slot].batch(), patience: self.terms.patience, midnight, least }
    }

    /// When after midnight old tweets are read: not all exporters at once.
    pub(super) fn midnight(&self) -> Option<Duration> {
        const SPREAD_SECONDS: u64 = 300;
        let by_day = self.terms.ledger.charge == Charge::UtcDay;
        by_day.then(|| Duration::from_secs(5 + self.terms.seed % SPREAD_SECONDS))
    }

    /// All lanes begin a little early, so that exporters that start together do not march in step: by up to a fifth of the fastest
    /// interval, and all alike, so that what falls due together shares its requests. Where each read is paid, none is early.
    fn jitter(&self, ladder: &Ladder) -> Duration {
        let part = (self.terms.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as f64 / (1u64 << 24) as f64;
        if self.terms.ledger.charge == Charge::UtcDay { ladder.fastest().mul_f64(part / 5.0) } else { Duration::ZERO }
    }

    fn mark_by_age(&mut self, ladder: &Ladder, min_age: Duration, now: Timestamp) {
        for position in (0..self.tweets.len()).filter(|position| !self.tweets[*position].on_demand).collect::<Vec<_>>() {
            self.mark_older(position, ladder, min_age, now);
        }
    }

    /// The next step in the search for an id that X refuses.
    fn probe(&mut self, account: usize, slot: usize, now: Timestamp) -> Option<Call> {
        let front = self.suspects[slot].front_mut().filter(|suspects| !suspects.probing)?;
        front.retain(|id| self.tweets.contains(*id));
        let (ask, number, tweets) = (front.ask, front.number, front.probe().to_vec());
        if tweets.is_empty() || self.is_refused((slot, ask), now) {
            // Nobody is left, or nobody may ask: they are read like all others.
            self.end_search(slot);
            return None;
        }
        let credential = self.credential((slot, ask), now)?;
        let worst = self.worst(slot, &tweets);
        let is_covered = worst.is_none_or(|(class, unpaid)| unpaid <= self.ledger.affordable(class));
        let all = self.suspects[slot].front()?.all();
        all.into_iter().for_each(|id| self.tweet(id, |tweet| tweet.tracks[slot].held = !is_covered));
        if !is_covered {
            return None;
        }
        self.suspects[slot].front_mut()?.probing = true;
        let errand = self.errand((slot, ask), tweets);
        let call = self.call(account, credential, errand, worst, now);
        Some(Call { probe: Some(number), ..call })
    }

    /// Sends what is in the queue, in as few batches as possible, as far as X lets it go.
    fn depart(&mut self, account: usize, ladder: &Ladder, now: Timestamp, calls: &mut Vec<Call>) {
        let mut kept = VecDeque::new();
        while let Some(mut group) = self.queue.groups.pop_front() {
            let way = (group.slot, group.ask);
            while !group.tweets.is_empty() {
                let Some(credential) = self.credential(way, now) else { break };
                if self.is_ahead(credential, &group, now) {
                    break;
                }
                let batch = self.next_batch(&mut group, ladder, now);
                let batch = self.within_budget(group.slot, batch, now);
                if !batch.is_empty() {
                    calls.push(self.send(account, way, credential, &batch, now));
                }
            }
            if self.is_refused(way, now) {
                // Tweets that no credential can read are in trouble, not merely waiting.
                let left = std::mem::take(&mut group.tweets);
                left.into_iter().for_each(|id| self.tweet(id, |tweet| tweet.tracks[way.0].failed = true));
            }
            if !group.tweets.is_empty() {
                kept.push_back(group);
            }
        }
        self.queue.groups = kept;
    }

    /// A window would not last to its end if the group's next batch left now.
    fn is_ahead(&self, credential: CredentialKind, group: &Group, now: Timestamp) -> bool {
        let api = self.slots[group.slot].api;
        let same = self.queue.groups.iter().filter(|other| self.slots[other.slot].api == api);
        let tweets = group.tweets.len() + same.map(|other| other.tweets.len()).sum::<usize>();
        let queued = tweets.div_ceil(api.batch()) as u64;
        let demand = Demand { queued, per_second: self.demand.get(&api).copied().unwrap_or_default() };
        self.gates.ahead(credential, api, demand, now).is_some()
    }

    fn send(&mut self, account: usize, way: (usize, Ask), credential: CredentialKind, batch: &[usize], now: Timestamp) -> Call {
        for position in batch {
            let track = &mut self.tweets[*position].tracks[way.0];
            (track.away, track.tried) = (true, Some(now));
        }
        let tweets: Vec<TweetId> = batch.iter().map(|position| self.tweets[*position].id).collect();
        let worst = self.worst(way.0, &tweets);
        let errand = self.errand(way, tweets);
        self.call(account, credential, errand, worst, now)
    }

    /// Takes one batch off a group: as many tweets, or videos where it goes by these, as the system allows. What is due no more, or
    /// would be asked for in another way by now, is left out.
    fn next_batch(&self, group: &mut Group, ladder: &Ladder, now: Timestamp) -> Vec<usize> {
        let api = self.slots[group.slot].api;
        let most = if group.alone || self.hopeless[group.slot] { 1 } else { api.batch() };
        let (mut batch, mut room) = (Vec::new(), most);
        while let Some(id) = group.tweets.front() {
            let position = self.tweets.position(*id).filter(|position| {
                let tweet = &self.tweets[*position];
                let is_still = |(_, ask, _): (usize, Ask, Duration)| ask == group.ask;
                tweet.tracks[group.slot].is_due(now) && self.lane(tweet, group.slot, ladder, now).is_some_and(is_still)
            });
            let size = position.map_or(0, |position| self.size(api, position)).min(most);
            if size > room {
                break;
            }
            room -= size;
            batch.extend(position);
            group.tweets.pop_front();
        }
        batch
    }

    /// How much of a batch a tweet takes.
    fn size(&self, api: Api, position: usize) -> usize {
        match api {
            Api::MediaAnalytics => self.tweets[position].videos.as_ref().map_or(1, |videos| videos.len()),
            _ => 1,
        }
    }

    pub(super) fn errand(&self, (slot, ask): (usize, Ask), tweets: Vec<TweetId>) -> Errand {
        let terms = &self.slots[slot];
        let videos = if terms.api == Api::MediaAnalytics { self.videos(&tweets) } else { Vec::new() };
        Errand::Read(TweetsAsk { source: terms.source, request: terms.request, api: terms.api, ask, tweets, videos })
    }

    /// The videos of these tweets, each with those that carry it.
    fn videos(&self, tweets: &[TweetId]) -> Vec<(MediaKey, Vec<TweetId>)> {
        let mut carriers: BTreeMap<MediaKey, Vec<TweetId>> = BTreeMap::new();
        for id in tweets {
            let videos = self.tweets.find(*id).and_then(|tweet| tweet.videos.as_ref());
            for key in videos.into_iter().flatten() {
                carriers.entry(*key).or_default().push(*id);
            }
        }
        carriers.into_iter().take(Api::MediaAnalytics.batch()).collect()
    }

    /// What an errand buys, as far as it is known by name.
    fn unpaid(&self, errand: &Errand, class: PriceClass) -> Vec<u64> {
        let Errand::Read(TweetsAsk { source, request, tweets, .. }) = errand else { return Vec::new() };
        let Some(slot) = self.slot_of(*source, *request) else { return Vec::new() };
        let resources = tweets.iter().map(|id| self.slots[slot].resource(id.number()));
        resources.filter(|resource| !self.ledger.is_free(class, *resource)).collect()
    }

    /// What a reading of these tweets costs at worst.
    pub(super) fn worst(&self, slot: usize, tweets: &[TweetId]) -> Option<(PriceClass, u64)> {
        let terms = &self.slots[slot];
        let class = terms.class(true)?;
        let unpaid = tweets.iter().filter(|id| !self.ledger.is_free(class, terms.resource(id.number()))).count();
        Some((class, unpaid as u64))
    }

    /// The preferred credential that may make such a call now.
    fn credential(&self, (slot, ask): (usize, Ask), now: Timestamp) -> Option<CredentialKind> {
        let api = self.slots[slot].api;
        self.candidates(api, ask).find(|kind| self.gates.passage(*kind, api, now) == Passage::Open)
    }

    /// Whether X refuses every credential that could ask this.
    fn is_refused(&self, (slot, ask): (usize, Ask), now: Timestamp) -> bool {
        let api = self.slots[slot].api;
        self.candidates(api, ask).all(|kind| matches!(self.gates.passage(kind, api, now), Passage::Refused(_)))
    }

    pub(super) fn call(
        &mut self,
        account: usize,
        credential: CredentialKind,
        errand: Errand,
        worst: Option<(PriceClass, u64)>,
        at: Timestamp,
    ) -> Call {
        self.gates.depart(credential, errand.api(), at);
        self.calls += 1;
        if let Some((class, count)) = worst {
            self.ledger.reserve(class, count);
            let resources = self.unpaid(&errand, class);
            let others = count.saturating_sub(resources.len() as u64);
            self.under_way.insert(self.calls, Reservation { class: Some(class), resources, others, day: Some(at.utc_day()) });
        }
        Call { account, credential, errand, at, number: self.calls, worst, probe: None }
    }
}
