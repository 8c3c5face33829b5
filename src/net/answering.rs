//! Answers requests and keeps book of them for the connection's place: when one came, when its answer moves and when it ends.

use std::convert::Infallible;
use std::io::IoSlice;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::header::{CONNECTION, CONTENT_LENGTH, HeaderValue, TRANSFER_ENCODING};
use hyper::service::Service;
use hyper::{Request, Response, Version};

use crate::net::seats::{Asked, Seat};
use crate::net::stream::Peer;

/// Answers the requests of one connection.
pub(super) struct Answerer<F> {
    pub(super) answer: F,
    pub(super) seat: Arc<Seat>,
    pub(super) peer: Peer,
}

type Answered<B> = Pin<Box<dyn Future<Output = Result<Response<Answering<B>>, Infallible>> + Send>>;

impl<F, A, B> Service<Request<Incoming>> for Answerer<F>
where
    F: Fn(Request<Incoming>) -> A,
    A: Future<Output = Response<B>> + Send + 'static,
{
    type Response = Response<Answering<B>>;
    type Error = Infallible;
    type Future = Answered<B>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        let asked = Asked::new(self.seat.clone());
        let is_last = is_ambiguous(&request);
        request.extensions_mut().insert(self.peer);
        let answer = (self.answer)(request);
        Box::pin(async move {
            let mut response = answer.await;
            if is_last {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok(response.map(|body| Answering::new(body, asked)))
        })
    }
}

/// Where two readers may disagree about the end of a request, nothing behind it on the connection is read: a proxy before us could
/// otherwise be made to let a second request pass inside the first. Nobody needs to send us chunks. hyper takes the length away
/// that comes behind an encoding, so that any encoding counts. HTTP/2 has frames instead.
fn is_ambiguous(request: &Request<Incoming>) -> bool {
    let headers = request.headers();
    let is_old = request.version() < Version::HTTP_2;
    is_old && (headers.contains_key(TRANSFER_ENCODING) || headers.get_all(CONTENT_LENGTH).iter().count() > 1)
}

/// The body of an answer.
pub(super) struct Answering<B> {
    body: B,
    /// Goes with the last frame.
    asked: Option<Asked>,
}

impl<B> Answering<B> {
    pub(super) fn new(body: B, mut asked: Asked) -> Self {
        asked.answer();
        Self { body, asked: Some(asked) }
    }
}

impl<B: Body + Unpin> Body for Answering<B> {
    type Data = Sending<B::Data>;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        let asked = if self.body.is_end_stream() { self.asked.take() } else { None };
        Poll::Ready(frame.map(|frame| frame.map(|frame| frame.map_data(|data| Sending { data, asked }))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A frame on its way: what is handed over is not sent yet, and the request lasts until its last byte is.
pub(super) struct Sending<D> {
    data: D,
    asked: Option<Asked>,
}

impl<D: Buf> Buf for Sending<D> {
    fn remaining(&self) -> usize {
        self.data.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.data.chunk()
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        self.data.chunks_vectored(slices)
    }

    fn advance(&mut self, count: usize) {
        self.data.advance(count);
        if let Some(asked) = &self.asked {
            asked.moved();
        }
    }
}
