//! gzip members. Several, one after the other, are one valid gzip body (RFC 1952, section 2.2), so that a page is compressed piece by
//! piece, each when its content changes.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

/// For pieces that are kept: level 2 is where zlib-rs gives most for its time.
pub(super) const KEPT: u32 = 2;
/// For pieces that are made for one scrape.
pub(super) const FLEETING: u32 = 1;

/// These bytes as one gzip member.
pub(super) fn member(level: u32, plain: &[u8]) -> Bytes {
    const WHY: &str = "writing to memory cannot fail";
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 6 + 64), Compression::new(level));
    encoder.write_all(plain).expect(WHY);
    // Kept for long, so without spare room.
    encoder.finish().expect(WHY).into_boxed_slice().into()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::MultiGzDecoder;

    use super::*;

    #[test]
    fn joined_members_are_one_body() {
        let pieces: [&[u8]; 3] = [b"tweet_state 1\n", b"", b"# EOF\n"];
        let joined = pieces.map(|piece| member(KEPT, piece)).concat();
        let mut plain = String::new();
        MultiGzDecoder::new(&*joined).read_to_string(&mut plain).expect("valid gzip");
        assert_eq!(plain, "tweet_state 1\n# EOF\n");
    }
}
