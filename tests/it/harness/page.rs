//! A scraped page, to be asked for values.

use std::collections::BTreeMap;

use crate::openmetrics::{self, Series};

/// A page that the strict reader accepted.
pub(crate) struct Page {
    series: Vec<Series>,
}

impl Page {
    /// Reads a page of the text format; faults fail the test.
    pub(crate) fn read(text: &str) -> Self {
        Self { series: openmetrics::read_text(text).unwrap_or_else(|fault| panic!("{fault}\n{text}")) }
    }

    /// The value of the one series with this name and at least these labels; nothing if there is none.
    pub(crate) fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let found = self.all(name, labels);
        assert!(found.len() <= 1, "{name} {labels:?} is not one series: {found:?}");
        found.first().map(|series| series.value)
    }

    /// The sum over all series with this name and at least these labels.
    pub(crate) fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.all(name, labels).iter().map(|series| series.value).sum()
    }

    /// All series with this name and at least these labels.
    pub(crate) fn all(&self, name: &str, labels: &[(&str, &str)]) -> Vec<&Series> {
        let fits =
            |series: &&Series| series.name == name && labels.iter().all(|(label, value)| label_of(series, label) == Some(*value));
        self.series.iter().filter(fits).collect()
    }

    /// Everything on the page that is about tweets: series as text, and value.
    pub(crate) fn tweets(&self) -> BTreeMap<String, f64> {
        let about = self.series.iter().filter(|series| series.labels.contains_key("tweet_id"));
        about.map(|series| (format!("{} {:?}", series.name, series.labels), series.value)).collect()
    }

    /// The state of a tweet; it must be in exactly one.
    pub(crate) fn state(&self, tweet: &str) -> String {
        let states = self.all("tweet_state", &[("tweet_id", tweet)]);
        assert!(states.len() == 1 && states[0].value == 1.0, "{tweet} has not one state: {states:?}");
        label_of(states[0], "state").expect("a state").to_owned()
    }

    /// Names of the families that the tweet has series in, with their number.
    pub(crate) fn families_of(&self, tweet: &str) -> BTreeMap<&str, usize> {
        let mut families = BTreeMap::new();
        for series in self.series.iter().filter(|series| label_of(series, "tweet_id") == Some(tweet)) {
            *families.entry(series.name.as_str()).or_default() += 1;
        }
        families
    }
}

/// The value of a label.
pub(crate) fn label_of<'a>(series: &'a Series, name: &str) -> Option<&'a str> {
    series.labels.get(name).map(String::as_str)
}
