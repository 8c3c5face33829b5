//! Tells the program which compiler built it, for `tweet_exporter_build_info`. The git revision is not looked up here: an
//! incremental build would keep an old one. A release build sets `TWEET_EXPORTER_REVISION`.

use std::env;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=RUSTC");
    println!("cargo::rustc-env=TWEET_EXPORTER_RUSTVERSION={}", rust_version().unwrap_or_else(|| "unknown".to_owned()));
}

/// The second word of `rustc 1.95.0 (59807616e 2026-04-14)`.
fn rust_version() -> Option<String> {
    let rustc = env::var_os("RUSTC")?;
    let output = Command::new(rustc).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.split_whitespace().nth(1).map(str::to_owned)
}
