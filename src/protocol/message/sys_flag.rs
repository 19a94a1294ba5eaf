//! The system flag of a message (`MessageSysFlag`).

use super::compression::Compression;
use super::error::MessageError;

/// The bits of a message's system flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SysFlag(pub i32);

/// Where a message stands in a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transaction {
    /// No transactional message.
    None,
    /// A half message: stored, not yet visible.
    Prepared,
    /// A committed message.
    Commit,
    /// A message rolled back.
    Rollback,
}

impl SysFlag {
    /// The body is compressed.
    pub const COMPRESSED: i32 = 0x1;
    /// The message has several tags.
    pub const MULTI_TAGS: i32 = 0x2;
    /// A half message.
    pub const PREPARED: i32 = 0x4;
    /// A committed message.
    pub const COMMIT: i32 = 0x8;
    /// A message rolled back; also the mask of the transaction bits.
    pub const ROLLBACK: i32 = 0xC;
    /// The born host is an IPv6 address.
    pub const BORN_HOST_V6: i32 = 0x10;
    /// The store host is an IPv6 address.
    pub const STORE_HOST_V6: i32 = 0x20;
    /// A batch that the client has to unwrap.
    pub const NEED_UNWRAP: i32 = 0x40;
    /// A batch stored as one message.
    pub const INNER_BATCH: i32 = 0x80;
    /// Mask of the compression type.
    const COMPRESSION_MASK: i32 = 0x700;

    /// Whether all bits of `bits` are set.
    pub const fn has(self, bits: i32) -> bool {
        self.0 & bits == bits
    }

    /// The place in a transaction (`getTransactionValue`).
    pub const fn transaction(self) -> Transaction {
        match self.0 & Self::ROLLBACK {
            Self::PREPARED => Transaction::Prepared,
            Self::COMMIT => Transaction::Commit,
            Self::ROLLBACK => Transaction::Rollback,
            _ => Transaction::None,
        }
    }

    /// The same flag with another place in a transaction (`resetTransactionValue`).
    pub const fn with_transaction(self, transaction: Transaction) -> SysFlag {
        let bits = match transaction {
            Transaction::None => 0,
            Transaction::Prepared => Self::PREPARED,
            Transaction::Commit => Self::COMMIT,
            Transaction::Rollback => Self::ROLLBACK,
        };
        SysFlag(self.0 & !Self::ROLLBACK | bits)
    }

    /// How the body is compressed; `None` when it is not. A flag without a type means zlib, as clients
    /// before 5.0 set none.
    ///
    /// # Errors
    /// [`MessageError::Compression`] when the type is unknown.
    pub const fn compression(self) -> Result<Option<Compression>, MessageError> {
        if self.0 & Self::COMPRESSED == 0 {
            return Ok(None);
        }
        match (self.0 & Self::COMPRESSION_MASK) >> 8 {
            0 | 3 => Ok(Some(Compression::Zlib)),
            1 => Ok(Some(Compression::Lz4)),
            2 => Ok(Some(Compression::Zstd)),
            other => Err(MessageError::Compression(other)),
        }
    }

    /// The same flag for a body compressed with `compression`, or not compressed.
    pub const fn with_compression(self, compression: Option<Compression>) -> SysFlag {
        let bits = match compression {
            None => return SysFlag(self.0 & !(Self::COMPRESSED | Self::COMPRESSION_MASK)),
            Some(Compression::Lz4) => 0x100,
            Some(Compression::Zstd) => 0x200,
            Some(Compression::Zlib) => 0x300,
        };
        SysFlag(self.0 & !Self::COMPRESSION_MASK | Self::COMPRESSED | bits)
    }

    /// Bytes that the born host takes, with its port.
    pub const fn born_host_len(self) -> usize {
        if self.has(Self::BORN_HOST_V6) { super::layout::HOST_V6 } else { super::layout::HOST_V4 }
    }

    /// Bytes that the store host takes, with its port.
    pub const fn store_host_len(self) -> usize {
        if self.has(Self::STORE_HOST_V6) { super::layout::HOST_V6 } else { super::layout::HOST_V4 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transaction_bits() {
        let table = [
            (0, Transaction::None),
            (4, Transaction::Prepared),
            (8, Transaction::Commit),
            (12, Transaction::Rollback),
            (0x1F3, Transaction::None),
        ];
        for (bits, expected) in table {
            assert_eq!(SysFlag(bits).transaction(), expected, "{bits:#x}");
        }
        assert_eq!(SysFlag(0x11D).with_transaction(Transaction::Commit), SysFlag(0x119));
        assert_eq!(SysFlag(0x11D).with_transaction(Transaction::None), SysFlag(0x111));
    }

    #[test]
    fn compression_bits() {
        assert_eq!(SysFlag(0x300).compression(), Ok(None));
        assert_eq!(SysFlag(0x1).compression(), Ok(Some(Compression::Zlib)));
        assert_eq!(SysFlag(0x101).compression(), Ok(Some(Compression::Lz4)));
        assert_eq!(SysFlag(0x201).compression(), Ok(Some(Compression::Zstd)));
        assert_eq!(SysFlag(0x301).compression(), Ok(Some(Compression::Zlib)));
        assert_eq!(SysFlag(0x401).compression(), Err(MessageError::Compression(4)));
        assert_eq!(SysFlag(0x315).with_compression(None), SysFlag(0x14));
        assert_eq!(SysFlag(0x114).with_compression(Some(Compression::Zstd)), SysFlag(0x215));
    }
}
