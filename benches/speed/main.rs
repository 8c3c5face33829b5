//! What the exporter costs, as ratios to peers that run in turn with it: `make bench`. A name such as `page` runs one part.

mod decode;
mod kit;
mod memory;
mod page;
mod peers;
mod program;
mod refresh;
mod scrape;
mod x;

use std::env;
use std::process::Command;

fn main() {
    let asked: Vec<String> = env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let wants = |part: &str| asked.is_empty() || asked.iter().any(|asked| asked == part);
    if asked.iter().any(|asked| asked == ALONE) {
        return memory::run();
    }
    if wants("page") {
        page::run();
    }
    if wants("scrape") {
        scrape::run();
    }
    if wants("refresh") {
        refresh::run();
    }
    if wants("decode") {
        decode::run();
    }
    // Only by name: they need other languages.
    if asked.iter().any(|asked| asked == "peers") {
        peers::run();
    }
    if wants("memory") {
        // In a process of its own: what the others left behind would be counted.
        let this = env::current_exe().expect("the system knows what it runs");
        let done = Command::new(this).arg(ALONE).status().expect("it runs again");
        assert!(done.success(), "the memory bench failed");
        memory::whole();
    }
}

const ALONE: &str = "memory-alone";
