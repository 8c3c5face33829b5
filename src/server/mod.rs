//! The exporter's own HTTP side: the page for Prometheus, the page for people, the answers for whoever supervises the process. It
//! only shows what others know.

mod landing;
mod reply;
mod route;
mod scrape;

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::collector::Handle;
use crate::exposition::OwnMetrics;
use crate::net;
use crate::self_metrics::SelfMetrics;

/// What the command line says about the HTTP side.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the metrics are (`--web.telemetry-path`); begins with a slash and is not the landing page's.
    pub telemetry_path: String,
    /// What clients may take.
    pub limits: net::Limits,
    /// Scrapes answered at a time; beyond, the answer is 503.
    pub scrapes: usize,
}

impl Default for Options {
    fn default() -> Self {
        // Scrapes share one page and one read of X, so there may be as many as connections.
        let limits = net::Limits::default();
        Self { telemetry_path: "/metrics".to_owned(), scrapes: limits.connections, limits }
    }
}

/// Answers until `stop` is cancelled, then finishes what is in flight.
pub async fn serve(
    listeners: Vec<TcpListener>,
    handle: Handle,
    metrics: Arc<SelfMetrics>,
    options: Options,
    stop: CancellationToken,
) {
    let limits = options.limits;
    let scrapes = Arc::new(Semaphore::new(options.scrapes));
    let server = Arc::new(Server {
        handle,
        own: OwnMetrics::new(metrics.clone()),
        metrics,
        telemetry_path: options.telemetry_path,
        scrapes,
    });
    net::serve(listeners, limits, stop, move |request| route::answer(server.clone(), request)).await;
}

/// What all requests share.
struct Server {
    handle: Handle,
    metrics: Arc<SelfMetrics>,
    own: OwnMetrics,
    telemetry_path: String,
    scrapes: Arc<Semaphore>,
}
