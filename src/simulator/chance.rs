//! Chance that is none: the same seed and label draw the same values for ever. Not for cryptography.

/// A stream of numbers that looks random (SplitMix64).
pub(crate) struct Chance(u64);

impl Chance {
    /// The stream of one thing, named by `label`; other labels draw unrelated numbers, so that adding a thing moves no other.
    pub(crate) fn new(seed: u64, label: &str) -> Self {
        let fnv = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        Self(label.bytes().fold(0xcbf2_9ce4_8422_2325 ^ seed.rotate_left(17), fnv))
    }

    /// The next number.
    pub(crate) fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is not zero.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.draw() % bound
    }

    /// A factor between `1 - part` and `1 + part`.
    pub(crate) fn factor(&mut self, part: f64) -> f64 {
        let unit = (self.draw() >> 11) as f64 / (1u64 << 53) as f64;
        1.0 - part + 2.0 * part * unit
    }

    /// Letters and digits, as they fill tokens.
    pub(crate) fn text(&mut self, length: usize) -> String {
        const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        (0..length).map(|_| char::from(ALPHABET[self.below(62) as usize])).collect()
    }
}
