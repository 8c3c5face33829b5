//! Out of descriptors: what cannot be looked at says nothing about itself, and is looked at again when there are some.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::harness::{Exporter, until, write_secret};

/// A folder with a configuration that names a watch file and a secret file; nobody answers at its X.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("watch")).expect("made");
    let text = "api: { url: \"http://127.0.0.1:9\", engagement_url: \"http://127.0.0.1:9\" }\naccounts:\n  - name: acme\n    \
                credentials: { bearer_token_file: acme.bearer }\n    watch: { files: [\"watch/*.yml\"] }\n";
    fs::write(folder.path().join("tweet_exporter.yml"), text).expect("written");
    fs::write(folder.path().join("watch/a.yml"), "- 20\n").expect("written");
    write_secret(&folder.path().join("acme.bearer"), "AAAA");
    folder
}

/// From now on the process may have so many; those that it has stay.
fn set_most_descriptors(exporter: &Exporter, most: usize) {
    let (pid, limit) = (exporter.process.id().to_string(), format!("--nofile={most}:"));
    let set = Command::new("prlimit").args(["--pid", &pid, &limit]).status().expect("prlimit is there");
    assert!(set.success());
}

/// Waits for the line that names the cause.
fn want_of_descriptors(exporter: &Exporter, what: &str) {
    exporter.process.line(what, |line| line.contains(what) && line.contains("too many open files"));
}

async fn reload_was_good(exporter: &Exporter) -> bool {
    exporter.scrape().await.value("tweet_exporter_config_last_reload_successful", &[]) == Some(1.0)
}

fn has_tweet(folder: &Path, id: u64) {
    fs::write(folder.join("watch/a.yml"), format!("- 20\n- {id}\n")).expect("written");
}

#[tokio::test]
async fn a_watch_list_is_neither_slandered_nor_lost() {
    let exporter = Exporter::start_in(folder(), &[]);
    assert!(reload_was_good(&exporter).await);
    set_most_descriptors(&exporter, 0);
    want_of_descriptors(&exporter, "the watch list cannot be looked at now; it is tried again");
    has_tweet(exporter.folder.path(), 30);
    set_most_descriptors(&exporter, 1_024);
    assert!(reload_was_good(&exporter).await);
    until("the other list", async || (exporter.scrape().await.sum("tweet_state", &[("tweet_id", "30")]) == 1.0).then_some(()))
        .await;
    assert!(reload_was_good(&exporter).await);
    let log = exporter.process.output();
    assert!(!log.contains("cannot be used") && !log.contains("a folder, not a file"), "{log}");
    assert_eq!(log.matches("the watch list cannot be looked at now").count(), 1, "said once\n{log}");
}

#[tokio::test]
async fn a_rotated_secret_and_another_web_configuration_are_taken_later() {
    let folder = folder();
    let web = folder.path().join("web.yml");
    fs::write(&web, "{}\n").expect("written");
    let exporter = Exporter::start_with(folder, &[], &[format!("--web.config.file={}", web.display())]);
    assert!(reload_was_good(&exporter).await);
    set_most_descriptors(&exporter, 0);
    write_secret(&exporter.folder.path().join("acme.bearer"), "BBBBBBBB");
    fs::write(&web, "http_server_config: { headers: { X-Frame-Options: deny } }\n").expect("written");
    want_of_descriptors(&exporter, "changed secrets cannot be read now; they are tried again");
    want_of_descriptors(&exporter, "the web configuration cannot be read now; it is tried again");
    set_most_descriptors(&exporter, 1_024);
    assert!(reload_was_good(&exporter).await);
    exporter.process.line("the secret", |line| line.contains("msg=reloaded what=secrets"));
    exporter.process.line("the web configuration", |line| line.contains("the web configuration was read again"));
    assert!(reload_was_good(&exporter).await);
    let log = exporter.process.output();
    assert!(!log.contains("cannot be used"), "{log}");
}

/// A reload that somebody asked for fails, and says why.
#[tokio::test]
async fn a_reload_without_descriptors_names_them() {
    let exporter = Exporter::start_in(folder(), &[]);
    assert!(reload_was_good(&exporter).await);
    set_most_descriptors(&exporter, 0);
    exporter.process.signal("HUP");
    want_of_descriptors(&exporter, "the configuration cannot be used; the one before stays");
    set_most_descriptors(&exporter, 1_024);
    assert!(!reload_was_good(&exporter).await);
    assert_eq!(exporter.reload().await.0, 200);
    assert!(reload_was_good(&exporter).await);
}
