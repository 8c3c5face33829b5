//! Whole pages: what is on them, and that one that was made from the last is the same as one made anew.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;

use bytes::Buf;
use flate2::read::GzDecoder;

use crate::exposition::{Format, OwnMetrics, Page, Pieces, Printer};
use crate::model::{Context, Family, MediaType, Metric, Sample, Scope, Timestamp, TweetId, TweetReading, TweetState};
use crate::self_metrics::SelfMetrics;
use crate::store::{AccountStore, Mention, Part, Watched};

const MAIN: Part = Part { source: 0, request: 0 };

fn store() -> AccountStore {
    let labels = BTreeMap::from([("campaign".to_owned(), "a \"b\"\\\nc".to_owned()), ("empty".to_owned(), String::new())]);
    let watched = [1_700_000_000_000_000_001, 20].map(|id| Watched {
        id: TweetId::new(id).expect("an id"),
        mention: Arc::new(Mention { username: None, labels: labels.clone() }),
    });
    let mut store = AccountStore::new("acme".to_owned(), Some("acme".parse().expect("a name")), watched.into());
    let video = Some("13_5".parse().expect("a key"));
    let sample = |media, metric, scope, value| Sample { media, metric, scope, value };
    let reading = TweetReading {
        samples: vec![
            sample(None, Metric::Likes, Scope::Total, 21),
            sample(None, Metric::Likes, Scope::Context(Context::Promoted), 0),
            sample(None, Metric::Likes, Scope::Window("7d".into()), 3),
            sample(video, Metric::Playback25, Scope::Total, 120),
            sample(video, Metric::VideoViews, Scope::Context(Context::Organic), 290),
        ],
        media_types: vec![MediaType::Photo, MediaType::Video],
        ..TweetReading::default()
    };
    let id = store.records()[0].id;
    store.take(id, MAIN, reading, Timestamp::from_millis(1_767_225_600_500));
    store.enter(0, TweetState::Ok);
    store.enter(1, TweetState::Retired);
    store
}

fn text(page: &Page) -> String {
    page.plain.iter().map(|piece| String::from_utf8_lossy(piece).into_owned()).collect()
}

#[test]
fn every_family_has_its_lines_and_a_gone_tweet_only_its_state() {
    let built = Printer::default().print(&[store()], usize::MAX);
    let page = text(&built.page);
    let lines: Vec<&str> = page.lines().filter(|line| !line.starts_with('#')).collect();
    let expected = [
        r#"tweet_engagement{account="acme",tweet_id="1700000000000000001",metric="likes"} 21"#,
        r#"tweet_engagement_by_context{account="acme",tweet_id="1700000000000000001",metric="likes",context="promoted"} 0"#,
        r#"tweet_engagement_window{account="acme",tweet_id="1700000000000000001",metric="likes",window="7d"} 3"#,
        r#"tweet_media_engagement{account="acme",tweet_id="1700000000000000001",media_key="13_5",metric="playback_25"} 120"#,
        r#"tweet_media_engagement_by_context{account="acme",tweet_id="1700000000000000001",media_key="13_5",metric="video_views",context="organic"} 290"#,
        r#"tweet_info{account="acme",tweet_id="1700000000000000001",username="acme",media_type="photo,video",campaign="a \"b\"\\\nc"} 1"#,
        r#"tweet_created_timestamp_seconds{account="acme",tweet_id="1700000000000000001"} 1694146559.129"#,
        r#"tweet_last_success_timestamp_seconds{account="acme",tweet_id="1700000000000000001"} 1767225600.5"#,
        r#"tweet_state{account="acme",tweet_id="1700000000000000001",state="ok"} 1"#,
        r#"tweet_state{account="acme",tweet_id="20",state="retired"} 1"#,
    ];
    assert_eq!(lines, expected);
    assert_eq!((built.page.series, built.surplus), (lines.len(), 0));
}

#[test]
fn a_full_page_keeps_all_states_and_counts_the_rest() {
    let built = Printer::default().print(&[store()], 5);
    assert_eq!((built.page.series, built.surplus), (2, 8));
    assert_eq!(text(&built.page).lines().filter(|line| line.starts_with("tweet_state{")).count(), 2);
}

#[test]
fn help_is_one_line_that_needs_no_escape() {
    for family in Family::ALL {
        assert!(family.help().ends_with('.') && !family.help().contains(['\\', '\n']), "{}", family.name());
    }
    assert!(Family::ALL.iter().enumerate().all(|(position, family)| *family as usize == position));
}

fn watched(ids: impl Iterator<Item = u64>) -> Vec<Watched> {
    let tweet = |id| Watched { id: TweetId::new(id).expect("an id"), mention: Arc::default() };
    ids.map(tweet).collect()
}

fn read(store: &mut AccountStore, id: u64, value: u64) {
    let sample = |metric: &Metric| Sample { media: None, metric: *metric, scope: Scope::Total, value };
    let samples = Metric::ALL[..12].iter().map(sample).collect();
    let reading = TweetReading { samples, ..TweetReading::default() };
    store.take(TweetId::new(id).expect("an id"), MAIN, reading, Timestamp::from_seconds(value.cast_signed()));
}

/// The lines of each family in alphabetical order; a family that comes twice is a fault.
fn families(page: &Page) -> BTreeMap<String, Vec<String>> {
    let mut families: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for part in text(page).split("# HELP ").skip(1) {
        let name = part.split(' ').next().expect("a name").to_owned();
        let mut lines: Vec<String> = part.lines().skip(2).map(str::to_owned).collect();
        assert!(lines.iter().all(|line| line.starts_with(&format!("{name}{{"))), "{part}");
        lines.sort();
        assert!(families.insert(name, lines).is_none(), "a family twice");
    }
    families
}

fn unzipped(page: &Page) -> String {
    let mut body = Pieces::of_page(page, &OwnMetrics::new(SelfMetrics::new()), Format::Text, true);
    let body = body.copy_to_bytes(body.remaining());
    let mut plain = String::new();
    GzDecoder::new(&*body).read_to_string(&mut plain).expect("one gzip member, its checksum and length right");
    plain
}

fn check(printer: &mut Printer, stores: &[AccountStore], max_series: usize) -> Page {
    let built = printer.print(stores, max_series);
    let anew = Printer::default().print(stores, max_series);
    assert_eq!((built.page.series, built.surplus), (anew.page.series, anew.surplus));
    assert_eq!(families(&built.page), families(&anew.page));
    assert!(unzipped(&built.page).starts_with(&text(&built.page)));
    built.page
}

#[test]
fn pieces_without_a_change_are_taken_over_as_they_are() {
    let mut store = AccountStore::new("acme".to_owned(), None, watched(1..=3_000));
    (1..=3_000).for_each(|id| read(&mut store, id, id));
    let mut printer = Printer::default();
    let first = check(&mut printer, std::slice::from_ref(&store), usize::MAX);
    (1..=60).for_each(|id| read(&mut store, id, 9_000 + id));
    let second = check(&mut printer, std::slice::from_ref(&store), usize::MAX);
    let known: Vec<*const u8> = first.plain.iter().map(|piece| piece.as_ptr()).collect();
    let taken: usize = second.plain.iter().filter(|piece| known.contains(&piece.as_ptr())).map(|piece| piece.len()).sum();
    assert!(taken > second.bytes().0 / 2, "{taken} of {}", second.bytes().0);
}

#[test]
fn what_changes_together_is_soon_written_together() {
    let mut store = AccountStore::new("acme".to_owned(), None, watched(1..=3_000));
    (1..=3_000).for_each(|id| read(&mut store, id, id));
    let mut printer = Printer::default();
    let mut rewritten = Vec::new();
    let mut before = check(&mut printer, std::slice::from_ref(&store), usize::MAX);
    for round in 0..3 {
        // A batch of one tier, whose tweets the watch list has far apart.
        (1..=3_000).step_by(30).for_each(|id| read(&mut store, id, 100_000 + round));
        let page = check(&mut printer, std::slice::from_ref(&store), usize::MAX);
        let is_new = |piece: &&bytes::Bytes| !before.plain.contains(piece) && piece.starts_with(b"tweet_engagement{");
        rewritten.push(page.plain.iter().filter(is_new).map(bytes::Bytes::len).sum::<usize>());
        before = page;
    }
    assert!(rewritten[1] < rewritten[0] / 10 && rewritten[2] == rewritten[1], "{rewritten:?}");
}

#[test]
fn a_store_in_the_place_of_another_of_the_same_name_is_written_anew() {
    let mut printer = Printer::default();
    for value in [5, 6] {
        let mut store = AccountStore::new("acme".to_owned(), None, watched(1..=2));
        read(&mut store, 1, value);
        check(&mut printer, &[store], usize::MAX);
    }
    check(&mut printer, &[AccountStore::new("other".to_owned(), None, watched(1..=2))], usize::MAX);
    assert!(text(&check(&mut printer, &[], usize::MAX)).is_empty());
}

/// What may happen to a store of tweets 1 to 200.
#[derive(Clone, Debug)]
enum Event {
    Read(Vec<u64>, u64),
    Enter(u64, usize),
    Watch(u64, u64),
    Foreign(u64),
}

fn event() -> impl proptest::strategy::Strategy<Value = Event> {
    use proptest::prelude::*;
    prop_oneof![
        (proptest::collection::vec(1u64..250, 1..100), 1u64..9).prop_map(|(ids, value)| Event::Read(ids, value)),
        (1u64..250, 0..TweetState::ALL.len()).prop_map(|(id, state)| Event::Enter(id, state)),
        (1u64..200, 1u64..250).prop_map(|(first, count)| Event::Watch(first, count)),
        (1u64..250).prop_map(Event::Foreign),
    ]
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(24))]
    #[test]
    fn whatever_happens_the_page_is_what_a_new_one_would_be(events in proptest::collection::vec(event(), 1..12), max_series in 300usize..4_000) {
        let name = "acme".parse().expect("a name");
        let mut stores = [
            AccountStore::new("acme".to_owned(), Some(name), watched(1..=200)),
            AccountStore::new("other".to_owned(), None, watched(1..=40)),
        ];
        let mut printer = Printer::default();
        check(&mut printer, &stores, max_series);
        for event in events {
            let store = &mut stores[0];
            match event {
                Event::Read(ids, value) => ids.into_iter().for_each(|id| read(store, id, value)),
                Event::Enter(position, state) => {
                    let position = usize::try_from(position).expect("small") % store.records().len();
                    store.enter(position, TweetState::ALL[state]);
                }
                Event::Watch(first, count) => store.watch(watched(first..first + count)),
                Event::Foreign(id) => store.mark_foreign(TweetId::new(id).expect("an id")),
            }
            check(&mut printer, &stores, max_series);
        }
    }
}

#[test]
fn a_scrape_that_takes_its_time_keeps_its_page_and_nobody_elses() {
    let mut store = AccountStore::new("acme".to_owned(), None, watched(1..=100));
    let mut printer = Printer::default();
    let old = Arc::new(printer.print(std::slice::from_ref(&store), usize::MAX).page);
    let mut slow = Pieces::of_page(&old, &OwnMetrics::new(SelfMetrics::new()), Format::Text, false);
    let gone = Arc::downgrade(&old);
    drop(old);
    assert!(gone.upgrade().is_none(), "the pieces are enough");
    (1..=100).for_each(|id| read(&mut store, id, id));
    printer.print(std::slice::from_ref(&store), usize::MAX);
    let sent = slow.copy_to_bytes(slow.remaining());
    assert!(String::from_utf8_lossy(&sent).contains("tweet_state{account=\"acme\",tweet_id=\"100\",state=\"pending\"} 1\n"));
}
