//! Having the configuration read again over HTTP. Whoever may do that decides what is spent, so it must be asked for at the start.

use hyper::StatusCode;

use crate::server::Server;
use crate::server::reply::{Reply, said, text};

/// 200 once the new configuration holds; 500 with everything that is wrong with it, and then the one before stays.
pub(super) async fn reload(server: &Server) -> Reply {
    if !server.lifecycle {
        return text(
            StatusCode::FORBIDDEN,
            "reloading over HTTP is not enabled; start with --web.enable-lifecycle, or send SIGHUP",
        );
    }
    match server.handle.reload().await {
        Some(Ok(now)) => said(StatusCode::OK, &now),
        Some(Err(errors)) => said(StatusCode::INTERNAL_SERVER_ERROR, &errors),
        None => {
            text(StatusCode::SERVICE_UNAVAILABLE, "nothing is reloaded: the exporter is stopping, or has no configuration file")
        }
    }
}
