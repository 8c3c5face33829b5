//! The same numbers behind the usual libraries of Python and Go, where the machine has them.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::kit::{SERIES, Scraper, median};
use crate::program::Program;
use crate::scrape::{Bench, seconds};

pub(crate) fn run() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers");
    let built = tempfile::tempdir().expect("a folder");
    let go = built.path().join("peer");
    // Debian's packages lie in a GOPATH of their own.
    let environment = [("GO111MODULE", "off"), ("GOPATH", "/usr/share/gocode"), ("GOFLAGS", "")];
    let compiled = Command::new("go").args(["build", "-o"]).arg(&go).arg(folder.join("peer.go")).envs(environment).status();
    println!(
        "\na gzip scrape against other libraries, in turn\n\n| series | library | ms | ours, ms | times ours |\n|---|---|---|---|---|"
    );
    for tweets in [33, 334, 3_334] {
        let mut python = Command::new("/usr/bin/python3");
        compare("Python prometheus_client", python.arg(folder.join("peer.py")), tweets);
        match &compiled {
            Ok(status) if status.success() => compare("Go client_golang", &mut Command::new(&go), tweets),
            _ => println!("| {} | Go client_golang | not on this machine | | |", tweets * SERIES),
        }
    }
}

fn compare(name: &str, command: &mut Command, tweets: usize) {
    let bench = Bench::new(tweets);
    let mut peer = Program::spawn(command.arg(tweets.to_string()).arg(SERIES.to_string()).stdout(Stdio::piped()));
    let port: u16 = peer.line().parse().unwrap_or_else(|_| panic!("{name} says no port; `make bench-peers` says what it needs"));
    let (mut theirs, mut ours) = (Scraper::new(([127, 0, 0, 1], port).into(), true), bench.scraper(true));
    let (mut their_times, mut our_times, mut ratios) = (vec![], vec![], vec![]);
    for _ in 0..5 {
        let our = median((0..20).map(|_| seconds(&mut ours)).collect());
        let their = median((0..3).map(|_| seconds(&mut theirs)).collect());
        their_times.push(their * 1e3);
        our_times.push(our * 1e3);
        ratios.push(their / our);
    }
    let (theirs, ours, ratio) = (median(their_times), median(our_times), median(ratios));
    println!("| {} | {name} | {theirs:.1} | {ours:.3} | {ratio:.0} |", tweets * SERIES);
}
