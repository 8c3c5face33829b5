//! Where the exporter listens: several addresses, Unix sockets, systemd's sockets.

use std::fs;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::Stdio;

use tempfile::TempDir;

use crate::harness::Process;

/// A configuration that reads nothing: its only tweet is too old.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "api: { url: \"http://127.0.0.1:9\", engagement_url: \"http://127.0.0.1:9\" }\naccounts:\n  - name: acme\n    \
                credentials: { bearer_token: \"${TOKEN}\" }\n    watch: { tweets: [20] }\n";
    fs::write(folder.path().join("tweet_exporter.yml"), text).expect("written");
    folder
}

fn arguments(folder: &Path, more: &[&str]) -> Vec<String> {
    let file = folder.join("tweet_exporter.yml");
    let state = folder.join("state");
    let common = [format!("--config.file={}", file.display()), format!("--state.path={}", state.display())];
    common.into_iter().chain(more.iter().map(|argument| (*argument).to_owned())).collect()
}

fn token() -> Vec<(String, String)> {
    vec![("TOKEN".to_owned(), "AAAA".to_owned())]
}

fn start(folder: &Path, more: &[&str]) -> Process {
    Process::start(&arguments(folder, more), &token())
}

/// The answer to a request over this stream.
fn ask(mut stream: impl std::io::Read + std::io::Write) -> String {
    stream.write_all(b"GET /-/healthy HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").expect("open");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("an answer");
    text
}

#[test]
fn a_unix_socket_is_made_for_the_group_and_removed_at_the_end() {
    let folder = folder();
    let path = folder.path().join("x.sock");
    // What a crash leaves behind.
    drop(UnixListener::bind(&path).expect("bound"));
    let unix = format!("--web.listen-address=unix:{}", path.display());
    let mut process = start(folder.path(), &[&unix, "--web.listen-address=127.0.0.1:0"]);
    let line = process.line("the port", |line| line.contains("address=127.0.0.1:"));
    let port = line.rsplit("address=").next().expect("an address").trim().to_owned();
    assert!(ask(std::net::TcpStream::connect(port).expect("connected")).contains("200 OK"));
    assert!(ask(UnixStream::connect(&path).expect("connected")).contains("200 OK"));
    let metadata = fs::metadata(&path).expect("there");
    assert!(metadata.file_type().is_socket());
    assert_eq!(metadata.permissions().mode() & 0o777, 0o660);
    process.signal("TERM");
    assert_eq!(process.end().code(), Some(0));
    assert!(!path.exists(), "removed");
}

#[test]
fn a_socket_in_use_and_a_file_are_left_alone() {
    let folder = folder();
    let (used, file) = (folder.path().join("used.sock"), folder.path().join("file"));
    let _owner = UnixListener::bind(&used).expect("bound");
    fs::write(&file, "precious").expect("written");
    for (path, says) in [(&used, "somebody listens"), (&file, "no socket")] {
        let mut process = start(folder.path(), &[&format!("--web.listen-address=unix:{}", path.display())]);
        assert_eq!(process.end().code(), Some(1));
        process.line("why", |line| line.contains(says));
        assert!(path.exists());
    }
    assert_eq!(fs::read_to_string(&file).expect("there"), "precious");
    UnixStream::connect(&used).expect("its owner still listens");
}

/// The shell moves the socket from its standard input to where systemd would put it.
const AS_SYSTEMD: &str = "exec 3<&0 0</dev/null; export LISTEN_FDS=1 LISTEN_PID=$$";

#[test]
fn systemd_passes_its_sockets() {
    let folder = folder();
    let (tcp, path) = (TcpListener::bind("127.0.0.1:0").expect("a free port"), folder.path().join("systemd.sock"));
    let address = tcp.local_addr().expect("bound");
    let unix = UnixListener::bind(&path).expect("bound");
    for socket in [OwnedFd::from(tcp), OwnedFd::from(unix)] {
        let arguments = arguments(folder.path(), &["--web.systemd-socket"]);
        let mut process = Process::start_under(AS_SYSTEMD, Stdio::from(socket), &arguments, &token());
        let line = process.line("its address", |line| line.contains("msg=listening"));
        let answer = match line.contains("unix:") {
            true => ask(UnixStream::connect(&path).expect("connected")),
            false => ask(std::net::TcpStream::connect(address).expect("connected")),
        };
        assert!(answer.contains("200 OK"), "{answer}");
        process.signal("TERM");
        assert_eq!(process.end().code(), Some(0));
    }
    assert!(path.exists(), "it is systemd's");
}

#[test]
fn without_a_socket_of_systemd_it_does_not_start() {
    let folder = folder();
    let mut process = start(folder.path(), &["--web.systemd-socket"]);
    assert_eq!(process.end().code(), Some(1));
    process.line("why", |line| line.contains("systemd has passed no socket"));
}
