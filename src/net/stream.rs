//! A client's connection, over TCP or a Unix socket, whose first byte has been looked at.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

/// Who is at the other end. Every request carries it among its extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Peer {
    /// A machine.
    Machine(IpAddr),
    /// A process of this machine, by a Unix socket.
    Local,
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Machine(address) => address.fmt(f),
            Self::Local => f.write_str("unix"),
        }
    }
}

/// The connection.
pub(super) struct Stream {
    wire: Wire,
    first: Option<u8>,
}

/// What carries it.
pub(super) enum Wire {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Stream {
    pub(super) fn new(wire: Wire) -> Self {
        Self { wire, first: None }
    }

    /// Waits for the first byte and leaves it to be read again; nothing at the end of the connection.
    pub(super) async fn first(&mut self) -> io::Result<Option<u8>> {
        let mut byte = [0];
        let count = self.read(&mut byte).await?;
        self.first = (count == 1).then_some(byte[0]);
        Ok(self.first)
    }

    /// An answer is written whole: waiting for more to send only delays its end.
    pub(super) fn at_once(&self) -> io::Result<()> {
        match &self.wire {
            Wire::Tcp(tcp) => tcp.set_nodelay(true),
            Wire::Unix(_) => Ok(()),
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(tcp) => Pin::new(tcp).poll_read(context, buffer),
            Self::Unix(unix) => Pin::new(unix).poll_read(context, buffer),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Some(first) = self.first.take() else { return Pin::new(&mut self.wire).poll_read(context, buffer) };
        if buffer.remaining() == 0 {
            self.first = Some(first);
            return Poll::Ready(Ok(()));
        }
        buffer.put_slice(&[first]);
        // What came with it is read with it. An error comes back with the next read.
        let _ = Pin::new(&mut self.wire).poll_read(context, buffer);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.wire {
            Wire::Tcp(tcp) => Pin::new(tcp).poll_write(context, bytes),
            Wire::Unix(unix) => Pin::new(unix).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.wire {
            Wire::Tcp(tcp) => Pin::new(tcp).poll_write_vectored(context, parts),
            Wire::Unix(unix) => Pin::new(unix).poll_write_vectored(context, parts),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.wire {
            Wire::Tcp(tcp) => Pin::new(tcp).poll_flush(context),
            Wire::Unix(unix) => Pin::new(unix).poll_flush(context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.wire {
            Wire::Tcp(tcp) => Pin::new(tcp).poll_shutdown(context),
            Wire::Unix(unix) => Pin::new(unix).poll_shutdown(context),
        }
    }
}
