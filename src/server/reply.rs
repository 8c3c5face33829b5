//! Answers and their bodies.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use hyper::{Response, StatusCode};
use tokio::sync::OwnedSemaphorePermit;

use crate::exposition::Pieces;

/// An answer of ours.
pub(super) type Reply = Response<ReplyBody>;

/// A body that may hold a scrape's place: it is free again when the last byte is handed over or the client is gone.
pub(super) struct ReplyBody {
    pieces: Pieces,
    _place: Option<OwnedSemaphorePermit>,
}

/// An answer with this body.
pub(super) fn reply(status: StatusCode, content_type: &str, pieces: Pieces) -> Reply {
    let mut reply = Response::new(ReplyBody { pieces, _place: None });
    *reply.status_mut() = status;
    let content_type = HeaderValue::from_str(content_type).expect("ours are printable");
    reply.headers_mut().insert(CONTENT_TYPE, content_type);
    // Nobody is to take a page with foreign text in it for anything else.
    reply.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    reply
}

/// A sentence for people.
pub(super) fn text(status: StatusCode, sentence: &'static str) -> Reply {
    reply(status, "text/plain; charset=utf-8", Pieces::one(format!("{sentence}\n")))
}

/// A sentence with something of the moment in it.
pub(super) fn said(status: StatusCode, sentence: &str) -> Reply {
    reply(status, "text/plain; charset=utf-8", Pieces::one(format!("{sentence}\n")))
}

/// The path is known, the method is not for it.
pub(super) fn method_not_allowed(allow: &'static str) -> Reply {
    with(text(StatusCode::METHOD_NOT_ALLOWED, "method not allowed"), ALLOW, allow)
}

/// The same answer with this header.
pub(super) fn with(mut reply: Reply, name: HeaderName, value: &'static str) -> Reply {
    reply.headers_mut().insert(name, HeaderValue::from_static(value));
    reply
}

/// The same answer, holding this place until it is sent.
pub(super) fn holding(reply: Reply, place: OwnedSemaphorePermit) -> Reply {
    reply.map(|body| ReplyBody { _place: Some(place), ..body })
}

/// The same answer without its body, for HEAD.
pub(super) fn head_only(mut reply: Reply) -> Reply {
    let length = HeaderValue::from(reply.body().pieces.len());
    reply.headers_mut().insert(CONTENT_LENGTH, length);
    reply.map(|_| ReplyBody { pieces: Pieces::none(), _place: None })
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Pin::new(&mut self.pieces).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.pieces.size_hint()
    }
}
