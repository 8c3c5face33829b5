//! `cargo bench --bench planner -- --curves FILE`: which files the planner's benchmark takes, and what it says of others.

use std::fs;

use crate::curve::Curve;

#[path = "../../benches/planner/file.rs"]
mod file;

/// 2026-11-01T00:00:00Z.
const MIDNIGHT: i64 = 1_793_491_200;

const HEADER: &str = "tweet_id,created_unix,unix,impressions";

/// What a file with these bytes is read as; the error without the file's name.
fn read(bytes: &[u8]) -> Result<file::Curves, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("curves.csv");
    fs::write(&path, bytes).expect("written");
    file::read(&path, 30).map_err(|error| {
        let name = path.display().to_string();
        error.strip_prefix(&name).unwrap_or_else(|| panic!("{error} does not begin with the file's name")).to_owned()
    })
}

/// A file with the usual header; in the rows `@` stands for the first midnight's digits but for the last five.
fn rows(rows: &[&str]) -> Result<file::Curves, String> {
    let rows: Vec<String> = rows.iter().map(|row| row.replace('@', "17934")).collect();
    read(format!("{HEADER}\n{}\n", rows.join("\n")).as_bytes())
}

/// Each curve's birth, end, and impressions at some of its moments.
fn told(curves: &[Curve]) -> Vec<(u32, u32, [f64; 3])> {
    curves.iter().map(|curve| (curve.begin(), curve.end(), [600, 3_600, 86_400].map(|second| curve.at(second)))).collect()
}

#[test]
fn rows_may_come_in_any_order_and_lie_on_straight_lines() {
    let ascending = ["1,@91200,@94800,100", "1,@91200,@98400,300", "2,@91800,@95400,7"];
    let read = rows(&ascending).expect("a good file");
    assert_eq!((read.days, read.notes.len()), (1, 0), "{:?}", read.notes);
    let curves = told(&read.curves);
    assert_eq!(curves.iter().map(|curve| (curve.0, curve.1)).collect::<Vec<_>>(), [(0, 7_200), (600, 4_200)]);
    // From 1 at its creation to 100 after an hour.
    assert_eq!(curves[0].2, [1.0 + 99.0 / 6.0, 100.0, 300.0]);
    let mut shuffled = ascending;
    shuffled.reverse();
    assert_eq!(told(&rows(&shuffled).expect("a good file").curves), curves);
}

#[test]
fn columns_may_be_quoted_swapped_and_more_than_needed_and_lines_may_end_as_on_windows() {
    let text = "\u{feff}\"Impressions\", Unix ,tweet_id,likes,created_unix\r\n\r\n\"100\",1793494800.9,1,5,1793491200\r\n";
    let read = read(text.as_bytes()).expect("a good file");
    assert_eq!(told(&read.curves), [(0, 3_600, [1.0 + 99.0 / 6.0, 100.0, 100.0])]);
    assert_eq!(read.notes, ["unknown columns are left out: likes"]);
}

#[test]
fn what_is_left_out_is_said() {
    let read = rows(&["1,@91200,@94800,100", "1,@91200,@94800,100", "2,@91200,@91200,3"]).expect("a good file");
    assert_eq!(read.curves.len(), 1);
    assert!(read.notes[0].contains("1 rows say again"), "{:?}", read.notes);
    assert!(read.notes[1].contains("1 tweets have no reading after their creation"), "{:?}", read.notes);
    let late = MIDNIGHT + 40 * 86_400;
    let read = rows(&["1,@91200,@94800,100", &format!("1,{MIDNIGHT},{late},4000")]).expect("a good file");
    assert_eq!((read.days, read.curves[0].end()), (30, 30 * 86_400), "cut at the last day that is run");
    assert!(read.notes[0].contains("covers 41 days; only the first 30"), "{:?}", read.notes);
}

#[test]
fn a_bad_file_is_refused_with_its_line() {
    let cases: [(&[&str], &str); 10] = [
        (&[], ":1: no rows follow the header"),
        (&["1,@91200,@94800,100", "1,@91200,@94800"], ":3: 3 fields, and impressions should be number 4"),
        (&["x1,@91200,@94800,100"], ":2: tweet_id is \"x1\"; write digits only"),
        (&["1,@91200,yesterday,100"], ":2: unix is \"yesterday\"; write seconds since 1970"),
        (&["1,-5,@94800,100"], ":2: created_unix is \"-5\"; write seconds since 1970"),
        (&["1,@91200,@94800,100", "", "1,@91200,@94801,NaN"], ":4: impressions is \"NaN\"; write a count of 0 or more"),
        (&["1,@91200,@94800,-1"], ":2: impressions is \"-1\""),
        (&["1,@91200,@91199,100"], ":2: unix is 1793491199, before the tweet's created_unix 1793491200"),
        (&["1,@91200,@94800,100", "1,@91201,@94801,100"], ":3: created_unix of tweet 1 is 1793491201, but 1793491200 in line 2"),
        (&["1,@91200,@94800,100", "1,@91200,@94800,101"], ":3: tweet 1 has 101 impressions at 1793494800, but 100 in line 2"),
    ];
    for (given, expected) in cases {
        let error = rows(given).expect_err(expected);
        assert!(error.starts_with(expected), "{error}\ninstead of\n{expected}");
    }
}

#[test]
fn a_file_without_the_right_header_is_refused() {
    let must = "must be tweet_id,created_unix,unix,impressions";
    for (text, expected) in [
        ("", format!(":1: the file is empty; the first line {must}")),
        (" \n\n", format!(":1: the file is empty; the first line {must}")),
        ("1,1793491200,1793494800,100\n", ":1: no column tweet_id in the header".to_owned()),
        ("\ntweet_id,created_unix,impressions\n1,2,3\n", ":2: no column unix in the header".to_owned()),
        ("tweet_id,unix,created_unix,unix,impressions\n", ":1: two columns are called unix; leave one out".to_owned()),
    ] {
        let error = read(text.as_bytes()).expect_err(&expected);
        assert!(error.starts_with(&expected), "{error}\ninstead of\n{expected}");
    }
    let error = read(b"tweet_id,created_unix\nunix,\xff\n").expect_err("no text");
    assert!(error.starts_with(":2: not UTF-8"), "{error}");
    let missing = file::read(std::path::Path::new("no-such-file.csv"), 30).expect_err("nothing there");
    assert!(missing.starts_with("no-such-file.csv: cannot be read: "), "{missing}");
}
