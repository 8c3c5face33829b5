//! The state file under processes that are killed, and on disks that are full. The children are this test program once more.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use tweet_exporter::model::TweetId;
use tweet_exporter::state::{Change, Opened, Recalled, State, StateError};

fn tweet(id: u64) -> TweetId {
    TweetId::new(id).expect("a possible id")
}

/// Everything in it is the counter, over two accounts and many pages; one tweet comes and one goes each time.
fn counted(counter: u64) -> [Change; 2] {
    ["acme", "bolt"].map(|account| {
        let bytes = counter.to_le_bytes();
        let mut tweets: Vec<_> = (1..=40).map(|id| (tweet(id), Some(bytes.repeat(60)))).collect();
        tweets.push((tweet(1_000_000 + counter), Some(bytes.to_vec())));
        tweets.push((tweet(1_000_000 + counter.saturating_sub(3)), None));
        let day = (counter / 10) as i64;
        Change { account: account.to_owned(), header: bytes.to_vec(), tweets, paid_day: day, paid: vec![(1, counter)] }
    })
}

/// The counter of the transaction that is recalled; panics if it is not a whole one.
fn counter(recalled: &[Recalled]) -> u64 {
    let Some(first) = recalled.first() else { return 0 };
    let counter = u64::from_le_bytes(first.header.clone().try_into().expect("eight bytes"));
    assert_eq!(recalled.len(), 2);
    for of in recalled {
        let expected = counter.to_le_bytes();
        assert_eq!(of.header, expected);
        let fixed: Vec<_> = of.tweets.iter().filter(|(id, _)| id.number() <= 40).collect();
        assert!(fixed.len() == 40 && fixed.iter().all(|(_, value)| *value == expected.repeat(60)));
        let moving: Vec<_> = of.tweets.iter().map(|(id, _)| id.number()).filter(|id| *id > 40).collect();
        assert_eq!(moving, (counter.saturating_sub(2).max(1)..=counter).map(|id| 1_000_000 + id).collect::<Vec<_>>());
        assert_eq!(of.paid, ((counter / 10 * 10).max(1)..=counter).map(|id| (1, id)).collect::<Vec<_>>());
        assert_eq!(of.paid_day, (counter / 10) as i64);
    }
    counter
}

const FOLDER: &str = "TWEET_EXPORTER_TEST_STATE";

/// No test by itself: the child that [`a_child`] starts, which counts on from what it recalls until it is killed.
#[test]
fn child_that_counts() {
    let Some(folder) = env::var_os(FOLDER) else { return };
    let mut opened = State::open(Path::new(&folder)).expect("ours after the kill");
    assert!(opened.set_aside.is_none());
    let start = counter(&opened.recalled);
    println!("\nopened {start}");
    for counter in start + 1.. {
        opened.state.commit(counted(counter)).expect("room on the disk");
        println!("committed {counter}");
    }
}

fn a_child(folder: &Path) -> (Child, Lines<BufReader<ChildStdout>>) {
    let mut child = Command::new(env::current_exe().expect("this program"))
        .args(["--exact", "state::child_that_counts", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    (child, lines)
}

fn number(line: &str, word: &str) -> Option<u64> {
    line.strip_prefix(word).and_then(|number| number.trim().parse().ok())
}

#[test]
fn a_kill_at_any_moment_leaves_a_whole_transaction_and_loses_none_that_was_reported() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state");
    let mut reported = 0;
    for round in 0..25u64 {
        let (mut child, mut lines) = a_child(&path);
        // Every fifth is killed while it starts; the others some commits later, and at no fixed place of the next one.
        if round % 5 != 4 {
            let opened = lines.find_map(|line| number(&line.expect("text"), "opened ")).expect("it opens what the last one left");
            assert!(opened >= reported, "{opened} recalled, {reported} reported");
            for _ in 0..round % 4 {
                let line = lines.next().expect("it goes on until it is killed").expect("text");
                reported = number(&line, "committed ").unwrap_or(reported);
            }
        }
        let moment = Instant::now() + Duration::from_micros(round * 7919 % 5000);
        while Instant::now() < moment {
            std::hint::spin_loop();
        }
        child.kill().expect("a child of ours");
        child.wait().expect("a child of ours");
        let last = lines.map_while(Result::ok).filter_map(|line| number(&line, "committed ")).last();
        reported = last.unwrap_or(reported);
    }
    let recalled = open(&path).expect("free after the kill").recalled;
    assert!(counter(&recalled) >= reported && reported > 20);
}

#[test]
fn a_second_process_is_refused_until_the_first_is_gone() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut child, mut lines) = a_child(folder.path());
    lines.find_map(|line| number(&line.expect("text"), "opened ")).expect("it opens");
    let Err(StateError::InUse(text)) = State::open(folder.path()) else { panic!("opened twice") };
    assert!(text.contains(&format!("process {}", child.id())), "{text}");
    child.kill().expect("a child of ours");
    child.wait().expect("a child of ours");
    open(folder.path()).expect("the lock died with its process");
}

/// Opens what nobody uses. Another test that starts a process at this very moment may hold our lock until that process is its own.
fn open(path: &Path) -> Result<Opened, StateError> {
    let began = Instant::now();
    loop {
        match State::open(path) {
            Err(StateError::InUse(_)) if began.elapsed() < Duration::from_secs(30) => std::thread::yield_now(),
            opened => return opened,
        }
    }
}

/// A small disk of its own; nothing where we may not mount one.
pub(crate) struct SmallDisk(PathBuf);

impl SmallDisk {
    pub(crate) fn mount(folder: &Path) -> Option<Self> {
        let mount =
            Command::new("mount").args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"]).arg(folder).stderr(Stdio::null()).status();
        mount.is_ok_and(|status| status.success()).then(|| Self(folder.to_owned()))
    }

    pub(crate) fn fill(&self) {
        let full = fs::write(self.0.join("filler"), vec![0; 8 << 20]);
        assert!(full.is_err(), "it took more than its size");
    }

    pub(crate) fn free(&self) {
        fs::remove_file(self.0.join("filler")).expect("filled before");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_loses_nothing_and_works_again_when_there_is_room() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(disk) = SmallDisk::mount(folder.path()) else { return };
    let path = folder.path().join("state");

    disk.fill();
    let Err(StateError::Unusable(text)) = open(&path) else { panic!("no room for it") };
    assert!(text.contains("--state.path"), "{text}");
    assert!(!path.join("state.redb").exists() && !path.join("state.redb.new").exists());
    disk.free();

    let mut state = open(&path).expect("room again").state;
    for round in 1..=3 {
        state.commit(counted(round)).expect("room");
        disk.fill();
        let large = |value: u8| Change { tweets: vec![(tweet(99), Some(vec![value; 3 << 20]))], ..counted(round)[0].clone() };
        for _ in 0..3 {
            let Err(StateError::Write(text)) = state.commit([large(1)]) else { panic!("no room for it") };
            assert!(text.contains("state.redb cannot be written") && text.contains("os error 28"), "{text}");
        }
        if round == 2 {
            // A restart on the full disk.
            drop(state);
            let opened = open(&path).expect("readable as it is");
            assert_eq!((counter(&opened.recalled), opened.set_aside), (round, None));
            state = opened.state;
        }
        disk.free();
    }
    state.commit(counted(4)).expect("room again");
    drop(state);
    let opened = open(&path).expect("room");
    assert_eq!((counter(&opened.recalled), opened.set_aside), (4, None));
}

#[test]
fn what_was_committed_before_a_kill_is_recalled_on_a_full_disk() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(disk) = SmallDisk::mount(folder.path()) else { return };
    let path = folder.path().join("state");
    let (mut child, mut lines) = a_child(&path);
    let reported = lines.find_map(|line| number(&line.expect("text"), "committed ")).expect("it commits");
    child.kill().expect("a child of ours");
    child.wait().expect("a child of ours");
    disk.fill();
    let Opened { mut state, recalled, set_aside, .. } = open(&path).expect("readable as it is");
    let recalled = counter(&recalled);
    assert!(recalled >= reported && set_aside.is_none());
    disk.free();
    state.commit(counted(recalled + 1)).expect("room");
    drop(state);
    assert_eq!(counter(&open(&path).expect("room").recalled), recalled + 1);
}
