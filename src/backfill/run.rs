//! Buys what is missing, request by request, then writes all of it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::backfill::BackfillError;
use crate::backfill::journal::{Header, Journal, Without};
use crate::backfill::output::{self, Content, Written};
use crate::backfill::pieces::{Piece, known, pieces, unsettled};
use crate::backfill::series::{Row, columns};
use crate::backfill::warnings::{unreadable, watched, without};
use crate::collector::{Forgetful, HistoryDesk};
use crate::model::{Api, Ask, Billed, Failure, History, Refusal, Stretch, Timestamp, TweetId};
use crate::schedule::{Call, Errand, Leave};
use crate::x_api::{Answered, ApiError, Batch, PastOf, Session};

/// What to buy and where to put it.
pub struct Job {
    /// Value of the `account` label.
    pub account: String,
    /// The account and its X: what makes two histories the same.
    pub key: String,
    /// Whole buckets in the past.
    pub stretch: Stretch,
    /// The sources that know the past, in order of precedence, each with its position among all of the account; no system twice.
    pub sources: Vec<(usize, PastOf)>,
    /// Running totals, too.
    pub lifetime: bool,
    /// Where the history goes. The journal lies beside it, with `.part` behind its name.
    pub output: PathBuf,
}

/// How far it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Requests made, those of earlier runs not included.
    pub requests: u64,
    /// Requests to come, as far as it can be told.
    pub left: usize,
    /// Nothing leaves before then.
    pub waits_until: Option<Timestamp>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Requests made, those of earlier runs not included.
    pub requests: u64,
    /// Series written.
    pub series: usize,
    /// Numbers written.
    pub samples: u64,
    /// What is not there, and why; a sentence each.
    pub warnings: Vec<String>,
}

/// So many faults in a row are no hiccup: with their pauses, several minutes.
const MOST_FAULTS: u32 = 10;
/// An answer that cannot be read is paid for.
const MOST_UNREADABLE: u32 = 3;
/// So often a tweet on which X stumbles is asked for.
const MOST_STUMBLES: u32 = 3;
/// So many tweets in a row that X refuses alone and without a reason: it is not about the tweets.
const MOST_NAMELESS: u32 = 5;
/// Four weeks of one tweet by days, or its day by hours: what is too large of so little is not because much was asked for.
const FEW_BUCKETS: usize = 28;
/// A wait is looked at again so often: the clock may have been set.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// Buys the history and writes it. After an error the same job goes on where this one stopped.
pub async fn run(job: &Job, desk: &mut HistoryDesk, say: &mut (dyn FnMut(&Progress) + Send)) -> Result<Report, BackfillError> {
    let tweets = desk.tweets();
    let journal = job.journal(&tweets)?;
    let (jobs, mut warnings) = match job.errands(journal.header.begun) {
        Ok(errands) => errands,
        Err(error) => {
            journal.remove_if_empty();
            return Err(error);
        }
    };
    let changes = watched(&journal, &tweets);
    // Before anything is bought: somebody may want to stop here.
    changes.iter().for_each(|change| tracing::warn!("{change}"));
    warnings.extend(changes);
    desk.open_books().await;
    let (session, progress, faults) = (desk.session(), Progress::default(), Faults::default());
    let mut buyer = Buyer { desk, session, journal, say, progress, faults, tweets: &tweets, strange: 0 };
    for (index, asking) in jobs.iter().enumerate() {
        let later = jobs[index + 1..].iter().map(|later| buyer.missing(later).len()).sum();
        buyer.buy(asking, later).await?;
    }
    let Buyer { journal, progress, strange, .. } = buyer;
    if strange > 0 {
        warnings.push(format!("X sent {strange} buckets that are none of those asked for; they are left out"));
    }
    warnings.extend(unreadable(&journal));
    warnings.extend(without(&journal));
    let written = job.write(&journal, &tweets)?;
    if written.samples == 0 {
        journal.remove_if_empty();
        let why = if warnings.is_empty() { String::new() } else { format!(" ({})", warnings.join("; ")) };
        return Err(BackfillError::Failed(format!("X has no numbers of these tweets in this span{why}; nothing is written")));
    }
    journal.remove();
    Ok(Report { requests: progress.requests, series: written.series, samples: written.samples, warnings })
}

/// What one source is asked for.
struct Asking<'a> {
    position: usize,
    past: &'a PastOf,
    stretch: Stretch,
}

impl Job {
    /// The journal of this job, gone on with or begun.
    fn journal(&self, tweets: &[TweetId]) -> Result<Journal, BackfillError> {
        let header = Header::new(self.key.clone(), self.stretch, tweets.to_vec(), clock());
        if header.tweets.is_empty() {
            return Err(BackfillError::Wrong(format!(
                "{} watches no tweets; name some under watch, or let the server find those of the timeline first",
                self.account
            )));
        }
        let mut path = self.output.as_os_str().to_owned();
        path.push(".part");
        Journal::open(&PathBuf::from(path), header)
    }

    /// What each source is asked for, and what it cannot be.
    fn errands(&self, begun: Timestamp) -> Result<(Vec<Asking<'_>>, Vec<String>), BackfillError> {
        let (mut errands, mut warnings) = (Vec::new(), Vec::new());
        for (position, past) in &self.sources {
            let name = past.api().name();
            let Some(stretch) = known(past.api(), self.stretch, begun) else {
                warnings.push(format!("{name} does not know the past this far back; it is not asked"));
                continue;
            };
            if stretch != self.stretch {
                warnings.push(format!("{name} knows the past from {} on only", stretch.start));
            }
            errands.push(Asking { position: *position, past, stretch });
        }
        match errands.is_empty() {
            true => Err(BackfillError::Wrong(format!("{}; choose a later span", warnings.join("; ")))),
            false => Ok((errands, warnings)),
        }
    }

    /// Writes the tweets that are watched, and whatever else was bought. Blocks.
    fn write(&self, journal: &Journal, watched: &[TweetId]) -> Result<Written, BackfillError> {
        let sources: Vec<Api> = self.sources.iter().map(|(_, past)| past.api()).collect();
        let tweets: BTreeSet<TweetId> = watched.iter().copied().chain(journal.bought()).collect();
        let tweets: Vec<TweetId> = tweets.into_iter().collect();
        let Self { account, stretch, lifetime, .. } = self;
        let content = Content { account, stretch: *stretch, sources: &sources, tweets: &tweets, lifetime: *lifetime };
        tokio::task::block_in_place(|| output::write(&self.output, &content, |tweet| journal.rows(tweet)))
    }
}

struct Buyer<'a> {
    desk: &'a mut HistoryDesk,
    session: Arc<Session>,
    journal: Journal,
    say: &'a mut (dyn FnMut(&Progress) + Send),
    progress: Progress,
    faults: Faults,
    /// The tweets that are watched now.
    tweets: &'a [TweetId],
    /// Buckets that nobody asked for.
    strange: usize,
}

#[derive(Default)]
struct Faults {
    in_a_row: u32,
    unreadable: u32,
    nameless: u32,
    stumbles: BTreeMap<(TweetId, Timestamp), u32>,
    last: Option<ApiError>,
}

impl Buyer<'_> {
    /// The requests to a system that no earlier run has made.
    fn missing(&self, asking: &Asking<'_>) -> VecDeque<Piece> {
        let (api, stretch) = (asking.past.api(), asking.stretch);
        let missing = |tweet, part| self.journal.missing(tweet, api, part);
        let work = unsettled(pieces(api, stretch, self.tweets), missing);
        work.into_iter().flat_map(|piece| piece.within(self.journal.most(api))).collect()
    }

    /// Buys what a source is asked for; so many requests come after it.
    async fn buy(&mut self, asking: &Asking<'_>, later: usize) -> Result<(), BackfillError> {
        let Asking { position, past, .. } = *asking;
        let (api, mut work) = (past.api(), self.missing(asking));
        self.faults = Faults::default();
        while let Some(piece) = work.pop_front() {
            let mut parts = piece.within(self.journal.most(api)).into_iter();
            let Some(piece) = parts.next() else { continue };
            parts.rev().for_each(|part| work.push_front(part));
            self.progress.left = work.len() + 1 + later;
            let now = clock();
            let leave = self.desk.admit(position, &piece.tweets, work.len() as u64 + 1, now).map_err(forgetful)?;
            let call = match leave {
                Leave::Call(call) => call,
                Leave::Wait(until) => {
                    self.wait(until, now).await;
                    work.push_front(piece);
                    continue;
                }
                refused => return Err(self.end(api, &refused)),
            };
            (self.say)(&self.progress);
            let Errand::Read(asked) = &call.errand else { unreachable!("a call for history reads tweets") };
            let rest: Vec<TweetId> = piece.tweets.iter().filter(|id| !asked.tweets.contains(id)).copied().collect();
            if !rest.is_empty() {
                work.push_front(Piece { tweets: rest, ..piece.clone() });
            }
            let piece = Piece { tweets: asked.tweets.clone(), ..piece };
            let answered = self.carry_out(past, &call, &piece.stretch, now).await;
            // First the journal: should all end in between, the call still stands in the books as under way, which is as good as paid.
            let left = match &answered.result {
                Ok(history) => self.keep(api, &piece, history),
                Err(error) => self.sort_out(api, &piece, error),
            };
            self.desk.finish(&call, &answered, clock()).map_err(forgetful)?;
            left?.into_iter().rev().for_each(|part| work.push_front(part));
        }
        Ok(())
    }

    async fn wait(&mut self, until: Timestamp, now: Timestamp) {
        self.progress.waits_until = Some(until);
        (self.say)(&self.progress);
        self.progress.waits_until = None;
        tokio::time::sleep(until.since(now).clamp(Duration::from_millis(10), LONGEST_SLEEP)).await;
    }

    async fn carry_out(&mut self, past: &PastOf, call: &Call, stretch: &Stretch, now: Timestamp) -> Answered<History> {
        let Errand::Read(asked) = &call.errand else { unreachable!("a call for history reads tweets") };
        let batch = Batch { ask: Ask::Private, credential: call.credential, tweets: &asked.tweets, videos: &[], now };
        self.progress.requests += 1;
        past.read(&self.session, &batch, stretch).await
    }

    /// Puts an answer into the journal. Returns what must be asked again.
    fn keep(&mut self, api: Api, piece: &Piece, history: &History) -> Result<Vec<Piece>, BackfillError> {
        let stretch = piece.stretch;
        self.faults.in_a_row = 0;
        self.faults.nameless = 0;
        let (mut rows, mut without, mut again) = (Vec::new(), Vec::new(), Vec::new());
        for &tweet in &piece.tweets {
            let refusal = history.reading.refused.iter().find(|(id, _)| *id == tweet);
            if let Some((_, refusal)) = refusal {
                without.push((tweet, (*refusal).into()));
            } else if history.reading.failed.contains(&tweet) {
                let stumbles = self.faults.stumbles.entry((tweet, stretch.start)).or_default();
                *stumbles += 1;
                if *stumbles < MOST_STUMBLES { again.push(tweet) } else { without.push((tweet, Without::Stumbled)) }
            } else {
                let buckets = history.buckets.get(&tweet).cloned().unwrap_or_default();
                let (columns, strange) = columns(&stretch, &buckets);
                self.strange += strange;
                let unreadable = history.unreadable.get(&tweet).copied().unwrap_or_default();
                rows.push((tweet, Row { api, stretch, columns, unreadable }));
            }
        }
        tokio::task::block_in_place(|| self.journal.keep(api, stretch, rows, without))?;
        Ok(if again.is_empty() { Vec::new() } else { vec![Piece { stretch, tweets: again }] })
    }

    /// X gave nothing: what is to be asked for again, in which requests.
    fn sort_out(&mut self, api: Api, piece: &Piece, error: &ApiError) -> Result<Vec<Piece>, BackfillError> {
        let stop = |why: &str| Err(BackfillError::Failed(format!("{}: {why}: {}; {GO_ON}", api.name(), error.detail)));
        self.faults.last = Some(error.clone());
        if error.is_too_large() {
            let Some(halves) = piece.halves().filter(|_| piece.size() > FEW_BUCKETS) else {
                return stop("the answer is too large, little as was asked for");
            };
            return self.shrink(api, piece, halves);
        }
        match &error.failure {
            Failure::Invalid { culprits } => self.split(api, piece, (culprits, error)),
            Failure::Doubtful => self.split(api, piece, (&[], error)),
            Failure::PaymentRefused { .. } => stop("X wants money"),
            Failure::Closed => stop("X keeps this system closed to the app"),
            Failure::RateLimited { .. } | Failure::CredentialRefused | Failure::Forbidden => Ok(vec![piece.clone()]),
            Failure::Transient { .. } | Failure::Tokenless { .. } | Failure::Unbooked { .. } => {
                self.faults.in_a_row += 1;
                self.faults.unreadable += u32::from(error.billed == Billed::Yes);
                if self.faults.unreadable >= MOST_UNREADABLE {
                    return stop("answers cannot be read");
                }
                if self.faults.in_a_row >= MOST_FAULTS {
                    return stop("it fails again and again");
                }
                Ok(vec![piece.clone()])
            }
        }
    }

    /// The answer to this was too large: its halves are asked for, and nothing of its size again.
    fn shrink(&mut self, api: Api, piece: &Piece, halves: [Piece; 2]) -> Result<Vec<Piece>, BackfillError> {
        let (buckets, most) = (piece.size(), halves.iter().map(Piece::size).max().unwrap_or(1));
        tracing::warn!(api = api.name(), buckets, most, "an answer of X was too large; less is asked for at once from now on");
        tokio::task::block_in_place(|| self.journal.set_most(api, most))?;
        Ok(halves.into())
    }

    /// X refused a batch whole: the tweets that it named are put aside; if it named none, halves are asked for.
    fn split(
        &mut self,
        api: Api,
        piece: &Piece,
        (culprits, error): (&[(TweetId, Refusal)], &ApiError),
    ) -> Result<Vec<Piece>, BackfillError> {
        let asked = &piece.tweets;
        let mut named: Vec<(TweetId, Without)> =
            culprits.iter().filter(|(id, _)| asked.contains(id)).map(|(id, refusal)| (*id, (*refusal).into())).collect();
        if named.is_empty() && asked.len() > 1 {
            return Ok(piece.halves().map(Vec::from).unwrap_or_default());
        }
        if named.is_empty() {
            self.faults.nameless += 1;
            if self.faults.nameless >= MOST_NAMELESS {
                let why = format!("{}: X refuses the request: {}; {GO_ON}", api.name(), error.detail);
                return Err(BackfillError::Failed(why));
            }
            named = asked.iter().map(|id| (*id, Without::NotAuthorized)).collect();
        }
        let rest: Vec<TweetId> = asked.iter().filter(|id| named.iter().all(|(culprit, _)| culprit != *id)).copied().collect();
        tokio::task::block_in_place(|| self.journal.keep(api, piece.stretch, Vec::new(), named))?;
        Ok(if rest.is_empty() { Vec::new() } else { vec![Piece { tweets: rest, ..*piece }] })
    }

    /// Nothing may leave any more.
    fn end(&self, api: Api, leave: &Leave) -> BackfillError {
        let said = self.faults.last.as_ref().map(|error| format!(": {}", error.detail)).unwrap_or_default();
        let why = match leave {
            Leave::OverBudget => {
                let [day, month] = self.desk.left().map(|usd| usd.map_or("unlimited".to_owned(), |usd| format!("{usd} USD")));
                format!("the account's budget is used up (left of the day: {day}, of the month: {month})")
            }
            Leave::Unpaid(until) => format!("X wants money{said}; it is not asked again before {until}"),
            Leave::Refused | Leave::Call(_) | Leave::Wait(_) => format!("X refuses the account's credentials{said}"),
        };
        BackfillError::Failed(format!("{}: {why}; {GO_ON}", api.name()))
    }
}

const GO_ON: &str = "what was bought is kept: run the same command again when that is mended";

fn forgetful(_: Forgetful) -> BackfillError {
    BackfillError::Failed(format!("the state cannot be written, and what it cannot keep must not be bought; {GO_ON}"))
}

impl From<Refusal> for Without {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound => Self::NotFound,
            Refusal::NotAuthorized => Self::NotAuthorized,
            Refusal::Unavailable => Self::Unavailable,
            Refusal::Invalid => Self::Invalid,
        }
    }
}

fn clock() -> Timestamp {
    Timestamp::from(SystemTime::now())
}
