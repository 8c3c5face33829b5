//! TLS by a web configuration: who is let in, in which version, under which certificate.

use std::fs;
use std::os::unix::fs::symlink;

use reqwest::Version;
use reqwest::tls::Version as Tls;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::harness::{Authority, Exporter, Site, TLS, until, web_folder, write_secret};

const HEALTHY: &str = "/-/healthy";

/// Whether somebody gets an answer.
async fn gets_in(client: &reqwest::Client, site: &Site) -> bool {
    client.get(site.url(HEALTHY)).send().await.is_ok_and(|answer| answer.status() == 200)
}

fn with(more: &str) -> String {
    format!("tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n{more}")
}

#[tokio::test]
async fn tls_speaks_http_2_unless_it_is_switched_off() {
    let site = Site::tls().await;
    let client = site.client().build().expect("a client");
    let answer = client.get(site.url("/metrics")).send().await.expect("an answer");
    assert_eq!((answer.status().as_u16(), answer.version()), (200, Version::HTTP_2));
    assert!(answer.text().await.expect("text").contains("tweet_exporter_build_info"));
    let old = site.client().http1_only().build().expect("a client");
    assert_eq!(old.get(site.url(HEALTHY)).send().await.expect("an answer").version(), Version::HTTP_11);
    let nothing = site.client().build().expect("a client").post(site.url("/metrics")).body("x").send().await.expect("an answer");
    assert_eq!(nothing.status(), 405);
    site.end().await;
    let site = Site::start(&format!("{TLS}http_server_config: {{ http2: false }}\n")).await;
    let answer = site.client().build().expect("a client").get(site.url(HEALTHY)).send().await.expect("an answer");
    assert_eq!((answer.status().as_u16(), answer.version()), (200, Version::HTTP_11));
    site.end().await;
}

#[tokio::test]
async fn versions_are_those_that_are_allowed() {
    for (web, old, new) in
        [(with(""), true, true), (with("  min_version: TLS13\n"), false, true), (with("  max_version: TLS12\n"), true, false)]
    {
        let site = Site::start(&web).await;
        let client = |version| site.client().tls_version_min(version).tls_version_max(version).build().expect("a client");
        assert_eq!(gets_in(&client(Tls::TLS_1_2), &site).await, old, "{web}");
        assert_eq!(gets_in(&client(Tls::TLS_1_3), &site).await, new, "{web}");
        site.end().await;
    }
}

#[tokio::test]
async fn suites_and_curves_are_those_that_are_chosen() {
    let web = with("  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]\n");
    let site = Site::start(&web).await;
    let old = site.client().tls_version_max(Tls::TLS_1_2).build().expect("a client");
    // The certificate has an ECDSA key: no suite of TLS 1.2 is left, those of 1.3 are not chosen here.
    assert!(!gets_in(&old, &site).await);
    assert!(gets_in(&site.client().build().expect("a client"), &site).await);
    site.end().await;
    let web = with("  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]\n  curve_preferences: [CurveP384]\n");
    let site = Site::start(&web).await;
    let old = site.client().tls_version_max(Tls::TLS_1_2).build().expect("a client");
    assert!(gets_in(&old, &site).await);
    assert!(gets_in(&site.client().build().expect("a client"), &site).await, "a second hello brings the other curve");
    site.end().await;
}

#[tokio::test]
async fn clients_are_asked_for_certificates_in_every_way() {
    // kind, without one, with a foreign one, with one of ours
    for (kind, none, foreign, ours) in [
        ("NoClientCert", true, true, true),
        ("RequestClientCert", true, true, true),
        ("RequireAnyClientCert", false, true, true),
        ("RequireClientCert", false, true, true),
        ("VerifyClientCertIfGiven", true, false, true),
        ("RequireAndVerifyClientCert", false, false, true),
    ] {
        let ca = if kind.contains("Verify") { "  client_ca_file: ca.pem\n" } else { "" };
        let site = Site::start(&with(&format!("  client_auth_type: {kind}\n{ca}"))).await;
        let stranger = Authority::new().client("scraper");
        for version in [Tls::TLS_1_2, Tls::TLS_1_3] {
            let client = || site.client().tls_version_min(version).tls_version_max(version);
            let found = [
                gets_in(&client().build().expect("a client"), &site).await,
                gets_in(&client().identity(stranger.identity()).build().expect("a client"), &site).await,
                gets_in(&client().identity(site.authority.client("a").identity()).build().expect("a client"), &site).await,
            ];
            assert_eq!(found, [none, foreign, ours], "{kind} {version:?}");
        }
        site.end().await;
    }
}

#[tokio::test]
async fn only_allowed_names_get_in_and_only_as_they_are_written() {
    let kind = "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n";
    for name in ["scraper", "scraper@example.org", "spiffe://example.org/scraper", "192.0.2.7"] {
        let site = Site::start(&with(&format!("{kind}  client_allowed_sans: [other, \"{name}\"]\n"))).await;
        assert!(gets_in(&site.client_as(&site.authority.client("scraper")), &site).await, "{name}");
        if name != "192.0.2.7" {
            assert!(!gets_in(&site.client_as(&site.authority.client("xscraper")), &site).await, "{name}");
        }
        let stranger = Authority::new().client("scraper");
        assert!(!gets_in(&site.client_as(&stranger), &site).await, "{name} of another authority");
        assert!(!gets_in(&site.client().build().expect("a client"), &site).await, "no certificate");
        site.end().await;
    }
}

#[tokio::test]
async fn a_new_certificate_is_taken_up_however_it_is_put_in_place() {
    let site = Site::tls().await;
    assert!(gets_in(&site.client().build().expect("a client"), &site).await);
    // Written over.
    let second = Authority::new();
    second.server().write(site.path("server.pem").parent().expect("a folder"), "server");
    let trusting = |authority: &Authority| {
        let authority = reqwest::tls::Certificate::from_pem(authority.pem().as_bytes()).expect("PEM");
        reqwest::Client::builder().no_proxy().tls_certs_only([authority]).build().expect("a client")
    };
    until("the second certificate", async || gets_in(&trusting(&second), &site).await.then_some(())).await;
    assert!(!gets_in(&site.client().build().expect("a client"), &site).await);
    // Kubernetes: the files are links through `..data`, which is swapped by renaming a link over it.
    let third = Authority::new();
    for (folder, authority) in [("first", &second), ("second", &third)] {
        fs::create_dir(site.path(folder)).expect("a folder");
        authority.server().write(&site.path(folder), "server");
    }
    symlink("first", site.path("..data")).expect("a link");
    for name in ["server.pem", "server.key"] {
        fs::remove_file(site.path(name)).expect("removed");
        symlink(format!("..data/{name}"), site.path(name)).expect("a link");
    }
    symlink("second", site.path("..tmp")).expect("a link");
    fs::rename(site.path("..tmp"), site.path("..data")).expect("swapped");
    until("the third certificate", async || gets_in(&trusting(&third), &site).await.then_some(())).await;
    site.end().await;
}

#[tokio::test]
async fn a_bad_file_keeps_what_was_and_a_good_one_heals() {
    let site = Site::tls().await;
    let client = || site.client().build().expect("a client");
    let key = fs::read_to_string(site.path("server.key")).expect("the key");
    // Wrong key; no TLS; nothing at all, as while somebody writes.
    fs::write(site.path("server.key"), Authority::new().server().key).expect("written");
    let marked = format!("{TLS}http_server_config: {{ headers: {{ X-Frame-Options: deny }} }}\n");
    for web in [marked.as_str(), "{}", ""] {
        site.configure(web);
        let since = std::time::Instant::now();
        until("some looks", async || {
            let answer = client().get(site.url(HEALTHY)).send().await.expect("the old certificate serves on");
            assert!(answer.headers().get("x-frame-options").is_none());
            (since.elapsed().as_millis() > 2_500).then_some(())
        })
        .await;
    }
    site.configure(&marked);
    fs::write(site.path("server.key"), key).expect("written");
    until("the mark", async || {
        let answer = client().get(site.url(HEALTHY)).send().await.expect("an answer");
        answer.headers().get("x-frame-options").map(|value| assert_eq!(value, "deny"))
    })
    .await;
    site.end().await;
}

#[tokio::test]
async fn what_a_bad_file_names_is_followed_until_it_is_good() {
    let (folder, authority) = web_folder();
    let configuration = "api: { url: \"http://127.0.0.1:9\" }\naccounts:\n  - name: acme\n    credentials: { bearer_token: \"${TOKEN}\" }\n    \
                         watch: { tweets: [20] }\n";
    fs::write(folder.path().join("tweet_exporter.yml"), configuration).expect("written");
    let web = folder.path().join("web.yml");
    write_secret(&web, TLS);
    let secrets = [("TOKEN".to_owned(), "AAAA".to_owned())];
    let exporter = Exporter::start_with(folder, &secrets, &[format!("--web.config.file={}", web.display())]);
    write_secret(&web, &TLS.replace("server.", "next."));
    exporter.process.line("the refusal", |line| line.contains("the web configuration has changed but cannot be used"));
    authority.server().write(exporter.folder.path(), "next");
    exporter.process.line("the new certificate", |line| line.contains("the web configuration was read again"));
}

/// Everything that the server says to these bytes until it closes.
async fn said_to(site: &Site, bytes: &[u8]) -> Vec<u8> {
    let mut stream = site.connect().await;
    stream.write_all(bytes).await.expect("open");
    let mut said = Vec::new();
    // A reset is an end, too.
    let _ = stream.read_to_end(&mut said).await;
    said
}

#[tokio::test]
async fn plain_http_and_old_protocols_are_told_and_closed() {
    let site = Site::tls().await;
    let said = said_to(&site, b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    let said = String::from_utf8(said).expect("text");
    assert!(said.starts_with("HTTP/1.0 400 ") && said.ends_with("HTTPS server\n"), "{said}");
    assert!(!said.contains("tweet_exporter"));
    // A hello of SSL 3, TLS 1.0 and 1.1 with one old suite: an alert, protocol_version (70) or handshake_failure (40).
    for minor in [0, 1, 2] {
        let body = [&[3, minor][..], &[7; 32], &[0, 0, 2, 0xc0, 0x13, 1, 0]].concat();
        let handshake = [&[1, 0, 0, u8::try_from(body.len()).expect("short")][..], &body].concat();
        let record = [&[22, 3, minor, 0, u8::try_from(handshake.len()).expect("short")][..], &handshake].concat();
        let said = said_to(&site, &record).await;
        assert!(said.is_empty() || (said[0] == 21 && [40, 47, 50, 70, 109].contains(&said[6])), "{minor}: {said:?}");
    }
    // Of SSL 2, and nonsense.
    for bytes in [&[0x80, 0x2e, 1, 0, 2, 0, 0x15, 0, 0, 0, 0x10, 1, 0, 0x80][..], &[0; 64], &[22, 3, 1, 0xff, 0xff, 1, 2, 3]] {
        let said = said_to(&site, bytes).await;
        assert!(said.is_empty() || said[0] == 21, "{said:?}");
    }
    assert!(gets_in(&site.client().build().expect("a client"), &site).await);
    site.end().await;
}
