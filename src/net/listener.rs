//! Places to listen at: TCP ports, Unix sockets, and what systemd hands over.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use listenfd::ListenFd;
use tokio::net::{TcpListener, UnixListener};
use tokio::time::{Instant, sleep};
use tracing::warn;

use crate::net::seats::Seats;
use crate::net::socket_file::SocketFile;
use crate::net::stream::{Peer, Stream, Wire};

/// An open place to listen at.
#[derive(Debug)]
pub struct Listener {
    socket: Socket,
    /// How people name it: `127.0.0.1:10280` or `unix:/run/x.sock`.
    name: String,
    /// Our own Unix socket, removed with the listener.
    _file: Option<SocketFile>,
}

#[derive(Debug)]
enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Listener {
    /// A socket of our own in the file system.
    pub(super) fn of_file(listener: UnixListener, file: SocketFile) -> Self {
        Self { name: format!("unix:{}", file.path().display()), socket: Socket::Unix(listener), _file: Some(file) }
    }

    /// The sockets that systemd has opened for this process (`LISTEN_FDS`); it is an error if there is none.
    pub fn of_systemd() -> io::Result<Vec<Self>> {
        let mut sockets = ListenFd::from_env();
        let listeners = (0..sockets.len()).map(|index| Self::take(&mut sockets, index)).collect::<io::Result<Vec<_>>>()?;
        match listeners.is_empty() {
            true => Err(io::Error::other("systemd has passed no socket; start it by a .socket unit, or leave the flag out")),
            false => Ok(listeners),
        }
    }

    fn take(sockets: &mut ListenFd, index: usize) -> io::Result<Self> {
        if let Ok(Some(tcp)) = sockets.take_tcp_listener(index) {
            tcp.set_nonblocking(true)?;
            return Ok(TcpListener::from_std(tcp)?.into());
        }
        let kind =
            |_| io::Error::other("a socket of systemd is neither TCP nor a Unix stream; write ListenStream= into its unit");
        let unix = sockets.take_unix_listener(index).map_err(kind)?.expect("each is taken once");
        unix.set_nonblocking(true)?;
        let unix = UnixListener::from_std(unix)?;
        let path = unix.local_addr()?.as_pathname().map(|path| path.display().to_string());
        Ok(Self { name: format!("unix:{}", path.unwrap_or_default()), socket: Socket::Unix(unix), _file: None })
    }

    /// Where a browser could look, if it listens at a port.
    pub fn tcp_address(&self) -> Option<SocketAddr> {
        match &self.socket {
            Socket::Tcp(tcp) => tcp.local_addr().ok(),
            Socket::Unix(_) => None,
        }
    }

    /// The TCP listener itself, for those who know no other.
    pub fn into_tcp(self) -> io::Result<TcpListener> {
        match self.socket {
            Socket::Tcp(tcp) => Ok(tcp),
            Socket::Unix(_) => Err(io::Error::other("a TCP port is needed here")),
        }
    }

    /// How people name it.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn poll_accept(&self, context: &mut Context<'_>) -> Poll<io::Result<(Stream, Peer)>> {
        let (wire, peer) = match &self.socket {
            Socket::Tcp(tcp) => {
                let (stream, peer) = ready!(tcp.poll_accept(context))?;
                (Wire::Tcp(stream), Peer::Machine(peer.ip().to_canonical()))
            }
            Socket::Unix(unix) => (Wire::Unix(ready!(unix.poll_accept(context))?.0), Peer::Local),
        };
        Poll::Ready(Ok((Stream::new(wire), peer)))
    }
}

impl From<TcpListener> for Listener {
    fn from(tcp: TcpListener) -> Self {
        let name = tcp.local_addr().map_or_else(|error| error.to_string(), |address| address.to_string());
        Self { socket: Socket::Tcp(tcp), name, _file: None }
    }
}

/// Takes connections from several listeners in turn.
pub(super) struct Accept {
    listeners: Vec<Listener>,
    /// Who is asked first: nobody is to wait for ever behind a busy neighbour.
    first: usize,
    /// When a fault was last logged.
    said: Option<Instant>,
}

impl Accept {
    pub(super) fn new(listeners: Vec<Listener>) -> Self {
        Self { listeners, first: 0, said: None }
    }

    /// The next connection at any of them. Errors are no reason to stop: they pass when descriptors are free again, and idle
    /// connections give up theirs.
    pub(super) async fn next(&mut self, seats: &Seats) -> (Stream, Peer) {
        loop {
            match self.once().await {
                Ok(connection) => return connection,
                // The client has given up already.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    // It may last, and come back with every descriptor that gets free.
                    if self.said.is_none_or(|at| at.elapsed() > Duration::from_secs(60)) {
                        warn!(%error, "cannot accept connections, trying on");
                        self.said = Some(Instant::now());
                    }
                    seats.free_one();
                    sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }

    async fn once(&mut self) -> io::Result<(Stream, Peer)> {
        let count = self.listeners.len();
        self.first += 1;
        let order = (0..count).map(|offset| (self.first + offset) % count.max(1));
        poll_fn(|context| {
            let polls = order.clone().map(|index| self.listeners[index].poll_accept(context));
            polls.into_iter().find(Poll::is_ready).unwrap_or(Poll::Pending)
        })
        .await
    }
}
