//! What the plan knows of the account's own timeline: whose it is, what was found on it, and the walks through its pages.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::ops::Bound::Excluded;
use std::time::Duration;

use crate::model::{Ask, Room, Timestamp, TweetId, Username};
use crate::schedule::memory::{IdentityMemory, LookedFor, TimelineMemory};

/// Which tweets of the own timeline are watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Discovery {
    /// How far back.
    pub younger_than: Duration,
    /// Leave out replies.
    pub exclude_replies: bool,
    /// Leave out retweets.
    pub exclude_retweets: bool,
    /// At most so many, the youngest first.
    pub max_tweets: usize,
    /// No more than these fit under `limits.max_tweets`.
    pub room: usize,
}

/// The timeline of one account.
#[derive(Debug)]
pub(super) struct Timeline {
    pub(super) discovery: Option<Discovery>,
    pub(super) identity: Identity,
    found: BTreeSet<TweetId>,
    /// Another exporter watches them. They take part in the choice of the youngest: what is chosen does not hang on who reads it.
    elsewhere: HashSet<TweetId>,
    /// Would be watched, too, if they fitted under `limits.max_tweets`.
    surplus: BTreeSet<TweetId>,
    /// What was on pages, watched or not: between two watched tweets may lie others that cost money.
    listed: BTreeSet<TweetId>,
    /// From this moment on everything on the timeline is known.
    pub(super) walked_from: Option<Timestamp>,
    /// One after the other.
    pub(super) walks: VecDeque<Walk>,
    /// New tweets are looked for then; nothing: at once.
    pub(super) next_discovery: Option<Timestamp>,
    /// It is time to look for new tweets.
    pub(super) looks: bool,
    searching: bool,
    /// Money ended the first walk before it had seen everything.
    pub(super) cut_short: bool,
    /// There is less money than the smallest page of new tweets could cost: none are found.
    pub(super) held: bool,
    /// X's pages led nowhere: walks end early until then.
    pub(super) impatient_until: Option<Timestamp>,
    /// It fails or hangs, as far as was seen when calls were last made.
    pub(super) stuck: bool,
}

/// Whose timeline, and whose token.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    /// As the configuration has it, or as the token turned out to have.
    pub(super) username: Option<Username>,
    /// The configuration has it.
    pub(super) named: bool,
    /// The user that a user's credential speaks for.
    pub(super) owner: Option<u64>,
    /// Whose timeline is read.
    pub(super) target: Option<u64>,
    /// X is being asked.
    pub(super) asking: bool,
    /// There is a timeline to be read.
    pub(super) is_needed: bool,
    /// There is a user's credential.
    pub(super) has_user: bool,
    /// Tells its tokens from others.
    pub(super) speaker: u64,
    /// The token is another one than that by which the owner was learned.
    pub(super) doubted: bool,
}

/// A walk through pages, newest tweets first.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    pub(super) slot: usize,
    pub(super) ask: Ask,
    pub(super) start: Timestamp,
    /// Nothing: up to now, so that new tweets are found.
    pub(super) end: Option<Timestamp>,
    pub(super) after: Option<TweetId>,
    pub(super) token: Option<String>,
    /// Watched tweets that are due and should be on its pages.
    pub(super) expected: Vec<TweetId>,
    pub(super) seen: HashSet<TweetId>,
    pub(super) lowest: Option<TweetId>,
    pub(super) pages: u32,
    pub(super) empty_pages: u32,
    /// Below this tweet (nothing: from the top on) a page was missing: who was not seen there may still be there.
    pub(super) gap: Option<Option<TweetId>>,
    pub(super) under_way: bool,
}

/// Watched tweets that are read with one walk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) lowest: TweetId,
    pub(super) highest: TweetId,
    pub(super) due: Vec<TweetId>,
    /// How many tweets lie in it, as far as is known.
    size: usize,
}

/// Tweets on the largest page ("GET /2/users/:id/tweets").
pub(super) const PAGE: usize = 100;

impl Discovery {
    /// What another run of the exporter must look for, too, to go on where this one was.
    pub(super) fn looked_for(self) -> LookedFor {
        let Self { younger_than, exclude_replies, exclude_retweets, max_tweets, room: _ } = self;
        LookedFor { younger_than, exclude_replies, exclude_retweets, max_tweets }
    }
}

impl LookedFor {
    fn excludes_other_than(self, other: Self) -> bool {
        (self.exclude_replies, self.exclude_retweets) != (other.exclude_replies, other.exclude_retweets)
    }
}

impl Walk {
    /// A walk from the newest tweet back to this moment.
    pub(super) fn new(slot: usize, ask: Ask, start: Timestamp) -> Self {
        Self {
            slot,
            ask,
            start,
            end: None,
            after: None,
            token: None,
            expected: Vec::new(),
            seen: HashSet::new(),
            lowest: None,
            pages: 0,
            empty_pages: 0,
            gap: None,
            under_way: false,
        }
    }

    /// Whether every tweet of its stretch above this one was on a page, if it is there at all.
    pub(super) fn is_sure_of(&self, tweet: TweetId) -> bool {
        self.gap.is_none_or(|lowest| lowest.is_some_and(|lowest| tweet > lowest))
    }
}

impl Identity {
    /// The timeline's owner makes the calls: X then charges less.
    pub(super) fn is_own(&self) -> bool {
        self.owner.is_some() && self.owner == self.target && !self.doubted
    }

    /// What must survive a restart: an id costs money.
    pub(super) fn memory(&self) -> IdentityMemory {
        IdentityMemory { username: self.username.clone(), owner: self.owner, target: self.target, speaker: self.speaker }
    }

    /// Takes up what was known, unless the configuration names somebody else by now, or has other tokens. Whether it is still the same
    /// timeline.
    pub(super) fn recall(&mut self, memory: IdentityMemory) -> bool {
        let is_same_speaker = memory.speaker == self.speaker;
        self.owner = memory.owner;
        self.doubted = self.has_user && self.owner.is_some() && !is_same_speaker;
        let is_same = match (&self.username, &memory.username) {
            (Some(name), Some(known)) => known.as_str().eq_ignore_ascii_case(name.as_str()),
            (Some(_), None) => false,
            // Whose it is was learned from the token.
            (None, _) => is_same_speaker,
        };
        if is_same {
            self.target = memory.target;
            self.username = self.username.take().or(memory.username);
        }
        is_same
    }

    /// Somebody put another token there: whose it is must be asked again, since a price hangs on it.
    pub(super) fn doubt(&mut self) {
        self.doubted = self.has_user;
    }

    /// The token speaks for this user. Whether the timeline is another one by that: nobody wrote whose it is, and the token is new.
    pub(super) fn learn_owner(&mut self, id: u64, name: &Username) -> bool {
        self.owner = Some(id);
        self.doubted = false;
        let is_another = !self.named && self.target.is_some_and(|target| target != id);
        if is_another {
            self.username = None;
        }
        let is_target = self.username.as_ref().is_none_or(|known| known.as_str().eq_ignore_ascii_case(name.as_str()));
        if is_target {
            self.target = Some(id);
            self.username.get_or_insert_with(|| name.clone());
        }
        is_another
    }
}

impl Timeline {
    /// A timeline of which nothing is known yet.
    pub(super) fn new(discovery: Option<Discovery>, identity: Identity, elsewhere: HashSet<TweetId>) -> Self {
        Self {
            discovery,
            identity,
            found: BTreeSet::new(),
            elsewhere,
            surplus: BTreeSet::new(),
            listed: BTreeSet::new(),
            walked_from: None,
            walks: VecDeque::new(),
            next_discovery: None,
            looks: false,
            searching: discovery.is_some(),
            impatient_until: None,
            stuck: false,
            cut_short: false,
            held: false,
        }
    }

    /// It is another's now: nothing is known of it.
    pub(super) fn begin_anew(&mut self) {
        let (identity, elsewhere) = (self.identity.clone(), std::mem::take(&mut self.elsewhere));
        *self = Self::new(self.discovery, identity, elsewhere);
    }

    /// What must survive a restart.
    pub(super) fn memory(&self) -> TimelineMemory {
        TimelineMemory {
            found: self.found.iter().copied().collect(),
            listed: self.listed.iter().copied().collect(),
            walked_from: self.walked_from,
            looked_for: self.discovery.map(Discovery::looked_for),
            next_discovery: self.next_discovery,
            cut_short: self.cut_short,
        }
    }

    /// Takes up what was known, as far as the same tweets are still looked for.
    pub(super) fn recall(&mut self, memory: TimelineMemory) {
        let (was, is) = (memory.looked_for, self.discovery.map(Discovery::looked_for));
        if was.zip(is).is_some_and(|(was, is)| was.excludes_other_than(is)) {
            // Nobody noted which of those found are replies.
            return;
        }
        self.listed = memory.listed.into_iter().collect();
        let Some(discovery) = self.discovery else {
            self.walked_from = memory.walked_from;
            return;
        };
        // What did not fit was not looked at, what is older neither.
        let fits_more =
            was.zip(is).is_none_or(|(was, is)| memory.found.len() >= was.max_tweets && is.max_tweets > was.max_tweets);
        let is_deeper = was.zip(is).is_some_and(|(was, is)| is.younger_than > was.younger_than);
        self.found = memory.found.into_iter().collect();
        if !fits_more {
            self.walked_from = memory.walked_from;
            self.next_discovery = memory.next_discovery.filter(|_| !is_deeper);
            self.cut_short = memory.cut_short || is_deeper;
            self.searching &= memory.walked_from.is_none();
        }
        self.cut(discovery);
    }

    /// Tweets found on it that nobody else has, newest first.
    pub(super) fn found(&self) -> impl Iterator<Item = TweetId> {
        self.found.iter().rev().copied().filter(|id| !self.elsewhere.contains(id))
    }

    /// How many more would be watched if there were room.
    pub(super) fn surplus(&self) -> usize {
        self.surplus.len()
    }

    /// Nobody has seen all of it yet.
    pub(super) fn is_searching(&self) -> bool {
        self.searching
    }

    /// All of it was seen once.
    pub(super) fn searched(&mut self) {
        self.searching = false;
    }

    /// The newest tweet that was ever on it.
    pub(super) fn newest(&self) -> Option<TweetId> {
        self.listed.last().copied()
    }

    /// Takes in what was on a page; `since` is how far back tweets are watched. Whether the set of found tweets changed.
    pub(super) fn list(&mut self, tweets: impl Iterator<Item = TweetId>, since: Timestamp) -> bool {
        let tweets: Vec<TweetId> = tweets.collect();
        self.listed.extend(&tweets);
        let Some(discovery) = self.discovery else { return false };
        let before = self.found.clone();
        self.found.extend(tweets.into_iter().filter(|id| id.created().is_some_and(|created| created > since)));
        self.cut(discovery);
        self.found != before
    }

    /// So many fit, and others have these.
    pub(super) fn make_room(&mut self, room: Room) {
        self.elsewhere = room.elsewhere;
        if let Some(discovery) = &mut self.discovery {
            discovery.room = room.tweets;
            let discovery = *discovery;
            self.cut(discovery);
        }
    }

    fn cut(&mut self, discovery: Discovery) {
        let fit = discovery.max_tweets.min(discovery.room);
        while self.found.len() > fit {
            self.surplus.extend(self.found.pop_first());
        }
        while self.found.len() < fit
            && let Some(next) = self.surplus.pop_last()
        {
            self.found.insert(next);
        }
        while self.found.len() + self.surplus.len() > discovery.max_tweets {
            self.surplus.pop_first();
        }
    }

    /// Drops what has grown too old. Whether that was anything that is watched.
    pub(super) fn prune(&mut self, since: Timestamp, is_watched: impl Fn(&TweetId) -> bool) -> bool {
        let is_old = |id: &TweetId| id.created().is_none_or(|created| created <= since);
        while self.listed.first().is_some_and(|id| is_old(id) && !is_watched(id)) {
            self.listed.pop_first();
        }
        let before = self.found.len();
        for set in [&mut self.surplus, &mut self.found] {
            while set.first().is_some_and(is_old) {
                set.pop_first();
            }
        }
        self.found.len() != before
    }

    /// It is on the timeline no more; if it is watched, it stays so until it is too old.
    pub(super) fn unlist(&mut self, tweet: TweetId) {
        self.listed.remove(&tweet);
        self.surplus.remove(&tweet);
    }

    /// Puts due tweets together that are best read with one walk: others that lie between them must cost nothing, and no page more.
    /// `due` ascends.
    pub(super) fn spans(&self, due: &[TweetId], is_free: impl Fn(TweetId) -> bool) -> Vec<Span> {
        let mut spans: Vec<Span> = Vec::new();
        for &tweet in due {
            match spans.last_mut() {
                Some(span) if self.reaches(span, tweet, &is_free) => {
                    span.size += self.listed.range((Excluded(span.highest), Excluded(tweet))).count() + 1;
                    span.highest = tweet;
                    span.due.push(tweet);
                }
                _ => spans.push(Span { lowest: tweet, highest: tweet, due: vec![tweet], size: 1 }),
            }
        }
        spans
    }

    fn reaches(&self, span: &Span, tweet: TweetId, is_free: impl Fn(TweetId) -> bool) -> bool {
        let Some(walked_from) = self.walked_from else { return true };
        if span.highest.created().is_none_or(|created| created < walked_from) {
            return false;
        }
        let gap: Vec<TweetId> = self.listed.range((Excluded(span.highest), Excluded(tweet))).copied().collect();
        let pages = (span.size + gap.len() + 1).div_ceil(PAGE);
        gap.into_iter().all(is_free) && pages <= span.size.div_ceil(PAGE) + 1
    }

    /// What is known to lie between two moments.
    pub(super) fn between(&self, start: Timestamp, end: Option<Timestamp>) -> impl Iterator<Item = TweetId> {
        let is_in =
            move |id: &&TweetId| id.created().is_some_and(|created| created >= start && end.is_none_or(|end| created < end));
        self.listed.iter().filter(is_in).copied()
    }
}
