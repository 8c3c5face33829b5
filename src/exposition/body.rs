//! A finished page as a body: its pieces are sent as they are, nothing is copied or compressed twice.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use crate::exposition::{Format, OwnMetrics, Page, gzip};

/// A body of ready pieces. Its length is known, so that no chunks are needed.
#[derive(Debug)]
pub struct Pieces {
    pieces: std::vec::IntoIter<Bytes>,
    left: u64,
}

impl Pieces {
    /// The whole answer to a scrape: the tweets' pieces, the own metrics as they are now, and the end mark where the format has one.
    pub fn of_page(page: &Page, own: &OwnMetrics, format: Format, gzip: bool) -> Self {
        let kept = own.kept(format);
        let mut last = own.live(format);
        if format == Format::OpenMetrics {
            last.push_str("# EOF\n");
        }
        let (pieces, kept, last) = if gzip {
            (&page.deflated, kept.deflated.bytes.clone(), gzip::end(kept.behind(page.checksum), last.as_bytes()))
        } else {
            (&page.plain, kept.plain.clone(), last.into())
        };
        Self::new(pieces.iter().cloned().chain([kept, last]).filter(|piece| !piece.is_empty()).collect())
    }

    /// A page that is made for one answer: this text, and the end mark where the format has one.
    pub fn of_text(text: Bytes, format: Format, gzip: bool) -> Self {
        let end = if format == Format::OpenMetrics { "# EOF\n" } else { "" };
        let pieces = if gzip {
            let page = Page::new(vec![text], 0);
            page.deflated.into_iter().chain([gzip::end(page.checksum, end.as_bytes())]).collect()
        } else {
            vec![text, end.into()]
        };
        Self::new(pieces.into_iter().filter(|piece| !piece.is_empty()).collect())
    }

    /// A body of one piece.
    pub fn one(piece: impl Into<Bytes>) -> Self {
        Self::new(vec![piece.into()])
    }

    /// No body.
    pub fn none() -> Self {
        Self::new(Vec::new())
    }

    /// How many bytes are still to be sent.
    pub fn len(&self) -> u64 {
        self.left
    }

    /// Whether nothing is left to be sent.
    pub fn is_empty(&self) -> bool {
        self.left == 0
    }

    fn new(pieces: Vec<Bytes>) -> Self {
        let left = pieces.iter().map(|piece| piece.len() as u64).sum();
        Self { pieces: pieces.into_iter(), left }
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = self.pieces.next();
        self.left -= piece.as_ref().map_or(0, Bytes::len) as u64;
        Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;
    use crate::self_metrics::SelfMetrics;

    fn page() -> Page {
        let lines = ["# TYPE tweet_state gauge\ntweet_state{tweet_id=\"1\"} 1\n", "tweet_state{tweet_id=\"2\"} 1\n"];
        Page::new(lines.map(|text| Bytes::from_static(text.as_bytes())).into(), 2)
    }

    fn sent(format: Format, gzip: bool) -> Vec<u8> {
        let body = Pieces::of_page(&page(), &OwnMetrics::new(SelfMetrics::new()), format, gzip);
        let length = body.len();
        let bytes: Vec<u8> = body.pieces.flatten().collect();
        assert_eq!(bytes.len() as u64, length);
        bytes
    }

    #[test]
    fn the_page_is_tweets_then_own_metrics_then_the_end() {
        let text = String::from_utf8(sent(Format::OpenMetrics, false)).expect("text");
        let at = |part: &str| text.find(part).unwrap_or_else(|| panic!("no {part} in {text}"));
        assert!(at("tweet_id=\"1\"") < at("tweet_id=\"2\"") && at("tweet_id=\"2\"") < at("# HELP tweet_exporter_series"));
        assert!(text.ends_with("\n# EOF\n"));
        assert!(!String::from_utf8(sent(Format::Text, false)).expect("text").contains("# EOF"));
    }

    #[test]
    fn gzip_carries_the_same_page() {
        let mut text = String::new();
        GzDecoder::new(&*sent(Format::OpenMetrics, true)).read_to_string(&mut text).expect("valid gzip");
        assert!(text.starts_with("# TYPE tweet_state gauge\n") && text.ends_with("\n# EOF\n"));
    }
}
