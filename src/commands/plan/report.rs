//! The forecast as `--format=json` shows it. Keys are a promise: `docs/plan.md` has them.

use serde::Serialize;

use crate::config;
use crate::model::{Timestamp, format_duration};
use crate::schedule::{Amount, Forecast, Line, Way};

/// What was asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) now: Timestamp,
    pub(super) new_tweets_per_day: u32,
    pub(super) max_usd_per_month: Option<f64>,
}

/// The whole answer.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) from: String,
    pub(super) days: usize,
    /// The dearest of the days: what is told per day is told of it.
    pub(super) dearest_day: String,
    pub(super) new_tweets_per_day: u32,
    pub(super) assumptions: Vec<String>,
    pub(super) warnings: Vec<String>,
    pub(super) accounts: Vec<Account>,
    pub(super) per_day: Sums,
    pub(super) per_month: Sums,
    pub(super) max_usd_per_month: Option<f64>,
    pub(super) over_by_usd: Option<f64>,
}

/// One account.
#[derive(Debug, Serialize)]
pub(super) struct Account {
    pub(super) account: String,
    pub(super) watched_tweets: usize,
    pub(super) retired_tweets: usize,
    pub(super) budget: Budget,
    pub(super) requests: Vec<Requests>,
    pub(super) prices: Vec<Price>,
    pub(super) per_day: Sums,
    pub(super) per_month: Sums,
    pub(super) days: Vec<Day>,
    #[serde(skip)]
    forecast: Forecast,
}

/// As the configuration has it.
#[derive(Debug, Serialize)]
pub(super) struct Budget {
    pub(super) usd_per_day: Option<f64>,
    pub(super) usd_per_month: Option<f64>,
    pub(super) tweets_per_month: Option<u64>,
}

/// Requests of one system and credential.
#[derive(Debug, Serialize)]
pub(super) struct Requests {
    pub(super) api: &'static str,
    pub(super) credential: &'static str,
    pub(super) per_15m: u64,
    pub(super) peak_15m: u64,
    pub(super) limit_15m: Option<u64>,
    pub(super) per_day: u64,
    pub(super) per_month: u64,
}

/// Reads and money of one price class in one tier.
#[derive(Debug, Serialize)]
pub(super) struct Price {
    pub(super) class: Option<&'static str>,
    pub(super) tier: Option<Tier>,
    pub(super) per_day: Sums,
    pub(super) per_month: Sums,
}

#[derive(Debug, Serialize)]
pub(super) struct Tier {
    pub(super) younger_than: String,
    pub(super) every: String,
}

/// What a day or month amounts to.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Sums {
    /// Absent in a price line: one request may serve several tiers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) requests: Option<u64>,
    pub(super) tweets: u64,
    pub(super) reads: u64,
    pub(super) paid_reads: u64,
    pub(super) held_back: u64,
    pub(super) usd: f64,
}

/// One UTC day.
#[derive(Debug, Serialize)]
pub(super) struct Day {
    pub(super) date: String,
    #[serde(flatten)]
    pub(super) sums: Sums,
}

impl Report {
    /// Puts the accounts together.
    pub(super) fn new(mut accounts: Vec<Account>, assumptions: Vec<String>, settings: Settings) -> Self {
        let count = accounts.iter().map(|account| account.forecast.days.len()).max().unwrap_or(0);
        let day = |day: usize| Amount::sum(accounts.iter().map(|account| &account.forecast.days[day]));
        let days: Vec<Amount> = (0..count).map(day).collect();
        // What is bought once says little of a day; of days that are as dear a whole one says more than the rest of today.
        let once = |day: usize| accounts.iter().map(|account| account.once(day)).sum::<f64>();
        let weight = |day: usize| (round(days[day].usd - once(day)), days[day].reads);
        let order = |left: (f64, u64), right: (f64, u64)| left.0.total_cmp(&right.0).then(left.1.cmp(&right.1));
        // The first of several that are alike: `max_by` would take the last.
        let dearest = (0..count).rev().max_by(|left, right| order(weight(*left), weight(*right))).unwrap_or(0);
        let warnings = accounts.iter().flat_map(Account::warnings).collect();
        accounts.iter_mut().for_each(|account| account.fill(dearest, settings.now));
        let per_month = Sums::new(&Amount::sum(&days));
        let over = settings.max_usd_per_month.map(|max| round(per_month.usd - max)).filter(|over| *over > 0.0);
        Self {
            from: settings.now.to_string(),
            days: count,
            dearest_day: date(settings.now, dearest),
            new_tweets_per_day: settings.new_tweets_per_day,
            assumptions,
            warnings,
            accounts,
            per_day: days.get(dearest).map(Sums::new).unwrap_or_default(),
            per_month,
            max_usd_per_month: settings.max_usd_per_month,
            over_by_usd: over,
        }
    }
}

impl Account {
    /// An account whose days are not told yet: [`Report::new`] knows which is the dearest.
    pub(super) fn new(account: &config::Account, forecast: Forecast) -> Self {
        let config::Budget { usd_per_day, usd_per_month, tweets_per_month } = account.budget;
        Self {
            account: account.name.clone(),
            watched_tweets: forecast.watched,
            retired_tweets: forecast.retired,
            budget: Budget { usd_per_day, usd_per_month, tweets_per_month },
            requests: Vec::new(),
            prices: Vec::new(),
            per_day: Sums::default(),
            per_month: Sums::default(),
            days: Vec::new(),
            forecast,
        }
    }

    fn fill(&mut self, dearest: usize, from: Timestamp) {
        let forecast = &self.forecast;
        self.requests = forecast.ways.iter().map(|way| Requests::new(way, dearest)).collect();
        self.prices = forecast.lines.iter().map(|line| Price::new(line, dearest)).collect();
        self.per_day = forecast.days.get(dearest).map(Sums::new).unwrap_or_default();
        self.per_month = Sums::new(&Amount::sum(&forecast.days));
        let day = |(day, amount): (usize, &Amount)| Day { date: date(from, day), sums: Sums::new(amount) };
        self.days = forecast.days.iter().enumerate().map(day).collect();
    }

    /// US dollars of a day for what is no tweet.
    fn once(&self, day: usize) -> f64 {
        let once = self.forecast.lines.iter().filter(|line| line.tier.is_none());
        once.filter_map(|line| line.days.get(day)).map(|amount| amount.usd).sum()
    }

    fn warnings(&self) -> Vec<String> {
        let above = |way: &&Way| way.limit.is_some_and(|limit| way.peak > limit);
        let warn = |way: &Way| {
            let (api, credential, peak, limit) = (way.api.name(), way.credential.name(), way.peak, way.limit.unwrap_or_default());
            let name = &self.account;
            format!("{name}: {peak} requests in 15 minutes to {api} with {credential}, X allows {limit}: reads will be late")
        };
        let mut warnings: Vec<String> = self.forecast.ways.iter().filter(above).map(warn).collect();
        let held: u64 = self.forecast.days.iter().map(|day| day.held_back).sum();
        if held > 0 {
            warnings.push(format!("{}: the budget holds back {held} paid reads in 30 days", self.account));
        }
        warnings
    }
}

impl Requests {
    fn new(way: &Way, day: usize) -> Self {
        Self {
            api: way.api.name(),
            credential: way.credential.name(),
            per_15m: way.per_window,
            peak_15m: way.peak,
            limit_15m: way.limit,
            per_day: whole(way.requests.get(day).copied().unwrap_or_default()),
            per_month: whole(way.requests.iter().sum()),
        }
    }
}

impl Price {
    fn new(line: &Line, day: usize) -> Self {
        let sums = |amount: &Amount| Sums { requests: None, ..Sums::new(amount) };
        let tier =
            line.tier.map(|tier| Tier { younger_than: format_duration(tier.younger_than), every: format_duration(tier.every) });
        Self {
            class: line.class.map(|class| class.name()),
            tier,
            per_day: line.days.get(day).map(sums).unwrap_or_default(),
            per_month: sums(&Amount::sum(&line.days)),
        }
    }
}

impl Sums {
    fn new(amount: &Amount) -> Self {
        let Amount { requests, tweets, reads, paid_reads, held_back, usd } = *amount;
        Self { requests: Some(whole(requests)), tweets, reads, paid_reads, held_back, usd: round(usd) }
    }
}

/// The cast saturates.
fn whole(requests: f64) -> u64 {
    requests.round() as u64
}

/// To a billionth of a dollar, as the ledger counts.
fn round(usd: f64) -> f64 {
    (usd * 1e9).round() / 1e9
}

fn date(from: Timestamp, day: usize) -> String {
    let seconds = (from.utc_day() + i64::try_from(day).unwrap_or(0)) * 86_400;
    Timestamp::from_seconds(seconds).to_string().chars().take(10).collect()
}
