//! One connection, from its first byte on: TLS if there is a certificate, then HTTP/2 if the client has chosen it, else HTTP/1.1. Plain
//! text is never HTTP/2, so nothing need be guessed: hyper-util's sniffer waits for the first bytes without any deadline.

use std::convert::Infallible;
use std::sync::Arc;

use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::Watcher;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::net::answering::Answerer;
use crate::net::http2;
use crate::net::limits::Limits;
use crate::net::patience::exhausted;
use crate::net::seats::Seat;
use crate::net::stall::Stall;
use crate::net::stream::{Peer, Stream};

/// What a connection runs under.
pub(super) struct Connection {
    pub(super) peer: Peer,
    pub(super) limits: Limits,
    pub(super) seat: Arc<Seat>,
    pub(super) stop: CancellationToken,
    pub(super) tls: Option<Arc<ServerConfig>>,
    pub(super) watcher: Watcher,
}

impl Connection {
    /// Answers until the client or `stop` ends it; the error says why it ended otherwise.
    pub(super) async fn run<F, A, B>(mut self, mut stream: Stream, answer: F) -> Result<(), String>
    where
        F: Fn(Request<Incoming>) -> A + Send + 'static,
        A: Future<Output = Response<B>> + Send + 'static,
        B: Body<Error = Infallible, Data: Send> + Send + Unpin + 'static,
    {
        let first = tokio::select! {
            waited = timeout(self.limits.first_byte, stream.first()) => waited.map_err(|_| "silent from the start".to_owned())?,
            // Nothing was asked, so nothing is owed.
            () = self.stop.cancelled() => return Ok(()),
        };
        let Some(first) = first.map_err(text)? else { return Ok(()) };
        stream.at_once().map_err(text)?;
        let Some(config) = self.tls.take() else { return self.http1(stream, answer).await };
        if first.is_ascii_alphabetic() {
            return timeout(self.limits.first_byte, wants_https(stream)).await.map_err(text)?;
        }
        let stream = tokio::select! {
            waited = timeout(self.limits.first_byte, TlsAcceptor::from(config).accept(stream)) => waited,
            () = self.stop.cancelled() => return Ok(()),
        };
        let stream = stream.map_err(|_| "TLS handshake not finished in time".to_owned())?;
        let stream = stream.map_err(|error| format!("TLS handshake: {error}"))?;
        if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
            let (stream, answerer) = (Stall::http2(stream, self.seat.clone()), self.answerer(answer));
            return http2::serve(stream, answerer, self.limits, &self.stop).await;
        }
        self.http1(stream, answer).await
    }

    async fn http1<S, F, A, B>(self, stream: S, answer: F) -> Result<(), String>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        F: Fn(Request<Incoming>) -> A + Send + 'static,
        A: Future<Output = Response<B>> + Send + 'static,
        B: Body<Error = Infallible, Data: Send> + Send + Unpin + 'static,
    {
        let (limits, seat) = (self.limits, self.seat.clone());
        let stream = Stall::http1(stream, self.seat.clone());
        let answerer = self.answerer(answer);
        let connection = http1::Builder::new()
            // It would set a timer for each request: `exhausted` has one for all.
            .header_read_timeout(None)
            // Who has said all he wants to say still wants the answer: `nc -N`, some health checkers.
            .half_close(true)
            .max_buf_size(limits.head_bytes)
            // The buffer alone lets a head pass that comes whole in one read.
            .max_header_size(limits.head_bytes)
            .serve_connection(TokioIo::new(stream), answerer);
        tokio::select! {
            biased;
            outcome = self.watcher.watch(connection) => outcome.map_err(text),
            trial = exhausted(&seat, limits) => Err(trial.text().to_owned()),
        }
    }

    fn answerer<F>(&self, answer: F) -> Answerer<F> {
        Answerer { answer, seat: self.seat.clone(), peer: self.peer }
    }
}

/// Says to a client without TLS what is wrong, as Go's servers do.
async fn wants_https(mut stream: Stream) -> Result<(), String> {
    const ANSWER: &[u8] = b"HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n\
                            client sent an HTTP request to an HTTPS server\n";
    stream.write_all(ANSWER).await.map_err(text)?;
    stream.shutdown().await.map_err(text)?;
    // To close with bytes unread would reset the connection, and the answer with it.
    let mut rest = [0; 4096];
    for _ in 0..32 {
        if stream.read(&mut rest).await.map_err(text)? == 0 {
            break;
        }
    }
    Err("plain HTTP where TLS is spoken".to_owned())
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
