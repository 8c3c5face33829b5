//! A body that tells its connection's place when it moves and when it ends.

use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Frame, SizeHint};

use crate::net::seats::Asked;

/// The body of an answer.
pub(super) struct Answering<B> {
    body: B,
    asked: Asked,
}

impl<B> Answering<B> {
    pub(super) fn new(body: B, mut asked: Asked) -> Self {
        asked.answer();
        Self { body, asked }
    }
}

impl<B: Body + Unpin> Body for Answering<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        self.asked.moved();
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
