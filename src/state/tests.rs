//! The state file: what is kept, and what becomes of files that nobody can read.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use redb::{Database, TableDefinition, WriteTransaction};
use tempfile::TempDir;

use crate::model::TweetId;
use crate::state::{Change, Opened, Recalled, State, StateError};

fn tweet(id: u64) -> TweetId {
    TweetId::new(id).expect("a possible id")
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn open(folder: &Path) -> Opened {
    State::open(folder).expect("a folder of ours")
}

fn change(account: &str, day: i64) -> Change {
    Change { account: account.to_owned(), header: b"header".to_vec(), tweets: Vec::new(), paid_day: day, paid: Vec::new() }
}

/// What lies in the folder once these are committed one after the other.
fn after(commits: &[&[Change]]) -> Vec<Recalled> {
    let folder = folder();
    let mut state = open(folder.path()).state;
    for changes in commits {
        state.commit(changes.iter().cloned()).expect("room on the disk");
    }
    drop(state);
    open(folder.path()).recalled
}

#[test]
fn what_is_committed_is_recalled() {
    let acme = Change {
        tweets: vec![(tweet(2), Some(b"two".to_vec())), (tweet(1), Some(vec![])), (tweet(3), Some(vec![0; 9000]))],
        paid: vec![(1, 7), (0, u64::MAX)],
        ..change("acme", 20_000)
    };
    let zoë = change("zoë", -1);
    let later = Change {
        header: vec![],
        tweets: vec![(tweet(2), None), (tweet(3), Some(b"three".to_vec())), (tweet(4), None)],
        paid: vec![(1, 7), (1, 8)],
        ..change("acme", 20_000)
    };
    let recalled = after(&[&[acme, zoë], &[], &[later]]);
    let acme = Recalled {
        account: "acme".to_owned(),
        header: vec![],
        tweets: vec![(tweet(1), vec![]), (tweet(3), b"three".to_vec())],
        paid_day: 20_000,
        paid: vec![(0, u64::MAX), (1, 7), (1, 8)],
    };
    let zoë = Recalled { account: "zoë".to_owned(), header: b"header".to_vec(), tweets: vec![], paid_day: -1, paid: vec![] };
    assert_eq!(recalled, [acme, zoë]);
}

#[test]
fn what_was_paid_is_dropped_with_its_day_and_is_not_back_with_it() {
    let paid = |account: &str, day: i64, id: u64| Change { paid: vec![(0, id)], ..change(account, day) };
    let both = [paid("acme", 5, 1), paid("bolt", 5, 2)];
    let kept = after(&[&both, &[paid("acme", 6, 3)], &[paid("acme", 5, 4)], &[paid("acme", 6, 5)]]);
    let books: Vec<_> = kept.iter().map(|of| (&*of.account, of.paid_day, of.paid.clone())).collect();
    assert_eq!(books, [("acme", 6, vec![(0, 5)]), ("bolt", 5, vec![(0, 2)])]);
}

#[test]
fn a_new_folder_is_for_its_owner_only() {
    let parent = folder();
    let folder = parent.path().join("state");
    let opened = open(&folder);
    assert!(opened.is_new && opened.recalled.is_empty() && opened.set_aside.is_none());
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    let files: Vec<_> = fs::read_dir(&folder).expect("a folder").flatten().collect();
    assert_eq!(files.len(), 2, "the database and the lock: {files:?}");
    assert!(files.iter().all(|file| mode(&file.path()) == 0o600));
    drop(opened);
    assert!(!open(&folder).is_new);
}

#[test]
fn a_folder_that_cannot_be_had_is_an_error_that_says_what_to_do() {
    let parent = folder();
    fs::write(parent.path().join("file"), "").expect("room");
    fs::create_dir_all(parent.path().join("odd/state.redb")).expect("room");
    for (path, part) in [
        (parent.path().join("missing/state"), "its parent folder"),
        (parent.path().join("file"), "is not a folder"),
        (parent.path().join("file/state"), "cannot be made"),
        (parent.path().join("odd"), "state.redb cannot be used"),
        (Path::new("/proc/tweet_exporter").to_owned(), "/proc"),
    ] {
        let Err(StateError::Unusable(text)) = State::open(&path) else { panic!("{} was opened", path.display()) };
        assert!(text.contains(part) && text.contains("--state.path"), "{text}");
    }
    assert!(!parent.path().join("missing").exists());
}

#[test]
fn only_one_has_the_folder() {
    let folder = folder();
    let first = open(folder.path());
    let Err(StateError::InUse(text)) = State::open(folder.path()) else { panic!("opened twice") };
    assert!(text.contains(&format!("process {}", std::process::id())) && text.contains("--state.path"), "{text}");
    drop(first);
    open(folder.path());
}

/// Pages of every kind: leaves, branches, a value over several pages; closed properly, or as a killed process leaves it.
fn real_file(closed: bool) -> Vec<u8> {
    let folder = folder();
    let read = || fs::read(folder.path().join("state.redb")).expect("readable");
    let mut state = open(folder.path()).state;
    for round in 0..3 {
        let tweets = (1..60).map(|id| (tweet(id), Some(vec![round; if id == 30 { 9000 } else { 300 }]))).collect();
        let acme = Change { tweets, paid: (0..100).map(|id| (0, id)).collect(), ..change("acme", i64::from(round)) };
        state.commit([acme]).expect("room on the disk");
    }
    let open = read();
    drop(state);
    if closed { read() } else { open }
}

/// Opens a folder with these bytes as its file, works on, and opens it again. Gives what was recalled, nothing if it was set aside.
fn recalled_from(bytes: &[u8]) -> Option<Vec<Recalled>> {
    let folder = folder();
    fs::write(folder.path().join("state.redb"), bytes).expect("room");
    let Opened { mut state, recalled, set_aside, is_new } = open(folder.path());
    assert_eq!(is_new, set_aside.is_some());
    if let Some(set_aside) = &set_aside {
        assert!(set_aside.copy.is_file() && !set_aside.why.is_empty() && recalled.is_empty(), "{set_aside:?}");
    }
    state.commit([change("later", 9)]).expect("it works on");
    drop(state);
    let again = open(folder.path());
    assert!(again.set_aside.is_none() && again.recalled.iter().any(|recalled| recalled.account == "later"));
    set_aside.is_none().then_some(recalled)
}

#[test]
fn a_file_that_was_cut_off_is_set_aside() {
    for closed in [true, false] {
        let bytes = real_file(closed);
        assert!(recalled_from(&bytes).is_some());
        for length in (0..400).step_by(9).chain((400..bytes.len()).step_by(20_011)).chain([bytes.len() - 1]) {
            assert!(recalled_from(&bytes[..length]).is_none(), "{length} of {} bytes", bytes.len());
        }
    }
}

#[test]
fn wrong_bytes_are_set_aside_or_make_no_difference() {
    for closed in [true, false] {
        let bytes = real_file(closed);
        let whole = recalled_from(&bytes);
        let mut recalled = 0;
        for place in (0..320).step_by(3).chain((320..bytes.len()).step_by(bytes.len() / 150)) {
            let mut wrong = bytes.clone();
            wrong[place] ^= if place % 2 == 0 { 0xff } else { 1 << (place % 8) };
            let Some(kept) = recalled_from(&wrong) else { continue };
            recalled += 1;
            // A file that was not closed may fall back to the commit before, as after a power cut.
            let same_round = |recalled: &Recalled| recalled.tweets.iter().all(|(_, value)| value[0] == recalled.paid_day as u8);
            assert!(Some(&kept) == whole.as_ref() || !closed && kept.iter().all(same_round), "byte {place}");
        }
        assert!(recalled > 50, "only {recalled}");
    }
}

#[test]
fn what_is_no_state_file_is_set_aside() {
    for bytes in [&b""[..], b"\0", b"accounts: []\n", &[0; 100_000], &[0xff; 100_000]] {
        assert_eq!(recalled_from(bytes), None);
    }
}

/// Makes a file with redb alone, and gives why it was set aside.
fn why_set_aside(make: impl Fn(&WriteTransaction)) -> String {
    let folder = folder();
    drop(open(folder.path()));
    let database = Database::open(folder.path().join("state.redb")).expect("a redb file");
    let transaction = database.begin_write().expect("open");
    make(&transaction);
    transaction.commit().expect("room");
    drop(database);
    let set_aside = open(folder.path()).set_aside.expect("set aside");
    let name = set_aside.copy.file_name().expect("a name").to_string_lossy().into_owned();
    assert!(name.starts_with("state.redb.2") && name.ends_with("Z.broken"), "{name}");
    Database::open(set_aside.copy).expect("who knows it can read it still");
    set_aside.why
}

#[test]
fn a_file_of_another_version_or_of_strange_content_is_set_aside() {
    const META: TableDefinition<&str, u64> = TableDefinition::new("meta");
    const TWEETS: TableDefinition<(&str, u64), &[u8]> = TableDefinition::new("tweets");
    let version = |number: u64| {
        why_set_aside(move |transaction| {
            transaction.open_table(META).expect("a table").insert("version", number).expect("room");
        })
    };
    assert_eq!(version(2), "written by a newer tweet_exporter (format 2; this one knows formats up to 1)");
    assert!(version(0).contains("format version"));
    let why = why_set_aside(|transaction| {
        transaction.open_table(TWEETS).expect("a table").insert(("nobody", 1), &b""[..]).expect("room");
    });
    assert_eq!(why, "has a tweet of no account");
    let why = why_set_aside(|transaction| {
        transaction.delete_table(META).expect("a table");
    });
    assert!(why.contains("meta"), "{why}");
}

#[test]
fn a_copy_never_takes_the_place_of_another() {
    let folder = folder();
    let copies: BTreeSet<_> = (0..20)
        .map(|round| {
            fs::write(folder.path().join("state.redb"), format!("garbage {round}")).expect("room");
            let copy = open(folder.path()).set_aside.expect("set aside").copy;
            assert_eq!(fs::read_to_string(&copy).expect("kept as it was"), format!("garbage {round}"));
            copy
        })
        .collect();
    assert!(copies.len() == 20 && copies.iter().all(|copy| copy.is_file()));
}

#[test]
fn what_was_forgotten_gives_its_space_back_at_the_next_start() {
    let folder = folder();
    let length = || fs::metadata(folder.path().join("state.redb")).expect("there").len();
    let mut state = open(folder.path()).state;
    let tweets = (1..30_000).map(|id| (tweet(id), Some(vec![1; 1000]))).collect();
    state.commit([Change { tweets, ..change("acme", 1) }]).expect("room");
    // One in every hundred stays, so that no end of the file is free.
    let tweets = (1..30_000).filter(|id| id % 100 != 0).map(|id| (tweet(id), None)).collect();
    state.commit([Change { tweets, ..change("acme", 1) }]).expect("room");
    drop(state);
    let before = length();
    let opened = open(folder.path());
    assert!(opened.recalled[0].tweets.len() == 299 && opened.set_aside.is_none());
    drop(opened);
    assert!(before > 20_000_000 && length() < 2_000_000, "{before} {}", length());
    assert_eq!(open(folder.path()).recalled[0].tweets.len(), 299);
}
