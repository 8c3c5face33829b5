//! A stand-in for X: over TLS, by HTTP/2 where the client wants it, it answers lookups of any tweets with every group of numbers, and
//! counts who calls. The simulator keeps X's limits, under which a refresh of 100,000 tweets takes a quarter of an hour.

use std::convert::Infallible;
use std::fmt::Write;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper::{Request, Response, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

/// Numbers of a tweet in its answers: 8 in all, 6 organic ones, 6 of its video, 6 organic ones of that.
pub(crate) const NUMBERS: usize = 26;

/// The server, gone when dropped.
pub(crate) struct X {
    /// Where it is.
    pub(crate) url: String,
    /// Whom to trust, PEM.
    pub(crate) certificate: String,
    pub(crate) seen: Arc<Seen>,
    _runtime: Runtime,
}

/// Who has called.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) connections: AtomicU64,
    pub(crate) requests: AtomicU64,
    pub(crate) over_http2: AtomicU64,
}

impl X {
    pub(crate) fn start() -> Self {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).expect("a certificate");
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).expect("a key");
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![cert.der().clone()], key);
        let mut config = config.expect("they belong together");
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a thread");
        let listener = runtime.block_on(TcpListener::bind((IpAddr::from([127, 0, 0, 1]), 0))).expect("a free port");
        let url = format!("https://{}", listener.local_addr().expect("bound"));
        let (acceptor, seen) = (TlsAcceptor::from(Arc::new(config)), Arc::<Seen>::default());
        let counted = seen.clone();
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.connections.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(serve(stream, acceptor.clone(), counted.clone()));
            }
        });
        Self { url, certificate: cert.pem(), seen, _runtime: runtime }
    }
}

async fn serve(stream: TcpStream, acceptor: TlsAcceptor, seen: Arc<Seen>) {
    stream.set_nodelay(true).expect("a TCP stream");
    let Ok(stream) = acceptor.accept(stream).await else { return };
    let chosen = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let answer = service_fn(move |request| {
        let answer = answer(&request, &seen);
        async move { Ok::<_, Infallible>(answer) }
    });
    // Errors say that the client has left.
    let _ = match chosen {
        true => http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), answer).await,
        false => http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await,
    };
}

fn answer(request: &Request<Incoming>, seen: &Seen) -> Response<Full<Bytes>> {
    let query = request.uri().query().unwrap_or_default();
    let ids = query.split('&').find_map(|pair| pair.strip_prefix("ids="));
    let Some(ids) = ids.filter(|_| request.uri().path() == "/2/tweets") else {
        let mut nothing = Response::new(Full::new(Bytes::new()));
        *nothing.status_mut() = hyper::StatusCode::NOT_FOUND;
        return nothing;
    };
    let round = seen.requests.fetch_add(1, Ordering::Relaxed);
    seen.over_http2.fetch_add(u64::from(request.version() == Version::HTTP_2), Ordering::Relaxed);
    let mut response = Response::new(Full::new(body(ids.split("%2C").flat_map(|ids| ids.split(',')), round).into()));
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static("application/json; charset=utf-8"));
    response
}

/// What X says about these tweets: every answer says something else.
pub(crate) fn body<'a>(ids: impl Iterator<Item = &'a str>, round: u64) -> String {
    let (mut data, mut media) = (String::new(), String::new());
    for id in ids {
        let seed = id.bytes().fold(round, |seed, byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte)));
        let mut value = (0..).map(|place| seed.rotate_left(place * 5) % 100_000 / (1 + u64::from(place) * 9));
        let mut of = |keys: &[&str]| {
            let pairs: Vec<String> = keys.iter().map(|key| format!("\"{key}\":{}", value.next().expect("endless"))).collect();
            pairs.join(",")
        };
        let comma = if data.is_empty() { "" } else { "," };
        write!(
            data,
            "{comma}{{\"id\":\"{id}\",\"text\":\"We wrote down what we learned this quarter. https://t.co/aB3dE5fG7h\",\
             \"edit_history_tweet_ids\":[\"{id}\"],\"author_id\":\"9001\",\"attachments\":{{\"media_keys\":[\"13_{id}\"]}},\
             \"public_metrics\":{{{}}},\"non_public_metrics\":{{{}}},\"organic_metrics\":{{{}}}}}",
            of(&["impression_count", "like_count", "retweet_count", "quote_count", "reply_count"]),
            of(&["impression_count", "engagements", "url_link_clicks", "user_profile_clicks"]),
            of(&CONTEXT)
        )
        .expect("a String takes everything");
        write!(
            media,
            "{comma}{{\"media_key\":\"13_{id}\",\"type\":\"video\",\"public_metrics\":{{{}}},\"non_public_metrics\":{{{}}},\
             \"organic_metrics\":{{{},{}}}}}",
            of(&["view_count"]),
            of(&PLAYBACK),
            of(&["view_count"]),
            of(&PLAYBACK)
        )
        .expect("a String takes everything");
    }
    format!("{{\"data\":[{data}],\"includes\":{{\"media\":[{media}]}}}}")
}

const CONTEXT: [&str; 6] =
    ["impression_count", "like_count", "retweet_count", "reply_count", "url_link_clicks", "user_profile_clicks"];
const PLAYBACK: [&str; 5] =
    ["playback_0_count", "playback_25_count", "playback_50_count", "playback_75_count", "playback_100_count"];
