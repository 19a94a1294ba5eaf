//! Makes the corpus that fuzzing starts from: valid inputs, and such that are wrong in each way we know of.

use super::corpus;
use super::targets::{STORE_FILES, fixture};

use std::fs;

use rmq::protocol::message::{BatchItem, Compression, MessageView, compress, encode_batch_item};
use rmq::protocol::request::Request;
use rmq::protocol::route::{GetRouteinfoByTopic, RegisterBrokerBody, RouteHeader};
use rmq::protocol::topic::{TopicConfig, TopicConfigTable};
use rmq::protocol::{RemotingCommand, SerializeType, registration};

type Seed = (String, Vec<u8>);

fn seed(name: impl Into<String>, data: impl Into<Vec<u8>>) -> Seed {
    (name.into(), data.into())
}

/// A valid input whole, cut in the middle, and with one byte in each eighth of it turned.
fn damaged(name: &str, whole: &[u8]) -> Vec<Seed> {
    let mut seeds = vec![seed(name, whole), seed(format!("{name}-cut"), &whole[..whole.len() / 2])];
    for part in 0..8 {
        let mut turned = whole.to_vec();
        let at = (whole.len() * part / 8 + part).min(whole.len() - 1);
        turned[at] ^= 0xff;
        seeds.push(seed(format!("{name}-turned-{part}"), turned));
    }
    seeds
}

fn command(serialize: SerializeType) -> RemotingCommand {
    let header = RouteHeader { topic: "TopicTest".into(), ..RouteHeader::default() };
    let mut command = RemotingCommand::request(GetRouteinfoByTopic::CODE).with_header(&header);
    command.serialize = serialize;
    command.remark = Some("a \"remark\"\n".into());
    command.body = b"body".to_vec().into();
    command
}

fn frames() -> (Vec<Seed>, Vec<Seed>) {
    let (mut frames, mut headers) = (Vec::new(), Vec::new());
    for (name, form, serialize) in [("json", 0, SerializeType::Json), ("binary", 1, SerializeType::RocketMq)]
    {
        let frame = command(serialize).encode().unwrap();
        let header = frame.slice(8..frame.len() - 4);
        headers.extend(damaged(name, &[&[form], &header[..]].concat()));
        frames.extend(damaged(name, &frame));
    }
    let claims = [("minus-one", -1), ("nothing", 0), ("three", 3), ("two-gigabytes", i32::MAX)];
    frames.extend(claims.map(|(name, claim)| seed(format!("claims-{name}"), claim.to_be_bytes())));
    frames.push(seed("http", *b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    headers.push(seed("deep", [&b"\0"[..], "[".repeat(2_000).as_bytes()].concat()));
    headers.push(seed(
        "text-of-two-gigabytes",
        [1, 0, 105, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff],
    ));
    headers.push(seed(
        "field-of-minus-one",
        [
            1, 0, 105, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 1, b'a', 0xff, 0xff, 0xff,
            0xff,
        ],
    ));
    headers.push(seed("surrogate", *b"\0{\"code\":1,\"remark\":\"\\ud800\"}"));
    (frames, headers)
}

fn json() -> Vec<Seed> {
    let texts = [
        ("bare-number-keys", r#"{"brokerAddrs":{0:"a:1",-1:"b:1"}}"#),
        ("object-keys", r#"{"offsetTable":{{"topic":"t","queueId":0,"brokerName":"b"}:{"minOffset":1}}}"#),
        ("keys-in-keys", r#"{{{{1:2}:3}:4}:5}"#),
        ("array-key", r#"{[1,2]:3}"#),
        ("open", r#"{"a":[{"b":"#),
        ("escapes", r#"{"a":"\"\\\u0001\ud83d\ude00"}"#),
        ("lone-surrogate", r#"{"a":"\ud83d"}"#),
        ("big-number", r#"{"brokerId":99999999999999999999999999}"#),
        ("nulls", r#"{"topicConfigTable":null,"brokerDatas":null}"#),
        ("empty", ""),
        ("heartbeat", r#"{"clientID":"c","consumerDataSet":[{"groupName":"g"}],"producerDataSet":[]}"#),
    ];
    let mut seeds: Vec<_> = texts.map(|(name, text)| seed(name, text)).into();
    seeds.push(seed("deep", "{".repeat(2_000)));
    // Each level of keys within keys would double the backslashes.
    seeds.push(seed("deep-keys", "{".repeat(40) + "\"a\":1" + &"}:1".repeat(39) + "}"));
    seeds
}

fn registrations() -> Vec<Seed> {
    let topics = [TopicConfig::new("A", 4), TopicConfig::new("B", 8)];
    let table = topics.map(|topic| (topic.topic_name.clone(), topic)).into();
    let body = RegisterBrokerBody {
        filter_server_list: vec!["f:1".into()],
        topic_config_serialize_wrapper: TopicConfigTable { topic_config_table: table, ..Default::default() },
    };
    let plain = [&b"\0"[..], &serde_json::to_vec(&body).unwrap()].concat();
    let deflated = [&b"\x01"[..], &registration::deflate(&body).unwrap()].concat();
    let old = [&b"\x02"[..], &serde_json::to_vec(&body.topic_config_serialize_wrapper).unwrap()].concat();
    let mut seeds = damaged("deflated", &deflated);
    seeds.extend([seed("plain", plain), seed("old", old), seed("no-stream", *b"\x01xxxx")]);
    seeds
}

/// The messages of the fixture's log, as stored.
fn stored() -> Vec<u8> {
    fs::read(fixture().join(STORE_FILES[1])).unwrap()
}

fn messages() -> Vec<Seed> {
    let log = stored();
    let first = MessageView::parse(&log).unwrap();
    let length = usize::try_from(u32::from_be_bytes(*log.first_chunk().unwrap())).unwrap();
    assert_eq!(first.topic(), "TopicTest");
    let mut seeds = damaged("message", &log[..length]);
    for (name, at, value) in
        [("size", 0, i32::MAX), ("size-minus", 0, -1), ("body", 84, i32::MAX), ("body-minus", 84, -1)]
    {
        let mut lying = log[..length].to_vec();
        lying[at..at + 4].copy_from_slice(&value.to_be_bytes());
        seeds.push(seed(format!("lies-{name}"), lying));
    }
    seeds
}

fn batches() -> Vec<Seed> {
    let mut body = Vec::new();
    for text in ["one", "two"] {
        encode_batch_item(
            &BatchItem { flag: 1, body: text.as_bytes(), properties: "TAGS\u{1}a\u{2}" },
            &mut body,
        )
        .unwrap();
    }
    damaged("two", &body)
}

fn compressions() -> Vec<Seed> {
    let ways =
        [(0u8, "zlib", Compression::Zlib), (1, "lz4", Compression::Lz4), (2, "zstd", Compression::Zstd)];
    let mut seeds = Vec::new();
    for (byte, name, way) in ways {
        let with = |data: &[u8]| [&[byte][..], &compress(data, way, 5).unwrap()].concat();
        seeds.extend(damaged(name, &with(b"hello hello hello hello")));
        seeds.push(seed(format!("{name}-bomb"), with(&vec![0; 4 << 20])));
    }
    seeds.retain(|(_, data)| data.len() < 20_000);
    seeds
}

fn stores() -> Vec<Seed> {
    let mut seeds = Vec::new();
    for (choice, file) in (0u8..).zip(STORE_FILES) {
        let whole = fs::read(fixture().join(file)).unwrap();
        let name = file.split('/').next().unwrap();
        let with = |data: &[u8]| [&[choice][..], data].concat();
        seeds.push(seed(format!("{name}-empty"), with(b"")));
        seeds.push(seed(format!("{name}-short"), with(&whole[..whole.len().min(30)])));
        let mut lying = whole.clone();
        lying[..16].fill(0x7f);
        lying.iter_mut().skip(40).step_by(97).for_each(|byte| *byte ^= 0x55);
        seeds.push(seed(format!("{name}-turned"), with(&lying)));
        seeds.push(seed(format!("{name}-ones"), with(&vec![0xff; whole.len().min(400)])));
    }
    seeds
}

fn texts() -> Vec<(&'static str, Vec<Seed>)> {
    let all = |texts: &[(&str, &str)]| texts.iter().map(|(name, text)| seed(*name, *text)).collect();
    let typed = [
        (
            "send",
            r#"{"a":"g","b":"T","c":"TBW102","d":"8","e":"0","f":"0","g":"1","h":"0","i":"TAGS\u0001a"}"#,
        ),
        ("pull", r#"{"consumerGroup":"g","topic":"T","queueId":"0","queueOffset":"-1","maxMsgNums":"32"}"#),
        (
            "wrong-numbers",
            r#"{"queueId":"1e9","brokerId":"","heartbeatTimeoutMillis":"99999999999999999999"}"#,
        ),
    ];
    let properties = [
        ("two", "KEYS\u{1}k\u{2}TAGS\u{1}a\u{2}"),
        ("open", "KEYS\u{1}k\u{2}TAGS"),
        ("no-names", "\u{1}\u{1}\u{2}\u{2}\u{1}v\u{2}"),
        ("twice", "a\u{1}1\u{2}a\u{1}2\u{2}"),
        ("blank", ""),
    ];
    let ids = [
        ("offset", "7F0000010000271F00000000000003E8"),
        ("offset-v6", "00000000000000000000000000000001000027110000000000000064"),
        ("unique", "7F0000011234567818B4AAC20000BEEF"),
        ("odd", "7F0"),
        ("not-hex", "ZZ0000010000271F00000000000003E8"),
        ("wide", "７F0000010000271F00000000000003E8"),
    ];
    let java = [
        ("plain", "listenPort=10911\n# comment\n! comment\nkey: value\nkey value\n"),
        ("continued", "a=b\\\n   c\\\n"),
        ("escapes", "\\u0041\\=b=\\t\\n\\q\\\\"),
        ("bad-escape", "a=\\u12"),
        ("surrogates", "a=\\ud83d\\ude00\\ud83d"),
        ("no-key", "=\n:\n \\\n"),
    ];
    let tables = [
        ("topics", r#"{"dataVersion":{"counter":1},"topicConfigTable":{"T":{"topicName":"T","perm":6}}}"#),
        ("cut", r#"{"dataVersion":{"counter":1},"topicConfigTable":{"T":{"#),
        ("other", r#"[1,2,3]"#),
        ("blank", " \n"),
    ];
    vec![
        ("typed_header", all(&typed)),
        ("properties", all(&properties)),
        ("ids", all(&ids)),
        ("java_properties", all(&java)),
        ("table", all(&tables)),
    ]
}

#[test]
#[ignore = "writes the corpus; run it after a change of the seeds"]
fn write_the_corpus() {
    let (frames, headers) = frames();
    let mut all = vec![
        ("frame", frames),
        ("header", headers),
        ("fastjson", json()),
        ("registration", registrations()),
        ("message", messages()),
        ("batch", batches()),
        ("compressed", compressions()),
        ("store", stores()),
    ];
    all.extend(texts());
    for (target, seeds) in all {
        fs::create_dir_all(corpus(target)).unwrap();
        for (name, data) in seeds {
            fs::write(corpus(target).join(name), data).unwrap();
        }
    }
}
