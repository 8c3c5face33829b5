//! The dashboards in `dashboards/` are generated here (`make golden` writes them anew) and held to a linter's rules.

mod exporter;
mod lint;
mod overview;
mod panel;
mod sheet;
mod tweet;
mod vocabulary;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

const NAMES: [&str; 3] = ["overview", "tweet", "exporter"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("dashboards")
}

/// The dashboards as they lie in the repository.
fn files() -> Vec<(&'static str, Value)> {
    let read = |name| fs::read_to_string(folder().join(format!("{name}.json"))).expect("`make golden` writes it");
    NAMES.map(|name| (name, serde_json::from_str(&read(name)).expect("JSON"))).to_vec()
}

#[test]
fn the_dashboards_are_what_is_generated() {
    for (name, sheet) in NAMES.into_iter().zip([overview::sheet(), tweet::sheet(), exporter::sheet()]) {
        let expected = serde_json::to_string_pretty(&sheet.json()).expect("JSON") + "\n";
        let path = folder().join(format!("{name}.json"));
        let mut found = fs::read_to_string(&path).unwrap_or_default();
        if found != expected && std::env::var_os("GOLDEN").is_some() {
            fs::write(&path, &expected).expect("dashboards is writable");
            found.clone_from(&expected);
        }
        assert!(found == expected, "dashboards/{name}.json is not what is generated; run `make golden` and read the diff");
    }
}
