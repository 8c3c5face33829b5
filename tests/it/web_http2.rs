//! Ill-mannered clients that speak HTTP/2: deaf, silent, or for ever changing their mind.

use std::sync::Arc;
use std::time::Duration;

use h2::Reason;
use h2::client::{Builder, SendRequest};
use hyper::Request;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tweet_exporter::net::Limits;

use crate::harness::{PATIENCE, Site, TLS};

/// A connection on which this protocol was agreed.
pub(crate) async fn tls(site: &Site, protocol: &str) -> TlsStream<TcpStream> {
    let authority = CertificateDer::from_pem_slice(site.authority.pem().as_bytes()).expect("PEM");
    let mut roots = rustls::RootCertStore::empty();
    roots.add(authority).expect("an authority");
    let mut config = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    let name = ServerName::try_from("localhost").expect("a name");
    let stream = TlsConnector::from(Arc::new(config)).connect(name, site.connect().await).await.expect("a handshake");
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(protocol.as_bytes()));
    stream
}

/// Speaks HTTP/2 with room for so many bytes of an answer; the task ends with the connection.
async fn speak(site: &Site, window: u32) -> (SendRequest<bytes::Bytes>, JoinHandle<()>) {
    let (requests, connection) =
        Builder::new().initial_window_size(window).handshake(tls(site, "h2").await).await.expect("a preface");
    let task = tokio::spawn(async move {
        let _ = connection.await;
    });
    (requests, task)
}

fn request() -> Request<()> {
    Request::get("https://localhost/metrics").body(()).expect("a request")
}

async fn ends(task: JoinHandle<()>) {
    tokio::time::timeout(PATIENCE, task).await.expect("the connection is cut").expect("no panic");
}

#[tokio::test]
async fn who_answers_pings_but_takes_no_answer_or_asks_nothing_is_cut() {
    let short = Duration::from_millis(300);
    let limits = Limits { first_byte: short, head: short, stalled_write: short, ..Limits::default() };
    let site = Site::within(TLS, limits).await;
    let (mut deaf, deaf_task) = speak(&site, 1).await;
    let (answer, _) = deaf.send_request(request(), true).expect("open");
    assert_eq!(answer.await.expect("a head").status(), 200);
    ends(deaf_task).await;
    let (_silent, silent_task) = speak(&site, 65_535).await;
    ends(silent_task).await;
    site.end().await;
}

#[tokio::test]
async fn requests_that_are_taken_back_at_once_keep_nobody_waiting() {
    let site = Site::tls().await;
    let (mut requests, task) = speak(&site, 65_535).await;
    for _ in 0..5_000 {
        // The server may have had enough.
        let Ok(mut ready) = requests.ready().await else { break };
        let Ok((_, mut stream)) = ready.send_request(request(), true) else { break };
        stream.send_reset(Reason::CANCEL);
        requests = ready;
    }
    let client = site.client().build().expect("a client");
    assert_eq!(client.get(site.url("/metrics")).send().await.expect("an answer").status(), 200);
    task.abort();
    site.end().await;
}
