//! A small X over real HTTP, for the demo and for tests: written from X's documentation alone, so that it shares no mistake with
//! the client. It imports `model` and nothing else of the program. Not for anything but trying out: its credentials are no secrets.
//!
//! # The world
//!
//! Two accounts. `acme` has an app-only token, OAuth 1.0a keys, an app that is a confidential OAuth 2.0 client and an Enterprise
//! contract; it watches its own tweets `plain`, `viral`, `campaign`, `video`, `steady`, `purged`, `archive`, `overage`, `deleted` and
//! two of strangers, `foreign` and `protected`; two replies and two retweets more are on its timeline. `globex` has an app-only token
//! and an app that is a public OAuth 2.0 client, no contract, and `plain`, `viral`, `photo`, `gif`. [`Directory`] says what each is
//! there for. The seed alone decides credentials, user ids and names; with the epoch it decides tweet ids and, for every simulated
//! moment, all numbers. OAuth 2.0 tokens are drawn in the order in which they are issued; the first pair is valid from the start.
//!
//! # Two clocks
//!
//! The simulated clock starts at the epoch and runs at `speed`; it drives growth, the viral waves (five simulated minutes after
//! the start) and the purge of likes (ten). The real clock decides ages (30 days of private numbers), signatures (± 300 s), the life
//! of codes and tokens, rate-limit windows and UTC days. So an epoch far in the past makes tweets that are too old for private
//! numbers. Windows of analytics, insights and the Engagement API are windows of simulated time: `28hr` ends when the simulated clock
//! says now, and of a period that somebody names, the growth between those simulated moments is given, nothing for the future. A
//! period is "in the future" or "365 days back" by the real clock, or by the simulated one if that is ahead.
//!
//! # X
//!
//! | path | by | not by default |
//! |---|---|---|
//! | `GET /2/tweets`, `/2/tweets/:id`, `/2/users/by`, `/2/users/by/username/:username`, `/2/users/:id/tweets` | all | |
//! | `GET /2/users/me` | users | |
//! | `GET /2/usage/tweets` | apps | |
//! | `GET /2/tweets/analytics`, `/2/media/analytics` | users | `globex`: 403 `client-not-enrolled` |
//! | `GET /2/insights/28hr`, `/2/insights/historical` | users | `globex`: 403 `client-not-enrolled` |
//! | `POST /insights/engagement/totals` | apps, OAuth 1.0a | `globex`: 403, not on the list |
//! | `POST /insights/engagement/28hr`, `/insights/engagement/historical` | OAuth 1.0a | `globex`: 403, not on the list |
//! | `GET /labs/1/tweets/metrics/private` | OAuth 1.0a | everybody: 404 with a page, retired |
//! | `GET /i/oauth2/authorize` (or `/2/oauth2/authorize`) | browsers | |
//! | `POST /2/oauth2/token`, `/2/oauth2/revoke`, `/oauth2/token`, `/oauth2/invalidate_token` | clients | |
//!
//! *Users* are OAuth 1.0a and OAuth 2.0 user tokens, *apps* app-only tokens. The user of the `client_id` agrees to every login at once;
//! `deny=1` in the address makes the answer `error=access_denied`. A further endpoint is a file in `endpoints/` and a row in its table.
//!
//! # Control
//!
//! Without credentials, under `/_simulator/`, JSON in and out. What it does not understand is answered with 400 (404, 405) and
//! `{"error": "<sentence>"}`; an unknown key or parameter is not understood.
//!
//! | call | does |
//! |---|---|
//! | `GET directory` | accounts, credentials, tweets, those added later too; of an account `app: {consumer_key, consumer_secret}`, `oauth2: {client_id, client_secret or null, redirect_uri, access_token, refresh_token, expires_at, scope}` with the newest tokens, `unwatched` (the rest of the timeline) |
//! | `GET requests` (`?last=<n>`) | the last 100 000 requests to X, oldest first: `{at_millis, method, path, ids_count, ids, query, fields, credential: {kind, account} or null, status, fault}`; `ids` are those of a body, too; `query` has the decoded parameters but for the ids and what X does not know; `status` is null if the connection was dropped, `account` if the credential was refused, `fault` if none struck |
//! | `DELETE requests` | forgets them |
//! | `GET bill` | `{requests, by_path, days: {"2026-11-21": {"tweet": 12, "owned_tweet": 3, "user": 1, "analytics": 2}}}`: distinct resources, summed over the apps |
//! | `GET truth?tweet=<id>` | the numbers in every group, `promoted_metrics` for a promoted tweet only, and the simulated time |
//! | `GET clock` | `{sim_time, sim_millis, speed}` |
//! | `PUT clock` | `{"speed": 0}`, `{"advance_seconds": 3600}` or both (first the jump); answers as `GET clock` |
//! | `PUT faults` | replaces all faults, see below; answers `{"faults": <n>}` |
//! | `DELETE faults` | X behaves |
//! | `POST tweets` | `{"account": "acme", "count": 250, "age_seconds": 600, "kind": "plain"}` adds tweets, also `reply`, `retweet` or `video`; they are on the timeline at once; answers `{"ids": […]}` |
//! | `PUT tweets/<id>` | `{"state": "normal"}`, `deleted`, `protected` or `withheld`, towards everybody, its author too |
//! | `DELETE tweets/<id>` | the same as `deleted` |
//! | `GET systems` | what each account is let into, by name |
//! | `PUT systems` | `{"account": "acme", "analytics": "enrolled", "insights": "alive", "labs": "retired", "engagement": "listed", "engagement_per_minute": 60}`, all but one may be absent, no `account` means all; also `not_enrolled` (analytics, insights), `gone` (insights), `alive` (labs), `not_listed` (engagement); answers as `GET systems` |
//! | `PUT oauth2` | `{"account": "acme", "lifetime_seconds": 3, "redirect_uri": "http://…"}`: of access tokens issued from now on; where codes are sent |
//! | `POST oauth2/expire` | ends all access tokens, with `{"account": "acme"}` only its own; refresh tokens stay |
//! | `POST oauth2/revoke` | the same, and ends the refresh tokens |
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
//! | `poison` | `tweets`, `status` (403, 400), `named` (false), `bare` (false: a 403 says that it is about a tweet) | a refusal of the whole, if it asks for one of these ids in path, query or body; other requests pass |
//! | `reissue` | `error` (`unavailable`, `invalid_grant`, `invalid_request`, `unauthorized_client`) | 503, 400, 400 or 401, if it asks for a token; nothing is used up |
//! | `dropped` | | a closed connection |
//! | `slow` | `millis` | the normal answer, later |
//! | `stall` | | the normal headers, then silence |
//! | `truncated` | | half of the normal answer, then a closed connection |
//! | `truncated_json` | | the first half of the JSON as a whole answer |
//! | `huge` | `bytes` | the normal headers and so many letters in a JSON text; a gzip bomb for those who accept gzip |
//! | `malformed_value` | `tweet` (the first) | `like_count: "12"`, `reply_count: -5`, `quote_count: 3.5`, `bookmark_count: {…}`; in analytics the same for `likes`, `replies`, `quote_tweets`, `bookmarks`; in the Engagement API the first four numbers of a grouping: a text, `"-5"`, `3.5`, an object |
//! | `unknown_fields` | | `sparkle_count` and `mood` in each group of a tweet, `aura` in the tweet; in the Engagement API an unknown list beside the groupings |
//! | `partial_errors` | `tweets`, `problem` (`not-found`, `not-authorized`, `unavailable`, `field`) | these moved to `errors[]`, in the Engagement API to `unavailable_tweet_ids` |
//! | `omit` | `tweets` | these left out in silence |
//! | `names` | `style` (`post`, `tweet`) | `repost_count` and `edit_history_post_ids` |
//! | `fields_parameter` | `only` (`post.fields`, `tweet.fields`) | 400 `invalid-request` if it has the other parameter |
//! | `empty_page` | | a page without tweets whose tokens stay, if it is one of a timeline |
//! | `analytics_shape` | `shape` (`array`, `object`, `nested`, `flat`) | `data` as a list, as its first item, as `data.data`, with the metrics on the items (an item for each bucket) |
//! | `insights` | `layout` (`total`, `series`, `both`), `encoding` (`comma`, `repeated`) | that part of a measurement; 400 if its lists are written in the other way |
//! | `integers` | | the Engagement API's numbers as integers |
//! | `forbidden_per_author` | | the Engagement API's older wording for foreign tweets: a sentence for each author |
//!
//! A request that is struck by a kind of the upper half, down to `dropped`, neither counts in a window nor costs. `poison`,
//! `rate_limited`, `unauthorized` and `client_not_enrolled` speak the Engagement API's language where that is called; the others do
//! not. `reissue`, `poison`, `empty_page`, `analytics_shape`, `insights`, `integers` and `forbidden_per_author` strike only requests
//! that they concern; others are let through and do not count for `skip` and `times`.
//!
//! # What it does not imitate
//!
//! - `GET /2/usage/credits` and whatever else is not in the table: 404 with an empty body, as developers saw it.
//! - The handles that an Engagement contract meters, and older history than 365 days.
//! - TLS and HTTP/2; hosts: whatever name is dialled is signed, and scheme `http` is assumed.
//! - Access levels, legacy plans and their limits, 24-hour windows (but as a fault), money running out (but as a fault).
//! - Quotes, threads, edits, polls, places: no tweet has them; replies and retweets refer to tweets that do not exist, and have numbers
//!   of their own. Of the known fields that are not modelled nothing comes. Expansions other than `attachments.media_keys` and `author_id` add nothing. `user.fields` change nothing. A GIF has no
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
//! - Windows are fixed: they start with the first request. Insights and media analytics have 300 requests in 15 minutes.
//! - A timeline's `since_id`, `until_id` and `end_time` are exclusive, `start_time` is not. Replies and retweets count for its depth.
//!   A page is cut before private groups narrow it, which is how empty ones with a `next_token` come about. Of a user whose tweets are
//!   protected there is an error instead of a page.
//! - Analytics without `analytics.fields` have all metrics. Hours and days start where UTC's do, `timestamp` names that start even where
//!   the window starts later; weeks start with the window's first day. Numbers that fall (a purge of likes) grow by nothing. Foreign,
//!   protected, withheld and deleted tweets are errors of one id. Insights tell `not permitted` and `not found` apart.
//! - More than 50 000 buckets in a request to analytics or insights are refused with 400.
//! - The Engagement API: an app-only token at `28hr` or `historical`, and OAuth 2.0, are refused with 401; all tweets too old for
//!   `impressions` is 200; an unknown key is 400; ids that do not exist or are withheld are unavailable; foreign ids are refused before
//!   protected ones. `engagement.hour` without `engagement.day` has both levels. `28hr` is rounded outward to whole hours.
//!   The second grouping of four items, and a name that an answer has anyway, are refused with 400.
//! - Labs refuses foreign and overage tweets and retweets with `not-authorized-for-resource`.
//! - `project_usage` counts tweets, distinct by day, without owned ones; `usage.fields` adds to the four numbers that always come.
//! - A missing scope is 403 without a reason. Access tokens hold until their time is over, also after a refresh. A wrong code costs
//!   nothing, a wrong verifier the code. Clients that do not show themselves right are refused with 401 `unauthorized_client`.

mod answer;
mod authority;
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
mod systems;
mod tweet;
mod world;

#[cfg(test)]
mod trial;

pub use directory::{Directory, DirectoryAccount, DirectoryApp, DirectoryOauth1, DirectoryOauth2, DirectoryTweet};
pub use running::{Running, Settings, Simulator};
