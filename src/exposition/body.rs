//! A finished page as a body: its pieces are sent as they are, nothing is copied or compressed twice.

use std::io::IoSlice;

use bytes::{Buf, Bytes};

use crate::exposition::{Format, OwnMetrics, Page, gzip};

/// A body of ready pieces, handed over at once: the connection writes as many of them with one call as the system takes.
#[derive(Debug)]
pub struct Pieces {
    pieces: std::vec::IntoIter<Bytes>,
    left: usize,
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

    fn new(pieces: Vec<Bytes>) -> Self {
        let left = pieces.iter().map(Bytes::len).sum();
        Self { pieces: pieces.into_iter(), left }
    }
}

/// Pieces that are sent are freed.
impl Buf for Pieces {
    fn remaining(&self) -> usize {
        self.left
    }

    fn chunk(&self) -> &[u8] {
        self.pieces.as_slice().first().map_or(&[], |piece| piece)
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let pieces = self.pieces.as_slice();
        slices.iter_mut().zip(pieces).for_each(|(slice, piece)| *slice = IoSlice::new(piece));
        slices.len().min(pieces.len())
    }

    fn advance(&mut self, count: usize) {
        assert!(count <= self.left, "{count} bytes sent of {}", self.left);
        self.left -= count;
        let mut count = count;
        while let Some(piece) = self.pieces.as_mut_slice().first_mut().filter(|_| count > 0) {
            if count < piece.len() {
                return piece.advance(count);
            }
            count -= piece.len();
            self.pieces.next();
        }
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
        let mut body = Pieces::of_page(&page(), &OwnMetrics::new(SelfMetrics::new()), format, gzip);
        body.copy_to_bytes(body.remaining()).into()
    }

    #[test]
    fn however_few_bytes_are_taken_at_a_time_all_come_in_order() {
        let parts = ["one", "t", "wo and ", "three"].map(|text| Bytes::from_static(text.as_bytes()));
        for at_most in 1..=20 {
            let (mut pieces, mut taken) = (Pieces::new(parts.to_vec()), Vec::new());
            while pieces.has_remaining() {
                let mut slices = [IoSlice::new(&[]); 2];
                let count = pieces.chunks_vectored(&mut slices);
                assert_eq!(&*slices[0], pieces.chunk());
                let now: Vec<u8> = slices[..count].iter().flat_map(|slice| slice.to_vec()).take(at_most).collect();
                taken.extend_from_slice(&now);
                pieces.advance(now.len());
                assert_eq!(pieces.remaining(), 16 - taken.len());
            }
            assert_eq!(taken, b"onetwo and three", "{at_most} at a time");
        }
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
