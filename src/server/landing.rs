//! The page for people: where to go, and how the accounts are. It needs no script and lets none run.

use std::fmt::{self, Write};

use hyper::StatusCode;
use hyper::header::CONTENT_SECURITY_POLICY;

use crate::collector::{AccountSummary, Snapshot};
use crate::exposition::Pieces;
use crate::self_metrics::{REVISION, VERSION};
use crate::server::reply::{Reply, reply, with};

/// The page as the snapshot has it.
pub(super) fn page(snapshot: &Snapshot, telemetry_path: &str) -> Reply {
    let reply = reply(StatusCode::OK, "text/html; charset=utf-8", Pieces::one(html(snapshot, telemetry_path)));
    with(
        reply,
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    )
}

fn html(snapshot: &Snapshot, telemetry_path: &str) -> String {
    let path = Escaped(telemetry_path);
    let mut rows = String::new();
    for account in &snapshot.accounts {
        row(&mut rows, account).expect("writing to memory cannot fail");
    }
    let accounts = match rows.as_str() {
        "" => "<p>No account has been read yet.</p>\n".to_owned(),
        rows => format!(
            "<table>\n<thead><tr><th scope=\"col\">Account</th><th scope=\"col\">Tweets</th><th scope=\"col\">Problem</th></tr></thead>\n\
             <tbody>\n{rows}</tbody>\n</table>\n"
        ),
    };
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>tweet_exporter</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<h1>tweet_exporter</h1>\n\
         <p>Prometheus exporter for engagement on X (Twitter). Version {VERSION}, revision {REVISION}.</p>\n\
         <ul>\n<li><a href=\"{path}\">Metrics</a></li>\n<li><a href=\"/-/healthy\">Healthy</a></li>\n\
         <li><a href=\"/-/ready\">Ready</a></li>\n</ul>\n<h2>Accounts</h2>\n{accounts}</body>\n</html>\n"
    )
}

fn row(rows: &mut String, account: &AccountSummary) -> fmt::Result {
    let tweets: Vec<String> = account.tweets.iter().map(|(state, count)| format!("{count} {}", state.name())).collect();
    let tweets = if tweets.is_empty() { "none".to_owned() } else { tweets.join(", ") };
    let problem = account.problem.as_deref().unwrap_or("none");
    writeln!(rows, "<tr><th scope=\"row\">{}</th><td>{tweets}</td><td>{}</td></tr>", Escaped(&account.name), Escaped(problem))
}

const STYLE: &str = "body { font-family: sans-serif; margin: 2em auto; max-width: 60em; padding: 0 1em; }\n\
    table { border-collapse: collapse; }\n\
    th, td { border: 1px solid #999; padding: 0.3em 0.6em; text-align: left; vertical-align: top; }\n";

/// Foreign text inside an element or a quoted attribute.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|char| match char {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            char => f.write_char(char),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TweetState;

    #[test]
    fn accounts_are_shown_with_their_states_and_problems() {
        let accounts = vec![
            AccountSummary { name: "acme".into(), tweets: vec![(TweetState::Ok, 12), (TweetState::Pending, 3)], problem: None },
            AccountSummary { name: "<b>&\"'".into(), tweets: vec![], problem: Some("<script>alert(1)</script>".into()) },
        ];
        let html = html(&Snapshot { accounts, ..Snapshot::default() }, "/a\"b");
        assert!(html.contains("<tr><th scope=\"row\">acme</th><td>12 ok, 3 pending</td><td>none</td></tr>"), "{html}");
        assert!(
            html.contains("&lt;b&gt;&amp;&quot;&#39;</th><td>none</td><td>&lt;script&gt;alert(1)&lt;/script&gt;</td>"),
            "{html}"
        );
        assert!(html.contains("href=\"/a&quot;b\"") && html.contains(VERSION), "{html}");
        assert!(!html.contains("<script"));
    }
}
