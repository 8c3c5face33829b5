//! Accepts connections and serves HTTP/1.1 on them until told to stop. Every wait for a client has a deadline and the number of
//! connections a cap, so that nobody can make the exporter unreachable by being slow.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

use crate::net::stall::{Stall, StallLimits};

/// How long and how much a client may keep us busy.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at a time. Far above what a few scrapers need, and below the usual 1,024 file descriptors of a process, which X's
    /// connections and the state share. Further clients wait in the kernel's queue.
    pub connections: usize,
    /// From accepting to the first byte, and from the first byte of a head to its last.
    pub first_byte: Duration,
    /// Between two requests on a connection. It lies above the usual scrape interval of a
    /// minute: a scraper keeps its connection.
    pub head: Duration,
    /// How large a head may be; beyond, and above hyper's 100 fields, the answer is 431.
    pub head_bytes: usize,
    /// For a client to take any byte of the answer.
    pub stalled_write: Duration,
    /// For the requests in flight once told to stop: below the ten seconds after which Docker kills.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 512,
            first_byte: Duration::from_secs(10),
            head: Duration::from_secs(90),
            head_bytes: 64 << 10,
            stalled_write: Duration::from_secs(30),
            drain: Duration::from_secs(8),
        }
    }
}

/// Answers every request with `answer`. Returns once `stop` is cancelled and the requests in flight are answered or out of time.
pub async fn serve<F, A, B>(listeners: Vec<TcpListener>, limits: Limits, stop: CancellationToken, answer: F)
where
    F: Fn(Request<Incoming>) -> A + Clone + Send + 'static,
    A: Future<Output = Response<B>> + Send + 'static,
    B: Body<Error = Infallible, Data: Send> + Send + 'static,
{
    let (graceful, tasks, cut) = (GracefulShutdown::new(), TaskTracker::new(), CancellationToken::new());
    let places = Arc::new(Semaphore::new(limits.connections));
    let mut said = None;
    loop {
        // The place comes before the connection: a client without one stays in the kernel's queue and costs no descriptor.
        let next = async {
            let place = places.clone().acquire_owned().await.expect("nobody closes the semaphore");
            (place, accept(&listeners, &mut said).await)
        };
        let (place, (tcp, peer)) = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            next = next => next,
        };
        let connection = connection(tcp, limits, stop.clone(), graceful.watcher(), answer.clone());
        let cut = cut.clone();
        tasks.spawn(async move {
            let _place = place;
            tokio::select! {
                outcome = connection => if let Err(reason) = outcome {
                    debug!(%peer, reason, "connection closed");
                },
                () = cut.cancelled() => debug!(%peer, "connection cut: out of time to stop"),
            }
        });
    }
    drop(listeners);
    tasks.close();
    if timeout(limits.drain, async { tokio::join!(graceful.shutdown(), tasks.wait()) }).await.is_err() {
        warn!(connections = tasks.len(), "requests in flight were cut to stop in time");
        cut.cancel();
        tasks.wait().await;
    }
}

/// The next connection at any of them. Errors are no reason to stop: they pass when descriptors are free again. `said` is when that
/// was last logged.
async fn accept(listeners: &[TcpListener], said: &mut Option<Instant>) -> (TcpStream, SocketAddr) {
    loop {
        match accept_once(listeners).await {
            Ok(connection) => return connection,
            // The client has given up already.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                // It may last, and come back with every descriptor that gets free.
                if said.is_none_or(|at| at.elapsed() > Duration::from_secs(60)) {
                    warn!(%error, "cannot accept connections, trying on");
                    *said = Some(Instant::now());
                }
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn accept_once(listeners: &[TcpListener]) -> io::Result<(TcpStream, SocketAddr)> {
    poll_fn(|context| {
        let polls = listeners.iter().map(|listener| listener.poll_accept(context));
        polls.into_iter().find(Poll::is_ready).unwrap_or(Poll::Pending)
    })
    .await
}

/// One connection from its first byte on. TLS comes between the first byte and HTTP.
async fn connection<F, A, B>(
    tcp: TcpStream,
    limits: Limits,
    stop: CancellationToken,
    watcher: Watcher,
    answer: F,
) -> Result<(), String>
where
    F: Fn(Request<Incoming>) -> A,
    A: Future<Output = Response<B>>,
    B: Body<Error = Infallible> + 'static,
{
    // Not `readable()`: it was seen to return at once for a connection that had sent nothing.
    let mut byte = [0];
    tokio::select! {
        waited = timeout(limits.first_byte, tcp.peek(&mut byte)) => {
            waited.map_err(|_| "silent from the start".to_owned())?.map_err(|error| error.to_string())?;
        }
        // Nothing was asked, so nothing is owed.
        () = stop.cancelled() => return Ok(()),
    }
    // An answer is written whole: waiting for more to send only delays its end.
    tcp.set_nodelay(true).map_err(|error| error.to_string())?;
    let heads = Arc::new(AtomicU64::new(0));
    let waits = StallLimits { write: limits.stalled_write, head: limits.first_byte };
    let stream = Stall::new(tcp, waits, heads.clone());
    let counted = move |request| {
        heads.fetch_add(1, Ordering::Relaxed);
        answer(request)
    };
    http1(stream, limits, watcher, counted).await.map_err(|error| error.to_string())
}

/// HTTP/1.1 without sniffing for HTTP/2: hyper-util's sniffer waits for the first bytes without any deadline.
async fn http1<S, F, A, B>(stream: S, limits: Limits, watcher: Watcher, answer: F) -> hyper::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
    F: Fn(Request<Incoming>) -> A,
    A: Future<Output = Response<B>>,
    B: Body<Error = Infallible> + 'static,
{
    let service = service_fn(move |request| {
        let answer = answer(request);
        async { Ok::<_, Infallible>(answer.await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(limits.head_bytes)
        // The buffer alone lets a head pass that comes whole in one read.
        .max_header_size(limits.head_bytes)
        .serve_connection(TokioIo::new(stream), service);
    watcher.watch(connection).await
}
