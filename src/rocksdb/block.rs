//! A block of a table: entries whose keys leave out what they share with the key before (C++: `block.cc`).

use super::bytes::Bytes;
use super::error::Fault;

/// Where a block is in its file, without the five bytes behind it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Handle {
    pub offset: u64,
    pub size: u64,
}

/// What stands behind each block: its compression and its checksum.
pub const TRAILER: usize = 5;

/// The bit of the number of restarts that tells of a hash index behind them.
const HASHED: u32 = 1 << 31;

impl Handle {
    /// Two numbers.
    pub fn read(bytes: &mut Bytes<'_>) -> Result<Self, Fault> {
        Ok(Handle { offset: bytes.varint64()?, size: bytes.varint64()? })
    }
}

/// The entries of a block, without the list of restarts and the hash index behind them.
fn entries(block: &[u8]) -> Result<&[u8], Fault> {
    const BAD: Fault = Fault::Damaged("a block has no list of restarts");
    let (body, restarts) = block.split_last_chunk::<4>().ok_or(BAD)?;
    let restarts = u32::from_le_bytes(*restarts);
    let (body, restarts) = if restarts & HASHED == 0 {
        (body, restarts)
    } else {
        let (body, buckets) = body.split_last_chunk::<2>().ok_or(BAD)?;
        let end = body.len().checked_sub(u16::from_le_bytes(*buckets).into()).ok_or(BAD)?;
        (&body[..end], restarts & !HASHED)
    };
    let list = usize::try_from(restarts).ok().and_then(|count| count.checked_mul(4)).ok_or(BAD)?;
    let end = body.len().checked_sub(list).ok_or(BAD)?;
    Ok(&body[..end])
}

/// A key that is told by its difference to the one before.
#[derive(Default)]
struct Key(Vec<u8>);

impl Key {
    fn advance(&mut self, shared: usize, rest: &[u8]) -> Result<(), Fault> {
        if shared > self.0.len() {
            return Err(Fault::Damaged("a key shares more than there is"));
        }
        self.0.truncate(shared);
        self.0.extend_from_slice(rest);
        Ok(())
    }
}

/// Gives every key and value of a block to `take`.
///
/// # Errors
/// A block that is damaged, and the errors of `take`.
pub fn each(block: &[u8], mut take: impl FnMut(&[u8], &[u8]) -> Result<(), Fault>) -> Result<(), Fault> {
    let mut bytes = Bytes(entries(block)?);
    let mut key = Key::default();
    while !bytes.is_empty() {
        let (shared, own, value) = (bytes.length()?, bytes.length()?, bytes.length()?);
        key.advance(shared, bytes.slice(own)?)?;
        take(&key.0, bytes.slice(value)?)?;
    }
    Ok(())
}

/// The data blocks that an index names. `delta`: values are told by their difference to the one before, without their
/// lengths (from format 4 on).
///
/// # Errors
/// A block that is damaged.
pub fn index(block: &[u8], delta: bool) -> Result<Vec<Handle>, Fault> {
    let mut handles: Vec<Handle> = Vec::new();
    if !delta {
        each(block, |_, value| {
            handles.push(Handle::read(&mut Bytes(value))?);
            Ok(())
        })?;
        return Ok(handles);
    }
    let mut bytes = Bytes(entries(block)?);
    while !bytes.is_empty() {
        let (shared, own) = (bytes.length()?, bytes.length()?);
        bytes.slice(own)?;
        handles.push(match handles.last().filter(|_| shared > 0) {
            None => Handle::read(&mut bytes)?,
            Some(before) => after(*before, bytes.varint64()?)?,
        });
    }
    Ok(handles)
}

/// The block right behind another, larger by a number that is written with its sign in the lowest bit.
fn after(before: Handle, difference: u64) -> Result<Handle, Fault> {
    const BAD: Fault = Fault::Damaged("an index leads nowhere");
    let difference = (difference >> 1).cast_signed() ^ -(difference & 1).cast_signed();
    let trailer = u64::try_from(TRAILER).unwrap_or(u64::MAX);
    let end = before.offset.checked_add(before.size).and_then(|end| end.checked_add(trailer));
    Ok(Handle { offset: end.ok_or(BAD)?, size: before.size.checked_add_signed(difference).ok_or(BAD)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key and its value.
    type Entry = (Vec<u8>, Vec<u8>);

    fn all(block: &[u8]) -> Result<Vec<Entry>, Fault> {
        let mut found = Vec::new();
        each(block, |key, value| {
            found.push((key.to_vec(), value.to_vec()));
            Ok(())
        })?;
        Ok(found)
    }

    const ENTRIES: &[u8] = &[0, 3, 1, b'a', b'b', b'c', b'1', 2, 1, 1, b'd', b'2'];

    #[test]
    fn keys_share_what_they_have_in_common() {
        let plain = [ENTRIES, &[0, 0, 0, 0, 1, 0, 0, 0]].concat();
        let wanted = vec![(b"abc".to_vec(), b"1".to_vec()), (b"abd".to_vec(), b"2".to_vec())];
        assert_eq!(all(&plain), Ok(wanted.clone()));
        let hashed = [ENTRIES, &[0, 0, 0, 0, 9, 9, 9, 3, 0, 1, 0, 0, 0x80]].concat();
        assert_eq!(all(&hashed), Ok(wanted));
    }

    #[test]
    fn an_index_is_told_by_differences() {
        // The first in full; then one larger by 2; then one smaller by 3, at a restart in full.
        let block = [0, 1, b'a', 0, 10, 1, 1, b'b', 4, 0, 1, b'c', 99, 7, 0, 0, 0, 0, 1, 0, 0, 0];
        let handles = index(&block, true).unwrap();
        let pairs: Vec<_> = handles.iter().map(|handle| (handle.offset, handle.size)).collect();
        assert_eq!(pairs, [(0, 10), (15, 12), (99, 7)]);
    }

    #[test]
    fn damage_is_an_error() {
        for block in [
            &[][..],
            &[1, 0, 0, 0],
            &[0xff, 0xff, 0xff, 0x7f],
            &[0, 0, 0, 0x80],
            &[9, 9, 0, 0, 0, 0x80],
            &[5, 1, 0, b'a', 0, 0, 0, 0],
            &[0, 200, 0, b'a', 0, 0, 0, 0],
        ] {
            assert!(all(block).is_err(), "{block:?}");
        }
        let before = Handle { offset: u64::MAX, size: 1 };
        assert!(after(before, 0).is_err());
        assert!(after(Handle { offset: 0, size: 1 }, 5).is_err());
    }
}
