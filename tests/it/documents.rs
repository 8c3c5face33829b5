//! The generated documents are what the program says of itself. `make golden` writes them anew.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use tweet_exporter::model::{Bucketed, Family, Metric, TweetState};
use tweet_exporter::self_metrics::SelfMetrics;

/// Holds the file of this name against what is expected, or writes it anew.
fn check(name: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("GOLDEN").is_some() {
        fs::write(&path, expected).expect("the folder is there and writable");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "{name} is not what the program says of itself; run `make golden` and read the diff");
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
    writeln!(
        text,
        "\nFiles of `tweet_exporter backfill` have one family more, see [backfill.md](backfill.md):\n\n| family | labels | meaning |\n|---|---|---|\n| `{}` | `{}` | {} |",
        Bucketed::NAME,
        Bucketed::LABELS,
        Bucketed::HELP
    )
    .expect("a String takes everything");
    text.push_str("\n### Values of `metric`\n\n| metric | meaning |\n|---|---|\n");
    for metric in Metric::ALL {
        writeln!(text, "| `{}` | {} |", metric.name(), metric.meaning()).expect("a String takes everything");
    }
    let states: Vec<String> = TweetState::ALL.iter().map(|state| format!("`{}`", state.name())).collect();
    writeln!(text, "\n### Values of `state`\n\n{}", states.join(" ")).expect("a String takes everything");
    text.push_str("\n## About the exporter\n\n| family | type | meaning |\n|---|---|---|\n");
    text.push_str(&own_families());
    check("docs/metrics.md", &text);
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
    check("docs/command-line.md", &text);
}

/// The command line without what differs from build to build.
fn command() -> clap::Command {
    let mut command = tweet_exporter::commands::command().version(env!("CARGO_PKG_VERSION"));
    command.build();
    command
}

const END_OF_MAN_PAGES: &str = r".SH EXIT STATUS
0 fine; 1 failed, for \fBplan\fR also: over \fB\-\-max\-usd\-per\-month\fR; 2 wrong use or bad configuration.
.SH SEE ALSO
\fBpromtool\fR(1), \fBprometheus\fR(1)
";

fn man_page(command: &clap::Command) -> String {
    let mut page = Vec::new();
    let title = command.get_bin_name().unwrap_or(command.get_name()).replace(' ', "-");
    let source = concat!("tweet_exporter ", env!("CARGO_PKG_VERSION"));
    let man = clap_mangen::Man::new(command.clone()).title(title).source(source).manual("Prometheus exporters");
    man.render(&mut page).expect("a Vec takes everything");
    page.extend_from_slice(END_OF_MAN_PAGES.as_bytes());
    String::from_utf8(page).expect("the pages are UTF-8")
}

#[test]
fn the_manual_is_true() {
    let command = command();
    check("docs/man/tweet_exporter.1", &man_page(&command));
    for command in command.get_subcommands() {
        check(&format!("docs/man/tweet_exporter-{}.1", command.get_name()), &man_page(command));
    }
}

#[test]
fn the_completions_are_true() {
    use clap_complete::Shell::{Bash, Fish, Zsh};
    for (shell, name) in [(Bash, "tweet_exporter.bash"), (Zsh, "_tweet_exporter"), (Fish, "tweet_exporter.fish")] {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut command(), "tweet_exporter", &mut script);
        let script = String::from_utf8(script).expect("the scripts are UTF-8");
        let script = match shell {
            Bash => for_bash(&script),
            Fish => for_fish(&script),
            _ => script,
        };
        check(&format!("deploy/completions/{name}"), &script);
    }
}

/// bash parts words at =, so that `--flag=value` comes as three, of which clap's script knows nothing.
fn for_bash(script: &str) -> String {
    const BEFORE: &str = "    prev=\"$3\"\n";
    let (head, tail) = script.split_once(BEFORE).expect("clap's script has this line");
    let of_three_words = concat!(
        "    # --flag=value comes as three words.\n",
        "    if [[ \"${COMP_WORDS[COMP_CWORD]}\" == \"=\" ]]; then\n",
        "        cur=\"\"\n",
        "        prev=\"${COMP_WORDS[COMP_CWORD-1]}\"\n",
        "    elif [[ \"${prev}\" == \"=\" ]]; then\n",
        "        prev=\"${COMP_WORDS[COMP_CWORD-2]}\"\n",
        "    fi\n",
    );
    format!("{head}{BEFORE}{of_three_words}{tail}")
}

#[test]
fn bash_completes_values_behind_a_blank_and_behind_an_equals_sign() {
    let mut script = Vec::new();
    clap_complete::generate(clap_complete::Shell::Bash, &mut command(), "tweet_exporter", &mut script);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("tweet_exporter.bash");
    std::fs::write(&file, for_bash(&String::from_utf8(script).expect("UTF-8"))).expect("room");
    let script = file.display();
    // What bash calls the function with: the program, the word, the one before it.
    let ask = |words: &[&str], word: &str, before: &str| {
        let text = format!(
            "source '{script}'; COMP_WORDS=(tweet_exporter {}); COMP_CWORD={}; _tweet_exporter tweet_exporter '{word}' '{before}'; \
             echo \"${{COMPREPLY[@]}}\"",
            words.join(" "),
            words.len()
        );
        let output = std::process::Command::new("bash").args(["--norc", "-c", &text]).output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    for (words, word, before, expected) in [
        (&["--log.level", "de"][..], "de", "--log.level", "debug"),
        (&["--log.level", "=", "de"], "de", "=", "debug"),
        (&["--log.level", "="], "", "--log.level", "debug info warn error"),
        (&["serve", "--log.format", "=", "j"], "j", "=", "json"),
        (&["plan", "--format", "="], "=", "--format", "table json"),
        (&["ser"], "ser", "tweet_exporter", "serve"),
    ] {
        let Some(completed) = ask(words, word, before) else { return };
        assert_eq!(completed, expected, "{words:?}");
    }
}

/// clap's script asks fish's `argparse` which command is on the line, and that refuses flags with a dot in their names. Ours looks for
/// the command itself.
fn for_fish(script: &str) -> String {
    const NEXT: &str = "function __fish_tweet_exporter_using_subcommand";
    let (_, rest) = script.split_once(NEXT).expect("clap's script has this function");
    let command = command();
    let commands: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
    format!(
        "# The command on the line, if there is one already.\n\
         function __fish_tweet_exporter_needs_command\n    \
         set -l words (commandline -opc)\n    \
         set -e words[1]\n    \
         for word in $words\n        \
         if contains -- $word {}\n            \
         echo $word\n            \
         return 1\n        \
         end\n    \
         end\n    \
         return 0\n\
         end\n\n{NEXT}{rest}",
        commands.join(" ")
    )
}
