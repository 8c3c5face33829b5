//! Walks through the account's timeline: which pages to ask for, what they say, what is missing at the end.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use crate::model::{Api, Ask, CredentialKind, Failure, PageAsk, PriceClass, Reading, Refusal, TimelinePage, Timestamp, TweetId};
use crate::schedule::account::AccountPlan;
use crate::schedule::gates::Passage;
use crate::schedule::ledger::Bill;
use crate::schedule::quota::Demand;
use crate::schedule::slot::{PRIVATE_AGE, Slot, SlotKind};
use crate::schedule::timeline::{PAGE, Walk};
use crate::schedule::tweet::{FOREIGN_PAUSE, RECHECK, TweetPlan};
use crate::schedule::{Call, Errand, Ladder};

/// X's smallest page ("GET /2/users/:id/tweets").
const SMALLEST_PAGE: u64 = 5;
/// X's timelines reach no further back, and less far without replies ("Timelines integration guide").
const DEPTH: usize = 3_200;
const DEPTH_WITHOUT_REPLIES: usize = 800;
/// A page may be empty and yet not the last (x-api.md 2.3); so many in a row are taken for the end.
const EMPTY_PAGES: u32 = 32;
/// Twice as many pages as the deepest timeline has when they are full.
const MOST_PAGES: u32 = 64;
/// After a timeline without an end, walks stop after a few strange pages for so long.
const IMPATIENCE: Duration = Duration::from_secs(15 * 60);
const FEW_EMPTY_PAGES: u32 = 5;
const FEW_PAGES: u32 = 34;
const SECOND: Duration = Duration::from_secs(1);

impl AccountPlan {
    /// Plans walks for the due tweets of the timeline, and for new ones if it is time to look.
    pub(super) fn plan_walks(&mut self, ladder: &Ladder, may_discover: bool, now: Timestamp) {
        let Some(main) = self.slots.iter().position(|slot| slot.kind == SlotKind::Timeline) else { return };
        self.prune(ladder, now);
        self.timeline.looks |= may_discover && self.is_discovery_due(ladder, now);
        if self.timeline.identity.target.is_none() {
            return;
        }
        let planned = self.timeline.walks.len();
        for slot in (0..self.slots.len()).filter(|slot| self.slots[*slot].is_paged()).collect::<Vec<_>>() {
            self.plan_due(slot, ladder, now);
        }
        self.timeline.looks |= may_discover && self.is_discovery_near(planned, main, ladder, now);
        if std::mem::take(&mut self.timeline.looks) {
            self.plan_discovery(main, planned, ladder, now);
        }
    }

    /// A walk that was just planned reaches up to the newest tweet, and new ones would be looked for soon anyway: one page does both.
    fn is_discovery_near(&self, planned: usize, main: usize, ladder: &Ladder, now: Timestamp) -> bool {
        let Some(newest) = self.timeline.newest().filter(|_| self.timeline.discovery.is_some()) else { return false };
        let soon = self.timeline.next_discovery.is_some_and(|due| due <= now + ladder.fastest() / 2);
        soon && self.timeline.walks.iter().skip(planned).any(|walk| walk.slot == main && walk.expected.contains(&newest))
    }

    fn is_discovery_due(&self, ladder: &Ladder, now: Timestamp) -> bool {
        let is_looking = self.timeline.walks.iter().any(|walk| walk.end.is_none());
        let due = self.timeline.next_discovery.is_none_or(|due| due <= now || due > now + ladder.fastest());
        self.timeline.discovery.is_some() && due && !is_looking
    }

    /// How far back tweets of the timeline are watched.
    pub(super) fn horizon(&self, ladder: &Ladder, now: Timestamp) -> Timestamp {
        let age = ladder.oldest();
        now - self.timeline.discovery.map_or(age, |discovery| discovery.younger_than.min(age))
    }

    fn prune(&mut self, ladder: &Ladder, now: Timestamp) {
        let since = self.horizon(ladder, now);
        let tweets = &self.tweets;
        if self.timeline.prune(since, |id| tweets.contains(*id)) {
            let named = self.named();
            self.watch(&named, now);
        }
    }

    fn plan_due(&mut self, slot: usize, ladder: &Ladder, now: Timestamp) {
        let mut due: BTreeMap<Ask, Vec<usize>> = BTreeMap::new();
        let is_due = |tweet: &TweetPlan| tweet.tracks[slot].is_due(now) && self.is_wanted(tweet);
        for (position, tweet) in self.tweets.iter().enumerate().filter(|(_, tweet)| is_due(tweet)) {
            if let Some((_, ask, _)) = self.lane(tweet, slot, ladder, now) {
                due.entry(ask).or_default().push(position);
            }
        }
        for (ask, due) in due {
            let mut due = self.within_budget(slot, due, now);
            due.sort_by_key(|position| self.tweets[*position].id);
            for position in &due {
                let track = &mut self.tweets[*position].tracks[slot];
                (track.away, track.tried) = (true, Some(now));
            }
            let ids: Vec<TweetId> = due.iter().map(|position| self.tweets[*position].id).collect();
            let class = self.page_class(slot);
            let spans = self.timeline.spans(&ids, |id| class.is_none_or(|class| self.ledger.is_free(class, id.number())));
            for span in spans {
                let start = span.lowest.created().unwrap_or(now).whole_second();
                let end = span.highest.created().map(|created| created.whole_second() + SECOND).filter(|end| *end < now);
                self.timeline.walks.push_back(Walk { end, expected: span.due, ..Walk::new(slot, ask, start) });
            }
        }
    }

    /// Looks for new tweets: with a walk that was just planned if one reaches up to the newest, else with one of its own.
    fn plan_discovery(&mut self, main: usize, planned: usize, ladder: &Ladder, now: Timestamp) {
        let horizon = self.horizon(ladder, now);
        let groups = self.slots[main].groups;
        let trusted = |kind| !matches!(self.gates.passage(kind, Api::Timeline, now), Passage::Refused(_));
        let is_private = (groups.non_public || groups.organic) && self.candidates(Api::Timeline, Ask::Private).any(trusted);
        let ask = if is_private { Ask::Private } else { Ask::Public };
        let newest = self.timeline.newest();
        let start = if is_private { horizon.max(now - PRIVATE_AGE) } else { horizon };
        let reaches_up = |walk: &&mut Walk| {
            let is_top = newest.is_none() || newest.is_some_and(|newest| walk.expected.contains(&newest));
            walk.slot == main && walk.ask == ask && is_top
        };
        let is_first = self.timeline.walked_from.is_none();
        match self.timeline.walks.iter_mut().skip(planned).find(reaches_up) {
            Some(walk) => {
                walk.end = None;
                walk.start = if is_first { walk.start.min(start) } else { walk.start };
            }
            None => {
                let after = newest.filter(|_| !is_first);
                self.timeline.walks.push_back(Walk { after, ..Walk::new(main, ask, start) });
            }
        }
        // Where money ended the first walk, it goes on when there is some again.
        let class = self.page_class(main);
        let can_pay = class.is_none_or(|class| self.ledger.affordable(class) >= SMALLEST_PAGE);
        if let Some(from) = self.timeline.walked_from.filter(|from| *from > start + SECOND && can_pay && self.timeline.cut_short)
        {
            self.timeline.walks.push_back(Walk { end: Some(from + SECOND), ..Walk::new(main, ask, start) });
        }
        if is_first && is_private && groups.public && horizon < start {
            // Private numbers narrow the answer to 30 days: what is older comes apart.
            self.timeline.walks.push_back(Walk { end: Some(start), ..Walk::new(main, Ask::Public, horizon) });
        }
        // On the beat, unless it was missed, or a walk took it along.
        let every = ladder.fastest();
        let beat = self.timeline.next_discovery.filter(|due| *due <= now && now.since(*due) < every);
        self.timeline.next_discovery = Some(beat.unwrap_or(now) + every);
    }

    /// The next page to ask for, if one may be asked for now.
    pub(super) fn next_page(&mut self, account: usize, now: Timestamp) -> Option<Call> {
        // What a page costs is known in a moment.
        let identity = &self.timeline.identity;
        let walk = self.timeline.walks.front().filter(|walk| !(walk.under_way || identity.doubted && identity.asking))?;
        let (slot, ask) = (walk.slot, walk.ask);
        let passage = |kind| self.gates.passage(kind, Api::Timeline, now);
        let Some(credential) = self.candidates(Api::Timeline, ask).find(|kind| passage(*kind) == Passage::Open) else {
            if self.candidates(Api::Timeline, ask).all(|kind| matches!(passage(kind), Passage::Refused(_))) {
                self.abandon_walk();
            }
            return None;
        };
        if self.is_page_ahead(credential, now) {
            return None;
        }
        let class = self.slots[slot].class(self.timeline.identity.is_own() && credential.is_user());
        let Some((size, worst)) = self.page_size(class) else {
            self.hold_walk();
            return None;
        };
        let user = self.timeline.identity.target?;
        let discovery = self.timeline.discovery;
        let walk = self.timeline.walks.front_mut()?;
        walk.under_way = true;
        self.timeline.held &= walk.end.is_some();
        let page = PageAsk {
            user,
            ask,
            after: walk.after,
            start: walk.start,
            end: walk.end,
            token: walk.token.clone(),
            size,
            exclude_replies: discovery.is_some_and(|discovery| discovery.exclude_replies),
            // Private fields of a retweet are refused: they are somebody else's (x-api.md 2.3).
            exclude_retweets: discovery.map_or(ask.is_private(), |discovery| discovery.exclude_retweets),
        };
        let (source, request) = (self.slots[slot].source, self.slots[slot].request);
        let worst = class.map(|class| (class, worst));
        Some(self.call(account, credential, Errand::Page { source, request, page }, worst, now))
    }

    /// A window would not last to its end if the front walk's next page left now. A walk that has begun is finished where it fits into what
    /// is left: half of one is worth little.
    fn is_page_ahead(&self, credential: CredentialKind, now: Timestamp) -> bool {
        let (api, walks) = (Api::Timeline, &self.timeline.walks);
        let demand = match walks.front() {
            Some(walk) if walk.pages > 0 => Demand { queued: self.pages_left(walk), per_second: 0.0 },
            _ => Demand {
                queued: walks.iter().map(|walk| self.pages_left(walk)).sum(),
                per_second: self.demand.get(&api).copied().unwrap_or_default(),
            },
        };
        self.gates.ahead(credential, api, demand, now).is_some()
    }

    /// How many pages a walk still needs, as far as anybody can tell: a stretch that nobody has seen may be as deep as is looked for.
    fn pages_left(&self, walk: &Walk) -> u64 {
        let most = self.timeline.discovery.map_or(0, |discovery| discovery.max_tweets.min(self.depth()));
        let is_unseen = walk.after.is_none() && self.timeline.walked_from.is_none_or(|from| walk.start < from);
        let tweets = if is_unseen {
            most.saturating_sub(walk.seen.len())
        } else {
            walk.expected.iter().filter(|id| !walk.seen.contains(id)).count()
        };
        tweets.div_ceil(PAGE).max(1) as u64
    }

    fn page_class(&self, slot: usize) -> Option<PriceClass> {
        let identity = &self.timeline.identity;
        self.slots[slot].class(identity.is_own() && identity.has_user)
    }

    /// How large a page the budget covers, and what it could cost at worst. What lies in a stretch that was walked before is known; up
    /// to now there may be anything.
    fn page_size(&mut self, class: Option<PriceClass>) -> Option<(usize, u64)> {
        let Some(class) = class else { return Some((PAGE, 0)) };
        let affordable = self.ledger.affordable(class);
        let walk = self.timeline.walks.front()?;
        let is_known = walk.end.is_some() && self.timeline.walked_from.is_some_and(|from| from <= walk.start);
        let in_it: HashSet<TweetId> = self.timeline.between(walk.start, walk.end).chain(walk.expected.iter().copied()).collect();
        let unpaid = in_it.iter().filter(|id| !self.ledger.is_free(class, id.number())).count() as u64;
        let worst = if is_known { unpaid.min(PAGE as u64) } else { PAGE as u64 };
        if worst <= affordable {
            return Some((PAGE, worst));
        }
        // What is paid for is read in full pages, and new ones are looked for apart.
        let newest = self.timeline.newest().and_then(|id| id.created()).unwrap_or(Timestamp::MAX);
        let is_open =
            walk.end.is_none() && !walk.expected.is_empty() && unpaid <= affordable && self.timeline.walked_from.is_some();
        if is_open {
            self.timeline.walks.front_mut()?.end = Some(newest.whole_second() + SECOND);
            let may_look = affordable >= SMALLEST_PAGE;
            self.timeline.looks |= self.timeline.discovery.is_some() && may_look;
            self.timeline.held |= self.timeline.discovery.is_some() && !may_look;
            return Some((PAGE, unpaid));
        }
        (affordable >= SMALLEST_PAGE).then(|| (usize::try_from(affordable).unwrap_or(PAGE), affordable))
    }

    /// The budget does not cover the front walk.
    fn hold_walk(&mut self) {
        let Some(walk) = self.timeline.walks.pop_front() else { return };
        if walk.end.is_none() {
            self.timeline.searched();
            self.timeline.held |= self.timeline.discovery.is_some();
        }
        // As far as the money went, everything is known.
        let reached = walk.lowest.and_then(|lowest| lowest.created()).map(Timestamp::whole_second);
        if let Some(reached) = reached.filter(|_| walk.end.is_none() && walk.after.is_none() && walk.gap.is_none()) {
            let from = self.timeline.walked_from;
            self.timeline.walked_from = Some(from.map_or(reached, |from| from.min(reached)));
            self.timeline.cut_short = true;
        }
        for id in walk.expected {
            self.tweet(id, |tweet| (tweet.tracks[walk.slot].away, tweet.tracks[walk.slot].held) = (false, true));
        }
    }

    /// Nobody may ask for the pages of the front walk.
    fn abandon_walk(&mut self) {
        let Some(walk) = self.timeline.walks.pop_front() else { return };
        for id in walk.expected {
            self.tweet(id, |tweet| (tweet.tracks[walk.slot].away, tweet.tracks[walk.slot].failed) = (false, true));
        }
    }

    /// A page came. Returns what X charges for it.
    pub(super) fn take_page(&mut self, call: &Call, ladder: &Ladder, page: &TimelinePage) -> Option<Bill> {
        let reading = &page.reading;
        let bill = call
            .worst
            .map(|(class, _)| self.ledger.book(class, reading.returned.iter().map(|id| id.number()), call.at.utc_day()));
        let is_his = |user: u64| self.timeline.identity.target == Some(user);
        let is_known = matches!(&call.errand, Errand::Page { page, .. } if is_his(page.user));
        let Some(walk) = self.timeline.walks.front_mut().filter(|walk| walk.under_way && is_known) else { return bill };
        let (slot, ask) = (walk.slot, walk.ask);
        let refused = reading.refused.iter().map(|(id, _)| *id);
        let others = refused.chain(reading.field_refused.iter().copied()).chain(reading.failed.iter().copied());
        let on_page: Vec<TweetId> = reading.returned.iter().copied().chain(others).collect();
        walk.under_way = false;
        walk.pages += 1;
        walk.empty_pages = if on_page.is_empty() { walk.empty_pages + 1 } else { 0 };
        if on_page.is_empty() && page.next.is_some() {
            walk.gap.get_or_insert(walk.lowest);
        }
        walk.lowest = on_page.iter().copied().chain(walk.lowest).min();
        walk.seen.extend(&on_page);
        walk.seen.extend(reading.tweets.iter().map(|(id, _)| *id));
        if ask != Ask::Promoted {
            self.list(page, &on_page, ladder, call.at);
        }
        self.take_reading(slot, ask, reading, call.at);
        self.turn_page(call, page.next.as_deref());
        bill
    }

    /// Private numbers of retweets that lie between own tweets are refused on every page: who is known to be somebody else's, and was
    /// not meant, is read with the public ones and learns nothing here.
    fn take_reading(&mut self, slot: usize, ask: Ask, reading: &Reading, at: Timestamp) {
        let expected = self.timeline.walks.front().map_or(&[][..], |walk| &walk.expected);
        let is_known = |id: &TweetId| {
            let tweet = self.tweets.find(*id);
            tweet.is_some_and(|tweet| tweet.is_foreign(at)) && !expected.contains(id)
        };
        let (known, news): (Vec<TweetId>, Vec<TweetId>) = reading.field_refused.iter().partition(|id| is_known(id));
        if known.is_empty() {
            return self.take(slot, ask, &[], reading, at);
        }
        self.take(slot, ask, &[], &Reading { field_refused: news, ..reading.clone() }, at);
    }

    /// What is on the timeline; new tweets enter the watch list.
    fn list(&mut self, page: &TimelinePage, on_page: &[TweetId], ladder: &Ladder, at: Timestamp) {
        let since = self.horizon(ladder, at);
        // An edited tweet is watched under the id by which it was first known.
        let renamed: HashSet<TweetId> =
            page.earlier.iter().filter(|(earlier, _)| self.tweets.contains(*earlier)).map(|(_, newest)| *newest).collect();
        // An id from the future would hide every tweet before it from those who look for newer ones.
        let is_real = |id: &TweetId| id.created().is_none_or(|created| created < at + Duration::from_secs(86_400));
        let listed = on_page.iter().copied().filter(|id| !renamed.contains(id) && is_real(id));
        if self.timeline.list(listed, since) {
            let named = self.named();
            self.watch(&named, at);
        }
        for id in on_page.iter().chain(page.earlier.iter().map(|(earlier, _)| earlier)) {
            self.tweet(*id, |tweet| tweet.on_timeline = true);
        }
    }

    fn turn_page(&mut self, call: &Call, next: Option<&str>) {
        let depth = self.depth();
        let most = self.timeline.discovery.map_or(usize::MAX, |discovery| discovery.max_tweets);
        let is_first = self.timeline.walked_from.is_none();
        let is_impatient = self.timeline.impatient_until.is_some_and(|until| until > call.at);
        let (most_empty, most_pages) = if is_impatient { (FEW_EMPTY_PAGES, FEW_PAGES) } else { (EMPTY_PAGES, MOST_PAGES) };
        let Some(walk) = self.timeline.walks.front_mut() else { return };
        let has_all = walk.expected.iter().all(|id| walk.seen.contains(id));
        let is_enough = has_all && (walk.seen.len() >= most || !is_first && !walk.expected.is_empty());
        let wants_more = next.is_some() && !is_enough && walk.seen.len() < depth;
        let leads_on = next != walk.token.as_deref() && walk.empty_pages < most_empty && walk.pages < most_pages;
        if wants_more && leads_on {
            walk.token = next.map(str::to_owned);
            return;
        }
        if wants_more {
            walk.gap.get_or_insert(walk.lowest);
            self.complaint = Some("the timeline has no end: pages follow on pages that hold nothing or little, or on themselves");
            self.timeline.impatient_until.get_or_insert(call.at + IMPATIENCE);
        }
        self.timeline.impatient_until = self.timeline.impatient_until.filter(|until| *until > call.at);
        let Some(walk) = self.timeline.walks.front() else { return };
        let whole = next.is_none() && walk.seen.len() + PAGE <= depth;
        self.end_walk(whole, call.at);
    }

    fn depth(&self) -> usize {
        let without_replies = self.timeline.discovery.is_some_and(|discovery| discovery.exclude_replies);
        if without_replies { DEPTH_WITHOUT_REPLIES } else { DEPTH }
    }

    /// The front walk is over; `whole`: it saw everything back to its start.
    fn end_walk(&mut self, whole: bool, at: Timestamp) {
        let Some(walk) = self.timeline.walks.pop_front() else { return };
        let from = self.timeline.walked_from;
        // What joins the stretch that is known makes it longer.
        let joins = walk.end.map_or(walk.after.is_none(), |end| whole && from.is_some_and(|from| from <= end));
        let went_deeper = joins && whole && from.is_some_and(|from| walk.start < from);
        self.timeline.cut_short &= !went_deeper;
        if joins && walk.gap.is_none() && walk.ask != Ask::Promoted {
            self.timeline.walked_from = Some(from.map_or(walk.start, |from| from.min(walk.start)));
        }
        if self.timeline.walks.iter().all(|walk| walk.ask == Ask::Promoted) {
            self.timeline.searched();
        }
        for id in walk.expected.iter().filter(|id| !walk.seen.contains(id)) {
            let passed = whole || walk.lowest.is_some_and(|lowest| *id > lowest);
            if walk.ask != Ask::Promoted && !walk.is_sure_of(*id) {
                // A page came back empty, which X does now and then: nothing is known, it is read at its next turn.
                self.tweet(*id, |tweet| {
                    tweet.tracks[walk.slot].answered(at);
                    tweet.tracks[walk.slot].failed = true;
                });
                continue;
            }
            self.miss(*id, walk.slot, walk.ask, passed, at);
        }
    }

    /// A tweet was not on the pages on which it should have been.
    fn miss(&mut self, id: TweetId, slot: usize, ask: Ask, passed: bool, at: Timestamp) {
        let Some(position) = self.tweets.position(id) else { return };
        self.touched.insert(id);
        let tweet = &mut self.tweets[position];
        if ask == Ask::Promoted {
            // Never promoted: asked for again at its next turn.
            tweet.tracks[slot].answered(at);
            self.dropped.push((id, self.slots[slot].source, self.slots[slot].request));
            return;
        }
        let vanished = tweet.on_timeline && passed;
        // One that was found stays, so that people see what became of it, until it is too old.
        let was_gone = tweet.tracks[slot].barred().is_some_and(|(_, refusal)| refusal == Refusal::NotFound);
        tweet.on_timeline = false;
        let refusal = if vanished || was_gone { Refusal::NotFound } else { Refusal::Unavailable };
        tweet.tracks[slot].bar(refusal, at, if vanished { RECHECK } else { FOREIGN_PAUSE });
        if vanished {
            self.dropped.push((id, self.slots[slot].source, self.slots[slot].request));
            self.timeline.unlist(id);
        }
    }

    /// A page did not come.
    pub(super) fn fail_page(&mut self, failure: &Failure) {
        if let Some(walk) = self.timeline.walks.front_mut() {
            walk.under_way = false;
        }
        // What X dislikes about a page is nothing that another attempt would mend.
        if matches!(failure, Failure::Invalid { .. } | Failure::Forbidden | Failure::Closed) {
            self.abandon_walk();
        }
    }

    /// What a page that could not be read may have held: the known tweets of its stretch, and so many others, at worst a whole page.
    pub(super) fn unread_page(&self, page: &PageAsk) -> (Vec<u64>, usize) {
        let known: Vec<u64> = self.timeline.between(page.start, page.end).map(|id| id.number()).take(page.size).collect();
        let others = page.size - known.len();
        (known, others)
    }

    /// The slot of a source's request.
    pub(super) fn slot_of(&self, source: usize, request: u8) -> Option<usize> {
        self.slots.iter().position(|slot: &Slot| (slot.source, slot.request) == (source, request))
    }
}
