//! The lines of a tweet, family by family. This is where nearly all text is made: strings are joined by hand.

use std::fmt::Write;
use std::sync::LazyLock;

use crate::model::{Context, Family, Metric, Scope, Timestamp};
use crate::store::{AccountStore, Number, TweetRecord};

/// The lines of each family so far.
#[derive(Debug, Default)]
pub(super) struct Lines {
    families: [String; Family::ALL.len()],
    /// Labels that all lines of a tweet begin with.
    labels: String,
    /// What a line begins with, and others behind it.
    prefix: String,
}

/// How the labels of a number end, by metric and context; what has a window is written out.
static TAILS: LazyLock<Vec<[String; 3]>> = LazyLock::new(|| {
    let tail = |metric: &Metric, context: Option<Context>| match context {
        Some(context) => format!(",metric=\"{}\",context=\"{}\"}} ", metric.name(), context.name()),
        None => format!(",metric=\"{}\"}} ", metric.name()),
    };
    let tails = |metric| [None, Some(Context::Organic), Some(Context::Promoted)].map(|context| tail(metric, context));
    Metric::ALL.iter().map(tails).collect()
});

fn tail(number: &Number<'_>) -> Option<&'static str> {
    let place = match number.scope {
        Scope::Total => 0,
        Scope::Context(Context::Organic) => 1,
        Scope::Context(Context::Promoted) => 2,
        Scope::Window(_) => return None,
    };
    Some(&TAILS[number.metric as usize][place])
}

/// The labels of an account's tweets up to the id.
pub(super) fn account_labels(name: &str) -> String {
    let mut labels = String::from("{account=\"");
    push_escaped(&mut labels, name);
    labels.push_str("\",tweet_id=\"");
    labels
}

impl Lines {
    /// Begins anew.
    pub(super) fn clear(&mut self) {
        self.families.iter_mut().for_each(String::clear);
    }

    /// What was written of this family.
    pub(super) fn of(&self, family: Family) -> &str {
        &self.families[family as usize]
    }

    /// What was written of each family, in their order.
    pub(super) fn into_texts(self) -> [String; Family::ALL.len()] {
        self.families
    }

    /// Writes X's numbers of a tweet.
    pub(super) fn numbers(&mut self, account_labels: &str, record: &TweetRecord) {
        self.begin(account_labels, record);
        let mut begun = None;
        for number in record.numbers() {
            let family = family(&number);
            // Numbers of a family mostly come one after the other.
            if begun != Some((family, number.media)) {
                begun = Some((family, number.media));
                self.prefix.clear();
                push(&mut self.prefix, &[family.name(), &self.labels]);
                if let Some(key) = number.media {
                    let [kind, id] = key.numbers();
                    let (mut first, mut second) = (itoa::Buffer::new(), itoa::Buffer::new());
                    push(&mut self.prefix, &[",media_key=\"", first.format(kind), "_", second.format(id), "\""]);
                }
            }
            let line = &mut self.families[family as usize];
            line.push_str(&self.prefix);
            match tail(&number) {
                Some(tail) => line.push_str(tail),
                None => push_windowed(line, &number),
            }
            match number.metric.units() {
                1 => line.push_str(itoa::Buffer::new().format(number.value)),
                units => write!(line, "{}", number.value as f64 / units as f64).expect("a String takes everything"),
            }
            line.push('\n');
        }
    }

    /// Writes what else is known of a tweet, besides its state.
    pub(super) fn facts(&mut self, account_labels: &str, account: &AccountStore, record: &TweetRecord) {
        self.begin(account_labels, record);
        let line = &mut self.families[Family::Info as usize];
        push(line, &[Family::Info.name(), &self.labels]);
        push_info(line, account, record);
        line.push_str("} 1\n");
        for (family, moment) in [(Family::Created, record.id.created()), (Family::LastSuccess, record.last_success())] {
            if let Some(moment) = moment {
                let line = &mut self.families[family as usize];
                push(line, &[family.name(), &self.labels, "} "]);
                push_seconds(line, moment);
                line.push('\n');
            }
        }
    }

    /// Writes the state of a tweet.
    pub(super) fn state(&mut self, account_labels: &str, record: &TweetRecord) {
        self.begin(account_labels, record);
        let line = &mut self.families[Family::State as usize];
        push(line, &[Family::State.name(), &self.labels, ",state=\"", record.state().name(), "\"} 1\n"]);
    }

    fn begin(&mut self, account_labels: &str, record: &TweetRecord) {
        self.labels.clear();
        push(&mut self.labels, &[account_labels, itoa::Buffer::new().format(record.id.number()), "\""]);
    }
}

/// The lines above a family's.
pub(super) fn head(family: Family) -> String {
    format!("# HELP {0} {1}\n# TYPE {0} gauge\n", family.name(), family.help())
}

/// Series of the tweet besides its state.
pub(super) fn count(record: &TweetRecord) -> usize {
    if record.state().is_gone() {
        return 0;
    }
    let moments = [record.id.created(), record.last_success()];
    1 + record.numbers().count() + moments.iter().flatten().count()
}

fn family(number: &Number<'_>) -> Family {
    match (number.scope, number.media.is_some()) {
        (Scope::Total, false) => Family::Engagement,
        (Scope::Total, true) => Family::MediaEngagement,
        (Scope::Context(_), false) => Family::EngagementByContext,
        (Scope::Context(_), true) => Family::MediaEngagementByContext,
        (Scope::Window(_), false) => Family::EngagementWindow,
        (Scope::Window(_), true) => Family::MediaEngagementWindow,
    }
}

/// The end of the labels of a number that has a window.
fn push_windowed(line: &mut String, number: &Number<'_>) {
    push(line, &[",metric=\"", number.metric.name()]);
    if let Scope::Window(window) = number.scope {
        line.push_str("\",window=\"");
        push_escaped(line, window);
    }
    line.push_str("\"} ");
}

/// The labels of `tweet_info` besides the two of every family, ours first. An empty label is an absent one.
fn push_info(line: &mut String, account: &AccountStore, record: &TweetRecord) {
    if let Some(username) = account.username(record) {
        push_label(line, "username", username.as_str());
    }
    let kinds: Vec<&str> = record.media_types().iter().map(|kind| kind.name()).collect();
    push_label(line, "media_type", &kinds.join(","));
    record.mention.labels.iter().for_each(|(name, value)| push_label(line, name, value));
}

fn push_label(line: &mut String, name: &str, value: &str) {
    if !value.is_empty() {
        push(line, &[",", name, "=\""]);
        push_escaped(line, value);
        line.push('"');
    }
}

/// Seconds with as many decimals as it takes.
fn push_seconds(line: &mut String, moment: Timestamp) {
    let Ok(millis) = u64::try_from(moment.millis()) else {
        return write!(line, "{}", moment.seconds()).expect("a String takes everything");
    };
    line.push_str(itoa::Buffer::new().format(millis / 1000));
    let fraction = millis % 1000;
    if fraction > 0 {
        let digits = [fraction / 100, fraction / 10 % 10, fraction % 10].map(|digit| char::from(b'0' + digit as u8));
        let last = digits.iter().rposition(|digit| *digit != '0').unwrap_or(0);
        line.push('.');
        line.extend(&digits[..=last]);
    }
}

fn push(line: &mut String, parts: &[&str]) {
    parts.iter().for_each(|part| line.push_str(part));
}

/// Label values escape the backslash, the quote and the line feed, in both formats alike.
fn push_escaped(line: &mut String, value: &str) {
    if !value.contains(['\\', '"', '\n']) {
        return line.push_str(value);
    }
    for letter in value.chars() {
        match letter {
            '\\' => line.push_str("\\\\"),
            '"' => line.push_str("\\\""),
            '\n' => line.push_str("\\n"),
            letter => line.push(letter),
        }
    }
}
