//! What is shipped for others to start the program with: its flags are the program's, its versions agree.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use regex_lite::Regex;
use serde_yaml::Value;
use tweet_exporter::commands::Cli;
use tweet_exporter::self_metrics::ErrorReason;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn yaml(name: &str) -> Value {
    serde_yaml::from_str(&text(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Whether the program takes these arguments, its own name left out.
fn is_understood(of: &str, arguments: impl IntoIterator<Item = String>) {
    let program = std::iter::once("tweet_exporter".to_owned());
    let arguments: Vec<OsString> = program.chain(arguments).map(OsString::from).collect();
    if let Err(error) = Cli::read(arguments) {
        panic!("{of}: {error}");
    }
}

fn words(list: &Value) -> Vec<String> {
    let word = |word: &Value| word.as_str().expect("a word").to_owned();
    list.as_sequence().expect("a list").iter().map(word).collect()
}

#[test]
fn the_unit_starts_the_program_with_flags_that_it_knows() {
    let unit = text("deploy/systemd/tweet_exporter.service");
    let line = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).expect("it starts something");
    is_understood("ExecStart", line.split(' ').skip(1).map(str::to_owned));
    assert!(unit.contains("Type=notify\n") && unit.contains("WatchdogSec="), "the program tells systemd how it is");
}

#[test]
fn the_image_starts_the_program_with_flags_that_it_knows() {
    let dockerfile = text("Dockerfile");
    let command = dockerfile.lines().find_map(|line| line.strip_prefix("CMD ")).expect("it starts something");
    is_understood("CMD", serde_json::from_str::<Vec<String>>(command).expect("a list"));
    let last_user = dockerfile.lines().rev().find_map(|line| line.strip_prefix("USER "));
    assert_eq!(last_user, Some("65532:65532"), "a number, so that a supervisor sees that it is not root");
}

/// There is no loader in the image; the program of these tests wants one.
#[cfg(target_os = "linux")]
#[test]
fn no_image_is_laid_out_around_a_program_that_wants_libraries() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut lay_out = std::process::Command::new(root().join("deploy/rootfs"));
    let done = lay_out.args([env!("CARGO_BIN_EXE_tweet_exporter").as_ref(), folder.path()]).output().expect("sh is there");
    assert!(!done.status.success() && String::from_utf8_lossy(&done.stderr).contains("crt-static"), "{done:?}");
    assert!(text("Dockerfile").contains("+crt-static"));
}

#[test]
fn the_demo_of_compose_starts_with_flags_that_the_program_knows_and_files_that_are_there() {
    let compose = yaml("deploy/compose/compose.yml");
    is_understood("compose.yml", words(&compose["services"]["exporter"]["command"]));
    for (_, service) in compose["services"].as_mapping().expect("services") {
        let own = |mount: &String| mount.starts_with("./");
        for mount in service.get("volumes").map(words).unwrap_or_default().into_iter().filter(own) {
            let file = mount.split(':').next().expect("a path");
            assert!(root().join("deploy/compose").join(file).is_file(), "{mount}");
        }
        for port in words(&service["ports"]) {
            assert!(port.starts_with("127.0.0.1:"), "{port} is open to everybody");
        }
    }
    for name in ["prometheus.yml", "grafana/datasources.yml", "grafana/dashboards.yml"] {
        assert!(yaml(&format!("deploy/compose/{name}")).is_mapping(), "{name}");
    }
}

#[test]
fn workflows_use_only_what_is_pinned_and_may_only_read_unless_they_publish() {
    let uses = Regex::new(r"uses: *(\S+)").expect("a pattern");
    let pinned = Regex::new(r"^actions/[a-z-]+@v[0-9]+$").expect("a pattern");
    for name in ["ci", "release"] {
        let name = format!(".github/workflows/{name}.yml");
        let text = text(&name);
        for used in uses.captures_iter(&text) {
            assert!(pinned.is_match(&used[1]), "{name}: {}", &used[1]);
        }
        assert!(!text.contains("secrets."), "{name} needs no secret");
        assert_eq!(yaml(&name)["permissions"]["contents"].as_str(), Some("read"), "{name}");
    }
}

#[test]
fn everything_is_built_with_the_same_rust() {
    let manifest = text("Cargo.toml");
    let version = manifest.lines().find_map(|line| line.strip_prefix("rust-version = ")).expect("a version").trim_matches('"');
    let named = Regex::new(r"rust:([0-9.]+)|toolchain install ([0-9]+\.[0-9]+)").expect("a pattern");
    for name in ["Dockerfile", ".github/workflows/ci.yml", ".github/workflows/release.yml"] {
        let text = text(name);
        let found: Vec<&str> =
            named.captures_iter(&text).filter_map(|one| one.get(1).or(one.get(2))).map(|one| one.as_str()).collect();
        assert!(!found.is_empty() && found.iter().all(|found| *found == version), "{name}: {found:?}, not {version}");
    }
}

#[test]
fn operations_names_only_metrics_and_reasons_that_there_are() {
    let (operations, metrics) = (text("docs/operations.md"), text("docs/metrics.md"));
    let names = Regex::new(r"`(tweet_[a-z_]+)[`{]").expect("a pattern");
    let named: Vec<&str> = names.captures_iter(&operations).filter_map(|one| one.get(1)).map(|one| one.as_str()).collect();
    assert!(named.len() > 20, "{named:?}");
    for name in named.into_iter().filter(|name| *name != "tweet_exporter") {
        assert!(metrics.contains(&format!("`{name}`")), "{name} is no metric");
    }
    let known: Vec<&str> = ErrorReason::ALL.iter().map(|reason| reason.name()).collect();
    for reason in Regex::new("reason=\"([a-z_]+)\"").expect("a pattern").captures_iter(&operations) {
        assert!(known.contains(&&reason[1]), "{} is no reason", &reason[1]);
    }
}
