//! Records in a file of blocks of 32 KiB, as in the list of files and in the log (C++: `log_reader.cc`).

use super::bytes::{Bytes, masked_crc};
use super::error::Fault;

/// A block of the file; no part of a record goes beyond its end.
const BLOCK: usize = 32 << 10;

/// The part of a record that begins or goes on, out of its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Full,
    First,
    Middle,
    Last,
}

/// A part with its bytes.
struct Fragment<'a> {
    part: Part,
    /// The log that it was written to; parts of another were there before the file was used anew.
    log: Option<u32>,
    bytes: &'a [u8],
}

/// What comes next in a block.
enum Next<'a> {
    Fragment(Fragment<'a>),
    /// Nothing more was written.
    End,
}

/// How a file ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Behind a whole record.
    Clean,
    /// Within a record, as when a broker was killed, or is writing now.
    Torn,
}

/// Gives every record to `take`. `number` is the file's own.
///
/// # Errors
/// Damage that is no torn end: a record that does not match its checksum although whole ones follow it. Errors of
/// `take`.
pub fn each(
    file: &[u8],
    number: u64,
    mut take: impl FnMut(&[u8]) -> Result<(), Fault>,
) -> Result<End, Fault> {
    let mut record: Option<Vec<u8>> = None;
    let mut blocks = file.chunks(BLOCK).peekable();
    while let Some(block) = blocks.next() {
        let mut bytes = Bytes(block);
        loop {
            let fragment = match next(&mut bytes) {
                Ok(Some(Next::Fragment(fragment))) => fragment,
                Ok(Some(Next::End)) => return Ok(end(record.is_some())),
                Ok(None) => break,
                // Damage with a whole record behind it was not made by a writer that stopped.
                Err(fault) if blocks.peek().is_some() || goes_on(bytes) => return Err(fault),
                Err(Fault::Damaged(_)) => return Ok(End::Torn),
                Err(fault) => return Err(fault),
            };
            if fragment.log.is_some_and(|log| u64::from(log) != number & u64::from(u32::MAX)) {
                return Ok(end(record.is_some()));
            }
            match (fragment.part, record.as_mut()) {
                (Part::Full, None) => take(fragment.bytes)?,
                (Part::First, None) => record = Some(fragment.bytes.to_vec()),
                (Part::Middle | Part::Last, Some(begun)) => {
                    begun.extend_from_slice(fragment.bytes);
                    if fragment.part == Part::Last {
                        take(&record.take().unwrap_or_default())?;
                    }
                }
                (Part::Full | Part::First, Some(_)) => return Err(Fault::Damaged("a record has no end")),
                (Part::Middle | Part::Last, None) => return Err(Fault::Damaged("a record has no beginning")),
            }
        }
    }
    Ok(end(record.is_some()))
}

/// Whether a whole part comes next.
fn goes_on(mut bytes: Bytes<'_>) -> bool {
    matches!(next(&mut bytes), Ok(Some(Next::Fragment(_))))
}

fn end(inside: bool) -> End {
    if inside { End::Torn } else { End::Clean }
}

/// The next part in a block; none behind the last.
fn next<'a>(bytes: &mut Bytes<'a>) -> Result<Option<Next<'a>>, Fault> {
    // Fewer bytes than a header are left empty.
    if bytes.0.len() < 7 {
        return Ok(None);
    }
    let (crc, length, kind) = (bytes.fixed32()?, bytes.fixed16()?, bytes.0.first().copied());
    let kind = kind.unwrap_or_default();
    // Room that was made in advance.
    if kind == 0 && length == 0 {
        return Ok(Some(Next::End));
    }
    // Parts that were written into a used file say which log they are of.
    let reused = (5..=8).contains(&kind);
    let head = bytes.slice(if reused { 5 } else { 1 })?;
    let body = bytes.slice(length.into())?;
    if masked_crc(&[head, body]) != crc {
        return Err(Fault::Damaged("a record does not match its checksum"));
    }
    let part = match kind {
        1 | 5 => Part::Full,
        2 | 6 => Part::First,
        3 | 7 => Part::Middle,
        4 | 8 => Part::Last,
        other => return Err(Fault::unsupported(format!("a log record of type {other}"))),
    };
    let log = head.get(1..).and_then(|log| Some(u32::from_le_bytes(log.try_into().ok()?)));
    Ok(Some(Next::Fragment(Fragment { part, log: log.filter(|_| reused), bytes: body })))
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A part of a record as it is written.
    pub fn fragment(kind: u8, log: Option<u32>, body: &[u8]) -> Vec<u8> {
        let head: Vec<u8> = std::iter::once(kind).chain(log.into_iter().flat_map(u32::to_le_bytes)).collect();
        let length = u16::try_from(body.len()).unwrap().to_le_bytes();
        let crc = masked_crc(&[&head, body]).to_le_bytes();
        [&crc[..], &length, &head, body].concat()
    }

    fn read(file: &[u8]) -> Result<(Vec<Vec<u8>>, End), Fault> {
        let mut records = Vec::new();
        let end = each(file, 9, |record| {
            records.push(record.to_vec());
            Ok(())
        })?;
        Ok((records, end))
    }

    #[test]
    fn records_go_over_blocks() {
        let first = fragment(2, None, &vec![7; BLOCK - 7]);
        let file = [first, fragment(4, None, b"end"), fragment(1, None, b"next")].concat();
        let (records, end) = read(&file).unwrap();
        assert_eq!((records[0].len(), &records[1][..], end), (BLOCK - 4, &b"next"[..], End::Clean));
        let parts =
            [fragment(6, Some(9), b"a"), fragment(7, Some(9), b"b"), fragment(8, Some(9), b"c")].concat();
        assert_eq!(read(&parts).unwrap().0, [b"abc"]);
    }

    #[test]
    fn the_end_may_be_torn_or_old_or_empty() {
        let whole = fragment(1, None, b"one");
        for cut in 1..whole.len() {
            let file = [&whole[..], &whole[..cut]].concat();
            assert_eq!(read(&file).unwrap().0, [b"one"], "{cut}");
        }
        let old = [fragment(5, Some(9), b"new"), fragment(5, Some(8), b"old")].concat();
        assert_eq!(read(&old).unwrap(), (vec![b"new".to_vec()], End::Clean));
        let room = [&whole[..], &[0; 100]].concat();
        assert_eq!(read(&room).unwrap(), (vec![b"one".to_vec()], End::Clean));
        assert_eq!(read(&fragment(2, None, b"begun")).unwrap(), (vec![], End::Torn));
        assert_eq!(read(b"").unwrap(), (vec![], End::Clean));
    }

    #[test]
    fn damage_before_the_end_is_an_error() {
        let mut first = fragment(1, None, &vec![7; BLOCK - 7]);
        let rest = fragment(1, None, b"rest");
        first[100] ^= 1;
        assert!(read(&[first, rest.clone()].concat()).is_err());
        assert!(read(&fragment(4, None, b"x")).is_err());
        assert!(read(&fragment(9, None, b"x")).is_err());
        let mut small = [fragment(1, None, b"one"), fragment(1, None, b"two")].concat();
        small[8] ^= 1;
        assert!(read(&small).is_err());
        let last = small.len() - 1;
        small[8] ^= 1;
        small[last] ^= 1;
        assert_eq!(read(&small).unwrap(), (vec![b"one".to_vec()], End::Torn));
        assert!(read(&[fragment(2, None, b"x"), rest].concat()).is_err());
    }
}
