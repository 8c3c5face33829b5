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
use crate::net::seats::SeatState;

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
        let wake = told.unwrap_or_else(|| next_look(&seat.state(), limits));
        tokio::select! {
            outcome = connection.as_mut() => return outcome.map_err(|error| error.to_string()),
            () = stop.cancelled(), if told.is_none() => {
                connection.as_mut().graceful_shutdown();
                // How long is owed to those in flight is not decided here.
                told = Some(Instant::now() + limits.drain.max(limits.stalled_write));
            }
            () = sleep_until(wake) => {
                if told.is_some() {
                    return Err("silent after it was told to go".to_owned());
                }
                let state = seat.state();
                if state.answers > 0 && is_over(&state, limits) {
                    return Err("the client stopped reading".to_owned());
                }
                if is_over(&state, limits) {
                    connection.as_mut().graceful_shutdown();
                    told = Some(Instant::now() + limits.first_byte);
                }
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

/// How long nothing may move: an answer half sent, a connection at rest, one that has never asked.
fn patience(state: &SeatState, limits: Limits) -> Duration {
    match state {
        SeatState { answers: 1.., .. } => limits.stalled_write,
        SeatState { asked: 0, .. } => limits.first_byte,
        _ => limits.head,
    }
}

/// A request that is being worked on has a deadline of its own.
fn is_working(state: &SeatState) -> bool {
    state.requests > state.answers
}

fn is_over(state: &SeatState, limits: Limits) -> bool {
    !is_working(state) && state.moved.elapsed() >= patience(state, limits)
}

/// An answer may begin while we sleep, so that no sleep is longer than an answer may stand still.
fn next_look(state: &SeatState, limits: Limits) -> Instant {
    let soon = Instant::now() + limits.stalled_write;
    if is_working(state) { soon } else { soon.min(state.moved + patience(state, limits)) }
}
