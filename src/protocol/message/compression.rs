//! Compressed bodies: zlib, LZ4 frames and zstd (`CompressorFactory`).

use std::io::Read;

use super::error::MessageError;

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// zlib (RFC 1950), what clients use unless told otherwise.
    Zlib,
    /// An LZ4 frame.
    Lz4,
    /// A zstd frame.
    Zstd,
}

/// Compresses `data`. `level` is zlib's and zstd's level; LZ4 has none. Java's clients use 5.
///
/// # Errors
/// [`MessageError::Decompress`] when the library refuses, which has not been seen to happen in memory.
pub fn compress(data: &[u8], compression: Compression, level: u32) -> Result<Vec<u8>, MessageError> {
    let failed = |e: &dyn std::fmt::Display| MessageError::Decompress(e.to_string());
    match compression {
        Compression::Zlib => {
            let mut out = Vec::new();
            flate2::read::ZlibEncoder::new(data, flate2::Compression::new(level.min(9)))
                .read_to_end(&mut out)
                .map_err(|e| failed(&e))?;
            Ok(out)
        }
        Compression::Lz4 => {
            use std::io::Write;
            let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
            encoder.write_all(data).map_err(|e| failed(&e))?;
            encoder.finish().map_err(|e| failed(&e))
        }
        Compression::Zstd => {
            let level = i32::try_from(level.min(22)).unwrap_or(5);
            zstd::stream::encode_all(data, level).map_err(|e| failed(&e))
        }
    }
}

/// Decompresses `data` into at most `limit` bytes.
///
/// # Errors
/// [`MessageError::Decompress`] when the data is damaged, [`MessageError::DecompressedTooLarge`] when the
/// result is longer than `limit`; no more than `limit` bytes are ever held.
pub fn decompress(data: &[u8], compression: Compression, limit: usize) -> Result<Vec<u8>, MessageError> {
    match compression {
        Compression::Zlib => bounded(flate2::read::ZlibDecoder::new(data), limit),
        Compression::Lz4 => bounded(lz4_flex::frame::FrameDecoder::new(data), limit),
        Compression::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(data)
                .map_err(|e| MessageError::Decompress(e.to_string()))?;
            // A frame may ask for a window of gigabytes; 2^27 is what zstd itself accepts unasked.
            decoder.window_log_max(27).map_err(|e| MessageError::Decompress(e.to_string()))?;
            bounded(decoder, limit)
        }
    }
}

fn bounded(reader: impl Read, limit: usize) -> Result<Vec<u8>, MessageError> {
    let mut out = Vec::new();
    let more = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    reader.take(more).read_to_end(&mut out).map_err(|e| MessageError::Decompress(e.to_string()))?;
    if out.len() > limit { Err(MessageError::DecompressedTooLarge { limit }) } else { Ok(out) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: [Compression; 3] = [Compression::Zlib, Compression::Lz4, Compression::Zstd];

    proptest! {
        #[test]
        fn round_trip(data in proptest::collection::vec(any::<u8>(), 0..2000)) {
            for kind in ALL {
                let packed = compress(&data, kind, 5).unwrap();
                prop_assert_eq!(decompress(&packed, kind, data.len()).unwrap(), data.clone());
            }
        }

        #[test]
        fn noise_never_panics(data in proptest::collection::vec(any::<u8>(), 0..300)) {
            for kind in ALL {
                let _ = decompress(&data, kind, 1000);
            }
        }
    }

    #[test]
    fn a_bomb_stops_at_the_limit() {
        for kind in ALL {
            let packed = compress(&vec![0; 1 << 20], kind, 5).unwrap();
            assert!(packed.len() < 1 << 14, "{kind:?}");
            let result = decompress(&packed, kind, 1000);
            assert_eq!(result, Err(MessageError::DecompressedTooLarge { limit: 1000 }), "{kind:?}");
        }
    }

    #[test]
    fn every_cut_of_a_compressed_body_is_an_error_or_short() {
        let data: Vec<u8> = (0..500u32).flat_map(u32::to_be_bytes).collect();
        for kind in ALL {
            let packed = compress(&data, kind, 5).unwrap();
            for cut in 0..packed.len() {
                let result = decompress(&packed[..cut], kind, 1 << 16);
                assert!(
                    result.is_err() || result != Ok(data.clone()) || cut > packed.len() - 9,
                    "{kind:?} {cut}"
                );
            }
        }
    }
}
