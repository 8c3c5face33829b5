//! One gzip body out of pieces that were compressed at different times.
//!
//! Joined gzip members would be valid too (RFC 1952, section 2.2), but curl, wget and others stop after the first. So a piece is raw
//! deflate that ends on a byte (a full flush, RFC 1951), and the body has one head, the pieces, and one trailer whose checksum is
//! combined from theirs.

use std::fmt;

use bytes::Bytes;
use crc32fast::Hasher;
use flate2::{Compress, Compression, FlushCompress};

/// RFC 1952, section 2.3: deflate, no name, no time, no flags, system unknown.
pub(super) const HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// Level 2 is where zlib-rs gives most for its time.
const LEVEL: u32 = 2;

/// A compressed piece of a body. It is no body by itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Deflated {
    pub(super) bytes: Bytes,
    /// Of the plain text.
    pub(super) checksum: Checksum,
}

/// The checksum of some text, and how long that is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Checksum {
    sum: u32,
    length: u64,
}

impl Checksum {
    fn of(text: &[u8]) -> Self {
        Self::default().continued(text)
    }

    /// That of this text after those before.
    fn continued(self, text: &[u8]) -> Self {
        let mut hasher = Hasher::new_with_initial_len(self.sum, self.length);
        hasher.update(text);
        Self { sum: hasher.finalize(), length: self.length + text.len() as u64 }
    }

    /// That of both texts. Takes a microsecond or two, whatever their length.
    pub(super) fn append(&mut self, next: &Self) {
        let mut both = Hasher::new_with_initial_len(self.sum, self.length);
        both.combine(&Hasher::new_with_initial_len(next.sum, next.length));
        *self = Self { sum: both.finalize(), length: self.length + next.length };
    }
}

/// Compresses pieces that others will follow.
pub(super) struct Deflater(Compress);

impl Deflater {
    /// Compresses a piece.
    pub(super) fn deflate(&mut self, plain: &[u8]) -> Deflated {
        let mut bytes = Vec::new();
        let checksum = self.deflate_behind(&mut bytes, plain);
        // Kept for long, so without spare room.
        Deflated { bytes: bytes.into_boxed_slice().into(), checksum }
    }

    /// Compresses a piece to the end of these bytes. Returns its checksum.
    pub(super) fn deflate_behind(&mut self, bytes: &mut Vec<u8>, plain: &[u8]) -> Checksum {
        // Not a new one: its tables are 300 kB.
        self.0.reset();
        bytes.reserve(plain.len() / 6 + 64);
        loop {
            let taken = usize::try_from(self.0.total_in()).expect("what is in memory has an address");
            self.0.compress_vec(&plain[taken..], bytes, FlushCompress::Full).expect("a fresh stream takes everything");
            // Room left over says that everything pending is written.
            if bytes.len() < bytes.capacity() {
                break;
            }
            bytes.reserve(bytes.capacity().max(64));
        }
        Checksum::of(plain)
    }
}

impl Default for Deflater {
    fn default() -> Self {
        Self(Compress::new(Compression::new(LEVEL), false))
    }
}

impl fmt::Debug for Deflater {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deflater").finish_non_exhaustive()
    }
}

/// The end of a body whose text so far has this checksum: some more text, as it is, and the trailer. What is made for one scrape is not
/// worth compressing.
pub(super) fn end(before: Checksum, last: &[u8]) -> Bytes {
    const MOST: usize = u16::MAX as usize;
    let mut end = Vec::with_capacity(last.len() + 5 * (last.len() / MOST + 1) + 8);
    let mut rest = last;
    loop {
        let (block, after) = rest.split_at(rest.len().min(MOST));
        let length = u16::try_from(block.len()).expect("it is at most that");
        // RFC 1951, section 3.2.4: whether it is the last block, no compression, the length, and its complement.
        end.push(u8::from(after.is_empty()));
        end.extend_from_slice(&length.to_le_bytes());
        end.extend_from_slice(&(!length).to_le_bytes());
        end.extend_from_slice(block);
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    let whole = before.continued(last);
    end.extend_from_slice(&whole.sum.to_le_bytes());
    // RFC 1952: modulo 2^32.
    end.extend_from_slice(&whole.length.to_le_bytes()[..4]);
    end.into()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    /// Reads the first member alone, as curl does.
    fn first_member(pieces: &[&[u8]], last: &[u8]) -> Vec<u8> {
        let (mut deflater, mut checksum, mut body) = (Deflater::default(), Checksum::default(), HEAD.to_vec());
        for piece in pieces.iter().map(|piece| deflater.deflate(piece)) {
            body.extend_from_slice(&piece.bytes);
            checksum.append(&piece.checksum);
        }
        body.extend_from_slice(&end(checksum, last));
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
        for long in [65_534, 65_535, 65_536, 131_070, 200_000] {
            assert_eq!(first_member(&[b"a"], &vec![b'b'; long]).len(), long + 1);
        }
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
