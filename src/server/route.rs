//! Which path leads where, and the manners that hold for all of them.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use hyper::header::HOST;
use hyper::http::request::Parts;
use hyper::{Method, Request, StatusCode, Version};
use tokio::time::timeout;

use crate::server::reply::{Reply, head_only, method_not_allowed, text};
use crate::server::{Server, lifecycle, probe, scrape, status, targets};

/// What is behind the known paths.
enum Route {
    Metrics,
    Status,
    Healthy,
    Ready,
    Reload,
    Probe,
    Targets,
}

/// The answer to any request.
pub(super) async fn answer(server: Arc<Server>, request: Request<Incoming>) -> Reply {
    let (head, body) = request.into_parts();
    // RFC 9112, section 3.2.
    if head.version == Version::HTTP_11 && head.headers.get_all(HOST).iter().count() != 1 {
        return finished(&head, text(StatusCode::BAD_REQUEST, "a request names its host, once"));
    }
    let Some(route) = route(&server, head.uri.path()) else {
        return finished(&head, text(StatusCode::NOT_FOUND, "not found"));
    };
    let (fits, allowed) = match route {
        Route::Reload => ([Method::POST, Method::PUT].contains(&head.method), "POST, PUT"),
        _ => ([Method::GET, Method::HEAD].contains(&head.method), "GET, HEAD"),
    };
    if !fits {
        return finished(&head, method_not_allowed(allowed));
    }
    if let Err(reply) = discard(body).await {
        return finished(&head, reply);
    }
    let reply = match route {
        Route::Metrics => scrape::metrics(&server, &head.headers).await,
        Route::Status => status::answer(&server, head.uri.query().unwrap_or_default()).await,
        Route::Healthy => text(StatusCode::OK, "Healthy"),
        Route::Ready => ready(&server),
        Route::Reload => lifecycle::reload(&server).await,
        Route::Probe => probe::page(&server, &head).await,
        Route::Targets => targets::list(&server, &head),
    };
    finished(&head, reply)
}

/// Paths are compared as they come: none of ours needs an escape. Only the status page and a probe read the query.
fn route(server: &Server, path: &str) -> Option<Route> {
    if path == server.telemetry_path {
        return Some(Route::Metrics);
    }
    match path {
        "/" => Some(Route::Status),
        "/-/healthy" => Some(Route::Healthy),
        "/-/ready" => Some(Route::Ready),
        "/probe" => Some(Route::Probe),
        "/sd" => Some(Route::Targets),
        "/-/reload" => Some(Route::Reload),
        _ => None,
    }
}

/// Where scrapes cause the reads, there is nothing to wait for: the first scrape brings the first data.
fn ready(server: &Server) -> Reply {
    if server.handle.reads_on_scrape() || server.handle.snapshot().ready {
        text(StatusCode::OK, "Ready")
    } else {
        text(StatusCode::SERVICE_UNAVAILABLE, "Not ready: an account has neither data nor a final refusal yet")
    }
}

/// Reads the body away, so that the next request on the connection can be read. Nobody needs to send one.
async fn discard(body: Incoming) -> Result<(), Reply> {
    const MOST_BYTES: u64 = 64 << 10;
    const TIME: Duration = Duration::from_secs(10);
    let too_large = || text(StatusCode::PAYLOAD_TOO_LARGE, "the request's body is too large");
    if body.is_end_stream() {
        return Ok(());
    }
    if body.size_hint().lower() > MOST_BYTES {
        return Err(too_large());
    }
    match timeout(TIME, Limited::new(body, MOST_BYTES as usize).collect()).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => Err(text(StatusCode::BAD_REQUEST, "the request's body is broken")),
        Err(_) => Err(text(StatusCode::REQUEST_TIMEOUT, "the request's body did not come in time")),
    }
}

fn finished(head: &Parts, reply: Reply) -> Reply {
    if head.method == Method::HEAD { head_only(reply) } else { reply }
}
