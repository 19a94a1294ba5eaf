//! Positions and magic codes of the stored message.
//!
//! | field | bytes |
//! |---|---|
//! | total size | 4 |
//! | magic code | 4 |
//! | body CRC | 4 |
//! | queue id | 4 |
//! | flag | 4 |
//! | queue offset | 8 |
//! | commit log offset | 8 |
//! | system flag | 4 |
//! | born timestamp | 8 |
//! | born host | 4 or 16, port 4 |
//! | store timestamp | 8 |
//! | store host | 4 or 16, port 4 |
//! | reconsume times | 4 |
//! | prepared transaction offset | 8 |
//! | body length, body | 4 + n |
//! | topic length, topic | 1 (V1) or 2 (V2) + n |
//! | properties length, properties | 2 + n |
//!
//! All numbers are big-endian.

/// Magic code of a message whose topic length takes one byte (`MESSAGE_MAGIC_CODE`).
pub const MAGIC_V1: i32 = -626_843_481;
/// Magic code of a message whose topic length takes two bytes (`MESSAGE_MAGIC_CODE_V2`).
pub const MAGIC_V2: i32 = -626_843_477;
/// Magic code of the blank record that ends a commit log file (`BLANK_MAGIC_CODE`).
pub const MAGIC_BLANK: i32 = -875_286_124;

/// Position of the magic code.
pub const MAGIC: usize = 4;
/// Position of the body checksum.
pub const BODY_CRC: usize = 8;
/// Position of the queue id.
pub const QUEUE_ID: usize = 12;
/// Position of the user's flag.
pub const FLAG: usize = 16;
/// Position of the queue offset.
pub const QUEUE_OFFSET: usize = 20;
/// Position of the commit log offset.
pub const PHYSICAL_OFFSET: usize = 28;
/// Position of the system flag.
pub const SYS_FLAG: usize = 36;
/// Position of the born timestamp.
pub const BORN_TIMESTAMP: usize = 40;
/// Position of the born host; everything after it moves with the kind of address.
pub const BORN_HOST: usize = 48;
/// Bytes of an IPv4 host with its port.
pub const HOST_V4: usize = 8;
/// Bytes of an IPv6 host with its port.
pub const HOST_V6: usize = 20;
/// Bytes of the smallest possible message: IPv4 hosts, no body, no topic, no properties.
pub const MIN_SIZE: usize = 91;
/// Longest topic of a V1 message.
pub const MAX_TOPIC_V1: usize = 127;
/// Longest topic of a V2 message.
pub const MAX_TOPIC_V2: usize = 32_767;
/// Longest properties string (`Short.MAX_VALUE`).
pub const MAX_PROPERTIES: usize = 32_767;

/// The checksum RocketMQ keeps of a body: CRC-32 with the top bit cleared (`UtilAll.crc32`).
pub fn body_crc(body: &[u8]) -> u32 {
    crc32fast::hash(body) & 0x7FFF_FFFF
}
