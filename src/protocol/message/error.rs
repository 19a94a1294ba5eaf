//! What can be wrong with the bytes of a message.

/// A message, batch, id or compressed body that cannot be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// The bytes end before the message does.
    #[error("message ends early: {need} bytes needed, {have} present")]
    Truncated {
        /// Bytes needed to go on.
        need: usize,
        /// Bytes present.
        have: usize,
    },
    /// The magic code is that of no message version.
    #[error("unknown magic code {0}")]
    Magic(i32),
    /// A length field is negative or reaches past the end of the message.
    #[error("{field} is {value}, which does not fit the message")]
    Length {
        /// The length field.
        field: &'static str,
        /// What it says.
        value: i64,
    },
    /// A host's port is no port number.
    #[error("port {0} of a host is out of range")]
    Port(i32),
    /// The body does not match the checksum stored with it.
    #[error("body checksum is {computed}, {stored} is stored")]
    Crc {
        /// Checksum found in the message.
        stored: u32,
        /// Checksum of the body as it is.
        computed: u32,
    },
    /// A field of a new message is longer than its length field can say.
    #[error("{field} is {len} bytes long, at most {max} fit")]
    TooLong {
        /// The field.
        field: &'static str,
        /// Its length in bytes.
        len: usize,
        /// The most that fits.
        max: usize,
    },
    /// A topic cannot be the name of a directory, which it becomes in the store.
    #[error("{0:?} cannot be a topic")]
    Topic(String),
    /// A compressed body is damaged.
    #[error("body does not decompress: {0}")]
    Decompress(String),
    /// A compressed body grows past the limit the reader has set.
    #[error("body decompresses to more than {limit} bytes")]
    DecompressedTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The system flag names a compression that does not exist.
    #[error("unknown compression type {0}")]
    Compression(i32),
    /// A text is not a message id.
    #[error("{0:?} is not a message id")]
    Id(String),
}
