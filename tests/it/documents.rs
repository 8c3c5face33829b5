//! The generated documents are what the program says of itself. `make golden` writes them anew.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use tweet_exporter::model::{Family, Metric, TweetState};
use tweet_exporter::self_metrics::SelfMetrics;

fn check(name: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    if std::env::var_os("GOLDEN").is_some() {
        fs::write(&path, expected).expect("docs is writable");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "docs/{name} is not what the program says of itself; run `make golden` and read the diff");
}

#[test]
fn the_reference_of_metrics_is_true() {
    let mut text = String::from("# Metrics\n\nGenerated from the program by `make golden`; do not edit.\n\n## About tweets\n\n");
    text.push_str("All are gauges. A series exists only if X sent the number: absent is not zero.\n\n| family | labels | meaning |\n|---|---|---|\n");
    for family in Family::ALL {
        writeln!(text, "| `{}` | `{}` | {} |", family.name(), family.labels(), family.help()).expect("a String takes everything");
    }
    text.push_str(
        "\n`tweet_info` carries the user's own labels besides; `username` and `media_type` are absent where nothing is known.\n",
    );
    text.push_str("\n### Values of `metric`\n\n| metric | meaning |\n|---|---|\n");
    for metric in Metric::ALL {
        writeln!(text, "| `{}` | {} |", metric.name(), metric.meaning()).expect("a String takes everything");
    }
    let states: Vec<String> = TweetState::ALL.iter().map(|state| format!("`{}`", state.name())).collect();
    writeln!(text, "\n### Values of `state`\n\n{}", states.join(" ")).expect("a String takes everything");
    text.push_str("\n## About the exporter\n\n| family | type | meaning |\n|---|---|---|\n");
    text.push_str(&own_families());
    check("metrics.md", &text);
}

/// The exporter's own families, from a page on which everything has happened once.
fn own_families() -> String {
    let metrics = SelfMetrics::new();
    super::self_metrics_sample::touch_everything(&metrics);
    let mut page = String::new();
    for registry in [metrics.process_registry(), metrics.registry(), metrics.live_registry()] {
        prometheus_client::encoding::text::encode_registry(&mut page, registry).expect("a String takes everything");
    }
    let mut rows = String::new();
    let mut help = "";
    for line in page.lines() {
        if let Some((_, text)) = line.strip_prefix("# HELP ").and_then(|rest| rest.split_once(' ')) {
            help = text;
        } else if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' ')) {
            let suffix = if kind == "counter" { "_total" } else { "" };
            writeln!(rows, "| `{name}{suffix}` | {kind} | {help} |").expect("a String takes everything");
        }
    }
    rows
}

#[test]
fn the_reference_of_flags_is_true() {
    let mut command = tweet_exporter::commands::command().term_width(100);
    command.build();
    let mut text = String::from("# Command line\n\nGenerated from the program by `make golden`; do not edit.\n");
    let mut write = |command: &mut clap::Command| {
        let name = command.get_bin_name().unwrap_or("tweet_exporter").to_owned();
        let help = command.render_long_help().to_string();
        let help: Vec<&str> = help.lines().map(str::trim_end).collect();
        writeln!(text, "\n## {name}\n\n```\n{}\n```", help.join("\n").trim()).expect("a String takes everything");
    };
    write(&mut command);
    command.get_subcommands_mut().for_each(&mut write);
    text.push_str("\nExit codes: 0 fine, 1 failed, 2 wrong use or bad configuration.\n");
    check("command-line.md", &text);
}
