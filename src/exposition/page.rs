//! The finished part of a page: everything about tweets.

use bytes::Bytes;

use crate::exposition::gzip::Deflated;

/// The tweets' families, ready to send. All of them are gauges, whose text is the same in both formats, so one text serves both;
/// the exporter's own metrics and the end mark are added by the scrape.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Pieces to be sent one after the other.
    pub segments: Vec<Segment>,
    /// How many series they hold.
    pub series: usize,
}

/// A piece of a page in both encodings.
#[derive(Clone, Debug)]
pub struct Segment {
    /// Text, whole lines.
    pub plain: Bytes,
    /// The same, compressed: a part of a gzip body.
    pub deflated: Deflated,
}

impl Segment {
    /// Compresses these lines; worth it only for what stays for several scrapes.
    pub fn new(plain: Bytes) -> Self {
        let deflated = Deflated::new(&plain);
        Self { plain, deflated }
    }
}
