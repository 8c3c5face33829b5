//! `accounts[].watch` and the lists in watch files: which tweets.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use crate::model::TweetRef;

use crate::config::credentials::Named;
use crate::config::error::ConfigErrors;
use crate::config::node::{Kind, Value};
use crate::config::section::{Field, Findings, Section, shown};
use crate::config::{schema, syntax};

/// Which tweets an account watches.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// Named in the configuration itself.
    pub tweets: Vec<WatchEntry>,
    /// Globs of files with further lists, absolute or made so from the configuration's folder.
    pub files: Vec<String>,
    /// Tweets found on the own timeline.
    pub timeline: Option<WatchTimeline>,
}

/// One watched tweet with the user's own labels for `tweet_info`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchEntry {
    /// The tweet.
    pub tweet: TweetRef,
    /// Label names and values; names are valid and none is ours.
    pub labels: BTreeMap<String, String>,
}

/// Which tweets of the own timeline are watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchTimeline {
    /// How far back.
    pub younger_than: Duration,
    /// Leave out replies.
    pub exclude_replies: bool,
    /// Leave out retweets.
    pub exclude_retweets: bool,
    /// At most so many, the youngest first.
    pub max_tweets: usize,
    /// Labels of all of them.
    pub labels: BTreeMap<String, String>,
}

/// The entries of a watch file: a list in the form of `watch.tweets`, or nothing at all. `origin` names the file in messages.
pub fn parse_watch_entries(text: &str, origin: &Path) -> Result<Vec<WatchEntry>, ConfigErrors> {
    let no_variables = |_: &str| None;
    let findings = Findings::new(origin, &no_variables);
    let entries = match syntax::read(text) {
        Ok(root) => {
            let root = Field { node: &root, path: String::new(), findings: &findings };
            if root.is_null() { Some(Vec::new()) } else { entries(&root) }
        }
        Err(error) => {
            findings.error(error.place, "", error.text);
            None
        }
    };
    findings.conclude(entries).map(|(entries, _)| entries)
}

impl Watch {
    pub(super) fn read(account: &Section<'_>) -> Option<Self> {
        const ADVICE: &str = "write at least one of tweets, files and timeline: {}";
        let section = account.required("watch", ADVICE, |field| field.section(&schema::WATCH))?;
        if section.field("tweets").or(section.field("files")).or(section.field("timeline")).is_none() {
            return section.field.refuse(format!("nothing to watch; {ADVICE}"));
        }
        let tweets = section.or("tweets", Vec::new(), entries);
        let files = section.or("files", Vec::new(), |field| each(&field.list()?, glob));
        let timeline = section.optional("timeline", WatchTimeline::read);
        Some(Self { tweets: tweets?, files: files?, timeline: timeline? })
    }
}

fn entries(field: &Field<'_>) -> Option<Vec<WatchEntry>> {
    each(&field.list()?, entry)
}

/// Reads all items, also those after a bad one.
fn each<'a, T>(items: &[Field<'a>], read: impl Fn(&Field<'a>) -> Option<T>) -> Option<Vec<T>> {
    let mut good = Vec::new();
    let mut all_good = true;
    for item in items {
        match read(item) {
            Some(value) => good.push(value),
            None => all_good = false,
        }
    }
    all_good.then_some(good)
}

fn entry(field: &Field<'_>) -> Option<WatchEntry> {
    if !matches!(field.node.value, Value::Mapping(_)) {
        return Some(WatchEntry { tweet: tweet(field)?, labels: BTreeMap::new() });
    }
    let section = field.section(&schema::WATCH_ENTRY)?;
    let tweet = section.required("tweet", "write the id or the URL of a tweet", tweet);
    let labels = section.or("labels", BTreeMap::new(), labels);
    Some(WatchEntry { tweet: tweet?, labels: labels? })
}

/// An id need not be quoted: its digits are taken from the file, not from a number.
fn tweet(field: &Field<'_>) -> Option<TweetRef> {
    field.untagged()?;
    let Value::Scalar(Kind::Text | Kind::Number, text) = &field.node.value else {
        return field.refuse(format!("expected a tweet, found {}; write its id or its URL", field.found()));
    };
    text.parse().map_err(|error| field.error(format!("{}: {error}", shown(text)))).ok()
}

/// A pattern for files, absolute; the folder's own name may hold signs that mean something in a pattern.
fn glob(field: &Field<'_>) -> Option<String> {
    let text = field.text()?;
    if let Err(error) = glob::Pattern::new(text) {
        return field.refuse(format!("not a pattern: {}; write one such as watch/*.yml", error.msg));
    }
    if text.contains('\0') {
        return field.refuse("not a pattern; write one without NUL characters");
    }
    let pattern = absolute(field, text)?;
    field.findings.globs.borrow_mut().push(pattern.clone());
    Some(pattern)
}

fn absolute(field: &Field<'_>, text: &str) -> Option<String> {
    if Path::new(text).is_absolute() {
        return Some(text.to_owned());
    }
    let Some(folder) = field.findings.folder.to_str() else {
        return field.refuse("the configuration's folder has a name that is not UTF-8; write an absolute pattern");
    };
    Some(format!("{}/{text}", glob::Pattern::escape(folder)))
}

fn labels(field: &Field<'_>) -> Option<BTreeMap<String, String>> {
    let mut labels = BTreeMap::new();
    let mut all_good = true;
    for entry in field.entries()? {
        let name = label_name(&entry.key, entry.name);
        match (name, label_value(&entry.value)) {
            (Some(name), Some(value)) => drop(labels.insert(name, value)),
            _ => all_good = false,
        }
    }
    all_good.then_some(labels)
}

/// Labels that the exporter itself sets on `tweet_info`.
const OUR_LABELS: [&str; 4] = ["account", "tweet_id", "username", "media_type"];

fn label_name(key: &Field<'_>, name: &str) -> Option<String> {
    let valid = !name.is_empty()
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    match name {
        _ if !valid => key.refuse("not a label name; write letters, digits and underscores, no digit first"),
        _ if name.starts_with("__") => key.refuse("Prometheus keeps names that begin with __ for itself; write another name"),
        _ if OUR_LABELS.contains(&name) => key.refuse("the exporter sets this label itself; write another name"),
        _ => Some(name.to_owned()),
    }
}

fn label_value(field: &Field<'_>) -> Option<String> {
    field.untagged()?;
    match &field.node.value {
        Value::Scalar(Kind::Text, text) => Some(text.clone()),
        Value::Scalar(Kind::Null, _) => field.refuse("no value; write a text, or leave the label out"),
        Value::Scalar(_, text) => {
            field.refuse(format!("a label's value is a text, found {}; quote it: {}", field.found(), shown(text)))
        }
        _ => field.refuse(format!("a label's value is a text, found {}", field.found())),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Excluded {
    Replies,
    Retweets,
}

impl WatchTimeline {
    /// How far X's timelines reach ("GET /2/users/:id/tweets").
    const DEPTH: u64 = 3_200;
    /// The same without replies.
    const DEPTH_WITHOUT_REPLIES: u64 = 800;

    fn read(field: &Field<'_>) -> Option<Self> {
        let section = field.section(&schema::TIMELINE)?;
        let week = Duration::from_secs(7 * 24 * 3_600);
        let younger_than = section.or("younger_than", week, Field::duration);
        let both = vec![Excluded::Replies, Excluded::Retweets];
        let words = [("replies", Excluded::Replies), ("retweets", Excluded::Retweets)];
        let exclude = section.or("exclude", both, |field| each(&field.list()?, |item| item.word(&words)));
        let without_replies = exclude.as_ref().is_some_and(|exclude| exclude.contains(&Excluded::Replies));
        let max_tweets = section.or("max_tweets", 500, |field| max_tweets(field, without_replies));
        let labels = section.or("labels", BTreeMap::new(), labels);
        Some(Self {
            younger_than: younger_than?,
            exclude_replies: without_replies,
            exclude_retweets: exclude?.contains(&Excluded::Retweets),
            max_tweets: max_tweets?,
            labels: labels?,
        })
    }
}

fn max_tweets(field: &Field<'_>, without_replies: bool) -> Option<usize> {
    let number = field.count(1, WatchTimeline::DEPTH)?;
    if without_replies && number > WatchTimeline::DEPTH_WITHOUT_REPLIES {
        return field.refuse(
            "X shows no more than the last 800 tweets when replies are excluded; write 800 or less, or exclude: [retweets]",
        );
    }
    usize::try_from(number).ok()
}

/// A bearer token belongs to an app, so it cannot say whose timeline is meant.
pub(super) fn check_timeline_owner(account: &Section<'_>, named: &Named) {
    if !named.only_bearer() || account.field("username").is_some() {
        return;
    }
    let watched = account.field("watch").and_then(|watch| watch.inside("timeline")).filter(|timeline| !timeline.is_null());
    let sources = account.field("sources").map(|sources| sources.items()).unwrap_or_default();
    let source = sources.into_iter().find(|item| item.inside("api").is_some_and(|api| api.as_text() == Some("timeline")));
    if let Some(field) = watched.or(source) {
        field.error("a bearer token does not say whose timeline this is; write username: <name> into the account");
    }
}
