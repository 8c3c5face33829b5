//! How many requests the lanes make: what `lane` and `walking` do one after the other, added up.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::{Ask, Timestamp};
use crate::schedule::forecast::cast::Segment;
use crate::schedule::slot::{DAY, Slot};
use crate::schedule::timeline::PAGE;

/// The readings of a day, by lane.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    lanes: BTreeMap<(usize, Ask), Vec<Stay>>,
}

/// A tweet in a lane, for a time.
#[derive(Clone, Copy, Debug)]
struct Stay {
    every: Duration,
    from: Timestamp,
    until: Timestamp,
}

/// Requests of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Load {
    pub(super) requests: f64,
    /// The most in a quarter of an hour, evenly spread.
    pub(super) per_window: f64,
    /// What comes all at once.
    pub(super) burst: f64,
}

const WINDOW: f64 = 900.0;

impl Traffic {
    /// A tweet is read like this from then until then.
    pub(super) fn add(&mut self, segment: &Segment, from: Timestamp, until: Timestamp) {
        let stay = Stay { every: segment.every, from, until };
        self.lanes.entry((segment.slot, segment.ask)).or_default().push(stay);
    }

    /// New tweets are looked for at this pace.
    pub(super) fn search(&mut self, (slot, ask): (usize, Ask)) {
        self.lanes.entry((slot, ask)).or_default();
    }

    /// What the day's lanes ask; `is_first`: all of it is asked once at the beginning. `search`: the way and pace of the search for
    /// new tweets, and its hours.
    pub(super) fn loads(
        &self,
        slots: &[Slot],
        is_first: bool,
        search: Option<((usize, Ask), Stays)>,
    ) -> BTreeMap<(usize, Ask), Load> {
        let load = |(way, stays): (&(usize, Ask), &Vec<Stay>)| {
            let slot = &slots[way.0];
            let search = search.filter(|(other, _)| other == way).map(|(_, stays)| stays);
            let mut load = if slot.is_paged() { paged(stays, search) } else { batched(stays, slot.batch()) };
            if is_first {
                let batch = if slot.is_paged() { PAGE } else { slot.batch() };
                let begin = stays.iter().map(|stay| stay.from).min();
                let all = stays.iter().filter(|stay| Some(stay.from) == begin).count();
                load.burst = load.burst.max(all.div_ceil(batch) as f64);
            }
            (*way, load)
        };
        self.lanes.iter().map(load).collect()
    }
}

/// When and how often something is done.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stays {
    pub(super) every: Duration,
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
}

/// Each lane has as many slots an interval as its tweets fill batches; those of a day or more are read once, just after midnight. What
/// is due at the same moment shares a batch: where a lane's slots fall on those of a faster one, it rides along.
fn batched(stays: &[Stay], batch: usize) -> Load {
    let (old, young): (Vec<Stay>, Vec<Stay>) = stays.iter().partition(|stay| stay.every >= DAY);
    let mut lanes: BTreeMap<Duration, usize> = BTreeMap::new();
    old.iter().for_each(|stay| *lanes.entry(stay.every).or_default() += 1);
    let daily: usize = lanes.values().map(|members| members.div_ceil(batch)).sum();
    let mut load = Load { requests: daily as f64, per_window: 0.0, burst: daily as f64 };
    sweep(&young, None, |seconds, members| {
        let a_second = requests_a_second(members, batch);
        load.requests += a_second * seconds;
        load.per_window = load.per_window.max(a_second * WINDOW);
    });
    load
}

fn requests_a_second(lanes: &BTreeMap<Duration, usize>, batch: usize) -> f64 {
    // Of each lane the pause between two slots and the tweets of one.
    let slots = |(every, members): (&Duration, &usize)| {
        let slots = members.div_ceil(batch).max(1);
        (every.as_secs_f64().max(1.0) / slots as f64, *members as f64 / slots as f64)
    };
    let mut slots: Vec<(f64, f64)> = lanes.iter().map(slots).collect();
    slots.sort_by(|left, right| left.0.total_cmp(&right.0));
    let (mut a_second, mut faster, mut aboard) = (0.0, None, 0.0);
    for (pause, tweets) in slots {
        let rides = faster.is_some_and(|faster: f64| (pause / faster - (pause / faster).round()).abs() < 1e-9);
        if !rides && faster.is_some() {
            a_second += 1.0 / pause;
            continue;
        }
        let before = f64::ceil(aboard / batch as f64);
        aboard += tweets;
        a_second += (f64::ceil(aboard / batch as f64) - before) / pause;
        faster = Some(pause);
    }
    a_second
}

/// Faster lanes hold younger tweets: whenever a lane is due, all faster ones are, and one walk reads them together. So a lane adds only
/// the pages that it makes the walk longer. The search for new tweets is a lane of its own, the fastest: it needs a page even if
/// nothing is on it.
fn paged(stays: &[Stay], search: Option<Stays>) -> Load {
    let mut load = Load::default();
    sweep(stays, search, |seconds, members| {
        let (mut all, mut pages, mut a_second) = (0, 0, 0.0);
        for (every, members) in members {
            all += members;
            let walk = all.div_ceil(PAGE).max(1);
            a_second += (walk - pages) as f64 / every.as_secs_f64().max(1.0);
            pages = walk;
        }
        load.requests += a_second * seconds;
        load.per_window = load.per_window.max(a_second * WINDOW);
    });
    load
}

/// Tells how many tweets each lane holds, for each stretch of time in which that does not change.
fn sweep(stays: &[Stay], search: Option<Stays>, mut tell: impl FnMut(f64, &BTreeMap<Duration, usize>)) {
    let mut turns: BTreeMap<Timestamp, Vec<(Duration, isize)>> = BTreeMap::new();
    for stay in stays {
        turns.entry(stay.from).or_default().push((stay.every, 1));
        turns.entry(stay.until).or_default().push((stay.every, -1));
    }
    let mut open = BTreeMap::new();
    for turn in search.iter().flat_map(|search| [search.from, search.until]) {
        turns.entry(turn).or_default();
    }
    let moments: Vec<Timestamp> = turns.keys().copied().collect();
    for (position, (moment, changes)) in turns.into_iter().enumerate() {
        for (every, change) in changes {
            let members: &mut usize = open.entry(every).or_default();
            *members = members.saturating_add_signed(change);
        }
        let searching = search.filter(|search| search.from <= moment && moment < search.until);
        open.retain(|_, members| *members > 0);
        let mut members = open.clone();
        if let Some(search) = searching {
            members.entry(search.every).or_default();
        }
        if let Some(next) = moments.get(position + 1).filter(|_| !members.is_empty()) {
            tell(next.since(moment).as_secs_f64(), &members);
        }
    }
}
