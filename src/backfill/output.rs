//! The history as OpenMetrics text with timestamps. Written under another name, given its own when it is complete.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::backfill::BackfillError;
use crate::backfill::series::{Row, adds_up, merge, running};
use crate::model::{Api, Bucketed, Family, Metric, Stretch, Timestamp, TweetId};

/// What is written.
pub(super) struct Content<'a> {
    /// Value of the `account` label.
    pub(super) account: &'a str,
    pub(super) stretch: Stretch,
    /// In order of precedence.
    pub(super) sources: &'a [Api],
    pub(super) tweets: &'a [TweetId],
    /// Running totals, too.
    pub(super) lifetime: bool,
}

/// How much was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) series: usize,
    pub(super) samples: u64,
}

/// Writes all of it; without a single sample, no file. Blocks.
pub(super) fn write(
    path: &Path,
    content: &Content<'_>,
    rows: impl Fn(TweetId) -> Result<Vec<Row>, BackfillError>,
) -> Result<Written, BackfillError> {
    let draft = draft(path);
    let written = File::create(&draft).map_err(|error| fault(&draft, &error)).and_then(|file| {
        let mut page = Page { out: BufWriter::new(file), path: &draft, written: Written::default() };
        page.fill(content, rows)?;
        let written = page.written;
        let file = page.out.into_inner().map_err(|error| fault(&draft, error.error()))?;
        file.sync_all().map_err(|error| fault(&draft, &error))?;
        if written.samples > 0 {
            fs::rename(&draft, path).map_err(|error| fault(path, &error))?;
            let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
            // Some file systems cannot sync a folder: not worth a refusal.
            let _ = File::open(folder).and_then(|folder| folder.sync_all());
        }
        Ok(written)
    });
    if !written.as_ref().is_ok_and(|written| written.samples > 0) {
        // It may be what filled the disk.
        let _ = fs::remove_file(&draft);
    }
    written
}

fn draft(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    name.into()
}

fn fault(path: &Path, error: &io::Error) -> BackfillError {
    BackfillError::Failed(format!(
        "{} cannot be written: {error}; mend that and run the same command again, nothing is bought twice",
        path.display()
    ))
}

struct Page<'a> {
    out: BufWriter<File>,
    path: &'a Path,
    written: Written,
}

impl Page<'_> {
    /// Family by family, series by series, each in the order of time, as OpenMetrics wants it.
    fn fill(
        &mut self,
        content: &Content<'_>,
        rows: impl Fn(TweetId) -> Result<Vec<Row>, BackfillError>,
    ) -> Result<(), BackfillError> {
        let Content { stretch, sources, .. } = content;
        let step = stretch.step.label();
        self.head(Bucketed::NAME, Bucketed::HELP)?;
        for &tweet in content.tweets {
            for (metric, (_, column)) in merge(stretch, sources, &rows(tweet)?) {
                let labels = format!("{},step=\"{step}\"", labels(content.account, tweet, metric));
                let numbers = column.iter().enumerate().filter_map(|(position, value)| Some((position, (*value)?)));
                self.series(Bucketed::NAME, &labels, stretch, numbers)?;
            }
        }
        if content.lifetime {
            self.head(Family::Engagement.name(), Family::Engagement.help())?;
            for &tweet in content.tweets {
                let Some(born) = tweet.created().filter(|born| *born >= stretch.start) else { continue };
                for (metric, (api, column)) in merge(stretch, sources, &rows(tweet)?) {
                    if adds_up(api, metric) {
                        let labels = labels(content.account, tweet, metric);
                        let totals = running(stretch, born, &column);
                        self.series(Family::Engagement.name(), &labels, stretch, totals.into_iter())?;
                    }
                }
            }
        }
        self.line("# EOF\n")
    }

    fn head(&mut self, name: &str, help: &str) -> Result<(), BackfillError> {
        self.line(&format!("# HELP {name} {help}\n# TYPE {name} gauge\n"))
    }

    /// Each number is stamped with the end of its bucket.
    fn series(
        &mut self,
        name: &str,
        labels: &str,
        stretch: &Stretch,
        numbers: impl Iterator<Item = (usize, u64)>,
    ) -> Result<(), BackfillError> {
        let before = self.written.samples;
        for (position, value) in numbers {
            let end = end(stretch, position).millis() / 1000;
            self.line(&format!("{name}{{{labels}}} {value} {end}\n"))?;
            self.written.samples += 1;
        }
        self.written.series += usize::from(self.written.samples > before);
        Ok(())
    }

    fn line(&mut self, text: &str) -> Result<(), BackfillError> {
        self.out.write_all(text.as_bytes()).map_err(|error| fault(self.path, &error))
    }
}

fn end(stretch: &Stretch, position: usize) -> Timestamp {
    stretch.start + stretch.step.length() * (position as u32 + 1)
}

fn labels(account: &str, tweet: TweetId, metric: Metric) -> String {
    let account = account.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("account=\"{account}\",tweet_id=\"{tweet}\",metric=\"{}\"", metric.name())
}
