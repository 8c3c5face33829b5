//! How it is told.

use std::time::Duration;

use tweet_exporter::config::Charge;

use crate::run::Outcome;

/// A figure of which at most a fifth is wanted.
pub(crate) struct Goal {
    what: String,
    figure: f64,
}

impl Goal {
    const MOST: f64 = 0.2;

    pub(crate) fn new(what: &str, figure: f64) -> Self {
        Self { what: what.to_owned(), figure }
    }

    /// Where it holds.
    pub(crate) fn apart(self, place: &str) -> Self {
        Self { what: format!("{}, {place}", self.what), ..self }
    }

    pub(crate) fn print(&self) {
        // What could not be had is no number, and no goal is met by it.
        let verdict = if self.figure <= Self::MOST + 5e-4 { "met" } else { "MISSED" };
        println!("  {:<80} {:>6.3} of at most {:.1}  {verdict}", self.what, self.figure, Self::MOST);
    }
}

pub(crate) fn head(charge: Charge) {
    match charge {
        Charge::UtcDay => println!("charge: utc_day"),
        Charge::EveryRead => println!("charge: every_read"),
    }
    println!(
        "  {:<30} {:>8} {:>9} {:>10} {:>7} {:>8} {:>8} {:>8}",
        "policy", "dollars", "requests", "reads", "paid", "error", "spike", "p95"
    );
}

pub(crate) fn row(policy: &str, outcome: &Outcome) {
    let delay = |part| outcome.delay(part).map_or("–".to_owned(), delay);
    println!(
        "  {policy:<30} {:>8.2} {:>9} {:>10} {:>7} {:>6.2} % {:>8} {:>8}",
        outcome.usd,
        outcome.requests,
        outcome.reads,
        outcome.paid,
        outcome.error * 100.0,
        delay(0.5),
        delay(0.95)
    );
}

pub(crate) fn note(text: &str) {
    println!("  {text}");
}

pub(crate) fn interval(every: Duration) -> String {
    match every.as_secs() {
        seconds if seconds % 86_400 == 0 => format!("{}d", seconds / 86_400),
        seconds if seconds >= 36_000 => format!("{:.1}h", seconds as f64 / 3_600.0),
        seconds => format!("{}m", seconds / 60),
    }
}

fn delay(seconds: u32) -> String {
    match seconds {
        seconds if seconds < 120 => format!("{seconds} s"),
        seconds if seconds < 7_200 => format!("{} min", seconds / 60),
        seconds if seconds < 172_800 => format!("{:.1} h", f64::from(seconds) / 3_600.0),
        seconds => format!("{:.1} d", f64::from(seconds) / 86_400.0),
    }
}
