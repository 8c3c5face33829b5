//! Cuts a client that stops reading, or that stops in the middle of a head. Without it such a client would keep its page in memory
//! and its place under the cap.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use crate::net::seats::Seat;

/// A stream whose writes fail once nothing could be written for a while; any progress starts the time anew. Its reads fail once a head
/// has begun and is not whole for a while: hyper's own deadline for that is its idle time too, and therefore long.
pub(super) struct Stall<S> {
    stream: S,
    limits: StallLimits,
    /// Runs while a write waits.
    waiting: Option<Pin<Box<Sleep>>>,
    /// Runs since the first byte of a head, which followed so many whole ones.
    head: Option<(u64, Pin<Box<Sleep>>)>,
    seat: Arc<Seat>,
}

/// How long a client may keep us waiting.
#[derive(Clone, Copy)]
pub(super) struct StallLimits {
    /// For any progress of a write.
    pub(super) write: Duration,
    /// From the first byte of a head to its last; nothing where bytes may come that are no head.
    pub(super) head: Option<Duration>,
}

impl<S> Stall<S> {
    /// The seat counts the whole heads so far, and learns when everything is sent.
    pub(super) fn new(stream: S, limits: StallLimits, seat: Arc<Seat>) -> Self {
        Self { stream, limits, waiting: None, head: None, seat }
    }
}

impl<S: AsyncWrite + Unpin> Stall<S> {
    fn watched<T>(
        &mut self,
        context: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut S>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if let Poll::Ready(outcome) = write(Pin::new(&mut self.stream), context) {
            self.waiting = None;
            return Poll::Ready(outcome);
        }
        let limit = self.limits.write;
        ready!(self.waiting.get_or_insert_with(|| Box::pin(sleep(limit))).as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client stopped reading")))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Stall<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let Some(limit) = self.limits.head else { return Pin::new(&mut self.stream).poll_read(context, buffer) };
        let heads = self.seat.state().asked;
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        match &mut self.head {
            Some((begun, time)) if *begun == heads => {
                if polled.is_pending() {
                    ready!(time.as_mut().poll(context));
                    return Poll::Ready(Err(io::Error::new(
                        io::ErrorKind::TimedOut,
                        "the client stopped in the middle of a head",
                    )));
                }
            }
            head if buffer.filled().len() > before => *head = Some((heads, Box::pin(sleep(limit)))),
            head => *head = None,
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Stall<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.watched(context, |stream, context| stream.poll_write(context, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.watched(context, |stream, context| stream.poll_write_vectored(context, parts))
    }

    /// Without this hyper would copy every piece into one buffer.
    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = self.watched(context, |stream, context| stream.poll_flush(context));
        if flushed.is_ready() {
            self.seat.rest();
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.watched(context, |stream, context| stream.poll_shutdown(context))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;
    use crate::net::seats::{Asked, Seats};

    async fn stall<S>(stream: S, limit: Duration) -> Stall<S> {
        Stall::new(stream, StallLimits { write: limit, head: Some(limit) }, Seats::new(1).take().await)
    }

    #[tokio::test]
    async fn a_head_that_is_never_whole_is_cut_and_an_idle_client_is_not() {
        let (near, mut far) = duplex(64);
        let mut near = stall(near, Duration::from_millis(5)).await;
        far.write_all(b"GET / HT").await.expect("open");
        near.read_exact(&mut [0; 8]).await.expect("it came");
        assert_eq!(near.read_u8().await.expect_err("cut").kind(), io::ErrorKind::TimedOut);
        let (near, mut far) = duplex(64);
        let mut near = stall(near, Duration::from_millis(5)).await;
        far.write_all(b"GET / HT").await.expect("open");
        near.read_exact(&mut [0; 8]).await.expect("it came");
        let _asked = Asked::new(near.seat.clone());
        let idle = tokio::time::timeout(Duration::from_millis(40), near.read_u8()).await;
        assert!(idle.is_err(), "still open");
    }

    #[tokio::test]
    async fn a_write_fails_when_nobody_reads() {
        let (near, _far) = duplex(4);
        let error = stall(near, Duration::from_millis(5)).await.write_all(&[0; 64]).await.expect_err("nobody reads");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_slow_reader_is_served() {
        let (near, mut far) = duplex(4);
        let mut near = stall(near, Duration::from_secs(60)).await;
        let read = async {
            let mut all = Vec::new();
            far.read_to_end(&mut all).await.map(|_| all.len())
        };
        let write = async {
            near.write_all(&[0; 64]).await.expect("somebody reads");
            near.shutdown().await.expect("still open");
            drop(near);
        };
        assert_eq!(tokio::join!(write, read).1.expect("open"), 64);
    }
}
