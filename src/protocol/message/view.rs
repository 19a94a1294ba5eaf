//! Reading single fields of a stored message without copying.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use super::error::MessageError;
use super::id::OffsetId;
use super::layout;
use super::properties::find_property_bytes;
use super::property;
use super::sys_flag::SysFlag;

/// A stored message where it lies. All lengths have been checked when it is made, so reading fields cannot
/// fail.
#[derive(Debug, Clone, Copy)]
pub struct MessageView<'a> {
    bytes: &'a [u8],
    sys_flag: SysFlag,
    body: (usize, usize),
    topic: (usize, usize),
    properties: (usize, usize),
}

impl<'a> MessageView<'a> {
    /// Looks at the message at the beginning of `bytes`; what comes after it is left alone.
    ///
    /// # Errors
    /// [`MessageError`] when the magic code is unknown or a length does not fit. The body's checksum is
    /// not looked at: see [`MessageView::check_crc`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, MessageError> {
        if bytes.len() < layout::MIN_SIZE {
            return Err(MessageError::Truncated { need: layout::MIN_SIZE, have: bytes.len() });
        }
        let total = i32_at(bytes, 0);
        let wide_topic = match i32_at(bytes, layout::MAGIC) {
            layout::MAGIC_V1 => false,
            layout::MAGIC_V2 => true,
            other => return Err(MessageError::Magic(other)),
        };
        let len = usize::try_from(total).unwrap_or(0);
        if len < layout::MIN_SIZE {
            return Err(MessageError::Length { field: "total size", value: i64::from(total) });
        }
        let have = bytes.len();
        let bytes = bytes.get(..len).ok_or(MessageError::Truncated { need: len, have })?;
        let sys_flag = SysFlag(i32_at(bytes, layout::SYS_FLAG));
        let body_len_at = body_length_position(sys_flag);
        let body = field(bytes, body_len_at, 4, "body length")?;
        let topic = field(bytes, body.1, if wide_topic { 2 } else { 1 }, "topic length")?;
        let properties = field(bytes, topic.1, 2, "properties length")?;
        Ok(Self { bytes, sys_flag, body, topic, properties })
    }

    /// The bytes of the message.
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Bytes that the message takes, as its first field says.
    pub const fn total_len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether the fields fill the message exactly, as they do in everything a broker stores.
    pub const fn is_exact(&self) -> bool {
        self.properties.1 == self.bytes.len()
    }

    /// Checks the body against the checksum. A message without a body passes.
    ///
    /// # Errors
    /// [`MessageError::Crc`] when they differ.
    pub fn check_crc(&self) -> Result<(), MessageError> {
        let stored = self.body_crc();
        let computed = layout::body_crc(self.body());
        if self.body().is_empty() || stored == computed {
            Ok(())
        } else {
            Err(MessageError::Crc { stored, computed })
        }
    }

    /// Checksum stored with the body.
    pub fn body_crc(&self) -> u32 {
        u32::from_be_bytes(i32_at(self.bytes, layout::BODY_CRC).to_be_bytes())
    }

    /// Queue id.
    pub fn queue_id(&self) -> i32 {
        i32_at(self.bytes, layout::QUEUE_ID)
    }

    /// The user's flag.
    pub fn flag(&self) -> i32 {
        i32_at(self.bytes, layout::FLAG)
    }

    /// Offset in the queue.
    pub fn queue_offset(&self) -> i64 {
        i64_at(self.bytes, layout::QUEUE_OFFSET)
    }

    /// Offset in the commit log.
    pub fn physical_offset(&self) -> i64 {
        i64_at(self.bytes, layout::PHYSICAL_OFFSET)
    }

    /// System flag.
    pub const fn sys_flag(&self) -> SysFlag {
        self.sys_flag
    }

    /// When the message was made, in milliseconds.
    pub fn born_timestamp(&self) -> i64 {
        i64_at(self.bytes, layout::BORN_TIMESTAMP)
    }

    /// The client that sent it.
    ///
    /// # Errors
    /// [`MessageError::Port`] when its port is no port number.
    pub fn born_host(&self) -> Result<SocketAddr, MessageError> {
        host_at(self.bytes, layout::BORN_HOST, self.sys_flag.has(SysFlag::BORN_HOST_V6))
    }

    /// When it was stored, in milliseconds.
    pub fn store_timestamp(&self) -> i64 {
        i64_at(self.bytes, self.store_time_at())
    }

    /// The broker that stored it.
    ///
    /// # Errors
    /// [`MessageError::Port`] when its port is no port number.
    pub fn store_host(&self) -> Result<SocketAddr, MessageError> {
        host_at(self.bytes, self.store_time_at() + 8, self.sys_flag.has(SysFlag::STORE_HOST_V6))
    }

    /// How often it was consumed without success.
    pub fn reconsume_times(&self) -> i32 {
        i32_at(self.bytes, self.body.0 - 16)
    }

    /// Commit log offset of the half message.
    pub fn prepared_transaction_offset(&self) -> i64 {
        i64_at(self.bytes, self.body.0 - 12)
    }

    /// Body as stored, compressed when the system flag says so.
    pub fn body(&self) -> &'a [u8] {
        self.range(self.body)
    }

    /// Where the body lies in [`MessageView::bytes`].
    pub const fn body_range(&self) -> std::ops::Range<usize> {
        self.body.0..self.body.1
    }

    /// Topic, as bytes.
    pub fn topic_bytes(&self) -> &'a [u8] {
        self.range(self.topic)
    }

    /// Topic; bytes that are not UTF-8 are replaced, as Java does.
    pub fn topic(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.topic_bytes())
    }

    /// Properties string, as bytes.
    pub fn properties_bytes(&self) -> &'a [u8] {
        self.range(self.properties)
    }

    /// Properties string; bytes that are not UTF-8 are replaced, as Java does.
    pub fn properties(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.properties_bytes())
    }

    /// One property; `None` also where its value is not UTF-8.
    pub fn property(&self, name: &str) -> Option<&'a str> {
        find_property_bytes(self.properties_bytes(), name)
    }

    /// Tag.
    pub fn tags(&self) -> Option<&'a str> {
        self.property(property::TAGS)
    }

    /// Keys, separated by blanks.
    pub fn keys(&self) -> Option<&'a str> {
        self.property(property::KEYS)
    }

    /// Unique id given by the client.
    pub fn unique_key(&self) -> Option<&'a str> {
        self.property(property::UNIQ_KEY)
    }

    /// The id that names the message by broker and commit log offset.
    ///
    /// # Errors
    /// [`MessageError::Port`] when the store host has no port number.
    pub fn offset_id(&self) -> Result<OffsetId, MessageError> {
        Ok(OffsetId { host: self.store_host()?, offset: self.physical_offset() })
    }

    fn range(&self, (start, end): (usize, usize)) -> &'a [u8] {
        self.bytes.get(start..end).unwrap_or_default()
    }

    const fn store_time_at(&self) -> usize {
        layout::BORN_HOST + self.sys_flag.born_host_len()
    }
}

/// Where the body length stands: after both hosts, the retries and the transaction offset.
const fn body_length_position(flag: SysFlag) -> usize {
    layout::BORN_HOST + flag.born_host_len() + 8 + flag.store_host_len() + 12
}

/// Range of the field whose length, of `width` bytes, stands at `at`.
fn field(bytes: &[u8], at: usize, width: usize, name: &'static str) -> Result<(usize, usize), MessageError> {
    let rest = bytes.get(at..).unwrap_or_default();
    let value = match width {
        1 => rest.first().map(|byte| i64::from(i8::from_be_bytes([*byte]))),
        2 => rest.first_chunk().map(|b| i64::from(i16::from_be_bytes(*b))),
        _ => rest.first_chunk().map(|b| i64::from(i32::from_be_bytes(*b))),
    };
    let value = value.ok_or(MessageError::Truncated { need: at + width, have: bytes.len() })?;
    let start = at + width;
    usize::try_from(value)
        .ok()
        .and_then(|len| start.checked_add(len))
        .filter(|end| *end <= bytes.len())
        .map(|end| (start, end))
        .ok_or(MessageError::Length { field: name, value })
}

/// The number at a place that `parse` has checked; 0 outside.
fn i32_at(bytes: &[u8], at: usize) -> i32 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |b| i32::from_be_bytes(*b))
}

/// The number at a place that `parse` has checked; 0 outside.
fn i64_at(bytes: &[u8], at: usize) -> i64 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |b| i64::from_be_bytes(*b))
}

fn host_at(bytes: &[u8], at: usize, v6: bool) -> Result<SocketAddr, MessageError> {
    let rest = bytes.get(at..).unwrap_or_default();
    let cut = || MessageError::Truncated { need: at + layout::HOST_V6, have: bytes.len() };
    let (ip, port_at) = if v6 {
        (IpAddr::from(*rest.first_chunk::<16>().ok_or_else(cut)?), at + 16)
    } else {
        (IpAddr::from(*rest.first_chunk::<4>().ok_or_else(cut)?), at + 4)
    };
    let port = i32_at(bytes, port_at);
    let port = u16::try_from(port).map_err(|_| MessageError::Port(port))?;
    Ok(SocketAddr::new(ip, port))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::encode::{NewMessage, encode, patch_position};
    use super::*;

    fn host(v6: bool) -> SocketAddr {
        if v6 { "[2001:db8::7]:10911".parse().unwrap() } else { "10.1.2.3:10911".parse().unwrap() }
    }

    fn stored(topic: &str, body: &[u8], properties: &str, born_v6: bool, store_v6: bool) -> Vec<u8> {
        let message = NewMessage {
            topic,
            queue_id: 3,
            flag: 9,
            sys_flag: SysFlag::COMMIT,
            born_timestamp: 1_700_000_000_123,
            born_host: host(born_v6),
            store_host: host(store_v6),
            reconsume_times: 2,
            prepared_transaction_offset: 77,
            body,
            properties,
        };
        let mut out = vec![];
        let len = encode(&message, &mut out).unwrap();
        assert_eq!(len, out.len());
        assert_eq!(len, message.stored_len());
        patch_position(&mut out, 5, 1 << 40, 1_700_000_000_456);
        out
    }

    proptest! {
        #[test]
        fn round_trip(
            topic in "[a-zA-Z%_-]{0,300}",
            body in proptest::collection::vec(any::<u8>(), 0..200),
            tag in "[a-z]{1,9}",
            born_v6: bool,
            store_v6: bool,
        ) {
            let properties = format!("TAGS\u{1}{tag}\u{2}KEYS\u{1}a b\u{2}UNIQ_KEY\u{1}FF\u{2}");
            let bytes = stored(&topic, &body, &properties, born_v6, store_v6);
            let view = MessageView::parse(&bytes).unwrap();
            prop_assert!(view.is_exact());
            prop_assert_eq!(view.check_crc(), Ok(()));
            prop_assert_eq!(view.topic(), topic);
            prop_assert_eq!(view.body(), body);
            prop_assert_eq!(view.properties(), properties);
            prop_assert_eq!(view.tags(), Some(tag.as_str()));
            prop_assert_eq!((view.keys(), view.unique_key()), (Some("a b"), Some("FF")));
            prop_assert_eq!((view.queue_id(), view.flag(), view.queue_offset()), (3, 9, 5));
            prop_assert_eq!(view.physical_offset(), 1 << 40);
            prop_assert_eq!((view.born_timestamp(), view.store_timestamp()), (1_700_000_000_123, 1_700_000_000_456));
            prop_assert_eq!((view.born_host(), view.store_host()), (Ok(host(born_v6)), Ok(host(store_v6))));
            prop_assert_eq!((view.reconsume_times(), view.prepared_transaction_offset()), (2, 77));
        }

        #[test]
        fn noise_never_panics(mut bytes in proptest::collection::vec(any::<u8>(), 0..300), at in 0usize..400, value: u8) {
            let _ = MessageView::parse(&bytes);
            bytes = stored("T", b"body", "a\u{1}b\u{2}", false, true);
            if let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
            if let Ok(view) = MessageView::parse(&bytes) {
                let _ = (view.topic(), view.body(), view.properties(), view.born_host(), view.store_host());
                let _ = (view.check_crc(), view.is_exact(), view.offset_id(), view.tags());
            }
        }
    }

    #[test]
    fn every_prefix_is_an_error() {
        for (born_v6, store_v6) in [(false, false), (true, true), (false, true)] {
            for topic in ["TopicTest", &"T".repeat(200)] {
                let bytes = stored(topic, b"0123456789", "a\u{1}b\u{2}", born_v6, store_v6);
                assert!(MessageView::parse(&bytes).is_ok());
                for cut in 0..bytes.len() {
                    assert!(MessageView::parse(&bytes[..cut]).is_err(), "{cut} of {}", bytes.len());
                }
            }
        }
    }

    #[test]
    fn each_length_is_checked() {
        let bytes = stored("TopicTest", b"0123456789", "a\u{1}b\u{2}", false, false);
        let lengths = [(0usize, 4), (84, 4), (98, 1), (108, 2)];
        for (at, width) in lengths {
            for value in [[0x7F, 0xFF, 0xFF, 0xFF], [0xFF; 4]] {
                let mut damaged = bytes.clone();
                damaged[at..at + width].copy_from_slice(&value[..width]);
                assert!(MessageView::parse(&damaged).is_err(), "{at}");
            }
        }
        let mut damaged = bytes.clone();
        damaged[4] = 0;
        assert!(matches!(MessageView::parse(&damaged), Err(MessageError::Magic(_))));
        let mut damaged = bytes;
        damaged[90] ^= 1;
        assert!(matches!(MessageView::parse(&damaged).unwrap().check_crc(), Err(MessageError::Crc { .. })));
    }

    #[test]
    fn what_does_not_fit_is_refused_and_leaves_nothing() {
        let long = "x".repeat(layout::MAX_PROPERTIES + 1);
        for (topic, properties, field) in [("t", long.as_str(), "properties"), (long.as_str(), "", "topic")] {
            let message = NewMessage {
                topic,
                queue_id: 0,
                flag: 0,
                sys_flag: 0,
                born_timestamp: 0,
                born_host: host(false),
                store_host: host(false),
                reconsume_times: 0,
                prepared_transaction_offset: 0,
                body: b"",
                properties,
            };
            let mut out = vec![1];
            let refused = encode(&message, &mut out);
            assert!(matches!(refused, Err(MessageError::TooLong { field: f, .. }) if f == field));
            assert_eq!(out, [1]);
        }
    }
}
