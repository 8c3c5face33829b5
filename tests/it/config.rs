//! Configuration files as a user writes them: each fixture loads, or says what is wrong with it line by line; the examples load;
//! the documentation names the keys that there are.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tweet_exporter::config::{self, Loaded};

const SOURCE: &str = env!("CARGO_MANIFEST_DIR");

/// Files of a folder whose names end so, in order.
pub(crate) fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(Path::new(SOURCE).join(folder)).expect("the folder is there");
    let paths = entries.map(|entry| entry.expect("the folder can be read").path());
    let mut paths: Vec<_> = paths.filter(|path| path.to_string_lossy().ends_with(ending)).collect();
    paths.sort();
    assert!(!paths.is_empty(), "no {ending} in {folder}");
    paths
}

fn environment(name: &str) -> Option<String> {
    match name {
        "BEARER" => Some("AAAA%2Fbearer\n".to_owned()),
        "SECRET" => Some("hunter2".to_owned()),
        "EMPTY" => Some(String::new()),
        "SPACED" => Some("hunter2 and more".to_owned()),
        _ => None,
    }
}

/// What a user would read about the file.
fn outcome(path: &Path) -> Result<Loaded, String> {
    config::load(path, &environment).map_err(|errors| errors.to_string())
}

#[test]
fn every_bad_file_is_refused_with_all_expected_lines_and_no_other() {
    let paths = files("tests/configs", ".bad.yml");
    assert!(paths.len() >= 25, "{}", paths.len());
    for path in paths {
        let text = fs::read_to_string(&path).expect("a fixture");
        let expected: Vec<_> = text.lines().map_while(|line| line.strip_prefix("# expect: ")).collect();
        let said = outcome(&path).expect_err(&format!("{} loads", path.display()));
        for line in &expected {
            assert!(said.contains(line), "{}: expected\n{line}\nbut it said\n{said}", path.display());
        }
        assert_eq!(said.lines().count(), expected.len(), "{}:\n{said}", path.display());
        assert!(!said.contains("hunter2"), "a secret is repeated:\n{said}");
    }
}

#[test]
fn every_good_file_loads() {
    for path in files("tests/configs", ".good.yml") {
        if let Err(said) = outcome(&path) {
            panic!("{said}");
        }
    }
}

#[test]
fn every_example_loads_without_a_warning_once_its_variables_are_set() {
    // The web configuration is a file of another kind.
    for path in files("examples", ".yml").into_iter().filter(|path| !path.ends_with("web-config.yml")) {
        let loaded = config::load(&path, &|_| Some("set".to_owned())).unwrap_or_else(|errors| panic!("{errors}"));
        assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
        let list = tweet_exporter::watchlist::load(&loaded.config).unwrap_or_else(|errors| panic!("{errors}"));
        assert!(list.warnings.is_empty(), "{:?}", list.warnings);
        let finds = |index: usize| loaded.config.accounts[index].watch.timeline.is_some();
        let watches = |(index, watched): (usize, &Vec<_>)| !watched.is_empty() || finds(index);
        assert!(list.accounts.iter().enumerate().all(watches), "{}", path.display());
    }
}

#[test]
fn the_complete_example_shows_every_key() {
    let text = fs::read_to_string(Path::new(SOURCE).join("examples/complete.yml")).expect("the example");
    for key in config::known_keys() {
        let name = key.rsplit('.').next().expect("a key has a name");
        assert!(text.contains(&format!("{name}:")), "{key} is missing");
    }
}

#[test]
fn the_documentation_names_every_key_and_no_other() {
    let text = fs::read_to_string(Path::new(SOURCE).join("docs/configuration.md")).expect("the document");
    let first_cell = |line: &str| line.strip_prefix("| `")?.split_once("` |").map(|(key, _)| key.to_owned());
    let documented: BTreeSet<_> = text.lines().filter_map(first_cell).collect();
    let known: BTreeSet<_> = config::known_keys().into_iter().collect();
    assert_eq!(documented, known);
}

#[test]
fn secrets_come_from_files_without_their_newline() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, content: &[u8], mode| {
        let path = folder.path().join(name);
        fs::write(&path, content).expect("a secret file");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("a mode");
    };
    write("private", b"AAAA%2Fbearer\r\n", 0o600);
    write("open", b"hunter2\n\n", 0o644);
    write("spaced", b"hunter2 \n", 0o600);
    write("lines", b"hunter2\nhunter2\n", 0o600);
    write("prefixed", b"Bearer hunter2\n", 0o600);
    write("newline", b"\n", 0o600);
    write("binary", b"hunter2\xff", 0o600);
    write("large", &[b'x'; 65_537], 0o600);
    let load = |name: &str| {
        let path = folder.path().join("tweet_exporter.yml");
        let text = format!(
            "accounts:\n  - name: acme\n    credentials:\n      bearer_token_file: {name}\n    watch: {{ tweets: [20] }}\n"
        );
        fs::write(&path, text).expect("a configuration");
        outcome(&path).map(|loaded| {
            let bearer = loaded.config.accounts[0].credentials.bearer.as_ref().expect("a bearer token").expose().to_owned();
            (bearer, loaded.warnings.iter().map(ToString::to_string).collect::<String>())
        })
    };
    assert_eq!(load("private"), Ok(("AAAA%2Fbearer".to_owned(), String::new())));
    let (secret, warning) = load("open").expect("it is only a warning");
    assert_eq!(secret, "hunter2");
    assert!(
        warning.contains("yml:4:26: accounts[0].credentials.bearer_token_file: every user of this computer may read"),
        "{warning}"
    );
    for (name, reason) in [
        ("spaced", "has white space"),
        ("lines", "has white space"),
        ("prefixed", "begins with the word Bearer"),
        ("newline", "is empty"),
        ("binary", "is not UTF-8"),
        ("large", "is larger than 64 KiB"),
        ("none", "does not exist"),
    ] {
        let said = load(name).expect_err(name);
        assert!(
            said.contains("yml:4:26: accounts[0].credentials.bearer_token_file: ") && said.contains(reason),
            "{name}: {said}"
        );
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_one_clear_error() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let none = folder.path().join("none.yml");
    let said = outcome(&none).expect_err("there is no such file");
    assert_eq!(said, format!("{}: the file does not exist; write the path of a configuration file", none.display()));
    assert!(outcome(folder.path()).expect_err("a folder").contains("is a folder"));
    let large = folder.path().join("large.yml");
    fs::write(&large, " ".repeat((1 << 20) + 1)).expect("a large file");
    assert!(outcome(&large).expect_err("too large").contains("is larger than 1 MiB"));
}

#[test]
fn values_arrive_as_written() {
    let loaded = outcome(&Path::new(SOURCE).join("tests/configs/loopback.good.yml")).expect("it loads");
    assert_eq!(loaded.config.api.url, "http://127.0.0.1:8080");
    assert_eq!(loaded.config.api.proxy_url.as_ref().map(config::Secret::expose), Some("http://me:hunter2@127.0.0.2:3128"));
    assert_eq!(loaded.warnings.len(), 1, "a literal password deserves a warning");
    assert!(!format!("{loaded:?}").contains("hunter2"), "nothing that holds a secret prints it");
    assert!(loaded.hash > 0 && loaded.hash < 1 << 48);
}
