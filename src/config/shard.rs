//! What of a configuration is one shard's. Everything behind this point sees an ordinary configuration, only a smaller one.

use crate::config::{Account, Budget, Config, Loaded, SourceKind};
use crate::model::Shard;

/// Budgets are divided as the ledger counts: in billionths of a dollar.
const NANOS: f64 = 1e9;

impl Loaded {
    /// The part of one shard. To be called once: parts have no parts.
    pub fn for_shard(self, shard: Shard) -> Self {
        let config = &self.config;
        let accounts: Vec<Account> = config.accounts.iter().filter_map(|account| account.clone().for_shard(shard)).collect();
        let is_here = |name: &String| accounts.iter().any(|account| account.name == *name);
        let probe_accounts = config.probe_accounts.iter().filter(|name| is_here(name)).cloned().collect();
        Self { config: Config { shard, accounts, probe_accounts, ..self.config }, ..self }
    }
}

impl Account {
    /// The timeline is where its numbers come from. Each of its pages has many tweets on it and is paid for as a whole, so if the tweets
    /// were distributed, every shard would pay for those of the others: such an account stays in one piece.
    pub fn is_indivisible(&self) -> bool {
        self.sources.iter().any(|source| matches!(source.kind, SourceKind::Timeline(_)))
    }

    /// What of it is one shard's; nothing if another has all of it.
    fn for_shard(mut self, shard: Shard) -> Option<Self> {
        let is_home = shard.holds_name(&self.name);
        if self.is_indivisible() {
            return is_home.then_some(self);
        }
        self.shard = shard;
        self.budget = self.budget.part(shard);
        self.watch.timeline = self.watch.timeline.filter(|_| is_home);
        Some(self)
    }
}

impl Budget {
    /// One shard's part. The parts of all shards together are the whole.
    fn part(self, shard: Shard) -> Self {
        // The cast saturates.
        let usd = |whole: f64| shard.part((whole * NANOS).round() as u64) as f64 / NANOS;
        Self {
            usd_per_day: self.usd_per_day.map(usd),
            usd_per_month: self.usd_per_month.map(usd),
            tweets_per_month: self.tweets_per_month.map(|whole| shard.part(whole)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::parse;

    fn parts(accounts: &str, count: u32) -> Vec<Config> {
        let loaded = parse(accounts, Path::new("test.yml"), &|_| Some("secret".to_owned())).expect("a good configuration");
        (0..count).map(|index| loaded.clone().for_shard(Shard::new(index, count).expect("a shard")).config).collect()
    }

    const KEYS: &str = "credentials: { bearer_token: \"${T}\" }, username: acme";

    #[test]
    fn budgets_are_divided_to_the_last_billionth() {
        for (day, month, tweets) in [("0.05", "1", 10), ("0.1", "33.33", 7), ("0.000000001", "999999.999999999", 1)] {
            let budget = format!("budget: {{ usd_per_day: {day}, usd_per_month: {month}, tweets_per_month: {tweets} }}");
            let text = format!("accounts: [{{ name: acme, {KEYS}, {budget}, watch: {{ tweets: [\"20\"] }} }}]");
            for count in [1, 3, 7, 64] {
                let budgets: Vec<Budget> = parts(&text, count).iter().map(|config| config.accounts[0].budget).collect();
                let nanos = |usd: f64| (usd * NANOS).round() as u64;
                let sum = |of: fn(&Budget) -> Option<f64>| budgets.iter().filter_map(of).map(nanos).sum::<u64>();
                assert_eq!(sum(|budget| budget.usd_per_day), nanos(day.parse().expect("a number")), "{day} by {count}");
                assert_eq!(sum(|budget| budget.usd_per_month), nanos(month.parse().expect("a number")), "{month} by {count}");
                assert_eq!(budgets.iter().filter_map(|budget| budget.tweets_per_month).sum::<u64>(), tweets);
            }
        }
    }

    #[test]
    fn a_timeline_stays_in_one_piece() {
        let watch = "watch: { tweets: [\"20\"], timeline: { younger_than: 1d } }";
        for sources in ["[{ api: lookup }]", "[{ api: lookup }, { api: timeline }]"] {
            let text = format!(
                "accounts: [{{ name: acme, {KEYS}, sources: {sources}, budget: {{ usd_per_day: 4 }}, {watch} }}]\nprobe: {{ accounts: [acme] }}"
            );
            let parts = parts(&text, 4);
            let accounts: Vec<&Account> = parts.iter().flat_map(|config| &config.accounts).collect();
            assert_eq!(accounts.iter().filter(|account| account.watch.timeline.is_some()).count(), 1);
            let whole = sources.contains("timeline");
            assert_eq!(accounts.len(), if whole { 1 } else { 4 });
            assert_eq!(parts.iter().map(|config| config.probe_accounts.len()).sum::<usize>(), accounts.len());
            let share = Some(if whole { 4.0 } else { 1.0 });
            assert!(accounts.iter().all(|account| account.budget.usd_per_day == share && account.shard.is_whole() == whole));
        }
    }
}
