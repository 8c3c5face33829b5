//! The real Prometheus scrapes over TLS, with a client certificate and a password; the real openssl tries old protocols.

use std::fs;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::harness::{Authority, Process, until, web_folder, write_secret};
use crate::prometheus::Prometheus;

/// An exporter behind a door with everything, that reads nothing: its only tweet is too old.
fn start() -> (Process, u16, TempDir, Authority) {
    let (folder, authority) = web_folder();
    let path = |name: &str| folder.path().join(name);
    let hash = bcrypt::hash("secret", 8).expect("hashed");
    let web = format!(
        "tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n  client_auth_type: RequireAndVerifyClientCert\n  \
         client_ca_file: ca.pem\n  client_allowed_sans: [prometheus]\nbasic_auth_users: {{ prometheus: {hash} }}\n"
    );
    write_secret(&path("web.yml"), &web);
    let text = "api: { url: \"http://127.0.0.1:9\", engagement_url: \"http://127.0.0.1:9\" }\naccounts:\n  - name: acme\n    \
                credentials: { bearer_token: \"${TOKEN}\" }\n    watch: { tweets: [20] }\n";
    fs::write(path("c.yml"), text).expect("written");
    let flag = |flag: &str, name: &str| format!("--{flag}={}", path(name).display());
    let arguments = [
        flag("config.file", "c.yml"),
        flag("state.path", "state"),
        flag("web.config.file", "web.yml"),
        "--web.listen-address=127.0.0.1:0".to_owned(),
    ];
    let process = Process::start(&arguments, &[("TOKEN".to_owned(), "AAAA".to_owned())]);
    let line = process.line("its address", |line| line.contains("msg=listening"));
    let port = line.trim().rsplit(':').next().expect("a port").parse().expect("a port");
    (process, port, folder, authority)
}

#[tokio::test]
async fn prometheus_scrapes_with_certificate_and_password() {
    let (_process, port, folder, authority) = start();
    let path = |name: &str| folder.path().join(name).display().to_string();
    for (name, client) in [("prometheus", authority.client("prometheus")), ("stranger", authority.client("stranger"))] {
        client.write(folder.path(), name);
    }
    let metrics = format!("https://127.0.0.1:{port}/metrics");
    for (name, password, up) in [("prometheus", "secret", 1.0), ("prometheus", "guess", 0.0), ("stranger", "secret", 0.0)] {
        let job = format!(
            "    tls_config: {{ ca_file: {}, cert_file: {}, key_file: {} }}\n    \
             basic_auth: {{ username: prometheus, password: {password} }}\n",
            path("ca.pem"),
            path(&format!("{name}.pem")),
            path(&format!("{name}.key"))
        );
        let prometheus = Prometheus::scraping_with(&metrics, &job);
        let found = until("a scrape", async || prometheus.query("up").await.first().map(|(_, value)| *value)).await;
        assert_eq!(found, up, "{name} {password}");
        let states = prometheus.query("tweet_state{account=\"acme\"}").await;
        assert_eq!(states.len(), if up > 0.0 { 1 } else { 0 });
    }
}

#[test]
fn openssl_finds_the_new_protocols_only() {
    let (_process, port, folder, authority) = start();
    authority.client("prometheus").write(folder.path(), "prometheus");
    let shakes_hands = |arguments: &[&str]| {
        let path = |name: &str| folder.path().join(name).display().to_string();
        let output = Command::new("openssl")
            .args(["s_client", "-brief", "-connect", &format!("127.0.0.1:{port}"), "-CAfile", &path("ca.pem")])
            .args(["-cert", &path("prometheus.pem"), "-key", &path("prometheus.key")])
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .expect("openssl is there");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.success() && text.contains("CONNECTION ESTABLISHED"), text)
    };
    for (arguments, expected) in [
        (&["-tls1_3"][..], true),
        (&["-tls1_2"], true),
        (&["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], false),
        (&["-tls1", "-cipher", "ALL:@SECLEVEL=0"], false),
        (&["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"], false),
        (&["-tls1_2", "-cipher", "AES128-GCM-SHA256:@SECLEVEL=0"], false),
    ] {
        let (shook, text) = shakes_hands(arguments);
        assert_eq!(shook, expected, "{arguments:?}\n{text}");
    }
}
