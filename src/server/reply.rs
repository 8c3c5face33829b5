//! Answers and their bodies.

use std::convert::Infallible;
use std::io::IoSlice;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Buf;
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use hyper::{Response, StatusCode};
use tokio::sync::OwnedSemaphorePermit;

use crate::exposition::Pieces;

/// An answer of ours.
pub(super) type Reply = Response<ReplyBody>;

/// A body of one frame, until that is handed over.
pub(super) struct ReplyBody(Option<Content>);

/// A body's bytes, which may hold a scrape's place: it is free again when the last byte is sent or the client is gone.
pub(super) struct Content {
    pieces: Pieces,
    _place: Option<OwnedSemaphorePermit>,
}

/// An answer with this body.
pub(super) fn reply(status: StatusCode, content_type: &'static str, pieces: Pieces) -> Reply {
    let mut reply = Response::new(ReplyBody(Some(Content { pieces, _place: None })));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
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
    reply.map(|body| ReplyBody(body.0.map(|content| Content { _place: Some(place), ..content })))
}

/// The same answer without its body, for HEAD.
pub(super) fn head_only(mut reply: Reply) -> Reply {
    let length = HeaderValue::from(reply.body().remaining());
    reply.headers_mut().insert(CONTENT_LENGTH, length);
    reply.map(|_| ReplyBody(None))
}

impl ReplyBody {
    fn remaining(&self) -> usize {
        self.0.as_ref().map_or(0, Content::remaining)
    }
}

impl Body for ReplyBody {
    type Data = Content;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Content>, Infallible>>> {
        Poll::Ready(self.0.take().map(|content| Ok(Frame::data(content))))
    }

    fn is_end_stream(&self) -> bool {
        self.remaining() == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.remaining() as u64)
    }
}

impl Buf for Content {
    fn remaining(&self) -> usize {
        self.pieces.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.pieces.chunk()
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        self.pieces.chunks_vectored(slices)
    }

    fn advance(&mut self, count: usize) {
        self.pieces.advance(count);
    }
}
