//! Where to listen, as `--web.listen-address` says it: `:10280`, `host:port`, `[::1]:port` or `unix:/path`.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use tokio::net::{TcpListener, TcpSocket, lookup_host};

use crate::net::listener::Listener;
use crate::net::socket_file::SocketFile;

/// A place to listen at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A TCP port.
    Port {
        /// Absent: every address of the machine.
        host: Option<String>,
        /// 0 takes a free one.
        port: u16,
    },
    /// A Unix socket at this path.
    Unix(PathBuf),
}

/// The text is no address to listen at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressError;

impl Address {
    /// Starts to listen.
    pub async fn bind(&self) -> io::Result<Listener> {
        match self {
            Self::Port { host, port } => bind(host.as_deref(), *port).await.map(Listener::from),
            Self::Unix(path) => SocketFile::listen(path).await.map(|(socket, file)| Listener::of_file(socket, file)),
        }
    }
}

async fn bind(host: Option<&str>, port: u16) -> io::Result<TcpListener> {
    let Some(host) = host else {
        return match open((Ipv6Addr::UNSPECIFIED, port).into()) {
            Err(error) if !is_final(&error) => open((Ipv4Addr::UNSPECIFIED, port).into()),
            // Takes IPv4 too, unless the system says otherwise (net.ipv6.bindv6only).
            outcome => outcome,
        };
    };
    let mut outcome = Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address"));
    for address in lookup_host((host, port)).await? {
        outcome = open(address);
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

fn open(address: SocketAddr) -> io::Result<TcpListener> {
    /// The library's 128 are full in a moment when many come at once, and whoever comes then waits for a second at least. The system
    /// cuts it to its own maximum (net.core.somaxconn).
    const QUEUE: u32 = 4_096;
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // Connections of the process before may still be closing.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(QUEUE)
}

/// Whether IPv4 would fail alike. What is left says that the system has no IPv6.
fn is_final(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied)
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(path) = text.strip_prefix("unix:") {
            let is_path = path.starts_with('/') && !path.ends_with('/') && !path.contains('\0');
            return if is_path { Ok(Self::Unix(path.into())) } else { Err(AddressError) };
        }
        let (host, port) = text.rsplit_once(':').ok_or(AddressError)?;
        let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        let port = if digits { port.parse().map_err(|_| AddressError)? } else { return Err(AddressError) };
        let host = match host {
            "" => None,
            bracketed if bracketed.starts_with('[') => {
                let inner = bracketed[1..].strip_suffix(']').ok_or(AddressError)?;
                // A zone such as fe80::1%eth0 is left to the system.
                let address = inner.split('%').next().unwrap_or_default();
                address.parse::<Ipv6Addr>().map_err(|_| AddressError)?;
                Some(inner.to_owned())
            }
            name if name.contains([':', '/', '[', ']']) || name.contains(char::is_whitespace) => return Err(AddressError),
            name => Some(name.to_owned()),
        };
        Ok(Self::Port { host, port })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port { host: None, port } => write!(f, ":{port}"),
            Self::Port { host: Some(host), port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Port { host: Some(host), port } => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an address to listen at; write :10280, host:10280, [::1]:10280 or unix:/path")
    }
}

impl std::error::Error for AddressError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_written_back() {
        for text in
            [":10280", ":0", "127.0.0.1:10280", "localhost:65535", "[::1]:10280", "[::]:0", "[fe80::1%lo]:1", "unix:/run/x.sock"]
        {
            assert_eq!(text.parse::<Address>().map(|address| address.to_string()).as_deref(), Ok(text));
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let wrong = ["", "10280", ":", "host", "host:", "host:x", ":65536", ":-1", ":+1", "::1:80", "[::1]", "[::1]80", "[::1"];
        for text in wrong.into_iter().chain([
            "[host]:80",
            "http://host:80",
            "a b:80",
            "[::1]x:80",
            ":80 ",
            "[:80",
            "]:80",
            "unix:",
            "unix:x",
            "unix:/x/",
        ]) {
            assert_eq!(text.parse::<Address>(), Err(AddressError), "{text}");
        }
    }

    #[tokio::test]
    async fn every_address_means_ipv4_too() {
        let listener = bind(None, 0).await.expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let (client, server) = tokio::join!(tokio::net::TcpStream::connect(("127.0.0.1", port)), listener.accept());
        client.expect("connected");
        server.expect("accepted");
    }

    #[tokio::test]
    async fn a_port_in_use_is_said_not_sidestepped() {
        let taken = bind(None, 0).await.expect("a free port");
        let again = Address::Port { host: None, port: taken.local_addr().expect("bound").port() };
        assert_eq!(again.bind().await.expect_err("in use").kind(), io::ErrorKind::AddrInUse);
    }
}
