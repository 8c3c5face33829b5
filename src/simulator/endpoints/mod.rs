//! X's endpoints, a file each.

pub(crate) mod selection;
mod tweets;
mod users;

use crate::model::Timestamp;
use crate::simulator::call::Call;
use crate::simulator::gate::Caller;
use crate::simulator::limits::Allowance;
use crate::simulator::reply::Reply;
use crate::simulator::world::World;

pub(crate) use tweets::truth;

/// What an endpoint may look at.
pub(crate) struct Scene<'a> {
    pub(crate) world: &'a World,
    pub(crate) caller: Caller,
    /// The real moment: ages count by it.
    pub(crate) now: Timestamp,
    /// The simulated moment: numbers count by it.
    pub(crate) simulated: Timestamp,
    /// The only one of `tweet.fields` and `post.fields` that is known; both, if absent.
    pub(crate) only_parameter: Option<&'a str>,
}

/// An endpoint, with what stands in its path.
pub(crate) enum Endpoint {
    /// `GET /2/tweets`
    Tweets,
    /// `GET /2/tweets/:id`
    Tweet(String),
    /// `GET /2/users/me`
    Me,
    /// `GET /2/users/by`
    UsersBy,
    /// `GET /2/users/by/username/:username`
    UserBy(String),
}

impl Endpoint {
    /// The endpoint of this path.
    pub(crate) fn find(call: &Call) -> Option<Self> {
        let parts: Vec<&str> = call.path.split('/').skip(1).collect();
        match parts.as_slice() {
            ["2", "tweets"] => Some(Self::Tweets),
            ["2", "tweets", id] => Some(Self::Tweet((*id).to_owned())),
            ["2", "users", "me"] => Some(Self::Me),
            ["2", "users", "by"] => Some(Self::UsersBy),
            ["2", "users", "by", "username", name] => Some(Self::UserBy((*name).to_owned())),
            _ => None,
        }
    }

    /// The path as X's documents write it: windows and counts are kept for each.
    pub(crate) fn pattern(&self) -> &'static str {
        match self {
            Self::Tweets => "/2/tweets",
            Self::Tweet(_) => "/2/tweets/:id",
            Self::Me => "/2/users/me",
            Self::UsersBy => "/2/users/by",
            Self::UserBy(_) => "/2/users/by/username/:username",
        }
    }

    /// Requests in a window (x-api.md, section 4.5, current plan).
    pub(crate) fn allowance(&self) -> Allowance {
        let (app, user) = match self {
            Self::Tweets => (Some(3_500), Some(5_000)),
            Self::Tweet(_) => (Some(450), Some(900)),
            Self::Me => (None, Some(75)),
            Self::UsersBy | Self::UserBy(_) => (Some(300), Some(900)),
        };
        Allowance { app, user }
    }

    /// What it says.
    pub(crate) fn answer(&self, scene: &Scene<'_>, call: &Call) -> Reply {
        match self {
            Self::Tweets => tweets::many(scene, call),
            Self::Tweet(id) => tweets::one(scene, call, id),
            Self::Me => users::me(scene),
            Self::UsersBy => users::many(scene, call),
            Self::UserBy(name) => users::one(scene, name),
        }
    }
}
