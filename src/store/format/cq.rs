//! The unit of a consume queue: commit log offset 8, size 4, tag hash 8 (`ConsumeQueue`).

/// Bytes of a unit (`CQ_STORE_UNIT_SIZE`).
pub const UNIT: usize = 20;

/// One entry of a consume queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CqUnit {
    /// Commit log offset of the message.
    pub physical_offset: i64,
    /// Bytes of the message.
    pub size: i32,
    /// Hash of its tag, or the time it is due, of delayed messages.
    pub tags_code: i64,
}

impl CqUnit {
    /// What stands in the place of units that a new file's first message comes after
    /// (`ConsumeQueue.fillPreBlank`).
    pub const FILLER: CqUnit = CqUnit { physical_offset: 0, size: i32::MAX, tags_code: 0 };

    /// The unit as bytes.
    pub fn encode(&self) -> [u8; UNIT] {
        let mut bytes = [0; UNIT];
        let fields = self.physical_offset.to_be_bytes().into_iter();
        let fields = fields.chain(self.size.to_be_bytes()).chain(self.tags_code.to_be_bytes());
        bytes.iter_mut().zip(fields).for_each(|(to, from)| *to = from);
        bytes
    }

    /// The unit that `bytes` begin with; `None` when they are too short.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (physical_offset, rest) = bytes.split_first_chunk()?;
        let (size, rest) = rest.split_first_chunk()?;
        let tags_code = rest.first_chunk()?;
        Some(Self {
            physical_offset: i64::from_be_bytes(*physical_offset),
            size: i32::from_be_bytes(*size),
            tags_code: i64::from_be_bytes(*tags_code),
        })
    }

    /// Whether a unit was written here, as recovery decides (`ConsumeQueue.recover`).
    pub const fn is_written(&self) -> bool {
        self.physical_offset >= 0 && self.size > 0
    }

    /// Whether it stands for no message.
    pub const fn is_filler(&self) -> bool {
        self.physical_offset == 0 && self.size == i32::MAX
    }

    /// Commit log offset behind the message; 0 of a filler.
    pub fn physical_end(&self) -> i64 {
        if self.is_filler() { 0 } else { self.physical_offset + i64::from(self.size) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn round_trip(physical_offset: i64, size: i32, tags_code: i64) {
            let unit = CqUnit { physical_offset, size, tags_code };
            let bytes = unit.encode();
            prop_assert_eq!(CqUnit::decode(&bytes), Some(unit));
            for cut in 0..UNIT {
                prop_assert_eq!(CqUnit::decode(&bytes[..cut]), None);
            }
        }
    }

    #[test]
    fn zeros_are_not_written_and_fillers_are() {
        assert!(!CqUnit::decode(&[0; UNIT]).unwrap().is_written());
        assert!(CqUnit::FILLER.is_written() && CqUnit::FILLER.is_filler());
        assert_eq!(CqUnit::FILLER.physical_end(), 0);
        assert_eq!(CqUnit::FILLER.encode()[8..12], [0x7F, 0xFF, 0xFF, 0xFF]);
    }
}
