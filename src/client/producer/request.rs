//! A message made ready for the wire.

use bytes::Bytes;

use super::draft::Draft;
use crate::client::ClientError;
use crate::client::session::{CREATE_TOPIC_KEY, DEFAULT_TOPIC_QUEUES};
use crate::protocol::message::{
    BatchItem, Compression, Properties, SysFlag, compress, encode_batch_item, property,
};
use crate::protocol::send::SendMessageHeader;

/// When and how bodies are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompressionRule {
    /// Bodies of at least so many bytes are (Java: `compressMsgBodyOverHowmuch`).
    pub from_bytes: usize,
    /// How (Java: `compressType`).
    pub kind: Compression,
    /// How hard (Java: `compressLevel`).
    pub level: u32,
}

impl Default for CompressionRule {
    fn default() -> Self {
        Self { from_bytes: 4096, kind: Compression::Zlib, level: 5 }
    }
}

/// A request but for its queue.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    pub(super) header: SendMessageHeader,
    pub(super) body: Bytes,
    /// The unique id; of a batch all of them, by comma.
    pub(super) msg_id: String,
    pub(super) batch: bool,
}

/// Who sends and when, as every message says.
pub(super) struct Sender<'a> {
    pub(super) group: &'a str,
    pub(super) now_ms: i64,
    pub(super) next_id: &'a dyn Fn() -> String,
}

impl Sender<'_> {
    /// One message, compressed if the rule says so (Java: `DefaultMQProducerImpl.sendKernelImpl`).
    pub(super) fn single(&self, draft: Draft, rule: CompressionRule) -> Result<Prepared, ClientError> {
        let (properties, msg_id) = self.identified(draft.properties);
        let (body, sys_flag) = squeezed(draft.body, rule)?;
        let header = self.header(draft.topic, properties.to_raw(), draft.flag, sys_flag);
        Ok(Prepared { header, body, msg_id, batch: false })
    }

    /// Several messages of one topic in one request (Java: `DefaultMQProducer.batch`).
    pub(super) fn batch(&self, drafts: Vec<Draft>) -> Result<Prepared, ClientError> {
        let topic = check_batch(&drafts)?;
        let mut body = Vec::new();
        let mut ids = Vec::with_capacity(drafts.len());
        for draft in drafts {
            let (properties, id) = self.identified(draft.properties);
            let raw = properties.to_raw();
            encode_batch_item(
                &BatchItem { flag: draft.flag, body: &draft.body, properties: &raw },
                &mut body,
            )?;
            ids.push(id);
        }
        let (properties, _) = self.identified(Properties::new());
        let mut header = self.header(topic, properties.to_raw(), 0, SysFlag::default());
        header.batch = Some(true);
        Ok(Prepared { header, body: body.into(), msg_id: ids.join(","), batch: true })
    }

    /// A message that has a unique id, as one that is sent again, keeps it (Java: `MessageClientIDSetter.setUniqID`).
    fn identified(&self, mut properties: Properties) -> (Properties, String) {
        let id = match properties.get(property::UNIQ_KEY) {
            Some(id) => id.to_owned(),
            None => (self.next_id)(),
        };
        properties.set(property::UNIQ_KEY, id.as_str());
        if !properties.contains(property::WAIT_STORE_MSG_OK) {
            properties.set(property::WAIT_STORE_MSG_OK, "true");
        }
        (properties, id)
    }

    fn header(&self, topic: String, properties: String, flag: i32, sys_flag: SysFlag) -> SendMessageHeader {
        SendMessageHeader {
            producer_group: self.group.to_owned(),
            topic,
            default_topic: CREATE_TOPIC_KEY.to_owned(),
            default_topic_queue_nums: DEFAULT_TOPIC_QUEUES,
            queue_id: 0,
            sys_flag: sys_flag.0,
            born_timestamp: self.now_ms,
            flag,
            properties: Some(properties),
            reconsume_times: Some(0),
            unit_mode: Some(false),
            batch: Some(false),
            max_reconsume_times: None,
        }
    }
}

fn squeezed(body: Bytes, rule: CompressionRule) -> Result<(Bytes, SysFlag), ClientError> {
    if body.len() < rule.from_bytes {
        return Ok((body, SysFlag::default()));
    }
    let small = compress(&body, rule.kind, rule.level)?;
    Ok((small.into(), SysFlag::default().with_compression(Some(rule.kind))))
}

/// The one topic of a batch whose messages may go together (Java: `MessageBatch.generateFromList`).
fn check_batch(drafts: &[Draft]) -> Result<String, ClientError> {
    let illegal = |why: &str| Err(ClientError::Illegal(why.to_owned()));
    let Some(first) = drafts.first() else { return illegal("the batch is empty") };
    if drafts.iter().any(|draft| draft.topic != first.topic) {
        return illegal("the messages of a batch must have one topic");
    }
    if first.topic.starts_with("%RETRY%") {
        return illegal("messages to a retry topic do not go in a batch");
    }
    if drafts.iter().any(|draft| draft.properties.contains(property::DELAY_TIME_LEVEL)) {
        return illegal("messages with a delay level do not go in a batch");
    }
    Ok(first.topic.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::message::{BatchItems, decompress};

    fn sender() -> Sender<'static> {
        Sender { group: "g", now_ms: 7, next_id: &|| "ID".to_owned() }
    }

    #[test]
    fn a_message_gets_an_id_and_a_long_body_is_compressed() {
        let rule = CompressionRule { from_bytes: 10, ..CompressionRule::default() };
        let small = sender().single(Draft::new("T", "123456789").tag("A"), rule).unwrap();
        assert_eq!(small.header.sys_flag, 0);
        assert_eq!(
            small.header.properties.as_deref(),
            Some("TAGS\u{1}A\u{2}UNIQ_KEY\u{1}ID\u{2}WAIT\u{1}true\u{2}")
        );
        let large = sender().single(Draft::new("T", "1234567890"), rule).unwrap();
        assert_eq!(large.header.sys_flag, 0x301);
        assert_eq!(decompress(&large.body, Compression::Zlib, 100).unwrap(), b"1234567890");
    }

    #[test]
    fn a_unique_id_is_kept() {
        let draft = Draft::new("T", "a").property("UNIQ_KEY", "OLD");
        let prepared = sender().single(draft, CompressionRule::default()).unwrap();
        assert_eq!(prepared.msg_id, "OLD");
    }

    #[test]
    fn a_batch_carries_each_message_with_its_id() {
        let drafts = vec![Draft::new("T", "a").tag("x"), Draft::new("T", "b")];
        let batch = sender().batch(drafts).unwrap();
        assert_eq!((batch.msg_id.as_str(), batch.header.batch), ("ID,ID", Some(true)));
        let items: Vec<_> = BatchItems::new(&batch.body).map(Result::unwrap).collect();
        assert_eq!(items[0].body, b"a");
        assert_eq!(items[0].properties, "TAGS\u{1}x\u{2}UNIQ_KEY\u{1}ID\u{2}WAIT\u{1}true\u{2}");
        assert_eq!(items.len(), 2);
    }

    #[test]
    fn what_may_not_go_together_is_refused() {
        let table = [
            (vec![], "empty"),
            (vec![Draft::new("T", "a"), Draft::new("U", "a")], "one topic"),
            (vec![Draft::new("%RETRY%g", "a")], "retry"),
            (vec![Draft::new("T", "a").delay_level(1)], "delay"),
        ];
        for (drafts, expected) in table {
            let error = sender().batch(drafts).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
