//! What the command line says.

use std::path::PathBuf;

/// What to run.
#[derive(Debug)]
pub(crate) struct Arguments {
    pub(crate) seed: u64,
    pub(crate) tweets: usize,
    pub(crate) days: u32,
    pub(crate) usd_per_day: f64,
    pub(crate) curves: Option<PathBuf>,
    /// `cargo bench` passes it; without it, as under `cargo test --benches`, a short run shows that all works.
    pub(crate) bench: bool,
}

/// What `--help` prints.
pub(crate) const HELP: &str = "\
the planner through a virtual month, with the same dollars for each policy

cargo bench --bench planner -- [options]

  --seed N          other curves of the same kind (1)
  --tweets N        tweets written in the month, 1 to 100000 (5000)
  --days N          days of the run, 1 to 30 (30)
  --usd-per-day X   dollars for each policy; the fixed interval takes the shortest that they cover (4)
  --curves FILE     true curves from elsewhere instead: CSV with the columns tweet_id,created_unix,unix,impressions
";

impl Arguments {
    /// Reads them; the error says what to write.
    pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Option<Self>, String> {
        let mut read = Self { seed: 1, tweets: 5_000, days: 30, usd_per_day: 4.0, curves: None, bench: false };
        while let Some(word) = words.next() {
            let (name, glued) = match word.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (word, None),
            };
            let mut value = || glued.clone().or_else(|| words.next()).ok_or(format!("{name} needs a value; write {name}=…"));
            match name.as_str() {
                "--bench" => read.bench = true,
                "--help" | "-h" => return Ok(None),
                "--seed" => read.seed = number(&name, &value()?, 0, u64::MAX)?,
                "--tweets" => read.tweets = number(&name, &value()?, 1, 100_000)? as usize,
                "--days" => read.days = number(&name, &value()?, 1, 30)? as u32,
                "--usd-per-day" => read.usd_per_day = dollars(&name, &value()?)?,
                "--curves" => read.curves = Some(value()?.into()),
                _ => return Err(format!("unknown option {name}; --help lists what there is")),
            }
        }
        Ok(Some(read))
    }
}

fn number(name: &str, text: &str, least: u64, most: u64) -> Result<u64, String> {
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| format!("{name} is {text:?}; write a whole number from {least} to {most}"))
}

fn dollars(name: &str, text: &str) -> Result<f64, String> {
    let usd = text.parse().ok().filter(|usd: &f64| usd.is_finite() && *usd > 0.0 && *usd <= 1e6);
    usd.ok_or_else(|| format!("{name} is {text:?}; write US dollars such as 2.5"))
}
