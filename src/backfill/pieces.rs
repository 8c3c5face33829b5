//! What to ask X for: stretches of at most four weeks, for as many tweets as the system and a sane answer allow.

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
/// Hours of a hundred tweets over four weeks would be an answer of some 30 MB, twice what is read of an answer.
const MOST_BUCKETS: usize = 20_000;
/// The Engagement API forgets after 365 days; a day less keeps clear of the edge (x-api.md section 8, contradiction 23).
const ENGAGEMENT_MEMORY: Duration = Duration::from_secs(364 * 86_400);

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
    let size = api.batch().min(MOST_BUCKETS / most).max(1);
    let was_born = |id: &TweetId, part: &Stretch| id.created().is_none_or(|created| created < part.end);
    let of = |batch: &[TweetId], part: &Stretch| Piece {
        stretch: *part,
        tweets: batch.iter().filter(|id| was_born(id, part)).copied().collect(),
    };
    let all = by_age.chunks(size).flat_map(|batch| parts.iter().map(move |part| of(batch, part)));
    all.filter(|piece| !piece.tweets.is_empty()).collect()
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
        // 672 hours of 29 tweets are enough for an answer.
        assert_eq!(pieces(Api::Analytics, stretch, &tweets)[0].tweets.len(), 29);
        let days = Stretch { step: Step::Day, ..stretch };
        assert_eq!(pieces(Api::Analytics, days, &tweets).len(), 3);
        assert_eq!(pieces(Api::Analytics, days, &[id("2026-03-01T00:00:00Z", 0)]), []);
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
