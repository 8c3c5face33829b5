//! True curves from a file: CSV with a header, `tweet_id,created_unix,unix,impressions`, in any order of columns and rows.
//!
//! Between two rows of a tweet its impressions are taken to lie on a straight line, from 1 at its creation on. Its watched life ends with
//! its last row, so a deleted tweet is one that has no more rows. Impressions may fall.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::curve::Curve;

const COLUMNS: [&str; 4] = ["tweet_id", "created_unix", "unix", "impressions"];
const DAY: i64 = 86_400;

/// What a file held.
#[derive(Debug)]
pub(crate) struct Curves {
    /// By birth; the run begins at midnight (UTC) of the first one's day.
    pub(crate) curves: Vec<Curve>,
    pub(crate) days: u32,
    /// What was left out, for people.
    pub(crate) notes: Vec<String>,
}

/// A tweet's creation, with the line that tells it first, and its impressions by moment, each with its line.
struct Rows {
    created: (i64, usize),
    points: BTreeMap<i64, (f64, usize)>,
}

/// Reads a file. The error names file and line and says what to write.
pub(crate) fn read(path: &Path, most_days: u32) -> Result<Curves, String> {
    let bytes = fs::read(path).map_err(|error| format!("{}: cannot be read: {error}", path.display()))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let line = 1 + error.as_bytes()[..error.utf8_error().valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
        format!("{}:{line}: not UTF-8; save it as UTF-8 text", path.display())
    })?;
    parse(&text, most_days).map_err(|(line, what)| format!("{}:{line}: {what}", path.display()))
}

fn parse(text: &str, most_days: u32) -> Result<Curves, (usize, String)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text.lines().enumerate().map(|(index, line)| (index + 1, line)).filter(|(_, line)| !line.trim().is_empty());
    let header = lines.next().ok_or((1, format!("the file is empty; the first line must be {}", COLUMNS.join(","))))?;
    let (places, mut notes) = columns(header.1).map_err(|what| (header.0, what))?;
    let mut tweets: BTreeMap<u64, Rows> = BTreeMap::new();
    let (mut last_line, mut twice) = (header.0, 0);
    for (line, text) in lines {
        last_line = line;
        twice += usize::from(!take(&mut tweets, text, places, line).map_err(|what| (line, what))?);
    }
    if tweets.is_empty() {
        return Err((last_line, "no rows follow the header; write one for each reading of a tweet".to_owned()));
    }
    if twice > 0 {
        notes.push(format!("{twice} rows say again what another says"));
    }
    Ok(build(&tweets, most_days, notes))
}

/// Where each column stands.
fn columns(header: &str) -> Result<([usize; 4], Vec<String>), String> {
    let names: Vec<String> = header.split(',').map(|name| plain(name).to_ascii_lowercase()).collect();
    let mut places = [0; 4];
    for (place, column) in places.iter_mut().zip(COLUMNS) {
        let mut found = names.iter().enumerate().filter(|(_, name)| *name == column).map(|(position, _)| position);
        let missing = || format!("no column {column} in the header; it must name {}", COLUMNS.join(","));
        *place = found.next().ok_or_else(missing)?;
        if found.next().is_some() {
            return Err(format!("two columns are called {column}; leave one out"));
        }
    }
    let others: Vec<&str> = names.iter().map(String::as_str).filter(|name| !COLUMNS.contains(name)).collect();
    let note = (!others.is_empty()).then(|| format!("unknown columns are left out: {}", others.join(", ")));
    Ok((places, note.into_iter().collect()))
}

fn plain(field: &str) -> &str {
    let field = field.trim();
    field.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).unwrap_or(field)
}

/// Takes in a row. Whether it says anything new.
fn take(tweets: &mut BTreeMap<u64, Rows>, text: &str, places: [usize; 4], line: usize) -> Result<bool, String> {
    let fields: Vec<&str> = text.split(',').map(plain).collect();
    let field = |column: usize| {
        let missing = || format!("{} fields, and {} should be number {}", fields.len(), COLUMNS[column], places[column] + 1);
        fields.get(places[column]).copied().ok_or_else(missing)
    };
    let id = field(0)?.parse::<u64>().map_err(|_| format!("tweet_id is {:?}; write digits only", fields[places[0]]))?;
    let moment = |column: usize| {
        let text = field(column)?;
        let seconds = text.parse::<f64>().ok().filter(|seconds| (0.0..1e11).contains(seconds)).map(|seconds| seconds as i64);
        seconds.ok_or_else(|| format!("{} is {text:?}; write seconds since 1970, such as 1793491200", COLUMNS[column]))
    };
    let (created, at) = (moment(1)?, moment(2)?);
    let text = field(3)?;
    let impressions = text.parse::<f64>().ok().filter(|count| (0.0..1e15).contains(count));
    let impressions = impressions.ok_or_else(|| format!("impressions is {text:?}; write a count of 0 or more"))?;
    if at < created {
        return Err(format!("unix is {at}, before the tweet's created_unix {created}; leave the row out or mend it"));
    }
    let rows = tweets.entry(id).or_insert_with(|| Rows { created: (created, line), points: BTreeMap::new() });
    if rows.created.0 != created {
        let (known, line) = rows.created;
        return Err(format!(
            "created_unix of tweet {id} is {created}, but {known} in line {line}; write the same in all its rows"
        ));
    }
    match rows.points.insert(at, (impressions, line)) {
        Some((known, line)) if known != impressions => {
            Err(format!("tweet {id} has {impressions} impressions at {at}, but {known} in line {line}; leave one out"))
        }
        known => Ok(known.is_none()),
    }
}

fn build(tweets: &BTreeMap<u64, Rows>, most_days: u32, mut notes: Vec<String>) -> Curves {
    let first = tweets.values().map(|rows| rows.created.0).min().unwrap_or_default();
    let midnight = first - first.rem_euclid(DAY);
    let last = tweets.values().filter_map(|rows| rows.points.last_key_value()).map(|(at, _)| *at).max().unwrap_or(first);
    let wanted = (last - midnight) / DAY + 1;
    let days = u32::try_from(wanted).unwrap_or(u32::MAX).min(most_days);
    let end = i64::from(days) * DAY;
    if wanted > i64::from(days) {
        notes.push(format!("the file covers {wanted} days; only the first {days} are run"));
    }
    let mut curves: Vec<Curve> = tweets.values().filter_map(|rows| curve(rows, midnight, end)).collect();
    let short = tweets.len() - curves.len();
    if short > 0 {
        notes.push(format!("{short} tweets have no reading after their creation within these days, and are left out"));
    }
    curves.sort_by_key(Curve::begin);
    Curves { curves, days, notes }
}

/// Nothing if less than a minute of the tweet's life is known.
fn curve(rows: &Rows, midnight: i64, end: i64) -> Option<Curve> {
    let born = rows.created.0 - midnight;
    let later = rows.points.iter().map(|(at, (count, _))| (*at - midnight, *count));
    let at_birth = rows.points.get(&rows.created.0).map_or(1.0, |(count, _)| *count);
    let points: Vec<(i64, f64)> = std::iter::once((born, at_birth)).chain(later.filter(|(at, _)| *at > born)).collect();
    let mut kept: Vec<(u32, f64)> = Vec::new();
    for (at, count) in points {
        let Some(moment) = u32::try_from(at).ok().filter(|_| at <= end) else {
            // The line that crosses the end of the run is cut there.
            let &(before, known) = kept.last()?;
            let part = (end - i64::from(before)) as f64 / (at - i64::from(before)) as f64;
            kept.push((u32::try_from(end).ok()?, known + part * (count - known)));
            break;
        };
        kept.push((moment, count));
    }
    let life = kept.last()?.0 - kept.first()?.0;
    (life >= 60).then(|| Curve::new(kept.into_iter()))
}
