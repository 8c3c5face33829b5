//! How a tweet's numbers grow: fast in the first hours, then ever slower. Pure; every number is a floor of something monotone, and
//! totals are sums of their organic and promoted parts, so that a part never exceeds its whole.

use crate::model::Timestamp;
use crate::simulator::chance::Chance;

/// Half of all views have come by then: 80 minutes.
pub(crate) const HALF_LIFE_SECONDS: f64 = 4_800.0;
/// How sharply the curve bends; just above one makes the long tail.
const SLOPE: f64 = 1.1;
/// Advertisements are shown more evenly.
const PROMOTED_HALF_LIFE_SECONDS: f64 = 9_600.0;
/// Half of a viral wave has come by then.
const WAVE_HALF_LIFE_SECONDS: f64 = 900.0;
/// A wave starts slowly, then rushes.
const WAVE_SLOPE: f64 = 3.0;
/// What a purge of fake accounts leaves of the likes.
const LIKES_AFTER_PURGE: f64 = 0.94;

/// The life of one tweet.
pub(crate) struct Growth {
    /// Organic views in the end, without the wave.
    pub(crate) views: f64,
    /// Paid views in the end; `None`: never promoted.
    pub(crate) promoted_views: Option<f64>,
    /// A second wave: when it starts, and its views in the end.
    pub(crate) wave: Option<(Timestamp, f64)>,
    /// When fake accounts are removed and likes fall.
    pub(crate) purge: Option<Timestamp>,
    /// What part of the viewers does what.
    pub(crate) rates: Rates,
}

/// Parts of the viewers.
#[derive(Clone, Copy)]
pub(crate) struct Rates {
    likes: f64,
    replies: f64,
    retweets: f64,
    quotes: f64,
    bookmarks: f64,
    link_clicks: f64,
    profile_clicks: f64,
    other: f64,
    video: f64,
}

/// Numbers of one tweet in one context.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) impressions: u64,
    pub(crate) likes: u64,
    pub(crate) replies: u64,
    pub(crate) retweets: u64,
    pub(crate) quotes: u64,
    pub(crate) bookmarks: u64,
    pub(crate) link_clicks: u64,
    pub(crate) profile_clicks: u64,
    /// Interactions without a number of their own.
    pub(crate) other: u64,
    /// Views of the video, if it carries one.
    pub(crate) video_views: u64,
}

/// Numbers of one tweet at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Numbers {
    /// Seen without payment.
    pub(crate) organic: Counts,
    /// Seen through an advertisement; all zero for a tweet that was never promoted.
    pub(crate) promoted: Counts,
}

impl Growth {
    /// The numbers of a tweet born at `born`, when the simulated clock shows `now`.
    pub(crate) fn at(&self, born: Timestamp, now: Timestamp) -> Numbers {
        let age = now.since(born).as_secs_f64();
        let wave = self
            .wave
            .map_or(0.0, |(starts, views)| views * share(now.since(starts).as_secs_f64(), WAVE_HALF_LIFE_SECONDS, WAVE_SLOPE));
        let organic = self.views * share(age, HALF_LIFE_SECONDS, SLOPE) + wave;
        let promoted = self.promoted_views.unwrap_or(0.0) * share(age, PROMOTED_HALF_LIFE_SECONDS, SLOPE);
        let mut numbers = Numbers { organic: self.rates.counts(organic), promoted: self.rates.counts(promoted) };
        if self.purge.is_some_and(|purge| now >= purge) {
            numbers.organic.likes = (numbers.organic.likes as f64 * LIKES_AFTER_PURGE) as u64;
        }
        numbers
    }
}

/// The part of everything that has come `seconds` after the start: a logistic curve over the logarithm of time.
fn share(seconds: f64, half_life: f64, slope: f64) -> f64 {
    match seconds > 0.0 {
        true => 1.0 / (1.0 + (half_life / seconds).powf(slope)),
        false => 0.0,
    }
}

impl Rates {
    /// Believable rates, a little different for every tweet.
    pub(crate) fn drawn(chance: &mut Chance) -> Self {
        let mut about = |rate: f64| rate * chance.factor(0.25);
        Self {
            likes: about(0.024),
            replies: about(0.0031),
            retweets: about(0.0052),
            quotes: about(0.0011),
            bookmarks: about(0.0043),
            link_clicks: about(0.009),
            profile_clicks: about(0.006),
            other: about(0.03),
            video: about(0.38),
        }
    }

    fn counts(&self, views: f64) -> Counts {
        let part = |rate: f64| (views * rate) as u64;
        Counts {
            impressions: views as u64,
            likes: part(self.likes),
            replies: part(self.replies),
            retweets: part(self.retweets),
            quotes: part(self.quotes),
            bookmarks: part(self.bookmarks),
            link_clicks: part(self.link_clicks),
            profile_clicks: part(self.profile_clicks),
            other: part(self.other),
            video_views: part(self.video),
        }
    }
}

impl Numbers {
    /// Organic and promoted together.
    pub(crate) fn total(&self) -> Counts {
        let (organic, promoted) = (self.organic, self.promoted);
        Counts {
            impressions: organic.impressions + promoted.impressions,
            likes: organic.likes + promoted.likes,
            replies: organic.replies + promoted.replies,
            retweets: organic.retweets + promoted.retweets,
            quotes: organic.quotes + promoted.quotes,
            bookmarks: organic.bookmarks + promoted.bookmarks,
            link_clicks: organic.link_clicks + promoted.link_clicks,
            profile_clicks: organic.profile_clicks + promoted.profile_clicks,
            other: organic.other + promoted.other,
            video_views: organic.video_views + promoted.video_views,
        }
    }
}

impl Counts {
    /// How many users began to play the video and reached 25, 50, 75 and 100 %.
    pub(crate) fn playback(&self) -> [u64; 5] {
        [0.83, 0.42, 0.30, 0.20, 0.11].map(|part| (self.video_views as f64 * part) as u64)
    }

    /// Interactions of every kind: more than the sum of the parts that have a name.
    pub(crate) fn engagements(&self, has_link: bool) -> u64 {
        let links = if has_link { self.link_clicks } else { 0 };
        let shared = self.replies + self.retweets + self.quotes;
        self.likes + shared + self.bookmarks + links + self.profile_clicks + self.other
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const BORN: Timestamp = Timestamp::from_seconds(1_700_000_000);

    fn growth(promoted: Option<f64>) -> Growth {
        let rates = Rates::drawn(&mut Chance::new(42, "test"));
        Growth { views: 100_000.0, promoted_views: promoted, wave: None, purge: None, rates }
    }

    fn after(minutes: u64) -> Timestamp {
        BORN + Duration::from_secs(60 * minutes)
    }

    #[test]
    fn half_of_all_views_come_within_eighty_minutes_and_the_tail_is_long() {
        let views = |minutes| growth(None).at(BORN, after(minutes)).total().impressions;
        assert_eq!(views(0), 0);
        assert_eq!(views(80), 50_000);
        assert!((80_000..97_000).contains(&views(24 * 60)), "{}", views(24 * 60));
        assert!(views(30 * 24 * 60) > views(7 * 24 * 60));
    }

    #[test]
    fn nothing_falls_and_no_part_exceeds_its_whole() {
        let mut growth = growth(Some(40_000.0));
        growth.wave = Some((after(10), 900_000.0));
        let mut before = growth.at(BORN, BORN);
        for minutes in 1..600 {
            let now = growth.at(BORN, after(minutes));
            let (total, past) = (now.total(), before.total());
            for (value, least) in [
                (total.impressions, past.impressions),
                (total.likes, past.likes),
                (total.engagements(true), past.engagements(true)),
                (total.video_views, past.video_views),
                (total.likes, now.organic.likes),
                (total.impressions, now.organic.impressions),
            ] {
                assert!(value >= least, "minute {minutes}: {value} < {least}");
            }
            assert!(total.playback().is_sorted_by(|early, late| early >= late) && total.playback()[0] <= total.video_views);
            before = now;
        }
    }

    #[test]
    fn a_wave_multiplies_the_views_and_a_purge_takes_likes_away() {
        let mut growth = growth(None);
        growth.wave = Some((after(60), 900_000.0));
        growth.purge = Some(after(61));
        let views = |minutes| growth.at(BORN, after(minutes)).total().impressions;
        assert!(views(59) < 50_000 && views(75) > 450_000);
        growth.wave = None;
        let likes = |minutes| growth.at(BORN, after(minutes)).total().likes;
        assert!(likes(61) < likes(60));
    }
}
