//! From sockets to calls and from answers to bytes.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::io::Write;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::simulator::body::{Cut, End, Payload};
use crate::simulator::call::{Call, pairs};
use crate::simulator::desk::{Answer, Desk};

/// Longest body of a request.
const MOST_BODY: usize = 8 << 20;

/// Answers until the task is aborted; its connections end with it.
pub(crate) async fn serve(listener: TcpListener, desk: Arc<Desk>) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = listener.accept().await;
        while connections.try_join_next().is_some() {}
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let desk = desk.clone();
        connections.spawn(async move {
            let service = service_fn(move |request| answer(desk.clone(), request));
            let mut builder = http1::Builder::new();
            builder.timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(120));
            // How a connection ends is the client's affair.
            let _ = builder.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(desk: Arc<Desk>, request: Request<Incoming>) -> Result<Response<Payload>, Cut> {
    let call = read(request).await.ok_or(Cut)?;
    let answer = desk.answer(&call);
    tokio::time::sleep(answer.delay).await;
    if answer.dropped {
        return Err(Cut);
    }
    Ok(response(answer, call.accepts_gzip))
}

async fn read(request: Request<Incoming>) -> Option<Call> {
    let header = |name: HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let host = header(HOST).unwrap_or_default();
    let authorization = header(AUTHORIZATION);
    let accepts_gzip = header(ACCEPT_ENCODING).is_some_and(|value| value.contains("gzip"));
    let is_form = header(CONTENT_TYPE).is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"));
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, MOST_BODY).collect().await.ok()?.to_bytes();
    let form = if is_form { pairs(&String::from_utf8_lossy(&body)) } else { Vec::new() };
    let query = pairs(parts.uri.query().unwrap_or_default());
    let path = parts.uri.path().to_owned();
    Some(Call { method: parts.method, path, query, host, authorization, accepts_gzip, form, body })
}

fn response(answer: Answer, accepts_gzip: bool) -> Response<Payload> {
    let compresses = accepts_gzip && answer.end == End::Whole && !answer.body.is_empty();
    let body = if compresses { gzip(&answer.body) } else { answer.body };
    let mut response = Response::new(Payload::new(body, answer.end));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
    if compresses {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

fn gzip(body: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).and_then(|()| encoder.finish()).expect("a Vec takes everything").into()
}
