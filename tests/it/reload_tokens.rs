//! Secrets and tokens across reloads: a rotated secret is taken by itself, a token file has one owner in the process.

use std::fs;
use std::path::Path;

use crate::harness::{Account, Exporter, Process, Simulator, TokenServer, until};

const TOKEN: &str = "/2/oauth2/token";

fn write_tokens(file: &Path, access: &str, refresh: &str, expires_at: &str) {
    let text = format!(r#"{{"access_token":"{access}","refresh_token":"{refresh}","expires_at":"{expires_at}","scope":""}}"#);
    fs::write(file, text).expect("written");
}

fn account(name: &str, file: &Path) -> String {
    format!(
        "  - name: {name}\n    username: acme\n    credentials: {{ oauth2: {{ client_id: id, token_file: \"{}\" }} }}\n    \
         sources: [{{ api: lookup, groups: [public] }}]\n    watch: {{ tweets: [\"2000000000000000001\"] }}\n",
        file.display()
    )
}

fn configuration(server: &TokenServer, accounts: &[String]) -> String {
    let top = "mode: on_scrape\nmin_age: 1s\ntiers: [{ younger_than: 20000d, every: 1s }]";
    format!("api: {{ url: \"{}\", timeout: 5s }}\n{top}\naccounts:\n{}", server.url, accounts.concat())
}

#[tokio::test]
async fn a_rotated_secret_is_taken_while_the_configuration_is_half_written() {
    let simulator = Simulator::start();
    let steady = simulator.tweet("acme", "steady").await;
    let secrets = simulator.secrets();
    let token = &secrets.iter().find(|(name, _)| name == "ACME_BEARER_TOKEN").expect("a token").1;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("acme.bearer");
    fs::write(&file, "an-old-token\n").expect("written");
    let lines = format!("    username: acme\n    credentials: {{ bearer_token_file: \"{}\" }}", file.display());
    let text = simulator.configuration("", &[Account { name: "acme", lines: &lines, tweets: vec![steady.clone()] }]);
    let exporter = Exporter::start(&text, &[]);
    let ok = ("tweet_exporter_credential_ok", [("credential", "bearer")]);
    until("the refusal", async || (exporter.scrape().await.value(ok.0, &ok.1) == Some(0.0)).then_some(())).await;
    exporter.write("accounts: [");
    fs::write(&file, "").expect("written");
    exporter.process.line("the refusal of an empty secret", |line| line.contains("changed secrets cannot be used"));
    assert_eq!(exporter.scrape().await.value("tweet_exporter_config_last_reload_successful", &[]), Some(0.0));
    fs::write(&file, token).expect("written");
    until("numbers", async || (exporter.scrape().await.state(&steady) == "ok").then_some(())).await;
    let page = exporter.scrape().await;
    assert_eq!(page.value(ok.0, &ok.1), Some(1.0));
    assert_eq!(page.value("tweet_exporter_config_last_reload_successful", &[]), Some(1.0), "nobody asked for the half file");
    assert!(!exporter.process.output().contains(token.as_str()));
}

#[tokio::test]
async fn a_token_file_is_handed_over_and_given_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, other) = (folder.path().join("acme.token.json"), folder.path().join("other.token.json"));
    write_tokens(&file, "at-0", "rt-0", "2001-01-01T00:00:00Z");
    write_tokens(&other, "at-x", "rt-x", "2001-01-01T00:00:00Z");
    let server = TokenServer::start(file.clone());
    let exporter = Exporter::start(&configuration(&server, &[account("acme", &file)]), &[]);
    assert_eq!(exporter.scrape().await.sum("tweet_state", &[("state", "ok")]), 1.0);
    for name in ["acme", "renamed", "acme"] {
        exporter.reload_with(&configuration(&server, &[account(name, &file)])).await;
        let page = exporter.refresh().await;
        assert_eq!(page.sum("tweet_state", &[("state", "ok"), ("account", name)]), 1.0, "{name}");
        assert!(page.value("tweet_exporter_token_expiry_timestamp_seconds", &[("account", name)]).is_some());
    }
    assert_eq!(server.asked(TOKEN).len(), 1, "one renewal for all of them");
    let text = configuration(&server, &[account("acme", &file)]);
    fs::write(folder.path().join("second.yml"), text).expect("written");
    let second = ["config.file=second.yml", "state.path=state"].map(|flag| {
        let (name, path) = flag.split_once('=').expect("both");
        format!("--{name}={}", folder.path().join(path).display())
    });
    let listen = "--web.listen-address=127.0.0.1:0";
    let (code, output) = Process::run(&[&second[0], &second[1], listen], &[]);
    assert_eq!(code, 1, "{output}");
    exporter.reload_with(&configuration(&server, &[account("other", &other)])).await;
    assert!(!exporter.get("/metrics").await.1.contains("account=\"acme\""));
    let free = Process::start(&[second[0].clone(), second[1].clone(), listen.to_owned()], &[]);
    free.line("its address, for the file is free", |line| line.contains("msg=listening"));
    exporter.write(&configuration(&server, &[account("other", &other), account("acme", &file)]));
    let (status, text) = exporter.reload().await;
    assert_eq!(status, 500);
    assert!(text.contains("in use by another exporter"), "{text}");
    let page = exporter.get("/metrics").await.1;
    assert!(!page.contains("account=\"acme\"") && page.contains("account=\"other\""), "{page}");
}
