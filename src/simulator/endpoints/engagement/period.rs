//! Which stretch of time an answer covers.

use std::time::Duration;

use crate::model::Timestamp;
use crate::simulator::endpoints::Ask;
use crate::simulator::endpoints::engagement::request::Request;
use crate::simulator::endpoints::engagement::{Period, Rules};
use crate::simulator::endpoints::window::{DAY, Window};

/// Longest span of `historical`, and the usual one.
const LONGEST: Duration = Duration::from_secs(28 * 86_400);
/// Data is kept so long.
const OLDEST: Duration = Duration::from_secs(365 * 86_400);

/// The window of simulated time; "now" is what the clock shows that is ahead.
pub(super) fn window(request: &Request, rules: &Rules, ask: &Ask<'_>) -> Result<Window, String> {
    match rules.period {
        Period::Lifetime => Ok(Window { from: Timestamp::from_seconds(0), to: ask.simulated }),
        Period::Trailing => Ok(Window::trailing(ask.simulated).whole_hours()),
        Period::Given => given(request, ask),
    }
}

fn given(request: &Request, ask: &Ask<'_>) -> Result<Window, String> {
    let read = |name: &str, text: &Option<String>| text.as_deref().map(|text| moment(name, text)).transpose();
    let now = ask.now.max(ask.simulated);
    let (start, end) = (read("start", &request.start)?, read("end", &request.end)?);
    let to = end.unwrap_or_else(|| start.map_or(ask.simulated, |start| now.min(start + LONGEST)));
    let from = start.unwrap_or(to - LONGEST);
    if to > now {
        return Err("end must not be in the future".to_owned());
    }
    if from >= to {
        return Err("start must be before end".to_owned());
    }
    if to.since(from) > LONGEST {
        return Err("start and end must not be more than 4 weeks apart".to_owned());
    }
    // A start that is given as a day lies up to a day before the same moment a year ago.
    if ask.now.since(from) > OLDEST + DAY {
        return Err("start must not be more than 365 days ago".to_owned());
    }
    Ok(Window { from, to }.whole_hours())
}

/// `YYYY-MM-DD` or RFC 3339.
fn moment(name: &str, text: &str) -> Result<Timestamp, String> {
    let whole = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    whole.parse().map_err(|_| format!("{name} must be YYYY-MM-DD or RFC 3339, got {text:?}"))
}
