//! The finished part of a page: everything about tweets.

use bytes::Bytes;

use crate::exposition::gzip::{Checksum, Deflater, HEAD};

/// The tweets' families, ready to send. All of them are gauges, whose text is the same in both formats, so one text serves both;
/// the exporter's own metrics and the end mark are added by the scrape.
#[derive(Clone, Debug)]
pub struct Page {
    /// Text, in pieces to be sent one after the other.
    pub(super) plain: Vec<Bytes>,
    /// The same as the beginning of a gzip body.
    pub(super) deflated: Vec<Bytes>,
    /// Of the text.
    pub(super) checksum: Checksum,
    /// How many series it holds.
    pub series: usize,
}

/// A page, and what did not fit on it.
#[derive(Debug)]
pub struct Built {
    /// The page.
    pub page: Page,
    /// Series that `limits.max_series` keeps off it. A tweet's numbers are on the page whole or not at all; its state always is.
    pub surplus: usize,
}

impl Page {
    /// A page of these pieces of text, each of whole lines.
    pub fn new(plain: Vec<Bytes>, series: usize) -> Self {
        let (mut deflater, mut checksum) = (Deflater::default(), Checksum::default());
        let mut deflated = vec![Bytes::from_static(&HEAD)];
        for piece in &plain {
            let piece = deflater.deflate(piece);
            checksum.append(&piece.checksum);
            deflated.push(piece.bytes);
        }
        Self { plain, deflated, checksum, series }
    }

    /// The text, in pieces to be sent one after the other.
    pub fn plain(&self) -> &[Bytes] {
        &self.plain
    }

    /// The same as the beginning of a gzip body.
    pub fn deflated(&self) -> &[Bytes] {
        &self.deflated
    }

    /// How many bytes it takes, plain and compressed.
    pub fn bytes(&self) -> (usize, usize) {
        let length = |pieces: &[Bytes]| pieces.iter().map(Bytes::len).sum();
        (length(&self.plain), length(&self.deflated))
    }
}

impl Default for Page {
    fn default() -> Self {
        Self::new(Vec::new(), 0)
    }
}
