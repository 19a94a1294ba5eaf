//! A message of its own, read from its stored form.

use std::net::SocketAddr;

use bytes::Bytes;

use super::compression::decompress;
use super::encode::NewMessage;
use super::error::MessageError;
use super::id::OffsetId;
use super::properties::Properties;
use super::property;
use super::sys_flag::SysFlag;
use super::view::MessageView;

/// A stored message (`MessageExt`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Topic.
    pub topic: String,
    /// Queue of the topic.
    pub queue_id: i32,
    /// The user's flag.
    pub flag: i32,
    /// Offset in the queue.
    pub queue_offset: i64,
    /// Offset in the commit log.
    pub physical_offset: i64,
    /// System flag.
    pub sys_flag: SysFlag,
    /// When it was made, in milliseconds.
    pub born_timestamp: i64,
    /// The client that sent it.
    pub born_host: SocketAddr,
    /// When it was stored, in milliseconds.
    pub store_timestamp: i64,
    /// The broker that stored it.
    pub store_host: SocketAddr,
    /// How often it was consumed without success.
    pub reconsume_times: i32,
    /// Commit log offset of the half message.
    pub prepared_transaction_offset: i64,
    /// Checksum of the body as stored.
    pub body_crc: u32,
    /// Body; compressed while the system flag says so.
    pub body: Bytes,
    /// Properties.
    pub properties: Properties,
    /// Bytes that the stored message took.
    pub store_size: usize,
}

impl Message {
    /// Reads the message at the beginning of `bytes`; the body shares their memory. `store_size` tells
    /// where the next one begins.
    ///
    /// # Errors
    /// [`MessageError`] when the bytes are no whole message. The checksum is not looked at.
    pub fn decode(bytes: &Bytes) -> Result<Self, MessageError> {
        let view = MessageView::parse(bytes)?;
        Ok(Self {
            topic: view.topic().into_owned(),
            queue_id: view.queue_id(),
            flag: view.flag(),
            queue_offset: view.queue_offset(),
            physical_offset: view.physical_offset(),
            sys_flag: view.sys_flag(),
            born_timestamp: view.born_timestamp(),
            born_host: view.born_host()?,
            store_timestamp: view.store_timestamp(),
            store_host: view.store_host()?,
            reconsume_times: view.reconsume_times(),
            prepared_transaction_offset: view.prepared_transaction_offset(),
            body_crc: view.body_crc(),
            body: bytes.slice(view.body_range()),
            properties: Properties::parse(&view.properties()),
            store_size: view.total_len(),
        })
    }

    /// Reads messages that stand one after the other, as the body of a pull response has them.
    ///
    /// # Errors
    /// [`MessageError`] for the first that is not whole.
    pub fn decode_all(bytes: &Bytes) -> Result<Vec<Self>, MessageError> {
        let mut rest = bytes.clone();
        let mut messages = Vec::new();
        while !rest.is_empty() {
            let message = Self::decode(&rest)?;
            rest = rest.slice(message.store_size..);
            messages.push(message);
        }
        Ok(messages)
    }

    /// Decompresses the body into at most `limit` bytes and clears the flag that says it is compressed.
    /// A body that is not compressed stays as it is.
    ///
    /// # Errors
    /// [`MessageError`] when it does not decompress or grows past the limit.
    pub fn decompress(&mut self, limit: usize) -> Result<(), MessageError> {
        if let Some(compression) = self.sys_flag.compression()? {
            self.body = decompress(&self.body, compression, limit)?.into();
            self.sys_flag = SysFlag(self.sys_flag.0 & !SysFlag::COMPRESSED);
        }
        Ok(())
    }

    /// Tag.
    pub fn tags(&self) -> Option<&str> {
        self.properties.get(property::TAGS)
    }

    /// Keys, separated by blanks.
    pub fn keys(&self) -> Option<&str> {
        self.properties.get(property::KEYS)
    }

    /// Unique id given by the client.
    pub fn unique_key(&self) -> Option<&str> {
        self.properties.get(property::UNIQ_KEY)
    }

    /// The id that names it by broker and commit log offset.
    pub fn offset_id(&self) -> OffsetId {
        OffsetId { host: self.store_host, offset: self.physical_offset }
    }

    /// The message as a new one, to be stored again; `properties` is its properties string, which the
    /// caller keeps.
    pub fn as_new<'a>(&'a self, properties: &'a str) -> NewMessage<'a> {
        NewMessage {
            topic: &self.topic,
            queue_id: self.queue_id,
            flag: self.flag,
            sys_flag: self.sys_flag.0,
            born_timestamp: self.born_timestamp,
            born_host: self.born_host,
            store_host: self.store_host,
            reconsume_times: self.reconsume_times,
            prepared_transaction_offset: self.prepared_transaction_offset,
            body: &self.body,
            properties,
        }
    }

    /// The stored form (`MessageDecoder.encode`), with the message's own place and time.
    ///
    /// # Errors
    /// [`MessageError::TooLong`] when topic or properties do not fit.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<usize, MessageError> {
        let start = out.len();
        let properties = self.properties.to_raw();
        let len = super::encode::encode(&self.as_new(&properties), out)?;
        if let Some(stored) = out.get_mut(start..) {
            super::encode::patch_position(
                stored,
                self.queue_offset,
                self.physical_offset,
                self.store_timestamp,
            );
        }
        Ok(len)
    }
}

#[cfg(test)]
mod tests {
    use super::super::compression::{Compression, compress};
    use super::*;

    fn message() -> Message {
        Message {
            topic: "TopicTest".into(),
            queue_id: 1,
            flag: 2,
            queue_offset: 3,
            physical_offset: 4,
            sys_flag: SysFlag(0).with_compression(Some(Compression::Lz4)),
            born_timestamp: 5,
            born_host: "1.2.3.4:5".parse().unwrap(),
            store_timestamp: 6,
            store_host: "127.0.0.1:10911".parse().unwrap(),
            reconsume_times: 7,
            prepared_transaction_offset: 8,
            body_crc: 0,
            body: compress(b"hello hello hello hello", Compression::Lz4, 5).unwrap().into(),
            properties: [("TAGS", "TagA")].into_iter().collect(),
            store_size: 0,
        }
    }

    #[test]
    fn decoded_messages_are_those_encoded() {
        let mut out = vec![];
        let first = message().encode(&mut out).unwrap();
        message().encode(&mut out).unwrap();
        let out = Bytes::from(out);
        let messages = Message::decode_all(&out).unwrap();
        assert_eq!(messages.len(), 2);
        for got in &messages {
            let expected = Message { body_crc: got.body_crc, store_size: first, ..message() };
            assert_eq!(*got, expected);
        }
        assert!(Message::decode_all(&out.slice(..out.len() - 1)).is_err());
    }

    #[test]
    fn decompressing_clears_the_flag_and_respects_the_limit() {
        let mut message = message();
        assert_eq!(message.decompress(5), Err(MessageError::DecompressedTooLarge { limit: 5 }));
        message.decompress(100).unwrap();
        assert_eq!(message.body, "hello hello hello hello");
        assert_eq!(message.sys_flag.compression(), Ok(None));
        message.decompress(1).unwrap();
        assert_eq!(message.body.len(), 23);
    }
}
