//! The forecast's days: who is read, what is paid, what the budget holds back.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use crate::config::Charge;
use crate::model::{Api, Ask, CredentialKind, PriceClass, Timestamp};
use crate::schedule::Ladder;
use crate::schedule::errands::USAGE_PAUSE;
use crate::schedule::forecast::cast::{Cast, Segment};
use crate::schedule::forecast::limits::published;
use crate::schedule::forecast::traffic::{Load, Stays, Traffic};
use crate::schedule::forecast::{Amount, Assumptions, DAYS, Known, Line, Way};
use crate::schedule::ledger::Ledger;
use crate::schedule::quota::Quota;
use crate::schedule::slot::DAY;

/// The books while the days go by.
pub(super) struct Books<'a> {
    cast: &'a Cast,
    ladder: &'a Ladder,
    known: &'a Known,
    assumed: &'a Assumptions,
    ledger: Ledger,
    /// When a tweet was last read, by its place in the cast and slot.
    last: HashMap<(usize, usize), Timestamp>,
    lines: BTreeMap<(Option<PriceClass>, Option<usize>), Vec<Amount>>,
    ways: BTreeMap<(Api, CredentialKind), Requests>,
    days: Vec<Amount>,
}

#[derive(Default)]
struct Requests {
    days: Vec<f64>,
    per_window: f64,
    peak: f64,
    today: (f64, f64, usize),
}

/// The reads of a tweet's segment on a day.
#[derive(Clone, Copy)]
struct Piece<'a> {
    segment: &'a Segment,
    from: Timestamp,
    until: Timestamp,
    reads: u64,
    last: Timestamp,
}

/// What is read of a tweet on a day and charged together.
struct Want<'a> {
    life: usize,
    class: Option<PriceClass>,
    resource: u64,
    tier: usize,
    pieces: Vec<Piece<'a>>,
}

impl<'a> Books<'a> {
    /// Empty books.
    pub(super) fn new(cast: &'a Cast, ladder: &'a Ladder, known: &'a Known, assumed: &'a Assumptions) -> Self {
        let ledger = Ledger::new(cast.plan.terms.ledger, ledger_clock(0));
        let (last, lines, ways) = (HashMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { cast, ladder, known, assumed, ledger, last, lines, ways, days: vec![Amount::default(); DAYS] }
    }

    /// What happens on a day, from now if it has begun.
    pub(super) fn day(&mut self, day: usize, from: Timestamp, until: Timestamp) {
        self.ledger.turn(ledger_clock(day));
        if day == 0 {
            self.ask_users();
        }
        let mut traffic = Traffic::default();
        let mut seen: HashSet<usize> = HashSet::new();
        let mut wants: Vec<Want<'a>> = (0..self.cast.lives.len()).flat_map(|life| self.wants(life, from, until)).collect();
        // Near the budget the young ones come first.
        wants.sort_by_key(|want| (want.tier, std::cmp::Reverse(self.cast.lives[want.life].id)));
        for want in wants {
            let (paid, share) = self.pay(day, &want);
            if share == 0.0 {
                continue;
            }
            self.days[day].tweets += u64::from(seen.insert(want.life));
            for piece in &want.pieces {
                let until = piece.from + piece.until.since(piece.from).mul_f64(share);
                traffic.add(piece.segment, piece.from, until);
                self.last.insert((want.life, piece.segment.slot), piece.last);
            }
            let reads = want.pieces.iter().map(|piece| piece.reads).sum::<u64>();
            let reads = if share < 1.0 { paid } else { reads };
            self.enter(day, want.class, Some(want.tier), Amount { tweets: 1, reads, ..Amount::default() });
        }
        self.travel(day, traffic, from, until);
    }

    /// Whose timeline it is costs a user, once.
    fn ask_users(&mut self) {
        let Some((errand, credential)) = &self.cast.users else { return };
        let load = Load { requests: 1.0, per_window: 0.0, burst: 1.0 };
        self.count(0, (errand.api(), *credential), load);
        let bill = self.ledger.book(PriceClass::User, std::iter::once(1), ledger_clock(0).utc_day());
        let amount = Amount { reads: 1, paid_reads: bill.charged, usd: bill.usd, ..Amount::default() };
        self.enter(0, Some(PriceClass::User), None, amount);
    }

    fn wants(&self, life: usize, from: Timestamp, until: Timestamp) -> Vec<Want<'a>> {
        let cast = self.cast;
        let mut wants: Vec<Want<'a>> = Vec::new();
        let mut last: HashMap<usize, Timestamp> = HashMap::new();
        for segment in &cast.lives[life].segments {
            let slot = &cast.plan.slots[segment.slot];
            let before = last.get(&segment.slot).or_else(|| self.last.get(&(life, segment.slot))).copied();
            let Some(piece) = piece(segment, before, from, until) else { continue };
            last.insert(segment.slot, piece.last);
            let own = cast.plan.timeline.identity.is_own();
            let (class, resource) = (slot.class(own), slot.resource(cast.lives[life].id.number()));
            match wants.iter_mut().find(|want| (want.class, want.resource) == (class, resource)) {
                Some(want) => want.pieces.push(piece),
                None => wants.push(Want { life, class, resource, tier: segment.tier, pieces: vec![piece] }),
            }
        }
        wants
    }

    /// Pays as much as the budget covers: how many reads, and which part of those that were wanted.
    fn pay(&mut self, day: usize, want: &Want<'_>) -> (u64, f64) {
        let Some(class) = want.class else { return (0, 1.0) };
        let reads = want.pieces.iter().map(|piece| piece.reads).sum::<u64>();
        let wanted = match self.cast.plan.terms.ledger.charge {
            Charge::UtcDay if day == 0 && self.known.paid.contains(&(class, want.resource)) => 0,
            Charge::UtcDay => reads.min(1),
            Charge::EveryRead => reads,
        };
        let covered = wanted.min(self.ledger.affordable(class));
        let times = usize::try_from(covered).unwrap_or(usize::MAX);
        let bill = self.ledger.book(class, std::iter::repeat_n(want.resource, times), ledger_clock(day).utc_day());
        let held_back = wanted - covered;
        let amount = Amount { paid_reads: bill.charged, held_back, usd: bill.usd, ..Amount::default() };
        self.enter(day, want.class, Some(want.tier), amount);
        (covered, if wanted == 0 { 1.0 } else { covered as f64 / wanted as f64 })
    }

    fn enter(&mut self, day: usize, class: Option<PriceClass>, tier: Option<usize>, amount: Amount) {
        self.lines.entry((class, tier)).or_insert_with(|| vec![Amount::default(); DAYS])[day] += amount;
        self.days[day] += Amount { tweets: 0, ..amount };
    }

    /// The requests of the day.
    fn travel(&mut self, day: usize, mut traffic: Traffic, from: Timestamp, until: Timestamp) {
        let pace = self.ladder.fastest().max(self.assumed.min_age);
        let search = self.cast.discovery.map(|way| (way, Stays { every: pace, from, until }));
        self.cast.discovery.into_iter().for_each(|way| traffic.search(way));
        let mut asks_anything = false;
        for ((slot, ask), load) in traffic.loads(&self.cast.plan.slots, day == 0, search) {
            let api = self.cast.plan.slots[slot].api;
            if let Some(credential) = self.cast.credential(api, ask) {
                asks_anything = true;
                self.count(day, (api, credential), load);
            }
        }
        let usage = self.cast.credential(Api::Usage, Ask::Public).filter(|_| asks_anything);
        if let Some(credential) = usage {
            let requests = (until.since(from).as_secs_f64() / USAGE_PAUSE.as_secs_f64()).ceil();
            self.count(day, (Api::Usage, credential), Load { requests, per_window: 1.0, burst: 0.0 });
        }
    }

    fn count(&mut self, day: usize, way: (Api, CredentialKind), load: Load) {
        let way = self.ways.entry(way).or_default();
        way.days.resize(DAYS, 0.0);
        way.days[day] += load.requests;
        self.days[day].requests += load.requests;
        // Several slots may go one way: their windows add up within a day.
        let (steady, burst) = if way.today.2 == day { (way.today.0, way.today.1) } else { (0.0, 0.0) };
        way.today = (steady + load.per_window, burst + load.burst, day);
        way.per_window = way.per_window.max(way.today.0);
        way.peak = way.peak.max(way.today.0 + way.today.1);
    }

    /// The finished books.
    pub(super) fn close(self) -> (Vec<Way>, Vec<Line>, Vec<Amount>) {
        let up = |requests: f64| (requests - 1e-6).ceil().max(0.0) as u64;
        let quota = Quota::new(self.cast.plan.terms.shards);
        let way = |((api, credential), requests): ((Api, CredentialKind), Requests)| Way {
            api,
            credential,
            per_window: up(requests.per_window),
            peak: up(requests.peak),
            limit: published(api, credential).map(|limit| quota.part(api, limit)),
            requests: requests.days,
        };
        let steps = self.ladder.steps();
        let line = |((class, tier), days): ((Option<PriceClass>, Option<usize>), Vec<Amount>)| Line {
            class,
            tier: tier.and_then(|tier| steps.get(tier).copied()),
            days,
        };
        let ways = self.ways.into_iter().map(way).collect();
        (ways, self.lines.into_iter().map(line).collect(), self.days)
    }
}

/// The reads of a segment within a day; nothing if there is none.
fn piece(segment: &Segment, last: Option<Timestamp>, from: Timestamp, until: Timestamp) -> Option<Piece<'_>> {
    let (from, until) = (segment.from.max(from), segment.until.min(until));
    if from >= until {
        return None;
    }
    let every = segment.every;
    let next = last.map_or(from, |last| turn(last, every).max(from));
    if next >= until {
        return None;
    }
    let more = if every >= DAY { 0 } else { (until.since(next).as_millis() as u64 - 1) / (every.as_millis() as u64).max(1) };
    let last = next + Duration::from_millis(more.saturating_mul(every.as_millis() as u64));
    Some(Piece { segment, from, until, reads: more + 1, last })
}

/// When a tweet's next turn is. Those of a day or more are just after midnight.
fn turn(last: Timestamp, every: Duration) -> Timestamp {
    if every < DAY {
        return last + every;
    }
    let days = i64::try_from(every.as_secs() / DAY.as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_seconds(last.utc_day().saturating_add(days).saturating_mul(86_400))
}

/// A forecast's month is 30 days long, wherever the calendar's ends: January 1970 holds them all.
fn ledger_clock(day: usize) -> Timestamp {
    Timestamp::from_seconds(0) + DAY * u32::try_from(day).unwrap_or(0)
}
