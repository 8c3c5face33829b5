//! The Engagement API: `POST /insights/engagement/{totals,28hr,historical}` (x-api.md, section 1e).

mod nest;
mod period;
mod request;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use hyper::Method;
use serde_json::{Map, Value, json};

use crate::model::{CredentialKind, Timestamp, TweetId};
use crate::simulator::call::Call;
use crate::simulator::endpoints::concepts::{Concept, Name};
use crate::simulator::endpoints::engagement::nest::Nest;
use crate::simulator::endpoints::engagement::request::Request;
use crate::simulator::endpoints::window::Window;
use crate::simulator::endpoints::{Ask, Endpoint};
use crate::simulator::faults::Fault;
use crate::simulator::limits::Allowance;
use crate::simulator::reply::Reply;
use crate::simulator::systems::System;
use crate::simulator::tweet::{State, Tweet};

pub(crate) use request::tweet_ids;

/// `POST /insights/engagement/totals`
pub(crate) const TOTALS: Endpoint = Endpoint {
    method: Method::POST,
    system: System::Engagement,
    pattern: "/insights/engagement/totals",
    // How often is the contract's to say.
    allowance: Allowance { app: Some(1), user: Some(1) },
    answer: |ask| answer(ask, &TOTALS_RULES),
};

/// `POST /insights/engagement/28hr`
pub(crate) const TRAILING: Endpoint = Endpoint {
    method: Method::POST,
    system: System::Engagement,
    pattern: "/insights/engagement/28hr",
    allowance: Allowance { app: None, user: Some(1) },
    answer: |ask| answer(ask, &TRAILING_RULES),
};

/// `POST /insights/engagement/historical`
pub(crate) const HISTORICAL: Endpoint = Endpoint {
    method: Method::POST,
    system: System::Engagement,
    pattern: "/insights/engagement/historical",
    allowance: Allowance { app: None, user: Some(1) },
    answer: |ask| answer(ask, &HISTORICAL_RULES),
};

/// What one of the three demands.
pub(crate) struct Rules {
    period: Period,
    most_ids: usize,
    names: &'static [Name],
}

/// What an answer covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Period {
    Lifetime,
    Trailing,
    Given,
}

const TOTALS_NAMES: [Name; 7] = [
    ("impressions", Concept::OrganicImpressions),
    ("engagements", Concept::Engagements),
    ("favorites", Concept::Likes),
    ("retweets", Concept::Retweets),
    ("quote_tweets", Concept::Quotes),
    ("replies", Concept::Replies),
    ("video_views", Concept::VideoViews),
];
const WINDOW_NAMES: [Name; 17] = [
    ("impressions", Concept::OrganicImpressions),
    ("engagements", Concept::Engagements),
    ("favorites", Concept::Likes),
    ("retweets", Concept::Retweets),
    ("replies", Concept::Replies),
    ("video_views", Concept::VideoViews),
    ("media_views", Concept::MediaViews),
    ("media_engagements", Concept::MediaEngagements),
    ("url_clicks", Concept::UrlClicks),
    ("hashtag_clicks", Concept::HashtagClicks),
    ("detail_expands", Concept::DetailExpands),
    ("permalink_clicks", Concept::PermalinkClicks),
    ("app_install_attempts", Concept::Never),
    ("app_opens", Concept::Never),
    ("email_tweet", Concept::Never),
    ("user_follows", Concept::Follows),
    ("user_profile_clicks", Concept::UserProfileClicks),
];
const TOTALS_RULES: Rules = Rules { period: Period::Lifetime, most_ids: 250, names: &TOTALS_NAMES };
const TRAILING_RULES: Rules = Rules { period: Period::Trailing, most_ids: 25, names: &WINDOW_NAMES };
const HISTORICAL_RULES: Rules = Rules { period: Period::Given, most_ids: 25, names: &WINDOW_NAMES };

/// Totals that only the author may ask for, and only for a while.
const OWNERS: [&str; 2] = ["impressions", "engagements"];
const OWNERS_DAYS: u64 = 90;
const VIDEO_DAYS: u64 = 1_800;

fn answer(ask: &Ask<'_>, rules: &Rules) -> Reply {
    let request = match Request::read(&ask.call.body, rules) {
        Ok(request) => request,
        Err(why) => return Reply::texts(400, &[&why]),
    };
    let window = match period::window(&request, rules, ask) {
        Ok(window) => window,
        Err(why) => return Reply::texts(400, &[&why]),
    };
    let sorted = Sorted::of(ask, &request);
    match sorted.refusal(ask, &request) {
        Some(refusal) => refusal,
        None => sent(ask, rules, &request, &sorted, window),
    }
}

/// The ids of a request by what X does with them.
struct Sorted<'a> {
    shown: Vec<&'a Tweet>,
    foreign: Vec<TweetId>,
    unavailable: Vec<TweetId>,
    /// Whether one of the unavailable ones is protected.
    protected: bool,
}

impl<'a> Sorted<'a> {
    fn of(ask: &Ask<'a>, request: &Request) -> Self {
        let mut sorted = Self { shown: Vec::new(), foreign: Vec::new(), unavailable: Vec::new(), protected: false };
        for id in &request.ids {
            match ask.world.tweets.get(id) {
                Some(tweet) if tweet.state == State::Normal => match ask.caller.user {
                    Some(user) if user != tweet.author => sorted.foreign.push(*id),
                    _ => sorted.shown.push(tweet),
                },
                other => {
                    sorted.protected |= other.is_some_and(|tweet| tweet.state == State::Protected);
                    sorted.unavailable.push(*id);
                }
            }
        }
        sorted
    }

    /// The older wording of the refusal of foreign tweets: a sentence for each author.
    fn by_author(&self, ask: &Ask<'_>) -> Vec<String> {
        let mut authors: BTreeMap<u64, Vec<TweetId>> = BTreeMap::new();
        for tweet in self.foreign.iter().filter_map(|id| ask.world.tweets.get(id)) {
            authors.entry(tweet.author).or_default().push(tweet.id);
        }
        let sentence =
            |(author, ids): (&u64, &Vec<TweetId>)| format!("Forbidden to access tweets for author id {author}: {}", list(ids));
        authors.iter().map(sentence).collect()
    }

    /// The refusal of the whole request, for what is asked or for whom.
    fn refusal(&self, ask: &Ask<'_>, request: &Request) -> Option<Reply> {
        let is_owners = |(name, _): &&Name| OWNERS.contains(name);
        let owners: Vec<&str> = request.names.iter().filter(is_owners).map(|(name, _)| *name).collect();
        if ask.caller.kind == CredentialKind::Bearer && !owners.is_empty() {
            return Some(Reply::texts(403, &[&format!("Forbidden to access metrics: {}", owners.join(", "))]));
        }
        if !self.foreign.is_empty() {
            let per_author = matches!(ask.fault, Some(Fault::ForbiddenPerAuthor {}));
            let errors = if per_author {
                self.by_author(ask)
            } else {
                vec![format!("Forbidden to access tweets: {}", list(&self.foreign))]
            };
            return Some(Reply::refused(403, json!({ "errors": errors })));
        }
        let count = self.unavailable.len();
        let body = json!({ "errors": [format!("{count} Tweet ID(s) are unavailable")], "unavailable_tweet_ids": texts(&self.unavailable) });
        self.protected.then(|| Reply::refused(400, body))
    }
}

fn list(ids: &[TweetId]) -> String {
    texts(ids).join(", ")
}

fn texts(ids: &[TweetId]) -> Vec<String> {
    ids.iter().map(TweetId::to_string).collect()
}

fn sent(ask: &Ask<'_>, rules: &Rules, request: &Request, sorted: &Sorted<'_>, window: Window) -> Reply {
    let mut body = Map::new();
    if rules.period != Period::Lifetime {
        body.insert("start".to_owned(), json!(window.from.to_string()));
        body.insert("end".to_owned(), json!(window.to.to_string()));
    }
    let nest = Nest { period: rules.period, real: ask.now, simulated: ask.simulated };
    for grouping in &request.groupings {
        body.insert(grouping.name.clone(), nest.build(&grouping.items, &sorted.shown, &request.names, window));
    }
    if !sorted.unavailable.is_empty() {
        body.insert("unavailable_tweet_ids".to_owned(), json!(texts(&sorted.unavailable)));
    }
    unsupported(&mut body, ask.now, rules, request, &sorted.shown);
    Reply::ok(Value::Object(body), Vec::new())
}

/// Lists tweets that are too old for some of the metrics.
fn unsupported(body: &mut Map<String, Value>, now: Timestamp, rules: &Rules, request: &Request, shown: &[&Tweet]) {
    let asks = |name: &str| request.names.iter().any(|(known, _)| *known == name);
    let older = |days| -> Vec<String> {
        shown.iter().filter(|tweet| is_older(tweet, days, now)).map(|tweet| tweet.id.to_string()).collect()
    };
    let videos = older(VIDEO_DAYS);
    if asks("video_views") && !videos.is_empty() {
        body.insert("unsupported_for_video_views_tweet_ids".to_owned(), json!(videos));
    }
    let owned = older(OWNERS_DAYS);
    if rules.period == Period::Lifetime && OWNERS.iter().any(|name| asks(name)) && !owned.is_empty() {
        let why = format!("Impressions and engagements are not supported for Tweets older than {OWNERS_DAYS} days");
        body.insert("unsupported_for_impressions_engagements_tweet_ids".to_owned(), json!(owned));
        body.insert("errors".to_owned(), json!([why]));
    }
}

fn is_older(tweet: &Tweet, days: u64, now: Timestamp) -> bool {
    now.since(tweet.created) > Duration::from_secs(days * 86_400)
}

/// Whether a call goes to this API.
pub(crate) fn is_called(call: &Call) -> bool {
    call.path.starts_with("/insights/engagement/")
}
