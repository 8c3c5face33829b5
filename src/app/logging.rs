//! Logs for people and for machines, on standard error.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::fmt::{self, Write as _};
use std::io::{self, Write as _};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use crate::model::Timestamp;
use crate::state::expects_panic;

/// Least severe lines that are written: Prometheus' four levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogLevel {
    /// Each change of a tweet's state, too.
    Debug,
    /// What a person may want to know.
    Info,
    /// What may need a person.
    Warn,
    /// What needs a person.
    Error,
}

/// How lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// `time=… level=… msg=… key=value`
    Logfmt,
    /// One JSON object a line.
    Json,
}

/// Starts logging for the whole process; called once.
pub fn start_logging(level: LogLevel, format: LogFormat) {
    let level = match level {
        LogLevel::Debug => "debug",
        LogLevel::Info => "info",
        LogLevel::Warn => "warn",
        LogLevel::Error => "error",
    };
    // Libraries stay quiet: their debug lines hold headers.
    let filter = EnvFilter::new(format!("error,tweet_exporter={level}"));
    let layer = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(std::io::stderr);
    let layer = match format {
        LogFormat::Json => layer.json().flatten_event(true).with_current_span(false).with_span_list(false).boxed(),
        LogFormat::Logfmt => layer.event_format(Logfmt).boxed(),
    };
    tracing_subscriber::registry().with(filter).with(layer).init();
}

/// A panic is a line of the log like any other, not a text between the lines; before there is a log, a line for people. Called once.
pub fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        // Its message becomes part of an error, which is told by whom it concerns.
        if expects_panic() {
            return;
        }
        let message = panic.payload_as_str().unwrap_or("no message");
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        // Empty unless somebody asked for it with RUST_BACKTRACE.
        let backtrace = Backtrace::capture();
        let backtrace = (backtrace.status() == BacktraceStatus::Captured).then(|| backtrace.to_string());
        const WHAT: &str = "a fault of the exporter, please report it";
        if tracing::dispatcher::has_been_set() {
            tracing::error!(panic = message, place, backtrace, "{WHAT}");
        } else {
            // Nobody reads it where standard error is closed.
            let _ = writeln!(io::stderr(), "tweet_exporter: {WHAT}: {message} ({place})\n{}", backtrace.unwrap_or_default());
        }
    }));
}

/// The format of Prometheus' own logs.
struct Logfmt;

impl<S, N> FormatEvent<S, N> for Logfmt
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let now = Timestamp::from(std::time::SystemTime::now());
        let level = match *event.metadata().level() {
            Level::ERROR => "error",
            Level::WARN => "warn",
            Level::INFO => "info",
            _ => "debug",
        };
        let mut line = Line::default();
        event.record(&mut line);
        writeln!(writer, "time={now} level={level} msg={}{}", quoted(&line.message), line.fields)
    }
}

/// The parts of an event.
#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Line {
    fn add(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.message);
        } else {
            write!(self.fields, " {}={}", field.name(), quoted(value)).expect("a String takes everything");
        }
    }
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, &format!("{value:?}"));
    }
}

/// As it is if it is one plain word, else in quotes with everything escaped that could end them or the line.
fn quoted(value: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_graphic() && !matches!(letter, '"' | '=' | '\\');
    if !value.is_empty() && value.chars().all(is_plain) { value.to_owned() } else { format!("{value:?}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_can_end_its_quotes_or_the_line() {
        for (value, written) in [
            ("plain-word", "plain-word"),
            ("", "\"\""),
            ("two words", "\"two words\""),
            ("a=b", "\"a=b\""),
            ("say \"hi\"\nlevel=error", "\"say \\\"hi\\\"\\nlevel=error\""),
            ("\u{1b}[31m", "\"\\u{1b}[31m\""),
        ] {
            assert_eq!(quoted(value), written);
        }
    }
}
