//! The body of an answer, which may end as no body should.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// How a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// As it should.
    Whole,
    /// The connection breaks before the announced length is reached.
    Broken,
    /// Nothing more comes, and the connection stays.
    Silent,
}

/// Some bytes, then an end.
pub(crate) struct Payload {
    bytes: Option<Bytes>,
    /// What `Content-Length` announces.
    announced: u64,
    end: End,
}

/// The connection is to be closed at once.
#[derive(Debug)]
pub(crate) struct Cut;

impl Payload {
    /// These bytes, or the first half of them.
    pub(crate) fn new(bytes: Bytes, end: End) -> Self {
        let announced = bytes.len() as u64;
        let sent = if end == End::Whole { bytes } else { bytes.slice(..bytes.len() / 2) };
        Self { bytes: Some(sent).filter(|bytes| !bytes.is_empty()), announced, end }
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        match (self.bytes.take(), self.end) {
            (Some(bytes), _) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
            (None, End::Whole) => Poll::Ready(None),
            (None, End::Broken) => Poll::Ready(Some(Err(Cut))),
            // Nobody wakes it: the client has to give up.
            (None, End::Silent) => Poll::Pending,
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.announced)
    }
}

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the connection is cut on purpose")
    }
}

impl std::error::Error for Cut {}
