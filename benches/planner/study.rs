//! Which interval, scale or sum of dollars comes out where: searches over many runs, on fewer tweets where that is enough.

use std::time::Duration;

use tweet_exporter::config::{Charge, Tier, Tiers};

use crate::run::{Outcome, Policy, Terms, World};

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

/// The intervals that a fixed policy may have, ascending: the bill falls with them and the error grows.
fn intervals(charge: Charge) -> Vec<Duration> {
    let days = (1..=30).map(|days| days * DAY);
    match charge {
        // Between a day and the next nothing changes: a tweet is paid by the day.
        Charge::UtcDay => {
            [60, 300, 900, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR].into_iter().chain(days).map(Duration::from_secs).collect()
        }
        Charge::EveryRead => (0..45).map(|step| Duration::from_secs_f64((900.0 * 1.2f64.powi(step)).round())).collect(),
    }
}

/// The fixed policy with the shortest interval that these dollars cover, and what it came to.
pub(crate) fn fixed_for(world: &World, sample: &World, usd: f64, terms: Terms) -> Option<(Duration, Outcome)> {
    let intervals = intervals(terms.charge);
    let part = sample.curves.len() as f64 / world.curves.len() as f64;
    let is_dear = |every: &Duration| sample.run(&Policy::Fixed(*every), terms).usd > usd * part;
    let first = intervals.partition_point(is_dear);
    // What holds for the sample may just not hold for all.
    let mut rest = intervals[first..].iter().map(|every| (*every, world.run(&Policy::Fixed(*every), terms)));
    rest.find(|(_, outcome)| outcome.usd <= usd)
}

/// The longest fixed interval that is not more wrong than this, and what it came to.
pub(crate) fn fixed_at(world: &World, error: f64, terms: Terms) -> Option<(Duration, Outcome)> {
    let intervals = intervals(terms.charge);
    let run = |every: &Duration| world.run(&Policy::Fixed(*every), terms);
    let first = intervals.partition_point(|every| run(every).error <= error);
    let last = *intervals.get(first.checked_sub(1)?)?;
    Some((last, run(&last)))
}

/// The default tiers, made slower until these dollars cover them, and how much slower that is.
pub(crate) fn tiers_for(sample: &World, usd: f64, terms: Terms) -> (f64, Vec<Tier>) {
    let scales: Vec<f64> = (0..34).map(|step| 1.25f64.powi(step)).collect();
    let first = scales.partition_point(|scale| sample.run(&Policy::Tiers(scaled(*scale)), terms).usd > usd);
    let scale = scales[first.min(scales.len() - 1)];
    (scale, scaled(scale))
}

fn scaled(scale: f64) -> Vec<Tier> {
    Tiers::default().steps().into_iter().map(|tier| Tier { every: tier.every.mul_f64(scale), ..tier }).collect()
}

/// The fewest dollars with which adaptive reading is not more wrong than this; searched from a guess on.
pub(crate) fn adaptive_at(world: &World, error: f64, guess: f64, terms: Terms) -> Option<f64> {
    const WIDTH: f64 = 1.25;
    let run = |usd: f64| (usd, world.run(&Policy::Adaptive(usd), terms).error);
    let (mut low, mut high) = (run(guess / WIDTH), run(guess * WIDTH));
    for _ in 0..20 {
        match (low.1 > error, high.1 <= error) {
            (true, true) => break,
            (false, _) => (low, high) = (run(low.0 / WIDTH), low),
            (_, false) => (low, high) = (high, run(high.0 * WIDTH)),
        }
    }
    if low.1 <= error || high.1 > error {
        return None;
    }
    for _ in 0..2 {
        let middle = run((low.0 * high.0).sqrt());
        if middle.1 <= error { high = middle } else { low = middle }
    }
    // Between two so close to each other it falls evenly.
    Some(low.0 + (high.0 - low.0) * (low.1 - error) / (low.1 - high.1))
}
