//! A small X over real HTTP, for the demo and for tests: written from X's documentation alone, so that it shares no mistake with
//! the client. It imports `model` and nothing else of the program. Not for anything but trying out: its credentials are no secrets.
//!
//! # The world
//!
//! Two accounts. `acme` has an app-only token and OAuth 1.0a keys; it watches its own tweets `plain`, `viral`, `campaign`,
//! `video`, `steady`, `purged`, `archive`, `overage`, `deleted` and two of strangers, `foreign` and `protected`. `globex` has an
//! app-only token only, and `plain`, `viral`, `photo`, `gif`. [`Directory`] says what each is there for. The seed alone decides
//! credentials, user ids and names; with the epoch it decides tweet ids and, for every simulated moment, all numbers.
//!
//! # Two clocks
//!
//! The simulated clock starts at the epoch and runs at `speed`; it drives growth, the viral waves (five simulated minutes after
//! the start) and the purge of likes (ten). The real clock decides ages (30 days of private numbers), signatures (± 300 s),
//! rate-limit windows and UTC days. So an epoch far in the past makes tweets that are too old for private numbers.
//!
//! # X
//!
//! `GET /2/tweets`, `/2/tweets/:id`, `/2/users/me`, `/2/users/by`, `/2/users/by/username/:username`, with an app-only token or
//! OAuth 1.0a. A further endpoint is a file in `endpoints/` and a row in its table.
//!
//! # Control
//!
//! Without credentials, under `/_simulator/`, JSON in and out. What it does not understand is answered with 400 (404, 405) and
//! `{"error": "<sentence>"}`; an unknown key or parameter is not understood.
//!
//! | call | does |
//! |---|---|
//! | `GET directory` | accounts, credentials, tweets, those added later too |
//! | `GET requests` (`?last=<n>`) | the last 100 000 requests to X, oldest first: `{at_millis, method, path, ids_count, ids, fields, credential: {kind, account} or null, status, fault}`; `status` is null if the connection was dropped, `account` if the credential was refused, `fault` if none struck |
//! | `DELETE requests` | forgets them |
//! | `GET bill` | `{requests, by_path, days: {"2026-11-21": {"tweet": 12, "user": 1}}}`: distinct resources, summed over the apps |
//! | `GET truth?tweet=<id>` | the numbers in every group, `promoted_metrics` for a promoted tweet only, and the simulated time |
//! | `GET clock` | `{sim_time, sim_millis, speed}` |
//! | `PUT clock` | `{"speed": 0}`, `{"advance_seconds": 3600}` or both (first the jump); answers as `GET clock` |
//! | `PUT faults` | replaces all faults, see below; answers `{"faults": <n>}` |
//! | `DELETE faults` | X behaves |
//! | `POST tweets` | `{"account": "acme", "count": 250, "age_seconds": 600}` adds plain tweets; answers `{"ids": […]}` |
//! | `PUT tweets/<id>` | `{"state": "normal"}`, `deleted`, `protected` or `withheld`, towards everybody, its author too |
//! | `DELETE tweets/<id>` | the same as `deleted` |
//!
//! Faults are a list of `{"path", "credential", "times", "skip", "fault": {"kind", …}}`; all but `fault` may be absent. `path` is
//! the start of a path; `credential` is `bearer`, `oauth1` or `oauth2`, by what the request attempts; the first rule that matches
//! strikes, after `skip` matching requests and `times` times. One request is struck by one fault. The kinds:
//!
//! | kind | fields | the request gets |
//! |---|---|---|
//! | `rate_limited` | `reset_in_seconds`, `shape` (`problem`, `v1`) | 429, window used up |
//! | `rate_limited_24h` | `reset_in_seconds` (86400) | 429, the day used up, the window not |
//! | `usage_capped` | | 429 `UsageCapExceeded` |
//! | `credits_depleted` | `wording` (`new`, `old`) | 402 |
//! | `spend_cap` | `reset_date` | 403 `SpendCapReached` |
//! | `unauthorized` | | 401 |
//! | `client_not_enrolled` | | 403 `client-forbidden` |
//! | `unavailable` | | 503 as a problem |
//! | `status` | `status`, `body`, `content_type`, `headers` | just that; a `body` that is a text is sent as it is |
//! | `html`, `empty` | `status` | an HTML page; no body |
//! | `redirect` | `location` | 302 |
//! | `dropped` | | a closed connection |
//! | `slow` | `millis` | the normal answer, later |
//! | `stall` | | the normal headers, then silence |
//! | `truncated` | | half of the normal answer, then a closed connection |
//! | `truncated_json` | | the first half of the JSON as a whole answer |
//! | `huge` | `bytes` | the normal headers and so many letters in a JSON text; a gzip bomb for those who accept gzip |
//! | `malformed_value` | `tweet` (the first) | `like_count: "12"`, `reply_count: -5`, `quote_count: 3.5`, `bookmark_count: {…}` |
//! | `unknown_fields` | | `sparkle_count` and `mood` in each group of a tweet, `aura` in the tweet |
//! | `partial_errors` | `tweets`, `problem` (`not-found`, `not-authorized`, `unavailable`, `field`) | these moved to `errors[]` |
//! | `omit` | `tweets` | these left out in silence |
//! | `names` | `style` (`post`, `tweet`) | `repost_count` and `edit_history_post_ids` |
//! | `fields_parameter` | `only` (`post.fields`, `tweet.fields`) | 400 `invalid-request` if it has the other parameter |
//!
//! A request that is struck by a kind of the upper half, down to `dropped`, neither counts in a window nor costs.
//!
//! # What it does not imitate
//!
//! - Timeline, analytics, insights, engagement, labs, usage and OAuth 2.0: 404 with an empty body, for now.
//! - TLS and HTTP/2; hosts: whatever name is dialled is signed, and scheme `http` is assumed.
//! - Access levels, legacy plans and their limits, 24-hour windows (but as a fault), money running out (but as a fault).
//! - Replies, quotes, retweets, threads, edits, polls, places: no tweet has them; of the known fields that are not modelled nothing
//!   comes. Expansions other than `attachments.media_keys` and `author_id` add nothing. `user.fields` change nothing. A GIF has no
//!   still of its own, and no video is shared by two tweets, so its `view_count` is that of one tweet.
//! - Charges for included objects (not known whether X charges) and the resources' price.
//! - Errors of X's backends that come by themselves: nothing fails here but by the dial.
//! - Delays in counting: numbers are exact at every moment, and the same for every caller.
//!
//! # Where X is not documented
//!
//! - An app-only token that asks for private groups is answered as any caller who does not own the tweet: 200, field errors.
//! - Private groups of a tweet beyond 30 days are refused as those of a stranger's tweet are.
//! - Private `media.fields` of a stranger's video, or of one that is too old, leave the whole tweet out; the `errors[]` entries have
//!   `section: "includes"` and the media key. Photos and GIFs have no numbers, so nothing is refused for them.
//! - An own video that was never promoted has zeros in its media `promoted_metrics`; the tweet-level trap is as documented.
//! - The same id twice in `ids` is answered once. A parameter that comes twice is refused with 400.
//! - A nonce that comes twice is refused with 401 (RFC 5849 forbids it). Requests that are refused with 400 count in the window.
//! - Windows are fixed: they start with the first request.

mod answer;
mod call;
mod cast;
mod chance;
mod clock;
mod control;
mod directory;
mod endpoints;
mod faults;
mod gate;
mod growth;
mod journal;
mod keys;
mod limits;
mod meter;
mod oauth1;
mod parcel;
mod reply;
mod running;
mod service;
mod tweet;
mod world;

#[cfg(test)]
mod trial;

pub use directory::{Directory, DirectoryAccount, DirectoryOauth1, DirectoryTweet};
pub use running::{Running, Settings, Simulator};
