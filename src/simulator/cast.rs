//! Who plays: the tweets that the world starts with, in tables.

use crate::model::MediaType;
use crate::simulator::tweet::{Reference, State};

/// A tweet before it is placed in time.
#[derive(Clone, Copy)]
pub(crate) struct Role {
    pub(crate) kind: &'static str,
    pub(crate) about: &'static str,
    pub(crate) text: &'static str,
    /// Age when the world starts.
    pub(crate) age_seconds: u64,
    /// Organic views in the end.
    pub(crate) views: f64,
    /// Paid views in the end; zero: never promoted.
    pub(crate) promoted_views: f64,
    /// Views of the second wave in the end; zero: none comes.
    pub(crate) wave_views: f64,
    /// Whether fake accounts are removed later.
    pub(crate) purged: bool,
    pub(crate) has_link: bool,
    pub(crate) media: Option<MediaType>,
    pub(crate) state: State,
    pub(crate) reference: Option<Reference>,
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// An ordinary tweet; also what the extra tweets are.
pub(crate) const PLAIN: Role = Role {
    kind: "plain",
    about: "ten minutes old, has a link",
    text: "We wrote down what we learned this quarter. https://t.co/aB3dE5fG7h",
    age_seconds: 10 * MINUTE,
    views: 1_800.0,
    promoted_views: 0.0,
    wave_views: 0.0,
    purged: false,
    has_link: true,
    media: None,
    state: State::Normal,
    reference: None,
};

const VIRAL: Role = Role {
    kind: "viral",
    about: "25 minutes old, a second wave of views starts five simulated minutes after the start",
    text: "So that happened.",
    age_seconds: 25 * MINUTE,
    views: 42_000.0,
    wave_views: 900_000.0,
    has_link: false,
    ..PLAIN
};

/// The tweets of `acme`'s own user.
pub(crate) const ACME: [Role; 9] = [
    PLAIN,
    VIRAL,
    Role {
        kind: "campaign",
        about: "three hours old, a photo and a link, promoted",
        text: "Anvils, now lighter. https://t.co/Zy9xW7vU5t",
        age_seconds: 3 * HOUR,
        views: 9_000.0,
        promoted_views: 40_000.0,
        media: Some(MediaType::Photo),
        ..PLAIN
    },
    Role {
        kind: "video",
        about: "six hours old, with a video",
        text: "Watch the drop test.",
        age_seconds: 6 * HOUR,
        views: 55_000.0,
        has_link: false,
        media: Some(MediaType::Video),
        ..PLAIN
    },
    Role {
        kind: "steady",
        about: "five days old, grows hardly any more",
        text: "Our opening hours.",
        age_seconds: 5 * DAY,
        views: 22_000.0,
        has_link: false,
        ..PLAIN
    },
    Role {
        kind: "purged",
        about: "two days old, loses likes ten simulated minutes after the start",
        text: "Thank you for 10 000 followers!",
        age_seconds: 2 * DAY,
        views: 31_000.0,
        purged: true,
        has_link: false,
        ..PLAIN
    },
    Role {
        kind: "archive",
        about: "29 days and 12 hours old: private numbers are still given",
        text: "Last month's figures.",
        age_seconds: 29 * DAY + 12 * HOUR,
        views: 48_000.0,
        has_link: false,
        ..PLAIN
    },
    Role {
        kind: "overage",
        about: "35 days old: private numbers are refused",
        text: "The month before.",
        age_seconds: 35 * DAY,
        views: 64_000.0,
        has_link: false,
        ..PLAIN
    },
    Role {
        kind: "deleted",
        about: "was deleted: resource-not-found",
        text: "Oops.",
        age_seconds: DAY,
        views: 500.0,
        has_link: false,
        state: State::Deleted,
        ..PLAIN
    },
];

/// The tweets of `globex`'s own user.
pub(crate) const GLOBEX: [Role; 4] = [
    Role { views: 950.0, ..PLAIN },
    Role { views: 12_000.0, wave_views: 150_000.0, ..VIRAL },
    Role {
        kind: "photo",
        about: "four hours old, with a photo",
        text: "The new office.",
        age_seconds: 4 * HOUR,
        views: 12_000.0,
        has_link: false,
        media: Some(MediaType::Photo),
        ..PLAIN
    },
    Role {
        kind: "gif",
        about: "20 hours old, with a GIF, which has no numbers of its own",
        text: "Mood.",
        age_seconds: 20 * HOUR,
        views: 7_500.0,
        has_link: false,
        media: Some(MediaType::AnimatedGif),
        ..PLAIN
    },
];

/// On `acme`'s watch list, written by a stranger.
pub(crate) const FOREIGN: Role = Role {
    kind: "foreign",
    about: "a stranger's, with a video: private numbers are refused",
    text: "We tested their anvil.",
    age_seconds: 8 * HOUR,
    views: 75_000.0,
    has_link: false,
    media: Some(MediaType::Video),
    ..PLAIN
};

/// On `acme`'s watch list, written by a stranger whose tweets are protected.
pub(crate) const PROTECTED: Role = Role {
    kind: "protected",
    about: "a stranger's protected one: not-authorized-for-resource",
    text: "Only for friends.",
    age_seconds: 9 * HOUR,
    views: 300.0,
    has_link: false,
    state: State::Protected,
    ..PLAIN
};

/// What an extra reply is.
pub(crate) const REPLY: Role = Role {
    kind: "reply",
    about: "a reply: `exclude=replies` leaves it out of the timeline",
    text: "@anvil_weekly Thank you for testing it.",
    views: 400.0,
    has_link: false,
    reference: Some(Reference::Reply),
    ..PLAIN
};

/// What an extra retweet is.
pub(crate) const RETWEET: Role = Role {
    kind: "retweet",
    about: "a retweet: private numbers are refused, `exclude=retweets` leaves it out of the timeline",
    text: "RT @anvil_weekly: We tested their anvil.",
    views: 600.0,
    has_link: false,
    reference: Some(Reference::Retweet),
    ..PLAIN
};

/// What an extra video is.
pub(crate) const VIDEO: Role = Role {
    kind: "video",
    about: "one of many, with a video",
    text: "Watch the drop test.",
    views: 5_000.0,
    has_link: false,
    media: Some(MediaType::Video),
    ..PLAIN
};

/// Tweets of `acme`'s own user that it does not watch, but that its timeline has.
pub(crate) const ACME_UNWATCHED: [Role; 4] = [
    Role { age_seconds: 40 * MINUTE, ..REPLY },
    Role { age_seconds: 2 * HOUR, ..RETWEET },
    Role { age_seconds: 3 * DAY, text: "@acme One more thing.", ..REPLY },
    Role { age_seconds: 33 * DAY, ..RETWEET },
];
