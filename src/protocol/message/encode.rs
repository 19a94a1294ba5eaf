//! Writing a message as it is stored.

use std::net::{IpAddr, SocketAddr};

use super::error::MessageError;
use super::layout;
use super::sys_flag::SysFlag;

/// A message to store. Its place (queue offset, commit log offset, store time) is not known yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewMessage<'a> {
    /// Topic.
    pub topic: &'a str,
    /// Queue of the topic.
    pub queue_id: i32,
    /// The user's flag.
    pub flag: i32,
    /// System flag; the bits for IPv6 hosts are set by the encoder as the hosts need them.
    pub sys_flag: i32,
    /// When the message was made, in milliseconds.
    pub born_timestamp: i64,
    /// The client that sent it.
    pub born_host: SocketAddr,
    /// The broker that stores it.
    pub store_host: SocketAddr,
    /// How often it was consumed without success.
    pub reconsume_times: i32,
    /// Commit log offset of the half message, of messages that end a transaction.
    pub prepared_transaction_offset: i64,
    /// Body, compressed already when the system flag says so.
    pub body: &'a [u8],
    /// Properties string.
    pub properties: &'a str,
}

impl NewMessage<'_> {
    /// The system flag as it is stored, with the bits that the hosts need.
    pub fn stored_sys_flag(&self) -> SysFlag {
        let mut flag = self.sys_flag & !(SysFlag::BORN_HOST_V6 | SysFlag::STORE_HOST_V6);
        if self.born_host.is_ipv6() {
            flag |= SysFlag::BORN_HOST_V6;
        }
        if self.store_host.is_ipv6() {
            flag |= SysFlag::STORE_HOST_V6;
        }
        SysFlag(flag)
    }

    /// Bytes that the stored message takes.
    pub fn stored_len(&self) -> usize {
        let flag = self.stored_sys_flag();
        let hosts = flag.born_host_len() + flag.store_host_len() - 2 * layout::HOST_V4;
        let wide_topic = usize::from(self.topic.len() > layout::MAX_TOPIC_V1);
        layout::MIN_SIZE + hosts + wide_topic + self.body.len() + self.topic.len() + self.properties.len()
    }
}

/// Appends the stored form of a message to `out`, with zero for its queue offset, commit log offset and
/// store time: [`patch_position`] fills these in. A topic of more than 127 bytes makes a V2 message, as
/// `autoMessageVersionOnTopicLen` does. Returns the bytes appended.
///
/// # Errors
/// [`MessageError::TooLong`] when the topic, the properties or the whole do not fit their length fields;
/// `out` is as before then.
pub fn encode(message: &NewMessage<'_>, out: &mut Vec<u8>) -> Result<usize, MessageError> {
    check("topic", message.topic.len(), layout::MAX_TOPIC_V2)?;
    check("properties", message.properties.len(), layout::MAX_PROPERTIES)?;
    let len = message.stored_len();
    let total = i32::try_from(len).map_err(|_| too_long("message", len, i32::MAX as usize))?;
    let body_len = i32::try_from(message.body.len()).map_err(|_| too_long("body", len, i32::MAX as usize))?;
    let topic_len =
        i16::try_from(message.topic.len()).map_err(|_| too_long("topic", len, layout::MAX_TOPIC_V2))?;
    let properties_len = i16::try_from(message.properties.len())
        .map_err(|_| too_long("properties", len, layout::MAX_PROPERTIES))?;
    let wide_topic = message.topic.len() > layout::MAX_TOPIC_V1;

    out.reserve(len);
    put(out, total.to_be_bytes());
    put(out, if wide_topic { layout::MAGIC_V2 } else { layout::MAGIC_V1 }.to_be_bytes());
    put(out, layout::body_crc(message.body).to_be_bytes());
    put(out, message.queue_id.to_be_bytes());
    put(out, message.flag.to_be_bytes());
    put(out, [0; 16]);
    put(out, message.stored_sys_flag().0.to_be_bytes());
    put(out, message.born_timestamp.to_be_bytes());
    put_host(out, message.born_host);
    put(out, [0; 8]);
    put_host(out, message.store_host);
    put(out, message.reconsume_times.to_be_bytes());
    put(out, message.prepared_transaction_offset.to_be_bytes());
    put(out, body_len.to_be_bytes());
    out.extend_from_slice(message.body);
    if wide_topic {
        put(out, topic_len.to_be_bytes());
    } else {
        let [_, low] = topic_len.to_be_bytes();
        out.push(low);
    }
    out.extend_from_slice(message.topic.as_bytes());
    put(out, properties_len.to_be_bytes());
    out.extend_from_slice(message.properties.as_bytes());
    Ok(len)
}

/// Writes the place and time of a message into its stored form. Does nothing to bytes too short to be a
/// message.
pub fn patch_position(stored: &mut [u8], queue_offset: i64, physical_offset: i64, store_timestamp: i64) {
    let Some(flag) = stored.get(layout::SYS_FLAG..).and_then(|rest| rest.first_chunk::<4>()) else { return };
    let store_time = layout::BORN_HOST + SysFlag(i32::from_be_bytes(*flag)).born_host_len();
    for (at, value) in [
        (layout::QUEUE_OFFSET, queue_offset),
        (layout::PHYSICAL_OFFSET, physical_offset),
        (store_time, store_timestamp),
    ] {
        if let Some(place) = stored.get_mut(at..at + 8) {
            place.copy_from_slice(&value.to_be_bytes());
        }
    }
}

fn check(field: &'static str, len: usize, max: usize) -> Result<(), MessageError> {
    if len > max { Err(too_long(field, len, max)) } else { Ok(()) }
}

const fn too_long(field: &'static str, len: usize, max: usize) -> MessageError {
    MessageError::TooLong { field, len, max }
}

fn put<const N: usize>(out: &mut Vec<u8>, bytes: [u8; N]) {
    out.extend_from_slice(&bytes);
}

fn put_host(out: &mut Vec<u8>, host: SocketAddr) {
    match host.ip() {
        IpAddr::V4(ip) => put(out, ip.octets()),
        IpAddr::V6(ip) => put(out, ip.octets()),
    }
    put(out, i32::from(host.port()).to_be_bytes());
}
