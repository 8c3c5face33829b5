//! Sums of a day or of a month that a clock which jumps neither reopens nor forgets.

use serde::{Deserialize, Serialize};

/// What was bought: in billionths of a dollar, and how many tweets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Spent {
    pub(super) nanos: u64,
    pub(super) tweets: u64,
}

impl Spent {
    /// Both together.
    pub(super) fn and(self, other: Self) -> Self {
        Self { nanos: self.nanos.saturating_add(other.nanos), tweets: self.tweets.saturating_add(other.tweets) }
    }

    /// What is left of it without the other.
    pub(super) fn without(self, other: Self) -> Self {
        Self { nanos: self.nanos.saturating_sub(other.nanos), tweets: self.tweets.saturating_sub(other.tweets) }
    }

    /// The more of each.
    pub(super) fn max(self, other: Self) -> Self {
        Self { nanos: self.nanos.max(other.nanos), tweets: self.tweets.max(other.tweets) }
    }
}

/// One day or month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Page {
    /// Which, counted from 1970 on.
    number: i64,
    /// Bought while the clock showed it.
    own: Spent,
    /// The part of it that had been bought when it was last opened.
    before: Spent,
}

/// The present day or month, and the one that the clock showed before. Whoever sets a clock does not say which of its times were true:
/// what was bought in between may be on the bill of each, and counts for all that the clock has shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Periods {
    page: Page,
    aside: Option<Page>,
    /// Bought while the clock showed another one, and perhaps on the bill of this.
    carried: Spent,
    /// Bought since the last midnight that came by itself.
    recent: Spent,
    /// The last one that was shown since then.
    latest: i64,
}

impl Periods {
    /// Nothing was bought yet.
    pub(super) fn new(number: i64) -> Self {
        Self { page: Page { number, ..Page::default() }, latest: number, ..Self::default() }
    }

    /// Which it is.
    pub(super) fn number(&self) -> i64 {
        self.page.number
    }

    /// What may be on the present one's bill.
    pub(super) fn spent(&self) -> Spent {
        self.page.own.and(self.carried)
    }

    /// Something was bought.
    pub(super) fn add(&mut self, spent: Spent) {
        self.page.own = self.page.own.and(spent);
        self.recent = self.recent.and(spent);
    }

    /// Somebody has counted as much.
    pub(super) fn raise(&mut self, counted: Spent) {
        self.page.own = self.page.own.max(counted.without(self.carried));
        self.recent = self.recent.max(self.page.own);
    }

    /// The clock shows this one; `steady`: by running on, and not because somebody set it.
    pub(super) fn turn(&mut self, number: i64, steady: bool) {
        if number == self.page.number {
            return;
        }
        let left = self.page;
        let since = left.own.without(left.before);
        let known = self.aside.filter(|aside| aside.number == number);
        let spent = known.map_or(Spent::default(), |known| known.own.and(since));
        let spent = match steady {
            true => spent,
            false if number > self.latest => Spent::default(),
            false => spent.max(self.recent),
        };
        self.page = known.map_or(Page { number, ..Page::default() }, |known| Page { before: known.own, ..known });
        self.carried = spent.without(self.page.own);
        self.aside = Some(left);
        (self.recent, self.latest) = if steady { (spent, number) } else { (self.recent, self.latest.max(number)) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bought(periods: &mut Periods, tweets: u64) -> u64 {
        periods.add(Spent { nanos: 0, tweets });
        periods.spent().tweets
    }

    /// Spent on the present day after the clock was set to it.
    fn set(periods: &mut Periods, number: i64) -> u64 {
        periods.turn(number, false);
        periods.spent().tweets
    }

    #[test]
    fn a_day_that_begins_by_itself_begins_with_nothing() {
        let mut days = Periods::new(10);
        bought(&mut days, 3);
        days.turn(11, true);
        assert_eq!((days.number(), days.spent()), (11, Spent::default()));
        assert_eq!(bought(&mut days, 2), 2);
        days.turn(12, true);
        assert_eq!(days.spent(), Spent::default());
    }

    #[test]
    fn a_clock_that_was_a_day_ahead_forgets_nothing_however_often() {
        let mut days = Periods::new(10);
        bought(&mut days, 3);
        assert_eq!(set(&mut days, 11), 0, "who says that it is not tomorrow");
        bought(&mut days, 2);
        assert_eq!(set(&mut days, 10), 5);
        assert_eq!(set(&mut days, 11), 5, "again");
        assert_eq!(set(&mut days, 10), 5);
        assert_eq!(bought(&mut days, 1), 6);
        days.turn(11, true);
        assert_eq!(days.spent().tweets, 3, "the two of that day, and the last one, which may be on its bill");
    }

    #[test]
    fn a_clock_that_was_a_day_behind_forgets_nothing() {
        let mut days = Periods::new(10);
        bought(&mut days, 3);
        assert_eq!(set(&mut days, 9), 3);
        bought(&mut days, 1);
        assert_eq!(set(&mut days, 10), 4);
        days.turn(11, true);
        assert_eq!(days.spent().tweets, 0);
    }

    #[test]
    fn an_hour_back_over_midnight_costs_neither_day_its_sums() {
        let mut days = Periods::new(10);
        bought(&mut days, 7);
        days.turn(11, true);
        bought(&mut days, 1);
        assert_eq!(set(&mut days, 10), 8);
        bought(&mut days, 1);
        days.turn(11, true);
        assert_eq!(days.spent().tweets, 2);
    }

    #[test]
    fn a_clock_that_was_years_ahead_is_forgiven_at_the_next_midnight() {
        let mut days = Periods::new(10);
        bought(&mut days, 3);
        set(&mut days, 2_000);
        bought(&mut days, 4);
        assert_eq!(set(&mut days, 10), 7);
        days.turn(11, true);
        assert_eq!(days.spent().tweets, 0);
    }

    proptest::proptest! {
        #[test]
        fn what_is_bought_between_two_midnights_stays_on_the_day_that_it_is(moves in proptest::collection::vec((8i64..13, 0u64..5), 1..20)) {
            // The true day is 10 all the time, and the clock is set to and fro.
            let mut days = Periods::new(10);
            let mut all = 0;
            for (number, count) in moves {
                set(&mut days, number);
                all += count;
                bought(&mut days, count);
                if number <= 10 {
                    proptest::prop_assert!(days.spent().tweets >= all);
                }
            }
        }
    }
}
