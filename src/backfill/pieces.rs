//! What to ask X for: stretches of at most four weeks, for as many tweets as the system and the size of its answers allow.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::{Api, Stretch, Timestamp, TweetId};

/// One request to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) stretch: Stretch,
    pub(super) tweets: Vec<TweetId>,
}

/// The Engagement API looks at no more at once (x-api.md 1e); of the others nobody knows, and four weeks are asked of them, too.
const LONGEST: Duration = Duration::from_secs(28 * 86_400);
/// So much is read of an answer, and one that is cut off there is paid for. Counted unpacked.
const MOST_BYTES: usize = 16 << 20;
/// The Engagement API forgets after 365 days; a day less keeps clear of the edge (x-api.md section 8, contradiction 23).
const ENGAGEMENT_MEMORY: Duration = Duration::from_secs(364 * 86_400);

/// How long one bucket of a tweet may be in an answer, all metrics together: what is documented (x-api.md 1b, 1c, 1e) with numbers of
/// nineteen digits, and room for longer names where X's own are not known.
fn bytes_of_a_bucket(api: Api) -> usize {
    match api {
        // 26 pairs of up to 80 bytes beside the tweet's id and the time, names and spelling uncertain.
        Api::InsightsHistorical => 3 << 10,
        // 17 types, each with an hour's key and a text.
        Api::EngagementHistorical => 640,
        // 23 names with their numbers.
        _ => 1 << 10,
    }
}

impl Piece {
    /// Buckets of all tweets together.
    pub(super) fn size(&self) -> usize {
        self.stretch.buckets() * self.tweets.len()
    }

    /// Two requests for the same: each for half of the tweets; for one tweet, half of the time. Nothing for a single bucket.
    pub(super) fn halves(&self) -> Option<[Self; 2]> {
        if self.tweets.len() > 1 {
            let (left, right) = self.tweets.split_at(self.tweets.len() / 2);
            return Some([left, right].map(|tweets| Self { tweets: tweets.to_vec(), ..self.clone() }));
        }
        let Stretch { start, end, step } = self.stretch;
        let half = u32::try_from(self.stretch.buckets() / 2).ok().filter(|half| *half > 0)?;
        let middle = start + step.length() * half;
        Some([(start, middle), (middle, end)].map(|(start, end)| Self { stretch: Stretch { start, end, step }, ..self.clone() }))
    }

    /// The same in requests of at most so many buckets; what lies before a tweet's birth falls away.
    pub(super) fn within(mut self, most: usize) -> Vec<Self> {
        self.tweets.retain(|tweet| was_born(*tweet, &self.stretch));
        match self.halves().filter(|_| self.size() > most) {
            Some(halves) => halves.into_iter().flat_map(|half| half.within(most)).collect(),
            None if self.tweets.is_empty() => Vec::new(),
            None => vec![self],
        }
    }
}

/// What of these requests is not settled, by what is missing of each tweet.
pub(super) fn unsettled(pieces: Vec<Piece>, missing: impl Fn(TweetId, Stretch) -> Vec<Stretch>) -> Vec<Piece> {
    let mut left = Vec::new();
    for piece in pieces {
        let mut parts: BTreeMap<(Timestamp, Timestamp), Vec<TweetId>> = BTreeMap::new();
        for tweet in piece.tweets {
            for part in missing(tweet, piece.stretch).iter().filter(|part| was_born(tweet, part)) {
                parts.entry((part.start, part.end)).or_default().push(tweet);
            }
        }
        let step = piece.stretch.step;
        left.extend(parts.into_iter().map(|((start, end), tweets)| Piece { stretch: Stretch { start, end, step }, tweets }));
    }
    left
}

/// What of the stretch a system knows; nothing if it knows none of it.
pub(super) fn known(api: Api, stretch: Stretch, begun: Timestamp) -> Option<Stretch> {
    let oldest = if api == Api::EngagementHistorical { begun - ENGAGEMENT_MEMORY } else { Timestamp::MIN };
    let start = if oldest > stretch.start { stretch.step.ceil(oldest) } else { stretch.start };
    (start < stretch.end).then_some(Stretch { start, ..stretch })
}

/// The requests to a system. Each batch gets its whole past before the next begins: X charges a tweet once per UTC day. What lies before
/// a tweet's birth is not asked for.
pub(super) fn pieces(api: Api, stretch: Stretch, tweets: &[TweetId]) -> Vec<Piece> {
    let mut by_age = tweets.to_vec();
    by_age.sort();
    by_age.dedup();
    let parts = stretch.cut(LONGEST);
    let most = parts.iter().map(Stretch::buckets).max().unwrap_or(1).max(1);
    let size = api.batch().min(MOST_BYTES / bytes_of_a_bucket(api) / most).max(1);
    let of = |batch: &[TweetId], part: &Stretch| Piece {
        stretch: *part,
        tweets: batch.iter().filter(|id| was_born(**id, part)).copied().collect(),
    };
    let all = by_age.chunks(size).flat_map(|batch| parts.iter().map(move |part| of(batch, part)));
    all.filter(|piece| !piece.tweets.is_empty()).collect()
}

fn was_born(tweet: TweetId, part: &Stretch) -> bool {
    tweet.created().is_none_or(|created| created < part.end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Step;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("RFC 3339")
    }

    fn id(created: &str, number: u64) -> TweetId {
        let millis = (at(created).millis() - 1_288_834_974_657) as u64;
        TweetId::new((millis << 22) + number).expect("an id")
    }

    #[test]
    fn requests_are_of_four_weeks_of_a_batch_and_of_no_time_before_birth() {
        let stretch = Stretch { start: at("2026-01-01T00:00:00Z"), end: at("2026-03-01T00:00:00Z"), step: Step::Hour };
        let old: Vec<TweetId> = (0..30).map(|number| id("2025-06-01T00:00:00Z", number)).collect();
        let new = id("2026-02-27T12:00:00Z", 1);
        let tweets = [&[new], &old[..]].concat();
        let found = pieces(Api::EngagementHistorical, stretch, &tweets);
        assert_eq!(found.iter().map(|piece| piece.tweets.len()).collect::<Vec<_>>(), [25, 25, 25, 5, 5, 6]);
        assert!(found.iter().all(|piece| piece.stretch.buckets() <= 28 * 24));
        // 672 hours of 24 tweets are enough for an answer of analytics, of 8 for one of insights.
        assert_eq!(pieces(Api::Analytics, stretch, &tweets)[0].tweets.len(), 24);
        assert_eq!(pieces(Api::InsightsHistorical, stretch, &tweets)[0].tweets.len(), 8);
        let days = Stretch { step: Step::Day, ..stretch };
        assert_eq!(pieces(Api::Analytics, days, &tweets).len(), 3);
        assert_eq!(pieces(Api::Analytics, days, &[id("2026-03-01T00:00:00Z", 0)]), []);
    }

    #[test]
    fn a_request_is_halved_by_tweets_then_by_time_and_nothing_is_lost() {
        let stretch = Stretch { start: at("2026-01-01T00:00:00Z"), end: at("2026-01-08T00:00:00Z"), step: Step::Day };
        let piece = Piece { stretch, tweets: (0..3).map(|number| id("2025-06-01T00:00:00Z", number)).collect() };
        let sizes = |most| piece.clone().within(most).iter().map(Piece::size).collect::<Vec<_>>();
        assert_eq!(sizes(21), [21]);
        assert_eq!(sizes(20), [7, 14]);
        assert_eq!(sizes(6), [3, 4, 3, 4, 3, 4]);
        assert_eq!(sizes(0), [1; 21], "a single bucket is as small as can be");
        let parts = piece.clone().within(6);
        assert_eq!(
            (parts[0].stretch.start, parts[0].stretch.end, parts[1].stretch.end),
            (stretch.start, parts[1].stretch.start, stretch.end)
        );
    }

    #[test]
    fn the_engagement_api_is_not_asked_for_what_it_has_forgotten() {
        let stretch = Stretch { start: at("2025-01-01T00:00:00Z"), end: at("2026-01-01T00:00:00Z"), step: Step::Day };
        let begun = at("2026-06-01T12:00:00Z");
        assert_eq!(known(Api::Analytics, stretch, begun), Some(stretch));
        let start = known(Api::EngagementHistorical, stretch, begun).map(|known| known.start);
        assert_eq!(start, Some(at("2025-06-03T00:00:00Z")));
        assert_eq!(known(Api::EngagementHistorical, stretch, at("2027-01-01T00:00:00Z")), None);
    }
}
