//! The remoting command: one request or response, whatever its header form.
//!
//! Java: `RemotingCommand`, `RemotingSerializable` (JSON form), `RocketMQSerializable` (ROCKETMQ form).

use bytes::{BufMut, Bytes, BytesMut};

use super::binary_header;
use super::ext::ExtFields;
use super::frame::DecodeError;
use super::header::{Header, HeaderError};
use super::json_header;
use super::language::Language;

/// The version that this program gives itself on the wire: RocketMQ 5.5.0 (Java: `MQVersion.V5_5_0`).
pub const CURRENT_VERSION: i32 = 513;

/// Room for the fields of most headers, and for their text in bytes.
const USUAL_ROOM: (usize, usize) = (16, 256);
const RESPONSE_BIT: i32 = 1;
const ONEWAY_BIT: i32 = 1 << 1;

/// How the header of a command is written (Java: `SerializeType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SerializeType {
    /// A JSON object; what clients use unless told otherwise.
    #[default]
    Json,
    /// RocketMQ's own binary form, with 16 bits for the code.
    RocketMq,
}

/// The body of a command: none, one piece, or several to be written one after the other without a copy.
#[derive(Debug, Clone, Default)]
pub struct Payload {
    first: Bytes,
    rest: Vec<Bytes>,
}

impl Payload {
    /// How many bytes in all.
    pub fn len(&self) -> usize {
        self.first.len() + self.rest.iter().map(Bytes::len).sum::<usize>()
    }

    /// Whether there is no byte.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The pieces in order.
    pub fn chunks(&self) -> impl Iterator<Item = &Bytes> {
        std::iter::once(&self.first).chain(&self.rest).filter(|chunk| !chunk.is_empty())
    }

    /// All in one piece: without a copy where there is only one.
    pub fn into_bytes(self) -> Bytes {
        if self.rest.is_empty() {
            return self.first;
        }
        let mut all = BytesMut::with_capacity(self.len());
        self.chunks().for_each(|chunk| all.extend_from_slice(chunk));
        all.freeze()
    }
}

impl From<Bytes> for Payload {
    fn from(first: Bytes) -> Self {
        Self { first, rest: Vec::new() }
    }
}

impl From<Vec<u8>> for Payload {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<Vec<Bytes>> for Payload {
    fn from(chunks: Vec<Bytes>) -> Self {
        let mut chunks = chunks.into_iter();
        let first = chunks.next().unwrap_or_default();
        Self { first, rest: chunks.collect() }
    }
}

/// A request or a response (Java: `RemotingCommand`).
#[derive(Debug, Clone, Default)]
pub struct RemotingCommand {
    /// Request code, or response code in a response.
    pub code: i32,
    /// What the sender is written in.
    pub language: Language,
    /// The sender's version, an ordinal of Java's `MQVersion`.
    pub version: i32,
    /// Number of the request on its connection; a response carries its request's.
    pub opaque: i32,
    /// Bit 0: a response. Bit 1: no response is expected.
    pub flag: i32,
    /// Text for humans, chiefly the reason of a refusal.
    pub remark: Option<String>,
    /// The named fields of the header.
    pub ext: ExtFields,
    /// The form of the header. A response is written in its request's form.
    pub serialize: SerializeType,
    /// What follows the header.
    pub body: Payload,
}

impl RemotingCommand {
    /// A request of this program, without fields or body. The connection gives it its `opaque`.
    pub fn request(code: i32) -> Self {
        Self { code, language: Language::Rust, version: CURRENT_VERSION, ..Self::default() }
    }

    /// A response to this request, in its form and with its number.
    ///
    /// Servers say they are JAVA here: Apache's clients and admin tools know no other kind of server.
    pub fn response_to(&self, code: i32) -> Self {
        Self {
            code,
            language: Language::Java,
            version: CURRENT_VERSION,
            opaque: self.opaque,
            flag: RESPONSE_BIT,
            serialize: self.serialize,
            ..Self::default()
        }
    }

    /// With this remark.
    #[must_use]
    pub fn with_remark(mut self, remark: impl Into<String>) -> Self {
        self.remark = Some(remark.into());
        self
    }

    /// With the fields of this header added.
    #[must_use]
    pub fn with_header<H: Header>(mut self, header: &H) -> Self {
        if std::mem::size_of::<H>() > 0 {
            let (fields, text) = USUAL_ROOM;
            self.ext.reserve(fields, text);
        }
        header.write(&mut self.ext);
        self
    }

    /// With this body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Payload>) -> Self {
        self.body = body.into();
        self
    }

    /// The typed header.
    pub fn header<H: Header>(&self) -> Result<H, HeaderError> {
        H::read(&self.ext)
    }

    /// Whether this answers a request.
    pub fn is_response(&self) -> bool {
        self.flag & RESPONSE_BIT != 0
    }

    /// Whether no answer is expected.
    pub fn is_oneway(&self) -> bool {
        self.flag & ONEWAY_BIT != 0
    }

    /// Says that no answer is expected.
    pub fn mark_oneway(&mut self) {
        self.flag |= ONEWAY_BIT;
    }

    /// Reads a frame, without its four length bytes. The body is a slice of it.
    pub fn decode(mut frame: Bytes) -> Result<Self, DecodeError> {
        let mark = frame.first_chunk::<4>().map(|b| u32::from_be_bytes(*b)).ok_or(DecodeError::Truncated)?;
        let header_len = (mark & 0x00ff_ffff) as usize;
        if frame.len() - 4 < header_len {
            return Err(DecodeError::HeaderLength { header: header_len, frame: frame.len() });
        }
        let mut header = frame.split_to(4 + header_len);
        let header = header.split_off(4);
        let mut command = match mark >> 24 {
            0 => json_header::decode(&header)?,
            1 => binary_header::decode(&header)?,
            other => return Err(DecodeError::SerializeType(other)),
        };
        command.body = frame.into();
        Ok(command)
    }

    /// Writes all of the frame but its body: the length (body included), the mark and the header.
    ///
    /// Fails where the header does not fit its 24 bits of length or the frame its 31.
    pub fn encode_head(&self, out: &mut BytesMut) -> Result<(), DecodeError> {
        let start = out.len();
        out.put_u64(0);
        // The binary form has 16 bits for the code: a code over them goes as JSON.
        let serialize = match i16::try_from(self.code) {
            Ok(_) => self.serialize,
            Err(_) => SerializeType::Json,
        };
        match serialize {
            SerializeType::Json => json_header::encode(self, out),
            SerializeType::RocketMq => binary_header::encode(self, out),
        }
        let header = out.len() - start - 8;
        let frame = 4 + header + self.body.len();
        let kind = match serialize {
            SerializeType::Json => 0,
            SerializeType::RocketMq => 1 << 24,
        };
        match (u32::try_from(header), i32::try_from(frame)) {
            (Ok(header), Ok(frame)) if header <= 0x00ff_ffff => {
                out[start..start + 4].copy_from_slice(&frame.to_be_bytes());
                out[start + 4..start + 8].copy_from_slice(&(kind | header).to_be_bytes());
                Ok(())
            }
            _ => {
                out.truncate(start);
                Err(DecodeError::HeaderLength { header, frame })
            }
        }
    }

    /// The whole frame in one buffer, for tests and one-off writes.
    pub fn encode(&self) -> Result<Bytes, DecodeError> {
        let mut out = BytesMut::with_capacity(256 + self.body.len());
        self.encode_head(&mut out)?;
        self.body.chunks().for_each(|chunk| out.extend_from_slice(chunk));
        Ok(out.freeze())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sample(serialize: SerializeType) -> RemotingCommand {
        RemotingCommand {
            code: 310,
            language: Language::Go,
            version: 401,
            opaque: -7,
            flag: 2,
            remark: Some("a \"quoted\"\n\u{1}remark \u{1f980}".into()),
            ext: [("topic", "T\u{2}ü"), ("empty", ""), ("queueId", "3")].into_iter().collect(),
            serialize,
            body: vec![Bytes::from_static(b"bo"), Bytes::from_static(b"dy")].into(),
        }
    }

    fn same(a: &RemotingCommand, b: &RemotingCommand) {
        assert_eq!(
            (a.code, a.language, a.version, a.opaque, a.flag, &a.remark, &a.ext, a.serialize),
            (b.code, b.language, b.version, b.opaque, b.flag, &b.remark, &b.ext, b.serialize)
        );
        assert_eq!(a.body.clone().into_bytes(), b.body.clone().into_bytes());
    }

    #[test]
    fn both_forms_survive_a_round_trip() {
        for form in [SerializeType::Json, SerializeType::RocketMq] {
            let command = sample(form);
            let frame = command.encode().unwrap();
            assert_eq!(frame.len() as u32 - 4, u32::from_be_bytes(*frame.first_chunk().unwrap()));
            same(&RemotingCommand::decode(frame.slice(4..)).unwrap(), &command);
        }
    }

    #[test]
    fn a_code_over_16_bits_goes_as_json() {
        let command = RemotingCommand { code: 200_050, ..sample(SerializeType::RocketMq) };
        let decoded = RemotingCommand::decode(command.encode().unwrap().slice(4..)).unwrap();
        assert_eq!((decoded.code, decoded.serialize), (200_050, SerializeType::Json));
    }

    #[test]
    fn every_prefix_of_a_frame_is_an_error_or_a_shorter_body() {
        for form in [SerializeType::Json, SerializeType::RocketMq] {
            let frame = sample(form).encode().unwrap().slice(4..);
            let header_end = frame.len() - 4;
            for cut in 0..header_end {
                assert!(RemotingCommand::decode(frame.slice(..cut)).is_err(), "cut at {cut}");
            }
            assert_eq!(RemotingCommand::decode(frame.slice(..header_end)).unwrap().body.len(), 0);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_decode_or_fail_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = RemotingCommand::decode(bytes.into());
        }

        #[test]
        fn any_header_bytes_decode_or_fail_without_a_panic(
            kind in 0u8..3,
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let mut frame = vec![kind, 0, 0, bytes.len() as u8];
            frame.extend(bytes);
            let _ = RemotingCommand::decode(frame.into());
        }
    }
}
