//! One gzip body out of pieces that were compressed at different times.
//!
//! Joined gzip members would be valid too (RFC 1952, section 2.2), but curl, wget and others stop after the first. So a piece is raw
//! deflate that ends on a byte (a full flush, RFC 1951), and the body has one head, the pieces, and one trailer whose checksum is
//! combined from theirs.

use std::sync::Arc;

use bytes::Bytes;
use flate2::{Compress, Compression, Crc, FlushCompress, Status};

/// For pieces that are kept: level 2 is where zlib-rs gives most for its time.
pub(super) const KEPT: u32 = 2;
/// For pieces that are made for one scrape.
const FLEETING: u32 = 1;

/// RFC 1952, section 2.3: deflate, no name, no time, no flags, system unknown.
const HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// A compressed piece of a body. It is no body by itself.
#[derive(Clone, Debug)]
pub struct Deflated {
    bytes: Bytes,
    /// Of the plain text; shared, because it cannot be copied.
    checksum: Arc<Crc>,
}

impl Deflated {
    /// Compresses a piece that others will follow.
    pub(super) fn new(plain: &[u8]) -> Self {
        Self::at(KEPT, FlushCompress::Full, plain)
    }

    fn at(level: u32, end: FlushCompress, plain: &[u8]) -> Self {
        let mut checksum = Crc::new();
        checksum.update(plain);
        let mut deflate = Compress::new(Compression::new(level), false);
        let mut bytes = Vec::with_capacity(plain.len() / 6 + 64);
        loop {
            let taken = usize::try_from(deflate.total_in()).expect("what is in memory has an address");
            let status = deflate.compress_vec(&plain[taken..], &mut bytes, end).expect("a fresh stream takes everything");
            // Room left over says that everything pending is written.
            if status == Status::StreamEnd || end != FlushCompress::Finish && bytes.len() < bytes.capacity() {
                break;
            }
            bytes.reserve(bytes.capacity().max(64));
        }
        // Kept for long, so without spare room.
        Self { bytes: bytes.into_boxed_slice().into(), checksum: Arc::new(checksum) }
    }
}

/// A whole gzip body: these pieces, then this text as the last one.
pub(super) fn body<'a>(pieces: impl Iterator<Item = &'a Deflated>, last: &[u8]) -> Vec<Bytes> {
    let last = Deflated::at(FLEETING, FlushCompress::Finish, last);
    let mut checksum = Crc::new();
    let mut body = vec![Bytes::from_static(&HEAD)];
    for piece in pieces.cloned().chain([last]) {
        checksum.combine(&piece.checksum);
        body.push(piece.bytes);
    }
    let trailer = [checksum.sum().to_le_bytes(), checksum.amount().to_le_bytes()].concat();
    body.push(trailer.into());
    body
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    /// Reads the first member alone, as curl does.
    fn first_member(pieces: &[&[u8]], last: &[u8]) -> Vec<u8> {
        let pieces: Vec<Deflated> = pieces.iter().map(|piece| Deflated::new(piece)).collect();
        let body = body(pieces.iter(), last).concat();
        let mut plain = Vec::new();
        GzDecoder::new(&*body).read_to_end(&mut plain).expect("valid gzip, its checksum and length included");
        plain
    }

    #[test]
    fn pieces_are_one_member() {
        assert_eq!(
            first_member(&[b"tweet_state 1\n", b"", b"tweet_state 2\n"], b"# EOF\n"),
            b"tweet_state 1\ntweet_state 2\n# EOF\n"
        );
        assert_eq!(first_member(&[], b"own\n"), b"own\n");
        assert_eq!(first_member(&[], b""), b"");
    }

    proptest::proptest! {
        #[test]
        fn whatever_the_pieces_they_come_out_whole(pieces: Vec<Vec<u8>>, last: Vec<u8>, repeat in 1usize..3_000) {
            let pieces: Vec<Vec<u8>> = pieces.iter().take(4).map(|piece| piece.repeat(repeat)).collect();
            let borrowed: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
            proptest::prop_assert_eq!(first_member(&borrowed, &last), [borrowed.concat(), last].concat());
        }
    }
}
