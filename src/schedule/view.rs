//! What an account's plan shows of itself to people. It decides nothing, and is computed only when somebody looks.

use std::time::Duration;

use crate::config::Budget;
use crate::model::{Api, Ask, CredentialKind, Host, RateLimit, Timestamp, TweetId, Username};
use crate::schedule::account::{AccountPlan, Books};
use crate::schedule::gates::Passage;
use crate::schedule::{Discovery, Ladder};

/// Where an account stands.
#[derive(Clone, Debug)]
pub struct AccountView {
    /// Its credentials.
    pub credentials: Vec<CredentialKind>,
    /// Its systems, in the order of its sources.
    pub apis: Vec<Api>,
    /// What is spent, and what may be.
    pub money: Money,
    /// X's windows, as it last told of them.
    pub windows: Vec<WindowView>,
    /// What keeps it from calling.
    pub pauses: Vec<Pause>,
    /// Its timeline, where tweets are looked for.
    pub timeline: Option<TimelineView>,
    /// Reads that are due and wait for their call; a tweet may have several.
    pub queued: usize,
    /// Calls that X has not answered yet.
    pub under_way: usize,
    /// When the next tweets become due, where that goes by time.
    pub next_slot: Option<Timestamp>,
    /// Before then no call for numbers can leave, whatever is due; [`Timestamp::MAX`]: not before the configuration is loaded anew.
    pub opens: Timestamp,
    /// What was spent before is not known, and nothing is bought until X has told.
    pub books_are_lost: bool,
}

/// US dollars and tweets.
#[derive(Clone, Copy, Debug)]
pub struct Money {
    /// Since 00:00 UTC.
    pub spent_today: f64,
    /// Since the first of the month, 00:00 UTC.
    pub spent_this_month: f64,
    /// Tweets that were paid for this month.
    pub tweets_this_month: u64,
    /// What the calls under way may cost at worst.
    pub under_way: f64,
    /// What it may cost.
    pub budget: Budget,
    /// When the sum of the day begins anew.
    pub day_ends: Timestamp,
    /// When those of the month do.
    pub month_ends: Timestamp,
}

/// One window of requests.
#[derive(Clone, Copy, Debug)]
pub struct WindowView {
    /// Whose.
    pub credential: CredentialKind,
    /// Of which system.
    pub api: Api,
    /// What X said of it.
    pub limit: RateLimit,
}

/// Something that keeps calls back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    /// Why.
    pub cause: PauseCause,
    /// Calls with this credential only.
    pub credential: Option<CredentialKind>,
    /// Calls to this system only.
    pub api: Option<Api>,
    /// When it is tried again; [`Timestamp::MAX`]: not before the configuration is loaded anew.
    pub until: Timestamp,
}

/// Why calls are kept back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PauseCause {
    /// X refused the credential on this host.
    CredentialRefused(Host),
    /// There is no token to call with.
    NoToken,
    /// What calls may cost cannot be kept on disk.
    Unbooked,
    /// The credential may not use the system.
    Forbidden,
    /// The system is closed to the app, or to everybody.
    Closed,
    /// X said that the window is used up.
    RateLimited,
    /// Faults of X or of the network.
    Fault,
    /// X wants money.
    PaymentRefused,
}

/// An account's own timeline.
#[derive(Clone, Debug)]
pub struct TimelineView {
    /// What is looked for.
    pub discovery: Discovery,
    /// Whose it is, as far as that is known.
    pub username: Option<Username>,
    /// It is known whose it is, or X can be asked.
    pub is_reachable: bool,
    /// How many tweets were found and are watched.
    pub found: usize,
    /// How many more there are than `limits.max_tweets` lets in.
    pub surplus: usize,
    /// Nobody has seen all of it yet.
    pub is_searching: bool,
    /// Money ended the first walk before it had seen everything.
    pub is_cut_short: bool,
    /// There is less money than X's smallest page of new tweets could cost: none are found until there is more.
    pub is_held: bool,
    /// From this moment on everything on it is known.
    pub walked_from: Option<Timestamp>,
    /// When new tweets are looked for; nothing: at once.
    pub next_discovery: Option<Timestamp>,
}

/// When a tweet is read next. The smaller, the sooner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NextRead {
    /// A call with it is under way.
    UnderWay,
    /// It is due since then and waits for its call.
    Due(Timestamp),
    /// About then; where scrapes cause the reads, by the first scrape after that.
    At(Timestamp),
    /// It is due and waits for money.
    Held,
    /// Not at all.
    Never,
}

const DAY: i64 = 86_400;

impl AccountPlan {
    /// Where it stands.
    pub fn view(&self, now: Timestamp) -> AccountView {
        let mut apis: Vec<Api> = self.slots.iter().map(|slot| slot.api).collect();
        apis.dedup();
        let mut credentials = self.terms.credentials.clone();
        if self.terms.derived_bearer {
            credentials.push(CredentialKind::Bearer);
        }
        AccountView {
            credentials,
            apis,
            money: self.ledger.money(now),
            windows: self.windows(),
            pauses: self.pauses(now).into_iter().filter(|pause| pause.api.is_none_or(|api| self.calls(api))).collect(),
            timeline: self.timeline.discovery.map(|discovery| self.timeline_view(discovery, now)),
            queued: self.queue.groups.iter().map(|group| group.tweets.len()).sum(),
            under_way: self.under_way.len(),
            next_slot: self.next_slot(),
            opens: self.opens(now),
            books_are_lost: self.books != Books::Open,
        }
    }

    /// The budget does not cover the search for new tweets.
    pub fn is_discovery_held(&self) -> bool {
        self.timeline.held
    }

    fn timeline_view(&self, discovery: Discovery, now: Timestamp) -> TimelineView {
        let timeline = &self.timeline;
        TimelineView {
            discovery,
            username: timeline.identity.username.clone(),
            is_reachable: self.is_timeline_reachable(now),
            found: timeline.found().count(),
            surplus: timeline.surplus(),
            is_searching: timeline.is_searching(),
            is_cut_short: timeline.cut_short,
            is_held: timeline.held,
            walked_from: timeline.walked_from,
            next_discovery: timeline.next_discovery,
        }
    }

    /// When the tweet is read next by the sources that decide its state.
    pub(super) fn next_read(&self, id: TweetId, ladder: &Ladder, now: Timestamp) -> NextRead {
        let Some(tweet) = self.tweets.find(id) else { return NextRead::Never };
        let slots = (0..self.slots.len()).filter(|slot| self.slots[*slot].is_main());
        let next = |slot: usize| {
            let Some((_, ask, every)) = self.lane(tweet, slot, ladder, now) else { return NextRead::Never };
            let track = &tweet.tracks[slot];
            let opens = self.way_opens((slot, ask), now);
            match track.due {
                _ if track.away => NextRead::UnderWay,
                Some(_) if track.held || self.gates.is_unpaid() && self.slots[slot].api.class().is_some() => NextRead::Held,
                Some(since) if opens <= now => NextRead::Due(since),
                Some(_) => NextRead::At(opens),
                None => NextRead::At(track.asked.map_or(now, |asked| self.again(asked, every)).max(opens)),
            }
        };
        slots.map(next).min().unwrap_or(NextRead::Never)
    }

    /// When what was asked for then is due again: what goes by days goes by those of the calendar.
    fn again(&self, asked: Timestamp, every: Duration) -> Timestamp {
        let days = i64::try_from(every.as_secs()).unwrap_or(i64::MAX) / DAY;
        match self.midnight().filter(|_| days >= 1) {
            Some(after) => Timestamp::from_seconds(asked.utc_day().saturating_add(days).saturating_mul(DAY)) + after,
            None => asked + every,
        }
    }

    /// Before then nothing of what waits can leave; where nothing waits, nothing of what will.
    fn opens(&self, now: Timestamp) -> Timestamp {
        let queued = self.queue.groups.iter().map(|group| (group.slot, group.ask));
        let walks = self.timeline.walks.iter().map(|walk| (walk.slot, walk.ask));
        let mut any = (0..self.slots.len()).flat_map(|slot| [Ask::Public, Ask::Private, Ask::Promoted].map(|ask| (slot, ask)));
        let soonest = |ways: &mut dyn Iterator<Item = (usize, Ask)>| ways.map(|way| self.way_opens(way, now)).min();
        soonest(&mut queued.chain(walks)).or_else(|| soonest(&mut any)).unwrap_or(now)
    }

    /// When a call of this kind may leave, as far as that is known now.
    fn way_opens(&self, (slot, ask): (usize, Ask), now: Timestamp) -> Timestamp {
        let api = self.slots[slot].api;
        let opens = |kind| match self.gates.passage(kind, api, now) {
            Passage::Open | Passage::AfterProbe => now,
            Passage::Wait(until) | Passage::Refused(until) => until,
            Passage::Unpaid(until) => self.next_payment(now).unwrap_or(until),
        };
        self.candidates(api, ask).map(opens).min().unwrap_or(Timestamp::MAX)
    }

    /// When a refused payment is tried again: at the end that X has named, else after the free usage call, where that may be made, and
    /// at the latest after an hour (promise 8).
    fn next_payment(&self, now: Timestamp) -> Option<Timestamp> {
        let payment = self.gates.payment?;
        let counts = |kind: &CredentialKind| !payment.told && !self.gates.is_refused(*kind, Api::Usage);
        let usage = self.candidates(Api::Usage, Ask::Public).next().filter(counts).map(|kind| {
            let Passage::Wait(until) = self.gates.passage(kind, Api::Usage, now) else { return self.usage_due };
            until.max(self.usage_due)
        });
        Some(usage.map_or(payment.until, |usage| usage.min(payment.until)))
    }

    /// What is closed now; a pause that is over shows only in that the next call is a trial.
    fn pauses(&self, now: Timestamp) -> Vec<Pause> {
        let gates = &self.gates;
        let pause = |cause, credential, api, until| Pause { cause, credential, api, until };
        let payment = self.next_payment(now).map(|until| pause(PauseCause::PaymentRefused, None, None, until)).into_iter();
        let closed = gates.closed.iter().map(|api| pause(PauseCause::Closed, None, Some(*api), Timestamp::MAX));
        let refused = gates.credentials.iter();
        let refused = refused.map(|((kind, host), until)| pause(PauseCause::CredentialRefused(*host), Some(*kind), None, *until));
        let forbidden = gates.forbidden.iter();
        let forbidden = forbidden.map(|((kind, api), until)| pause(PauseCause::Forbidden, Some(*kind), Some(*api), *until));
        let tokenless = gates.tokenless.iter().map(|(kind, until)| pause(PauseCause::NoToken, Some(*kind), None, *until));
        let unbooked = gates.unbooked.map(|until| pause(PauseCause::Unbooked, None, None, until));
        let limited = gates.closed_windows.iter();
        let limited = limited.map(|((kind, api), closed)| pause(PauseCause::RateLimited, Some(*kind), Some(*api), closed.until));
        let faults = gates.faults.iter().map(|(api, closed)| pause(PauseCause::Fault, None, Some(*api), closed.until));
        let lasting = payment.chain(closed).chain(refused).chain(forbidden);
        lasting.chain(tokenless.chain(unbooked).chain(limited).chain(faults).filter(|pause| pause.until > now)).collect()
    }

    /// X's windows, of systems that it calls: those of others are remembered, for it may call them again.
    fn windows(&self) -> Vec<WindowView> {
        let windows = self.gates.windows.iter().filter(|((_, api, _), _)| self.calls(*api));
        windows.map(|((credential, api, _), limit)| WindowView { credential: *credential, api: *api, limit: *limit }).collect()
    }

    /// Whether it calls the system at all.
    fn calls(&self, api: Api) -> bool {
        matches!(api, Api::Users | Api::Usage | Api::Oauth2) || self.slots.iter().any(|slot| slot.api == api)
    }
}
