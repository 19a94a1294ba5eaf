//! Bodies of a size.

use bytes::Bytes;

/// Printable bytes that do not compress well, another lot for each number.
pub fn noise(size: usize, number: u64) -> Bytes {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        // Marsaglia's xorshift.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        LETTERS[usize::try_from(state >> 58).unwrap_or(0)]
    };
    (0..size).map(|_| next()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_has_its_size_and_differs() {
        assert_eq!(noise(1000, 1).len(), 1000);
        assert_ne!(noise(32, 1), noise(32, 2));
        let small = crate::protocol::message::compress(
            &noise(10_000, 0),
            crate::protocol::message::Compression::Zlib,
            5,
        );
        assert!(small.unwrap().len() > 7000);
    }
}
