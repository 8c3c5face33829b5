//! What was bought, beside the output: lines of JSON, on disk before the next request leaves. An answer is whole there once its last line
//! is; whatever follows the last such line is dropped.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::backfill::BackfillError;
use crate::backfill::series::Row;
use crate::model::{Api, Step, Stretch, Timestamp, TweetId};

/// What a backfill is of, and what it was begun with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    /// Of the file's form.
    version: u32,
    /// Name of the account, and its X.
    pub(super) account: String,
    pub(super) stretch: Stretch,
    pub(super) tweets: Vec<TweetId>,
    pub(super) begun: Timestamp,
}

/// Why a tweet's answer has no numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Without {
    NotFound,
    NotAuthorized,
    Unavailable,
    Invalid,
    /// X stumbled over it again and again.
    Stumbled,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Header(Header),
    Tweet {
        id: TweetId,
        row: Row,
    },
    Answer(Answer),
    /// An answer was too large: no more buckets than these, over all tweets, are asked for at once.
    Most {
        api: Api,
        buckets: usize,
    },
}

/// Of what an answer was, and what it said of whom.
#[derive(Serialize, Deserialize)]
struct Answer {
    api: Api,
    stretch: Stretch,
    answered: Vec<TweetId>,
    without: Vec<(TweetId, Without)>,
}

/// A row in the file.
struct Place {
    tweet: TweetId,
    offset: u64,
    unreadable: u64,
}

/// The open file.
#[derive(Debug)]
pub(super) struct Journal {
    file: File,
    path: PathBuf,
    pub(super) header: Header,
    /// Where the rows of each tweet begin.
    rows: BTreeMap<TweetId, Vec<u64>>,
    /// From when to when a system was asked for a tweet.
    settled: BTreeMap<(TweetId, Api), Vec<(Timestamp, Timestamp)>>,
    pub(super) without: BTreeMap<(TweetId, Api), Without>,
    /// How many values of a tweet could not be read.
    pub(super) unreadable: BTreeMap<(Api, TweetId), u64>,
    most: BTreeMap<Api, usize>,
    length: u64,
}

const VERSION: u32 = 2;

impl Header {
    pub(super) fn new(account: String, stretch: Stretch, tweets: Vec<TweetId>, begun: Timestamp) -> Self {
        Self { version: VERSION, account, stretch, tweets, begun }
    }
}

impl Journal {
    /// Opens the file that an interrupted backfill of the same kind has left, or begins one. Blocks.
    pub(super) fn open(path: &Path, header: Header) -> Result<Self, BackfillError> {
        let fault = |error: io::Error| {
            BackfillError::Failed(format!(
                "{} cannot be used: {error}; let -o name a file in a folder that can be written",
                path.display()
            ))
        };
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).open(path).map_err(fault)?;
        let mut journal = Self {
            file,
            path: path.to_owned(),
            header,
            rows: BTreeMap::new(),
            settled: BTreeMap::new(),
            without: BTreeMap::new(),
            unreadable: BTreeMap::new(),
            most: BTreeMap::new(),
            length: 0,
        };
        let known = journal.read()?;
        let found = journal.file.metadata().map_err(fault)?.len();
        if known && found > journal.length {
            let (file, bytes) = (path.display(), found - journal.length);
            tracing::warn!(%file, bytes, "an answer was cut off as it was written; it is asked for again");
        }
        journal.file.set_len(journal.length).map_err(fault)?;
        if !known {
            journal.append(&[Line::Header(journal.header.clone())])?;
            let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
            // Some file systems cannot sync a folder: not worth a refusal.
            let _ = File::open(folder).and_then(|folder| folder.sync_all());
        }
        Ok(journal)
    }

    /// Reads what is there, up to the last whole answer; whether there is a header.
    fn read(&mut self) -> Result<bool, BackfillError> {
        let wanted = self.header.clone();
        let (mut reader, mut offset, mut pending, mut known) = (BufReader::new(&self.file), 0_u64, Vec::new(), false);
        let mut found = Vec::new();
        loop {
            let mut text = Vec::new();
            let size = reader.read_until(b'\n', &mut text).map_err(|error| fault(&self.path, "read", &error))? as u64;
            if size == 0 || text.last() != Some(&b'\n') {
                break;
            }
            let Ok(line) = serde_json::from_slice::<Line>(&text) else { break };
            match line {
                Line::Header(header) if offset == 0 => {
                    check(&self.path, &header, &wanted)?;
                    self.header = header;
                    known = true;
                    self.length = size;
                }
                Line::Header(_) => break,
                Line::Tweet { id: tweet, row } => pending.push(Place { tweet, offset, unreadable: row.unreadable }),
                Line::Answer(answer) => {
                    found.push((std::mem::take(&mut pending), answer));
                    self.length = offset + size;
                }
                Line::Most { api, buckets } => {
                    self.most.insert(api, buckets);
                    self.length = offset + size;
                }
            }
            offset += size;
        }
        if offset == 0 && self.file.metadata().is_ok_and(|metadata| metadata.len() > 0) && !known {
            let is_ours = self.is_torn_header();
            if !is_ours {
                let why = "it is no journal of a backfill; move it away, or let -o name another file";
                return Err(BackfillError::Wrong(format!("{} stands where the journal would be: {why}", self.path.display())));
            }
        }
        found.into_iter().for_each(|(places, answer)| self.settle(places, answer));
        Ok(known)
    }

    /// A beginning was cut off in the middle of its first line.
    fn is_torn_header(&self) -> bool {
        let mut first = vec![0; 10];
        let mut file = &self.file;
        let read = file.seek(SeekFrom::Start(0)).and_then(|_| file.read(&mut first)).unwrap_or(0);
        first[..read] == br#"{"header":"#[..read] || first[..read].iter().all(|byte| *byte == 0)
    }

    fn settle(&mut self, places: Vec<Place>, Answer { api, stretch, answered, without }: Answer) {
        for Place { tweet, offset, unreadable } in places {
            self.rows.entry(tweet).or_default().push(offset);
            if unreadable > 0 {
                *self.unreadable.entry((api, tweet)).or_default() += unreadable;
            }
        }
        for tweet in answered.iter().chain(without.iter().map(|(id, _)| id)) {
            self.settled.entry((*tweet, api)).or_default().push((stretch.start, stretch.end));
        }
        self.without.extend(without.iter().map(|(id, why)| ((*id, api), *why)));
    }

    /// The parts of a stretch for which a system was not asked about a tweet.
    pub(super) fn missing(&self, tweet: TweetId, api: Api, stretch: Stretch) -> Vec<Stretch> {
        let mut settled = self.settled.get(&(tweet, api)).cloned().unwrap_or_default();
        settled.sort();
        let (mut missing, mut from) = (Vec::new(), stretch.start);
        for (start, end) in settled.into_iter().chain([(stretch.end, stretch.end)]) {
            let until = start.min(stretch.end);
            if from < until {
                missing.push(Stretch { start: from, end: until, ..stretch });
            }
            from = from.max(end);
        }
        missing
    }

    /// More buckets than these, over all tweets, are not to be asked of a system at once.
    pub(super) fn most(&self, api: Api) -> usize {
        self.most.get(&api).copied().unwrap_or(usize::MAX)
    }

    /// Notes that so many buckets are the most; on disk when it returns. Blocks.
    pub(super) fn set_most(&mut self, api: Api, buckets: usize) -> Result<(), BackfillError> {
        self.most.insert(api, buckets);
        self.append(&[Line::Most { api, buckets }]).map(drop)
    }

    /// The tweets that have rows.
    pub(super) fn bought(&self) -> impl Iterator<Item = TweetId> {
        self.rows.keys().copied()
    }

    /// Takes in one answer; on disk when it returns. Blocks.
    pub(super) fn keep(
        &mut self,
        api: Api,
        stretch: Stretch,
        rows: Vec<(TweetId, Row)>,
        without: Vec<(TweetId, Without)>,
    ) -> Result<(), BackfillError> {
        let unreadable: Vec<(TweetId, u64)> = rows.iter().map(|(id, row)| (*id, row.unreadable)).collect();
        let answer =
            || Answer { api, stretch, answered: unreadable.iter().map(|(id, _)| *id).collect(), without: without.clone() };
        let mut lines: Vec<Line> = rows.into_iter().map(|(id, row)| Line::Tweet { id, row }).collect();
        lines.push(Line::Answer(answer()));
        let offsets = self.append(&lines)?;
        let place =
            |((tweet, unreadable), offset): (&(TweetId, u64), u64)| Place { tweet: *tweet, offset, unreadable: *unreadable };
        self.settle(unreadable.iter().zip(offsets).map(place).collect(), answer());
        Ok(())
    }

    fn append(&mut self, lines: &[Line]) -> Result<Vec<u64>, BackfillError> {
        let (mut bytes, mut offsets) = (Vec::new(), Vec::new());
        for line in lines {
            offsets.push(self.length + bytes.len() as u64);
            serde_json::to_writer(&mut bytes, line).expect("numbers, texts and lists are JSON");
            bytes.push(b'\n');
        }
        let start = SeekFrom::Start(self.length);
        let written = self.file.seek(start).and_then(|_| self.file.write_all(&bytes)).and_then(|()| self.file.sync_data());
        written.map_err(|error| fault(&self.path, "written", &error))?;
        self.length += bytes.len() as u64;
        Ok(offsets)
    }

    /// What is known of a tweet. Blocks.
    pub(super) fn rows(&self, tweet: TweetId) -> Result<Vec<Row>, BackfillError> {
        let mut rows = Vec::new();
        for offset in self.rows.get(&tweet).into_iter().flatten() {
            let mut reader = BufReader::new(&self.file);
            let mut text = Vec::new();
            let read = reader.seek(SeekFrom::Start(*offset)).and_then(|_| reader.read_until(b'\n', &mut text));
            read.map_err(|error| fault(&self.path, "read", &error))?;
            match serde_json::from_slice(&text) {
                Ok(Line::Tweet { row, .. }) => rows.push(row),
                _ => return Err(BackfillError::Failed(format!("{} has changed under our hands", self.path.display()))),
            }
        }
        Ok(rows)
    }

    /// Removes the file if nothing was bought.
    pub(super) fn remove_if_empty(self) {
        if self.rows.is_empty() {
            self.remove();
        }
    }

    /// Removes the file: all of it is in the output.
    pub(super) fn remove(self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::warn!(%error, file = %self.path.display(), "the journal cannot be removed; it is needed no more");
        }
    }
}

fn check(path: &Path, found: &Header, wanted: &Header) -> Result<(), BackfillError> {
    if found.version != VERSION {
        let why = "it was written by another version of tweet_exporter; finish it with that one, or remove it";
        return Err(BackfillError::Wrong(format!("{} cannot be gone on with: {why}", path.display())));
    }
    if (&found.account, found.stretch) == (&wanted.account, wanted.stretch) {
        return Ok(());
    }
    let Stretch { start, end, step } = found.stretch;
    let step = if step == Step::Hour { "hour" } else { "day" };
    Err(BackfillError::Wrong(format!(
        "{} belongs to a backfill of {} with --start={start} --end={end} --step={step} that is not finished; go on with these, choose \
         another -o, or remove the file and buy again what it holds",
        path.display(),
        found.account
    )))
}

fn fault(path: &Path, what: &str, error: &io::Error) -> BackfillError {
    BackfillError::Failed(format!(
        "{} cannot be {what}: {error}; mend that and run the same command again, it goes on where it stopped",
        path.display()
    ))
}
