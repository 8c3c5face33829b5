//! One policy through one virtual month: the real plan decides, an X that gives what it is asked for answers, the bill is the plan's own
//! ledger's. The plan learns of a tweet when it is a minute old at most, and of its numbers only what a read returns.

use std::collections::BTreeSet;
use std::time::Duration;

use tweet_exporter::config::{Budget, Charge, Groups, Prices, Tier};
use tweet_exporter::model::{
    Api, CredentialKind, Metric, PageAsk, PriceClass, ProjectUsage, RateLimit, RateWindow, Reading, Refusal, Room, Sample, Scope,
    TimelinePage, Timestamp, TweetId, TweetReading,
};
use tweet_exporter::schedule::{
    AccountPlan, AccountTerms, Call, Discovery, Errand, Ladder, LedgerTerms, Outcome as CallOutcome, Plan, SourceTerms, Trigger,
};

use crate::curve::{Curve, Spike};

/// 2026-11-01T00:00:00Z: a month of 30 days.
const START: Timestamp = Timestamp::from_seconds(1_793_491_200);
/// Shortly before it: what an exporter learns once it knows by then.
const EVE: Timestamp = Timestamp::from_seconds(1_793_491_200 - 3_600);
const DAY: u32 = 86_400;
const STEP: u32 = 60;
const AGE: Duration = Duration::from_secs(30 * 86_400);

/// The tweets of a run.
pub(crate) struct World {
    pub(crate) curves: Vec<Curve>,
    pub(crate) days: u32,
    spikes: Vec<Option<Spike>>,
}

/// How reads are planned.
#[derive(Clone, Debug)]
pub(crate) enum Policy {
    /// Every tweet alike; the budget is what that costs.
    Fixed(Duration),
    /// By age; the budget is what that costs.
    Tiers(Vec<Tier>),
    /// By age, under a budget of so many dollars for the run.
    CappedTiers(Vec<Tier>, f64),
    /// `tiers: adaptive` with so many dollars for the run.
    Adaptive(f64),
}

/// Under which terms.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub(crate) charge: Charge,
    /// Through the own timeline, at the owned price; else by id, at the full one.
    pub(crate) owned: bool,
}

/// What a run came to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) usd: f64,
    pub(crate) requests: u64,
    pub(crate) reads: u64,
    pub(crate) paid: u64,
    /// Mean over tweets and, within each, over the time of its watched life, of |shown − true| / true. Nothing shown yet is an error of 1.
    pub(crate) error: f64,
    /// Seconds from the moment when a tweet that grew tenfold had doubled until that was shown, ascending; never shown: until the end.
    pub(crate) delays: Vec<u32>,
}

/// What is shown of a tweet.
#[derive(Clone, Copy, Default)]
struct Shown {
    value: f64,
    since: u32,
    wrong: f64,
    spike_seen: Option<u32>,
}

struct Run<'a> {
    world: &'a World,
    ids: Vec<TweetId>,
    shown: Vec<Shown>,
    born: usize,
    timeline: BTreeSet<TweetId>,
    result: Outcome,
    window: (u32, u64),
}

impl World {
    /// Curves by birth, and how long they are watched.
    pub(crate) fn new(curves: Vec<Curve>, days: u32) -> Self {
        let spikes = curves.iter().map(Curve::spike).collect();
        Self { curves, days, spikes }
    }

    /// A smaller world of the same kind: at most so many tweets, evenly.
    pub(crate) fn sample(&self, most: usize) -> Self {
        let every = self.curves.len().div_ceil(most).max(1);
        Self::new(self.curves.iter().step_by(every).cloned().collect(), self.days)
    }

    /// How many tweets grow tenfold.
    pub(crate) fn spikes(&self) -> usize {
        self.spikes.iter().flatten().count()
    }

    /// Runs the month.
    pub(crate) fn run(&self, policy: &Policy, terms: Terms) -> Outcome {
        let (mut plan, mut run) = (plan(policy, terms, self.days), Run::new(self));
        run.introduce(&mut plan);
        for second in (0..self.days * DAY).step_by(STEP as usize) {
            run.give_birth(&mut plan, second, terms);
            let now = START + Duration::from_secs(u64::from(second));
            let mut calls = plan.launch(Trigger::Interval, now);
            while !calls.is_empty() {
                calls.into_iter().for_each(|call| run.answer(&mut plan, &call, second));
                calls = plan.launch(Trigger::Continue, now);
            }
        }
        run.close()
    }
}

fn plan(policy: &Policy, terms: Terms, days: u32) -> Plan {
    let all = |every| vec![Tier { younger_than: AGE, every }];
    let (ladder, usd) = match policy {
        Policy::Fixed(every) => (Ladder::new(all(*every)), None),
        Policy::Tiers(tiers) => (Ladder::new(tiers.clone()), None),
        Policy::CappedTiers(tiers, usd) => (Ladder::new(tiers.clone()), Some(*usd)),
        Policy::Adaptive(usd) => (Ladder::adaptive(tweet_exporter::config::Tiers::default().steps()), Some(*usd)),
    };
    let budget = match policy {
        // A month's money is spread over all of its days.
        Policy::Adaptive(_) if days == 30 => Budget { usd_per_month: usd, ..Budget::default() },
        _ => Budget { usd_per_day: usd.map(|usd| usd / f64::from(days)), ..Budget::default() },
    };
    let discovery =
        Discovery { younger_than: AGE, exclude_replies: false, exclude_retweets: false, max_tweets: 100_000, room: 100_000 };
    let api = if terms.owned { Api::Timeline } else { Api::Lookup };
    let groups = Groups { public: true, non_public: false, organic: false, promoted: false };
    let account = AccountTerms {
        credentials: vec![if terms.owned { CredentialKind::Oauth2 } else { CredentialKind::Bearer }],
        derived_bearer: false,
        sources: vec![SourceTerms { name: api.name().into(), api, groups, every: None }],
        discovery: terms.owned.then_some(discovery),
        username: "acme".parse().ok(),
        ledger: LedgerTerms {
            charge: terms.charge,
            prices: Prices { tweet: 0.005, owned_tweet: 0.001, user: 0.01, analytics: 0.005 },
            budget,
        },
        patience: if terms.charge == Charge::UtcDay { 0.5 } else { 0.95 },
        shards: 1,
        elsewhere: Default::default(),
        speaker: 0,
        longest_call: Duration::from_secs(10),
        seed: 0,
    };
    Plan::new(ladder, vec![AccountPlan::new(account, &[], EVE)])
}

/// The birth is in the id, as X has it; the rest tells tweets of the same moment apart.
fn id(birth: Timestamp, number: usize) -> TweetId {
    let millis = birth.millis() - 1_288_834_974_657;
    TweetId::new(((millis as u64) << 22) + number as u64).expect("the month lies after 2010")
}

impl<'a> Run<'a> {
    fn new(world: &'a World) -> Self {
        let birth = |curve: &Curve| START + Duration::from_secs(u64::from(curve.begin()));
        let ids = world.curves.iter().enumerate().map(|(number, curve)| id(birth(curve), number)).collect();
        let shown = world.curves.iter().map(|curve| Shown { since: curve.begin(), ..Shown::default() }).collect();
        Self { world, ids, shown, born: 0, timeline: BTreeSet::new(), result: Outcome::default(), window: (0, 0) }
    }

    /// X says whose timeline it is: the only thing that is bought before the month, and no part of its bill.
    fn introduce(&self, plan: &mut Plan) {
        let acme = "acme".parse().expect("a name");
        for call in plan.launch(Trigger::Interval, EVE) {
            assert_eq!(call.errand, Errand::WhoAmI, "nothing else is there to be asked");
            plan.finish(&call, &[], CallOutcome::User(9_001, &acme), EVE);
        }
    }

    /// Who was written by now stands on the timeline, or in the list of watched tweets that is read anew every minute.
    fn give_birth(&mut self, plan: &mut Plan, second: u32, terms: Terms) {
        let curves = &self.world.curves;
        let before = self.born;
        self.born += curves[before..].iter().take_while(|curve| curve.begin() <= second).count();
        self.timeline.extend(&self.ids[before..self.born]);
        if self.born > before && !terms.owned {
            let room = Room { tweets: 100_000, ..Room::default() };
            plan.watch(0, &self.ids[..self.born], room, START + Duration::from_secs(u64::from(second)));
        }
    }

    fn answer(&mut self, plan: &mut Plan, call: &Call, second: u32) {
        let now = START + Duration::from_secs(u64::from(second));
        self.result.requests += u64::from(!matches!(call.errand, Errand::Usage));
        let limits = [self.limit(call, second)];
        let acme = "acme".parse().expect("a name");
        let bill = match &call.errand {
            Errand::Read(asked) => {
                let reading = self.read(&asked.tweets, second);
                plan.finish(call, &limits, CallOutcome::Read(&reading), now)
            }
            Errand::Page { page, .. } => {
                let page = self.page(page, second);
                plan.finish(call, &limits, CallOutcome::Page(&page), now)
            }
            Errand::WhoAmI | Errand::FindUser(_) => plan.finish(call, &[], CallOutcome::User(9_001, &acme), now),
            Errand::Usage => plan.finish(call, &[], CallOutcome::Counted(&ProjectUsage::default()), now),
        };
        if let Some(bill) = bill {
            self.result.usd += bill.usd;
            if bill.class != PriceClass::User {
                self.result.reads += bill.returned;
                self.result.paid += bill.charged;
            }
        }
    }

    /// What X says of its window: 3,500 lookups or 900 pages in a quarter of an hour.
    fn limit(&mut self, call: &Call, second: u32) -> RateLimit {
        let window = second / 900;
        self.window = if self.window.0 == window { (window, self.window.1 + 1) } else { (window, 1) };
        let limit: u64 = if call.errand.api() == Api::Timeline { 900 } else { 3_500 };
        assert!(self.window.1 <= limit, "the plan overdraws a window of {limit} requests");
        RateLimit {
            window: RateWindow::FifteenMinutes,
            limit: Some(limit),
            remaining: Some(limit - self.window.1),
            reset: Some(START + Duration::from_secs(u64::from((window + 1) * 900))),
        }
    }

    fn read(&mut self, tweets: &[TweetId], second: u32) -> Reading {
        let mut reading = Reading::default();
        for id in tweets {
            let number = self.ids.binary_search(id).expect("only watched tweets are asked for");
            match self.show(number, second) {
                Some(value) => {
                    let samples = vec![Sample { media: None, metric: Metric::Impressions, scope: Scope::Total, value }];
                    reading.tweets.push((*id, TweetReading { samples, ..TweetReading::default() }));
                    reading.returned.push(*id);
                }
                None => reading.refused.push((*id, Refusal::NotFound)),
            }
        }
        reading
    }

    fn page(&mut self, ask: &PageAsk, second: u32) -> TimelinePage {
        let from: usize = ask.token.as_deref().map_or(0, |token| token.parse().expect("our own token"));
        let first = ask.after.map_or_else(|| id(ask.start, 0), |after| TweetId::new(after.number() + 1).expect("an id"));
        let end = ask.end.map_or(TweetId::new(i64::MAX as u64).expect("an id"), |end| id(end, 0));
        let is_there = |id: &&TweetId| {
            let number = self.ids.binary_search(id).expect("a tweet");
            self.world.curves[number].end() > second
        };
        let stretch = self.timeline.range(first..end.max(first)).rev();
        let all: Vec<TweetId> = stretch.filter(is_there).take(from + ask.size + 1).copied().collect();
        let tweets: Vec<TweetId> = all.iter().skip(from).take(ask.size).copied().collect();
        let next = (from + ask.size < all.len()).then(|| (from + ask.size).to_string());
        TimelinePage { reading: self.read(&tweets, second), earlier: Vec::new(), next }
    }

    /// A read: what it returns, and what is shown from now on. Deleted tweets return nothing.
    fn show(&mut self, number: usize, second: u32) -> Option<u64> {
        let curve = &self.world.curves[number];
        if second >= curve.end() {
            return None;
        }
        let (shown, value) = (&mut self.shown[number], curve.at(second));
        shown.wrong += curve.error(shown.value, shown.since, second);
        (shown.value, shown.since) = (value, second);
        if self.world.spikes[number].is_some_and(|spike| second >= spike.doubled) {
            shown.spike_seen.get_or_insert(second);
        }
        Some(value as u64)
    }

    fn close(mut self) -> Outcome {
        let (mut sum, mut lives) = (0.0, 0.0);
        for ((curve, shown), spike) in self.world.curves.iter().zip(&self.shown).zip(&self.world.spikes) {
            let wrong = shown.wrong + curve.error(shown.value, shown.since, curve.end());
            let life = f64::from(curve.end() - curve.begin());
            sum += wrong / life.max(1.0);
            lives += 1.0;
            let seen = spike.map(|spike| shown.spike_seen.unwrap_or(curve.end()).saturating_sub(spike.doubled));
            self.result.delays.extend(seen);
        }
        self.result.error = sum / f64::max(lives, 1.0);
        self.result.delays.sort_unstable();
        self.result
    }
}

impl Outcome {
    /// The delay that so many parts of the spikes stay below.
    pub(crate) fn delay(&self, part: f64) -> Option<u32> {
        let rank = (part * self.delays.len() as f64).ceil() as usize;
        self.delays.get(rank.max(1) - 1).copied()
    }
}
