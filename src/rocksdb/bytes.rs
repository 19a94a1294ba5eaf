//! Numbers and slices off the front of bytes, as RocksDB writes them (C++: `util/coding.h`).

use super::error::Fault;

/// The checksum of RocksDB: CRC-32C, turned and shifted so that a checksum of checksums is none (C++: `crc32c::Mask`).
pub fn masked_crc(parts: &[&[u8]]) -> u32 {
    let crc = parts.iter().fold(0, |crc, part| crc32c::crc32c_append(crc, part));
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

/// What is left to be read.
#[derive(Clone, Copy, Debug)]
pub struct Bytes<'a>(pub &'a [u8]);

const SHORT: Fault = Fault::Damaged("it ends too early");

impl<'a> Bytes<'a> {
    /// Whether all is read.
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The next `length` bytes.
    pub fn slice(&mut self, length: usize) -> Result<&'a [u8], Fault> {
        let (head, rest) = self.0.split_at_checked(length).ok_or(SHORT)?;
        self.0 = rest;
        Ok(head)
    }

    /// A byte.
    pub fn byte(&mut self) -> Result<u8, Fault> {
        Ok(self.slice(1)?[0])
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let (head, rest) = self.0.split_first_chunk::<N>().ok_or(SHORT)?;
        self.0 = rest;
        Ok(*head)
    }

    /// Two bytes, the low one first.
    pub fn fixed16(&mut self) -> Result<u16, Fault> {
        self.array().map(u16::from_le_bytes)
    }

    /// Four bytes, the low one first.
    pub fn fixed32(&mut self) -> Result<u32, Fault> {
        self.array().map(u32::from_le_bytes)
    }

    /// Eight bytes, the low one first.
    pub fn fixed64(&mut self) -> Result<u64, Fault> {
        self.array().map(u64::from_le_bytes)
    }

    /// Seven bits a byte, the low ones first.
    pub fn varint64(&mut self) -> Result<u64, Fault> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Fault::Damaged("a number is too large"))
    }

    /// As [`Bytes::varint64`], of 32 bits.
    pub fn varint32(&mut self) -> Result<u32, Fault> {
        u32::try_from(self.varint64()?).map_err(|_| Fault::Damaged("a number is too large"))
    }

    /// As [`Bytes::varint64`], a length or a place.
    pub fn length(&mut self) -> Result<usize, Fault> {
        usize::try_from(self.varint64()?).map_err(|_| Fault::Damaged("a length is too large"))
    }

    /// A length and as many bytes.
    pub fn prefixed(&mut self) -> Result<&'a [u8], Fault> {
        let length = self.length()?;
        self.slice(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        let varint = |bytes: &[u8]| Bytes(bytes).varint64().ok();
        assert_eq!(varint(&[0x96, 0x01]), Some(150));
        assert_eq!(varint(&[0xff; 9]), None);
        assert_eq!(varint(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]), Some(u64::MAX));
        assert_eq!(varint(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02]), None);
        assert_eq!(varint(&[0x80; 11]), None);
        assert!(Bytes(&[0xff, 0xff, 0xff, 0xff, 0x1f]).varint32().is_err());
        let mut bytes = Bytes(&[2, 7, 8, 1, 0, 0, 0, 9]);
        assert_eq!(bytes.prefixed().unwrap(), [7, 8]);
        assert_eq!(bytes.fixed32().unwrap(), 1);
        assert!(bytes.fixed16().is_err());
        assert!(Bytes(&[5, 1]).prefixed().is_err());
    }

    #[test]
    fn checksums_are_rocksdbs() {
        // The first record of a WAL that holds an empty batch: type 1 and twelve zeros.
        assert_eq!(masked_crc(&[&[1], &[1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]]), 0x35e6_66c8);
    }
}
