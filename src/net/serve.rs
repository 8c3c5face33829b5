//! Accepts connections and answers on them until told to stop. Every wait for a client has a deadline and the number of connections
//! a cap, so that nobody can make the exporter unreachable by being slow.

use std::convert::Infallible;
use std::sync::Arc;

use hyper::body::{Body, Incoming};
use hyper::{Request, Response};
use hyper_util::server::graceful::GracefulShutdown;
use rustls::ServerConfig;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

use crate::net::connection::Connection;
use crate::net::limits::Limits;
use crate::net::listener::{Accept, Listener};
use crate::net::seats::Seats;

/// Answers every request with `answer`; `tls` says for each connection under which certificate, if any. Returns once `stop` is
/// cancelled and the requests in flight are answered or out of time.
pub async fn serve<T, F, A, B>(listeners: Vec<Listener>, limits: Limits, stop: CancellationToken, tls: T, answer: F)
where
    T: Fn() -> Option<Arc<ServerConfig>>,
    F: Fn(Request<Incoming>) -> A + Clone + Send + 'static,
    A: Future<Output = Response<B>> + Send + 'static,
    B: Body<Error = Infallible, Data: Send> + Send + Unpin + 'static,
{
    let (graceful, tasks, cut) = (GracefulShutdown::new(), TaskTracker::new(), CancellationToken::new());
    let seats = Seats::new(limits.connections);
    let mut accept = Accept::new(listeners);
    loop {
        // The client comes before its place: nobody gives up his own while none is wanted. Only the first of those who wait costs a
        // descriptor, the others stay in the kernel's queue.
        let next = async {
            let client = accept.next(&seats).await;
            (client, seats.take().await)
        };
        let ((stream, peer), seat) = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            next = next => next,
        };
        let (stop, seat_in_use) = (stop.clone(), seat.clone());
        let connection = Connection { peer, limits, seat: seat_in_use, stop, tls: tls(), watcher: graceful.watcher() };
        let (answer, cut) = (answer.clone(), cut.clone());
        tasks.spawn(async move {
            tokio::select! {
                outcome = connection.run(stream, answer) => if let Err(reason) = outcome {
                    debug!(%peer, reason, "connection closed");
                },
                () = seat.wanted() => debug!(%peer, "idle connection closed: its place is wanted"),
                () = cut.cancelled() => debug!(%peer, "connection cut: out of time to stop"),
            }
        });
    }
    drop(accept);
    tasks.close();
    if timeout(limits.drain, async { tokio::join!(graceful.shutdown(), tasks.wait()) }).await.is_err() {
        warn!(connections = tasks.len(), "requests in flight were cut to stop in time");
        cut.cancel();
        tasks.wait().await;
    }
}
