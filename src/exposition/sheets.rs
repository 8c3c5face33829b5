//! Memory for the texts of pages. They come and go by the thousand and are never of one length: with memory of its own for each, more
//! and more of it lies in gaps that fit nobody. So they are written one after the other onto sheets, which the system gives, and gets
//! back as soon as nobody needs any text on them. A sheet of which little is needed is copied out.

use std::ops::Range;

use bytes::Bytes;
use memmap2::MmapMut;

/// What shares sheets: texts that are written in one go end in one go, mostly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Life {
    /// Until a tweet of its group changes.
    #[default]
    Group,
    /// Until a tweet of its shelf changes.
    Shelf,
}

/// A text on a sheet.
#[derive(Clone, Debug, Default)]
pub(super) struct Text {
    /// None before the sheet is done.
    bytes: Bytes,
    sheet: usize,
    place: Range<usize>,
}

/// All sheets.
#[derive(Debug, Default)]
pub(super) struct Sheets {
    /// By number.
    sheets: Vec<Sheet>,
    /// Those that are being written, by life.
    open: [Option<Open>; 2],
    /// Written since the texts were last bound, by number.
    done: Vec<(usize, Bytes)>,
    /// Bytes of texts that were written, less those that were copied for it.
    written: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Sheet {
    life: Life,
    /// Bytes on it; none: there is no such sheet.
    used: usize,
}

#[derive(Debug)]
struct Open {
    number: usize,
    memory: MmapMut,
    used: usize,
}

/// So large is a sheet, unless a text is larger. What is not written on takes no memory.
const SIZE: usize = 1 << 20;
/// Part of what is kept that may be lost to texts that nobody needs, and what may be lost in any case.
const LOSS: usize = 64;
const LITTLE: usize = 4 << 20;
/// A sheet with less on it counts as if it had so much: the system gives a process some ten thousand pieces of memory.
const LEAST: usize = 64 << 10;
/// So many bytes are copied for one that is written, at most, and so many for one page.
const COPIED: usize = 4;
const AT_ONCE: usize = 3 << 20;

impl Text {
    /// What was written, once [`Sheets::bind`] has seen it.
    pub(super) fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    fn length(&self) -> usize {
        self.place.len()
    }
}

impl Sheets {
    /// Writes these parts as one text.
    pub(super) fn write(&mut self, life: Life, parts: &[&[u8]]) -> Text {
        let length = parts.iter().map(|part| part.len()).sum();
        if length == 0 {
            return Text::default();
        }
        if self.open[life as usize].as_ref().is_none_or(|open| open.memory.len() - open.used < length) {
            self.finish(life);
            self.begin(life, length);
        }
        let open = self.open[life as usize].as_mut().expect("begun just now");
        let begin = open.used;
        for part in parts {
            open.memory[open.used..][..part.len()].copy_from_slice(part);
            open.used += part.len();
        }
        self.written += length;
        Text { bytes: Bytes::new(), sheet: open.number, place: begin..begin + length }
    }

    fn begin(&mut self, life: Life, length: usize) {
        let is_gap = |sheet: &Sheet| sheet.used == 0;
        let is_open = |number: usize| self.open.iter().flatten().any(|open| open.number == number);
        let gap = (0..self.sheets.len()).find(|number| is_gap(&self.sheets[*number]) && !is_open(*number));
        let number = gap.unwrap_or(self.sheets.len());
        if number == self.sheets.len() {
            self.sheets.push(Sheet::default());
        }
        let memory = MmapMut::map_anon(length.max(SIZE)).expect("the system has memory");
        self.open[life as usize] = Some(Open { number, memory, used: 0 });
    }

    fn finish(&mut self, life: Life) {
        if let Some(Open { number, memory, used }) = self.open[life as usize].take() {
            self.sheets[number] = Sheet { life, used };
            self.done.push((number, Bytes::from_owner(memory)));
        }
    }

    /// To be called with all texts that are kept when all are written that will be: makes room, by copying them off sheets on which they
    /// are few, and gives the new ones their bytes.
    pub(super) fn bind(&mut self, texts: &mut [&mut Text]) {
        let mut live = vec![0; self.sheets.len()];
        texts.iter().filter(|text| text.length() > 0).for_each(|text| live[text.sheet] += text.length());
        for (sheet, _) in self.sheets.iter_mut().zip(&live).filter(|(_, live)| **live == 0) {
            sheet.used = 0;
        }
        let (leaves, left) = self.sparse(&live);
        for text in texts.iter_mut().filter(|text| !text.bytes.is_empty() && leaves[text.sheet]) {
            **text = self.write(self.sheets[text.sheet].life, &[&text.bytes]);
        }
        self.written = left;
        [Life::Group, Life::Shelf].into_iter().for_each(|life| self.finish(life));
        let mut new = vec![None; self.sheets.len()];
        self.done.drain(..).for_each(|(number, bytes)| new[number] = Some(bytes));
        for text in texts.iter_mut().filter(|text| text.bytes.is_empty() && text.length() > 0) {
            text.bytes = new[text.sheet].as_ref().expect("its sheet is done").slice(text.place.clone());
        }
    }

    /// Sheets on which few texts are kept, if there are too many, and how many bytes may be copied besides theirs.
    fn sparse(&self, live: &[usize]) -> (Vec<bool>, usize) {
        let size = |number: usize| self.sheets[number].used.max(LEAST);
        let loss = |number: usize| size(number) - live[number];
        let is_new = |number: &usize| self.done.iter().any(|(new, _)| new == number);
        let mut old: Vec<usize> = (0..live.len()).filter(|number| self.sheets[*number].used > 0 && !is_new(number)).collect();
        let mut lost: usize = old.iter().map(|number| loss(*number)).sum();
        old.sort_by_key(|number| live[*number] * 1_000 / size(*number));
        let most = (live.iter().sum::<usize>() / LOSS).max(LITTLE);
        let (mut leaves, mut left) = (vec![false; live.len()], (COPIED * self.written).min(AT_ONCE));
        for number in old {
            if lost <= most || live[number] > left {
                break;
            }
            (lost, left) = (lost - loss(number), left - live[number]);
            leaves[number] = true;
        }
        (leaves, left / COPIED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes on sheets that are needed.
    fn used(sheets: &Sheets) -> usize {
        sheets.sheets.iter().map(|sheet| sheet.used).sum()
    }

    /// Writes a text in the place of each of these.
    fn rewrite(sheets: &mut Sheets, texts: &mut [Text], places: &[usize], length: usize) {
        for place in places {
            texts[*place] = sheets.write(Life::Group, &[&vec![*place as u8; length - 1], b"\n"]);
        }
        sheets.bind(&mut texts.iter_mut().collect::<Vec<_>>());
    }

    #[test]
    fn texts_stay_what_they_are_and_memory_does_not_grow() {
        let (mut sheets, mut texts) = (Sheets::default(), vec![Text::default(); 4_000]);
        let all: Vec<usize> = (0..4_000).collect();
        let mut chance = 7_usize;
        let mut random = || {
            chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (chance >> 33) % 4_000
        };
        let mut most = 0;
        for round in 0..200 {
            let places = if round % 3 == 0 { all[round * 10..][..100].to_vec() } else { (0..100).map(|_| random()).collect() };
            rewrite(&mut sheets, &mut texts, if round == 0 { &all } else { &places }, 15_000 + round * 37 % 5_000);
            most = most.max(used(&sheets));
        }
        let live: usize = texts.iter().map(Text::length).sum();
        assert!(most < live * 3 / 2, "{most} for {live}");
        for (place, text) in texts.iter().enumerate() {
            let (bytes, end) = text.bytes().split_at(text.length() - 1);
            assert!(bytes.iter().all(|byte| *byte == place as u8) && end == b"\n");
        }
    }

    #[test]
    fn one_after_the_other_needs_little_more_than_the_texts() {
        let (mut sheets, mut texts) = (Sheets::default(), vec![Text::default(); 5_000]);
        let all: Vec<usize> = (0..5_000).collect();
        for round in 0..20 {
            all.chunks(100).for_each(|places| rewrite(&mut sheets, &mut texts, places, 15_000 + round * 50));
        }
        let live: usize = texts.iter().map(Text::length).sum();
        assert!(used(&sheets) < live + live / 20, "{} for {live}", used(&sheets));
    }

    #[test]
    fn small_sheets_are_put_together() {
        let (mut sheets, mut texts) = (Sheets::default(), vec![Text::default(); 3_000]);
        (0..9_000).for_each(|place| rewrite(&mut sheets, &mut texts, &[place % 3_000], 8_000));
        let count = sheets.sheets.iter().filter(|sheet| sheet.used > 0).count();
        let live: usize = texts.iter().map(Text::length).sum();
        assert!(count < 2 * live.max(LITTLE) / LEAST, "{count} for {live}");
    }

    #[test]
    fn who_has_the_bytes_keeps_them() {
        let (mut sheets, mut texts) = (Sheets::default(), vec![Text::default(); 10]);
        rewrite(&mut sheets, &mut texts, &[1, 2, 3], 15_000);
        let page = texts[2].bytes().clone();
        (0..10).for_each(|_| rewrite(&mut sheets, &mut texts, &[1, 2, 3], 10_000));
        assert!(page.len() == 15_000 && page.starts_with(&[2, 2]) && page.ends_with(b"\n"));
    }

    #[test]
    fn a_text_may_be_larger_than_a_sheet() {
        let mut sheets = Sheets::default();
        let mut texts = [SIZE * 3, 5, 0].map(|length| sheets.write(Life::Shelf, &[&vec![b'a'; length]]));
        sheets.bind(&mut texts.iter_mut().collect::<Vec<_>>());
        assert_eq!(texts.map(|text| text.bytes().len()), [SIZE * 3, 5, 0]);
    }
}
