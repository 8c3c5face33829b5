//! Text that is kept from page to page. Tweets that change together stand in one group, and only the text of groups with a change is
//! written and compressed again; some groups share a shelf, whose compressed text is sent in one piece.
//!
//! Measured (`docs/performance.md`): a smaller group costs compression and pieces, a larger one is seldom without a change.

use std::ops::Range;

use bytes::Bytes;

use crate::exposition::gzip::{Checksum, Deflater};
use crate::exposition::sheets::{Life, Sheets, Text};
use crate::exposition::text::Lines;
use crate::model::Family;

/// Tweets in a group, at most.
pub(super) const GROUP: usize = 18;
/// Groups on a shelf, at most.
pub(super) const SHELF: usize = 54;

/// Families with many lines a tweet: a group of theirs is a text of its own. Of the others it is the whole shelf.
pub(super) const NUMBERS: [Family; 6] = [
    Family::Engagement,
    Family::EngagementByContext,
    Family::EngagementWindow,
    Family::MediaEngagement,
    Family::MediaEngagementByContext,
    Family::MediaEngagementWindow,
];
/// The other families.
pub(super) const FACTS: [Family; 4] = [Family::Info, Family::Created, Family::LastSuccess, Family::State];

/// A tweet: the position of its account, and its own in the account's store.
pub(super) type Member = (u32, u32);

/// Tweets whose text is written together.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) members: Vec<Member>,
    /// The text is not what it should be.
    pub(super) stale: bool,
    /// How many of them have changed.
    pub(super) changed: usize,
}

/// Some groups and their text.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    pub(super) groups: Vec<Group>,
    columns: [Column; Family::ALL.len()],
}

/// One family's text of a shelf.
#[derive(Debug, Default)]
pub(super) struct Column {
    cells: Vec<Cell>,
    /// All cells one after the other, compressed.
    deflated: Text,
    /// Of their text.
    checksum: Checksum,
}

#[derive(Debug, Default)]
struct Cell {
    plain: Text,
    /// Where its compressed text is: in the column's, or among the new ones.
    place: Range<usize>,
    is_new: bool,
    checksum: Checksum,
}

/// Compresses what belongs onto a shelf, and has it until it is joined; and has the sheets on which all texts are.
#[derive(Debug, Default)]
pub(super) struct Press {
    pub(super) deflater: Deflater,
    pub(super) sheets: Sheets,
    /// By family.
    new: [Vec<u8>; Family::ALL.len()],
}

impl Shelf {
    /// Writes anew what is stale: `numbers` and `facts` write the lines of a tweet.
    pub(super) fn refresh(
        &mut self,
        lines: &mut Lines,
        press: &mut Press,
        numbers: impl Fn(&mut Lines, Member),
        facts: impl Fn(&mut Lines, Member),
    ) {
        if !self.groups.iter().any(|group| group.stale) {
            return;
        }
        press.new.iter_mut().for_each(Vec::clear);
        let mut changed = [false; Family::ALL.len()];
        for (place, group) in self.groups.iter_mut().enumerate().filter(|(_, group)| group.stale) {
            lines.clear();
            group.members.iter().for_each(|member| numbers(lines, *member));
            for family in NUMBERS {
                let column = &mut self.columns[family as usize];
                changed[family as usize] |= column.put(place, lines.of(family), family, Life::Group, press);
            }
            (group.stale, group.changed) = (false, 0);
        }
        lines.clear();
        self.groups.iter().flat_map(|group| &group.members).for_each(|member| facts(lines, *member));
        for family in FACTS {
            changed[family as usize] |= self.columns[family as usize].put(0, lines.of(family), family, Life::Shelf, press);
        }
        for ((column, new), _) in self.columns.iter_mut().zip(&press.new).zip(changed).filter(|(_, changed)| *changed) {
            column.join(new, &mut press.sheets);
        }
    }

    /// All that it has on sheets.
    pub(super) fn texts(&mut self) -> impl Iterator<Item = &mut Text> {
        self.columns
            .iter_mut()
            .flat_map(|column| column.cells.iter_mut().map(|cell| &mut cell.plain).chain([&mut column.deflated]))
    }

    /// One family's text.
    pub(super) fn column(&self, family: Family) -> &Column {
        &self.columns[family as usize]
    }
}

impl Column {
    /// Whether there is any text.
    pub(super) fn is_empty(&self) -> bool {
        self.deflated.bytes().is_empty()
    }

    /// The text, in pieces.
    pub(super) fn plain(&self) -> impl Iterator<Item = &Bytes> {
        self.cells.iter().map(|cell| cell.plain.bytes()).filter(|plain| !plain.is_empty())
    }

    /// The same, compressed, and the checksum of the text.
    pub(super) fn deflated(&self) -> (&Bytes, &Checksum) {
        (self.deflated.bytes(), &self.checksum)
    }

    /// Puts the text into a cell. Says whether it is another one than before: only then it is compressed.
    fn put(&mut self, place: usize, text: &str, family: Family, life: Life, press: &mut Press) -> bool {
        if self.cells.get(place).map_or(text.is_empty(), |cell| *cell.plain.bytes() == text) {
            return false;
        }
        if self.cells.len() <= place {
            self.cells.resize_with(place + 1, Cell::default);
        }
        let new = &mut press.new[family as usize];
        let begin = new.len();
        let checksum = if text.is_empty() { Checksum::default() } else { press.deflater.deflate_behind(new, text.as_bytes()) };
        let plain = press.sheets.write(life, &[text.as_bytes()]);
        self.cells[place] = Cell { plain, place: begin..new.len(), is_new: true, checksum };
        true
    }

    /// Joins the compressed cells, of which some are new.
    fn join(&mut self, new: &[u8], sheets: &mut Sheets) {
        let (mut parts, mut length) = (Vec::with_capacity(self.cells.len()), 0);
        self.checksum = Checksum::default();
        for cell in &mut self.cells {
            let among = if cell.is_new { new } else { &**self.deflated.bytes() };
            let part = &among[cell.place.clone()];
            (cell.place, cell.is_new) = (length..length + part.len(), false);
            length += part.len();
            parts.push(part);
            self.checksum.append(&cell.checksum);
        }
        self.deflated = sheets.write(Life::Shelf, &parts);
    }
}
