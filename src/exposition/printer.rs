//! Makes the page, and makes it again at the price of what has changed since the last time.
//!
//! The page has families in their order, and each has the shelves in theirs. Tweets come onto shelves in the order of the watch list.
//! Those that turn out to change together, because the plan reads them in one batch, are moved together: the next time only their
//! groups are written.

use std::collections::HashMap;
use std::num::{NonZeroU32, NonZeroU64};

use bytes::Bytes;

use crate::exposition::gzip::{Checksum, Deflated, HEAD};
use crate::exposition::shelf::{GROUP, Group, Member, Press, SHELF, Shelf};
use crate::exposition::text::{Lines, account_labels, count, head};
use crate::exposition::{Built, Page};
use crate::model::{Family, TweetId};
use crate::store::AccountStore;

/// Where pages come from. It keeps the text of the last one.
#[derive(Debug, Default)]
pub struct Printer {
    names: Vec<String>,
    /// Labels of each account's tweets up to the id.
    labels: Vec<String>,
    /// By account, in the order of its store.
    seats: Vec<Vec<Seat>>,
    shelves: Vec<Shelf>,
    /// Groups without a tweet.
    free: Vec<Place>,
    /// The group that single tweets join.
    open: Option<Place>,
    heads: Vec<(Bytes, Deflated)>,
    lines: Lines,
    press: Press,
}

/// A tweet as the last page has it.
#[derive(Debug)]
struct Seat {
    tweet: TweetId,
    /// Of the record that is on the page.
    revision: Option<NonZeroU64>,
    /// Its series besides its state.
    series: u32,
    /// They fit on the page.
    shown: bool,
    place: Option<Place>,
}

/// A group: its number, counted from 1 over all shelves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place(NonZeroU32);

impl Place {
    fn new(shelf: usize, group: usize) -> Self {
        Self(NonZeroU32::MIN.saturating_add(small(shelf * SHELF + group)))
    }

    /// The position of the shelf, and that of the group on it.
    fn of(self) -> (usize, usize) {
        let number = self.0.get() as usize - 1;
        (number / SHELF, number % SHELF)
    }
}

impl Printer {
    /// The page of these accounts with at most `max_series` series.
    pub fn print(&mut self, accounts: &[AccountStore], max_series: usize) -> Built {
        self.follow(accounts);
        let (series, surplus, changed) = self.look(accounts, max_series);
        self.arrange(&changed);
        let Self { shelves, lines, press, labels, seats, .. } = &mut *self;
        let record = |(account, position): Member| &accounts[account as usize].records()[position as usize];
        let labels = |(account, _): Member| labels[account as usize].as_str();
        let is_shown = |(account, position): Member| {
            let seat = &seats[account as usize][position as usize];
            seat.shown && seat.series > 0
        };
        for shelf in shelves.iter_mut() {
            let numbers = |lines: &mut Lines, member| {
                if is_shown(member) {
                    lines.numbers(labels(member), record(member));
                }
            };
            let facts = |lines: &mut Lines, member: Member| {
                if is_shown(member) {
                    lines.facts(labels(member), &accounts[member.0 as usize], record(member));
                }
                lines.state(labels(member), record(member));
            };
            shelf.refresh(lines, press, numbers, facts);
        }
        press.sheets.bind(&mut shelves.iter_mut().flat_map(Shelf::texts).collect::<Vec<_>>());
        Built { page: self.page(series), surplus }
    }

    /// Follows the watch lists: who is on them and where.
    fn follow(&mut self, accounts: &[AccountStore]) {
        if !self.names.iter().map(String::as_str).eq(accounts.iter().map(AccountStore::name)) {
            let names = accounts.iter().map(|account| account.name().to_owned()).collect();
            let labels = accounts.iter().map(|account| account_labels(account.name())).collect();
            let seats = accounts.iter().map(|_| Vec::new()).collect();
            *self = Self { names, labels, seats, ..Self::default() };
        }
        let mut moved = false;
        for (seats, account) in self.seats.iter_mut().zip(accounts) {
            let records = account.records();
            if seats.iter().map(|seat| seat.tweet).eq(records.iter().map(|record| record.id)) {
                continue;
            }
            moved = true;
            let mut known: HashMap<TweetId, Seat> = seats.drain(..).map(|seat| (seat.tweet, seat)).collect();
            let seat = |tweet| Seat { tweet, revision: None, series: 0, shown: false, place: None };
            seats.extend(records.iter().map(|record| known.remove(&record.id).unwrap_or_else(|| seat(record.id))));
        }
        if moved {
            self.resettle();
        }
    }

    /// Positions have changed, or members have gone.
    fn resettle(&mut self) {
        let sizes =
            |shelf: &mut Shelf| shelf.groups.iter_mut().map(|group| std::mem::take(&mut group.members).len()).collect::<Vec<_>>();
        let sizes: Vec<Vec<usize>> = self.shelves.iter_mut().map(sizes).collect();
        for (account, seats) in (0..).zip(&self.seats) {
            for (position, seat) in (0..).zip(seats) {
                if let Some(place) = seat.place {
                    let (shelf, group) = place.of();
                    self.shelves[shelf].groups[group].members.push((account, position));
                }
            }
        }
        for (shelf, sizes) in sizes.into_iter().enumerate() {
            for (group, size) in sizes.into_iter().enumerate() {
                let place = Place::new(shelf, group);
                let group = self.group(place);
                if group.members.len() < size {
                    group.stale = true;
                    if group.members.is_empty() {
                        self.release(place);
                    }
                }
            }
        }
    }

    /// How many series there are and do not fit, and which tweets are not on the page as they should be.
    fn look(&mut self, accounts: &[AccountStore], max_series: usize) -> (usize, usize, Vec<Member>) {
        let mut series = accounts.iter().map(|account| account.records().len()).sum::<usize>();
        let (mut surplus, mut changed) = (0, Vec::new());
        for (index, (seats, account)) in (0..).zip(self.seats.iter_mut().zip(accounts)) {
            for (position, (seat, record)) in (0..).zip(seats.iter_mut().zip(account.records())) {
                let is_new = seat.revision != Some(record.revision());
                if is_new {
                    (seat.revision, seat.series) = (Some(record.revision()), small(count(record)));
                }
                let more = seat.series as usize;
                let shown = series + more <= max_series;
                *(if shown { &mut series } else { &mut surplus }) += more;
                if is_new || shown != seat.shown {
                    seat.shown = shown;
                    changed.push((index, position));
                }
            }
        }
        (series, surplus, changed)
    }

    /// Marks what must be written, and moves together what changed together.
    fn arrange(&mut self, changed: &[Member]) {
        let mut touched = Vec::new();
        for member in changed {
            let Some(place) = self.seat(*member).place else { continue };
            let group = self.group(place);
            if group.changed == 0 {
                touched.push(place);
            }
            (group.stale, group.changed) = (true, group.changed + 1);
        }
        let is_stranger = |printer: &mut Self, member: Member| {
            let place = printer.seat(member).place;
            place.is_some_and(|place| 2 * printer.group(place).changed < printer.group(place).members.len())
        };
        let strangers: Vec<Member> = changed.iter().copied().filter(|member| is_stranger(self, *member)).collect();
        // Fewer than a group may stay where they are: they may be the two ends of a batch that lies together.
        if strangers.len() >= GROUP {
            strangers.iter().for_each(|member| self.seat(*member).place = None);
            touched.into_iter().for_each(|place| self.close_ranks(place));
        }
        let homeless: Vec<Member> = changed.iter().copied().filter(|member| self.seat(*member).place.is_none()).collect();
        self.house(&homeless);
    }

    /// Some members of a group may have left it. Those who are left of a small one join others.
    fn close_ranks(&mut self, place: Place) {
        let before = std::mem::take(&mut self.group(place).members);
        let size = before.len();
        let mut left: Vec<Member> = before.into_iter().filter(|member| self.seat(*member).place == Some(place)).collect();
        if left.len() < size && left.len() < GROUP / 4 {
            let orphans = std::mem::take(&mut left);
            orphans.iter().for_each(|member| self.seat(*member).place = None);
            self.release(place);
            self.house(&orphans);
        } else {
            self.group(place).members = left;
        }
    }

    /// Gives these a place: many get groups of their own, of equal size, a few join others of their kind.
    fn house(&mut self, homeless: &[Member]) {
        if homeless.is_empty() {
            return;
        }
        let is_many = homeless.len() >= GROUP / 2;
        for members in homeless.chunks(homeless.len().div_ceil(homeless.len().div_ceil(GROUP))) {
            if is_many {
                self.open = None;
            }
            for member in members {
                let room = self.open.filter(|place| self.group(*place).members.len() < GROUP);
                let place = match room {
                    Some(place) => place,
                    None => self.new_group(),
                };
                self.open = Some(place);
                self.seat(*member).place = Some(place);
                let group = self.group(place);
                group.members.push(*member);
                group.stale = true;
            }
        }
        if is_many {
            self.open = None;
        }
    }

    fn new_group(&mut self) -> Place {
        if let Some(place) = self.free.pop() {
            return place;
        }
        if self.shelves.last().is_none_or(|shelf| shelf.groups.len() == SHELF) {
            self.shelves.push(Shelf::default());
        }
        let shelf = self.shelves.len() - 1;
        let groups = &mut self.shelves[shelf].groups;
        groups.push(Group::default());
        Place::new(shelf, groups.len() - 1)
    }

    /// This group has no member any more; another may have its place.
    fn release(&mut self, place: Place) {
        if self.open == Some(place) {
            self.open = None;
        }
        self.group(place).stale = true;
        self.free.push(place);
    }

    fn seat(&mut self, (account, position): Member) -> &mut Seat {
        &mut self.seats[account as usize][position as usize]
    }

    fn group(&mut self, place: Place) -> &mut Group {
        let (shelf, group) = place.of();
        &mut self.shelves[shelf].groups[group]
    }

    /// All families that have a line, each under its head.
    fn page(&mut self, series: usize) -> Page {
        if self.heads.is_empty() {
            let deflater = &mut self.press.deflater;
            let mut both = |head: String| (deflater.deflate(head.as_bytes()), head);
            self.heads =
                Family::ALL.iter().map(|family| both(head(*family))).map(|(deflated, head)| (head.into(), deflated)).collect();
        }
        let (mut plain, mut deflated, mut checksum) = (Joiner::default(), Joiner::default(), Checksum::default());
        deflated.push(&Bytes::from_static(&HEAD));
        for (family, head) in Family::ALL.into_iter().zip(&self.heads) {
            let mut columns =
                self.shelves.iter().map(|shelf| shelf.column(family)).filter(|column| !column.is_empty()).peekable();
            if columns.peek().is_some() {
                plain.push(&head.0);
                deflated.push(&head.1.bytes);
                checksum.append(&head.1.checksum);
            }
            for column in columns {
                column.plain().for_each(|piece| plain.push(piece));
                let (bytes, of_column) = column.deflated();
                deflated.push(bytes);
                checksum.append(of_column);
            }
        }
        Page { plain: plain.finish(), deflated: deflated.finish(), checksum, series }
    }
}

/// There are fewer tweets, and fewer series of a tweet.
fn small(number: usize) -> u32 {
    u32::try_from(number).expect("they fit into memory")
}

/// Pieces to be sent one after the other. A piece costs some microseconds whatever its size, so small ones are copied together.
#[derive(Default)]
struct Joiner {
    pieces: Vec<Bytes>,
    small: Vec<u8>,
}

impl Joiner {
    /// Below this size a piece is small.
    const SMALL: usize = 8 << 10;
    /// So large are small ones together, about.
    const FULL: usize = 28 << 10;

    fn push(&mut self, piece: &Bytes) {
        if piece.len() < Self::SMALL {
            self.small.extend_from_slice(piece);
        }
        if piece.len() >= Self::SMALL || self.small.len() >= Self::FULL {
            self.flush();
        }
        if piece.len() >= Self::SMALL {
            self.pieces.push(piece.clone());
        }
    }

    fn flush(&mut self) {
        if !self.small.is_empty() {
            self.pieces.push(Bytes::copy_from_slice(&self.small));
            self.small.clear();
        }
    }

    fn finish(mut self) -> Vec<Bytes> {
        self.flush();
        self.pieces
    }
}
