//! The exporter's HTTP side behind a door, with an empty page.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use reqwest::ClientBuilder;
use reqwest::tls::Certificate;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tweet_exporter::collector::{Handle, Snapshot};
use tweet_exporter::door::Door;
use tweet_exporter::net::{Limits, Listener};
use tweet_exporter::self_metrics::SelfMetrics;
use tweet_exporter::server::{self, Options};

use super::certificates::{Authority, Pair, write_secret};
use super::{PATIENCE, client};

/// A running HTTP side. Its folder has `web.yml`, `server.pem`, `server.key` and `ca.pem`.
pub(crate) struct Site {
    pub(crate) address: SocketAddr,
    pub(crate) authority: Authority,
    folder: TempDir,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

/// The TLS section that most tests need.
pub(crate) const TLS: &str = "tls_server_config: { cert_file: server.pem, key_file: server.key }\n";

/// A folder with certificates for a web configuration.
pub(crate) fn web_folder() -> (TempDir, Authority) {
    let (folder, authority) = (tempfile::tempdir().expect("a folder"), Authority::new());
    authority.server().write(folder.path(), "server");
    std::fs::write(folder.path().join("ca.pem"), authority.pem()).expect("written");
    (folder, authority)
}

impl Site {
    /// Serves by this web configuration.
    pub(crate) async fn start(web: &str) -> Self {
        Self::within(web, Limits::default()).await
    }

    /// The same, with these limits.
    pub(crate) async fn within(web: &str, limits: Limits) -> Self {
        let (folder, authority) = web_folder();
        write_secret(&folder.path().join("web.yml"), web);
        let (door, _) = Door::load(&folder.path().join("web.yml")).unwrap_or_else(|errors| panic!("{errors}"));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let (door, stop) = (Arc::new(door), CancellationToken::new());
        tokio::spawn(door.clone().follow(stop.clone()));
        let handle = Handle::background(Arc::new(ArcSwap::from_pointee(Snapshot::default())));
        let options = Options { limits, ..Options::default() };
        let serve = server::serve(vec![Listener::from(listener)], door, handle, SelfMetrics::new(), options, stop.clone());
        Self { address, authority, folder, stop, task: tokio::spawn(serve) }
    }

    /// Serves TLS and no more.
    pub(crate) async fn tls() -> Self {
        Self::start(TLS).await
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Replaces the web configuration.
    pub(crate) fn configure(&self, web: &str) {
        write_secret(&self.path("web.yml"), web);
    }

    /// A client that trusts the authority.
    pub(crate) fn client(&self) -> ClientBuilder {
        let authority = Certificate::from_pem(self.authority.pem().as_bytes()).expect("PEM");
        reqwest::Client::builder().no_proxy().timeout(PATIENCE).tls_certs_only([authority])
    }

    /// The same, with a certificate of its own.
    pub(crate) fn client_as(&self, pair: &Pair) -> reqwest::Client {
        self.client().identity(pair.identity()).build().expect("a client")
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("https://127.0.0.1:{}{path}", self.address.port())
    }

    /// Status of a plain request, logged in as this user if one is named.
    pub(crate) async fn status(&self, path: &str, login: Option<(&str, &str)>) -> u16 {
        let request = client().get(format!("http://{}{path}", self.address));
        let request = match login {
            Some((user, password)) => request.basic_auth(user, Some(password)),
            None => request,
        };
        request.send().await.expect("an answer").status().as_u16()
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("accepted")
    }

    /// Ends it; everything must be over soon.
    pub(crate) async fn end(self) {
        self.stop.cancel();
        tokio::time::timeout(PATIENCE + Duration::from_secs(10), self.task).await.expect("in time").expect("no panic");
    }
}
