//! `window` of a source: a lifetime or a trailing stretch of time.

use std::sync::Arc;
use std::time::Duration;

use crate::model::parse_duration;

use crate::config::section::{Field, Section};

/// A lifetime or a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Span {
    /// From the tweet's creation on.
    Lifetime,
    /// A trailing window.
    Window(Window),
}

/// A trailing window, with the text that the user wrote: it becomes the `window` label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// As written: `7d`.
    pub text: Arc<str>,
    /// Its length.
    pub length: Duration,
}

const HOUR: Duration = Duration::from_secs(3_600);
/// The Engagement API looks at no more than four weeks at once ("Engagement API overview").
const FOUR_WEEKS: Duration = Duration::from_secs(28 * 24 * 3_600);

impl Span {
    pub(super) fn read(source: &Section<'_>) -> Option<Self> {
        source.or("window", Self::Window(Window::of("7d")), |field| match field.as_text() {
            Some("lifetime") => Some(Self::Lifetime),
            _ => Window::of_field(field).map(Self::Window),
        })
    }
}

impl Window {
    /// A window of any length from an hour on.
    pub(super) fn read(source: &Section<'_>, default: &'static str) -> Option<Self> {
        source.or("window", Self::of(default), Self::of_field)
    }

    /// A window of at most four weeks.
    pub(super) fn read_short(source: &Section<'_>, default: &'static str) -> Option<Self> {
        source.or("window", Self::of(default), |field| {
            let window = Self::of_field(field)?;
            if window.length > FOUR_WEEKS {
                return field.refuse(format!("{} is longer than this api allows; write 28d or less", window.text));
            }
            Some(window)
        })
    }

    fn of(text: &'static str) -> Self {
        Self { text: text.into(), length: parse_duration(text).expect("the defaults are durations") }
    }

    fn of_field(field: &Field<'_>) -> Option<Self> {
        if field.as_text() == Some("lifetime") {
            return field.refuse("this api knows no lifetime numbers; write a duration such as 7d");
        }
        let length = field.duration()?;
        if length < HOUR {
            return field.refuse("the numbers come by the hour; write 1h or more");
        }
        Some(Self { text: field.as_text()?.into(), length })
    }
}
