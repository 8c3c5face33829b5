//! The page for people: how the accounts are, what they spend, what stands in their way, and where to go from here. It needs no script and
//! lets none run, loads nothing, and is asked of the collector only when somebody looks.

mod account;
mod html;
mod page;
#[cfg(test)]
mod tests;
mod tweets;
mod view;
mod words;

use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::StatusCode;
use hyper::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderValue, REFERRER_POLICY};
use sha2::{Digest, Sha256};
use tokio::time::{Instant, timeout_at};

use crate::exposition::Pieces;
use crate::model::Timestamp;
use crate::server::Server;
use crate::server::reply::{Reply, reply, text, with};
use crate::server::status::page::{Frame, STYLE, render};
use crate::server::status::view::View;

/// For the collector to answer. It may be writing to a slow disk just now.
const PATIENCE: Duration = Duration::from_secs(5);

/// Pages made at a time: nobody's curiosity is to keep the collector from its reads.
pub(super) const LOOKERS: usize = 4;

/// No source but the style that stands in the page itself.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    let policy =
        format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    HeaderValue::from_str(&policy).expect("letters and quotes")
});

/// The page that this query asks for.
pub(super) async fn answer(server: &Server, query: &str) -> Reply {
    let view = match View::parse(query) {
        Ok(view) => view,
        Err(why) => return text(StatusCode::BAD_REQUEST, why),
    };
    let deadline = Instant::now() + PATIENCE;
    let Ok(Ok(_place)) = timeout_at(deadline, server.lookers.acquire()).await else {
        return text(StatusCode::SERVICE_UNAVAILABLE, "too many look at the status page; try again in a few seconds");
    };
    let Some(status) = server.handle.status(view.ask.clone(), deadline).await else {
        return text(StatusCode::SERVICE_UNAVAILABLE, "the exporter does not say how it is right now; /metrics still answers");
    };
    let (config_is_good, config_since) = server.metrics.config_standing();
    let frame = Frame {
        telemetry_path: &server.telemetry_path,
        config_is_good,
        config_since,
        state_is_good: server.metrics.state_standing(),
        series: server.metrics.series_shown(),
        now: Timestamp::from(SystemTime::now()),
    };
    let is_there = view.ask.account.is_none() || !status.accounts.is_empty();
    let code = if is_there { StatusCode::OK } else { StatusCode::NOT_FOUND };
    let mut reply = reply(code, "text/html; charset=utf-8", Pieces::one(render(&status, &view, &frame)));
    reply.headers_mut().insert(CONTENT_SECURITY_POLICY, POLICY.clone());
    // X need not learn where the exporter lives, nor a proxy what it spends.
    with(with(reply, REFERRER_POLICY, "no-referrer"), CACHE_CONTROL, "no-store")
}
