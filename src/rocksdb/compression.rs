//! Blocks as they were before they were compressed (C++: `CompressionType`).

use super::bytes::Bytes;
use super::error::Fault;
use std::io::Read;

/// No block is larger than this, whatever it says; RocketMQ's are of 32 KiB and one entry.
const LARGEST: usize = 64 << 20;

const FAILED: Fault = Fault::Damaged("a block does not decompress");

/// A block out of its bytes and the type behind them. `sized`: the size before compression stands in front
/// (from format 2 on, of all but Snappy).
///
/// # Errors
/// A compression that is not known; what does not decompress; more than a block can hold.
pub fn decompress(kind: u8, bytes: &[u8], sized: bool) -> Result<Vec<u8>, Fault> {
    match kind {
        0 => Ok(bytes.to_vec()),
        1 => snappy(bytes),
        2 | 4 | 5 | 7 if !sized => Err(Fault::unsupported("compression in a table of format 1")),
        2 | 4 | 5 | 7 => {
            let mut bytes = Bytes(bytes);
            let size = bytes.length()?;
            if size > LARGEST {
                return Err(Fault::Damaged("a block is too large"));
            }
            let block = match kind {
                2 => deflated(bytes.0, size)?,
                7 => zstd::bulk::decompress(bytes.0, size).map_err(|_| FAILED)?,
                _ => lz4_flex::block::decompress(bytes.0, size).map_err(|_| FAILED)?,
            };
            if block.len() == size { Ok(block) } else { Err(FAILED) }
        }
        other => Err(Fault::unsupported(format!("compression {other}"))),
    }
}

fn snappy(bytes: &[u8]) -> Result<Vec<u8>, Fault> {
    if snap::raw::decompress_len(bytes).map_err(|_| FAILED)? > LARGEST {
        return Err(Fault::Damaged("a block is too large"));
    }
    snap::raw::Decoder::new().decompress_vec(bytes).map_err(|_| FAILED)
}

fn deflated(bytes: &[u8], size: usize) -> Result<Vec<u8>, Fault> {
    let mut block = Vec::new();
    let limit = u64::try_from(size).unwrap_or(u64::MAX).saturating_add(1);
    flate2::read::DeflateDecoder::new(bytes).take(limit).read_to_end(&mut block).map_err(|_| FAILED)?;
    Ok(block)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn sized(size: u8, bytes: Vec<u8>) -> Vec<u8> {
        [vec![size], bytes].concat()
    }

    #[test]
    fn every_kind_gives_the_block_back() {
        let block = b"aaaaaaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbbbbb".to_vec();
        let size = u8::try_from(block.len()).unwrap();
        let mut deflate = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
        deflate.write_all(&block).unwrap();
        let table = [
            (0, block.clone()),
            (1, snap::raw::Encoder::new().compress_vec(&block).unwrap()),
            (2, sized(size, deflate.finish().unwrap())),
            (4, sized(size, lz4_flex::block::compress(&block))),
            (7, sized(size, zstd::bulk::compress(&block, 3).unwrap())),
        ];
        for (kind, bytes) in table {
            assert_eq!(decompress(kind, &bytes, true).as_ref(), Ok(&block), "{kind}");
            if kind != 0 {
                assert!(decompress(kind, &bytes[..bytes.len() - 2], true).is_err(), "{kind}");
            }
        }
    }

    #[test]
    fn what_lies_about_its_size_is_refused() {
        let huge = [vec![0xff, 0xff, 0xff, 0xff, 0x0f], vec![0; 8]].concat();
        for kind in [1, 2, 4, 7] {
            assert!(decompress(kind, &huge, true).is_err(), "{kind}");
        }
        assert!(decompress(7, &sized(3, zstd::bulk::compress(b"abcdef", 3).unwrap()), true).is_err());
        assert_eq!(decompress(3, b"", true), Err(Fault::unsupported("compression 3")));
    }
}
