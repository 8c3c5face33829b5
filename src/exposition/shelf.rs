//! Text that is kept from page to page. Tweets that change together stand in one group, and only the text of groups with a change is
//! written and compressed again; some groups share a shelf, whose compressed text is sent in one piece.
//!
//! Measured (`docs/performance.md`): a smaller group costs compression and pieces, a larger one is seldom without a change.

use bytes::Bytes;

use crate::exposition::gzip::{Checksum, Deflated, Deflater};
use crate::exposition::text::Lines;
use crate::model::Family;

/// Tweets in a group, at most.
pub(super) const GROUP: usize = 24;
/// Groups on a shelf, at most.
pub(super) const SHELF: usize = 40;

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
    /// All cells one after the other.
    deflated: Deflated,
}

#[derive(Debug, Default)]
struct Cell {
    plain: Bytes,
    /// A part of the column's, once that is joined.
    deflated: Deflated,
}

impl Shelf {
    /// Writes anew what is stale: `numbers` and `facts` write the lines of a tweet.
    pub(super) fn refresh(
        &mut self,
        lines: &mut Lines,
        deflater: &mut Deflater,
        numbers: impl Fn(&mut Lines, Member),
        facts: impl Fn(&mut Lines, Member),
    ) {
        if !self.groups.iter().any(|group| group.stale) {
            return;
        }
        let mut changed = [false; Family::ALL.len()];
        for (place, group) in self.groups.iter_mut().enumerate().filter(|(_, group)| group.stale) {
            lines.clear();
            group.members.iter().for_each(|member| numbers(lines, *member));
            for family in NUMBERS {
                changed[family as usize] |= self.columns[family as usize].put(place, lines.of(family), deflater);
            }
            (group.stale, group.changed) = (false, 0);
        }
        lines.clear();
        self.groups.iter().flat_map(|group| &group.members).for_each(|member| facts(lines, *member));
        for family in FACTS {
            changed[family as usize] |= self.columns[family as usize].put(0, lines.of(family), deflater);
        }
        for (column, _) in self.columns.iter_mut().zip(changed).filter(|(_, changed)| *changed) {
            column.join();
        }
    }

    /// One family's text.
    pub(super) fn column(&self, family: Family) -> &Column {
        &self.columns[family as usize]
    }
}

impl Column {
    /// Whether there is any text.
    pub(super) fn is_empty(&self) -> bool {
        self.deflated.is_empty()
    }

    /// The text, in pieces.
    pub(super) fn plain(&self) -> impl Iterator<Item = &Bytes> {
        self.cells.iter().map(|cell| &cell.plain).filter(|plain| !plain.is_empty())
    }

    /// The same, compressed.
    pub(super) fn deflated(&self) -> &Deflated {
        &self.deflated
    }

    /// Puts the text into a cell. Says whether it is another one than before: only then it is compressed.
    fn put(&mut self, place: usize, text: &str, deflater: &mut Deflater) -> bool {
        if self.cells.get(place).map_or(text.is_empty(), |cell| cell.plain == text) {
            return false;
        }
        if self.cells.len() <= place {
            self.cells.resize_with(place + 1, Cell::default);
        }
        let deflated = if text.is_empty() { Deflated::default() } else { deflater.deflate(text.as_bytes()) };
        self.cells[place] = Cell { plain: Bytes::copy_from_slice(text.as_bytes()), deflated };
        true
    }

    /// Joins the compressed cells. They keep only their part of the whole, so that nothing is in memory twice.
    fn join(&mut self) {
        if let [cell] = &self.cells[..] {
            self.deflated = cell.deflated.clone();
            return;
        }
        let mut bytes = Vec::with_capacity(self.cells.iter().map(|cell| cell.deflated.bytes.len()).sum());
        let mut checksum = Checksum::default();
        for cell in &self.cells {
            bytes.extend_from_slice(&cell.deflated.bytes);
            checksum.append(&cell.deflated.checksum);
        }
        let bytes = Bytes::from(bytes);
        let mut begin = 0;
        for cell in &mut self.cells {
            let end = begin + cell.deflated.bytes.len();
            cell.deflated.bytes = bytes.slice(begin..end);
            begin = end;
        }
        self.deflated = Deflated { bytes, checksum };
    }
}
