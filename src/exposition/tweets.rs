//! The text of the tweets' families.

use std::fmt::Write;

use bytes::Bytes;

use crate::exposition::{Page, Segment};
use crate::model::{Family, Scope, TweetId};
use crate::store::{AccountStore, TweetRecord};

/// A page, and what did not fit on it.
#[derive(Debug)]
pub struct Built {
    /// The page.
    pub page: Page,
    /// Series that `limits.max_series` keeps off it. A tweet's numbers are on the page whole or not at all; its state always is.
    pub surplus: usize,
}

/// Builds the page of these accounts with at most `max_series` series.
pub fn build(accounts: &[AccountStore], max_series: usize) -> Built {
    let mut lines = Lines::new();
    let (mut series, mut surplus) = (accounts.iter().map(|account| account.records().len()).sum::<usize>(), 0);
    for account in accounts {
        for record in account.records() {
            let wanted = count(record);
            if series + wanted <= max_series {
                series += wanted;
                lines.tweet(account, record);
            } else {
                surplus += wanted;
            }
            lines.state(account, record);
        }
    }
    let text = lines.finish();
    let segments = if text.is_empty() { Vec::new() } else { vec![Segment::new(text)] };
    Built { page: Page { segments, series }, surplus }
}

/// All families of one tweet, on a page of its own; nothing if the account does not know it.
pub fn build_one(account: &AccountStore, tweet: TweetId) -> Option<Bytes> {
    let record = account.record(tweet)?;
    let mut lines = Lines::new();
    lines.tweet(account, record);
    lines.state(account, record);
    Some(lines.finish())
}

/// Series of the tweet besides its state.
fn count(record: &TweetRecord) -> usize {
    if record.state().is_gone() {
        return 0;
    }
    let moments = [record.id.created(), record.last_success()];
    1 + record.samples().count() + moments.iter().flatten().count()
}

/// The lines of each family so far.
struct Lines([String; Family::ALL.len()]);

impl Lines {
    fn new() -> Self {
        Self(Family::ALL.map(|_| String::new()))
    }

    fn tweet(&mut self, account: &AccountStore, record: &TweetRecord) {
        if record.state().is_gone() {
            return;
        }
        let labels = format!("account=\"{}\",tweet_id=\"{}\"", escape(account.name()), record.id);
        for sample in record.samples() {
            let is_media = sample.media.is_some();
            let media = sample.media.as_ref().map(|key| format!(",media_key=\"{key}\"")).unwrap_or_default();
            let metric = sample.metric.name();
            let (family, more) = match &sample.scope {
                Scope::Total if is_media => (Family::MediaEngagement, String::new()),
                Scope::Total => (Family::Engagement, String::new()),
                Scope::Context(context) => {
                    let family = if is_media { Family::MediaEngagementByContext } else { Family::EngagementByContext };
                    (family, format!(",context=\"{}\"", context.name()))
                }
                Scope::Window(window) => {
                    let family = if is_media { Family::MediaEngagementWindow } else { Family::EngagementWindow };
                    (family, format!(",window=\"{}\"", escape(window)))
                }
            };
            let labels = format_args!("{labels}{media},metric=\"{metric}\"{more}");
            match sample.metric.units() {
                1 => self.add(family, labels, sample.value),
                units => self.add(family, labels, sample.value as f64 / units as f64),
            }
        }
        self.add(Family::Info, format_args!("{labels}{}", info(account, record)), 1);
        if let Some(created) = record.id.created() {
            self.add(Family::Created, format_args!("{labels}"), created.seconds());
        }
        if let Some(read) = record.last_success() {
            self.add(Family::LastSuccess, format_args!("{labels}"), read.seconds());
        }
    }

    fn state(&mut self, account: &AccountStore, record: &TweetRecord) {
        let (name, state) = (escape(account.name()), record.state().name());
        self.add(Family::State, format_args!("account=\"{name}\",tweet_id=\"{}\",state=\"{state}\"", record.id), 1);
    }

    fn add(&mut self, family: Family, labels: std::fmt::Arguments<'_>, value: impl std::fmt::Display) {
        let lines = &mut self.0[family as usize];
        writeln!(lines, "{}{{{labels}}} {value}", family.name()).expect("a String takes everything");
    }

    /// All families that have a line, each under its head.
    fn finish(self) -> Bytes {
        let mut text = String::with_capacity(self.0.iter().map(|lines| lines.len() + 300).sum());
        for (family, lines) in Family::ALL.iter().zip(&self.0).filter(|(_, lines)| !lines.is_empty()) {
            let (name, help) = (family.name(), family.help());
            write!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{lines}").expect("a String takes everything");
        }
        text.into()
    }
}

/// The labels of `tweet_info` besides the two of every family, ours first. An empty label is an absent one.
fn info(account: &AccountStore, record: &TweetRecord) -> String {
    let kinds: Vec<&str> = record.media_types().iter().map(|kind| kind.name()).collect();
    let kinds = kinds.join(",");
    let username = account.username(record).map_or("", |name| name.as_str());
    let own = [("username", username), ("media_type", kinds.as_str())];
    let theirs = record.labels.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let filled = own.into_iter().chain(theirs).filter(|(_, value)| !value.is_empty());
    filled.map(|(name, value)| format!(",{name}=\"{}\"", escape(value))).collect()
}

/// Label values escape the backslash, the quote and the line feed, in both formats alike.
fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::{Context, MediaType, Metric, Sample, Timestamp, TweetReading, TweetState};
    use crate::store::{Part, Watched};

    fn store() -> AccountStore {
        let labels = BTreeMap::from([("campaign".to_owned(), "a \"b\"\\\nc".to_owned()), ("empty".to_owned(), String::new())]);
        let watched = [1_700_000_000_000_000_001, 20].map(|id| Watched {
            id: TweetId::new(id).expect("an id"),
            username: None,
            labels: labels.clone(),
        });
        let mut store = AccountStore::new("acme".to_owned(), Some("acme".parse().expect("a name")), watched.into());
        let video = Some("13_5".parse().expect("a key"));
        let sample = |media, metric, scope, value| Sample { media, metric, scope, value };
        let reading = TweetReading {
            samples: vec![
                sample(None, Metric::Likes, Scope::Total, 21),
                sample(None, Metric::Likes, Scope::Context(Context::Promoted), 0),
                sample(None, Metric::Likes, Scope::Window("7d".into()), 3),
                sample(video.clone(), Metric::Playback25, Scope::Total, 120),
                sample(video, Metric::VideoViews, Scope::Context(Context::Organic), 290),
            ],
            media_types: vec![MediaType::Photo, MediaType::Video],
            ..TweetReading::default()
        };
        let id = store.records()[0].id;
        store.take(id, Part { source: 0, request: 0 }, reading, Timestamp::from_millis(1_767_225_600_500));
        store.enter(0, TweetState::Ok);
        store.enter(1, TweetState::Retired);
        store
    }

    fn text(page: &Page) -> String {
        page.segments.iter().map(|segment| String::from_utf8_lossy(&segment.plain).into_owned()).collect()
    }

    #[test]
    fn every_family_has_its_lines_and_a_gone_tweet_only_its_state() {
        let built = build(&[store()], usize::MAX);
        let page = text(&built.page);
        let lines: Vec<&str> = page.lines().filter(|line| !line.starts_with('#')).collect();
        let expected = [
            r#"tweet_engagement{account="acme",tweet_id="1700000000000000001",metric="likes"} 21"#,
            r#"tweet_engagement_by_context{account="acme",tweet_id="1700000000000000001",metric="likes",context="promoted"} 0"#,
            r#"tweet_engagement_window{account="acme",tweet_id="1700000000000000001",metric="likes",window="7d"} 3"#,
            r#"tweet_media_engagement{account="acme",tweet_id="1700000000000000001",media_key="13_5",metric="playback_25"} 120"#,
            r#"tweet_media_engagement_by_context{account="acme",tweet_id="1700000000000000001",media_key="13_5",metric="video_views",context="organic"} 290"#,
            r#"tweet_info{account="acme",tweet_id="1700000000000000001",username="acme",media_type="photo,video",campaign="a \"b\"\\\nc"} 1"#,
            r#"tweet_created_timestamp_seconds{account="acme",tweet_id="1700000000000000001"} 1694146559.129"#,
            r#"tweet_last_success_timestamp_seconds{account="acme",tweet_id="1700000000000000001"} 1767225600.5"#,
            r#"tweet_state{account="acme",tweet_id="1700000000000000001",state="ok"} 1"#,
            r#"tweet_state{account="acme",tweet_id="20",state="retired"} 1"#,
        ];
        assert_eq!(lines, expected);
        assert_eq!((built.page.series, built.surplus), (lines.len(), 0));
    }

    #[test]
    fn a_full_page_keeps_all_states_and_counts_the_rest() {
        let built = build(&[store()], 5);
        assert_eq!((built.page.series, built.surplus), (2, 8));
        assert_eq!(text(&built.page).lines().filter(|line| line.starts_with("tweet_state{")).count(), 2);
    }

    #[test]
    fn help_is_one_line_that_needs_no_escape() {
        for family in Family::ALL {
            assert!(family.help().ends_with('.') && !family.help().contains(['\\', '\n']), "{}", family.name());
        }
        assert!(Family::ALL.iter().enumerate().all(|(position, family)| *family as usize == position));
    }
}
