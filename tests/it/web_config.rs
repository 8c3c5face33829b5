//! Web configurations as a user writes them: what is wrong is said at its place, and all of it at once.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use tweet_exporter::config;
use tweet_exporter::door::Door;

use crate::harness::{Authority, Process, web_folder, write_secret};

const SOURCE: &str = env!("CARGO_MANIFEST_DIR");
const HASH: &str = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi";

/// Warnings, or errors, without the name of the file.
fn outcome(folder: &Path, web: &str) -> Result<String, String> {
    let file = folder.join("web.yml");
    write_secret(&file, web);
    let short = |text: String| text.replace(&format!("{}:", file.display()), "");
    let join = |lines: Vec<String>| short(lines.join("\n"));
    match Door::load(&file) {
        Ok((_, warnings)) => Ok(join(warnings.iter().map(ToString::to_string).collect())),
        Err(errors) => Err(short(errors.to_string())),
    }
}

fn tls(more: &str) -> String {
    format!("tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n{more}")
}

#[test]
fn what_is_wrong_is_said_at_its_place() {
    let (folder, _authority) = web_folder();
    let write = |name: &str, text: &str| write_secret(&folder.path().join(name), text);
    write("foreign.key", &Authority::new().server().key);
    write("rubbish.pem", "-----BEGIN CERTIFICATE-----\n*&%\n-----END CERTIFICATE-----\n");
    write("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    write("plain.txt", "hunter2");
    for (web, expected) in [
        ("", &["1:1: the file is empty"][..]),
        ("tls_config: {}", &["1:1: tls_config: unknown key; "]),
        ("tls_server_config: { cert_files: x }", &["tls_server_config.cert_files: unknown key; did you mean cert_file?"]),
        ("tls_server_config: { cert_file: server.pem }", &["tls_server_config.key_file: missing; TLS needs it"]),
        ("tls_server_config: { min_version: TLS13 }", &["cert_file: missing", "key_file: missing"]),
        (
            "tls_server_config:\n  cert_file: none\n  key_file: plain.txt\n",
            &["2:14: tls_server_config.cert_file: ", "3:13: tls_server_config.key_file: no PEM block of a private key"],
        ),
        (
            "tls_server_config:\n  cert_file: server.pem\n  key_file: foreign.key\n",
            &["3:13: tls_server_config.key_file: does not belong to cert_file"],
        ),
        (
            "tls_server_config:\n  cert_file: rubbish.pem\n  key_file: server.key\n",
            &["2:14: tls_server_config.cert_file: not PEM that can be read"],
        ),
        (
            "tls_server_config:\n  cert_file: broken.pem\n  key_file: server.key\n",
            &["2:14: tls_server_config.cert_file: the certificate cannot be used"],
        ),
        (&tls("  cert: |\n    -----BEGIN CERTIFICATE-----\n"), &["4:9: tls_server_config.cert: cert and cert_file say the same"]),
        (&tls("  min_version: TLS10\n"), &["4:16: tls_server_config.min_version: TLS 1.0 and 1.1 are broken"]),
        (&tls("  max_version: TLS11\n"), &["tls_server_config.max_version: TLS 1.0 and 1.1 are broken"]),
        (&tls("  min_version: TLS13\n  max_version: TLS12\n"), &["5:16: tls_server_config.max_version: below min_version"]),
        (&tls("  min_version: SSL3\n"), &["unknown word \"SSL3\"; "]),
        (
            &tls("  cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]\n"),
            &["cipher_suites[0]: unknown cipher suite \"TLS_RSA_WITH_RC4_128_SHA\"; "],
        ),
        (
            &tls("  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA]\n"),
            &["cipher_suites: this program has no cipher suite of this list"],
        ),
        (&tls("  curve_preferences: [CurveP521]\n"), &["curve_preferences: this program has no curve of this list"]),
        (&tls("  curve_preferences: [CurveP255]\n"), &["curve_preferences[0]: unknown curve \"CurveP255\""]),
        (
            &tls("  max_version: TLS12\n  curve_preferences: [X25519MLKEM768]\n"),
            &[
                "5:23: tls_server_config.curve_preferences: X25519MLKEM768 is for TLS 1.3 alone, and max_version is TLS12; add X25519",
            ],
        ),
        (
            &tls("  max_version: TLS12\n  cipher_suites: [TLS_AES_128_GCM_SHA256]\n"),
            &["5:19: tls_server_config.cipher_suites: of TLS 1.3 alone, and max_version is TLS12; add TLS_ECDHE_"],
        ),
        (&tls("  client_auth_type: Maybe\n"), &["client_auth_type: unknown word \"Maybe\""]),
        (
            &tls("  client_auth_type: RequireAndVerifyClientCert\n"),
            &["4:21: tls_server_config.client_auth_type: nothing to check certificates against"],
        ),
        (&tls("  client_ca_file: ca.pem\n"), &["client_ca_file: has no effect without client_auth_type"]),
        (&tls("  client_allowed_sans: [a]\n"), &["client_allowed_sans: needs client_auth_type"]),
        (&tls("  client_auth_type: RequireAnyClientCert\n  client_allowed_sans: []\n"), &["an empty list lets nobody in"]),
        (
            &tls("  client_auth_type: VerifyClientCertIfGiven\n  client_ca_file: broken.pem\n"),
            &["client_ca_file: a certificate cannot be used as an authority"],
        ),
        (&tls("  prefer_server_cipher_suites: 1\n"), &["expected true or false, found a number"]),
        ("http_server_config: { http2: yEs }", &["http2: expected true or false, found a text"]),
        ("http_server_config: { http2: yes please }", &["http2: expected true or false, found a text"]),
        (
            "http_server_config: { headers: { X-Powered-By: a } }",
            &["X-Powered-By: unknown key; known here: Content-Security-Policy"],
        ),
        ("http_server_config: { headers: { X-Frame-Options: allow } }", &["unknown word \"allow\"; write deny or sameorigin"]),
        ("http_server_config: { headers: { X-XSS-Protection: \"1\\n2\" } }", &["not the value of a header"]),
        ("basic_auth_users: { alice: hunter2 }", &["basic_auth_users.alice: not a bcrypt hash"]),
        ("basic_auth_users: { alice: }", &["basic_auth_users.alice: not a bcrypt hash"]),
        ("basic_auth_users: { \"alice:hunter2\": x }", &["basic_auth_users: not a user name, not shown"]),
        (&format!("basic_auth_users: {{ alice: {} }}", HASH.replace("$10$", "$20$")), &["bcrypt's cost is 20"]),
        (&format!("basic_auth_users: {{ alice: {} }}", HASH.replace("$10$", "$03$")), &["bcrypt's cost is 3"]),
        (&format!("basic_auth_users:\n  a: {HASH}\n  a: {HASH}\n"), &["3:3: basic_auth_users.a: the key is repeated"]),
        ("rate_limit: { interval: 1s }", &["rate_limit.burst: missing; "]),
        (
            "rate_limit:\n  interval: 1s\n  burst: 0\n",
            &["3:10: rate_limit.burst: must be at least 1, got 0: with none no request is answered"],
        ),
        ("rate_limit: { interval: 5, burst: 1 }", &["interval: \"5\" has no unit"]),
        ("rate_limit: { interval: 1d, burst: -1 }", &["interval: \"1d\" is no duration", "burst: \"-1\" does not fit"]),
        (
            "basic_auth_users: { a: x }\nrate_limit: { interval: x }\nfoo: 1",
            &["basic_auth_users.a", "rate_limit.interval", "foo: unknown key"],
        ),
    ] {
        let said = outcome(folder.path(), web).expect_err(web);
        for text in expected {
            assert!(said.contains(text), "{web}\nexpected {text}\nbut it said\n{said}");
        }
        assert_eq!(said.lines().count(), expected.len(), "{web}\n{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[test]
fn what_works_loads_and_what_deserves_a_look_is_said() {
    let (folder, _authority) = web_folder();
    let (cert, key) = ("server.pem", "server.key");
    let indent = |name: &str| {
        let text = fs::read_to_string(folder.path().join(name)).expect("PEM");
        text.lines().map(|line| format!("\n    {line}")).collect::<String>()
    };
    let inline = format!("tls_server_config:\n  cert: |{}\n  key: |{}\n", indent(cert), indent(key));
    let everything = tls(
        "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n  client_allowed_sans: [a]\n  \
         min_version: TLS12\n  max_version: TLS13\n  prefer_server_cipher_suites: false\n  client_ca: ''\n  \
         cipher_suites: [TLS_AES_128_GCM_SHA256, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]\n  curve_preferences: [X25519, CurveP256]\n",
    );
    let secured = format!("{}basic_auth_users: {{ alice: {HASH} }}\n", tls(""));
    for (web, warnings) in [
        ("{}", &[][..]),
        ("tls_server_config: {}", &[]),
        ("tls_server_config:\nhttp_server_config:\nbasic_auth_users:\nrate_limit:\n", &[]),
        (&inline, &[]),
        (&everything, &[]),
        (&secured, &[]),
        ("rate_limit: { interval: 0 }", &[]),
        (&tls("  max_version: TLS12\n  curve_preferences: [X25519MLKEM768, CurveP256]\n"), &[]),
        (&tls("  min_version: TLS13\n  curve_preferences: [X25519MLKEM768]\n"), &[]),
        (&tls("  prefer_server_cipher_suites: no\nhttp_server_config: { http2: Off }\n"), &[]),
        ("rate_limit: { interval: 0, burst: 0 }", &[]),
        ("rate_limit: { interval: 1.5s, burst: 3 }", &[]),
        (&format!("basic_auth_users: {{ alice: {HASH} }}"), &["without TLS the passwords travel readable"]),
        (
            &tls("  client_auth_type: RequireAnyClientCert\n"),
            &["4:21: tls_server_config.client_auth_type: lets in clients with any"],
        ),
        (&tls("  curve_preferences: [CurveP521, X25519]\n"), &["curve_preferences[0]: not in this program; it is left out"]),
        (
            &tls("  cipher_suites:\n  - TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA\n  - TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256\n"),
            &["5:5: tls_server_config.cipher_suites[0]: not in this program"],
        ),
    ] {
        let said = outcome(folder.path(), web).unwrap_or_else(|errors| panic!("{web}\n{errors}"));
        assert_eq!(said.lines().count(), warnings.len(), "{web}\n{said}");
        warnings.iter().for_each(|text| assert!(said.contains(text), "{web}\n{said}"));
    }
}

/// As yaml.v2 has them, which reads the toolkit's files.
#[test]
fn every_spelling_of_true_and_false_is_known_here() {
    let (folder, _authority) = web_folder();
    for (words, expected) in [
        (["y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"], true),
        (["n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE"], false),
    ] {
        for word in words {
            let file = folder.path().join("web.yml");
            write_secret(&file, &format!("http_server_config: {{ http2: {word} }}\n"));
            let web = config::load_web(&file).unwrap_or_else(|errors| panic!("{word}: {errors}"));
            assert_eq!(web.config.http2, expected, "{word}");
        }
    }
}

#[test]
fn the_example_loads_and_shows_every_key() {
    let (folder, _authority) = web_folder();
    let text = fs::read_to_string(Path::new(SOURCE).join("examples/web-config.yml")).expect("the example");
    assert_eq!(outcome(folder.path(), &text), Ok(String::new()));
    for key in config::known_web_keys() {
        let name = key.rsplit('.').next().expect("a key has a name");
        assert!(text.contains(&format!("{name}:")), "{key} is missing");
    }
}

#[test]
fn the_documentation_names_every_key_and_no_other() {
    let text = fs::read_to_string(Path::new(SOURCE).join("docs/web-configuration.md")).expect("the document");
    let first_cell = |line: &str| line.strip_prefix("| `")?.split_once("` |").map(|(key, _)| key.to_owned());
    let documented: BTreeSet<_> = text.lines().filter_map(first_cell).collect();
    let known: BTreeSet<_> = config::known_web_keys().into_iter().collect();
    assert_eq!(documented, known);
}

#[test]
fn a_bad_web_configuration_ends_with_2_and_stands_beside_the_other_errors() {
    let (folder, _authority) = web_folder();
    let web = folder.path().join("web.yml");
    write_secret(&web, "tls_server_config: { cert_file: server.pem }\nbogus: 1\n");
    let bad = folder.path().join("c.yml");
    fs::write(&bad, "mode: sideways\naccounts: []\n").expect("written");
    let minimal = format!("--config.file={SOURCE}/examples/minimal.yml");
    let token = [("X_BEARER_TOKEN".to_owned(), "AAAA".to_owned())];
    let web_flag = format!("--web.config.file={}", web.display());
    for command in ["check", "serve"] {
        let (code, output) = Process::run(&[command, &minimal, &web_flag], &token);
        assert_eq!(code, 2, "{output}");
        assert!(output.contains("web.yml:1:") && output.contains("key_file: missing") && output.contains("bogus"), "{output}");
        let (code, output) = Process::run(&[command, &format!("--config.file={}", bad.display()), &web_flag], &token);
        assert_eq!(code, 2, "{output}");
        assert!(output.contains("c.yml:1:7: mode") && output.contains("web.yml:2:1: bogus"), "{output}");
    }
    write_secret(&web, &tls(""));
    let (code, output) = Process::run(&["check", &minimal, &web_flag], &token);
    assert_eq!(code, 0, "{output}");
    assert!(output.contains("web.yml is fine"), "{output}");
    let (code, output) = Process::run(&["check", &minimal, "--web.config.file=/nowhere/web.yml"], &token);
    assert_eq!(code, 2);
    assert!(output.contains("/nowhere/web.yml: the file does not exist"), "{output}");
}
