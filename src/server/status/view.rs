//! What the query of the status page asks for, and links to other views of it.

use std::fmt;

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::collector::StatusAsk;
use crate::model::TweetState;

/// A view of the status page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct View {
    pub(super) ask: StatusAsk,
    /// The browser loads it anew so often.
    pub(super) refresh: Option<u16>,
}

/// The pace of the link: as often as Prometheus usually looks.
pub(super) const REFRESH_SECONDS: u16 = 30;

impl View {
    /// Reads `account=…&state=…&page=…&refresh=…`, each of which may be missing; what else there is, is ignored.
    pub(super) fn parse(query: &str) -> Result<Self, &'static str> {
        let mut view = Self::default();
        for (key, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            let value = decode(value);
            match key {
                "account" => view.ask.account = Some(value).filter(|name| !name.is_empty()),
                "state" => view.ask.state = state(&value)?,
                "page" => view.ask.skip = page(&value)?,
                "refresh" => view.refresh = refresh(&value)?,
                _ => {}
            }
        }
        Ok(view)
    }

    /// All accounts, or one of them.
    pub(super) fn of(&self, account: Option<&str>) -> Self {
        let ask = StatusAsk { account: account.map(str::to_owned), state: None, skip: 0 };
        Self { ask, refresh: self.refresh }
    }

    /// One account's tweets in this state.
    pub(super) fn in_state(&self, account: &str, state: Option<TweetState>) -> Self {
        let view = self.of(Some(account));
        Self { ask: StatusAsk { state, ..view.ask }, ..view }
    }

    /// The same, so many pages on.
    pub(super) fn behind(&self, skip: usize) -> Self {
        Self { ask: StatusAsk { skip, ..self.ask.clone() }, ..self.clone() }
    }

    /// The same, loaded anew so often.
    pub(super) fn refreshed(&self, refresh: Option<u16>) -> Self {
        Self { refresh, ..self.clone() }
    }
}

/// As a relative link: the page may lie behind a proxy's path.
impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut mark = "?";
        let mut pair = |f: &mut fmt::Formatter<'_>, key: &str, value: &str| {
            write!(f, "{mark}{key}={}", utf8_percent_encode(value, NON_ALPHANUMERIC))?;
            mark = "&";
            Ok(())
        };
        if let Some(account) = &self.ask.account {
            pair(f, "account", account)?;
        }
        if let Some(state) = self.ask.state {
            pair(f, "state", state.name())?;
        }
        if self.ask.skip > 0 {
            pair(f, "page", &self.ask.skip.saturating_add(1).to_string())?;
        }
        if let Some(seconds) = self.refresh {
            pair(f, "refresh", &seconds.to_string())?;
        }
        // An empty link would keep the query.
        if mark == "?" { f.write_str("?") } else { Ok(()) }
    }
}

fn decode(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

fn state(text: &str) -> Result<Option<TweetState>, &'static str> {
    let found = TweetState::ALL.into_iter().find(|state| state.name() == text);
    if found.is_none() && !text.is_empty() {
        return Err("no such state; write ok, pending, not_found, not_authorized, unavailable, retired, over_budget or error");
    }
    Ok(found)
}

fn page(text: &str) -> Result<usize, &'static str> {
    let page = text.parse::<usize>().ok().and_then(|page| page.checked_sub(1));
    page.ok_or("page must be a number from 1 on")
}

fn refresh(text: &str) -> Result<Option<u16>, &'static str> {
    let seconds = text.parse::<u16>().ok().filter(|seconds| (5..=3_600).contains(seconds));
    seconds.map(Some).ok_or("refresh must be a number of seconds from 5 to 3600")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_the_view_that_it_names() {
        let ask = StatusAsk { account: Some("a&b=c d+é\"<".to_owned()), state: Some(TweetState::OverBudget), skip: 3 };
        for view in [View::default(), View { ask: ask.clone(), refresh: None }, View { ask, refresh: Some(30) }] {
            let link = view.to_string();
            assert_eq!(View::parse(link.strip_prefix('?').expect("a query")), Ok(view), "{link}");
        }
        assert_eq!(View::parse("x=%00&&=&account=&state=&%zz"), Ok(View::default()));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for query in ["state=fine", "page=0", "page=-1", "page=x", "page=99999999999999999999999", "refresh=0", "refresh=soon"] {
            assert!(View::parse(query).is_err(), "{query}");
        }
    }
}
