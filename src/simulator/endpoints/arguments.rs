//! Checks of single parameters that several endpoints share.

use crate::model::Timestamp;
use crate::simulator::call::Call;
use crate::simulator::reply::Invalid;

/// Nothing is older for v2: 2010-11-06.
pub(crate) const OLDEST: Timestamp = Timestamp::from_seconds(1_289_001_600);

/// Reads the parameters of one call and notes every wrong one.
pub(crate) struct Arguments<'a> {
    pub(crate) call: &'a Call,
    pub(crate) wrong: Vec<Invalid>,
}

impl<'a> Arguments<'a> {
    /// Notes that a value is refused.
    pub(crate) fn refuse(&mut self, name: &str, message: String) {
        let value = self.call.parameter(name).unwrap_or_default().to_owned();
        self.wrong.push(Invalid { parameter: name.to_owned(), value, message });
    }

    /// A number within bounds.
    pub(crate) fn number(&mut self, name: &str, bounds: std::ops::RangeInclusive<usize>, default: usize) -> usize {
        let Some(text) = self.call.parameter(name) else { return default };
        let number = text.parse().ok().filter(|number| bounds.contains(number));
        if number.is_none() {
            let (low, high) = (bounds.start(), bounds.end());
            self.refuse(name, format!("The `{name}` query parameter value [{text}] is not between {low} and {high}"));
        }
        number.unwrap_or(default)
    }

    /// A moment with seconds precision.
    pub(crate) fn moment(&mut self, name: &str) -> Option<Timestamp> {
        let text = self.call.parameter(name)?;
        let moment = (text.len() == 20 && text.ends_with('Z')).then(|| text.parse::<Timestamp>().ok()).flatten();
        let moment = moment.filter(|moment| *moment >= OLDEST);
        if moment.is_none() {
            let form = "YYYY-MM-DDTHH:mm:ssZ, 2010-11-06 or later";
            self.refuse(name, format!("The `{name}` query parameter value [{text}] is not a moment of the form {form}"));
        }
        moment
    }

    /// Notes that a parameter is not there.
    pub(crate) fn need(&mut self, name: &str) {
        if self.call.parameter(name).is_none_or(str::is_empty) {
            self.refuse(name, format!("The `{name}` query parameter can not be empty"));
        }
    }

    /// A window of which both ends must be given.
    pub(crate) fn window(&mut self) -> Option<(Timestamp, Timestamp)> {
        ["start_time", "end_time"].iter().for_each(|name| self.need(name));
        let (from, to) = (self.moment("start_time")?, self.moment("end_time")?);
        if from >= to {
            self.refuse("end_time", "The `end_time` query parameter must be later than `start_time`".to_owned());
        }
        (from < to).then_some((from, to))
    }

    /// A word out of a few.
    pub(crate) fn word(&mut self, name: &str, words: &[&'static str]) -> Option<&'static str> {
        let text = self.call.parameter(name)?;
        let word = words.iter().find(|word| **word == text).copied();
        if word.is_none() {
            self.refuse(name, format!("The `{name}` query parameter value [{text}] is not one of [{}]", words.join(",")));
        }
        word
    }

    /// Items of a list whose length is bounded.
    pub(crate) fn list(&mut self, name: &str, most: usize, is_right: fn(&str) -> bool) -> Vec<&'a str> {
        self.need(name);
        let call = self.call;
        let items: Vec<&str> = call.items(name).collect();
        if items.len() > most {
            let count = items.len();
            self.refuse(
                name,
                format!("The number of values in the `{name}` query parameter list [{count}] is not between 1 and {most}"),
            );
        } else if let Some(item) = items.iter().find(|item| !is_right(item)) {
            self.refuse(name, format!("The `{name}` query parameter value [{item}] is not valid"));
        }
        items
    }
}

/// X's pattern of ids: `^[0-9]{1,19}$`.
pub(crate) fn is_id(text: &str) -> bool {
    (1..=19).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}
