//! The exporter's own HTTP side: the page for Prometheus, the page for people, the answers for whoever supervises the process. It
//! only shows what others know.

mod landing;
mod lifecycle;
mod probe;
mod refused;
mod reply;
mod route;
mod scrape;
mod targets;

use std::net::SocketAddr;
use std::sync::Arc;

use hyper::Request;
use hyper::body::Incoming;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::collector::Handle;
use crate::door::Door;
use crate::exposition::OwnMetrics;
use crate::net::{self, Listener, Peer};
use crate::self_metrics::SelfMetrics;
use crate::server::reply::Reply;

/// What the command line says about the HTTP side.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the metrics are (`--web.telemetry-path`); begins with a slash and is not the landing page's.
    pub telemetry_path: String,
    /// What clients may take.
    pub limits: net::Limits,
    /// Scrapes answered at a time; beyond, the answer is 503.
    pub scrapes: usize,
    /// Probes under way at a time; beyond, the answer is 503.
    pub probes: usize,
    /// Whoever may send requests may have the configuration read again (`--web.enable-lifecycle`).
    pub lifecycle: bool,
}

impl Default for Options {
    fn default() -> Self {
        // Scrapes share one page and one read of X, so there may be as many as connections.
        let limits = net::Limits::default();
        Self { telemetry_path: "/metrics".to_owned(), scrapes: limits.connections, limits, probes: 64, lifecycle: false }
    }
}

/// Answers whom the door admits until `stop` is cancelled, then finishes what is in flight.
pub async fn serve(
    listeners: Vec<Listener>,
    door: Arc<Door>,
    handle: Handle,
    metrics: Arc<SelfMetrics>,
    options: Options,
    stop: CancellationToken,
) {
    let limits = options.limits;
    let Options { telemetry_path, lifecycle, .. } = options;
    let (scrapes, probes) = (Arc::new(Semaphore::new(options.scrapes)), Arc::new(Semaphore::new(options.probes)));
    let address = listeners.iter().find_map(Listener::tcp_address);
    let own = OwnMetrics::new(metrics.clone());
    let server = Arc::new(Server { handle, own, metrics, telemetry_path, scrapes, probes, address, lifecycle });
    let certificates = door.clone();
    let answer = move |request| at_the_door(door.clone(), server.clone(), request);
    net::serve(listeners, limits, stop, move || certificates.tls(), answer).await;
}

/// Nothing is answered, health included, to whom the door does not admit: so it is with all of Prometheus' exporters.
async fn at_the_door(door: Arc<Door>, server: Arc<Server>, request: Request<Incoming>) -> Reply {
    let peer = request.extensions().get::<Peer>().copied().expect("every request has one");
    let mut reply = match door.admit(request.headers(), peer).await {
        Ok(()) => route::answer(server, request).await,
        Err(refusal) => refused::reply(refusal, request.method()),
    };
    door.dress(reply.headers_mut());
    reply
}

/// What all requests share.
struct Server {
    handle: Handle,
    metrics: Arc<SelfMetrics>,
    own: OwnMetrics,
    telemetry_path: String,
    scrapes: Arc<Semaphore>,
    probes: Arc<Semaphore>,
    /// Where it listens first.
    address: Option<SocketAddr>,
    lifecycle: bool,
}
