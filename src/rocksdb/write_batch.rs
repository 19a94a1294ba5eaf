//! What a record of the log changes (C++: `write_batch.cc`).

use super::bytes::Bytes;
use super::error::Fault;
use super::merged::Change;

/// One change of a batch.
#[derive(Debug, PartialEq, Eq)]
pub struct Write<'a> {
    /// The column family.
    pub family: u32,
    pub sequence: u64,
    pub key: &'a [u8],
    pub change: Change<'a>,
}

/// Gives every change of a batch to `take`, in order.
///
/// # Errors
/// What is damaged or not supported; errors of `take`.
pub fn each<'a>(batch: &'a [u8], mut take: impl FnMut(Write<'a>) -> Result<(), Fault>) -> Result<(), Fault> {
    let mut bytes = Bytes(batch);
    let mut sequence = bytes.fixed64()?;
    // How many there are; what is there counts.
    bytes.fixed32()?;
    while !bytes.is_empty() {
        let tag = bytes.byte()?;
        let family = match tag {
            4 | 5 | 6 | 8 | 14 => bytes.varint32()?,
            _ => 0,
        };
        let (key, change) = match tag {
            0 | 4 | 7 | 8 => (bytes.prefixed()?, Change::Deletion),
            1 | 5 => (bytes.prefixed()?, Change::Value(bytes.prefixed()?)),
            14 | 15 => (bytes.prefixed()?, Change::RangeDeletion(bytes.prefixed()?)),
            2 | 6 => (bytes.prefixed()?, Change::Merge(bytes.prefixed()?)),
            // Words of the application.
            3 => {
                bytes.prefixed()?;
                continue;
            }
            // Nothing.
            13 => continue,
            9..=12 | 18 | 19 => return Err(Fault::unsupported("transactions")),
            other => return Err(Fault::unsupported(format!("a change of type {other}"))),
        };
        take(Write { family, sequence, key, change })?;
        sequence = sequence.checked_add(1).ok_or(Fault::Damaged("a sequence number is too large"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(sequence: u64, changes: &[&[u8]]) -> Vec<u8> {
        let count = u32::try_from(changes.len()).unwrap().to_le_bytes();
        [&sequence.to_le_bytes()[..], &count, &changes.concat()].concat()
    }

    #[test]
    fn changes_have_numbers_of_their_own() {
        let bytes = batch(
            7,
            &[&[1, 1, b'a', 1, b'1'], &[3, 1, b'x'], &[5, 2, 1, b'b', 1, b'2'], &[13], &[0, 1, b'a']],
        );
        let mut found = Vec::new();
        each(&bytes, |write| {
            found.push((write.family, write.sequence, write.key.to_vec(), write.change.clone()));
            Ok(())
        })
        .unwrap();
        assert_eq!(
            found,
            [
                (0, 7, b"a".to_vec(), Change::Value(b"1")),
                (2, 8, b"b".to_vec(), Change::Value(b"2")),
                (0, 9, b"a".to_vec(), Change::Deletion)
            ]
        );
    }

    #[test]
    fn what_is_not_read_is_refused() {
        for change in [&[9][..], &[99], &[1, 9, b'a'], &[5, 0xff]] {
            assert!(each(&batch(1, &[change]), |_| Ok(())).is_err(), "{change:?}");
        }
        assert!(each(&[0; 11], |_| Ok(())).is_err());
        assert!(each(&batch(u64::MAX, &[&[0, 1, b'a']]), |_| Ok(())).is_err());
    }
}
