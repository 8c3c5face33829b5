//! The body of an answer on the wire, with all the ways in which it can fail to arrive.

use std::convert::Infallible;
use std::fmt;
use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::body::{Body, Frame, SizeHint};

use crate::simulator::answer::Delivery;

/// A body.
pub(crate) enum Parcel {
    /// All of it at once.
    Whole(Option<Bytes>),
    /// These bytes of a text of that length, then the end of the connection.
    Cut { half: Option<Bytes>, length: u64, rested: bool },
    /// Nothing, ever.
    Stalled,
    /// Letters until so many have been sent, between a head and a tail that make it JSON.
    Padded { head: Option<Bytes>, letters: u64, tail: Option<Bytes> },
}

/// The connection ends here on purpose.
#[derive(Debug)]
pub(crate) struct CutOff;

impl fmt::Display for CutOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the simulator cuts this connection on purpose")
    }
}

impl std::error::Error for CutOff {}

impl From<Infallible> for CutOff {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

const HEAD: &[u8] = br#"{"data":[],"padding":""#;
const TAIL: &[u8] = br#""}"#;
const CHUNK: &[u8] = &[b'x'; 65_536];

impl Parcel {
    /// Packs a body; compresses it if `gzip` says so.
    pub(crate) fn pack(body: Bytes, delivery: Delivery, gzip: bool) -> Self {
        match delivery {
            Delivery::Stalled => Self::Stalled,
            Delivery::Padded(letters) if gzip => Self::Whole(Some(padded_gzip(letters))),
            Delivery::Padded(letters) => {
                Self::Padded { head: Some(Bytes::from_static(HEAD)), letters, tail: Some(Bytes::from_static(TAIL)) }
            }
            Delivery::Cut => {
                let whole = compressed(body, gzip);
                Self::Cut { half: Some(whole.slice(..whole.len() / 2)), length: whole.len() as u64, rested: false }
            }
            Delivery::Whole | Delivery::Dropped => Self::Whole(Some(compressed(body, gzip))),
        }
    }
}

fn compressed(body: Bytes, gzip: bool) -> Bytes {
    if gzip { squeeze([&body[..]].into_iter()) } else { body }
}

fn padded_gzip(letters: u64) -> Bytes {
    let chunks = (0..letters / CHUNK.len() as u64).map(|_| CHUNK);
    let rest = &CHUNK[..(letters % CHUNK.len() as u64) as usize];
    squeeze([HEAD].into_iter().chain(chunks).chain([rest, TAIL]))
}

fn squeeze<'a>(parts: impl Iterator<Item = &'a [u8]>) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    for part in parts {
        encoder.write_all(part).expect("a vector takes every byte");
    }
    encoder.finish().expect("a vector takes every byte").into()
}

impl Body for Parcel {
    type Data = Bytes;
    type Error = CutOff;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, CutOff>>> {
        let ready = |bytes: Bytes| Poll::Ready(Some(Ok(Frame::data(bytes))));
        match self.get_mut() {
            Self::Whole(bytes) => bytes.take().map_or(Poll::Ready(None), ready),
            Self::Stalled => Poll::Pending,
            Self::Cut { half, rested, .. } => match (half.take(), *rested) {
                (Some(bytes), _) => ready(bytes),
                // A pause in which the server flushes the half: an error throws away what is buffered.
                (None, false) => {
                    *rested = true;
                    context.waker().wake_by_ref();
                    Poll::Pending
                }
                (None, true) => Poll::Ready(Some(Err(CutOff))),
            },
            Self::Padded { head, letters, tail } => match (head.take(), *letters) {
                (Some(bytes), _) => ready(bytes),
                (None, 0) => tail.take().map_or(Poll::Ready(None), ready),
                (None, left) => {
                    let now = left.min(CHUNK.len() as u64);
                    *letters -= now;
                    ready(Bytes::from_static(&CHUNK[..now as usize]))
                }
            },
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Self::Cut { length, .. } => SizeHint::with_exact(*length),
            Self::Stalled | Self::Padded { .. } => SizeHint::default(),
        }
    }
}
