//! What is fuzzed: each decoder with what must hold of it, whatever the bytes. `cargo fuzz` calls these with
//! bytes of its own, `cargo test` with the corpus.

use std::fs;
use std::path::{Path, PathBuf};

use bytes::{Bytes, BytesMut};
use rmq::config::{NamesrvConfig, parse_properties, write_properties};
use rmq::protocol::header::Header;
use rmq::protocol::message::{
    BatchItems, Compression, Message, MessageView, OffsetId, Properties, UniqueId, decompress, find_property,
    iter_properties,
};
use rmq::protocol::request::Request;
use rmq::protocol::route::{RegisterBrokerHeader, TopicRouteData};
use rmq::protocol::topic::TopicConfigTable;
use rmq::protocol::{
    ExtFields, RemotingCommand, fastjson, frame as framing, group, pull, registration, route, send,
};
use rmq::store::{Store, StoreConfig, TableFile};

/// A decoder under its name, which is that of its directory in the corpus.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: &[Target] = &[
    ("frame", frame),
    ("header", header),
    ("typed_header", typed_header),
    ("fastjson", fastjson),
    ("registration", registration),
    ("message", message),
    ("properties", properties),
    ("batch", batch),
    ("compressed", compressed),
    ("ids", ids),
    ("java_properties", java_properties),
    ("store", store),
    ("table", table),
];

/// The most that any decoder may make of its input, in bytes.
const LIMIT: usize = 1 << 20;

/// A stream of bytes as it comes from a socket: frames are taken off it until it ends or is refused.
pub fn frame(data: &[u8]) {
    let mut buffer = BytesMut::from(data);
    while let Ok(Some(frame)) = framing::take_frame(&mut buffer, LIMIT) {
        assert!(frame.len() <= data.len());
        let _ = RemotingCommand::decode(frame);
    }
}

/// A header in either form; what was read can be written, and reads the same.
pub fn header(data: &[u8]) {
    let Some((form, header)) = data.split_first() else { return };
    let length = u32::try_from(header.len()).unwrap_or(0) & 0x00ff_ffff;
    let mark = u32::from(form & 1) << 24 | length;
    let frame = [&mark.to_be_bytes()[..], header].concat();
    let Ok(command) = RemotingCommand::decode(frame.into()) else { return };
    let Ok(written) = command.encode() else { return };
    let again = RemotingCommand::decode(written.slice(4..)).expect("what was written can be read");
    assert_eq!((again.code, again.opaque, again.flag), (command.code, command.opaque, command.flag));
    assert_eq!((again.remark, again.ext), (command.remark, command.ext));
}

/// Fields of a header, given as JSON, read as each of the larger headers; what was read can be written.
pub fn typed_header(data: &[u8]) {
    fn read<R: Request>(ext: &ExtFields) {
        if let Ok(header) = R::Header::read(ext) {
            let mut written = ExtFields::new();
            header.write(&mut written);
            assert!(R::Header::read(&written).is_ok());
        }
    }
    let Ok(fields) = serde_json::from_slice::<std::collections::BTreeMap<String, String>>(data) else {
        return;
    };
    let ext: ExtFields = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    read::<send::SendMessage>(&ext);
    read::<send::SendMessageV2>(&ext);
    read::<send::EndTransaction>(&ext);
    read::<pull::PullMessage>(&ext);
    read::<pull::UpdateConsumerOffset>(&ext);
    read::<route::RegisterBroker>(&ext);
    read::<route::GetRouteinfoByTopic>(&ext);
}

/// Loose JSON as it is, and as bodies.
pub fn fastjson(data: &[u8]) {
    let strict = fastjson::to_strict(data);
    if let std::borrow::Cow::Owned(strict) = &strict {
        assert!(strict.len() <= data.len() * 8, "keys within keys do not explode");
    }
    if let Ok(value) = fastjson::from_slice::<serde_json::Value>(data) {
        let written = fastjson::to_vec(&value).expect("a value can be written");
        let _ = fastjson::from_slice::<serde_json::Value>(&written);
    }
    let _ = fastjson::from_slice::<TopicRouteData>(data);
    let _ = fastjson::from_slice::<TopicConfigTable>(data);
    let _ = fastjson::from_slice::<group::HeartbeatData>(data);
}

/// The body of a broker's registration, in the form that the first byte says.
pub fn registration(data: &[u8]) {
    let Some((form, body)) = data.split_first() else { return };
    let header = RegisterBrokerHeader { compressed: Some(form & 1 == 1), ..RegisterBrokerHeader::default() };
    let version = if form & 2 == 0 { 513 } else { 20 };
    let _ = registration::intact(&header, body);
    if let Ok(body) = registration::decode(&header, version, body) {
        let _ = registration::deflate(&body);
    }
}

/// Stored messages; one that can be read can be written, and reads the same.
pub fn message(data: &[u8]) {
    let bytes = Bytes::copy_from_slice(data);
    if let Ok(view) = MessageView::parse(&bytes) {
        let _ = (view.check_crc(), view.born_host(), view.store_host(), view.offset_id());
        let _ = (view.topic(), view.tags(), view.keys(), view.unique_key());
    }
    let _ = Message::decode_all(&bytes);
    if let Ok(mut message) = Message::decode(&bytes) {
        assert!(message.store_size <= data.len());
        let mut out = Vec::new();
        if message.encode(&mut out).is_ok() {
            let again = Message::decode(&out.into()).expect("what was written can be read");
            assert_eq!((&again.topic, &again.body), (&message.topic, &message.body));
        }
        let _ = message.decompress(LIMIT);
    }
}

/// The properties of a message.
pub fn properties(data: &[u8]) {
    let raw = String::from_utf8_lossy(data);
    let parsed = Properties::parse(&raw);
    for (name, value) in iter_properties(&raw) {
        assert!(find_property(&raw, name).is_some(), "{name:?}={value:?} is found by its name");
    }
    let again = Properties::parse(&parsed.to_raw());
    assert_eq!(again.len(), parsed.len());
}

/// The body of a batch.
pub fn batch(data: &[u8]) {
    let mut total = 0;
    for item in BatchItems::new(data).take_while(Result::is_ok).flatten() {
        total += item.body.len() + item.properties.len();
    }
    assert!(total <= data.len());
}

/// A compressed body, by the way that the first byte says.
pub fn compressed(data: &[u8]) {
    let Some((way, body)) = data.split_first() else { return };
    let way = match way % 3 {
        0 => Compression::Zlib,
        1 => Compression::Lz4,
        _ => Compression::Zstd,
    };
    const SMALL: usize = 1 << 16;
    if let Ok(body) = decompress(body, way, SMALL) {
        assert!(body.len() <= SMALL);
    }
}

/// Message ids of both kinds.
pub fn ids(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(id) = text.parse::<OffsetId>() {
        assert_eq!(id.to_string().parse::<OffsetId>().ok(), Some(id));
    }
    let _ = text.parse::<UniqueId>();
}

/// A file of Java properties; what is read can be written.
pub fn java_properties(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(properties) = parse_properties(&text) {
        let pairs = properties.into_iter().map(|property| (property.key, property.value)).collect();
        let _ = parse_properties(&write_properties(&pairs));
    }
    let _ = NamesrvConfig::default().load(&text);
}

/// The files of a store that may be damaged, relative to its directory. The first byte of an input chooses one.
pub const STORE_FILES: [&str; 4] = [
    "checkpoint",
    "commitlog/00000000000000016384",
    "consumequeue/TopicTest/0/00000000000000000400",
    "index/20261124125916851",
];

/// The store that the damage is done to.
pub fn fixture() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = if tests.ends_with("fuzz") { tests.join("../..") } else { tests.to_owned() };
    root.join("tests/fixtures/store/apache-5.5.0")
}

/// A store in which one file is what the bytes say. It opens, or says what is wrong; what it then gives out are
/// whole messages.
pub fn store(data: &[u8]) {
    let Some((choice, content)) = data.split_first() else { return };
    let dir = tempfile::tempdir().expect("a temporary directory");
    copy(&fixture(), dir.path()).expect("the fixture can be copied");
    let damaged = STORE_FILES[usize::from(*choice) % STORE_FILES.len()];
    fs::write(dir.path().join(damaged), content).expect("a file can be written");
    let config = StoreConfig {
        mapped_file_size_commit_log: 16_384,
        mapped_file_size_consume_queue: 400,
        max_hash_slot_num: 64,
        max_index_num: 128,
        ..StoreConfig::new(dir.path())
    };
    let Ok((store, _)) = Store::open(config) else { return };
    for queue in 0..2 {
        let range = store.min_offset("TopicTest", queue).zip(store.max_offset("TopicTest", queue));
        let (min, max) = range.unwrap_or((0, 0));
        for offset in min..max.min(min + 64) {
            if let Some(message) = store.message_in_queue("TopicTest", queue, offset) {
                assert!(MessageView::parse(&message).is_ok());
            }
        }
    }
    for bytes in store.query("TopicTest", "k7", None, 8, 0, i64::MAX).messages {
        assert!(MessageView::parse(&bytes).is_ok());
    }
    let _ = store.close();
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// A table of a broker on disk.
pub fn table(data: &[u8]) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("topics.json");
    fs::write(&path, data).expect("a file can be written");
    let file = TableFile::new(&path);
    if let Ok(Some(loaded)) = file.load::<TopicConfigTable>() {
        file.save(&loaded.table).expect("what was read can be written");
        assert!(file.load::<TopicConfigTable>().is_ok());
    }
}
