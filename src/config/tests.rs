//! Whatever is written into a file: an answer, never a panic, and soon.

use std::path::Path;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use crate::config::*;

fn parse_anything(text: &str) -> Result<Loaded, String> {
    parse(text, Path::new("any.yml"), &|_| Some("set".to_owned())).map_err(|errors| errors.to_string())
}

/// Pieces of YAML and of our keys, so that some of the nonsense gets far.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("accounts:"),
        Just("\n"),
        Just("\n  "),
        Just("- "),
        Just("name: "),
        Just("watch: "),
        Just("tweets: "),
        Just("credentials: "),
        Just("bearer_token: "),
        Just("${X}"),
        Just("{"),
        Just("}"),
        Just("["),
        Just("]"),
        Just(", "),
        Just("&a "),
        Just("*a"),
        Just("!t "),
        Just("? "),
        Just(": "),
        Just("|"),
        Just("> "),
        Just("\""),
        Just("'"),
        Just("20"),
        Just("7d"),
        Just("---\n"),
        Just("tiers: "),
        Just("sources: "),
        Just("api: "),
        Just("lookup"),
        Just("<<: "),
        Just("~"),
        Just("\t"),
        Just("#"),
        Just("%"),
        Just("@"),
        Just("ü"),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        let _ = parse_anything(&text);
        let _ = parse_watch_entries(&text, Path::new("any.yml"));
    }

    #[test]
    fn nothing_like_yaml_makes_it_panic(text in pieces()) {
        if let Err(said) = parse_anything(&text) {
            prop_assert!(said.lines().all(|line| line.starts_with("any.yml:")), "{}", said);
        }
        let _ = parse_watch_entries(&text, Path::new("any.yml"));
    }
}

#[test]
fn each_key_left_out_or_left_empty_takes_its_default() {
    let text = "accounts: [{ name: a, credentials: { bearer_token: \"${X}\" }, watch: { tweets: [20] } }]";
    let empty = "api:\nmode: ~\nmin_age:\ntiers: null\nbilling: { charge: , usd: { tweet: } }\nlimits:\nprobe:\n";
    for text in [text.to_owned(), format!("{empty}{text}")] {
        let config = parse_anything(&text).expect("valid").config;
        assert_eq!((config.api.url.as_str(), config.api.timeout), ("https://api.x.com", Duration::from_secs(10)));
        assert_eq!((config.mode, config.tiers), (Mode::Background, Tiers::default()));
        assert_eq!(config.limits, Limits { max_tweets: 100_000, max_series: 3_000_000 });
        assert_eq!(config.billing.usd, Prices { tweet: 0.005, owned_tweet: 0.001, user: 0.010, analytics: 0.005 });
        let public = Groups { public: true, non_public: false, organic: false, promoted: false };
        assert_eq!(config.accounts[0].sources, [Source { kind: SourceKind::Lookup(public), every: None }]);
        assert_eq!(config.accounts[0].budget, Budget::default());
    }
}

#[test]
fn a_user_credential_brings_the_private_groups_but_never_promoted() {
    let oauth2 = "{ oauth2: { client_id: id, token_file: t.json } }";
    let text = format!("accounts: [{{ name: a, credentials: {oauth2}, watch: {{ timeline: {{}} }} }}]");
    let account = parse_anything(&text).expect("valid").config.accounts.remove(0);
    let groups = Groups { public: true, non_public: true, organic: true, promoted: false };
    assert_eq!(account.sources[0].kind, SourceKind::Lookup(groups));
    let timeline = account.watch.timeline.expect("it is watched");
    assert!(timeline.exclude_replies && timeline.exclude_retweets);
    assert_eq!((timeline.younger_than, timeline.max_tweets), (Duration::from_secs(604_800), 500));
    assert!(account.credentials.oauth2.expect("given").token_file.is_absolute());
}

#[test]
fn the_hash_follows_the_bytes() {
    assert_eq!(hash("abc"), 0xa999_3e36_4706);
    assert_ne!(hash("abc"), hash("abd"));
}

#[test]
fn thousands_of_errors_are_found_at_once_and_cut() {
    let text = "- hello\n".repeat(20_000);
    let start = Instant::now();
    let errors = parse_watch_entries(&text, Path::new("watch.yml")).expect_err("bad");
    assert_eq!(errors.count(), 20_000);
    let said = errors.to_string();
    assert_eq!(said.lines().count(), 101);
    assert!(said.contains("watch.yml:100:3: [99]: \"hello\": not a tweet id"), "{said}");
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

#[test]
fn a_watch_file_may_be_empty_and_is_otherwise_a_list() {
    for text in ["", "# nothing yet\n", "[]", "~"] {
        assert_eq!(parse_watch_entries(text, Path::new("watch.yml")), Ok(Vec::new()), "{text}");
    }
    let said = parse_watch_entries("tweets: [20]", Path::new("watch.yml")).expect_err("a mapping").to_string();
    assert_eq!(said, "watch.yml:1:1: expected a list, found a mapping; write items that begin with -");
}
