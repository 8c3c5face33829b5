//! What was paid for, and what may still be bought.
//!
//! X charges each distinct resource once per UTC day ("Usage and Billing"; x-api.md 5.1), legacy plans each time. Sums are kept in
//! billionths of a dollar, so that a thousand small prices add up exactly.

use std::collections::HashSet;
use std::time::Duration;

use crate::config::{Budget, Charge, Prices};
use crate::model::{PriceClass, Timestamp};
use crate::schedule::memory::{LedgerMemory, Reservation};
use crate::schedule::periods::{Periods, Spent};
use crate::schedule::view::Money;

/// Prices and bounds of one account.
#[derive(Clone, Copy, Debug)]
pub struct LedgerTerms {
    /// Once per day, or each time.
    pub charge: Charge,
    /// US dollars for each.
    pub prices: Prices,
    /// What it may cost.
    pub budget: Budget,
}

/// What X charges for one answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bill {
    /// What kind of resource.
    pub class: PriceClass,
    /// How many X returned.
    pub returned: u64,
    /// How many of them are charged.
    pub charged: u64,
    /// US dollars for all of them.
    pub usd: f64,
}

impl Bill {
    /// Both together, of one class.
    pub(super) fn and(self, other: Self) -> Self {
        let (returned, charged) = (self.returned + other.returned, self.charged + other.charged);
        Self { returned, charged, usd: self.usd + other.usd, ..self }
    }
}

/// The books of one account.
#[derive(Clone, Debug)]
pub(super) struct Ledger {
    terms: LedgerTerms,
    days: Periods,
    months: Periods,
    /// The day on which `paid` was paid.
    paid_on: i64,
    paid: Paid,
    /// What was paid on the day that the clock showed before somebody set it.
    paid_aside: Option<(i64, Paid)>,
    /// Paid, and nobody was told yet.
    news: Vec<(PriceClass, u64)>,
    reserved: Spent,
    /// When the clock was last looked at.
    last: Option<Timestamp>,
}

const NANOS: f64 = 1e9;
/// Resources that are paid, by price class.
#[derive(Clone, Debug, Default)]
struct Paid([HashSet<u64>; PriceClass::ALL.len()]);

impl Paid {
    fn all(&self) -> Vec<(PriceClass, u64)> {
        PriceClass::ALL.into_iter().zip(&self.0).flat_map(|(class, ids)| ids.iter().map(move |id| (class, *id))).collect()
    }
}

/// A clock that is further on than this, or back, was set, or nobody looked at it for long.
const STEADY: Duration = Duration::from_secs(60 * 60);

impl Ledger {
    /// Empty books.
    pub(super) fn new(terms: LedgerTerms, now: Timestamp) -> Self {
        Self {
            terms,
            days: Periods::new(now.utc_day()),
            months: Periods::new(now.utc_month()),
            paid_on: now.utc_day(),
            paid: Paid::default(),
            paid_aside: None,
            news: Vec::new(),
            reserved: Spent::default(),
            last: None,
        }
    }

    /// Opens a new page when the day or the month is over. A clock that is set finds the books of the day that it showed before, and what
    /// was bought in between counts on both. What is paid holds for the very day on which it was paid, whatever the clock did.
    pub(super) fn turn(&mut self, now: Timestamp) {
        let is_steady = self.last.is_some_and(|last| now >= last && now.since(last) <= STEADY);
        self.last = Some(now);
        let day = now.utc_day();
        self.days.turn(day, is_steady);
        self.months.turn(now.utc_month(), is_steady);
        if day == self.paid_on {
            return;
        }
        // What was paid on a day before it came is not sure to be on its bill.
        let known = self.paid_aside.take().filter(|(known, _)| *known == day && !is_steady);
        let known = known.map(|(_, paid)| paid).unwrap_or_default();
        let left = std::mem::replace(&mut self.paid, known);
        self.paid_aside = (!is_steady).then_some((self.paid_on, left));
        self.paid_on = day;
        self.news = self.paid.all();
    }

    /// Whether reading it again today costs nothing.
    pub(super) fn is_free(&self, class: PriceClass, id: u64) -> bool {
        self.terms.charge == Charge::UtcDay && self.paid.0[class as usize].contains(&id)
    }

    /// How many more resources of this class the budget covers, what is under way counted in full.
    pub(super) fn affordable(&self, class: PriceClass) -> u64 {
        let budget = &self.terms.budget;
        let price = self.price(class);
        let covers = |limit: Option<f64>, spent: Spent| match limit {
            Some(usd) if price > 0 => nanos(usd).saturating_sub(spent.and(self.reserved).nanos) / price,
            _ => u64::MAX,
        };
        let tweets = match budget.tweets_per_month {
            Some(limit) if class != PriceClass::User => limit.saturating_sub(self.months.spent().and(self.reserved).tweets),
            _ => u64::MAX,
        };
        tweets.min(covers(budget.usd_per_day, self.days.spent())).min(covers(budget.usd_per_month, self.months.spent()))
    }

    /// How many resources of this class an even share of the month's budget covers today, what was spent today included.
    pub(super) fn daily_share(&self, class: PriceClass, now: Timestamp) -> u64 {
        let days = now.days_left_in_month();
        let Budget { usd_per_month, tweets_per_month, .. } = self.terms.budget;
        let price = self.price(class);
        let (today, before) = (self.days.spent(), self.months.spent().without(self.days.spent()));
        let money = usd_per_month.filter(|_| price > 0).map(|usd| {
            let at_dawn = nanos(usd).saturating_sub(before.nanos);
            (at_dawn / days).saturating_sub(today.and(self.reserved).nanos) / price
        });
        let tweets = tweets_per_month.map(|most| {
            let at_dawn = most.saturating_sub(before.tweets);
            at_dawn.div_ceil(days).saturating_sub(today.and(self.reserved).tweets)
        });
        money.unwrap_or(u64::MAX).min(tweets.unwrap_or(u64::MAX))
    }

    /// Puts aside what a call could cost at worst.
    pub(super) fn reserve(&mut self, class: PriceClass, count: u64) {
        self.reserved = self.reserved.and(self.cost(class, count));
    }

    /// Gives back what was put aside for the call.
    pub(super) fn release(&mut self, class: PriceClass, count: u64) {
        self.reserved = self.reserved.without(self.cost(class, count));
    }

    /// Enters what X returned to a call that left on this day. Where midnight passed meanwhile, nobody knows on which day X books it: it
    /// is paid, and it will be again.
    pub(super) fn book(&mut self, class: PriceClass, returned: impl Iterator<Item = u64>, asked_on: i64) -> Bill {
        let is_sure = asked_on == self.paid_on;
        let mut bill = Bill { class, returned: 0, charged: 0, usd: 0.0 };
        for id in returned {
            bill.returned += 1;
            if !is_sure || !self.is_free(class, id) {
                if is_sure && self.paid.0[class as usize].insert(id) {
                    self.news.push((class, id));
                }
                bill.charged += 1;
            }
        }
        self.charge(bill)
    }

    /// Enters so many resources that X may have returned and nobody knows by name.
    pub(super) fn book_unknown(&mut self, class: PriceClass, count: u64) -> Bill {
        self.charge(Bill { class, returned: count, charged: count, usd: 0.0 })
    }

    fn charge(&mut self, bill: Bill) -> Bill {
        self.spend(bill.class, bill.charged);
        Bill { usd: self.price(bill.class).saturating_mul(bill.charged) as f64 / NANOS, ..bill }
    }

    /// What must survive a restart, with what is under way.
    pub(super) fn memory(&self, under_way: Vec<Reservation>) -> LedgerMemory {
        LedgerMemory { days: self.days.clone(), months: self.months.clone(), under_way }
    }

    /// All resources that are paid, and on which UTC day.
    pub(super) fn paid(&self) -> (i64, Vec<(PriceClass, u64)>) {
        (self.paid_on, self.paid.all())
    }

    /// Resources that were paid since this was last asked, and on which UTC day.
    pub(super) fn take_news(&mut self) -> (i64, Vec<(PriceClass, u64)>) {
        (self.paid_on, std::mem::take(&mut self.news))
    }

    /// Opens the books where they were closed. What was under way counts as paid: X may have charged for it. Books of a day that lies
    /// ahead hold until that day is over: the clock was set back, not the bill.
    pub(super) fn recall(&mut self, memory: LedgerMemory, paid: (i64, Vec<(PriceClass, u64)>), now: Timestamp) {
        (self.days, self.months) = (memory.days, memory.months);
        self.paid_on = paid.0;
        self.paid = Paid::default();
        paid.1.into_iter().for_each(|(class, id)| _ = self.paid.0[class as usize].insert(id));
        for Reservation { class, resources, others, day } in memory.under_way {
            let Some(class) = class else { continue };
            self.book(class, resources.into_iter(), day.unwrap_or(self.paid_on));
            self.spend(class, others);
        }
        self.turn(now);
    }

    fn spend(&mut self, class: PriceClass, count: u64) {
        let spent = self.cost(class, count);
        self.days.add(spent);
        self.months.add(spent);
    }

    fn cost(&self, class: PriceClass, count: u64) -> Spent {
        let tweets = if class == PriceClass::User { 0 } else { count };
        Spent { nanos: self.price(class).saturating_mul(count), tweets }
    }

    /// Whether there is a budget at all.
    pub(super) fn is_bounded(&self) -> bool {
        let Budget { usd_per_day, usd_per_month, tweets_per_month } = self.terms.budget;
        usd_per_day.is_some() || usd_per_month.is_some() || tweets_per_month.is_some()
    }

    /// The books were lost, but X has counted so many tweets of the whole project: they are taken for this account's.
    pub(super) fn assume(&mut self, today: u64, this_month: u64) {
        self.days.raise(self.cost(PriceClass::Tweet, today));
        self.months.raise(self.cost(PriceClass::Tweet, this_month.max(today)));
    }

    /// What is spent and what may be, for people. Sums of a day or month that is over are none.
    pub(super) fn money(&self, now: Timestamp) -> Money {
        let sum = |periods: &Periods, number: i64| if number <= periods.number() { periods.spent() } else { Spent::default() };
        let (today, this_month) = (sum(&self.days, now.utc_day()), sum(&self.months, now.utc_month()));
        Money {
            spent_today: today.nanos as f64 / NANOS,
            spent_this_month: this_month.nanos as f64 / NANOS,
            tweets_this_month: this_month.tweets,
            under_way: self.reserved.nanos as f64 / NANOS,
            budget: self.terms.budget,
            day_ends: Timestamp::from_seconds((now.utc_day() + 1) * 86_400),
            month_ends: Timestamp::from_seconds((now.utc_day() + i64::try_from(now.days_left_in_month()).unwrap_or(1)) * 86_400),
        }
    }

    /// The day's budget in US dollars and what is left of it.
    pub(super) fn day_budget(&self) -> Option<(f64, f64)> {
        self.terms.budget.usd_per_day.map(|usd| (usd, left(usd, self.days.spent().nanos)))
    }

    /// The month's.
    pub(super) fn month_budget(&self) -> Option<(f64, f64)> {
        self.terms.budget.usd_per_month.map(|usd| (usd, left(usd, self.months.spent().nanos)))
    }

    fn price(&self, class: PriceClass) -> u64 {
        let prices = &self.terms.prices;
        nanos(match class {
            PriceClass::Tweet => prices.tweet,
            PriceClass::OwnedTweet => prices.owned_tweet,
            PriceClass::User => prices.user,
            PriceClass::Analytics => prices.analytics,
        })
    }
}

/// The cast saturates.
fn nanos(usd: f64) -> u64 {
    (usd * NANOS).round() as u64
}

fn left(usd: f64, spent: u64) -> f64 {
    nanos(usd).saturating_sub(spent) as f64 / NANOS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger(charge: Charge, budget: Budget) -> Ledger {
        let prices = Prices { tweet: 0.005, owned_tweet: 0.001, user: 0.01, analytics: 0.005 };
        Ledger::new(LedgerTerms { charge, prices, budget }, at("2026-01-31T12:00:00Z"))
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("RFC 3339")
    }

    #[test]
    fn a_tweet_is_paid_once_a_day() {
        let mut ledger = ledger(Charge::UtcDay, Budget::default());
        let today = ledger.days.number();
        assert_eq!(ledger.book(PriceClass::Tweet, [1, 2, 2].into_iter(), today).charged, 2);
        assert_eq!(ledger.book(PriceClass::Tweet, [1, 2, 3].into_iter(), today).charged, 1);
        ledger.turn(at("2026-02-01T00:00:00Z"));
        assert_eq!(ledger.book(PriceClass::Tweet, [1, 2, 3].into_iter(), today + 1).charged, 3);
    }

    #[test]
    fn legacy_plans_pay_every_time() {
        let mut ledger = ledger(Charge::EveryRead, Budget::default());
        let today = ledger.days.number();
        for _ in 0..2 {
            let bill = ledger.book(PriceClass::Tweet, [1, 2].into_iter(), today);
            assert_eq!((bill.charged, bill.usd), (2, 0.01));
        }
    }

    #[test]
    fn the_budget_covers_to_the_last_tweet_and_no_further() {
        let budget = Budget { usd_per_day: Some(0.05), usd_per_month: Some(0.07), tweets_per_month: None };
        let mut ledger = ledger(Charge::UtcDay, budget);
        assert_eq!(ledger.affordable(PriceClass::Tweet), 10);
        ledger.reserve(PriceClass::Tweet, 4);
        assert_eq!(ledger.affordable(PriceClass::Tweet), 6);
        ledger.release(PriceClass::Tweet, 4);
        {
            let day = ledger.days.number();
            ledger.book(PriceClass::Tweet, 0..9, day)
        };
        assert_eq!((ledger.affordable(PriceClass::Tweet), ledger.affordable(PriceClass::User)), (1, 0));
        assert_eq!(ledger.day_budget(), Some((0.05, 0.005)));
        ledger.turn(at("2026-01-31T23:59:59Z"));
        assert_eq!(ledger.affordable(PriceClass::Tweet), 1);
        ledger.turn(at("2026-02-01T00:00:00Z"));
        assert_eq!(ledger.affordable(PriceClass::Tweet), 10);
    }

    #[test]
    fn the_months_bounds_outlast_the_day() {
        let budget = Budget { usd_per_day: None, usd_per_month: Some(0.05), tweets_per_month: Some(8) };
        let mut ledger = ledger(Charge::UtcDay, budget);
        ledger.turn(at("2026-02-01T12:00:00Z"));
        {
            let day = ledger.days.number();
            ledger.book(PriceClass::Tweet, 0..7, day)
        };
        ledger.turn(at("2026-02-02T12:00:00Z"));
        assert_eq!(ledger.affordable(PriceClass::Tweet), 1);
        assert_eq!(ledger.affordable(PriceClass::User), 1);
    }

    #[test]
    fn a_clock_that_jumps_reopens_no_budget_and_makes_nothing_free() {
        let budget = Budget { usd_per_day: Some(0.05), usd_per_month: None, tweets_per_month: None };
        let mut ledger = ledger(Charge::UtcDay, budget);
        let day = ledger.days.number();
        ledger.book(PriceClass::Tweet, 0..10, day);
        ledger.turn(at("2026-01-31T11:00:00Z"));
        assert_eq!(ledger.affordable(PriceClass::Tweet), 0, "an hour back");
        // A day ahead, where four are bought, and back: X has booked them on the day that it really is.
        ledger.turn(at("2026-02-01T12:00:00Z"));
        ledger.book(PriceClass::Tweet, 0..4, day + 1);
        ledger.turn(at("2026-01-31T12:00:10Z"));
        assert!(ledger.is_free(PriceClass::Tweet, 0), "paid on this very day");
        assert_eq!(ledger.affordable(PriceClass::Tweet), 0);
        ledger.turn(at("2026-01-31T23:30:00Z"));
        ledger.turn(at("2026-02-01T00:00:10Z"));
        assert!(!ledger.is_free(PriceClass::Tweet, 0), "paid yesterday");
        assert_eq!(ledger.affordable(PriceClass::Tweet), 6);
        // Years ahead and back: what was spent there counts until the next midnight, not for years.
        ledger.turn(at("2031-05-01T00:00:00Z"));
        {
            let day = ledger.days.number();
            ledger.book(PriceClass::Tweet, 0..9, day)
        };
        ledger.turn(at("2026-02-01T00:00:20Z"));
        assert_eq!(ledger.affordable(PriceClass::Tweet), 0);
        ledger.turn(at("2026-02-01T23:30:00Z"));
        ledger.turn(at("2026-02-02T00:00:00Z"));
        assert_eq!(ledger.affordable(PriceClass::Tweet), 10);
    }

    #[test]
    fn what_was_asked_before_midnight_and_answered_after_it_is_free_on_neither_day() {
        let mut ledger = ledger(Charge::UtcDay, Budget::default());
        let yesterday = ledger.days.number();
        ledger.turn(at("2026-02-01T00:00:01Z"));
        assert_eq!(ledger.book(PriceClass::Tweet, [1].into_iter(), yesterday).charged, 1);
        assert!(!ledger.is_free(PriceClass::Tweet, 1));
    }
}
