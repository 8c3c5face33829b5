//! The planner through a virtual month: what the same dollars buy with one interval for all, with tiers, and with `tiers: adaptive`.
//!
//! `cargo bench --bench planner -- --help`. The plan under test is the exporter's own, in virtual time. It sees what a read returns and
//! nothing else; the true curves are only used to answer reads and to judge what was shown.

mod arguments;
mod curve;
mod file;
mod invention;
mod random;
mod report;
mod run;
mod study;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use tweet_exporter::config::{Charge, Tiers};

use crate::arguments::{Arguments, HELP};
use crate::report::{Goal, head, interval, note, row};
use crate::run::{Outcome, Policy, Terms, World};
use crate::study::{adaptive_at, fixed_at, fixed_for, tiers_for};

fn main() -> ExitCode {
    let told = match Arguments::parse(std::env::args().skip(1)) {
        Ok(Some(arguments)) => load(&arguments).map(|world| (arguments, world)),
        Ok(None) => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(error) => Err(error),
    };
    let (arguments, world) = match told {
        Ok(told) => told,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    let began = Instant::now();
    let dollars = arguments.usd_per_day * f64::from(world.days);
    let (tweets, days) = (world.curves.len(), world.days);
    println!("{tweets} tweets written in {days} days, {} grow tenfold within a day after their first one", world.spikes());
    println!("at most ${:.2} a day, ${dollars:.2} in all, for each policy\n", arguments.usd_per_day);
    let mut goals = Vec::new();
    for charge in [Charge::UtcDay, Charge::EveryRead] {
        goals.extend(compare(&world, dollars, Terms { charge, owned: false }));
    }
    println!("goals (a tweet is paid once a UTC day, unless said otherwise)");
    goals.iter().for_each(Goal::print);
    println!("\n{:.0} s", began.elapsed().as_secs_f64());
    ExitCode::SUCCESS
}

fn load(arguments: &Arguments) -> Result<World, String> {
    if let Some(path) = &arguments.curves {
        let file::Curves { curves, days, notes } = file::read(path, arguments.days)?;
        notes.iter().for_each(|note| eprintln!("{}: {note}", path.display()));
        if curves.is_empty() {
            return Err(format!("{}: no tweet in it lives for a minute; write rows later than created_unix", path.display()));
        }
        return Ok(World::new(curves, days));
    }
    let (mut tweets, mut days) = (arguments.tweets, arguments.days);
    if !arguments.bench {
        (tweets, days) = (tweets.min(60), days.min(3));
        println!("a short run, to show that it works; the real one is `cargo bench --bench planner`");
    }
    Ok(World::new(invention::curves(arguments.seed, tweets, days * 86_400), days))
}

/// The table of one way of charging, and the goals that follow from it.
fn compare(world: &World, dollars: f64, terms: Terms) -> Vec<Goal> {
    let sample = world.sample(500);
    let part = sample.curves.len() as f64 / world.curves.len() as f64;
    head(terms.charge);
    let Some((every, fixed)) = fixed_for(world, &sample, dollars, terms) else {
        note("no fixed interval is so cheap: raise --usd-per-day");
        return Vec::new();
    };
    let usd = fixed.usd;
    row(&format!("fixed, every {}", interval(every)), &fixed);
    let (scale, tiers) = tiers_for(&sample, usd * part, terms);
    row(&format!("tiers, {scale:.1} times slower"), &world.run(&Policy::Tiers(tiers), terms));
    row("tiers under that budget", &world.run(&Policy::CappedTiers(Tiers::default().steps(), usd), terms));
    let adaptive = world.run(&Policy::Adaptive(usd), terms);
    row("adaptive", &adaptive);
    let error = Goal::new("adaptive's error / the fixed interval's, for the same dollars", adaptive.error / fixed.error);
    if terms.charge == Charge::EveryRead {
        println!();
        return vec![error.apart("each read paid")];
    }
    let mut goals = vec![error];
    goals.extend(at_equal_error(&sample, usd * part, every, terms));
    goals.push(owned(world, usd, every, terms));
    println!();
    goals
}

/// What the error of each costs the other; measured on a part of the tweets, told for all.
fn at_equal_error(sample: &World, usd: f64, every: Duration, terms: Terms) -> Vec<Goal> {
    let fixed = sample.run(&Policy::Fixed(every), terms);
    let adaptive = sample.run(&Policy::Adaptive(usd), terms);
    let cheap = adaptive_at(sample, fixed.error, usd / 5.0, terms).filter(|cheap| *cheap <= usd);
    let dear = fixed_at(sample, adaptive.error, terms);
    let tell = |what: &str, usd: Option<f64>, outcome: &Outcome| match usd {
        Some(usd) => note(&format!("{what}, {:.2} %: ${usd:.2} for {} tweets", outcome.error * 100.0, sample.curves.len())),
        None => note(&format!("{what}, {:.2} %: cannot be had", outcome.error * 100.0)),
    };
    tell("adaptive at the fixed interval's error", cheap, &fixed);
    tell("fixed at adaptive's error", dear.as_ref().map(|(_, outcome)| outcome.usd), &adaptive);
    vec![
        Goal::new("adaptive's dollars / the fixed interval's, at the fixed interval's error", cheap.unwrap_or(f64::NAN) / usd),
        Goal::new("adaptive's dollars / the fixed interval's, at adaptive's error", dear.map_or(0.0, |(_, dear)| usd / dear.usd)),
    ]
}

/// The same tweets through the own timeline; fewer of them, as pages take long to tell. Both know whose they are: a user's id is bought once.
fn owned(world: &World, usd: f64, every: Duration, terms: Terms) -> Goal {
    let sample = world.sample(2_500);
    let (usd, count) = (usd * sample.curves.len() as f64 / world.curves.len() as f64, sample.curves.len());
    let own = Terms { owned: true, ..terms };
    let error = sample.run(&Policy::Adaptive(usd), terms).error;
    let fifth = sample.run(&Policy::Adaptive(usd / 5.0), own);
    note(&format!(
        "adaptive, {count} tweets: {:.2} % by lookup for ${usd:.2}; {:.2} % by the own timeline for ${:.2}",
        error * 100.0,
        fifth.error * 100.0,
        fifth.usd
    ));
    let error = sample.run(&Policy::Fixed(every), terms).error;
    let lookup = adaptive_at(&sample, error, usd / 5.0, terms).unwrap_or(f64::NAN);
    let timeline = adaptive_at(&sample, error, lookup / 5.0, own).unwrap_or(f64::NAN);
    note(&format!(
        "both at the fixed interval's error, {:.2} %: ${lookup:.3} by lookup, ${timeline:.3} by the own timeline",
        error * 100.0
    ));
    note("on the own timeline the user's id, $0.01 once for an account, was bought before the month");
    Goal::new("owned timeline's dollars / lookup's, both adaptive, at the fixed interval's error", timeline / lookup)
}
