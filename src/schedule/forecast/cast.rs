//! Which tweets will be read, and in which lanes they will wait as they age. Asks the plan itself: this file knows no rule of it, only
//! at which ages the answer may change.

use std::cmp::Reverse;
use std::time::Duration;

use crate::model::{Api, Ask, CredentialKind, MediaKey, Timestamp, TweetId};
use crate::schedule::account::{AccountPlan, AccountTerms};
use crate::schedule::forecast::{Assumptions, Known, Named};
use crate::schedule::gates::Gates;
use crate::schedule::slot::{DAY, PRIVATE_AGE, SlotKind};
use crate::schedule::tweet::TweetPlan;
use crate::schedule::{Errand, Ladder};

/// All tweets of an account, those to come included.
#[derive(Debug)]
pub(super) struct Cast {
    /// The plan as it is once X has answered for the first time.
    pub(super) plan: AccountPlan,
    /// What it asks of X first, and how.
    pub(super) users: Option<(Errand, CredentialKind)>,
    pub(super) lives: Vec<Life>,
    /// What the search for new tweets asks, and with which slot.
    pub(super) discovery: Option<(usize, Ask)>,
    pub(super) watched: usize,
    pub(super) retired: usize,
}

/// The readings of one tweet.
#[derive(Debug)]
pub(super) struct Life {
    pub(super) id: TweetId,
    /// By slot, then by time.
    pub(super) segments: Vec<Segment>,
}

/// A time in which a tweet is read alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Segment {
    pub(super) slot: usize,
    pub(super) ask: Ask,
    pub(super) every: Duration,
    pub(super) tier: usize,
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
}

/// Snowflakes count milliseconds from then (x-api.md 6).
const SNOWFLAKE_EPOCH: i64 = 1_288_834_974_657;
const INSTANT: Duration = Duration::from_millis(1);

impl Cast {
    /// All tweets that are read between now and `end`.
    pub(super) fn new(
        terms: &AccountTerms,
        ladder: &Ladder,
        (named, known): (&[Named], &Known),
        assumed: &Assumptions,
        end: Timestamp,
    ) -> Self {
        let now = assumed.now;
        let ids: Vec<TweetId> = named.iter().map(|tweet| tweet.id).collect();
        let mut plan = AccountPlan::new(terms.clone(), &ids, now);
        // The moment of the forecast is any moment of its day.
        plan.gates = Gates::new(terms.seed, None);
        if known.user {
            plan.timeline.identity.target = Some(1);
            plan.timeline.identity.owner = plan.timeline.identity.has_user.then_some(1);
        }
        let call = plan.ask_users(0, ladder, now);
        if call.is_some() {
            plan.timeline.identity.target = Some(1);
            plan.timeline.identity.owner = plan.timeline.identity.has_user.then_some(1);
        }
        let retired = ids.iter().filter(|id| ladder.interval(**id, now).is_none()).count();
        let users = call.map(|call| (call.errand, call.credential));
        let mut cast = Self { plan, users, lives: Vec::new(), discovery: None, watched: ids.len(), retired };
        for tweet in named {
            let foreign = tweet.foreign || known.foreign.contains(&tweet.id);
            let plan = cast.tweet(&Named { foreign, ..*tweet }, ladder, now);
            cast.live(plan, ladder, assumed, (now, end));
        }
        if terms.discovery.is_some() && cast.plan.timeline.identity.target.is_some() {
            cast.discover(ladder, &ids, known, assumed, end);
        }
        cast
    }

    /// A named tweet as the plan knows it once X has answered.
    fn tweet(&self, named: &Named, ladder: &Ladder, now: Timestamp) -> TweetPlan {
        let mut tweet = settled(TweetPlan::new(named.id, self.plan.slots.len(), now));
        tweet.foreign_until = named.foreign.then_some(Timestamp::MAX);
        let page = self.page();
        tweet.on_timeline = page.is_some_and(|page| self.plan.lane(&tweet, page, ladder, now).is_some());
        tweet
    }

    fn page(&self) -> Option<usize> {
        self.plan.slots.iter().position(|slot| slot.kind == SlotKind::Timeline)
    }

    /// Tweets that are on the timeline, or will be.
    fn discover(&mut self, ladder: &Ladder, named: &[TweetId], known: &Known, assumed: &Assumptions, end: Timestamp) {
        let Some(page) = self.page() else { return };
        let now = assumed.now;
        let age = now.since(self.plan.horizon(ladder, now));
        let first = if known.found.is_empty() { now - age } else { now };
        let mut tweets: Vec<TweetId> = known.found.iter().copied().filter(|id| !named.contains(id)).collect();
        tweets.extend(invented(first, end, assumed.new_tweets_per_day));
        tweets.sort_by_key(|id| Reverse(*id));
        let room = terms_room(&self.plan);
        for (position, id) in tweets.iter().enumerate() {
            let Some(created) = id.created() else { continue };
            // The youngest stay: it leaves when as many as there is room for have come after it.
            let pushed = position.checked_sub(room).map(|later| tweets[later].created().unwrap_or(end));
            let until = if room == 0 { now } else { pushed.unwrap_or(end).min(created + age).min(end) };
            let tweet = settled(TweetPlan::new(*id, self.plan.slots.len(), now));
            let tweet = TweetPlan { found: true, on_timeline: true, ..tweet };
            self.watched += usize::from(created <= now && until > now);
            self.live(tweet, ladder, assumed, (created.max(now), until));
        }
        // New ones are looked for in the way in which a new one is read.
        let young = invented(now - DAY, now, 1).next().map(|id| settled(TweetPlan::new(id, self.plan.slots.len(), now)));
        let young = young.map(|tweet| TweetPlan { found: true, on_timeline: true, ..tweet });
        let lane = young.and_then(|tweet| self.plan.lane(&tweet, page, ladder, now));
        self.discovery = Some((page, lane.map_or(Ask::Public, |(_, ask, _)| ask)));
    }

    /// Follows a tweet through the tiers.
    fn live(&mut self, mut tweet: TweetPlan, ladder: &Ladder, assumed: &Assumptions, (start, end): (Timestamp, Timestamp)) {
        let Some(created) = tweet.id.created().filter(|_| start < end) else { return };
        let turns = self.ages(ladder).into_iter().map(|age| created + age).filter(|turn| *turn > start && *turn < end);
        let mut turns: Vec<Timestamp> = [start].into_iter().chain(turns).collect();
        turns.sort();
        turns.dedup();
        let mut segments: Vec<Segment> = Vec::new();
        for slot in 0..self.plan.slots.len() {
            let is_scout = self.plan.slots[slot].kind == SlotKind::Scout;
            // What a scout learns it learns once.
            let videos = tweet.videos.clone();
            tweet.videos = videos.clone().filter(|_| !is_scout);
            for (position, from) in turns.iter().copied().enumerate().take(if is_scout { 1 } else { usize::MAX }) {
                let until = if is_scout { from + INSTANT } else { turns.get(position + 1).copied().unwrap_or(end) };
                let lane = self.plan.lane(&tweet, slot, ladder, from).zip(ladder.position(tweet.id, from));
                let Some(((slot, ask, every), tier)) = lane else { continue };
                if self.plan.candidates(self.plan.slots[slot].api, ask).next().is_none() {
                    continue;
                }
                segments.push(Segment { slot, ask, every: every.max(assumed.min_age), tier, from, until });
            }
            tweet.videos = videos;
        }
        if !segments.is_empty() {
            self.lives.push(Life { id: tweet.id, segments });
        }
    }

    /// At which ages a tweet may change its lane.
    fn ages(&self, ladder: &Ladder) -> Vec<Duration> {
        let tiers = ladder.steps().iter().map(|tier| tier.younger_than);
        let own = self.plan.slots.iter().filter_map(|slot| match slot.kind {
            SlotKind::Own(age) => Some(age),
            _ => None,
        });
        let found = self.plan.terms.discovery.map(|discovery| discovery.younger_than);
        tiers.chain(own).chain(found).chain([PRIVATE_AGE]).collect()
    }

    /// The credential with which a lane's calls are made.
    pub(super) fn credential(&self, api: Api, ask: Ask) -> Option<CredentialKind> {
        self.plan.candidates(api, ask).next()
    }
}

/// X has told what hangs on the tweet: one video, so that what goes by videos is counted.
fn settled(tweet: TweetPlan) -> TweetPlan {
    let key: Option<MediaKey> = format!("7_{}", tweet.id).parse().ok();
    TweetPlan { videos: Some(key.into_iter().collect()), ..tweet }
}

fn terms_room(plan: &AccountPlan) -> usize {
    plan.terms.discovery.map_or(0, |discovery| discovery.max_tweets.min(discovery.room))
}

/// Ids of so many tweets a day, evenly spread; none has the other's.
fn invented(from: Timestamp, until: Timestamp, per_day: u32) -> impl Iterator<Item = TweetId> {
    let span = until.since(from).as_secs_f64() / DAY.as_secs_f64();
    let count = (span * f64::from(per_day)).round() as u64;
    let pause = DAY.checked_div(per_day).unwrap_or(DAY);
    (0..count).filter_map(move |number| {
        let created = from + pause.mul_f64(number as f64 + 0.5);
        let millis = u64::try_from(created.millis() - SNOWFLAKE_EPOCH).ok()?;
        TweetId::new(millis << 22 | number & 0xfff).ok()
    })
}
