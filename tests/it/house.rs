//! The house's own rules: who imports whom, how long a file may be, which names nobody uses.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder is there").flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The table of ARCHITECTURE.md: room, and what it may import.
fn map() -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md is there");
    let table = text.split("```map\n").nth(1).and_then(|rest| rest.split("```").next()).expect("it has the table");
    let row = |line: &str| {
        let mut words = line.split_whitespace().map(str::to_owned);
        words.next().map(|room| (room, words.collect()))
    };
    table.lines().filter_map(row).collect()
}

fn imports(text: &str) -> BTreeSet<&str> {
    let name = |rest: &'_ str| rest.find(|letter: char| !letter.is_ascii_lowercase() && letter != '_').unwrap_or(rest.len());
    text.split("crate::").skip(1).map(|rest| &rest[..name(rest)]).filter(|room| !room.is_empty()).collect()
}

#[test]
fn rooms_import_only_what_the_map_allows() {
    let map = map();
    for file in rust_files(&root().join("src")) {
        let path = file.strip_prefix(root().join("src")).expect("below src");
        let mut parts = path.components().map(|part| part.as_os_str().to_string_lossy());
        let (Some(room), Some(_)) = (parts.next(), parts.next()) else { continue };
        let allowed = map.get(&*room).unwrap_or_else(|| panic!("{room} is not on the map of ARCHITECTURE.md"));
        let text = fs::read_to_string(&file).expect("readable");
        for import in imports(&text) {
            assert!(import == room || allowed.contains(import), "{}: {room} may not import {import}", path.display());
        }
    }
}

#[test]
fn the_map_names_no_room_that_is_not_there() {
    for (room, allowed) in map() {
        for name in allowed.iter().chain([&room]) {
            assert!(root().join("src").join(name).join("mod.rs").is_file(), "{name} has no src/{name}/mod.rs");
        }
    }
}

#[test]
fn no_file_is_too_long_and_each_says_what_it_is_for() {
    for folder in ["src", "tests"] {
        for file in rust_files(&root().join(folder)) {
            let text = fs::read_to_string(&file).expect("readable");
            assert!(text.lines().count() <= 500, "{} has over 500 lines", file.display());
            assert!(text.starts_with("//! "), "{} does not begin with what it is for", file.display());
        }
    }
}

#[test]
fn nobody_uses_the_names_and_shortcuts_that_the_house_forbids() {
    let forbidden =
        ["#[allow(", "todo!(", "unimplemented!(", "dbg!(", "fn get_", "Manager", "Helper", "unsafe {", "super::super"];
    for file in rust_files(&root().join("src")) {
        let text = fs::read_to_string(&file).expect("readable");
        let siblings = text.lines().filter(|line| line.starts_with("use super::")).count();
        assert_eq!(siblings, 0, "{} imports with super; write use crate::…", file.display());
        for word in forbidden {
            assert!(!text.contains(word), "{} has {word}", file.display());
        }
        let name = file.file_stem().expect("a name").to_string_lossy();
        assert!(!["util", "utils", "helper", "helpers", "common"].contains(&&*name), "{}", file.display());
    }
}
