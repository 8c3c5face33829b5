//! The watch list as a user puts it together: entries of the configuration, files beside it, labels, limits.

use std::fs;
use std::path::Path;

use tweet_exporter::config::{self, ConfigErrors};
use tweet_exporter::watchlist::{self, Watched, Watchlist};

/// The watch list of a configuration with these accounts' watches, in this folder.
fn watch(folder: &Path, top: &str, watches: &[&str]) -> Result<Watchlist, ConfigErrors> {
    let accounts = watches.iter().zip('a'..).map(|(watch, name)| {
        format!("  - name: {name}\n    credentials: {{ bearer_token: \"${{BEARER}}\" }}\n    watch: {watch}\n")
    });
    let text = format!("{top}\naccounts:\n{}", accounts.collect::<String>());
    let loaded = config::parse(&text, &folder.join("tweet_exporter.yml"), &|_| Some("token".to_owned()));
    watchlist::load(&loaded.unwrap_or_else(|errors| panic!("{errors}")).config)
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder");
    fs::write(path, text).expect("a watch file");
}

fn ids(watched: &[Watched]) -> Vec<u64> {
    watched.iter().map(|watched| watched.tweet.number()).collect()
}

#[test]
fn entries_and_files_become_one_list_in_order_of_first_mention() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    write(folder.path(), "watch/b.yml", "- 30\n- 10\n- https://x.com/acme/status/40\n");
    write(folder.path(), "watch/a.yml", "- { tweet: 20, labels: { kind: y, place: here } }\n");
    write(folder.path(), "watch/empty.yml", "");
    write(folder.path(), "watch/.draft.yml", "- nonsense\n");
    let inline =
        "{ tweets: [10, { tweet: https://x.com/acme/status/20, labels: { kind: x } }, '10'], files: [watch/*.yml, watch/a.yml] }";
    let list = watch(folder.path(), "", &[inline, "{ tweets: [10] }"]).expect("a good list");
    assert_eq!(ids(&list.accounts[0]), [10, 20, 30, 40]);
    assert_eq!(ids(&list.accounts[1]), [10], "another account watches on its own");
    let second = &list.accounts[0][1];
    assert_eq!(second.username.as_ref().map(|name| name.as_str()), Some("acme"));
    let labels: Vec<_> = second.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(labels, ["kind=x", "place=here"]);
    assert_eq!(list.warnings, [r#"a: tweet 20 is listed with kind="x" and later with kind="y"; the first holds"#]);
    assert_eq!(list.files.len(), 3, "each file once, hidden ones not: {:?}", list.files);
}

#[test]
fn the_limit_keeps_the_first_and_counts_the_rest() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let watches = ["{ tweets: [1, 2, 2] }", "{ tweets: [3, 4, 5] }", "{ tweets: [6] }"];
    let list = watch(folder.path(), "limits: { max_tweets: 3 }", &watches).expect("a good list");
    assert_eq!(list.accounts.iter().map(|watched| ids(watched)).collect::<Vec<_>>(), [vec![1, 2], vec![3], vec![]]);
    assert_eq!(list.surplus, 3);
    assert_eq!(list.warnings, ["3 tweets are above limits.max_tweets = 3 and are not watched; raise it or watch fewer"]);
    assert_eq!(watch(folder.path(), "limits: { max_tweets: 6 }", &watches).expect("a good list").surplus, 0);
}

#[test]
fn every_bad_file_is_named_with_line_and_column() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    write(folder.path(), "watch/a.yml", "- 10\n- 9223372036854775808\n- { tweet: 20, labels: { tweet_id: x } }\n");
    write(folder.path(), "watch/b.yml", "- @acme\n");
    fs::create_dir(folder.path().join("watch/c.yml")).expect("a folder");
    write(folder.path(), "other/d.yml", "tweets: [10]\n");
    let said =
        watch(folder.path(), "", &["{ files: [watch/*.yml] }", "{ files: [other/d.yml] }"]).expect_err("bad files").to_string();
    let lines: Vec<_> = said.lines().map(|line| line.replace(&format!("{}/", folder.path().display()), "")).collect();
    let expected = [
        "watch/a.yml:2:3: [1]: \"9223372036854775808\": tweet ids end at 9223372036854775807",
        "watch/a.yml:3:26: [2].labels.tweet_id: the exporter sets this label itself",
        "watch/b.yml:1:3: not valid YAML: found character that cannot start any token; a value that begins with @ needs quotes",
        "watch/c.yml: the file is a folder, not a file; write a list of tweets into it, or change the pattern",
        "other/d.yml:1:1: expected a list, found a mapping",
    ];
    assert_eq!(lines.len(), expected.len(), "{said}");
    for (line, expected) in lines.iter().zip(expected) {
        assert!(line.starts_with(expected), "{line}\n{expected}");
    }
}

#[test]
fn a_pattern_that_fits_nothing_is_a_warning() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let list = watch(folder.path(), "", &["{ tweets: [10], files: [watch/*.yml] }"]).expect("a good list");
    assert_eq!(ids(&list.accounts[0]), [10]);
    assert_eq!(list.warnings.len(), 1);
    assert!(
        list.warnings[0].starts_with("a: no file fits ") && list.warnings[0].ends_with("/watch/*.yml"),
        "{:?}",
        list.warnings
    );
}

#[test]
fn a_folder_with_signs_of_a_pattern_is_taken_as_it_is() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let odd = folder.path().join("od[d]*");
    write(&odd, "watch/a.yml", "- 10\n");
    let list = watch(&odd, "", &["{ files: [watch/*.yml] }"]).expect("a good list");
    assert_eq!(ids(&list.accounts[0]), [10]);
}

#[test]
fn a_place_that_cannot_be_looked_into_is_an_error_and_no_empty_list() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::os::unix::fs::symlink("round", folder.path().join("round")).expect("a link to itself");
    for pattern in ["round/*.yml", "round/a.yml", "round/deeper/*/a.yml"] {
        let said =
            watch(folder.path(), "", &[&format!("{{ tweets: [10], files: [{pattern}] }}")]).expect_err(pattern).to_string();
        assert!(said.contains("round: cannot be looked into") && said.contains("symbolic links"), "{pattern}: {said}");
    }
    write(folder.path(), "plain", "");
    for pattern in ["none/*.yml", "plain/*.yml", "none"] {
        watch(folder.path(), "", &[&format!("{{ tweets: [10], files: [{pattern}] }}")]).expect(pattern);
    }
}
