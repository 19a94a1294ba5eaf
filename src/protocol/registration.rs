//! What a broker sends when it registers: JSON, or fields of their own form in a deflated stream.
//!
//! Java: `RegisterBrokerBody.encode` and `decode`, `TopicConfig.encode` and `decode`.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use serde::de::DeserializeOwned;

use super::body::BodyError;
use super::fastjson;
use super::route::{RegisterBrokerBody, RegisterBrokerHeader};
use super::topic::{TopicConfig, TopicConfigTable};

/// How long a deflated body may be in the open, in bytes: some hundred thousand topics.
pub const MAX_INFLATED: u64 = 64 * 1024 * 1024;

/// The ordinal of 3.0.11, from which on filter servers are sent along.
const V3_0_11: i32 = 37;
/// The ordinal of 5.0.0, from which on static topics are sent along.
const V5_0_0: i32 = 413;

/// How a zlib stream begins with the window that Java uses; JSON never does.
const ZLIB: u8 = 0x78;

/// The CRC-32 that a name server compares, as Java's `UtilAll.crc32` makes it: without its top bit.
pub fn crc(body: &[u8]) -> i32 {
    (crc32fast::hash(body) & 0x7fff_ffff).cast_signed()
}

/// Whether the body is the one that the broker sent; a checksum of 0 is none.
pub fn intact(header: &RegisterBrokerHeader, body: &[u8]) -> bool {
    header.body_crc32.is_none_or(|sum| sum == 0 || sum == crc(body))
}

/// Reads the body of a registration by a broker of this version (an ordinal of `MQVersion`).
///
/// # Errors
/// A body that is not in the form that header and version say.
pub fn decode(
    header: &RegisterBrokerHeader,
    version: i32,
    body: &[u8],
) -> Result<RegisterBrokerBody, BodyError> {
    if body.is_empty() {
        return Ok(RegisterBrokerBody::default());
    }
    if version < V3_0_11 {
        let topics = json::<TopicConfigTable>(body)?;
        return Ok(RegisterBrokerBody { topic_config_serialize_wrapper: topics, ..Default::default() });
    }
    // Apache's broker with `compressedRegister` says that its body is not compressed, but it is.
    if header.compressed == Some(true) || body[0] == ZLIB {
        return inflate(version, body);
    }
    json(body)
}

fn json<T: DeserializeOwned>(text: &[u8]) -> Result<T, BodyError> {
    fastjson::from_slice(text).map_err(|error| BodyError::Json(error.to_string()))
}

fn malformed(what: impl Into<String>) -> BodyError {
    BodyError::Json(what.into())
}

/// The fields of a deflated body in order, each behind its length.
struct Fields<R>(R);

impl<R: Read> Fields<R> {
    fn int(&mut self) -> Result<usize, BodyError> {
        let mut bytes = [0; 4];
        self.0.read_exact(&mut bytes).map_err(|error| malformed(error.to_string()))?;
        let number = i32::from_be_bytes(bytes);
        usize::try_from(number).map_err(|_| malformed(format!("a length of {number}")))
    }

    /// A field: memory grows by what the stream really holds, not by the length that it claims.
    fn bytes(&mut self) -> Result<Vec<u8>, BodyError> {
        let length = self.int()?;
        let mut field = Vec::new();
        let limit = u64::try_from(length).unwrap_or(u64::MAX);
        self.0.by_ref().take(limit).read_to_end(&mut field).map_err(|error| malformed(error.to_string()))?;
        if field.len() == length { Ok(field) } else { Err(malformed("the deflated body ends too early")) }
    }
}

fn inflate(version: i32, body: &[u8]) -> Result<RegisterBrokerBody, BodyError> {
    let mut fields = Fields(ZlibDecoder::new(body).take(MAX_INFLATED));
    let mut topics =
        TopicConfigTable { data_version: json(&fields.bytes()?)?, ..TopicConfigTable::default() };
    for _ in 0..fields.int()? {
        let text = String::from_utf8(fields.bytes()?).map_err(|_| BodyError::Utf8)?;
        let topic = topic_from_text(&text)?;
        topics.topic_config_table.insert(topic.topic_name.clone(), topic);
    }
    let filter_server_list = json(&fields.bytes()?).unwrap_or_default();
    if version >= V5_0_0 {
        let mut mappings = serde_json::Map::new();
        for _ in 0..fields.int()? {
            let mapping: serde_json::Value = json(&fields.bytes()?)?;
            let topic = mapping.get("topic").and_then(serde_json::Value::as_str).unwrap_or_default();
            mappings.insert(topic.to_owned(), mapping);
        }
        if !mappings.is_empty() {
            topics.topic_queue_mapping_info_map = Some(mappings.into());
        }
    }
    Ok(RegisterBrokerBody { filter_server_list, topic_config_serialize_wrapper: topics })
}

/// A registration as a deflated stream.
///
/// # Errors
/// What has no JSON form or a length over 31 bits.
pub fn deflate(body: &RegisterBrokerBody) -> Result<Vec<u8>, BodyError> {
    let mut out = ZlibEncoder::new(Vec::new(), Compression::best());
    let topics = &body.topic_config_serialize_wrapper;
    put_field(&mut out, &to_json(&topics.data_version)?)?;
    put_int(&mut out, topics.topic_config_table.len())?;
    for topic in topics.topic_config_table.values() {
        put_field(&mut out, topic_to_text(topic)?.as_bytes())?;
    }
    put_field(&mut out, &to_json(&body.filter_server_list)?)?;
    let mappings = topics.topic_queue_mapping_info_map.as_ref().and_then(serde_json::Value::as_object);
    put_int(&mut out, mappings.map_or(0, serde_json::Map::len))?;
    for mapping in mappings.into_iter().flat_map(serde_json::Map::values) {
        put_field(&mut out, &to_json(mapping)?)?;
    }
    out.finish().map_err(|error| malformed(error.to_string()))
}

fn to_json<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, BodyError> {
    fastjson::to_vec(value).map_err(|error| malformed(error.to_string()))
}

fn put_int(out: &mut impl Write, number: usize) -> Result<(), BodyError> {
    let number = i32::try_from(number).map_err(|_| malformed(format!("a length of {number}")))?;
    out.write_all(&number.to_be_bytes()).map_err(|error| malformed(error.to_string()))
}

fn put_field(out: &mut impl Write, bytes: &[u8]) -> Result<(), BodyError> {
    put_int(out, bytes.len())?;
    out.write_all(bytes).map_err(|error| malformed(error.to_string()))
}

/// `name read write perm filter {attributes}`. Flags and order are not in it.
fn topic_to_text(topic: &TopicConfig) -> Result<String, BodyError> {
    let attributes =
        serde_json::to_string(&topic.attributes).map_err(|error| malformed(error.to_string()))?;
    Ok(format!(
        "{} {} {} {} {} {attributes}",
        topic.topic_name, topic.read_queue_nums, topic.write_queue_nums, topic.perm, topic.topic_filter_type
    ))
}

fn topic_from_text(text: &str) -> Result<TopicConfig, BodyError> {
    let mut words = text.splitn(6, ' ');
    let mut word = || words.next().ok_or_else(|| malformed("a topic with too few fields"));
    let number = |word: &str| {
        word.parse::<i32>().map_err(|_| malformed(format!("the number {:.32} of a topic", word)))
    };
    let topic = TopicConfig {
        topic_name: word()?.to_owned(),
        read_queue_nums: number(word()?)?,
        write_queue_nums: number(word()?)?,
        perm: number(word()?)?,
        topic_filter_type: word()?.to_owned(),
        ..TopicConfig::default()
    };
    // Older brokers send none, and text that is no JSON is passed over as by Java.
    let attributes = words.next().and_then(|text| json(text.as_bytes()).ok()).unwrap_or_default();
    Ok(TopicConfig { attributes, ..topic })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::topic::DataVersion;
    use crate::protocol::version::name;
    use proptest::prelude::*;

    const CURRENT: i32 = 513;

    fn body() -> RegisterBrokerBody {
        let with = TopicConfig {
            attributes: [("message.type".to_owned(), "FIFO and more".to_owned())].into(),
            perm: 4,
            ..TopicConfig::new("B", 3)
        };
        let topics = [TopicConfig::new("A", 8), with];
        RegisterBrokerBody {
            filter_server_list: vec!["f:1".into()],
            topic_config_serialize_wrapper: TopicConfigTable {
                data_version: DataVersion { counter: 3, state_version: 1, timestamp: 99 },
                topic_config_table: topics.map(|t| (t.topic_name.clone(), t)).into(),
                topic_queue_mapping_info_map: Some(serde_json::json!({"S": {"topic": "S", "bname": "b"}})),
                ..TopicConfigTable::default()
            },
        }
    }

    fn header(compressed: bool) -> RegisterBrokerHeader {
        RegisterBrokerHeader { compressed: Some(compressed), ..Default::default() }
    }

    #[test]
    fn either_form_survives_a_round_trip() {
        let body = body();
        let forms = [(false, serde_json::to_vec(&body).unwrap()), (true, deflate(&body).unwrap())];
        for (compressed, bytes) in forms {
            let read = decode(&header(compressed), CURRENT, &bytes).unwrap();
            assert_eq!(read.filter_server_list, body.filter_server_list);
            let (read, sent) = (read.topic_config_serialize_wrapper, &body.topic_config_serialize_wrapper);
            assert_eq!(read.data_version, sent.data_version);
            assert_eq!(read.topic_config_table, sent.topic_config_table);
            assert_eq!(read.topic_queue_mapping_info_map, sent.topic_queue_mapping_info_map);
        }
    }

    #[test]
    fn what_apaches_broker_deflates_is_read_whatever_it_says() {
        let body = include_bytes!("../../tests/fixtures/registration/apache-5.5.0.deflated");
        for compressed in [None, Some(false), Some(true)] {
            let header =
                RegisterBrokerHeader { compressed, body_crc32: Some(1_532_657_358), ..Default::default() };
            assert!(intact(&header, body));
            let topics = decode(&header, CURRENT, body).unwrap().topic_config_serialize_wrapper;
            assert_eq!(topics.data_version.timestamp, 1_795_527_693_565);
            assert_eq!(topics.topic_config_table.len(), 15);
            let topic = &topics.topic_config_table["SCHEDULE_TOPIC_XXXX"];
            assert_eq!((topic.read_queue_nums, topic.write_queue_nums, topic.perm), (18, 18, 6));
            assert_eq!(topics.topic_queue_mapping_info_map, None);
        }
    }

    #[test]
    fn old_brokers_send_less() {
        assert_eq!((name(V3_0_11).as_str(), name(V5_0_0).as_str()), ("V3_0_11", "V5_0_0"));
        let topics = serde_json::to_vec(&body().topic_config_serialize_wrapper).unwrap();
        let read = decode(&header(false), V3_0_11 - 1, &topics).unwrap();
        assert_eq!(read.topic_config_serialize_wrapper.topic_config_table.len(), 2);
        let read = decode(&header(true), V5_0_0 - 1, &deflate(&body()).unwrap()).unwrap();
        assert_eq!(read.topic_config_serialize_wrapper.topic_queue_mapping_info_map, None);
        assert!(decode(&header(true), CURRENT, &[]).unwrap().filter_server_list.is_empty());
        let plain = topic_from_text("T 1 2 6 SINGLE_TAG").unwrap();
        assert_eq!((plain.read_queue_nums, plain.write_queue_nums, plain.attributes.len()), (1, 2, 0));
    }

    #[test]
    fn a_changed_body_is_noticed() {
        let header = RegisterBrokerHeader { body_crc32: Some(crc(b"abc")), ..Default::default() };
        assert!(header.body_crc32 > Some(0));
        assert!(intact(&header, b"abc"));
        assert!(!intact(&header, b"abd"));
        assert!(intact(&RegisterBrokerHeader { body_crc32: Some(0), ..Default::default() }, b"abd"));
        assert!(intact(&RegisterBrokerHeader::default(), b"abd"));
    }

    #[test]
    fn a_cut_or_lying_stream_is_an_error() {
        let whole = deflate(&body()).unwrap();
        for cut in 1..whole.len() - 8 {
            assert!(decode(&header(true), CURRENT, &whole[..cut]).is_err(), "cut at {cut}");
        }
        for claim in [-1, i32::MAX] {
            let mut out = ZlibEncoder::new(Vec::new(), Compression::fast());
            out.write_all(&i32::to_be_bytes(claim)).unwrap();
            assert!(decode(&header(true), CURRENT, &out.finish().unwrap()).is_err(), "{claim}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(
            compressed: bool,
            version in 0..600,
            bytes in proptest::collection::vec(any::<u8>(), 0..80),
        ) {
            let _ = decode(&header(compressed), version, &bytes);
            let mut out = ZlibEncoder::new(Vec::new(), Compression::fast());
            out.write_all(&bytes).unwrap();
            let _ = decode(&header(true), version, &out.finish().unwrap());
        }
    }
}
