//! What a message says of itself at the start of its body, for who sent it and sees it again.

use bytes::{Bytes, BytesMut};

/// A message of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Tells the messages of one run from those of all others.
    pub run: u64,
    pub number: u64,
    /// When it was due, in microseconds after the start of the run.
    pub due_micros: u64,
}

/// The bytes of a stamp.
pub const STAMP: usize = 24;

impl Stamp {
    /// A body with this stamp, as long as `filler`, which has room for it.
    pub fn on(self, filler: &Bytes) -> Bytes {
        let mut body = BytesMut::with_capacity(filler.len().max(STAMP));
        for part in [self.run, self.number, self.due_micros] {
            body.extend_from_slice(&part.to_be_bytes());
        }
        body.extend_from_slice(filler.get(STAMP..).unwrap_or_default());
        body.freeze()
    }

    /// The stamp of a body, if it is of this run.
    pub fn of(body: &[u8], run: u64) -> Option<Self> {
        let part = |at: usize| body.get(at..)?.first_chunk::<8>().map(|bytes| u64::from_be_bytes(*bytes));
        let stamp = Self { run: part(0)?, number: part(8)?, due_micros: part(16)? };
        (stamp.run == run).then_some(stamp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_read_as_it_was_written_by_its_own_run() {
        let stamp = Stamp { run: 7, number: 1, due_micros: u64::MAX };
        for (len, expected) in [(24, 24), (100, 100), (3, 24)] {
            let body = stamp.on(&vec![b'x'; len].into());
            assert_eq!((Stamp::of(&body, 7), Stamp::of(&body, 8), body.len()), (Some(stamp), None, expected));
        }
        assert_eq!(Stamp::of(b"short", 7), None);
    }
}
