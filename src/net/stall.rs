//! Notes on a connection's seat when its client stops reading, and when it begins to say something: `net::patience` cuts those who go
//! on with the one, or never end the other. Without it such a client would keep its page in memory and its place under the cap.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::net::seats::Seat;

/// A stream whose waiting is noted.
pub(super) struct Stall<S> {
    stream: S,
    /// What comes is heads, and not frames of many kinds.
    hears_heads: bool,
    /// A write waits.
    stuck: bool,
    seat: Arc<Seat>,
}

impl<S> Stall<S> {
    /// A stream on which HTTP/1.1 is spoken: what comes between two requests is a head.
    pub(super) fn http1(stream: S, seat: Arc<Seat>) -> Self {
        Self { stream, hears_heads: true, stuck: false, seat }
    }

    /// A stream on which HTTP/2 is spoken.
    pub(super) fn http2(stream: S, seat: Arc<Seat>) -> Self {
        Self { stream, hears_heads: false, stuck: false, seat }
    }

    fn noted<T>(&mut self, outcome: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if self.stuck != outcome.is_pending() {
            self.stuck = outcome.is_pending();
            self.seat.set_stuck(self.stuck);
        }
        outcome
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Stall<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        if self.hears_heads && buffer.filled().len() > before {
            self.seat.heard();
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Stall<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.noted(outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.noted(outcome)
    }

    /// Without this hyper would copy every piece into one buffer.
    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_flush(context);
        if outcome.is_ready() {
            self.seat.rest();
        }
        self.noted(outcome)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_shutdown(context);
        self.noted(outcome)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;
    use crate::net::seats::{Asked, Seats};

    #[tokio::test]
    async fn a_write_that_waits_is_noted_until_it_moves() {
        let (near, mut far) = duplex(4);
        let seat = Seats::new(1).take().await;
        let mut near = Stall::http1(near, seat.clone());
        near.write_all(&[0; 4]).await.expect("there is room");
        assert!(seat.state().stuck.is_none());
        let waiting = tokio::spawn(async move { near.write_all(&[0; 1]).await });
        while seat.state().stuck.is_none() {
            tokio::task::yield_now().await;
        }
        far.read_exact(&mut [0; 1]).await.expect("it came");
        waiting.await.expect("no panic").expect("there is room again");
        assert!(seat.state().stuck.is_none());
    }

    #[tokio::test]
    async fn a_head_begins_with_the_first_byte_behind_a_request() {
        let (near, mut far) = duplex(64);
        let seat = Seats::new(1).take().await;
        let mut near = Stall::http1(near, seat.clone());
        far.write_all(b"GET").await.expect("open");
        near.read_exact(&mut [0; 1]).await.expect("it came");
        let begun = seat.state().head;
        near.read_exact(&mut [0; 2]).await.expect("it came");
        assert!(begun.is_some() && seat.state().head == begun, "the same head goes on");
        let _asked = Asked::new(seat.clone());
        far.write_all(b"G").await.expect("open");
        near.read_exact(&mut [0; 1]).await.expect("it came");
        assert_eq!(seat.state().head.map(|(asked, _)| asked), Some(1), "another begins");
    }
}
