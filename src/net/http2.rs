//! HTTP/2 on one connection. hyper has no deadline there for a client that falls silent (any live peer answers its pings) nor for one
//! that takes no bytes of an answer, so both are watched here.

use std::convert::Infallible;
use std::pin::pin;
use std::time::Duration;

use hyper::body::{Body, Incoming};
use hyper::server::conn::http2;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::net::answering::Answerer;
use crate::net::limits::Limits;
use crate::net::patience::{Trial, exhausted};

/// Answers until the client leaves, falls silent or `stop` is cancelled.
pub(super) async fn serve<S, F, A, B>(
    stream: S,
    answerer: Answerer<F>,
    limits: Limits,
    stop: &CancellationToken,
) -> Result<(), String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    F: Fn(Request<Incoming>) -> A,
    A: Future<Output = Response<B>> + Send + 'static,
    B: Body<Error = Infallible, Data: Send> + Send + Unpin + 'static,
{
    let seat = answerer.seat.clone();
    let mut connection = pin!(builder(limits).serve_connection(TokioIo::new(stream), answerer));
    let mut told: Option<Instant> = None;
    loop {
        tokio::select! {
            outcome = connection.as_mut() => return outcome.map_err(|error| error.to_string()),
            () = stop.cancelled(), if told.is_none() => {
                connection.as_mut().graceful_shutdown();
                // How long is owed to those in flight is not decided here.
                told = Some(Instant::now() + limits.drain.max(limits.stalled_write));
            }
            trial = exhausted(&seat, limits), if told.is_none() => {
                if trial != Trial::Silent {
                    return Err(trial.text().to_owned());
                }
                connection.as_mut().graceful_shutdown();
                told = Some(Instant::now() + limits.first_byte);
            }
            () = sleep_until(told.unwrap_or_else(Instant::now)), if told.is_some() => {
                return Err("silent after it was told to go".to_owned());
            }
        }
    }
}

fn builder(limits: Limits) -> http2::Builder<TokioExecutor> {
    /// Of each answer, beyond what the client has room for.
    const HELD_BACK: usize = 64 << 10;
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX))
        .max_send_buf_size(HELD_BACK)
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(limits.first_byte);
    builder
}
